#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# ps: pids of the host; from /proc, or through ps(1).

load helpers

up () {
	config 'sh ("sleep 1000 & exec sleep 2000")' "$@"
	runs run --detach --bundle "$BUNDLE" "$ID"
	wait_until both
}
both () { [ "$(coracle ps --format json "$ID" | jq length)" -eq 2 ]; }

@test "--format json: an array of numbers, of the host, sorted" {
	up
	pid=$(coracle state "$ID" | jq .pid)
	runs ps -f json "$ID"
	[ "$(jq -c 'map (type) | unique' <<<"$output")" = '["number"]' ]
	[ "$(jq -c '. == sort' <<<"$output")" = true ]
	[ "$(jq "index ($pid)" <<<"$output")" != null ]
	for p in $(jq '.[]' <<<"$output"); do
		grep -q "sleep" "/proc/$p/cmdline"
	done
}

@test "processes of exec are among them, and those of nested cgroups" {
	up
	runs exec --detach --pid-file "$WORK/pid" "$ID" sleep 3000
	runs ps --format json "$ID"
	[ "$(jq "index ($(cat "$WORK/pid"))" <<<"$output")" != null ]
	case $(cgroup_mode) in v2) top=/sys/fs/cgroup/$ID ;; *) top=/sys/fs/cgroup/freezer/$ID ;; esac
	mkdir "$top/sub"
	cat "$WORK/pid" >"$top/sub/cgroup.procs"
	runs ps --format json "$ID"
	[ "$(jq "index ($(cat "$WORK/pid"))" <<<"$output")" != null ]
}

@test "the table: columns of ps -ef" {
	up
	pid=$(coracle state "$ID" | jq .pid)
	runs ps "$ID"
	[[ "${output%%$'\n'*}" =~ ^UID\ +PID\ +PPID\ +C\ +STIME\ +TTY\ +TIME\ +CMD$ ]]
	[ "$(wc -l <<<"$output")" -eq 3 ]
	grep -qE "^root +$pid +[0-9]+ +[0-9]+ [0-9:]+ +\? +00:00:00 sleep 2000" <<<"$output"
	runs ps "$ID" -ef
	[ "$(wc -l <<<"$output")" -eq 3 ]
}

@test "the user of a process that is not dumpable is its own, not root" {
	mkdir "$ROOTFS/private"
	cp "$ROOTFS/bin/busybox" "$ROOTFS/private/busybox"
	chmod 711 "$ROOTFS/private/busybox"
	config 'args (["/private/busybox", "sleep", "1000"]) | .process.user = {uid: 1234, gid: 1234}'
	runs run --detach --bundle "$BUNDLE" "$ID"
	[ "$(stat -c %u "/proc/$(coracle state "$ID" | jq .pid)/stat")" = 0 ]
	runs ps "$ID"
	grep -qE '^1234 .*/private/busybox sleep 1000$' <<<"$output"
}

@test "a command line with control characters does no harm" {
	up
	runs exec --detach "$ID" sh -c $'sleep 1000 # \e[31m'
	runs ps "$ID"
	lacks $'\e'
}

@test "with arguments: ps(1), filtered" {
	command -v ps >/dev/null || skip "no ps(1)"
	up
	runs ps "$ID" -e -o pid,args
	[ "$(wc -l <<<"$output")" -eq 3 ]
	says "sleep 1000"
	fails ps "$ID" -e -o args
	says "PID"
}

@test "a stopped container has none; an unknown one is an error; so is an unknown format" {
	config 'args (["/bin/true"])'
	runs run --detach --bundle "$BUNDLE" "$ID"
	wait_until has_status stopped
	runs ps --format json "$ID"
	is "[]"
	fails ps nosuch
	says "does not exist"
	fails ps --format yaml "$ID"
	says "yaml"
}

@test "without a cgroup" {
	config 'sh ("sleep 1000 & exec sleep 2000")' 'del (.linux.cgroupsPath, .linux.resources)'
	runs --cgroup-manager disabled run --detach --bundle "$BUNDLE" "$ID"
	wait_until both
}
