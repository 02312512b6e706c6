#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Socket activation with systemd's own tool, which listens as its manager does, and real servers in the container. The variables and
# descriptors themselves are in fds.bats; under podman: tests/engines/podman.bats; below systemd: tests/vm/guest/fork-exec.bats.

load helpers

setup () {
	command -v systemd-socket-activate >/dev/null || skip "no systemd-socket-activate (package systemd)"
	test_setup
	with_tool serve
	chmod 777 "$WORK"
}
teardown () {
	[ -z "${activator:-}" ] || kill "$activator" 2>/dev/null || true
	[ -z "${WORK:-}" ] || test_teardown
}

# activate OPTION… COMMAND…: in the background, once it listens
activate () {
	systemd-socket-activate -l "$WORK/web" "$@" </dev/null >"$WORK/output" 2>&1 3>&- &
	activator=$!
	wait_until [ -S "$WORK/web" ]
}
# ask WHAT [SOCKET]: what the server answers
ask () { python3 -c '
import socket, sys
s = socket.socket (socket.AF_UNIX)
s.settimeout (10)
s.connect (sys.argv[2])
s.sendall (sys.argv[1].encode ())
s.shutdown (socket.SHUT_WR)
print (b"".join (iter (lambda: s.recv (4096), b"")).decode ())' "$1" "${2:-$WORK/web}"; }
ended () { wait "$activator" || { cat "$WORK/output"; return 1; }; }

@test "activation: run: a server in the container answers on the socket, in a network namespace of its own" {
	config 'args (["/bin/serve", "2"])'
	activate --fdname=web "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	run ask hello
	is 'socket 3 (web) of pid 1: hello'
	run ask again
	is 'socket 3 (web) of pid 1: again'
	ended
}

@test "activation: two sockets, each with its name" {
	config 'args (["/bin/serve", "2"])'
	activate -l "$WORK/admin" --fdname=web:adm "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	run ask one "$WORK/admin"
	is 'socket 4 (adm) of pid 1: one'
	run ask two
	is 'socket 3 (web) of pid 1: two'
	ended
}

@test "activation: create takes the socket, start needs none" {
	config 'args (["/bin/serve", "1"])'
	activate --fdname=web "$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID"
	ask first >"$WORK/answer" 3>&- & # the connection waits for the server
	local client=$!
	ended
	has_status created
	runs start "$ID"
	wait "$client"
	[ "$(cat "$WORK/answer")" = 'socket 3 (web) of pid 1: first' ]
	wait_until has_status stopped
}

@test "activation: with --preserve-fds as well, which come behind the sockets" {
	config 'sh ("cat <&4; cat <&5; exec /bin/serve 1")'
	echo four >"$WORK/four"
	echo five >"$WORK/five"
	# The tool has closed all other descriptors by the time that it starts the program.
	activate --fdname=web sh -c 'exec "$@" 4<"$0/four" 5<"$0/five"' "$WORK" "$CORACLE" --root "$STATE" run -b "$BUNDLE" --preserve-fds 2 "$ID"
	run ask hello
	is 'socket 3 (web) of pid 1: hello'
	ended
	[ "$(grep -v -e Listening -e Communication -e Execing "$WORK/output")" = $'four\nfive' ]
}

@test "activation: exec as well: a second server in the same container" {
	config 'args (["/bin/sleep", "1000"])'
	runs run --detach -b "$BUNDLE" "$ID"
	activate --fdname=web "$CORACLE" --root "$STATE" exec "$ID" /bin/serve 1
	run ask hello
	[[ "$output" =~ ^socket\ 3\ \(web\)\ of\ pid\ [0-9]+:\ hello$ ]]
	ended
}

@test "activation: in a user namespace, for a user who is not root there" {
	chown -R 100000:100000 "$ROOTFS"
	config 'userns | .process.user = {uid: 1000, gid: 1000} | .process.capabilities = {} | args (["/bin/serve", "1"])'
	activate --fdname=web "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	run ask hello
	is 'socket 3 (web) of pid 1: hello'
	ended
}

@test "activation: one container for each connection, which is its standard input and output: a web server" {
	mkdir "$ROOTFS/www"
	echo "a page" >"$ROOTFS/www/index.html"
	config 'args (["/bin/httpd", "-i", "-h", "/www"])'
	activate --accept --inetd "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	run ask $'GET / HTTP/1.0\r\n\r\n'
	says "200 OK"
	says "a page"
	wait_until eval '[ -z "$(ls "$STATE")" ]'
}

@test "activation: hooks get neither the sockets nor the variables" {
	config 'args (["/bin/serve", "1"])' "hook(\"createRuntime\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"env >$WORK/env; ls -l /proc/self/fd >$WORK/fds\"]})"
	activate --fdname=web "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	run ask hello
	is 'socket 3 (web) of pid 1: hello'
	ended
	[ -s "$WORK/env" ] && [ -s "$WORK/fds" ]
	! grep LISTEN_ "$WORK/env" || return 1
	! grep socket: "$WORK/fds"
}
