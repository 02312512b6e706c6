#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tmpcopyup: a tmpfs that starts with what it covers.
# shellcheck disable=SC2016 # scripts are for the container's shell

load helpers
load mounts

setup () {
	test_setup
	mkdir "$ROOTFS/data"
	copyup /data
}
copyup () { # PATH [OPTION…]
	local path=$1
	shift
	config "mount(\"$path\"; \"tmpfs\"; \"t\"; [\"tmpcopyup\"] + $(jq -cn '$ARGS.positional' --args "$@"))"
}

@test "files, with content, mode, owner and times; the image stays as it is" {
	echo content >"$ROOTFS/data/file"
	chmod 4755 "$ROOTFS/data/file"
	chown 1000:1001 "$ROOTFS/data/file"
	chmod u+s "$ROOTFS/data/file"
	touch -d 2001-02-03T04:05:06Z "$ROOTFS/data/file"
	: >"$ROOTFS/data/empty"
	run_sh 'cat /data/file; stat -c "%a %u:%g %Y" /data/file; stat -c %s /data/empty; rm -f /data/file /data/empty; grep -c " /data .* - tmpfs" /proc/self/mountinfo'
	is $'content\n4755 1000:1001 981173106\n0\n1'
	[ "$(cat "$ROOTFS/data/file")" = content ]
	[ -e "$ROOTFS/data/empty" ]
}

@test "the directory itself: mode and owner" {
	chmod 2750 "$ROOTFS/data"
	chown 11:12 "$ROOTFS/data"
	chmod g+s "$ROOTFS/data"
	run_sh 'stat -c "%a %u:%g" /data'
	is "2750 11:12"
}

@test "a large file, and one with a hole" {
	head -c 3000000 /dev/urandom >"$ROOTFS/data/large"
	truncate -s 5000000 "$ROOTFS/data/hole"
	run_sh 'sha256sum </data/large; sha256sum </data/hole'
	is "$(sha256sum <"$ROOTFS/data/large")"$'\n'"$(sha256sum <"$ROOTFS/data/hole")"
}

@test "a tree of directories, with their modes and times" {
	mkdir -p "$ROOTFS/data/a/b/c"
	echo deep >"$ROOTFS/data/a/b/c/file"
	chmod 1777 "$ROOTFS/data/a"
	chmod 2700 "$ROOTFS/data/a/b"
	touch -d 2001-02-03T04:05:06Z "$ROOTFS/data/a/b"
	run_sh 'cat /data/a/b/c/file; stat -c "%a %n" /data/a /data/a/b; stat -c %Y /data/a/b'
	is $'deep\n1777 /data/a\n2700 /data/a/b\n981173106'
}

@test "a hundred levels deep, and a directory with a thousand files" {
	local path=$ROOTFS/data
	for _ in {1..100}; do path+=/d; done
	mkdir -p "$path" "$ROOTFS/data/many"
	echo deep >"$path/file"
	(cd "$ROOTFS/data/many" && touch f{1..1000})
	run_sh 'cat /data'"${path#"$ROOTFS/data"}"'/file; ls /data/many | wc -l'
	is $'deep\n1000'
}

@test "deeper than can be is an error, not a crash" {
	local path=$ROOTFS/data
	for _ in {1..300}; do path+=/d; done
	mkdir -p "$path"
	fails run --bundle "$BUNDLE" "$ID"
	says "mounts[7]: tmpcopyup: directories more than 128 deep"
}

@test "links are copied as links, also those that lead out and those that lead nowhere" {
	ln -s /etc/passwd "$ROOTFS/data/abs"
	ln -s ../../../../../../etc/shadow "$ROOTFS/data/out"
	ln -s nowhere "$ROOTFS/data/dangling"
	chown -h 5:6 "$ROOTFS/data/abs"
	run_sh 'readlink /data/abs; readlink /data/out; readlink /data/dangling; stat -c %u:%g /data/abs'
	is $'/etc/passwd\n../../../../../../etc/shadow\nnowhere\n5:6'
}

@test "FIFOs, sockets and devices are made anew; nobody waits for them" {
	mkfifo -m 640 "$ROOTFS/data/fifo"
	mknod -m 604 "$ROOTFS/data/dev" c 1 5
	python3 -c 'import socket, sys; socket.socket (socket.AF_UNIX).bind (sys.argv[1])' "$ROOTFS/data/sock"
	chown 3:4 "$ROOTFS/data/fifo"
	run_sh 'stat -c "%F %a %u:%g" /data/fifo; stat -c "%F %a %t:%T" /data/dev; stat -c %F /data/sock'
	is $'fifo 640 3:4\ncharacter special file 604 1:5\nsocket'
}

@test "extended attributes and capabilities of files" {
	touch "$ROOTFS/data/file"
	mkdir "$ROOTFS/data/dir"
	chown 7:7 "$ROOTFS/data/file"
	python3 - "$ROOTFS/data" <<-'END'
		import os, struct, sys
		for name in "file", "dir":
		    os.setxattr (sys.argv[1] + "/" + name, "trusted.test", b"value")
		os.setxattr (sys.argv[1] + "/file", "security.capability", struct.pack ("<5I", 0x02000001, 1 << 13, 0, 0, 0))
	END
	start_container
	run python3 -c 'import os, sys; print ([(a, os.getxattr (f, a)) for f in sys.argv[1:] for a in sorted (os.listxattr (f))])' \
		"/proc/$PID/root/data/file" "/proc/$PID/root/data/dir"
	says "('trusted.test', b'value'), ('trusted.test', b'value')"
	says "'security.capability', b'\\x01\\x00\\x00\\x02\\x00 "
}

@test "the umask of the caller does not matter" {
	mkdir -m 777 "$ROOTFS/data/dir"
	mkfifo -m 666 "$ROOTFS/data/fifo"
	chmod 777 "$ROOTFS/data/dir"
	chmod 666 "$ROOTFS/data/fifo"
	umask 077
	run_sh 'stat -c %a /data/dir /data/fifo'
	is $'777\n666'
}

@test "what does not fit into the tmpfs is an error that names the file" {
	config '.mounts |= .[:7]'
	copyup /data size=64k
	head -c 200000 /dev/zero >"$ROOTFS/data/large"
	fails run --bundle "$BUNDLE" "$ID"
	says "mounts[7]: tmpcopyup: copy 'large': no space left on device"
}

@test "read-only, and with a mode" {
	echo content >"$ROOTFS/data/file"
	config '.mounts |= .[:7]'
	copyup /data ro mode=0711
	run_sh 'cat /data/file; stat -c %a /data; touch /data/x'
	says $'content\n711'
	says "Read-only"
}

@test "of a directory that is missing: empty; notmpcopyup after it: not at all" {
	echo content >"$ROOTFS/data/file"
	config '.mounts |= .[:7]'
	copyup /missing
	copyup /data notmpcopyup
	run_sh 'ls -A /missing; ls -A /data; echo end'
	is end
}

@test "in a user namespace: owners are kept as far as they are mapped" {
	echo content >"$ROOTFS/data/file"
	mknod "$ROOTFS/data/dev" c 1 5
	chown -R 100000:100000 "$ROOTFS"
	chown 101000:101001 "$ROOTFS/data/file"
	touch "$ROOTFS/data/strange"
	config userns
	run_sh 'cat /data/file; stat -c %u:%g /data/file; ls /data'
	is $'content\n1000:1001\nfile\nstrange'
}

@test "what an earlier mount put there is copied" {
	mkdir "$WORK/src"
	echo content >"$WORK/src/file"
	config '.mounts |= .[:7]' "bind(\"/data\"; \"$WORK/src\"; [])"
	copyup /data
	run_sh 'echo changed >>/data/file; cat /data/file'
	is $'content\nchanged'
	[ "$(cat "$WORK/src/file")" = content ]
}
