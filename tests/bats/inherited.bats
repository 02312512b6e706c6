#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the caller leaves in its process must not reach the container's.

load helpers

ignoring () { # SIGNALS COMMAND…
	local signals=$1

	shift
	# shellcheck disable=SC2086
	(trap '' $signals && "$@")
}

ignored () {
	[ "$(sed -n 's/^SigIgn:[[:space:]]*//p' "$1")" = 0000000000000000 ] || { cat "$1"; return 1; }
}

@test "signals that the caller ignores (conmon: SIGPIPE) are not ignored in the container of run" {
	config 'args (["/bin/grep", "Sig", "/proc/self/status"])'
	ignoring 'PIPE HUP USR1' coracle run --bundle "$BUNDLE" "$ID" >"$WORK/status" </dev/null
	ignored "$WORK/status"
}

@test "signals that the caller of create ignores are not ignored in the container" {
	config 'args (["/bin/grep", "Sig", "/proc/self/status"])'
	ignoring 'PIPE HUP' coracle create --bundle "$BUNDLE" "$ID" >"$WORK/status" 2>&1 </dev/null
	coracle start "$ID"
	for _ in {1..200}; do grep -q SigCgt "$WORK/status" && break; sleep 0.01; done
	ignored "$WORK/status"
}

@test "signals of libc's own that posix_spawn leaves ignored are not ignored in the container" {
	command -v python3 >/dev/null || skip "needs python3"
	config 'args (["/bin/grep", "Sig", "/proc/self/status"])'
	python3 - "$CORACLE" "$STATE" "$BUNDLE" "$ID" >"$WORK/status" <<-'EOF'
		import ctypes, os, sys
		# signal 32 and 33 by the system call: libc refuses them
		libc = ctypes.CDLL (None)
		act = (ctypes.c_ulong * 8) (1)
		nr = {"x86_64": 13, "aarch64": 134}[os.uname ().machine]
		for sig in 32, 33:
		    assert libc.syscall (nr, sig, act, None, 8) == 0
		os.execv (sys.argv[1], [sys.argv[1], "--root", sys.argv[2], "run", "--bundle", sys.argv[3], sys.argv[4]])
	EOF
	ignored "$WORK/status"
}
