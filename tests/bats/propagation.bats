#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Propagation: linux.rootfsPropagation, the options of volumes as Kubernetes gives them, and that the host sees nothing that is not meant for it.
# The host is a mount namespace of the test in which everything is shared, as systemd makes it.

load helpers
load mounts

setup () {
	test_setup
	in_private_ns shared
	BEFORE=$(host_mounts)
}

teardown () {
	local failed=0 name after
	for name in "$STATE"/*; do
		[ ! -d "$name" ] || runs delete --force "${name##*/}" || failed=1
	done
	after=$(host_mounts)
	end_private_ns
	test_teardown || failed=1
	if [ -z "${MOUNTS_OF_OURS:-}" ] && [ "$after" != "$BEFORE" ]; then
		echo "the mounts of the host have changed:"
		diff <(echo "$BEFORE") <(echo "$after")
		failed=1
	fi
	return $failed
}

volume () { # OPTION…: $WORK/vol at /vol
	mkdir -p "$WORK/vol/host" "$WORK/vol/container"
	config "bind(\"/vol\"; \"$WORK/vol\"; $(jq -cn '$ARGS.positional' --args "$@"))"
}
# Who sees what the other mounts in the volume?
host_sees () {
	in_container mount -t tmpfs c /vol/container && grep -q " /vol/container " "/proc/$PID/mountinfo" || exit 1
	in_ns grep -q " $WORK/vol/container " /proc/self/mountinfo
}
container_sees () {
	MOUNTS_OF_OURS=1
	mount -t tmpfs h "$WORK/vol/host" && in_ns grep -q " $WORK/vol/host " /proc/self/mountinfo || exit 1
	grep -q " /vol/host " "/proc/$PID/mountinfo"
}

@test "rootfsPropagation: what / is for each value" {
	local value expected
	while read -r value expected; do
		config ".linux.rootfsPropagation = \"$value\""
		run_sh 'cat /proc/self/mountinfo'
		[ "$status" -eq 0 ] || { echo "$value: $output"; return 1; }
		[ "$(propagation_of /)" = "$expected" ] || { echo "$value: $(propagation_of /): $output"; return 1; }
	done <<-END
		private private
		rprivate private
		slave slave
		rslave slave
		shared shared
		rshared shared
		unbindable unbindable
		runbindable unbindable
	END
}

@test "rootfsPropagation: the default is slave" {
	run_sh 'cat /proc/self/mountinfo'
	[ "$(propagation_of /)" = slave ]
	[ "$(propagation_of /dev)" = private ]
}

@test "rootfsPropagation: rshared and runbindable are of all mounts, the others of / alone" {
	local value expected
	while read -r value expected; do
		config ".linux.rootfsPropagation = \"$value\""
		run_sh 'cat /proc/self/mountinfo'
		[ "$(propagation_of /dev/shm)" = "$expected" ] || { echo "$value: $(propagation_of /dev/shm): $output"; return 1; }
	done <<-END
		rprivate private
		rslave private
		shared private
		rshared shared
		unbindable private
		runbindable unbindable
	END
}

@test "rootfsPropagation: another word is an error" {
	config '.linux.rootfsPropagation = "sharedd"'
	fails run --bundle "$BUNDLE" "$ID"
	says linux.rootfsPropagation
}

@test "by default the container sees what the host mounts in its root, and the host nothing of the container" {
	mkdir "$ROOTFS/sub" "$ROOTFS/other"
	start_container
	MOUNTS_OF_OURS=1
	mount -t tmpfs h "$ROOTFS/sub"
	container_mounts
	mounted /sub tmpfs
	umount "$ROOTFS/sub"
	in_container mount -t tmpfs c /other
	MOUNTS_OF_OURS=
	[ "$(host_mounts)" = "$BEFORE" ]
}

@test "private: neither sees the other" {
	mkdir "$ROOTFS/sub" "$ROOTFS/other"
	config '.linux.rootfsPropagation = "rprivate"'
	start_container
	mount -t tmpfs h "$ROOTFS/sub"
	container_mounts
	[ -z "$(mount_line /sub)" ]
	umount "$ROOTFS/sub"
}

@test "volume without an option, by default: HostToContainer" {
	volume
	start_container
	not host_sees
	container_sees
}

@test "volume None (rprivate): neither sees the other" {
	volume rbind rprivate
	start_container
	not host_sees
	not container_sees
}

@test "volume HostToContainer (rslave, rootfsPropagation rslave)" {
	volume rbind rslave
	config '.linux.rootfsPropagation = "rslave"'
	start_container
	not host_sees
	container_sees
}

@test "volume Bidirectional (rshared, rootfsPropagation rshared): both, and what the container mounted is the host's to unmount" {
	need_call open_tree "volumes on the mount that the root is on are not shared"
	volume rbind rshared
	config '.linux.rootfsPropagation = "rshared"'
	start_container
	host_sees
	container_sees
	runs delete --force "$ID"
	in_ns grep -q " $WORK/vol/container " /proc/self/mountinfo
	umount "$WORK/vol/container"
	umount "$WORK/vol/host"
	MOUNTS_OF_OURS=
}

@test "volume rslave beside a Bidirectional one" {
	need_call open_tree "volumes on the mount that the root is on are not shared"
	volume rbind rslave
	config '.linux.rootfsPropagation = "shared"'
	start_container
	not host_sees
	container_sees
}

@test "volume unbindable: cannot be bound in the container" {
	volume runbindable
	start_container
	run in_container mount -o bind /vol /tmp
	[ "$status" -ne 0 ]
}

@test "several propagation options are applied in their order" {
	volume rbind slave shared
	config 'mount("/t"; "tmpfs"; "t"; ["shared", "private"]) | mount("/u"; "tmpfs"; "t"; ["private", "shared"])'
	run_sh 'cat /proc/self/mountinfo'
	[ "$(propagation_of /vol)" = "shared slave" ]
	[ "$(propagation_of /t)" = private ]
	[ "$(propagation_of /u)" = shared ]
}

@test "a new file system on a shared volume is shared with it, unless it is said to be private" {
	volume rbind rshared
	config 'mount("/vol/host"; "tmpfs"; "t"; []) | mount("/vol/container"; "tmpfs"; "t"; ["private"])' '.linux.rootfsPropagation = "rslave"'
	run_sh 'cat /proc/self/mountinfo'
	[ "$(propagation_of /vol/host)" = shared ]
	[ "$(propagation_of /vol/container)" = private ]
}

@test "the r-forms of propagation options are of the whole tree" {
	volume
	MOUNTS_OF_OURS=1
	mount -t tmpfs h "$WORK/vol/host"
	config '.mounts |= .[:7]'
	volume rbind rprivate
	config "bind(\"/top\"; \"$WORK/vol\"; [\"rbind\", \"private\"])"
	run_sh 'cat /proc/self/mountinfo'
	[ "$(propagation_of /vol)" = private ]
	[ "$(propagation_of /vol/host)" = private ]
	[ "$(propagation_of /top)" = private ]
	[ "$(propagation_of /top/host)" = slave ]
}

# ---- nothing reaches the host -----------------------------------------------------------------------------------------------

@test "shared: no mount of ours is seen by the host, while the container is and afterwards" {
	config '.linux.rootfsPropagation = "shared"'
	start_container
	[ "$(host_mounts)" = "$BEFORE" ]
	container_mounts
	local dir
	for dir in /proc/bus /proc/keys /proc /sys/fs/cgroup /sys /dev; do
		in_container mount -t tmpfs c "$dir" 2>/dev/null || in_container mount -o bind /bin/busybox "$dir"
	done
	[ "$(host_mounts)" = "$BEFORE" ]
}

@test "shared, and a user namespace: devices and /sys are the host's, but no peers" {
	config userns '.linux.rootfsPropagation = "shared"' 'no_ns("network")'
	chown -R 100000:100000 "$ROOTFS"
	start_container
	[ "$(host_mounts)" = "$BEFORE" ]
	container_mounts
	not grep -E ' /(dev|sys)[^ ]* .* shared:' <<<"$output"
	in_container mount -o bind /bin/busybox /dev/null
	[ "$(host_mounts)" = "$BEFORE" ]
}

@test "user namespace: a volume that the runtime opens is no peer of the host's" {
	volume rbind
	chown -R 100000:100000 "$ROOTFS" "$WORK/vol"
	config userns
	start_container
	container_mounts
	[ "$(propagation_of /vol)" = slave ]
	not host_sees
	container_sees
}

@test "user namespace: Bidirectional all the same, when it is asked for" {
	need_call open_tree "volumes on the mount that the root is on are not shared"
	volume rbind rshared
	chown -R 100000:100000 "$ROOTFS" "$WORK/vol"
	config userns '.linux.rootfsPropagation = "rshared"'
	start_container
	host_sees
	MOUNTS_OF_OURS=1
}

@test "the directory of the notification socket is no peer of the host's" {
	export NOTIFY_SOCKET=$WORK/notify
	python3 -c 'import socket, sys; socket.socket (socket.AF_UNIX, socket.SOCK_DGRAM).bind (sys.argv[1])' "$NOTIFY_SOCKET"
	runs create --pid-file "$WORK/pid" --bundle "$BUNDLE" "$ID"	# start would wait for READY=1
	PID=$(cat "$WORK/pid")
	container_mounts
	has_options /run/notify ro nosuid nodev noexec
	[ "$(propagation_of /run/notify)" = private ]
}

@test "a root directory that is a shared mount of its own, and has mounts below it" {
	MOUNTS_OF_OURS=1
	mount --bind "$ROOTFS" "$ROOTFS"
	mount -t tmpfs dev "$ROOTFS/dev"
	mount -t tmpfs p "$ROOTFS/proc"
	local before value
	before=$(host_mounts)
	for value in slave private shared rshared unbindable; do
		config ".linux.rootfsPropagation = \"$value\""
		run_sh 'test -c /dev/null && test -d /proc/self && echo fine'
		[ "$output" = fine ] || { echo "$value: $output"; return 1; }
		[ "$(host_mounts)" = "$before" ]
	done
	umount -R "$ROOTFS"
	MOUNTS_OF_OURS=
}

@test "--no-pivot with each propagation: the host's mounts stay" {
	local value
	for value in slave private shared rshared unbindable; do
		config ".linux.rootfsPropagation = \"$value\""
		run_sh 'test -d /proc/self && echo fine' --no-pivot
		[ "$output" = fine ] || { echo "$value: $output"; return 1; }
		[ "$(host_mounts)" = "$BEFORE" ]
	done
}

@test "a failure in the middle of the mounts leaves nothing on the host" {
	config '.linux.rootfsPropagation = "shared"' "bind(\"/x\"; \"$WORK/missing\"; [])"
	fails run --bundle "$BUNDLE" "$ID"
	says "no such file or directory"
}
