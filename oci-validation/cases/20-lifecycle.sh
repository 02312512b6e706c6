# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# runtime.md "Lifecycle", "Operations": every operation in every wrong order.

# ---- create

create_without_id () {
	bundle
	! rt create --bundle "$bundle" || fail "succeeded"
}
must "runtime.md Create: MUST generate an error if it is not provided the container ID" create_without_id

create_without_bundle () {
	! rt create --bundle "$work/nothing" "$id" || fail "succeeded"
	nothing_created
}
must "runtime.md Create: MUST generate an error if it is not provided a path to the bundle" create_without_bundle

create_without_config () {
	bundle
	rm "$bundle/config.json"
	refused
}
must "bundle.md: config.json is REQUIRED and MUST reside in the root of the bundle directory" create_without_config

create_twice () {
	local first

	created 'inside (["wait"])'
	first=$pid
	! create || fail "the second create succeeded"
	rt state "$id" || fail "the first one is gone"
	[ "$(jq .pid "$work/out")" = "$first" ] || fail "the first one has changed"
	! gone "$first" || fail "the process of the first one is gone"
}
must "runtime.md Create: if the ID provided is not unique, MUST generate an error and a new container MUST NOT be created" create_twice

# Both at the same time: one wins.
create_race () {
	local a b

	bundle 'inside (["wait"])'
	timeout -k 2 20 "$RUNTIME" --root "$work/root" create --bundle "$bundle" "$id" >"$work/1" 2>&1 </dev/null &
	a=$!
	timeout -k 2 20 "$RUNTIME" --root "$work/root" create --bundle "$bundle" "$id" >"$work/2" 2>&1 </dev/null &
	b=$!
	wait "$a"
	a=$?
	wait "$b"
	b=$?
	[ $((a == 0)) -ne $((b == 0)) ] || fail "exit statuses $a and $b"
	has_status created || fail "the winner is not created"
	rt start "$id" || fail "the winner cannot be started"
	rt kill "$id" KILL
}
must "runtime.md State: id MUST be unique across all containers (two creates at once)" create_race

create_invalid_id () {
	bundle 'inside (["touch", "/ran"])'
	! rt create --bundle "$bundle" "$1" || fail "ID '$1' was accepted"
	[ ! -e "$work/root/../escaped" ] || fail "the ID is used as a path"
}
must "runtime.md Create: an ID not valid in any other way MUST generate an error (empty)" create_invalid_id ''
must "runtime.md Create: an ID not valid in any other way MUST generate an error (..)" create_invalid_id '..'
must "runtime.md Create: an ID not valid in any other way MUST generate an error (slash)" create_invalid_id '../escaped'

create_does_not_run () {
	created 'inside (["touch", "/ran"])'
	nap 0.1
	[ ! -e "$rootfs/ran" ] || fail "the process ran before start"
	rt start "$id" || fail "start failed"
	await_exit
	[ -e "$rootfs/ran" ] || fail "the process did not run after start"
}
must "runtime.md Lifecycle 2: the user-specified program MUST NOT be run at this time" create_does_not_run

create_applies_all () {
	local ns

	created 'inside (["wait"])' 'mount ("/a"; "tmpfs"; "tmpfs"; ["ro"])'
	for ns in mnt pid ipc uts; do
		[ "$(stat -L -c %i "/proc/$pid/ns/$ns")" != "$(stat -L -c %i "/proc/self/ns/$ns")" ] || fail "no new $ns namespace"
	done
	awk '$5 == "/a" && $6 ~ /^ro/ { found = 1 } END { exit !found }' "/proc/$pid/mountinfo" || fail "the mount is not made"
	[ "$(nsenter -t "$pid" -u uname -n)" = cor-val ] || fail "hostname is not set"
	grep -q "/$id" "/proc/$pid/cgroup" || fail "no cgroup"
}
must "runtime.md Create: all of the properties configured in config.json except for process MUST be applied" create_applies_all

config_change_after_create () {
	created 'inside (["touch", "/ran"])'
	sed -i 's,/ran,/changed,' "$bundle/config.json"
	rt start "$id" || fail "start failed"
	await_exit
	[ -e "$rootfs/ran" ] && [ ! -e "$rootfs/changed" ] || fail "the new config.json was used"
}
must "runtime.md Lifecycle 2: any updates to config.json after this step MUST NOT affect the container" config_change_after_create

config_removed_after_create () {
	created 'inside (["touch", "/ran"])'
	rm "$bundle/config.json"
	rt start "$id" || fail "start failed"
	await_exit
	await 5 has_status stopped
	rt delete "$id" || fail "delete failed"
	[ -e "$rootfs/ran" ] || fail "did not run"
}
must "runtime.md Create: changes made to the config.json file after this operation will not have an effect (removed)" config_removed_after_create

must "runtime.md Create: if the runtime cannot apply a property, MUST generate an error and a new container MUST NOT be created (mount)" refuses \
	'mount ("/a"; "nosuchfs"; "none"; [])'
must "runtime.md Create: if the runtime cannot apply a property, MUST generate an error and a new container MUST NOT be created (sysctl)" refuses \
	'.linux.sysctl = {"kernel.no_such": "1"}'
must "runtime.md Errors: generating an error MUST leave the state of the environment as if the operation were never attempted (device)" refuses \
	'.linux.devices = [{path: "/inside", type: "c", major: 1, minor: 3}]'

# A failed create, then a good one with the same ID.
create_after_error () {
	refuses 'mount ("/a"; "nosuchfs"; "none"; [])'
	accepts
}
must "runtime.md Errors: after an error the same ID can be created" create_after_error

# ---- start

must_start () { # the arguments are the patches
	bundle "$@"
	if create; then
		! rt start "$id" || fail "start succeeded"
	fi
	[ ! -e "$rootfs/ran" ] || fail "it ran"
}
must "runtime.md Start: MUST generate an error if process was not set" must_start 'del (.process)'
must "runtime.md Start: MUST run the user-specified program: an error if there is none of that name" must_start '.process.args = ["/nothing"]'
must "runtime.md Start: MUST run the user-specified program: an error if it cannot be executed" must_start '.process.args = ["/config.json"]'

start_without_id () {
	! rt start || fail "succeeded"
}
must "runtime.md Start: MUST generate an error if it is not provided the container ID" start_without_id

start_nothing () {
	! rt start "$id" || fail "succeeded"
}
must "runtime.md Start: start a container that is not created MUST generate an error (it does not exist)" start_nothing

start_running () {
	started 'inside (["wait"])'
	! rt start "$id" || fail "the second start succeeded"
	has_status running || fail "it is not running any more"
	! gone "$pid" || fail "its process is gone"
}
must "runtime.md Start: start a container that is not created MUST have no effect and MUST generate an error (running)" start_running

start_stopped () {
	started 'inside (["touch", "/ran"])'
	await_exit
	await 5 has_status stopped
	rm "$rootfs/ran"
	! rt start "$id" || fail "start succeeded"
	[ ! -e "$rootfs/ran" ] && has_status stopped || fail "it had an effect"
}
must "runtime.md Start: start a container that is not created MUST have no effect and MUST generate an error (stopped)" start_stopped

start_killed () {
	created 'inside (["touch", "/ran"])'
	rt kill "$id" KILL || fail "kill failed"
	await_exit
	! rt start "$id" || fail "start succeeded"
	[ ! -e "$rootfs/ran" ] || fail "it ran"
}
must "runtime.md Start: start a container that is not created MUST generate an error (killed before)" start_killed

start_is_left_alone () {
	started 'inside (["wait"])'
	nap 0.05
	! gone "$pid" || fail "the process does not outlive start"
	has_status running || fail "not running"
}
must "runtime.md Start: MUST run the user-specified program as specified by process (it outlives start)" start_is_left_alone

# ---- kill

kill_without_id () {
	! rt kill || fail "succeeded"
}
must "runtime.md Kill: MUST generate an error if it is not provided the container ID" kill_without_id

kill_nothing () {
	! rt kill "$id" KILL || fail "succeeded"
}
must "runtime.md Kill: send a signal to a container that is neither created nor running MUST generate an error (it does not exist)" kill_nothing

kill_stopped () {
	started 'inside (["exit"])'
	await_exit
	await 5 has_status stopped
	! rt kill "$id" KILL || fail "succeeded"
	has_status stopped || fail "it had an effect"
}
must "runtime.md Kill: send a signal to a container that is neither created nor running MUST have no effect and MUST generate an error (stopped)" kill_stopped

kill_created () {
	created 'inside (["wait"])'
	rt kill "$id" KILL || fail "kill failed"
	await_exit
	await 5 has_status stopped || fail "not stopped"
	rt delete "$id" || fail "delete failed"
}
must "runtime.md Kill: MUST send the specified signal to the container process (created)" kill_created

kill_running () { # SIGNAL NUMBER
	started 'inside (["wait"])'
	await 5 grep -q waiting "$work/stdout" || fail "the process does not wait"
	rt kill "$id" "$1" || fail "kill failed"
	await 5 grep -qx "signal $2" "$work/stdout" || fail "it has not got signal $2"
	[ "$2" = 15 ] || rt kill "$id" TERM || fail "kill failed"
	await_exit
}
must "runtime.md Kill: MUST send the specified signal to the container process (SIGTERM)" kill_running SIGTERM 15
must "runtime.md Kill: MUST send the specified signal to the container process (HUP, without SIG)" kill_running HUP 1
must "runtime.md Kill: MUST send the specified signal to the container process (12, a number)" kill_running 12 12
must "runtime.md Kill: MUST send the specified signal to the container process (SIGUSR1)" kill_running SIGUSR1 10
must "runtime.md Kill: MUST send the specified signal to the container process (a real-time signal)" kill_running 40 40

kill_unknown_signal () {
	started 'inside (["wait"])'
	! rt kill "$id" "$1" || fail "signal '$1' was accepted"
	has_status running || fail "it had an effect"
}
must "runtime.md Kill: an unknown signal is an error without effect" kill_unknown_signal NOSUCHSIGNAL

# ---- delete

delete_without_id () {
	! rt delete || fail "succeeded"
}
must "runtime.md Delete: MUST generate an error if it is not provided the container ID" delete_without_id

delete_nothing () {
	! rt delete "$id" || fail "succeeded"
}
must "runtime.md Delete: delete a container that is not stopped MUST generate an error (it does not exist)" delete_nothing

delete_running () {
	started 'inside (["wait"])'
	! rt delete "$id" || fail "succeeded"
	has_status running || fail "it had an effect"
	! gone "$pid" || fail "the process is gone"
}
must "runtime.md Delete: delete a container that is not stopped MUST have no effect and MUST generate an error (running)" delete_running

delete_created () {
	created 'inside (["wait"])'
	! rt delete "$id" || fail "succeeded"
	has_status created || fail "it had an effect"
}
must "runtime.md Delete: delete a container that is not stopped MUST have no effect and MUST generate an error (created)" delete_created

delete_removes () {
	local left

	finished 'inside (["exit"])'
	left=$(leftovers)
	[ -z "$left" ] || fail "$left"
	! rt state "$id" || fail "it still has a state"
}
must "runtime.md Delete: deleting a container MUST delete the resources that were created during the create step" delete_removes

delete_twice () {
	finished 'inside (["exit"])'
	! rt delete "$id" || fail "the second delete succeeded"
}
must "runtime.md Delete: a deleted container does not exist any more" delete_twice

id_again () {
	accepts
	rm "$rootfs/ran"
	accepts
}
must "runtime.md Delete: once a container is deleted its ID MAY be used by a subsequent container" id_again

delete_keeps_bundle () {
	local before after

	bundle 'inside (["exit"])' 'bind ("/a"; "vol"; ["bind"])'
	mkdir -p "$bundle/vol/dir"
	echo data >"$bundle/vol/file"
	before=$(cd "$bundle" && find vol config.json rootfs/inside rootfs/tmp | sort)
	create || fail "create failed"
	pid=$(<"$work/pid")
	rt start "$id" || fail "start failed"
	await_exit
	await 5 has_status stopped
	rt delete "$id" || fail "delete failed"
	after=$(cd "$bundle" && find vol config.json rootfs/inside rootfs/tmp | sort)
	[ "$before" = "$after" ] || fail "files of the bundle or of a volume are gone"
}
must "runtime.md Delete: resources associated with the container, but not created by it, MUST NOT be deleted (volume, bundle)" delete_keeps_bundle

hierarchies () {
	if [ "$CGROUP" = v2 ]; then
		echo /sys/fs/cgroup
	else
		printf '%s\n' /sys/fs/cgroup/*/
	fi
}

remove_cgroups () { # NAME
	local h

	for h in $(hierarchies); do
		[ ! -d "$h/$1" ] || rmdir "$h/$1"
	done
}

kept_cgroup () { # NAME: all there were are still there
	local h missing=

	for h in $(hierarchies); do
		[ -d "$h/$1" ] || missing+=" $h"
	done
	remove_cgroups "$1"
	[ -z "$missing" ] || fail "cgroup '$1' was removed from$missing"
}

delete_keeps_parent_cgroup () {
	local h

	for h in $(hierarchies); do
		mkdir "$h/$id"
	done
	finished 'inside (["exit"])' '.linux.cgroupsPath = "/\($id)/child"'
	kept_cgroup "$id"
}
must "runtime.md Delete: resources not created by this container MUST NOT be deleted (the parent cgroup)" delete_keeps_parent_cgroup

delete_keeps_cgroup () {
	local h

	for h in $(hierarchies); do
		mkdir "$h/$id"
	done
	finished 'inside (["exit"])'
	kept_cgroup "$id"
}
must "runtime.md Delete: resources not created by this container MUST NOT be deleted (a cgroup that existed before)" delete_keeps_cgroup

delete_keeps_namespace () {
	mkdir -p "$work/ns"
	: >"$work/ns/net"
	unshare --net="$work/ns/net" true 2>/dev/null || skip "cannot make a network namespace here"
	echo "$work/ns/net" >>"$work/mounts"
	finished 'inside (["exit"])' 'join_ns ("network"; $work + "/ns/net")'
	nsenter --net="$work/ns/net" true || fail "the namespace is gone"
}
must "runtime.md Delete: resources not created by this container MUST NOT be deleted (a namespace that was joined)" delete_keeps_namespace

# Without a pid namespace of its own, children survive the container process; delete has to undo the create step all the same.
delete_kills_family () {
	started 'inside (["family"])' 'no_ns ("pid")' 'del (.linux.maskedPaths, .linux.readonlyPaths)'
	await 5 grep -q waiting "$work/stdout" || fail "the process does not wait"
	rt kill "$id" KILL || fail "kill failed"
	await_exit
	await 5 has_status stopped || fail "not stopped"
	rt delete --force "$id" || fail "delete failed"
}
must "runtime.md Lifecycle 12: the container MUST be destroyed by undoing the steps performed during create phase (children in the runtime's pid namespace)" delete_kills_family
