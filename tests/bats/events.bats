#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# events: the stream of runc, and what it has not: changes of state, the end.

load helpers

up () {
	config 'args (["/bin/sleep", "1000"])' "$@"
	runs run --detach --bundle "$BUNDLE" "$ID"
}
# listen ARG…: events of the container into $WORK/events, until it ends
listen () {
	"$CORACLE" --root "$STATE" events "$@" "$ID" >"$WORK/events" 2>&1 3>&- &
	listener=$!
	wait_until listens
}
listens () { grep -qs inotify /proc/$listener/fdinfo/*; }
# ended CODE: the last event; the code is only known from Linux 6.15 on, or if nobody was quicker to reap it
ended () {
	local last
	last=$(tail -n 1 "$WORK/events" | jq -c 'del (.id)')
	[ "$last" = '{"type":"exit","data":{"exitCode":'"$1"'}}' ] && return
	! printf '6.15\n%s\n' "$(uname -r)" | sort -CV && [ "$last" = '{"type":"exit","data":{}}' ] && return
	echo "$last"
	return 1
}
heard () { grep -q "$1" "$WORK/events"; }

@test "--stats: one line, the members of runc in its order" {
	up
	runs events --stats "$ID"
	[ "$(wc -l <<<"$output")" -eq 1 ]
	[ "$(jq -c 'keys_unsorted' <<<"$output")" = '["type","id","data"]' ]
	[ "$(jq -r '.type + " " + .id' <<<"$output")" = "stats $ID" ]
	[ "$(jq -c '.data | keys_unsorted' <<<"$output")" = '["cpu","cpuset","memory","pids","blkio","hugetlb","intel_rdt","network_interfaces"]' ]
	[ "$(jq -c '.data.memory | keys_unsorted | map (select (. == "usage" or . == "swap" or . == "kernel" or . == "kernelTCP"))' <<<"$output")" = '["usage","swap","kernel","kernelTCP"]' ]
	[ "$(jq -c '.data.memory.usage | has ("limit") and has ("failcnt")' <<<"$output")" = true ]
	[ "$(jq -c '.data.cpu.usage | has ("kernel") and has ("user")' <<<"$output")" = true ]
}

@test "--stats beside runc's: the same members, the same kinds" {
	command -v runc >/dev/null || skip "no runc"
	[ "$(cgroup_mode)" != v2 ] || skip "runc needs controllers"
	up
	runs events --stats "$ID"
	ours=$output
	config '.ociVersion = "1.0.2"' '.linux.cgroupsPath += "-runc"'
	timeout 20 runc --root "$WORK/runc" run --detach --bundle "$BUNDLE" "$ID" >"$WORK/log" 2>&1 </dev/null 3>&- || skip "runc does not run here: $(cat "$WORK/log")"
	theirs=$(timeout 10 runc --root "$WORK/runc" events --stats "$ID" 3>&-)
	timeout 20 runc --root "$WORK/runc" delete --force "$ID" 3>&-
	# Zeros are left out in many places, so what is there depends on what has happened: only compare what is always there.
	filter='del (.data.blkio, .data.hugetlb) | [paths | map (if type == "number" then 0 else . end) | join (".")] | unique
		| map (select (test ("percpu|\\.raw\\.|cache|swap.(usage|max)|kernel.*(usage|max)|throttling") | not)) | .[]'
	diff <(jq -r "$filter" <<<"$ours") <(jq -r "$filter" <<<"$theirs")
	diff <(jq -r '.data.memory.raw | keys_unsorted | .[]' <<<"$ours") <(jq -r '.data.memory.raw | keys_unsorted | .[]' <<<"$theirs")
}

@test "a change of state between the first look and listening is not lost" {
	command -v strace >/dev/null || skip "strace is not installed"
	local tracer
	up
	strace -f -qq -e trace=inotify_init1 -e inject=inotify_init1:delay_enter=2000000 -o "$WORK/trace" \
		"$CORACLE" --root "$STATE" events --interval 1h "$ID" >"$WORK/events" 2>&1 3>&- &
	tracer=$!
	# It stands before the call, for longer than a tracer needs: what it knows of the state is older than what comes now.
	stopped () { grep -q '^State:.t' "/proc/$(pgrep -P "$tracer")/status"; }
	stands () { stopped && sleep 0.1 && stopped; }
	wait_until stands
	runs pause "$ID"
	wait_until heard '"status":"paused"'
	runs resume "$ID"
	runs kill "$ID" KILL
	wait $tracer
}

@test "--interval: usage again and again" {
	up
	listen --interval 100ms
	three () { [ "$(grep -c '"type":"stats"' "$WORK/events")" -ge 3 ]; }
	wait_until three
	for bad in 5 x 5x -1s ""; do
		fails events --interval "$bad" "$ID"
		says "duration"
	done
	runs kill "$ID" KILL
	wait $listener
}

@test "pause, resume and the end, with the exit status" {
	config 'sh ("read x </tmp/fifo; exit 6")'
	mkfifo "$ROOTFS/tmp/fifo"
	runs create --bundle "$BUNDLE" "$ID"
	listen --interval 1h
	runs start "$ID"
	wait_until heard '{"type":"state","id":"'"$ID"'","data":{"status":"running"}}'
	runs pause "$ID"
	wait_until heard '"status":"paused"'
	runs resume "$ID"
	echo go >"$ROOTFS/tmp/fifo"
	wait $listener
	[ "$(jq -r '.data.status // empty' "$WORK/events" | tr '\n' ' ')" = "running paused running stopped " ]
	ended 6
	! grep -q stats "$WORK/events"
}

@test "out of memory" {
	case $(cgroup_mode) in
	v2) grep -qw memory /sys/fs/cgroup/cgroup.controllers || skip "no memory controller in cgroup v2 here" ;;
	*) [ -e /sys/fs/cgroup/memory/cgroup.event_control ] || skip "no memory controller here" ;;
	esac
	up 'resources ({memory: {limit: 16777216, swap: 16777216}})'
	listen --interval 1h
	run_to_file exec "$ID" sh -c 'x=x; while :; do x=$x$x$x$x; done'
	[ "$status" -eq 137 ]
	wait_until heard '{"type":"oom","id":"'"$ID"'"}'
	runs kill "$ID" KILL
	wait $listener
	ended 137
}

@test "a stopped container, an unknown one" {
	config 'args (["/bin/true"])'
	runs run --detach --bundle "$BUNDLE" "$ID"
	wait_until has_status stopped
	fails events --stats "$ID"
	says "container not running"
	fails events nosuch
	says "does not exist"
}
