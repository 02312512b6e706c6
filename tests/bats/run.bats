#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# run: foreground and detached, exit codes, signals, what is left.

load helpers

# In the background; $runner is its pid, its output goes to $WORK/out.
run_in_background () {
	"$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&- &
	runner=$!
	wait_until has_status running 2>/dev/null
}
# finish N: $runner ends with exit status N
finish () {
	local r=0
	wait "$runner" || r=$?
	[ "$r" -eq "$1" ] || { echo "exit status $r, not $1: $(cat "$WORK/out")"; return 1; }
}
nothing_left () {
	[ -z "$(ls "$STATE")" ] || { echo "state: $(ls "$STATE")"; return 1; }
	[ -z "$(find /sys/fs/cgroup -maxdepth 4 -type d -name "*$ID*" 2>/dev/null)" ]
}

@test "run: the exit status is the process's" {
	local n
	for n in 0 1 42 126 255; do
		run_sh "exit $n"
		[ "$status" -eq "$n" ]
		nothing_left
	done
}

@test "run: a death by signal is 128 + the signal" {
	local n
	for n in 9 15 11 1; do
		# pid 1 of a pid namespace is immune against signals from inside
		config 'no_ns("pid")'
		run_sh "kill -$n \$\$"
		[ "$status" -eq $((128 + n)) ]
		nothing_left
	done
}

@test "run: standard input, output and error are the caller's" {
	config 'sh("cat; echo to stderr >&2")'
	echo "from stdin" | timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" >"$WORK/o" 2>"$WORK/e"
	[ "$(cat "$WORK/o")" = "from stdin" ]
	[ "$(cat "$WORK/e")" = "to stderr" ]
}

# A file system that nobody serves: init looks for its program for ever.
run_hung () {
	[ -c /dev/fuse ] || skip "no /dev/fuse (a file system that nobody serves hangs for ever)"
	config 'args (["/hung/program"])'
	mkdir "$ROOTFS/hung"
	exec 9<>/dev/fuse
	mount -i -t fuse -o fd=9,rootmode=40000,user_id=0,group_id=0 none "$ROOTFS/hung"
	"$@" "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&- 9>&- &
	runner=$!
	wait_until eval 'grep -q "\"created\"" "$STATE/$ID/state.json" 2>/dev/null'
	sleep 0.1
}
ended_by () { # SIGNAL NUMBER
	kill -"$1" "$runner"
	wait_until eval '! kill -0 "$runner" 2>/dev/null'
	umount -l "$ROOTFS/hung"
	exec 9>&-
	! wait "$runner" || return 1
	grep -q "ended by signal $2" "$WORK/out"
	nothing_left
}

@test "run: SIGTERM ends it while init looks for the program, on a file system that does not answer" {
	run_hung env
	ended_by TERM 15
}

@test "run: what its caller ignores (nohup) does not end it there" {
	run_hung env --ignore-signal=HUP
	kill -HUP "$runner"
	sleep 0.3
	kill -0 "$runner"
	ended_by TERM 15
}

@test "run: big output through a pipe is complete" {
	config 'sh("seq 1 200000")'
	[ "$(timeout 60 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" | md5sum)" = "$(seq 1 200000 | md5sum)" ]
}

@test "run: a reader that goes away ends the writer, as in a shell" {
	config 'sh("yes; echo yes ended with $? >&2")'
	timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" 2>"$WORK/e" | head -n 1 >/dev/null
	[ "$(cat "$WORK/e")" = "yes ended with 141" ]
}

@test "run: signals are forwarded" {
	config 'sh("trap \"echo got HUP\" HUP; trap \"echo got USR1\" USR1; trap \"echo got TERM; exit 5\" TERM; echo ready; sleep 1000 & while :; do wait; done")'
	run_in_background
	wait_until grep -q ready "$WORK/out"
	kill -HUP "$runner"
	wait_until grep -q "got HUP" "$WORK/out"
	kill -USR1 "$runner"
	wait_until grep -q "got USR1" "$WORK/out"
	kill -TERM "$runner"
	finish 5
	grep -q "got TERM" "$WORK/out"
	nothing_left
}

@test "run: real-time signals are forwarded" {
	config 'sh("trap \"echo got it; exit 6\" 40; echo ready; sleep 1000 & while :; do wait; done")'
	run_in_background
	wait_until grep -q ready "$WORK/out"
	kill -40 "$runner"
	finish 6
}

@test "run: a signal that comes while the container is made reaches its process" {
	# from the hook, which runs before the loop that forwards
	config 'sh("trap \"exit 8\" USR1; echo ready >/ready; sleep 1000 & while :; do wait; done")' \
		"hook(\"poststart\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"until [ -e $ROOTFS/ready ]; do sleep 0.05; done; kill -USR1 \$PPID\"], env: [\"PATH=/bin:/usr/bin\"]})"
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 8 ]
}

@test "run: returns when init ends, though an orphan holds the pipe" {
	config 'no_ns("pid") | sh("sleep 1000 & echo $! >/orphan; exit 4")'
	local before=$SECONDS
	timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" >"$WORK/o" 2>&1 3>&- || status=$?
	[ "$status" -eq 4 ]
	[ $((SECONDS - before)) -lt 5 ]
	nothing_left
	wait_until eval "! kill -0 $(cat "$ROOTFS/orphan") 2>/dev/null"
}

@test "run: with a pid namespace its processes end with init" {
	config 'sh("sleep 1000 & exit 4")'
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 4 ]
	nothing_left
}

@test "run: --keep leaves the state, not the cgroup's processes" {
	config 'sh("exit 3")'
	run timeout 20 "$CORACLE" --root "$STATE" run --keep -b "$BUNDLE" "$ID"
	[ "$status" -eq 3 ]
	has_status stopped
	runs delete "$ID"
	nothing_left
}

@test "run: --keep after a failure keeps nothing" {
	config 'args(["/no/such/thing"])'
	run timeout 20 "$CORACLE" --root "$STATE" run --keep -b "$BUNDLE" "$ID"
	[ "$status" -eq 1 ]
	nothing_left
}

@test "run: a container in the foreground can be looked at, killed and deleted by others at once" {
	config 'args(["/bin/sleep", "1000"])'
	run_in_background
	[ "$(coracle list -q)" = "$ID" ]
	local before=$SECONDS
	runs delete --force "$ID"
	[ $((SECONDS - before)) -lt 5 ]
	finish 137
	[ ! -s "$WORK/out" ] || { cat "$WORK/out"; return 1; }
	nothing_left
}

@test "run: a second container of the same id, while the first is in the foreground" {
	config 'args(["/bin/sleep", "1000"])'
	run_in_background
	fails run -b "$BUNDLE" "$ID"
	says "already exists"
	has_status running
	kill -KILL "$(coracle state "$ID" | jq .pid)"
	finish 137
}

@test "run: an id is free again when it was deleted behind the back of a run" {
	config 'args(["/bin/sleep", "1000"])'
	run_in_background
	runs delete --force "$ID"
	runs create -b "$BUNDLE" "$ID"
	finish 137
	has_status created
}

@test "run: --detach returns when the process runs, and says nothing" {
	config 'args(["/bin/sleep", "1000"])'
	runs run --detach --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	is ""
	has_status running
	[ "$(tr '\0' ' ' <"/proc/$(cat "$WORK/pid")/cmdline")" = "/bin/sleep 1000 " ]
	runs delete -f "$ID"
}

@test "run: --detach of what cannot be executed fails, and leaves nothing, not even a pid file" {
	printf junk >"$ROOTFS/junk"
	chmod 755 "$ROOTFS/junk"
	config 'args(["/junk"])'
	fails run -d -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	says "exec format error"
	nothing_left
	[ ! -e "$WORK/pid" ]
	fails run -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	nothing_left
	[ ! -e "$WORK/pid" ]
}

@test "run: --detach: the process is left to the caller's subreaper" {
	config 'sh("exit 9")'
	run timeout 20 "$TEST_TOOLS/subreaper" -1 "$CORACLE" --root "$STATE" run -d -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	says "exit 9"
	runs delete "$ID"
}

@test "run: killed itself, it leaves a container that delete --force removes" {
	config 'args(["/bin/sleep", "1000"])'
	run_in_background
	kill -9 "$runner"
	finish 137
	has_status running
	runs delete --force "$ID"
	nothing_left
}

@test "run: a process in a session of its own, not in the caller's" {
	run_sh 'cut -d" " -f1,5,6 /proc/self/stat; cut -d" " -f6 /proc/1/stat'
	[ "$(tail -n 1 <<<"$output")" = 1 ]
}

@test "run: -d and the letters of other options in one word" {
	config 'args(["/bin/sleep", "1000"])'
	runs run -db"$BUNDLE" -p "$WORK/pid" "$ID"
	has_status running
	[ -s "$WORK/pid" ]
	runs delete -f "$ID"
}

@test "run: --no-pivot, --no-new-keyring and -no-subreaper are taken" {
	config 'sh("echo fine")'
	run timeout 20 "$CORACLE" --root "$STATE" run --no-pivot --no-new-keyring -no-subreaper --no-subreaper -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	is fine
}

@test "run: a stopped process continues, and 20 runs in a row leave nothing" {
	config 'args(["/bin/true"])'
	local i
	for ((i = 0; i < 20; i++)); do
		runs run -b "$BUNDLE" "$ID"
	done
	nothing_left
}

@test "run: SIGSTOP and SIGCONT of the container are not its end" {
	config 'sh("echo ready; read x </fifo; exit 2")'
	mkfifo "$ROOTFS/fifo"
	run_in_background
	wait_until grep -q ready "$WORK/out"
	runs kill "$ID" STOP
	has_status running
	kill -0 "$runner"
	runs kill "$ID" CONT
	echo >"$ROOTFS/fifo"
	finish 2
}

@test "run: a limit on memory that is too low is named" {
	[ -d /sys/fs/cgroup/memory ] || grep -q memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null || skip "no memory controller"
	config 'resources({memory: {limit: 20000}})'
	fails run -b "$BUNDLE" "$ID"
	says "memory"
	nothing_left
}
