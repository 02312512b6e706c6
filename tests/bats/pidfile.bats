#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --pid-file and --pidfd-socket.

load helpers

pid () { coracle state "$ID" | jq .pid; }
# recvfd in the background: what it received is in $WORK/received
receive () {
	"$TEST_TOOLS/recvfd" "$1" >"$WORK/received" 2>"$WORK/ready" 3>&- &
	receiver=$!
	wait_until grep -q ready "$WORK/ready"
}

@test "pid file: digits and nothing else" {
	config 'args(["/bin/sleep", "1000"])'
	runs create -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	[ "$(cat "$WORK/pid")" = "$(pid)" ]
	[ "$(stat -c %s "$WORK/pid")" -eq "$(printf %s "$(pid)" | wc -c)" ]
	runs start "$ID"
	[ "$(cat "$WORK/pid")" = "$(pid)" ]
}

@test "pid file: its mode does not depend on the caller's umask being open" {
	(umask 0 && runs create -b "$BUNDLE" --pid-file "$WORK/pid" "$ID")
	[ "$(stat -c %a "$WORK/pid")" = 644 ]
}

@test "pid file: replaced as a whole: who has the old one open keeps it" {
	echo old >"$WORK/pid"
	exec 7<"$WORK/pid"
	runs create -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	[ "$(cat <&7)" = old ]
	exec 7<&-
	[ "$(cat "$WORK/pid")" = "$(pid)" ]
	[ -z "$(find "$WORK" -maxdepth 1 -name '.pid*')" ]
}

@test "pid file: an empty one that is there already, as CRI-O makes it" {
	: >"$WORK/pid"
	runs create -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	[ "$(cat "$WORK/pid")" = "$(pid)" ]
}

@test "pid file: a relative path is relative to the caller" {
	cd "$WORK"
	runs create -b bundle --pid-file here "$ID"
	[ "$(cat "$WORK/here")" = "$(pid)" ]
}

@test "pid file: a symbolic link in its place is replaced, not followed" {
	echo untouched >"$WORK/target"
	ln -s target "$WORK/pid"
	runs create -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	[ "$(cat "$WORK/target")" = untouched ]
	[ "$(cat "$WORK/pid")" = "$(pid)" ]
}

@test "pid file: none after a create that failed, and the old one stays" {
	config 'args(["/no/such/program"])'
	fails create -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	[ ! -e "$WORK/pid" ]
	echo 12345 >"$WORK/pid"
	fails create -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	[ "$(cat "$WORK/pid")" = 12345 ]
}

@test "pid file: one that cannot be written is a failure of create, and leaves nothing" {
	mkdir "$WORK/dir"
	fails create -b "$BUNDLE" --pid-file "$WORK/dir" "$ID"
	says "--pid-file"
	[ -z "$(ls "$STATE")" ]
	[ -z "$(ls -A "$WORK/dir")" ]
	[ -z "$(find "$WORK" -maxdepth 1 -name '.dir*')" ]
}

@test "pid file: there while a foreground run runs, before its process does" {
	config 'sh("cat /pid >/seen")'
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" --pid-file "$ROOTFS/pid" "$ID"
	[ "$status" -eq 0 ]
	[[ "$(cat "$ROOTFS/seen")" =~ ^[0-9]+$ ]]
}

@test "pidfd socket: create sends a pidfd of init" {
	receive "$WORK/sock"
	runs create -b "$BUNDLE" --pidfd-socket "$WORK/sock" "$ID"
	wait "$receiver"
	[ "$(cat "$WORK/received")" = "8 standard pidfd:$(pid)" ]
}

@test "pidfd socket: run sends one as well" {
	receive "$WORK/sock"
	config 'args(["/bin/sleep", "1000"])'
	runs run -d -b "$BUNDLE" --pidfd-socket "$WORK/sock" "$ID"
	wait "$receiver"
	[ "$(cat "$WORK/received")" = "8 standard pidfd:$(pid)" ]
}

@test "pidfd socket: the annotation run.oci.pidfd_receiver does the same, and the option wins" {
	config "args([\"/bin/sleep\", \"1000\"]) | .annotations[\"run.oci.pidfd_receiver\"] = \"$WORK/sock\""
	receive "$WORK/sock"
	runs create -b "$BUNDLE" "$ID"
	wait "$receiver"
	[ "$(cat "$WORK/received")" = "8 standard pidfd:$(pid)" ]
	runs delete --force "$ID"
	receive "$WORK/other"
	runs run -d -b "$BUNDLE" --pidfd-socket "$WORK/other" "$ID"
	wait "$receiver"
	[ "$(cat "$WORK/received")" = "8 standard pidfd:$(pid)" ]
}

@test "pidfd socket: nobody listens: an error that leaves nothing" {
	fails create -b "$BUNDLE" --pidfd-socket "$WORK/none" "$ID"
	says "$WORK/none"
	[ -z "$(ls "$STATE")" ]
	fails run -d -b "$BUNDLE" --pidfd-socket "$WORK/none" "$ID"
	[ -z "$(ls "$STATE")" ]
}

@test "pidfd socket: a path longer than a socket's name can be" {
	local dir
	dir=$WORK/$(printf 'd%.0s' {1..120})
	mkdir "$dir"
	(cd "$dir" && exec "$TEST_TOOLS/recvfd" sock >"$WORK/received" 2>"$WORK/ready" 3>&-) &
	receiver=$!
	wait_until grep -q ready "$WORK/ready"
	runs create -b "$BUNDLE" --pidfd-socket "$dir/sock" "$ID"
	wait "$receiver"
	grep -q "^8 standard pidfd:" "$WORK/received"
}
