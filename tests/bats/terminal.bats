#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Terminals: sent to a console socket, or relayed in the foreground.

load helpers

pid () { coracle state "$ID" | jq .pid; }
# An engine's end of the console socket: receive [MODE]; what the terminal says is in $WORK/tty, what it is fed comes from fd 8.
receive () {
	mkfifo "$WORK/keys"
	exec 8<>"$WORK/keys"
	"$TEST_TOOLS/recvtty" -m "${1:-single}" "$WORK/console" >"$WORK/tty" 2>"$WORK/ready" <&8 3>&- 8>&- &
	receiver=$!
	wait_until grep -q ready "$WORK/ready"
}
teardown () {
	[ -z "${receiver:-}" ] || kill "$receiver" 2>/dev/null || true
	exec 8>&- || true
	test_teardown
}
tty_says () { tr -d '\r' <"$WORK/tty" | grep -q -- "$1"; }
# A foreground run below script(1), which is its terminal; keys come from standard input.
in_terminal () {
	run timeout 30 script -qec "stty rows ${rows:-24} cols ${cols:-80}; $CORACLE --root $STATE run ${options:-} -b $BUNDLE $ID; echo status \$?; stty -a" /dev/null 3>&-
	output=$(tr -d '\r' <<<"$output")
}

@test "terminal: create sends the master, and the process has the slave" {
	config '.process.terminal = true | sh("tty; test -t 0 && test -t 1 && test -t 2 && echo all three; sleep 1000")'
	receive
	runs create -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	is ""
	runs start "$ID"
	wait_until tty_says "all three"
	tty_says "^/dev/pts/0$"
}

@test "terminal: one message, one descriptor, the name of the terminal as data" {
	config '.process.terminal = true | .process.consoleSize = {height: 33, width: 77} | args(["/bin/sleep", "1000"])'
	receive size
	runs run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	wait_until grep -qx '/dev/pts/0 33x77' "$WORK/tty"
}

@test "terminal: keys arrive, ^C is a signal" {
	config '.process.terminal = true | sh("trap \"echo interrupted\" INT; echo ready; read line; echo got $line; sleep 1000 & wait; echo after; sleep 1000")'
	receive
	runs run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	wait_until tty_says ready
	echo hello >&8
	wait_until tty_says "got hello"
	printf '\003' >&8
	wait_until tty_says interrupted
	wait_until tty_says after
}

@test "terminal: it is the controlling one, of a session of its own" {
	config '.process.terminal = true | sh("echo to tty >/dev/tty; cut -d\" \" -f 6,7,8 /proc/1/stat; echo end; sleep 1000")'
	receive
	runs run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	wait_until tty_says end
	tty_says "^to tty$"
	# session 1, a tty, foreground process group
	tr -d '\r' <"$WORK/tty" | grep -qE '^1 [1-9][0-9]* [1-9]'
}

@test "terminal: /dev/console is the terminal" {
	config '.process.terminal = true | sh("echo through the console >/dev/console; ls -l /dev/console | cut -c1; echo end; sleep 1000")'
	receive
	runs run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	wait_until tty_says end
	tty_says "through the console"
	tty_says "^c$"
}

@test "terminal: it belongs to the container's user" {
	config '.process.terminal = true | .process.user = {uid: 1000, gid: 1000} | sh("stat -c %u $(tty); echo x >/dev/stderr && echo end; sleep 1000")'
	receive
	runs run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	wait_until tty_says end
	tty_says "^1000$"
}

@test "terminal: in a user namespace" {
	chown -R 100000:100000 "$ROOTFS"
	config 'userns | .process.terminal = true | sh("stat -c %u $(tty); echo c >/dev/console; echo end; sleep 1000")'
	receive
	runs run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	wait_until tty_says end
	tty_says "^0$"
}

@test "terminal: with a read-only root and no tmpfs on /dev" {
	mkdir -p "$ROOTFS/dev/pts"
	: >"$ROOTFS/dev/console"
	config '.process.terminal = true | .root.readonly = true | .mounts |= map(select(.destination | startswith("/dev") | not)) | mount("/dev/pts"; "devpts"; "devpts"; ["newinstance", "ptmxmode=0666"]) | sh("tty; echo end; sleep 1000")'
	receive
	runs run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	wait_until tty_says end
	tty_says "^/dev/pts/0$"
}

@test "terminal: detached without a console socket, and a socket without a terminal" {
	config '.process.terminal = true'
	fails create -b "$BUNDLE" "$ID"
	says "cannot allocate a terminal without --console-socket"
	fails run -d -b "$BUNDLE" "$ID"
	says "--console-socket"
	config '.process.terminal = false'
	receive
	fails create -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	says "process.terminal"
	[ ! -e "$STATE" ] || [ -z "$(ls "$STATE")" ]
}

@test "terminal: nobody listens on the console socket" {
	config '.process.terminal = true'
	fails create -b "$BUNDLE" --console-socket "$WORK/none" "$ID"
	says "--console-socket"
	says "$WORK/none"
	[ ! -e "$STATE" ] || [ -z "$(ls "$STATE")" ]
}

@test "terminal: a console socket with a long path" {
	local dir
	dir=$WORK/$(printf 'd%.0s' {1..120})
	mkdir "$dir"
	config '.process.terminal = true | sh("echo here; sleep 1000")'
	(cd "$dir" && exec "$TEST_TOOLS/recvtty" sock >"$WORK/tty" 2>"$WORK/ready" </dev/null 3>&-) &
	receiver=$!
	wait_until grep -q ready "$WORK/ready"
	runs run -d -b "$BUNDLE" --console-socket "$dir/sock" "$ID"
	wait_until tty_says here
}

@test "terminal: without devpts the message says what to mount" {
	config '.process.terminal = true | .mounts |= map(select(.destination != "/dev/pts"))'
	receive
	fails create -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	says "process.terminal"
	says "/dev/pts"
}

@test "terminal: a file of the image is not taken for the multiplexer" {
	mkdir -p "$ROOTFS/dev/pts"
	echo fake >"$ROOTFS/dev/pts/ptmx"
	config '.process.terminal = true | .mounts |= map(select(.destination | startswith("/dev") | not))'
	receive
	fails create -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	says "process.terminal"
	[ "$(cat "$ROOTFS/dev/pts/ptmx")" = fake ]
}

# CVE-2025-52565, CVE-2026-88264
attack () {
	local outside=$WORK/outside
	mkdir -p "$outside"
	echo victim >"$outside/victim"
	mkdir -p "$ROOTFS/dev/pts"
	ln -sfn "$1" "$ROOTFS/dev/console"
	config '.process.terminal = true | .mounts |= map(select(.destination | startswith("/dev") | not)) | mount("/dev/pts"; "devpts"; "devpts"; ["newinstance", "ptmxmode=0666"]) | sh("echo started; sleep 1000")' "${@:2}"
	receive
	run_to_file run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	[ "$(ls "$outside")" = victim ] || { echo "made outside: $(ls "$outside")"; return 1; }
	[ "$(cat "$outside/victim")" = victim ]
	[ "$(stat -c %u:%a "$outside/victim")" = 0:644 ]
}

@test "terminal: /dev/console of the image is a link out of it: nothing is made there" {
	attack "$WORK/outside/created"
}

@test "terminal: … a relative one" {
	attack "../../../../../../../../../..$WORK/outside/created"
}

@test "terminal: … to a file that is there, with a read-only root" {
	attack "$WORK/outside/victim" '.root.readonly = true' '.process.user = {uid: 1000, gid: 1000}'
}

# In the root as well it may name a volume, or a file of somebody else.
refused () { # LINK
	echo mine >"$ROOTFS/etc/mine"
	mkdir -p "$ROOTFS/dev/pts"
	ln -sfn "$1" "$ROOTFS/dev/console"
	config '.process.terminal = true | .mounts |= map(select(.destination | startswith("/dev") | not)) | mount("/dev/pts"; "devpts"; "devpts"; ["newinstance", "ptmxmode=0666"]) | args(["/bin/true"])'
	receive null
	fails run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	says "'/dev/console' of the root file system is neither a file nor a device"
}

@test "terminal: /dev/console of the image is a link in it: nothing is made" {
	refused ../etc/made
	[ ! -e "$ROOTFS/etc/made" ]
}

@test "terminal: … to a file that is there: it is not covered" {
	refused /etc/mine
	[ "$(cat "$ROOTFS/etc/mine")" = mine ]
}

@test "terminal: /dev/console of the image is a FIFO: it is not opened, and waited for" {
	mkdir -p "$ROOTFS/dev/pts"
	mkfifo "$ROOTFS/dev/console"
	config '.process.terminal = true | .mounts |= map(select(.destination | startswith("/dev") | not)) | mount("/dev/pts"; "devpts"; "devpts"; ["newinstance", "ptmxmode=0666"]) | args(["/bin/true"])'
	receive null
	run timeout 10 "$CORACLE" --root "$STATE" run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID" </dev/null 3>&- 8>&-
	[ "$status" -eq 1 ]
	says "'/dev/console' of the root file system is neither a file nor a device"
}

@test "terminal: another container with the same root exchanges /dev/pts/0 all the time" {
	local outside=$WORK/outside i
	mkdir -p "$outside" "$ROOTFS/dev/pts"
	: >"$outside/victim"
	: >"$ROOTFS/dev/console"
	: >"$ROOTFS/dev/a"
	ln -s "$outside/victim" "$ROOTFS/dev/b"
	"$TEST_TOOLS/exchange" "$ROOTFS/dev/console" "$ROOTFS/dev/b" 3>&- &
	local attacker=$!
	config '.process.terminal = true | .mounts |= map(select(.destination | startswith("/dev") | not)) | mount("/dev/pts"; "devpts"; "devpts"; ["newinstance", "ptmxmode=0666"]) | .process.user = {uid: 1000, gid: 1000} | args(["/bin/true"])'
	receive null
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		run_to_file run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID-$i"
		coracle delete --force "$ID-$i"
	done
	kill "$attacker"
	[ "$(ls "$outside")" = victim ]
	[ ! -s "$outside/victim" ]
	[ "$(stat -c %u "$outside/victim")" -eq 0 ]
}

@test "terminal: foreground: what the process says, its exit status, the window's size" {
	config '.process.terminal = true | sh("tty; stty size; exit 6")'
	rows=31 cols=97 in_terminal </dev/null
	says "/dev/pts/0"
	says "31 97"
	says "status 6"
}

@test "terminal: foreground: raw while it runs, as before afterwards" {
	config '.process.terminal = true | sh("echo ready; read x; echo \"<$x>\"")'
	run bash -c '(sleep 1; printf "typed\n"; sleep 1) | timeout 30 script -qec "$1" /dev/null' sh \
		"stty -a | tr -d '\n' >$WORK/before; $CORACLE --root $STATE run -b $BUNDLE $ID; stty -a | tr -d '\n' >$WORK/after"
	says "<typed>"
	diff "$WORK/before" "$WORK/after"
	grep -q -- ' icanon' "$WORK/after"
}

@test "terminal: foreground: the terminal is as before also when the process is killed" {
	config '.process.terminal = true | no_ns("pid") | sh("kill -9 $$")'
	in_terminal </dev/null
	says "status 137"
	says " icanon"
	says " echo "
}

@test "terminal: foreground: and when the executable cannot be executed" {
	printf junk >"$ROOTFS/junk"
	chmod 755 "$ROOTFS/junk"
	config '.process.terminal = true | args(["/junk"])'
	in_terminal </dev/null
	says "exec format error"
	says "status 1"
	says " icanon"
}

@test "terminal: foreground: big output is complete, the last of it too" {
	config '.process.terminal = true | sh("stty -opost; seq 1 50000; echo -n the end")'
	timeout 30 script -qec "$CORACLE --root $STATE run -b $BUNDLE $ID" /dev/null </dev/null 3>&- | tr -d '\r' | sed 's,\^@,,' >"$WORK/out"
	# the NUL that script(1) types at the end of its input is echoed somewhere
	diff "$WORK/out" <(seq 1 50000; echo -n "the end")
}

@test "terminal: foreground: a reader that takes its time gets the end, too" {
	config '.process.terminal = true | sh("stty -opost; seq 1 3000; echo -n the end")'
	timeout 30 script -qec "$CORACLE --root $STATE run -b $BUNDLE $ID | (sleep 2; cat)" /dev/null </dev/null 3>&- | tr -d '\r' | sed 's,\^@,,' >"$WORK/out"
	diff "$WORK/out" <(seq 1 3000; echo -n "the end")
}

@test "terminal: foreground: a reader that does not read at all: SIGTERM ends it" {
	config '.process.terminal = true | sh("stty -opost; seq 1 40000 & sleep 1; exit 3") | no_ns("pid")'
	timeout 30 script -qec "$CORACLE --root $STATE run -b $BUNDLE $ID | (sleep 1000 & echo \$! >$WORK/reader; wait)" /dev/null </dev/null >/dev/null 2>&1 3>&- &
	local shell=$! before=$SECONDS
	wait_until has_status stopped
	pkill -TERM -f "^$CORACLE --root $STATE run"
	wait_until eval "! pgrep -f '^$CORACLE --root $STATE run' >/dev/null"
	[ -z "$(ls "$STATE")" ]
	kill "$(cat "$WORK/reader")"
	wait "$shell" || true
	[ $((SECONDS - before)) -lt 20 ]
}

@test "terminal: foreground: ^C goes to the container, not to us" {
	config '.process.terminal = true | sh("trap \"echo interrupted; exit 7\" INT; echo ready; sleep 1000 & while :; do wait; done")'
	run bash -c '(sleep 1.5; printf "\003"; sleep 1) | timeout 30 script -qec "$1; echo status \$?" /dev/null' sh "$CORACLE --root $STATE run -b $BUNDLE $ID"
	says interrupted
	says "status 7"
}

@test "terminal: foreground: a change of the window's size" {
	# stty sets rows and columns one after the other: two changes, and perhaps two signals.
	cat >"$ROOTFS/size" <<-'END'
		trap 'case $(stty size) in "44 111") stty size; exit 0 ;; esac' WINCH
		echo ready
		sleep 1000 &
		while :; do wait; done
	END
	config '.process.terminal = true | args (["/bin/sh", "/size"])'
	run timeout 30 script -qec "stty rows 20 cols 60; (sleep 1.5; stty rows 44 cols 111 </dev/tty) & $CORACLE --root $STATE run -b $BUNDLE $ID" /dev/null </dev/null
	says "44 111"
}

# httpd takes SIGWINCH as the order to end.
@test "terminal: foreground: a container without one hears nothing of the window's size, but a SIGWINCH that was sent" {
	local runtime pending
	config 'sh ("trap \"echo changed\" WINCH; trap \"echo asked\" USR1; trap \"echo end; exit 4\" TERM; echo ready; while :; do sleep 0.05; done") | no_ns ("pid")'
	mkfifo "$WORK/size"
	timeout 30 script -qec "stty rows 20 cols 60; (read x; stty rows 44 cols 111 </dev/tty; echo done >$WORK/changed) <$WORK/size & $CORACLE --root $STATE run -b $BUNDLE $ID >$WORK/out" \
		/dev/null </dev/null >/dev/null 2>&1 3>&- &
	wait_until grep -qs ready "$WORK/out"
	runtime=$(pgrep -f "^$CORACLE --root $STATE run")
	echo now >"$WORK/size"
	wait_until [ -s "$WORK/changed" ]
	# It has been read: bit 27 of what is pending.
	none_pending () { pending=$(sed -n 's/^ShdPnd:\t//p' "/proc/$runtime/status") && [ $((0x$pending >> 27 & 1)) -eq 0 ]; }
	wait_until none_pending
	# Twice: a shell that finds two signals runs the trap of the lower number first.
	asked () { [ "$(grep -c asked "$WORK/out")" -eq "$1" ]; }
	kill -USR1 "$runtime"
	wait_until asked 1
	kill -USR1 "$runtime"
	wait_until asked 2
	[ "$(grep -c changed "$WORK/out")" -eq 0 ]
	kill -WINCH "$runtime"
	wait_until grep -q changed "$WORK/out"
	kill -TERM "$runtime"
	wait_until grep -q end "$WORK/out"
	wait $! || [ $? -eq 4 ]
}

@test "terminal: foreground: someone else's background job that writes for ever does not hold us up" {
	config '.process.terminal = true | no_ns("pid") | sh("yes & exit 5")'
	local before=$SECONDS
	run bash -c 'timeout 30 script -qec "$1; echo status \$?" /dev/null </dev/null | tail -n 1' sh "$CORACLE --root $STATE run -b $BUNDLE $ID"
	says "status 5"
	[ $((SECONDS - before)) -lt 15 ]
}

@test "terminal: foreground: standard input that is no terminal" {
	config '.process.terminal = true'
	fails run -b "$BUNDLE" "$ID"
	says "process.terminal"
	[ ! -e "$STATE" ] || [ -z "$(ls "$STATE")" ]
}

@test "terminal: foreground with a console socket" {
	config '.process.terminal = true | sh("echo over there; exit 3")'
	receive
	run_to_file run -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	[ "$status" -eq 3 ]
	is ""
	wait_until tty_says "over there"
}
