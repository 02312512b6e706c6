#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# sd_notify(3): what the container says reaches the one who started us.

load helpers

# The service manager: every datagram becomes lines in $WORK/heard, with "--" after it.
listen () {
	NOTIFY=${1:-$WORK/notify}
	"$TEST_TOOLS/recvmsgs" "$NOTIFY" >"$WORK/heard" 2>"$WORK/ready" 3>&- &
	manager=$!
	wait_until grep -q ready "$WORK/ready"
	cp "$TEST_TOOLS/notify" "$ROOTFS/notify"
}
teardown () {
	[ -z "${manager:-}" ] || kill "$manager" 2>/dev/null || true
	test_teardown
}
heard () { grep -qx -- "$1" "$WORK/heard"; }
run_notified () { NOTIFY_SOCKET=$NOTIFY run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"; }

@test "notify: the container has a socket of its own, not the manager's" {
	listen
	config 'sh("echo $NOTIFY_SOCKET; test -S $NOTIFY_SOCKET && echo socket")'
	run_notified
	is $'/run/notify/notify.sock\nsocket'
}

@test "notify: without NOTIFY_SOCKET there is none" {
	config 'sh("echo \"<$NOTIFY_SOCKET>\"; ls /run/notify 2>/dev/null; echo end")'
	run env -u NOTIFY_SOCKET timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	is $'<>\nend'
	run env NOTIFY_SOCKET= timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	is $'<>\nend'
}

@test "notify: a foreground run forwards every message, the last ones too" {
	listen
	config 'args(["/notify", "STATUS=begin", "READY=1", "RELOADING=1", "WATCHDOG=1", "STATUS=one\nERRNO=5", "READY=1", "STOPPING=1", "STATUS=last words"])'
	run_notified
	[ "$status" -eq 0 ]
	wait_until heard "STATUS=last words"
	grep -vx -- -- "$WORK/heard" >"$WORK/lines"
	diff "$WORK/lines" - <<-END
		STATUS=begin
		READY=1
		RELOADING=1
		WATCHDOG=1
		STATUS=one
		ERRNO=5
		READY=1
		STOPPING=1
		STATUS=last words
	END
}

@test "notify: MAINPID is translated to the host's pid" {
	listen
	config 'args(["/notify", "-w", "READY=1\nMAINPID=1\nSTATUS=with others"])'
	NOTIFY_SOCKET=$NOTIFY "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
	local runner=$!
	wait_until heard "STATUS=with others"
	heard "MAINPID=$(coracle state "$ID" | jq .pid)"
	heard READY=1
	runs kill "$ID" KILL
	wait "$runner" || true
}

@test "notify: start waits until the container is ready, and says which its pid is" {
	listen
	config 'sh("sleep 0.5; touch /before; /notify READY=1; sleep 1000")'
	NOTIFY_SOCKET=$NOTIFY runs create -b "$BUNDLE" "$ID"
	NOTIFY_SOCKET=$NOTIFY runs start "$ID"
	is ""
	[ -e "$ROOTFS/before" ]
	wait_until heard "MAINPID=$(coracle state "$ID" | jq .pid)"
	heard READY=1
}

@test "notify: run --detach does so too" {
	listen
	config 'sh("sleep 0.5; touch /before; /notify READY=1; sleep 1000")'
	NOTIFY_SOCKET=$NOTIFY runs run -d -b "$BUNDLE" "$ID"
	[ -e "$ROOTFS/before" ]
	wait_until heard "MAINPID=$(coracle state "$ID" | jq .pid)"
	heard READY=1
}

@test "notify: a container that ends before it is ready is an error of start, not a hang" {
	listen
	config 'args(["/bin/true"])'
	NOTIFY_SOCKET=$NOTIFY runs create -b "$BUNDLE" "$ID"
	NOTIFY_SOCKET=$NOTIFY fails start "$ID"
	says "before it reported readiness"
	runs delete "$ID"
	NOTIFY_SOCKET=$NOTIFY fails run -d -b "$BUNDLE" "$ID"
	[ -z "$(ls "$STATE")" ]
}

@test "notify: while start waits, the container can be looked at, killed and deleted" {
	listen
	config 'args(["/bin/sleep", "1000"])'
	NOTIFY_SOCKET=$NOTIFY runs create -b "$BUNDLE" "$ID"
	NOTIFY_SOCKET=$NOTIFY "$CORACLE" --root "$STATE" start "$ID" >"$WORK/out" 2>&1 3>&- &
	local starter=$! status=0
	wait_until has_status running
	fails start "$ID"
	says "already running"
	local before=$SECONDS
	runs delete --force "$ID"
	[ $((SECONDS - before)) -lt 5 ]
	wait "$starter" || status=$?
	[ "$status" -ne 0 ]
}

@test "notify: start without NOTIFY_SOCKET does not wait" {
	listen
	config 'args(["/bin/sleep", "1000"])'
	NOTIFY_SOCKET=$NOTIFY runs create -b "$BUNDLE" "$ID"
	env -u NOTIFY_SOCKET "$CORACLE" --root "$STATE" start "$ID" 3>&-
	has_status running
}

@test "notify: poststart hooks come after READY" {
	listen
	config "sh(\"sleep 0.3; touch /ready; /notify READY=1; sleep 1000\") | hook(\"poststart\"; {path: \"/usr/bin/test\", args: [\"test\", \"-e\", \"$ROOTFS/ready\"]})"
	NOTIFY_SOCKET=$NOTIFY runs create -b "$BUNDLE" "$ID"
	NOTIFY_SOCKET=$NOTIFY runs start "$ID"
}

@test "notify: the container cannot replace or remove the socket" {
	listen
	config 'sh("rm -f /run/notify/notify.sock && echo removed; touch /run/notify/x && echo made; mount -o remount,rw /run/notify && echo remounted; mv /run/notify/notify.sock /run/notify/y && echo moved; echo tried")'
	run_notified
	says tried
	lacks removed
	lacks made
	lacks remounted
	lacks moved
}

@test "notify: an ordinary user of the container can use it" {
	listen
	config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {} | args(["/notify", "READY=1"])'
	run_notified
	[ "$status" -eq 0 ]
	wait_until heard READY=1
}

@test "notify: in a user namespace" {
	listen
	chown -R 100000:100000 "$ROOTFS"
	config 'userns | args(["/notify", "READY=1", "STATUS=mapped"])'
	run_notified
	[ "$status" -eq 0 ]
	wait_until heard STATUS=mapped
}

@test "notify: with a read-only root" {
	listen
	mkdir -p "$ROOTFS/run/notify"
	config '.root.readonly = true | args(["/notify", "READY=1"])'
	run_notified
	[ "$status" -eq 0 ]
	wait_until heard READY=1
}

@test "notify: an abstract socket of the manager" {
	listen "@coracle-test-$ID"
	config 'args(["/notify", "READY=1"])'
	run_notified
	[ "$status" -eq 0 ]
	wait_until heard READY=1
}

@test "notify: a flood and junk do not stop us" {
	listen
	config 'args(["/notify", "-n", "3000", "WATCHDOG=1", "", "\n\n\n", "MAINPID=\nMAINPID=x\nREADY=10", "=", "STATUS=end"])'
	run_notified
	[ "$status" -eq 0 ]
	wait_until heard STATUS=end
	! heard READY=1
}

@test "notify: a barrier is answered, and not passed on without its descriptor" {
	listen
	config 'args(["/notify", "-b", "READY=1"])'
	run_notified
	[ "$status" -eq 0 ]
	wait_until heard READY=1
	! heard BARRIER=1
}

@test "notify: a manager that does not listen any more is no failure of the container" {
	NOTIFY=$WORK/nobody
	cp "$TEST_TOOLS/notify" "$ROOTFS/notify"
	config 'args(["/notify", "READY=1"])'
	run_notified
	[ "$status" -eq 0 ]
}

@test "notify: hooks do not get the variable" {
	listen
	config "hook(\"createRuntime\"; {path: \"/usr/bin/env\"}) | .annotations[\"run.oci.hooks.stdout\"] = \"$WORK/env\""
	run_notified
	! grep NOTIFY_SOCKET "$WORK/env"
}
