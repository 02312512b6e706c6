#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# process.env is the environment: nothing of the caller's comes along but what belongs to socket activation and notification.

load helpers

@test "the environment is that of config.json, and HOME" {
	config '.process.env = ["PATH=/bin", "A=1", "EMPTY=", "EQ=a=b", "TEXT=two words"]' 'args (["/bin/env"])'
	SECRET=1 LD_PRELOAD='' run env SECRET=1 TMPDIR=/x "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is "$(printf 'PATH=/bin\nA=1\nEMPTY=\nEQ=a=b\nTEXT=two words\nHOME=/root')"
}

@test "no environment at all" {
	config 'del (.process.env)' 'args (["/bin/env"])'
	runs run --bundle "$BUNDLE" "$ID"
	is HOME=/root
}

@test "of two entries with one name the later wins, in the place of the first" {
	config '.process.env = ["A=1", "PATH=/bin", "B=2", "A=3"]' 'args (["/bin/env"])'
	runs run --bundle "$BUNDLE" "$ID"
	is "$(printf 'A=3\nPATH=/bin\nB=2\nHOME=/root')"
}

@test "entries without a name or without '=' are errors" {
	for bad in '"NAME"' '"=value"' '""' '7' 'null'; do
		config ".process.env = [\"PATH=/bin\", $bad]"
		fails run --bundle "$BUNDLE" "$ID"
		says 'process.env[1]'
	done
}

@test "bytes of a value are left as they are, line breaks and UTF-8 too" {
	config '.process.env = ["PATH=/bin", "X=\u00e9\u2603\n\ttab"]'
	run_sh 'printf %s "$X" | od -An -tx1 | tr -d " \n"'
	is c3a9e298830a09746162
}

@test "a large environment: 20,000 entries" {
	config '.process.env += [range (20000) | "V\(.)=x"]' 'args (["/bin/sh", "-c", "env | grep -c ^V"])'
	runs run --bundle "$BUNDLE" "$ID"
	is 20000
}

@test "one entry beyond the kernel's 128 KiB is an error of execve, said as such" {
	config '.process.env += ["BIG=" + ("x" * 140000)]'
	fails run --bundle "$BUNDLE" "$ID"
	says 'argument list too long'
}

@test "LISTEN_FDS reach the process if they were meant for us, as pid 1's" {
	config 'args (["/bin/sh", "-c", "echo $LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES; readlink /proc/self/fd/3"])'
	run env LISTEN_FDS=1 LISTEN_FDNAMES=web sh -c 'exec 3</dev/zero; LISTEN_PID=$$ exec "$@"' sh "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	says '1 1 web'
	says '/dev/zero'
}

@test "LISTEN_FDS for somebody else are not passed on" {
	config 'args (["/bin/sh", "-c", "echo [$LISTEN_FDS]; ls /proc/self/fd | tr \"\\n\" \" \""])'
	run env LISTEN_FDS=1 LISTEN_PID=1 sh -c 'exec 3</dev/zero; exec "$@"' sh "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	is "$(printf '[]\n0 1 2 3 ')"	# 3 is ls's own
}

@test "without LISTEN_PID variables of systemd do not reach the container" {
	config 'args (["/bin/env"])'
	run env INVOCATION_ID=x JOURNAL_STREAM=1:2 WATCHDOG_USEC=5 _OCI_SYNCPIPE=3 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	lacks INVOCATION_ID
	lacks WATCHDOG
	lacks OCI_
	lacks CORACLE
}

@test "descriptors: only the standard streams, and those of --preserve-fds" {
	config 'args (["/bin/sh", "-c", "ls /proc/self/fd | tr \"\\n\" \" \""])'
	exec 4</dev/null 5</dev/null 9</dev/null
	run "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is '0 1 2 3 '
	run "$CORACLE" --root "$STATE" run --preserve-fds 2 --bundle "$BUNDLE" "$ID" 3</dev/null
	is '0 1 2 3 4 5 '
	exec 4<&- 5<&- 9<&-
}

@test "--preserve-fds may have holes, which stay holes" {
	config 'args (["/bin/sh", "-c", "ls /proc/self/fd | tr \"\\n\" \" \""])'
	run sh -c 'exec "$@" 3>&- 4>&- 5</dev/null' sh "$CORACLE" --root "$STATE" run --preserve-fds 3 --bundle "$BUNDLE" "$ID"
	# 3 is the directory that ls reads.
	is '0 1 2 3 5 '
}

@test "more --preserve-fds than can be open are an error" {
	run "$CORACLE" --root "$STATE" run --preserve-fds 4000000000 --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says '--preserve-fds, LISTEN_FDS: 4000000000 file descriptors'
	# Nor does the sum of both start at 0 again.
	run sh -c 'LISTEN_FDS=2 LISTEN_PID=$$ exec "$@"' sh "$CORACLE" --root "$STATE" run --preserve-fds 4294967295 --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says '--preserve-fds, LISTEN_FDS: 4294967297 file descriptors'
}

# ---- signals, session ------------------------------------------------------------------------------------------------------------

@test "ignored and blocked signals of the caller are default in the container (conmon ignores SIGPIPE)" {
	with_tool probe
	config 'args (["/bin/probe", "signals"])'
	run sh -c 'trap "" PIPE HUP INT TERM USR1 CHLD; exec "$@"' sh "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is signals
	config 'join_ns ("pid"; "/proc/self/ns/pid")' 'ns ("time")'	# by the stage
	run sh -c 'trap "" PIPE HUP INT TERM USR1 CHLD; exec "$@"' sh "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is signals
	run "$TEST_TOOLS/nosys" clone3 -- sh -c 'trap "" PIPE USR2; exec "$@"' sh "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ] || is signals	# time namespaces need clone3
	config 'no_ns ("time")'
	run "$TEST_TOOLS/nosys" clone3 -- sh -c 'trap "" PIPE USR2; exec "$@"' sh "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is signals
}

@test "the process leads a session of its own" {
	run_sh 'cut -d" " -f1,5,6 /proc/self/stat | { read p g s; [ $g = 1 ] && [ $s = 1 ] && echo leader; }'
	is leader
}
