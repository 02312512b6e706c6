#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# root.path and root.readonly, --no-pivot, the mount namespace that is needed for them.
# shellcheck disable=SC2016 # scripts are for the container's shell

load helpers
load mounts

@test "root.readonly: nothing can be written but what is mounted for it" {
	config '.root.readonly = true'
	run_sh 'touch /x 2>&1; touch /tmp/x 2>&1; touch /dev/shm/x && echo shm; grep " / / " /proc/self/mountinfo || cat /proc/self/mountinfo'
	says "/x: Read-only file system"
	says "/tmp/x: Read-only file system"
	says shm
}

@test "root.readonly false: it can, and the mount keeps the flags that it has on the host" {
	in_private_ns
	mount --bind "$ROOTFS" "$ROOTFS"
	mount -o remount,bind,nosuid,nodev "$ROOTFS"
	run_sh 'touch /x && cat /proc/self/mountinfo'
	bound / nosuid nodev
	not_mounted_with / ro
	in_ns test -e "$ROOTFS/x"
	config '.root.readonly = true'
	run_sh 'cat /proc/self/mountinfo'
	bound / ro nosuid nodev
}

@test "root.readonly does not make the host's directory read-only" {
	config '.root.readonly = true'
	start_container
	touch "$ROOTFS/from-outside"
	in_container ls /from-outside
}

@test "root.path: missing, a file, not given: each is said" {
	config '.root.path = "missing"'
	fails run --bundle "$BUNDLE" "$ID"
	says "root.path: '$BUNDLE/missing': no such file or directory"
	touch "$BUNDLE/file"
	config '.root.path = "file"'
	fails run --bundle "$BUNDLE" "$ID"
	says "root.path: '$BUNDLE/file': not a directory"
	config 'del (.root.path)'
	fails run --bundle "$BUNDLE" "$ID"
	says root.path
	config 'del (.root)'
	fails run --bundle "$BUNDLE" "$ID"
	says root
}

@test "root.path: absolute, by a link, with dots, with blanks and backslashes" {
	local path
	mkdir "$WORK/some where"
	mv "$ROOTFS" "$WORK/some where/a\\040b"
	ln -s "$WORK/some where/a\\040b" "$BUNDLE/link"
	for path in "$WORK/some where/a\\040b" "$WORK/./x/../some where//a\\040b/" link; do
		config ".root.path = $(jq -n --arg p "$path" '$p')"
		run_sh 'echo fine'
		is fine
		run_sh 'test -d /proc/self && echo fine' --no-pivot
		is fine
	done
}

@test "root.path /: the host's files, and its mounts stay as they are" {
	in_private_ns
	local before
	before=$(host_mounts)
	config '.root = {path: "/", readonly: true} | .process.args = ["/bin/sh", "-c", "echo $PPID; touch /tmp/x; ls -d '"$WORK"'"]'
	run_to_file run --bundle "$BUNDLE" "$ID"
	[ "${output%%$'\n'*}" = 0 ]
	says "Read-only file system"
	says "$WORK"
	[ "$(host_mounts)" = "$before" ]
}

@test "the old root is gone: the container's mount table has nothing of the host" {
	run_sh 'cut -d" " -f5 /proc/self/mountinfo | sort | uniq -d; cut -d" " -f5 /proc/self/mountinfo'
	[ "${lines[0]}" = / ]
	[[ "$output" != *"$WORK"* ]]
	lacks /mnt
}

@test "a root on a tmpfs of its own" {
	in_private_ns
	mkdir "$WORK/root"
	mount -t tmpfs root "$WORK/root"
	in_ns cp -a "$ROOTFS/." "$WORK/root"
	config ".root.path = \"$WORK/root\""
	run_sh 'touch /x && cat /proc/self/mountinfo'
	mounted / tmpfs
	in_ns test -e "$WORK/root/x"
}

@test "a root on a read-only mount: works where nothing has to be made, and says what had to be" {
	in_private_ns
	mount --bind "$ROOTFS" "$ROOTFS"
	mount -o remount,bind,ro "$ROOTFS"
	run_sh 'echo fine'
	is fine
	config 'mount("/new/dir"; "tmpfs"; "t"; [])'
	fails run --bundle "$BUNDLE" "$ID"
	says "mounts[7]: make the mount point '/new/dir': read-only file system"
}

@test "a root that is a mount on which others are mounted comes with them" {
	in_private_ns
	mkdir "$ROOTFS/data"
	mount -t tmpfs data "$ROOTFS/data"
	in_ns touch "$ROOTFS/data/below"
	run_sh 'ls /data'
	is below
}

# ---- --no-pivot -------------------------------------------------------------------------------------------------------------

@test "--no-pivot: the same container" {
	config '.root.readonly = true'
	run_sh 'touch /x 2>&1; test -c /dev/null && test -d /proc/self && test -d /sys/kernel && cat /proc/self/mountinfo' --no-pivot
	[ "$status" -eq 0 ]
	says "Read-only file system"
	bound / ro
	mounted /proc proc
	mounted /sys sysfs ro
}

# From a complete proc or sysfs anywhere in the mount namespace the kernel concludes that one without masks may be mounted. A user namespace of the
# container's asks it.
mounts_anew () { nsenter -t "$PID" --mount --pid --root --wd unshare -U -r -n -m -p -f /bin/sh -c "mount -t $1 $1 /tmp && echo mounted"; }

@test "--no-pivot: no proc or sysfs of the host is left, wherever it was mounted" {
	in_private_ns
	mkdir -p "$WORK/jail one/proc" "$WORK/jail one/sys"
	mount -t proc proc "$WORK/jail one/proc"
	mount -t sysfs sysfs "$WORK/jail one/sys"
	start_container --no-pivot
	run mounts_anew proc
	[ "$status" -ne 0 ]
	lacks mounted
	run mounts_anew sysfs
	[ "$status" -ne 0 ]
	lacks mounted
	in_ns test -d "$WORK/jail one/proc/self"
}

@test "control: with a complete proc in sight, one can be mounted anew" {
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	start_container --no-pivot
	run mounts_anew proc
	is mounted
}

# ---- mount namespace --------------------------------------------------------------------------------------------------------

@test "without a mount namespace: what would change the host's mounts is an error of the configuration" {
	config 'no_ns("mount") | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	fails run --bundle "$BUNDLE" "$ID"
	says "mounts: needs a mount namespace"
	config '.mounts = [] | .root.readonly = true'
	fails run --bundle "$BUNDLE" "$ID"
	says "root.readonly: needs a mount namespace"
	config '.root.readonly = false | .process.terminal = true'
	fails run --bundle "$BUNDLE" "$ID"
	says "process.terminal: needs a mount namespace"
	config '.process.terminal = false | .linux.maskedPaths = ["/proc/kcore"]'
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.maskedPaths: needs a mount namespace"
	config '.linux.maskedPaths = [] | .linux.rootfsPropagation = "private"'
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.rootfsPropagation: needs a mount namespace"
}

@test "without a mount namespace and without mounts: a chroot" {
	in_private_ns
	local before
	before=$(host_mounts)
	config 'no_ns("mount") | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .mounts = []'
	run_sh 'ls -d /*; pwd'
	says /bin
	lacks "$WORK"
	[ "${lines[-1]}" = / ]
	[ "$(host_mounts)" = "$before" ]
}

@test "the runtime's own mount namespace, by its path, is not changed" {
	in_private_ns
	local before
	before=$(host_mounts)
	config "join_ns(\"mount\"; \"/proc/$NS_PID/ns/mnt\")"
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.namespaces"
	says "is the runtime's own mount namespace"
	[ "$(host_mounts)" = "$before" ]
}
