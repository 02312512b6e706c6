#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# linux.maskedPaths and linux.readonlyPaths.
# shellcheck disable=SC2016 # scripts are for the container's shell

load helpers
load mounts

masked () { config ".linux.maskedPaths = $(jq -cn '$ARGS.positional' --args "$@") | .linux.readonlyPaths = []"; }
readonly_paths () { config ".linux.readonlyPaths = $(jq -cn '$ARGS.positional' --args "$@") | .linux.maskedPaths = []"; }

@test "a masked file reads as empty, and what is written to it is gone" {
	echo secret >"$ROOTFS/etc/secret"
	masked /etc/secret
	run_sh 'cat /etc/secret; echo x >/etc/secret; stat -c "%F %t:%T" /etc/secret'
	is "character special file 1:3"
	[ "$(cat "$ROOTFS/etc/secret")" = secret ]
}

@test "a masked directory is empty and read-only" {
	mkdir "$ROOTFS/secret"
	touch "$ROOTFS/secret/file"
	masked /secret
	run_sh 'ls -A /secret; touch /secret/x 2>&1; stat -c %a /secret'
	is $'touch: /secret/x: Read-only file system\n755'
}

@test "all masked directories are one super block" {
	mkdir "$ROOTFS"/d{1,2,3,4}
	masked /d1 /d2 /d3 /d4 /proc/acpi /sys/firmware
	run_sh 'for d in /d1 /d2 /d3 /d4; do grep " $d " /proc/self/mountinfo; done | cut -d" " -f3 | sort -u | wc -l; grep -c nr_inodes=1 /proc/self/mountinfo'
	[ "${lines[0]}" = 1 ]
	[ "${lines[1]}" -ge 5 ]
}

@test "… whichever is the first, in /proc or elsewhere; and files" {
	local order
	mkdir "$ROOTFS"/d{1,2}
	echo secret >"$ROOTFS/f1"
	echo secret >"$ROOTFS/f2"
	for order in "/d1 /proc/fs /d2 /proc/bus" "/proc/fs /d1 /proc/bus /d2"; do
		# shellcheck disable=SC2086
		masked $order /f1 /proc/keys /f2 /proc/uptime /proc/version
		run_sh 'for d in /d1 /d2 /proc/fs /proc/bus; do grep " $d " /proc/self/mountinfo; ls -A $d; done | cut -d" " -f3 | sort | uniq -c | sed "s/ [^ ]*$//"; cat /f1 /f2 /proc/keys /proc/uptime /proc/version; echo end'
		[ "${lines[0]// /}" = 4 ]
		[ "${lines[1]}" = end ]
		masked /proc/keys /f1 /proc/uptime /f2
		run_sh 'cat /f1 /f2 /proc/keys /proc/uptime; echo end'
		is end
	done
}

@test "… also if the first is not to be found again by its path" {
	mkdir "$ROOTFS"/d{1,2}
	touch "$ROOTFS"/d{1,2}/file
	ln -s . "$ROOTFS/d1/link"
	masked /d1/link /d2 /proc/fs
	run_sh 'ls -A /d1 /d2 /proc/fs; touch /d1/x /d2/x 2>&1'
	says "/d1/x: Read-only"
	says "/d2/x: Read-only"
	[ "${#lines[@]}" -eq 5 ]
}

@test "a link of procfs: what it leads to is masked, or read-only" {
	masked /proc/mounts /proc/thread-self
	run_sh 'wc -c </proc/1/mounts; ls -A /proc/1/task/1 | wc -l'
	is $'0\n0'
	readonly_paths /proc/self
	run_sh '{ echo 5 >/proc/1/oom_score_adj; } 2>&1; readlink /proc/self >/dev/null && cut -d" " -f5,6 /proc/self/mountinfo | grep "^/proc/"'
	says "oom_score_adj: Read-only"
	says "/proc/1 ro"
}

@test "what is mounted on files of /proc is masked, or read-only, also below" {
	echo secret >"$WORK/file"
	echo shown >"$WORK/shown"
	masked /proc/uptime /proc/keys /proc/loadavg
	config "bind(\"/proc/uptime\"; \"$WORK/file\"; [])" "bind(\"/proc/loadavg\"; \"$WORK/file\"; [])" '.linux.readonlyPaths = ["/proc/loadavg", "/proc/stat", "/proc/sys"]' \
		"bind(\"/proc/stat\"; \"$WORK/shown\"; [])" "bind(\"/proc/sys/kernel/ns_last_pid\"; \"$WORK/shown\"; [])"
	run_sh 'cat /proc/uptime /proc/loadavg; for f in /proc/stat /proc/sys/kernel/ns_last_pid; do cat $f; { echo x >>$f; } 2>&1; done'
	is $'shown\n/bin/sh: can\'t create /proc/stat: Read-only file system\nshown\n/bin/sh: can\'t create /proc/sys/kernel/ns_last_pid: Read-only file system'
}

@test "the whole of /proc read-only, by a link too, or masked: paths in it are seen to as well" {
	local path
	ln -s proc "$ROOTFS/link"
	for path in /proc /link; do
		config '.linux.readonlyPaths = ["/proc/bus", "'"$path"'", "/proc/sys"] | .linux.maskedPaths = ["/proc/fs", "/proc/keys", "/etc/group", "/proc/uptime"]'
		run_sh 'ls -A /proc/fs; cat /proc/keys /proc/uptime /etc/group; for f in /proc/self/oom_score_adj /proc/sys/kernel/hostname; do { echo -n >$f; } 2>&1; done'
		is $'/bin/sh: can\'t create /proc/self/oom_score_adj: Read-only file system\n/bin/sh: can\'t create /proc/sys/kernel/hostname: Read-only file system'
	done
	mkdir "$ROOTFS/dir"
	config '.linux.readonlyPaths = [] | .linux.maskedPaths = ["/proc/fs", "/proc/keys", "/proc", "/etc/group", "/dir", "/proc/uptime"]'
	run_sh 'ls -A /proc; ls -A /dir; cat /etc/group; touch /dir/x'
	is "touch: /dir/x: Read-only file system"
}

@test "a hook mounts another proc: it is that one whose paths are masked" {
	printf '#!/bin/sh\nmount -t proc proc %q\n' "$ROOTFS/proc" >"$WORK/hook"
	chmod +x "$WORK/hook"
	masked /proc/keys /proc/fs
	config '.linux.readonlyPaths = ["/proc/sys"] | .hooks = {createContainer: [{path: "'"$WORK/hook"'"}]}'
	run_sh 'ls -A /proc/fs; cat /proc/keys; { echo -n >/proc/sys/kernel/hostname; } 2>&1; grep -c " /proc " /proc/self/mountinfo'
	is $'/bin/sh: can\'t create /proc/sys/kernel/hostname: Read-only file system\n2'
}

@test "a masked path that is missing, or below a file, is nothing" {
	masked /missing /missing/deep /etc/passwd/x /proc/nothing
	run_sh 'ls /missing 2>&1; wc -c </etc/passwd'
	says "No such file"
	[ ! -e "$ROOTFS/missing" ]
}

@test "a masked link hides what it leads to, inside the root" {
	echo secret >"$ROOTFS/etc/secret"
	ln -s ../../../../etc/secret "$ROOTFS/link"
	masked /link
	run_sh 'cat /link /etc/secret; echo end'
	is end
}

@test "a masked dangling link is nothing, and a loop of links an error" {
	ln -s /nowhere "$ROOTFS/dangling"
	masked /dangling
	run_sh 'echo fine'
	is fine
	ln -s loop2 "$ROOTFS/loop1"
	ln -s loop1 "$ROOTFS/loop2"
	masked /etc /loop1
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.maskedPaths[1]: '/loop1': too many levels of symbolic links"
}

@test "a masked FIFO, socket or device hangs nobody" {
	mkfifo "$ROOTFS/fifo"
	mknod "$ROOTFS/full" c 1 7
	masked /fifo /full
	run_sh 'cat /fifo /full; stat -c "%t:%T" /fifo; stat -c "%t:%T" /full'
	is $'1:3\n1:3'
}

@test "masked and read-only paths are cleaned; relative ones are taken from the root, with a warning" {
	echo secret >"$ROOTFS/etc/secret"
	masked etc//x/../secret
	run_sh 'cat /etc/secret; echo end'
	says "is relative"
	[ "${lines[-1]}" = end ]
	lacks secret$'\n'
}

@test "the root cannot be masked" {
	masked /
	fails run --bundle "$BUNDLE" "$ID"
	says 'linux.maskedPaths[0]: the root cannot be masked'
}

@test "what is in a volume can be masked, and is not on the host" {
	mkdir -p "$WORK/vol/dir"
	echo secret >"$WORK/vol/file"
	masked /vol/file /vol/dir
	config "bind(\"/vol\"; \"$WORK/vol\"; [])"
	run_sh 'cat /vol/file; touch /vol/dir/x'
	is "touch: /vol/dir/x: Read-only file system"
	[ "$(cat "$WORK/vol/file")" = secret ]
}

@test "a path that is masked twice, and one below a masked one" {
	mkdir -p "$ROOTFS/a/b"
	masked /a /a /a/b
	run_sh 'ls -A /a; echo end'
	is end
}

@test "a hundred masks" {
	local i paths=()
	for i in {1..50}; do
		mkdir "$ROOTFS/md$i"
		echo x >"$ROOTFS/f$i"
		paths+=("/md$i" "/f$i")
	done
	masked "${paths[@]}"
	run_sh 'cat /f*; ls /md* | grep -v : | tr -d "\n"'
	is ""
}

@test "masks in a user namespace" {
	mkdir "$ROOTFS/secret"
	echo x >"$ROOTFS/secret/f"
	echo x >"$ROOTFS/etc/secret"
	masked /secret /etc/secret /proc/keys
	config userns
	run_sh 'ls -A /secret; cat /etc/secret; wc -c </proc/keys'
	is 0
}

@test "an image's fake /dev/null is not what files are masked with" {
	echo secret >"$ROOTFS/etc/secret"
	echo fake >"$ROOTFS/dev/nul"
	config '.mounts |= map (select (.destination | startswith ("/dev") | not))'
	masked /etc/secret
	mknod "$ROOTFS/dev/null" c 1 3
	run_sh 'cat /etc/secret; stat -c "%t:%T" /etc/secret'
	is 1:3
}

# ---- read-only --------------------------------------------------------------------------------------------------------------

@test "read-only directories and files; beside them all is writable" {
	mkdir "$ROOTFS/ro"
	touch "$ROOTFS/etc/ro"
	readonly_paths /ro /etc/ro
	run_sh 'touch /ro/x 2>&1; { echo x >/etc/ro; } 2>&1; touch /etc/other && echo fine'
	says "/ro/x: Read-only"
	says "/etc/ro: Read-only"
	says fine
}

@test "what is mounted below a read-only path is read-only as well" {
	mkdir "$WORK/vol"
	readonly_paths /data
	config 'mount("/data/t"; "tmpfs"; "t"; [])' "bind(\"/data/vol\"; \"$WORK/vol\"; [])"
	run_sh 'touch /data/t/x; touch /data/vol/x; touch /data/x'
	says "/data/t/x: Read-only"
	says "/data/vol/x: Read-only"
	says "/data/x: Read-only"
	touch "$WORK/vol/x"
}

@test "a read-only path that is missing is nothing; a link is followed inside the root" {
	mkdir "$ROOTFS/real"
	ln -s /real "$ROOTFS/link"
	readonly_paths /missing /link
	run_sh 'touch /real/x'
	says "Read-only"
	[ ! -e "$ROOTFS/missing" ]
}

@test "read-only keeps the other flags of the mount" {
	readonly_paths /t/sub
	config 'mount("/t"; "tmpfs"; "t"; ["nosuid", "nodev", "noexec"]) | mount("/t/sub/deep"; "tmpfs"; "t"; ["nodev"])'
	run_sh 'cat /proc/self/mountinfo'
	bound /t/sub ro nosuid nodev noexec
	bound /t/sub/deep ro nodev
	not_mounted_with /t ro
}

@test "/ can be a read-only path" {
	readonly_paths /
	run_sh 'touch /x; echo x >/dev/null && echo fine'
	says "Read-only"
	says fine
}

@test "what spec writes: /proc/sys cannot be written, /proc/keys is empty, so is /sys/firmware" {
	run_sh '{ echo 1 >/proc/sys/net/ipv4/ip_forward; } 2>&1; wc -c </proc/keys; ls /sys/firmware | wc -l'
	says "ip_forward: Read-only"
	[ "${lines[1]}" = 0 ]
	[ "${lines[2]}" = 0 ]
}
