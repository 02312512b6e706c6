# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# config.md "POSIX-platform Hooks"; runtime.md "Lifecycle" 3 to 14. Hooks are the program itself, and write what they see into a log.

# A hook of each kind, or two. Those in the runtime namespace and createContainer, which is before pivot_root, write to $work/log;
# startContainer, for which only the container exists, to the same file by its name in there.
HOOK_WORDS='def log: $rootfs + "/log";
def on_host($k; $tag; $more): hook ($k; {path: $inside, args: (["inside", "hook", log, $tag] + $more)});
def in_container($tag; $more): hook ("startContainer"; {path: "/inside", args: (["inside", "hook", "/log", $tag] + $more)});
def all_hooks: on_host ("prestart"; "prestart"; []) | on_host ("createRuntime"; "createRuntime"; []) | on_host ("createContainer"; "createContainer"; [])
	| in_container ("startContainer"; []) | on_host ("poststart"; "poststart"; []) | on_host ("poststop"; "poststop"; []);'
JQ_WORDS+=$HOOK_WORDS

tags () {
	[ ! -e "$rootfs/log" ] || jq -r .tag "$rootfs/log" | paste -sd ' '
}

logged () { # JQ-CONDITION over each record, TAG…
	local condition=$1 tag

	shift
	for tag; do
		jq -es --arg tag "$tag" --arg id "$id" --arg pid "$pid" --arg bundle "$bundle" --arg mnt "$(stat -L -c %i /proc/self/ns/mnt)" \
			"map (select (.tag == \$tag)) | length == 1 and (.[0] | $condition)" "$rootfs/log" >/dev/null ||
			fail "$tag: not so: $condition, in $(jq -c --arg tag "$tag" 'select (.tag == $tag)' "$rootfs/log")"
	done
}

all_at_work () {
	finished 'all_hooks' 'inside (["exit"])'
}

hooks_in_order () {
	created 'on_host ("'"$1"'"; "first"; [])' 'on_host ("'"$1"'"; "second"; [])' 'on_host ("'"$1"'"; "third"; [])' 'inside (["exit"])'
	rt start "$id" || fail "start failed"
	await_exit
	await 5 has_status stopped
	rt delete "$id" || fail "delete failed"
	[ "$(tags)" = "first second third" ] || fail "called: $(tags)"
}
for kind in prestart createRuntime createContainer poststart poststop; do
	must "config.md Hooks: hooks MUST be called in the listed order ($kind)" hooks_in_order "$kind"
done

hooks_in_order_in_container () {
	finished 'in_container ("first"; [])' 'in_container ("second"; [])' 'inside (["hook", "/log", "process"])'
	[ "$(tags)" = "first second process" ] || fail "called: $(tags)"
}
must "config.md startContainer: MUST be called before the user-specified process is executed, in the listed order" hooks_in_order_in_container

hooks_at_create () {
	created 'all_hooks' 'inside (["wait"])'
	[ "$(tags)" = "prestart createRuntime createContainer" ] || fail "called by create: $(tags)"
}
must "runtime.md Lifecycle 3-5: prestart, createRuntime and createContainer hooks MUST be invoked by the runtime, in create" hooks_at_create

hooks_at_start () {
	created 'all_hooks' 'inside (["wait"])'
	rm "$rootfs/log"
	rt start "$id" || fail "start failed"
	[ "$(tags)" = "startContainer poststart" ] || fail "called by start: $(tags)"
}
must "runtime.md Lifecycle 7-9: startContainer and poststart hooks MUST be invoked, before the start operation returns" hooks_at_start

hooks_at_delete () {
	started 'all_hooks' 'inside (["exit"])'
	await_exit
	await 5 has_status stopped
	rm "$rootfs/log"
	rt delete "$id" || fail "delete failed"
	[ "$(tags)" = "poststop" ] || fail "called by delete: $(tags)"
}
must "config.md poststop: MUST be called after the container is deleted but before the delete operation returns" hooks_at_delete

hook_fact () {
	all_at_work
	logged "$@"
}
must "config.md prestart, createRuntime, poststart, poststop: MUST be executed in the runtime namespace" hook_fact \
	'.ns.mnt == ($mnt | tonumber)' prestart createRuntime poststart poststop
must "config.md createContainer, startContainer: MUST be executed in the container namespace" hook_fact \
	'.ns.mnt != ($mnt | tonumber)' createContainer startContainer
must "config.md createContainer: MUST resolve in the runtime namespace, before pivot_root" hook_fact '.inContainer == false' createContainer
must "config.md startContainer: path MUST resolve in the container namespace" hook_fact '.inContainer' startContainer
must "config.md Hooks: the state of the container MUST be passed to hooks over stdin (id, bundle, ociVersion)" hook_fact \
	'.state.id == $id and .state.bundle == $bundle and (.state.ociVersion | test ("^[0-9]+\\."))' \
	prestart createRuntime createContainer startContainer poststart poststop
must "config.md Hooks: the state passed to hooks has the pid in the runtime namespace" hook_fact '.state.pid == ($pid | tonumber)' prestart createRuntime poststart
must "runtime.md State: status is 'creating' while the container is being created (hooks)" hook_fact '.state.status == "creating"' \
	prestart createRuntime createContainer
must "runtime.md State: status is 'created' before the user-specified program runs (startContainer)" hook_fact '.state.status == "created"' startContainer
must "runtime.md State: status is 'running' for poststart hooks" hook_fact '.state.status == "running"' poststart
must "runtime.md State: status is 'stopped' for poststop hooks" hook_fact '.state.status == "stopped"' poststop

hook_annotations () {
	created 'all_hooks' 'inside (["wait"])' '.annotations = {"org.example.key": "value"}'
	logged '.state.annotations."org.example.key" == "value"' createRuntime
}
must "config.md Hooks: the state passed to hooks has the annotations" hook_annotations

hook_namespaces_exist () {
	created 'all_hooks' 'inside (["wait"])' 'ns ("network")'
	logged ".ns.net == $(stat -L -c %i "/proc/$pid/ns/net")" createContainer
}
must "config.md createContainer: MUST be called after the runtime environment has been created (network namespace)" hook_namespaces_exist

hook_arguments () {
	created 'hook ("createRuntime"; {path: $inside, args: ["renamed", "hook", log, "tag", "three", "with space"], env: ["ONE=1", "TWO=a=b"]})' 'inside (["wait"])'
	logged '.args == ["renamed", "hook", ($bundle + "/rootfs/log"), "tag", "three", "with space"]' tag
	logged '.env | sort == ["ONE=1", "TWO=a=b"]' tag
}
must "config.md Hooks: args and env (array of strings) with the same semantics as IEEE execv's" hook_arguments

hook_without_args () {
	created 'hook ("createRuntime"; {path: "/bin/true"})' 'inside (["wait"])'
}
must "config.md Hooks: args, env and timeout are OPTIONAL" hook_without_args

# ---- what cannot be

must "config.md Hooks: path MUST be absolute" refuses 'hook ("createRuntime"; {path: "bin/true"})'
must "config.md Hooks: path (string, REQUIRED)" refuses 'hook ("createRuntime"; {args: ["true"]})'
must "config.md Hooks: if set, timeout MUST be greater than zero (0)" refuses 'hook ("createRuntime"; {path: "/bin/true", timeout: 0})'
must "config.md Hooks: if set, timeout MUST be greater than zero (-1)" refuses 'hook ("createRuntime"; {path: "/bin/true", timeout: -1})'
must "runtime.md Lifecycle 4: a hook that does not exist fails" refuses 'hook ("createRuntime"; {path: "/nothing/there"})'

# ---- failures

hook_fails_create () { # KIND
	refuses "on_host (\"$1\"; \"bad\"; [\"exit=3\"])" "on_host (\"$1\"; \"next\"; [])"
	[ "$(tags)" = bad ] || fail "called: $(tags)"
}
must "runtime.md Lifecycle 3: if any prestart hook fails, the runtime MUST generate an error and stop the container" hook_fails_create prestart
must "runtime.md Lifecycle 4: if any createRuntime hook fails, the runtime MUST generate an error and stop the container" hook_fails_create createRuntime
must "runtime.md Lifecycle 5: if any createContainer hook fails, the runtime MUST generate an error and stop the container" hook_fails_create createContainer

hook_fails_then_poststop () { # KIND
	refuses "on_host (\"$1\"; \"bad\"; [\"exit=3\"])" 'on_host ("poststop"; "poststop"; [])'
	[ "$(tags)" = "bad poststop" ] || fail "called: $(tags)"
}
must "runtime.md Lifecycle 3: if any prestart hook fails, continue the lifecycle at step 12 (poststop hooks)" hook_fails_then_poststop prestart
must "runtime.md Lifecycle 4: if any createRuntime hook fails, continue the lifecycle at step 12 (poststop hooks)" hook_fails_then_poststop createRuntime
must "runtime.md Lifecycle 5: if any createContainer hook fails, continue the lifecycle at step 12 (poststop hooks)" hook_fails_then_poststop createContainer

stopped_or_gone () {
	! rt state "$id" || [ "$(jq -r .status "$work/out")" = stopped ]
}

hook_fails_start () {
	created 'in_container ("bad"; ["exit=3"])' 'in_container ("next"; [])' 'inside (["touch", "/ran"])'
	! rt start "$id" || fail "start succeeded"
	await_exit
	await 5 stopped_or_gone || fail "the container is not stopped"
	[ ! -e "$rootfs/ran" ] || fail "the process ran"
	[ "$(tags)" = bad ] || fail "called: $(tags)"
}
must "runtime.md Lifecycle 7: if any startContainer hook fails, the runtime MUST generate an error and stop the container" hook_fails_start

# The container is destroyed by start itself, or by the delete that follows.
hook_fails_start_then_poststop () {
	created 'in_container ("bad"; ["exit=3"])' 'on_host ("poststop"; "poststop"; [])' 'inside (["touch", "/ran"])'
	! rt start "$id" || fail "start succeeded"
	await_exit
	rt delete "$id" || :
	[ "$(tags)" = "bad poststop" ] || fail "called: $(tags)"
}
must "runtime.md Lifecycle 7: if any startContainer hook fails, continue the lifecycle at step 12 (poststop hooks)" hook_fails_start_then_poststop

poststart_fails () {
	created 'on_host ("poststart"; "bad"; ["exit=3"])' 'inside (["wait"])'
	! rt start "$id" || fail "start succeeded"
	await_exit
	await 5 stopped_or_gone || fail "the container is not stopped"
}
must "runtime.md Lifecycle 9: if any poststart hook fails, the runtime MUST generate an error and stop the container" poststart_fails

poststop_fails () {
	finished 'on_host ("poststop"; "bad"; ["exit=3"])' 'on_host ("poststop"; "next"; [])' 'inside (["exit"])'
	[ "$(tags)" = "bad next" ] || fail "called: $(tags)"
}
must "runtime.md Lifecycle 13: if any poststop hook fails, MUST log a warning, but the remaining hooks and lifecycle continue" poststop_fails

hook_times_out () {
	local begin=$SECONDS

	refuses 'hook ("createRuntime"; {path: $inside, args: ["inside", "hook", log, "slow", "sleep=30"], timeout: 1})'
	[ $((SECONDS - begin)) -lt 10 ] || fail "took $((SECONDS - begin)) seconds"
	[ -z "$(processes_left)" ] || fail "the hook still runs"
}
must "config.md Hooks: timeout is the number of seconds before aborting the hook" hook_times_out

hook_in_time () {
	created 'hook ("createRuntime"; {path: $inside, args: ["inside", "hook", log, "quick"], timeout: 15})' 'inside (["wait"])'
	[ "$(tags)" = quick ] || fail "called: $(tags)"
}
must "config.md Hooks: a hook that ends within its timeout is not aborted" hook_in_time

# More state than a pipe holds must not block a hook that does not read, nor kill the runtime with SIGPIPE.
hook_ignores_stdin () {
	created 'hook ("createRuntime"; {path: "/bin/true"})' '.annotations = {"big": ("x" * 200000)}' 'inside (["wait"])'
}
must "config.md Hooks: a hook need not read the state" hook_ignores_stdin
