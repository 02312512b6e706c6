#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Several commands at once on one container, and commands that are killed in the middle.

load helpers

# race N COMMAND…: N of them at once; their messages are in $WORK/race.*, $won is how many succeeded
race () {
	local n=$1 i pids=() pid
	shift
	for ((i = 0; i < n; i++)); do
		timeout 30 "$CORACLE" --root "$STATE" "$@" >"$WORK/race.$i" 2>&1 </dev/null 3>&- &
		pids+=($!)
	done
	won=0
	for pid in "${pids[@]}"; do
		wait "$pid" && won=$((won + 1))
	done
	return 0
}
# Every loser has said this and nothing else.
losers_say () {
	local f
	for f in "$WORK"/race.*; do
		[ ! -s "$f" ] || grep -q -- "$1" "$f" || { echo "$f: $(cat "$f")"; return 1; }
		[ "$(wc -l <"$f")" -le 1 ] || { echo "$f: $(cat "$f")"; return 1; }
	done
}
nothing_left () {
	[ -z "$(ls "$STATE" 2>/dev/null)" ] || { echo "$1: state: $(ls "$STATE")"; return 1; }
	[ -z "$(find /sys/fs/cgroup -maxdepth 4 -type d -name "*$ID*" 2>/dev/null)" ] || { echo "$1: a cgroup is left"; return 1; }
	! grep -lF "$WORK/" /proc/[0-9]*/mountinfo 2>/dev/null || { echo "$1: a process is left"; return 1; }
}
sleeper () { config 'args(["/bin/sleep", "1000"])'; }

@test "concurrency: 8 creates of one id: one wins, the others say that it exists" {
	local round
	for round in 1 2 3 4 5 6; do
		race 8 create -b "$BUNDLE" "$ID"
		[ "$won" -eq 1 ]
		losers_say "already exists"
		has_status created
		runs delete "$ID"
	done
	nothing_left end
}

@test "concurrency: 8 starts: one wins, the others say that it runs" {
	sleeper
	local round
	for round in 1 2 3 4; do
		runs create -b "$BUNDLE" "$ID"
		race 8 start "$ID"
		[ "$won" -eq 1 ]
		losers_say "already running"
		has_status running
		runs delete --force "$ID"
	done
}

@test "concurrency: 8 starts of a process that ends at once" {
	config 'sh("echo x >>/count")'
	runs create -b "$BUNDLE" "$ID"
	race 8 start "$ID"
	[ "$won" -eq 1 ]
	losers_say "cannot start"
	wait_until has_status stopped
	[ "$(wc -l <"$ROOTFS/count")" -eq 1 ]
}

@test "concurrency: 8 times delete --force: all succeed, silently" {
	sleeper
	local round
	for round in 1 2 3 4; do
		runs run -d -b "$BUNDLE" "$ID"
		race 8 delete --force "$ID"
		[ "$won" -eq 8 ]
		[ -z "$(cat "$WORK"/race.*)" ] || { cat "$WORK"/race.*; return 1; }
		nothing_left "round $round"
	done
}

@test "concurrency: 8 deletes: one wins, the others say that it does not exist" {
	runs create -b "$BUNDLE" "$ID"
	race 8 delete "$ID"
	[ "$won" -eq 1 ]
	losers_say "does not exist"
}

@test "concurrency: create against delete --force of the same id" {
	local i creator
	for ((i = 0; i < 15; i++)); do
		"$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&- &
		creator=$!
		timeout 30 "$CORACLE" --root "$STATE" delete --force "$ID" || { echo "delete failed"; return 1; }
		# --force does not wait for a create that has an init already, but ends that.
		wait "$creator" || grep -q "the container's init died unexpectedly" "$WORK/out" || { echo "create failed: $(cat "$WORK/out")"; return 1; }
		timeout 30 "$CORACLE" --root "$STATE" delete --force "$ID"
		nothing_left "round $i"
	done
}

@test "concurrency: start against kill, state and delete --force" {
	sleeper
	local i
	for ((i = 0; i < 10; i++)); do
		runs create -b "$BUNDLE" "$ID"
		"$CORACLE" --root "$STATE" start "$ID" >"$WORK/start" 2>&1 3>&- &
		"$CORACLE" --root "$STATE" kill "$ID" KILL >"$WORK/kill" 2>&1 3>&- &
		"$CORACLE" --root "$STATE" state "$ID" >"$WORK/state.out" 2>&1 3>&- || grep -q "does not exist" "$WORK/state.out"
		timeout 30 "$CORACLE" --root "$STATE" delete --force "$ID"
		wait
		nothing_left "round $i"
	done
}

@test "concurrency: list while containers come and go" {
	local i pids=()
	config 'del(.linux.cgroupsPath)'
	for i in 1 2 3 4; do
		(for _ in 1 2 3 4 5; do
			"$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID-$i" && "$CORACLE" --root "$STATE" delete --force "$ID-$i"
		done) </dev/null >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	wait_until test -d "$STATE"
	while kill -0 "${pids[@]}" 2>/dev/null; do
		coracle list -f json >"$WORK/list" 2>"$WORK/said"
		[ ! -s "$WORK/said" ] || { cat "$WORK/said"; return 1; }
		jq -e 'all(.[]; .status | test("creating|created|stopped"))' "$WORK/list" >/dev/null || { cat "$WORK/list"; return 1; }
	done
	wait "${pids[@]}"
}

@test "concurrency: 20 containers side by side" {
	local i
	config 'del(.linux.cgroupsPath) | args(["/bin/sleep", "1000"])'
	for ((i = 0; i < 20; i++)); do
		"$CORACLE" --root "$STATE" run -d -b "$BUNDLE" "$ID-$i" </dev/null >>"$WORK/out" 2>&1 3>&- &
	done
	wait
	[ ! -s "$WORK/out" ] || { cat "$WORK/out"; return 1; }
	[ "$(coracle list -f json | jq '[.[] | select(.status == "running")] | length')" -eq 20 ]
	for ((i = 0; i < 20; i++)); do
		"$CORACLE" --root "$STATE" delete --force "$ID-$i" >>"$WORK/out" 2>&1 3>&- &
	done
	wait
	[ ! -s "$WORK/out" ] || { cat "$WORK/out"; return 1; }
	nothing_left end
}

@test "concurrency: a start that is killed at any of its calls leaves a container that can be started, or one that runs" {
	config 'sh("echo x >>/count; sleep 1000")'
	local n=0 started=0 again=0
	while :; do
		n=$((n + 1))
		runs create -b "$BUNDLE" "$ID"
		"$TEST_TOOLS/fault" -o "$WORK/hit" -n "$n" -k -- "$CORACLE" --root "$STATE" start "$ID" >"$WORK/out" 2>&1 </dev/null 3>&- || true
		[ -s "$WORK/hit" ] || break
		run_to_file start "$ID"
		if [ "$status" -eq 0 ]; then
			again=$((again + 1))
		else
			says "already running"
			started=$((started + 1))
		fi
		has_status running
		wait_until test -s "$ROOTFS/count"
		[ "$(wc -l <"$ROOTFS/count")" -eq 1 ]
		rm "$ROOTFS/count"
		runs delete --force "$ID"
		nothing_left "call $n"
	done
	# both happened, so that the loop was about something
	[ "$started" -gt 0 ] && [ "$again" -gt 0 ]
}

@test "concurrency: a delete that is killed at any of its calls can be repeated" {
	config 'hook("poststop"; {path: "/bin/true"})'
	local n=0
	while :; do
		n=$((n + 1))
		runs create -b "$BUNDLE" "$ID"
		"$TEST_TOOLS/fault" -o "$WORK/hit" -n "$n" -k -- "$CORACLE" --root "$STATE" delete "$ID" >"$WORK/out" 2>&1 </dev/null 3>&- || true
		[ -s "$WORK/hit" ] || break
		# gone already, or gone now; an empty directory, where the state was removed last, too
		[ ! -e "$STATE/$ID" ] || runs delete "$ID"
		nothing_left "call $n"
	done
	[ "$n" -gt 20 ]
}

@test "concurrency: a create that is killed at any moment leaves nothing that delete --force does not remove" {
	config 'hook("createContainer"; {path: "/bin/true"}) | hook("createRuntime"; {path: "/bin/true"})'
	local n
	for ((n = 1; n < 400; n += 11)); do
		"$TEST_TOOLS/fault" -o "$WORK/hit" -n "$n" -k -- "$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&- || true
		[ -s "$WORK/hit" ] || break
		runs delete --force "$ID"
		wait_until nothing_left "call $n"
	done
	[ "$n" -gt 100 ]
}

@test "concurrency: the id of a create that was killed can be used again after delete --force" {
	local calls

	# The last but a few: another libc, or a sanitizer, makes more of them.
	"$TEST_TOOLS/fault" -o "$WORK/calls" -- "$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&-
	calls=$(grep -c '^0 ' "$WORK/calls")
	runs delete "$ID"
	"$TEST_TOOLS/fault" -n $((calls - 8)) -k -- "$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&- || true
	[ -d "$STATE/$ID" ]
	fails create -b "$BUNDLE" "$ID"
	says "already exists"
	runs delete --force "$ID"
	runs create -b "$BUNDLE" "$ID"
	runs delete "$ID"
}

@test "concurrency: a command waits for one that has the container, and goes on when that is killed" {
	config "hook(\"createRuntime\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo >$WORK/in-hook; exec sleep 1000\"]})"
	"$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&- &
	local creator=$!
	wait_until test -s "$WORK/in-hook"
	timeout 30 "$CORACLE" --root "$STATE" delete --force "$ID" >"$WORK/deleted" 2>&1 3>&- &
	local deleter=$!
	has_status creating
	kill -9 "$creator"
	wait "$deleter"
	[ ! -s "$WORK/deleted" ]
	nothing_left end
}

@test "concurrency: the init of a create that is killed before it has written 'created' ends, also in a cgroup that is not its own" {
	local tracer creator init

	command -v strace >/dev/null || skip "strace is not installed"
	config 'args (["/bin/sleep", "1000"])'
	strace -qq -o "$WORK/trace" -e trace=renameat -e inject=renameat:delay_enter=10000000:when=2 \
		"$CORACLE" --root "$STATE" --cgroup-manager disabled create -b "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&- &
	tracer=$!
	wait_until pgrep -P "$tracer"
	creator=$(pgrep -P "$tracer")
	wait_until pgrep -P "$creator"
	init=$(pgrep -P "$creator")
	# Its part is done: it has its program exchanged, and sleeps.
	wait_until sh -c "readlink /proc/$init/exe | grep -q memfd && grep -q '^State:.S' /proc/$init/status"
	sleep 0.3
	[ "$(jq -r .phase "$STATE/$ID/state.json")" = creating ]
	kill -9 "$creator"
	wait "$tracer" || true
	wait_until sh -c "! grep -q '^State:.[^Z]' /proc/$init/status"
	has_status stopped
	runs delete "$ID"
}

@test "concurrency: a create that fails kills nobody in a cgroup that another has made meanwhile" {
	local inside=$ID-2 failing

	command -v strace >/dev/null || skip "strace is not installed"
	config 'no_ns ("pid") | args (["/bin/sleep", "1000"])'
	# Its FIFOs cannot be made, which it hears of late: after it has saved that it will make a cgroup.
	strace -f -qq -o "$WORK/trace" -e trace=mknodat -e inject=mknodat:error=EIO:delay_enter=3000000 \
		"$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID" >"$WORK/failed" 2>&1 </dev/null 3>&- &
	failing=$!
	wait_until test -s "$STATE/$ID/state.json"
	runs run --detach -b "$BUNDLE" "$inside"
	! wait "$failing" || return 1
	grep -F "make 'start.fifo'" "$WORK/failed"
	[ "$(coracle state "$inside" | jq -r .status)" = running ]
	runs delete --force "$inside"
}
