#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# User, groups, umask, HOME: exactly what config.json says; names of the image mean nothing.

load helpers

ids () { run_sh 'grep -E "^(Uid|Gid|Groups)" /proc/self/status | tr -s "\t " " "'; }

@test "uid, gid and groups are those of config.json, and all four of each kind" {
	config '.process.user = {uid: 1000, gid: 1001, additionalGids: [7, 8, 4000000000]}'
	ids
	says 'Uid: 1000 1000 1000 1000'
	says 'Gid: 1001 1001 1001 1001'
	says 'Groups: 7 8 4000000000'
}

# CVE-2016-3697, CVE-2024-40635, CVE-2026-46680: a number is never a name of the image, nor cut to 31 bits.
@test "a user of the image that is called like the number is not taken for it" {
	printf '1000:x:0:0::/:/bin/sh\nroot:x:0:0::/root:/bin/sh\n' >"$ROOTFS/etc/passwd"
	config '.process.user = {uid: 1000, gid: 1000}'
	ids
	says 'Uid: 1000 1000 1000 1000'
}

@test "large ids: 3000000000 is valid, 4294967295 and beyond are errors, never root" {
	config '.process.user = {uid: 3000000000, gid: 3000000000}'
	ids
	says 'Uid: 3000000000 3000000000 3000000000 3000000000'
	config '.process.user = {uid: 4294967294, gid: 0}'
	ids
	says 'Uid: 4294967294 '
	for bad in '{uid: 4294967295, gid: 0}' '{uid: 0, gid: 4294967295}' '{uid: 4294967296, gid: 0}' '{uid: -1, gid: 0}' '{uid: "1000", gid: 0}' \
		'{uid: 1000.5, gid: 0}' '{uid: 1, gid: 1, additionalGids: [4294967295]}' '{uid: 1, gid: 1, additionalGids: [-1]}'; do
		config ".process.user = $bad"
		fails run --bundle "$BUNDLE" "$ID"
		says 'process.user.'
	done
}

# CVE-2022-2989, CVE-2023-25173
@test "groups of the caller do not come along" {
	config '.process.user = {uid: 1000, gid: 1000}' 'sh ("id -G; grep Groups /proc/self/status")'
	run setpriv --groups 3,4,5 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 0 ]
	[[ "$output" == "1000"* ]]
	[[ "$(tr -d '\t ' <<<"$output")" == *"Groups:" ]]
}

@test "groups of the caller that cannot be dropped are an error" {
	run setpriv --groups 3,4,5 --bounding-set -setgid --inh-caps -setgid "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says 'process.user.additionalGids: set 0 groups: operation not permitted'
}

@test "where the caller has no groups, the right to drop them is not missed" {
	run setpriv --clear-groups --bounding-set -setgid --inh-caps -setgid "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 0 ]
}

@test "run.oci.keep_original_groups leaves the caller's groups" {
	config '.process.user = {uid: 1000, gid: 1000} | .annotations["run.oci.keep_original_groups"] = "1"' 'sh ("id -G")'
	run setpriv --groups 3,4,5 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is '1000 3 4 5'
}

@test "many groups: 3000 are set, more than the kernel takes are an error" {
	config '.process.user.additionalGids = [range (10000; 13000)]'
	run_sh 'id -G | wc -w'
	is 3001
	config '.process.user.additionalGids = [range (100000; 165537)]'
	fails run --bundle "$BUNDLE" "$ID"
	says 'process.user.additionalGids: 65537 groups'
}

@test "umask: 0022 unless given, also when the caller has another" {
	config 'sh ("umask; touch /tmp/u && stat -c %a /tmp/u; rm -f /tmp/u")'
	run sh -c 'umask 0077; exec "$@"' sh "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is "$(printf '0022\n644')"
	config '.process.user.umask = 63'	# 077
	run_sh 'umask'
	is 0077
	config '.process.user.umask = 0'
	run_sh 'umask'
	is 0000
	config '.process.user.umask = 512'
	fails run --bundle "$BUNDLE" "$ID"
	says 'process.user.umask'
}

# ---- HOME -----------------------------------------------------------------------------------------------------------------

@test "HOME comes from the image's passwd by uid; '/' if it is not there" {
	run_sh 'echo "$HOME"'
	is /root
	config '.process.user.uid = 1000'
	run_sh 'echo "$HOME"'
	is /home/user
	config '.process.user.uid = 4242'
	run_sh 'echo "$HOME"'
	is /
	rm "$ROOTFS/etc/passwd"
	run_sh 'echo "$HOME"'
	is /
	rmdir "$ROOTFS/etc/passwd" 2>/dev/null || mkdir "$ROOTFS/etc/passwd"
	run_sh 'echo "$HOME"'
	is /
}

@test "HOME of config.json wins; an empty one is replaced" {
	config '.process.env += ["HOME=/elsewhere"]'
	run_sh 'echo "$HOME"'
	is /elsewhere
	config '.process.env -= ["HOME=/elsewhere"] | .process.env += ["HOME="]'
	run_sh 'echo "$HOME"'
	is /root
}

@test "damaged lines of passwd are stepped over" {
	{
		printf 'nonsense\n\n:::::\nx:x:notanumber:0::/bad:\nroot:x:00x:0::/bad:/bin/sh\n'
		head -c 100000 /dev/zero | tr '\0' a
		printf ':x:0:0::/bad:/bin/sh\nroot:x:0:0:root:/good:/bin/sh'
	} >"$ROOTFS/etc/passwd"
	run_sh 'echo "$HOME"'
	is /good
}

# CVE-2024-9676: all peers wait for ever for a writer of this FIFO.
@test "a FIFO, a socket, a device in the place of passwd do not stop the container" {
	rm "$ROOTFS/etc/passwd"
	mkfifo "$ROOTFS/etc/passwd"
	SECONDS=0
	run_sh 'echo "$HOME"'
	is /
	rm "$ROOTFS/etc/passwd"
	ln -s /dev/zero "$ROOTFS/etc/passwd"
	run_sh 'echo "$HOME"'
	is /
	ln -sfn /proc/self/fd/0 "$ROOTFS/etc/passwd"
	run_sh 'echo "$HOME"' </dev/zero
	is /
	ln -sfn passwd "$ROOTFS/etc/passwd"
	run_sh 'echo "$HOME"'
	is /
	rm "$ROOTFS/etc/passwd"
	python3 -c 'import socket, sys; socket.socket (socket.AF_UNIX).bind (sys.argv[1])' "$ROOTFS/etc/passwd"
	run_sh 'echo "$HOME"'
	is /
}

@test "what is no file of the image is not read for passwd: a pipe loses nothing, the kernel says nothing" {
	ln -sfn /proc/self/fd/0 "$ROOTFS/etc/passwd"
	run_sh 'echo "$HOME"; cat' < <(echo root:x:0:0::/wrong:/bin/sh)
	is $'/\nroot:x:0:0::/wrong:/bin/sh'
	ln -sfn /proc/sys/kernel/hostname "$ROOTFS/etc/passwd"
	config 'ns ("uts") | .hostname = "root:x:0:0::/wrong:/bin/sh"'
	run_sh 'cat /etc/passwd; echo "$HOME"'
	is $'root:x:0:0::/wrong:/bin/sh\n/'
}

@test "300 MB of passwd cost neither time nor memory" {
	truncate -s 300M "$ROOTFS/etc/passwd"
	printf '\nroot:x:0:0::/root:/bin/sh\n' >>"$ROOTFS/etc/passwd"
	SECONDS=0
	config '.linux.resources.memory.limit = 100000000' 'sh ("echo $HOME")'
	runs run --bundle "$BUNDLE" "$ID"
	is /
	[ "$SECONDS" -lt 3 ]
}

# ---- standard streams -----------------------------------------------------------------------------------------------------------

@test "an ordinary user can open /dev/stdout and /dev/stderr again when they are pipes" {
	config '.process.user = {uid: 1000, gid: 1000}' 'sh ("echo out >/dev/stdout; echo err >/dev/stderr")'
	run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	says out
	says err
}

@test "a file that is only read from keeps its owner, as the null device does" {
	echo hello >"$WORK/input"
	chmod 600 "$WORK/input"
	before=$(stat -c '%u:%g:%a' /dev/null)
	config '.process.user = {uid: 1000, gid: 1000}' 'args (["/bin/cat"])'
	coracle run --bundle "$BUNDLE" "$ID" <"$WORK/input" >"$WORK/out" 2>/dev/null
	[ "$(cat "$WORK/out")" = hello ]
	[ "$(stat -c %u "$WORK/input")" = 0 ]
	[ "$(stat -c '%u:%g:%a' /dev/null)" = "$before" ]
}
