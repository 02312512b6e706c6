#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Which file args[0] is, and what is said when it cannot be executed: engines make exit statuses 126 and 127 of the texts.

load helpers

# refused TEXT: at create already, so that create says it, and the id is free again
refused () {
	fails create --bundle "$BUNDLE" "$ID"
	says "$1"
	[ -z "$(ls -A "$STATE" 2>/dev/null)" ]
}

@test "a name without a slash is looked for in PATH of the container's environment" {
	mkdir "$ROOTFS/mine"
	printf '#!/bin/sh\necho mine\n' >"$ROOTFS/mine/ls"
	chmod 755 "$ROOTFS/mine/ls"
	config 'args (["ls"])' '.process.env = ["PATH=/mine:/bin"]'
	PATH=$PATH:/bin runs run --bundle "$BUNDLE" "$ID"
	is mine
}

@test "without PATH the usual directories are searched" {
	config 'args (["echo", "found"])' '.process.env = ["A=1"]'
	runs run --bundle "$BUNDLE" "$ID"
	is found
}

@test "an empty part of PATH is the working directory" {
	cp "$ROOTFS/bin/busybox" "$ROOTFS/tmp/echo"
	config 'args (["echo", "here"])' '.process.env = ["PATH=/nowhere::/neither"] | .process.cwd = "/tmp"'
	runs run --bundle "$BUNDLE" "$ID"
	is here
}

@test "a path with a slash is taken from the working directory, not from PATH" {
	config 'args (["bin/echo", "relative"])'
	runs run --bundle "$BUNDLE" "$ID"
	is relative
	config 'args (["./echo", "relative"])' '.process.cwd = "/bin"'
	runs run --bundle "$BUNDLE" "$ID"
	is relative
}

@test "not found: the name, and the words that engines look for" {
	config 'args (["no-such-program"])'
	refused "exec 'no-such-program': executable file not found in \$PATH: no such file or directory"
	config 'args (["/bin/no-such-program"])'
	refused "exec '/bin/no-such-program': no such file or directory"
	config 'args (["/no/such/directory/x"])'
	refused 'no such file or directory'
}

@test "not executable: permission denied" {
	printf 'data' >"$ROOTFS/bin/data"
	chmod 644 "$ROOTFS/bin/data"
	config 'args (["/bin/data"])'
	refused "exec '/bin/data': permission denied"
	config 'args (["data"])'
	refused "exec 'data': permission denied"
}

@test "executable only for others than the user: permission denied at create" {
	cp "$ROOTFS/bin/busybox" "$ROOTFS/bin/echo-for-root"
	chmod 700 "$ROOTFS/bin/echo-for-root"
	config 'args (["/bin/echo-for-root"])' '.process.user = {uid: 1000, gid: 1000}'
	refused "exec '/bin/echo-for-root': permission denied"
	config '.process.user = {uid: 0, gid: 0}'
	cp "$ROOTFS/bin/busybox" "$ROOTFS/bin/true-for-root"
	runs create --bundle "$BUNDLE" "$ID"
}

@test "a group of the user counts" {
	cp "$ROOTFS/bin/busybox" "$ROOTFS/tmp/echo"
	chown 0:77 "$ROOTFS/tmp/echo"
	chmod 750 "$ROOTFS/tmp/echo"
	config 'args (["/tmp/echo", "by group"])' '.process.user = {uid: 1000, gid: 1000, additionalGids: [77]}'
	runs run --bundle "$BUNDLE" "$ID"
	is 'by group'
}

@test "a directory, a FIFO, a socket, a device cannot be executed, and a FIFO is not waited for" {
	config 'args (["/bin"])'
	refused "exec '/bin': is a directory: permission denied"
	mkfifo -m 755 "$ROOTFS/bin/fifo"
	config 'args (["/bin/fifo"])'
	refused "exec '/bin/fifo': permission denied"
	config 'args (["/dev/null"])'
	refused "exec '/dev/null': permission denied"
}

@test "a file that is not executable is stepped over if a later one is; a directory too" {
	mkdir "$ROOTFS/a" "$ROOTFS/b" "$ROOTFS/a/echo"
	printf 'no' >"$ROOTFS/b/echo"
	config 'args (["echo", "third"])' '.process.env = ["PATH=/a:/b:/bin"]'
	runs run --bundle "$BUNDLE" "$ID"
	is third
	config '.process.env = ["PATH=/a:/b"]'
	refused "exec 'echo': permission denied"
	config '.process.env = ["PATH=/a"]'
	refused "exec 'echo': executable file not found in \$PATH"
}

@test "neither a program nor a script: exec format error, at start" {
	printf 'neither' >"$ROOTFS/bin/text"
	chmod 755 "$ROOTFS/bin/text"
	config 'args (["/bin/text"])'
	fails run --bundle "$BUNDLE" "$ID"
	says "exec '/bin/text': exec format error"
}

@test "a script whose interpreter is missing: the kernel's answer, with the name" {
	printf '#!/no/such/interpreter\n' >"$ROOTFS/bin/script"
	chmod 755 "$ROOTFS/bin/script"
	config 'args (["/bin/script"])'
	fails run --bundle "$BUNDLE" "$ID"
	says "exec '/bin/script'"
	says 'no such file or directory'
}

@test "dangling and looping links are said as what they are" {
	ln -s /nowhere "$ROOTFS/bin/dangling"
	ln -s loop "$ROOTFS/bin/loop"
	config 'args (["/bin/dangling"])'
	refused "exec '/bin/dangling': no such file or directory"
	config 'args (["/bin/loop"])'
	refused "exec '/bin/loop': too many levels of symbolic links"
}

@test "no arguments, an empty program: errors of the configuration" {
	config 'args ([])'
	refused 'process.args'
	config 'args ([""])'
	refused 'process.args[0]'
	config 'del (.process.args)'
	refused 'process.args'
}

@test "arguments arrive as they are, empty and many" {
	config 'args (["/bin/sh", "-c", "echo $#; printf \"<%s>\" \"$@\"", "sh", "", " a b ", "*", "$HOME", "\n", "é"])'
	runs run --bundle "$BUNDLE" "$ID"
	is "$(printf '6\n<>< a b ><*><$HOME><\n><é>')"
	config '.process.args = ["/bin/sh", "-c", "echo $#", "sh"] + [range (10000) | tostring]'
	runs run --bundle "$BUNDLE" "$ID"
	is 10000
}

@test "a noexec mount: permission denied" {
	config 'mount ("/tmp"; "tmpfs"; "tmpfs"; ["noexec", "tmpcopyup"])' 'args (["/tmp/echo"])'
	cp "$ROOTFS/bin/busybox" "$ROOTFS/tmp/echo"
	refused "exec '/tmp/echo': permission denied"
}
