#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The audit identity: a container has its caller's, nothing of ours writes it, and it is shown who started what.

load helpers.bash

setup () {
	need_root
	[ -e /proc/self/loginuid ] || skip "the kernel has no audit"
	sh -c 'echo 1234 >/proc/self/loginuid' 2>/dev/null || skip "this process has a login uid already, which may not be changed here"
	test_setup
}

# Someone who logged in as 1234 calls coracle; the session id is the kernel's choice.
logged_in () { sh -c 'echo 1234 >/proc/self/loginuid && exec "$@"' - "$CORACLE" --root "$STATE" "$@" 3>&-; }
daemon () { sh -c 'echo 4294967295 >/proc/self/loginuid && exec "$@"' - "$CORACLE" --root "$STATE" "$@" 3>&-; }

@test "loginuid: run keeps it" {
	config 'args (["/bin/cat", "/proc/self/loginuid"])'
	run logged_in run -b "$BUNDLE" "$ID"
	is 1234
}

@test "loginuid: create and start keep the one of create, whoever calls start" {
	config 'sh ("cat /proc/self/loginuid; echo; cat /proc/self/sessionid")'
	logged_in create -b "$BUNDLE" "$ID" >"$WORK/printed" 2>&1
	run "$CORACLE" --root "$STATE" state "$ID" 3>&-
	[ "$(jq -r .loginuid <<<"$output")" = 1234 ]
	session=$(jq -r .sessionid <<<"$output")
	[[ "$session" =~ ^[0-9]+$ ]]
	daemon start "$ID"
	wait_until has_status stopped
	[ "$(cat "$WORK/printed")" = $'1234\n'"$session" ] || { cat "$WORK/printed"; return 1; }
}

@test "loginuid: run --detach keeps it" {
	config 'sh ("cat /proc/self/loginuid; sleep 100")'
	logged_in run -d -b "$BUNDLE" "$ID" >"$WORK/printed" 2>&1
	wait_until grep -q 1234 "$WORK/printed"
	run "$CORACLE" --root "$STATE" list
	[[ "${lines[0]}" == *LOGINUID*SESSION ]]
	[[ "${lines[1]}" =~ \ 1234\ +[0-9]+$ ]]
}

@test "loginuid: of a daemon's container it is unset" {
	config 'args (["/bin/sleep", "100"])'
	daemon run -d -b "$BUNDLE" "$ID" >"$WORK/printed" 2>&1
	run "$CORACLE" --root "$STATE" list --format json
	[ "$(jq -r '.[0].loginuid' <<<"$output")" = unset ]
	run "$CORACLE" --root "$STATE" list
	[[ "${lines[1]}" =~ \ unset\ +(unset|[0-9]+)$ ]]
}

@test "loginuid: never opened for writing" {
	command -v strace >/dev/null || skip "no strace"
	config 'args (["/bin/true"])'
	strace -f -e trace=open,openat,openat2 -o "$WORK/trace" "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" 3>&-
	grep -q loginuid "$WORK/trace"
	! grep -E '(loginuid|sessionid).*O_(WRONLY|RDWR)' "$WORK/trace"
}
