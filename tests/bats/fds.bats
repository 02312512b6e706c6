#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# File descriptors: what is passed, what is not; standard streams; socket activation.

load helpers

setup () {
	test_setup
	cp "$TEST_TOOLS/fds" "$ROOTFS/fds"
}

# bats and the shell have some of their own
without_fds () { bash -c 'for ((n = 3; n < 64; n++)); do eval "exec $n>&-"; done; exec "$@"' sh "$@"; }

@test "fds: only the standard streams, whatever the caller has open" {
	config 'args(["/fds"])'
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" 3</ 4</etc 5</dev/null 9</usr
	is "0 1 2 "
}

@test "fds: --preserve-fds passes as many as it says" {
	echo four >"$WORK/f"
	config 'args(["/fds", "4"])'
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" --preserve-fds 2 "$ID" 3</ 4<"$WORK/f" 5</etc
	is $'0 1 2 3 4 \nfour'
}

@test "fds: holes stay holes: no file of ours fills them (CVE-2024-21626)" {
	config 'args(["/fds"])'
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" --preserve-fds 5 "$ID" 3>&- 4>&- 5</etc 6>&- 7>&-
	is "0 1 2 5 "
	run without_fds timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" --preserve-fds 40 "$ID"
	is "0 1 2 "
}

@test "fds: holes stay holes for create and start, and with every kind of file that we open" {
	chown -R 100000:100000 "$ROOTFS"
	config 'userns | args(["/fds"]) | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"} | bind("/bound"; "/usr"; ["ro"]) | hook("createRuntime"; {path: "/bin/true"})'
	without_fds sh -c 'exec "$@" 6</etc' sh "$CORACLE" --root "$STATE" create -b "$BUNDLE" --preserve-fds 40 "$ID" </dev/null >"$WORK/o" 2>&1
	runs start "$ID"
	wait_until has_status stopped
	[ "$(cat "$WORK/o")" = "0 1 2 6 " ] || { cat "$WORK/o"; return 1; }
}

@test "fds: absurd numbers to preserve are refused, and hang nothing" {
	local n
	for n in 4294967295 4294967290 1000000000; do
		fails run -b "$BUNDLE" --preserve-fds "$n" "$ID"
		says "--preserve-fds"
	done
	fails run -b "$BUNDLE" --preserve-fds -1 "$ID"
	fails run -b "$BUNDLE" --preserve-fds x "$ID"
}

@test "fds: LISTEN_FDS that is ours is passed, with all three variables" {
	config 'args(["/fds"])'
	run timeout 20 sh -c 'LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web:adm exec "$@" 3</etc 4</usr 5</' sh "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	is $'0 1 2 3 4 \nLISTEN_FDNAMES=web:adm\nLISTEN_FDS=2\nLISTEN_PID=1'
}

@test "fds: LISTEN_FDS of somebody else is neither passed nor told" {
	config 'args(["/fds"])'
	run timeout 20 env LISTEN_PID=1 LISTEN_FDS=1 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" 3</etc
	is "0 1 2 "
}

@test "fds: LISTEN_FDS and --preserve-fds add up" {
	config 'args(["/fds"])'
	run timeout 20 sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3</etc 4</usr 5</' sh "$CORACLE" --root "$STATE" run -b "$BUNDLE" --preserve-fds 1 "$ID"
	says "0 1 2 3 4 "
}

@test "fds: without a pid namespace LISTEN_PID is the real pid" {
	config 'no_ns("pid") | sh("test $LISTEN_PID = $$ && echo mine")'
	run timeout 20 sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3</etc' sh "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	is mine
}

@test "fds: the variables of a configuration, with --preserve-fds, as podman has it" {
	config '.process.env += ["LISTEN_PID=1", "LISTEN_FDS=1", "LISTEN_FDNAMES=x"] | args(["/fds"])'
	run timeout 20 env LISTEN_PID=99999999 LISTEN_FDS=1 "$CORACLE" --root "$STATE" run -b "$BUNDLE" --preserve-fds 1 "$ID" 3</etc
	is $'0 1 2 3 \nLISTEN_FDNAMES=x\nLISTEN_FDS=1\nLISTEN_PID=1'
}

@test "fds: closed standard streams become the null device of the container" {
	config 'args(["/bin/sleep", "1000"])'
	bash -c '"$@" <&- >&- 2>&-' sh "$CORACLE" --root "$STATE" run -d -b "$BUNDLE" "$ID" 3>&-
	local n pid
	pid=$(coracle state "$ID" | jq .pid)
	for n in 0 1 2; do
		[ "$(readlink "/proc/$pid/fd/$n")" = /dev/null ]
		[ "$(stat -L -c %d "/proc/$pid/fd/$n")" = "$(stat -c %d "/proc/$pid/root/dev/null")" ]
	done
}

@test "fds: the container's null device is its own, not the host's" {
	config 'sh("cmp /proc/self/mountinfo /dev/null >/dev/null; stat -L -c %d /proc/$$/fd/0 >/a; stat -c %d /dev/null >/b")'
	timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null
	diff "$ROOTFS/a" "$ROOTFS/b"
}

# Only streams that are the null device are opened anew, so these are. Where devices are made, a file in their place is an error; but not where
# /dev is a mount of the engine's.
@test "fds: a fake /dev/null of the image is not given our standard streams (CVE-2026-88265)" {
	mkdir -p "$ROOTFS/dev"
	echo FAKE >"$ROOTFS/dev/null"
	config '.mounts |= map(select(.destination | startswith("/dev") | not)) | sh("head -c 9 >/read; echo output; echo error >&2; touch /done")'
	fails run -b "$BUNDLE" "$ID"
	says "'/dev/null' exists in the root file system and is not character device 1:3"
	config "bind(\"/dev\"; \"$ROOTFS/dev\"; [])" '.linux.maskedPaths = []'	# Linux < 5.2 has no other mask than this null device
	timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	[ -e "$ROOTFS/done" ]
	[ "$(cat "$ROOTFS/dev/null")" = FAKE ]
	[ ! -s "$ROOTFS/read" ]
	# Another device is as little the null device.
	rm "$ROOTFS/dev/null" "$ROOTFS/done"
	mknod "$ROOTFS/dev/null" c 1 5
	timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	[ -e "$ROOTFS/done" ]
	[ ! -s "$ROOTFS/read" ]
}

@test "fds: … nor those of exec" {
	config 'args(["/bin/sleep", "1000"])'
	runs run -d -b "$BUNDLE" "$ID"
	coracle exec "$ID" sh -c 'rm /dev/null; echo FAKE >/dev/null'
	timeout 20 "$CORACLE" --root "$STATE" exec "$ID" sh -c 'head -c 9 >/read; echo output; echo error >&2; touch /done' </dev/null >/dev/null 2>&1 3>&-
	[ -e "$ROOTFS/done" ]
	[ ! -s "$ROOTFS/read" ]
	[ "$(coracle exec "$ID" cat /dev/null)" = FAKE ]
}

@test "fds: pipes of the standard streams can be opened again by the container's user" {
	config '.process.user = {uid: 1000, gid: 1000} | sh("echo out >/dev/stdout; echo err >/dev/stderr; cat /dev/stdin")'
	[ "$(echo in | timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" 2>&1 | cat | sort | tr '\n' ' ')" = "err in out " ]
}

@test "fds: a file that the container only reads stays its owner's, so do directories and devices" {
	echo input >"$WORK/input"
	mkdir "$WORK/dir"
	config '.process.user = {uid: 1000, gid: 1000} | sh("cat; echo out")'
	timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" <"$WORK/input" >"$WORK/out"
	[ "$(stat -c %u "$WORK/input")" -eq 0 ]
	[ "$(tr '\n' ' ' <"$WORK/out")" = "input out " ]
	timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" <"$WORK/dir" >/dev/null 2>&1 || true
	[ "$(stat -c %u "$WORK/dir")" -eq 0 ]
	timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>/dev/zero
	[ "$(stat -c %u /dev/null)$(stat -c %u /dev/zero)" = 00 ]
}

@test "fds: nothing of the host is reachable through the descriptors of pid 1 (CVE-2015-3627, CVE-2024-21626)" {
	config 'sh("for f in /proc/1/fd/* /proc/$$/fd/*; do test -e $f/etc/passwd && echo \"$f leads out\"; done; echo looked")'
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" 3</ 4</etc 5</usr
	is looked
}

@test "fds: an executable reached through a descriptor of the host is not (T-fd)" {
	local n
	cp "$ROOTFS/bin/busybox" "$WORK/prog"
	for n in 3 4 5 6 7 8 9 10 12 15; do
		config "args([\"/proc/self/fd/$n/prog\"])"
		run_to_file run -b "$BUNDLE" "$ID" 3<"$WORK" 4<"$WORK" 5<"$WORK"
		[ "$status" -ne 0 ]
	done
}

@test "fds: umask and working directory of the caller are not the container's" {
	config '.process.user.umask = 63 | sh("umask; pwd")'
	cd /usr
	umask 0
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ "$(tr '\n' ' ' <<<"$output")" = "0077 / " ]
}
