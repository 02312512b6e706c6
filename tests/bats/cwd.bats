#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# process.cwd: made if missing, entered as the user if root may not, and always inside.

load helpers

@test "the process starts in cwd" {
	config '.process.cwd = "/var/tmp"'
	run_sh pwd
	is /var/tmp
}

@test "a missing directory is made with its parents, 0755, root's, whatever the caller's umask" {
	config '.process.cwd = "/made/for/us"' 'sh ("pwd; stat -c %a:%u /made /made/for /made/for/us")' '.process.user.uid = 1000'
	run sh -c 'umask 0077; exec "$@"' sh "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is "$(printf '/made/for/us\n755:0\n755:0\n755:0')"
}

@test "relative, empty and missing paths are errors of the configuration" {
	for cwd in '"."' '"tmp"' '""' null; do
		config ".process.cwd = $cwd"
		fails run --bundle "$BUNDLE" "$ID"
		says 'process.cwd'
	done
}

@test "a file is not a directory, a loop of links is not either, and neither is replaced" {
	config '.process.cwd = "/etc/passwd"'
	fails run --bundle "$BUNDLE" "$ID"
	says "process.cwd: chdir to '/etc/passwd': not a directory"
	[ -f "$ROOTFS/etc/passwd" ]
	ln -s loop "$ROOTFS/loop"
	config '.process.cwd = "/loop/a"'
	fails run --bundle "$BUNDLE" "$ID"
	says "process.cwd: chdir to '/loop/a': too many levels of symbolic links"
	config '.process.cwd = "/etc/passwd/below"'
	fails run --bundle "$BUNDLE" "$ID"
	says "process.cwd: chdir to '/etc/passwd/below': not a directory"
}

@test "a link that leads out of the image leads to the same path inside" {
	mkdir "$WORK/out"
	ln -s "$WORK/out" "$ROOTFS/escape"
	ln -s ../../../../../../../.. "$ROOTFS/up"
	config '.process.cwd = "/escape/below"'
	run_sh pwd
	[ "$status" -ne 0 ] || [[ "$output" == /* ]]
	[ -z "$(ls -A "$WORK/out")" ]
	config '.process.cwd = "/up/up"'
	run_sh '/bin/pwd -P'
	is /
}

# CVE-2024-21626: a descriptor of the host that leaked gave a working directory outside.
@test "a working directory through /proc/self/fd is never outside, whatever descriptors the caller left open" {
	exec 5<"$top" 6<"$WORK" 7</
	for n in $(seq 3 19); do
		config ".process.cwd = \"/proc/self/fd/$n\"" 'args (["/bin/cat", "config.json", "etc/passwd"])'
		run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
		[ "$status" -ne 0 ]
		lacks ociVersion
		lacks 'root:x'
	done
	exec 5<&- 6<&- 7<&-
}

@test "preserved descriptors of directories are the user's own choice, but the working directory is still checked" {
	config '.process.cwd = "/proc/self/fd/3"' 'args (["/bin/ls"])'
	run timeout 20 "$CORACLE" --root "$STATE" run --preserve-fds 1 --bundle "$BUNDLE" "$ID" 3</
	[ "$status" -ne 0 ]
	says "process.cwd: '/proc/self/fd/3' is outside of the container's root"
}

@test "a directory that only root may enter can be the start; one that only the user may enter too" {
	mkdir -m 700 "$ROOTFS/rootonly"
	config '.process.cwd = "/rootonly" | .process.user = {uid: 1000, gid: 1000}'
	run_sh 'echo started; cd /rootonly 2>&1'
	says started
	says 'ermission denied'
	config 'userns | .process.user = {uid: 1000, gid: 1000} | .process.cwd = "/useronly"'
	mkdir -m 700 "$ROOTFS/useronly"
	chown -R 100000:100000 "$ROOTFS"
	chown 101000:101000 "$ROOTFS/useronly"
	run_sh pwd
	is /useronly
}

@test "a very long path works up to the kernel's limit, and says so beyond" {
	long=$(printf '/%.0sd23456789012345678901234567890123456789' {1..100})
	config ".process.cwd = \"$long\""	# 4000 bytes
	run_sh 'pwd | wc -c'
	is 4101 || is 4001 || [ "$status" -eq 0 ]
	config ".process.cwd = \"$long$long\""
	fails run --bundle "$BUNDLE" "$ID"
	says 'process.cwd'
	says 'file name too long'
}
