#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# /dev: the default devices, linux.devices, links, the console; by mknod and by binds of the host's nodes.
# shellcheck disable=SC2016 # scripts are for the container's shell

load helpers
load mounts

no_dev_mounts () { config '.mounts |= map (select (.destination | startswith ("/dev") | not))'; }
device () { # JSON members
	config ".linux.devices += [{$1}]"
}
# "c 1:3 666 0:0", or "p …" for a FIFO
SHOW='show () { for f; do stat -c "%A %t:%T %a %u:%g" "$f" | cut -c 1,11-; done; }; '

@test "the default devices: numbers, mode 0666, owner root" {
	run_sh "$SHOW"' show /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty'
	is $'c 1:3 666 0:0\nc 1:5 666 0:0\nc 1:7 666 0:0\nc 1:8 666 0:0\nc 1:9 666 0:0\nc 5:0 666 0:0'
}

@test "the default devices work" {
	run_sh 'echo x >/dev/null && head -c 3 /dev/zero | wc -c && head -c 3 /dev/urandom | wc -c && { echo x >/dev/full; } 2>&1'
	says $'3\n3'
	says "No space left"
}

@test "the links of /dev" {
	run_sh 'for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done; ls /dev/core 2>/dev/null; readlink -f /dev/ptmx'
	is $'/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx\n/dev/pts/ptmx'
}

@test "links are made only where what they lead to exists" {
	config '.mounts |= map (select (.destination == "/dev"))' '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	run_sh 'ls /dev | tr "\n" " "'
	is "full null random tty urandom zero "
}

@test "without a mount on /dev: nodes and links are made in the image's, and an image without /dev gets one" {
	no_dev_mounts
	rmdir "$ROOTFS/dev"
	run_sh 'ls /dev | tr "\n" " "; stat -c %a /dev'
	is $'fd full null random stderr stdin stdout tty urandom zero 755'
}

@test "/dev bound from the host: nothing is made in it" {
	mkdir "$WORK/dev"
	mknod -m 666 "$WORK/dev/null" c 1 3
	no_dev_mounts
	config "bind(\"/dev\"; \"$WORK/dev\"; [])"
	device 'path: "/dev/extra", type: "c", major: 1, minor: 5'
	run_sh 'ls /dev'
	is null
	[ "$(ls "$WORK/dev")" = null ]
}

@test "linux.devices: character, block, FIFO and 'u', with mode and owner, whatever the umask is" {
	umask 077
	device 'path: "/dev/c", type: "c", major: 1, minor: 5, fileMode: 384, uid: 1000, gid: 5'
	device 'path: "/dev/b", type: "b", major: 7, minor: 200, fileMode: 416'
	device 'path: "/dev/p", type: "p", fileMode: 438, uid: 3'
	device 'path: "/dev/u", type: "u", major: 10, minor: 229'
	run_sh "$SHOW"' show /dev/c /dev/b /dev/p /dev/u'
	is $'c 1:5 600 1000:5\nb 7:c8 640 0:0\np 0:0 666 3:0\nc a:e5 666 0:0'
}

@test "linux.devices: directories are made with mode 0755, also outside of /dev" {
	device 'path: "/dev/net/tun", type: "c", major: 10, minor: 200'
	device 'path: "/some/where/zero", type: "c", major: 1, minor: 5'
	run_sh "$SHOW"' show /dev/net/tun /some/where/zero; stat -c %a /dev/net /some/where'
	is $'c a:c8 666 0:0\nc 1:5 666 0:0\n755\n755'
}

@test "linux.devices: one of the defaults with other rights takes its place" {
	device 'path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 400, gid: 7'
	run_sh "$SHOW"' show /dev/null'
	is 'c 1:3 620 0:7'
}

@test "linux.devices: large numbers" {
	device 'path: "/dev/x", type: "c", major: 4095, minor: 1048575'
	run_sh "$SHOW"' show /dev/x'
	is 'c fff:fffff 666 0:0'
}

@test "linux.devices: errors of the configuration have their place" {
	local members expected
	while IFS='|' read -r members expected; do
		config '.linux.devices = []'
		device "$members"
		fails run --bundle "$BUNDLE" "$ID"
		says "linux.devices[0]$expected"
	done <<-'END'
		path: "/dev/x", type: "x", major: 1, minor: 1|.type
		path: "/dev/x", type: "c", major: 4096, minor: 1|.major
		path: "/dev/x", type: "c", major: 1, minor: 1048576|.minor
		path: "/dev/x", type: "c", major: -1, minor: 1|.major
		path: "/proc/x", type: "c", major: 1, minor: 1|.path
		path: "/sys/x", type: "c", major: 1, minor: 1|.path
		path: "/", type: "c", major: 1, minor: 1|.path
	END
}

@test "what is there already is used if it is the device, with its owner and mode" {
	no_dev_mounts
	mknod -m 640 "$ROOTFS/dev/null" c 1 3
	chown 5:6 "$ROOTFS/dev/null"
	mkfifo -m 600 "$ROOTFS/dev/fifo"
	device 'path: "/dev/fifo", type: "p"'
	run_sh "$SHOW"' show /dev/null /dev/fifo'
	is $'c 1:3 640 5:6\np 0:0 600 0:0'
}

@test "what is there already and is something else is an error" {
	local make
	no_dev_mounts
	device 'path: "/dev/x", type: "c", major: 1, minor: 5'
	for make in 'touch $f' 'mkdir $f' 'ln -s null $f' 'mknod $f c 1 3' 'mknod $f b 1 5' 'mkfifo $f'; do
		f=$ROOTFS/dev/x
		rm -rf "$f"
		eval "$make"
		fails run --bundle "$BUNDLE" "$ID"
		says "linux.devices[0]: '/dev/x' exists in the root file system and is not character device 1:5"
	done
}

@test "a read-only image that has its devices" {
	in_private_ns
	no_dev_mounts
	local d
	for d in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "$ROOTFS/dev/${d%:*}" c 1 "${d#*:}"; done
	mknod -m 666 "$ROOTFS/dev/tty" c 5 0
	mount --bind "$ROOTFS" "$ROOTFS"
	mount -o remount,bind,ro "$ROOTFS"
	run_sh 'echo fine >/dev/null && ls /dev | tr "\n" " "'
	is "full null random tty urandom zero "
	device 'path: "/dev/x", type: "c", major: 1, minor: 5'
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.devices[0]: make character device 1:5 '/dev/x': read-only file system"
}

@test "a ptmx of the image is replaced, since it would open another devpts" {
	config '.mounts |= map (select (.destination != "/dev" and .destination != "/dev/shm" and .destination != "/dev/mqueue"))'
	mknod -m 666 "$ROOTFS/dev/ptmx" c 5 2
	run_sh 'readlink /dev/ptmx'
	is pts/ptmx
}

@test "other files of the image that have the names of links stay" {
	no_dev_mounts
	echo mine >"$ROOTFS/dev/stdin"
	run_sh 'cat /dev/stdin; readlink /dev/stdout'
	is $'mine\n/proc/self/fd/1'
}

# ---- without mknod ----------------------------------------------------------------------------------------------------------

@test "user namespace: the host's nodes are bound, and work" {
	config userns
	chown -R 100000:100000 "$ROOTFS"
	run_sh "$SHOW"' for d in null zero full random urandom tty; do stat -c %t:%T /dev/$d; done; echo x >/dev/null && head -c 2 /dev/zero | wc -c'
	is $'1:3\n1:5\n1:7\n1:8\n1:9\n5:0\n2'
}

@test "user namespace: a configured device is that of the host with the same path; a FIFO is made" {
	config userns
	chown -R 100000:100000 "$ROOTFS"
	device 'path: "/dev/ttyS0", type: "c", major: 4, minor: 64'
	device 'path: "/dev/p", type: "p", fileMode: 384, uid: 7'
	[ -c /dev/ttyS0 ] || skip "the host has no /dev/ttyS0"
	run_sh 'stat -c "%t:%T" /dev/ttyS0; stat -c "%F %a %u" /dev/p'
	is $'4:40\nfifo 600 7'
}

@test "user namespace: a device that the host has not, or has with another number, is an error that says why" {
	config userns
	chown -R 100000:100000 "$ROOTFS"
	device 'path: "/dev/nosuch", type: "c", major: 1, minor: 5'
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.devices[0]: bind the host's '/dev/nosuch' (in a user namespace devices cannot be made): no such file or directory"
	config '.linux.devices = [{path: "/dev/zero", type: "c", major: 1, minor: 7}]'
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.devices[0]: the host's '/dev/zero' is not character device 1:7"
}

@test "user namespace: a link or directory of the image in a device's place is an error" {
	no_dev_mounts
	config userns
	ln -s /etc/passwd "$ROOTFS/dev/null"
	chown -hR 100000:100000 "$ROOTFS"
	fails run --bundle "$BUNDLE" "$ID"
	says "'/dev/null' exists in the root file system and cannot be covered by a device"
}

@test "where mknod is refused, the host's nodes are bound" {
	[ -x "$TEST_TOOLS/nosys" ] || { echo "missing: make check-tools"; false; }
	config 'args(["/bin/stat", "-c", "%t:%T", "/dev/null", "/dev/tty"])'
	run timeout 30 "$TEST_TOOLS/nosys" mknodat=EPERM -- "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is $'1:3\n5:0'
}

# ---- console ----------------------------------------------------------------------------------------------------------------

@test "/dev/console is the terminal of the container" {
	config '.process.terminal = true | sh("test -t 0 && test -c /dev/console && stat -c %t:%T /dev/console /dev/pts/0 | uniq | wc -l && grep -c \" /dev/console \" /proc/self/mountinfo; tty")'
	run timeout 30 script -qec "$CORACLE --root $STATE run --bundle $BUNDLE $ID" /dev/null </dev/null 3>&-
	output=${output//[$'\r']/}
	output=${output//^@/}	# what script makes of the end of its input
	says $'1\n1\n/dev/pts/0'
}
