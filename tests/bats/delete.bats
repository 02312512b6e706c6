#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# delete: what create made goes, and nothing else.

load helpers

sleeper () {
	config 'args(["/bin/sleep", "1000"])'
	runs run -d -b "$BUNDLE" "$ID"
}
gone () {
	[ ! -e "$STATE/$ID" ] || { echo "state is left"; return 1; }
	[ -z "$(find /sys/fs/cgroup -maxdepth 4 -type d -name "*$ID*" 2>/dev/null)" ] || { echo "a cgroup is left"; return 1; }
}

@test "delete: a stopped container goes entirely, and nothing is said" {
	sleeper
	runs kill "$ID" KILL
	wait_until has_status stopped
	runs delete "$ID"
	is ""
	gone
}

@test "delete: a running container is refused" {
	sleeper
	fails delete "$ID"
	says "cannot delete container $ID that is not stopped: running"
	has_status running
}

@test "delete: a created container goes, and its process with it" {
	runs create -b "$BUNDLE" "$ID"
	local pid
	pid=$(coracle state "$ID" | jq .pid)
	runs delete "$ID"
	gone
	wait_until eval "! kill -0 $pid 2>/dev/null"
}

@test "delete: --force ends a running one" {
	sleeper
	local pid
	pid=$(coracle state "$ID" | jq .pid)
	runs delete --force "$ID"
	is ""
	gone
	wait_until eval "! kill -0 $pid 2>/dev/null"
}

@test "delete: a missing container is an error, with --force it is none" {
	fails delete "$ID"
	says "does not exist"
	runs delete --force "$ID"
	is ""
	runs delete -f "$ID"
}

@test "delete: twice" {
	runs create -b "$BUNDLE" "$ID"
	runs delete "$ID"
	fails delete "$ID"
	says "does not exist"
}

@test "delete: --force of a frozen container does not let it run for a moment" {
	local freezer=/sys/fs/cgroup/freezer
	[ -d "$freezer" ] || skip "no v1 freezer"
	config 'sh("trap : USR1; echo ready >/ready; while :; do date +%s%N >>/ticks; done")'
	runs run -d -b "$BUNDLE" "$ID"
	wait_until test -s "$ROOTFS/ticks"
	echo FROZEN >"$freezer/$ID/freezer.state"
	wait_until grep -qx FROZEN "$freezer/$ID/freezer.state"
	local before
	before=$(wc -l <"$ROOTFS/ticks")
	runs delete --force "$ID"
	[ "$(wc -l <"$ROOTFS/ticks")" -eq "$before" ]
	gone
}

@test "delete: a cgroup that was there before stays, and what is in it lives" {
	local h verb neighbour
	local -a hierarchies=()
	for h in /sys/fs/cgroup /sys/fs/cgroup/*/; do
		[ ! -L "${h%/}" ] && [ -e "$h/cgroup.procs" ] && mkdir -p "$h/$ID" && hierarchies+=("${h%/}")
	done
	# Without a pid namespace of its own the container's end is not that of all in it: then more is killed, in cgroups of ours.
	config 'args(["/bin/sleep", "1000"])' 'no_ns ("pid")'
	sleep 1000 3>&- &
	neighbour=$!
	for verb in "kill $ID KILL" "kill --all $ID KILL" "delete --force $ID"; do
		runs run -d -b "$BUNDLE" "$ID"
		for h in "${hierarchies[@]}"; do echo $neighbour >"$h/$ID/cgroup.procs"; done
		# shellcheck disable=SC2086
		runs $verb
		for h in "${hierarchies[@]}"; do wait_until sh -c "[ \"\$(cat '$h/$ID/cgroup.procs')\" = $neighbour ]" || { echo "after $verb"; return 1; }; done
		runs delete --force "$ID"
		kill -0 $neighbour
		[ ! -e "$STATE/$ID" ]
		for h in "${hierarchies[@]}"; do echo $neighbour >"$h/cgroup.procs"; done	# a cgroup with processes is refused
	done
	kill $neighbour
	wait $neighbour || true
	for h in "${hierarchies[@]}"; do rmdir "$h/$ID"; done
}

@test "delete: what an orphan of a container without a pid namespace runs, ends" {
	config 'no_ns("pid") | sh("sleep 1000 & echo $! >/child")'
	runs run -d -b "$BUNDLE" "$ID"
	wait_until has_status stopped
	local child
	child=$(cat "$ROOTFS/child")
	kill -0 "$child"
	runs delete "$ID"
	gone
	wait_until eval "! kill -0 $child 2>/dev/null"
}

@test "delete: sub-cgroups that the container made go as well" {
	local v1=/sys/fs/cgroup/pids
	[ -d "$v1" ] || skip "no v1 pids hierarchy"
	sleeper
	mkdir -p "$v1/$ID/a/b" "$v1/$ID/c"
	runs delete --force "$ID"
	gone
}

@test "delete: the bundle may be gone" {
	sleeper
	mv "$BUNDLE" "$WORK/moved"
	runs delete --force "$ID"
	mv "$WORK/moved" "$BUNDLE"
	gone
}

@test "delete: --regex takes those that match" {
	config 'del(.linux.cgroupsPath)'
	local n
	for n in a b c; do
		runs create -b "$BUNDLE" "$ID-$n"
	done
	runs delete --regex "$ID-[ab]"
	[ "$(coracle list -q)" = "$ID-c" ]
	fails delete --regex '['
}

@test "delete: --all of nothing, options that do not exist, too many arguments" {
	fails delete --all "$ID"
	fails delete
	says "missing argument"
	fails delete a b
	says "too many arguments"
}

@test "delete: nothing of the environment is needed" {
	sleeper
	run env -i XDG_RUNTIME_DIR= "$CORACLE" --root "$STATE" delete --force "$ID"
	[ "$status" -eq 0 ]
	is ""
	gone
}

@test "delete: it does not wait for a command that only holds the state open" {
	runs create -b "$BUNDLE" "$ID"
	exec 7<"$STATE/$ID"
	runs delete "$ID"
	exec 7>&-
	gone
}
