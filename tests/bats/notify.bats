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
	config 'args(["/notify", "STATUS=begin", "READY=1", "RELOADING=1\nMONOTONIC_USEC=5", "WATCHDOG=1", "WATCHDOG=trigger", "WATCHDOG_USEC=20000000", "EXTEND_TIMEOUT_USEC=30000000", "STATUS=one\nERRNO=5", "BUSERROR=org.example.Failed", "EXIT_STATUS=3", "X_OF_MINE=1", "READY=1", "STOPPING=1", "STATUS=last words"])'
	run_notified
	[ "$status" -eq 0 ]
	wait_until heard "STATUS=last words"
	grep -vx -- -- "$WORK/heard" >"$WORK/lines"
	diff "$WORK/lines" - <<-END
		STATUS=begin
		READY=1
		RELOADING=1
		MONOTONIC_USEC=5
		WATCHDOG=1
		WATCHDOG=trigger
		WATCHDOG_USEC=20000000
		EXTEND_TIMEOUT_USEC=30000000
		STATUS=one
		ERRNO=5
		BUSERROR=org.example.Failed
		EXIT_STATUS=3
		X_OF_MINE=1
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
	need_call open_tree "the state directory is the runtime's alone, and the root of a user namespace cannot bind it"
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

@test "notify: nothing is lost in a burst" {
	listen
	config 'args(["/notify", "-n", "3000", "WATCHDOG=1", "STATUS=end"])'
	run_notified
	[ "$status" -eq 0 ]
	wait_until heard STATUS=end
	[ "$(grep -cx WATCHDOG=1 "$WORK/heard")" -eq 3000 ]
}

@test "notify: what reaches beyond the container is left out: stored descriptors, who may notify, pids that are not translated" {
	listen
	config 'args(["/notify", "-d", "/etc", "FDSTORE=1\nFDNAME=x", "FDSTOREREMOVE=1\nFDNAME=x\nSTATUS=between", "NOTIFYACCESS=all", "MAINPIDFD=1", "MAINPIDFDID=77\nFDPOLL=0", "STATUS=end"])'
	run_notified
	[ "$status" -eq 0 ]
	wait_until heard STATUS=end
	[ "$(grep -vx -- -- "$WORK/heard" | xargs)" = "STATUS=between STATUS=end" ]
}

@test "notify: a message that is too long is none" {
	listen
	config '("A=" + ("x" * 9000)) as $long | args(["/notify", ($long + "\nREADY=1"), "STATUS=end"])'
	run_notified
	[ "$status" -eq 0 ]
	wait_until heard STATUS=end
	[ "$(grep -vx -- -- "$WORK/heard")" = STATUS=end ]
}

@test "notify: a barrier is the manager's to answer, after all that came before" {
	listen
	config 'args(["/notify", "-b", "READY=1"])'
	kill -STOP "$manager"
	NOTIFY_SOCKET=$NOTIFY timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 3>&- &
	local runner=$!
	wait_until has_status running
	sleep 0.3
	has_status running
	kill -CONT "$manager"
	wait "$runner"
	[ "$(grep -vx -- -- "$WORK/heard" | xargs)" = "READY=1 BARRIER=1" ]
}

@test "notify: a barrier that is no pipe, more than one, or among other lines is none, and its descriptors are closed" {
	listen
	config 'args(["/notify", "-w", "-d", "/etc", "-d", "/etc", "-n", "200", "BARRIER=1", "STATUS=two"])'
	NOTIFY_SOCKET=$NOTIFY "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
	local runner=$!
	wait_until heard STATUS=two
	[ "$(find "/proc/$runner/fd" -type l | wc -l)" -lt 50 ]
	runs kill "$ID" KILL
	wait "$runner" || true
	config 'args(["/notify", "-d", "/etc", "BARRIER=1", "BARRIER=1\nSTATUS=one"])'
	run_notified
	wait_until heard STATUS=one
	! heard BARRIER=1
}

@test "notify: a manager that does not read keeps nobody" {
	listen
	config 'args(["/notify", "-n", "3000", "WATCHDOG=1"])'
	kill -STOP "$manager"
	run_notified
	kill -CONT "$manager"
	[ "$status" -eq 0 ]
}

# A root file system with Debian's systemd-notify: the program, and the libraries that it is linked with.
with_systemd_notify () {
	local program file
	program=$(command -v systemd-notify) || skip "no systemd-notify (package systemd)"
	for file in "$program" $(ldd "$program" | grep -o '/[^ ]*'); do
		mkdir -p "$ROOTFS${file%/*}"
		cp -L "$file" "$ROOTFS$file"
	done
}

@test "notify: systemd-notify of Debian, which waits for its barrier" {
	listen
	with_systemd_notify
	config 'sh("systemd-notify --ready --status=up --pid=1 && systemd-notify EXTEND_TIMEOUT_USEC=5000000 && systemd-notify WATCHDOG=1 && echo sent && exec sleep 1000")'
	NOTIFY_SOCKET=$NOTIFY "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 3>&- &
	local runner=$!
	wait_until grep -q . "$WORK/out"
	[ "$(cat "$WORK/out")" = sent ] || { cat "$WORK/out"; return 1; }
	heard READY=1
	heard STATUS=up
	heard "MAINPID=$(coracle state "$ID" | jq .pid)"
	heard EXTEND_TIMEOUT_USEC=5000000
	heard WATCHDOG=1
	[ "$(grep -cx BARRIER=1 "$WORK/heard")" -eq 3 ]
	runs kill "$ID" KILL
	wait "$runner" || true
}

@test "notify: systemd-notify of Debian, in create and start" {
	listen
	with_systemd_notify
	config 'sh("systemd-notify --no-block --ready --status=up; exec sleep 1000")'
	NOTIFY_SOCKET=$NOTIFY runs create -b "$BUNDLE" "$ID"
	NOTIFY_SOCKET=$NOTIFY runs start "$ID"
	wait_until heard "MAINPID=$(coracle state "$ID" | jq .pid)"
	heard STATUS=up
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
