#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# wait, and exitCode in the state.

load helpers

# Linux 6.15 tells everybody who holds a pidfd; before, a container whose parent is quick leaves no trace.
need_exit_status () { printf '6.15\n%s\n' "$(uname -r)" | sort -CV || skip "Linux < 6.15 tells an exit status to the parent alone"; }

@test "waits for the end, prints the status and ends with it" {
	need_exit_status
	config 'sh ("read x </tmp/fifo; exit 7")'
	mkfifo "$ROOTFS/tmp/fifo"
	runs run --detach --bundle "$BUNDLE" "$ID"
	"$CORACLE" --root "$STATE" wait "$ID" >"$WORK/out" 2>&1 3>&- &
	echo go >"$ROOTFS/tmp/fifo"
	status=0
	wait $! || status=$?
	[ "$status" -eq 7 ] || { cat "$WORK/out"; return 1; }
	[ "$(cat "$WORK/out")" = 7 ]
	[ "$(coracle state "$ID" | jq .exitCode)" = 7 ]
	run_to_file wait "$ID"
	[ "$status" -eq 7 ]
	is 7
}

@test "128 + the signal" {
	need_exit_status
	config 'args (["/bin/sleep", "1000"])'
	runs run --detach --bundle "$BUNDLE" "$ID"
	[ "$(coracle state "$ID" | jq 'has ("exitCode")')" = false ]
	"$CORACLE" --root "$STATE" wait "$ID" >"$WORK/out" 2>&1 3>&- &
	waiter=$!
	runs kill "$ID" KILL
	status=0
	wait $waiter || status=$?
	[ "$status" -eq 137 ] || { cat "$WORK/out"; return 1; }
}

@test "a created container is waited for as well" {
	need_exit_status
	config 'sh ("exit 3")'
	runs create --bundle "$BUNDLE" "$ID"
	"$CORACLE" --root "$STATE" wait "$ID" >"$WORK/out" 2>&1 3>&- &
	waiter=$!
	runs start "$ID"
	status=0
	wait $waiter || status=$?
	[ "$status" -eq 3 ] || { cat "$WORK/out"; return 1; }
}

@test "of a zombie: from the kernel, until it is reaped" {
	config 'sh ("read x </tmp/fifo; exit 11")'
	mkfifo "$ROOTFS/tmp/fifo"
	"$TEST_TOOLS/subreaper" "$CORACLE" --root "$STATE" run --detach --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&- &
	wait_until has_status running
	wait_until grep -q ^child "$WORK/out"
	kill -STOP $!
	wait_until grep -q "^State:.T" /proc/$!/status
	echo go >"$ROOTFS/tmp/fifo"
	wait_until has_status stopped
	[ "$(coracle state "$ID" | jq .exitCode)" = 11 ]
	run_to_file wait "$ID"
	[ "$status" -eq 11 ]
	kill -CONT $!
	wait $! || true
	grep -q "^adopted .* exit 11" "$WORK/out"
	[ "$(coracle state "$ID" | jq .exitCode)" = 11 ]
}

@test "run --keep keeps the status" {
	config 'sh ("exit 9")'
	run_to_file run --keep --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 9 ]
	[ "$(coracle state "$ID" | jq .exitCode)" = 9 ]
	run_to_file wait "$ID"
	[ "$status" -eq 9 ]
}

@test "a container of which nobody knows, or nobody knows any more" {
	run_to_file wait nosuch
	[ "$status" -eq 255 ]
	says "does not exist"
}

# A container of another user that has ended with STATUS, and whose parent ($!) is stopped and so has not asked.
zombie_of_a_user () { # STATUS
	config '.process.user = {uid: 1234, gid: 1234}' "sh (\"read x </tmp/fifo; exit $1\")"
	mkfifo -m 666 "$ROOTFS/tmp/fifo"
	"$TEST_TOOLS/subreaper" "$CORACLE" --root "$STATE" run --detach --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&- &
	wait_until has_status running
	wait_until grep -q ^child "$WORK/out"
	kill -STOP $!
	wait_until grep -q "^State:.T" /proc/$!/status
	echo go >"$ROOTFS/tmp/fifo"
	wait_until has_status stopped
}

# Without CAP_SYS_PTRACE /proc shows 0 instead of the status of another user's process.
@test "of a zombie whose status we may not see: unknown, not 0" {
	need_root
	zombie_of_a_user 11
	run setpriv --inh-caps=-sys_ptrace --bounding-set=-sys_ptrace "$CORACLE" --root "$STATE" wait "$ID" 3>&-
	[ "$status" -eq 255 ]
	says "exit status"
	run setpriv --inh-caps=-sys_ptrace --bounding-set=-sys_ptrace "$CORACLE" --root "$STATE" state "$ID" 3>&-
	lacks exitCode
	run_to_file wait "$ID"
	[ "$status" -eq 11 ]
	kill -CONT $!
	wait $! || true
}

@test "of a zombie of another user that ended with 0, as one who may see it" {
	zombie_of_a_user 0
	run_to_file wait "$ID"
	[ "$status" -eq 0 ]
	is 0
	kill -CONT $!
	wait $! || true
}
