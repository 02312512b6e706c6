#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Older kernels: what newer system calls do is done in another way, to the same end. Each is missing by itself, which no kernel ever did but
# seccomp profiles do, and all together. The tests are a selection of those of the other files; tests/run-oldkernel runs all of them.
# shellcheck disable=SC2016 # scripts are for the container's shell

load helpers
load mounts

# All that there is a way around.
NEW=openat2,clone3,mount_setattr,open_tree,fsopen,move_mount,close_range,faccessat2
MOUNT_API=open_tree,fsopen,fsmount,fsconfig,fspick,move_mount,mount_setattr

setup () {
	[ -x "$TEST_TOOLS/nosys" ] || { echo "missing: make check-tools"; false; }
	test_setup
}

# From now on the program is one that lacks these: NAME,…
without () {
	local program=${PROGRAM:-$CORACLE}
	PROGRAM=$program
	CORACLE=$WORK/without
	printf '#!/bin/sh\nexec %q %q -- %q "$@"\n' "$TEST_TOOLS/nosys" "$1" "$program" >"$CORACLE"
	chmod +x "$CORACLE"
}

# All kinds of mounts in one container, and what must be seen in it.
everything () {
	mkdir -p "$WORK/src/sub" "$ROOTFS/data" "$ROOTFS/secret"
	echo content >"$WORK/src/file"
	echo copied >"$ROOTFS/data/file"
	echo secret >"$ROOTFS/secret/file"
	echo secret >"$ROOTFS/etc/secret"
	ln -s /etc/target "$ROOTFS/link"
	echo target >"$ROOTFS/etc/target"
	config "bind(\"/ro\"; \"$WORK/src\"; [\"ro\", \"nosuid\", \"nodev\", \"noexec\", \"noatime\", \"private\"])" \
		"bind(\"/new/deep/file\"; \"$WORK/src/file\"; [\"rslave\"]) | bind(\"/link\"; \"$WORK/src/file\"; [\"ro\"])" \
		'mount("/data"; "tmpfs"; "t"; ["tmpcopyup", "nosuid", "size=1m"]) | mount("/rot"; "tmpfs"; "t"; ["ro", "shared"]) | mount("/rot/in"; "tmpfs"; "t"; ["strictatime"])' \
		'mount("/data"; "tmpfs"; "t"; ["remount", "size=2m", "noexec"]) | mount("/new/deep/file"; ""; ""; ["bind", "remount", "ro"])' \
		'.linux.maskedPaths += ["/secret", "/etc/secret", "/missing"] | .linux.readonlyPaths += ["/etc/group", "/home"] | .root.readonly = false' \
		'.linux.devices = [{path: "/dev/foo", type: "c", major: 1, minor: 5, uid: 7, fileMode: 384}]'
}
SEE='cat /ro/file /new/deep/file /link /data/file; ls -A /secret; cat /etc/secret; stat -c %t:%T:%a:%u /dev/foo; touch /rot/in/x /data/x /x; echo ---
for f in /ro/x /rot/x /home/x /etc/group /proc/sys/kernel/hostname /new/deep/file; do { echo -n >>$f && echo "$f can be written"; } 2>/dev/null; done; echo ---; readlink /dev/ptmx; cat /proc/self/mountinfo'
see_everything () {
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	[ "${output%%---*}" = $'content\ncontent\ncontent\ncopied\n1:5:600:7\n' ] || { echo "$output"; return 1; }
	[[ "$output" == *$'---\n---\npts/ptmx\n'* ]] || { echo "$output"; return 1; }
	bound /ro ro nosuid nodev noexec noatime
	[ "$(propagation_of /ro)" = private ]
	mounted /data tmpfs nosuid noexec
	[[ "$(mount_line /data)" == *size=2048k* ]]
	bound /rot ro
	[ "$(propagation_of /rot)" = shared ]
	not_mounted_with /rot/in relatime
	mounted /sys sysfs ro nosuid nodev noexec
	bound /sys/fs/cgroup ro nosuid nodev noexec
}

@test "control: with all of them" {
	everything
	run_sh "$SEE"
	see_everything
}

for_each='openat2 clone3 mount_setattr open_tree fsopen move_mount close_range pidfd_open faccessat2'

@test "each missing by itself" {
	local call
	everything
	for call in $for_each; do
		without "$call"
		rm -rf "$ROOTFS/x" "$ROOTFS/new"
		run_sh "$SEE"
		see_everything || { echo "without $call"; return 1; }
	done
}

@test "each refused with EPERM, as old seccomp profiles do" {
	local call
	everything
	for call in $for_each; do
		[ "$call" != clone3 ] || continue	# that is an answer of the kernel's as well
		without "$call=EPERM"
		rm -rf "$ROOTFS/x" "$ROOTFS/new"
		run_sh "$SEE"
		see_everything || { echo "without $call"; return 1; }
	done
}

@test "Linux 5.2 to 5.11: all of the mount API but mount_setattr" {
	everything
	without mount_setattr,close_range,faccessat2,openat2
	run_sh "$SEE"
	see_everything
}

@test "all missing together" {
	everything
	without "$NEW,$MOUNT_API,pidfd_open"
	run_sh "$SEE"
	see_everything
}

@test "all missing: create, start, kill, delete, and readonly root" {
	without "$NEW,$MOUNT_API"
	config '.root.readonly = true'
	start_container
	has_status running
	container_mounts
	bound / ro
	runs kill "$ID" KILL
	wait_until has_status stopped
	runs delete "$ID"
}

# Known by /proc/PID and the start time.
@test "a container that was made without pidfd_open: start, state, exec, kill, delete" {
	without pidfd_open
	start_container
	has_status running
	runs exec "$ID" echo in
	is in
	runs kill "$ID" KILL
	wait_until has_status stopped
	fails kill "$ID" KILL
	says "container not running"
	runs delete "$ID"
	start_container
	CORACLE=$PROGRAM
	has_status running	# and also where there is one
	without pidfd_open
	runs delete --force "$ID"
	wait_until test ! -e "/proc/$PID"
}

@test "… and another process with its pid is not taken for it" {
	without pidfd_open
	start_container
	sleep 1000 3>&- &
	jq --argjson pid $! '.pid = $pid' "$STATE/$ID/state.json" >"$WORK/state.json"
	cp "$WORK/state.json" "$STATE/$ID/state.json"
	has_status stopped
	runs delete --force "$ID"
	kill -0 $!
	kill $!
	kill -KILL "$PID"
}

@test "… made with it, and now it is missing: nobody says of a running container that it has stopped, and nothing is deleted" {
	need_call pidfd_open "a container that is made with it"
	local verb
	start_container
	without pidfd_open
	for verb in state "kill" "delete" "delete --force"; do
		# shellcheck disable=SC2086
		fails $verb "$ID"
		says "pidfd_open, which needs Linux 5.3"
	done
	CORACLE=$PROGRAM
	has_status running
}

@test "user namespace: devices by bind, /sys of the host, masks" {
	local call
	chown -R 100000:100000 "$ROOTFS"
	mkdir "$WORK/private"
	chmod 700 "$WORK/private"
	mkdir -m 755 "$WORK/src"
	echo content >"$WORK/src/file"
	config userns "bind(\"/v\"; \"$WORK/src\"; [\"ro\"])"
	for call in mount_setattr open_tree,move_mount,fsopen "$NEW,$MOUNT_API"; do
		without "$call"
		run_sh 'cat /v/file; for d in null zero tty; do stat -c %t:%T /dev/$d; done; ls /sys/firmware; wc -c </proc/keys; touch /v/x'
		says $'content\n1:3\n1:5\n5:0\n0\n'
		says "Read-only file system"
	done
}

@test "sysfs in a user namespace on the host's network: below it nothing of cgroups can be written (CVE-2023-25809)" {
	local call
	chown -R 100000:100000 "$ROOTFS"
	config userns 'no_ns("network")' '.mounts |= map (select (.type != "cgroup"))' 'caps(["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"])'
	for call in mount_setattr "$NEW,$MOUNT_API"; do
		without "$call"
		run_sh 'test -d /sys/kernel && mkdir /sys/x 2>&1; mkdir /sys/fs/cgroup/x 2>&1; for d in /sys/fs/cgroup/*/; do [ ! -d $d ] || mkdir $d/x 2>&1; done; cat /proc/self/mountinfo'
		bound /sys ro nosuid nodev noexec
		[ "$(grep -c "^mkdir:.*Read-only file system" <<<"$output")" -ge 2 ]
		not grep "^mkdir:" <(grep "^mkdir:" <<<"$output" | grep -v "Read-only file system")
	done
}

@test "what cannot be done without them is an error that names the kernel it needs" {
	mkdir "$WORK/src"
	without mount_setattr
	config "bind(\"/v\"; \"$WORK/src\"; [\"rro\"])"
	fails run --bundle "$BUNDLE" "$ID"
	says "recursive mount options (rro, rnosuid, …) for '/v' need Linux 5.12"
	config '.mounts |= .[:7]' "bind(\"/v\"; \"$WORK/src\"; [\"idmap=uids=0-2000-1;gids=0-2000-1\"])"
	fails run --bundle "$BUNDLE" "$ID"
	says "idmapped mounts need Linux 5.12"
	without "$NEW,$MOUNT_API"
	fails run --bundle "$BUNDLE" "$ID"
	says "idmapped mounts need Linux 5.12"
}

@test "a read-only path is so with what is mounted below" {
	local call
	mkdir "$WORK/vol" "$ROOTFS/data"
	ln -s /data "$ROOTFS/link"
	config 'mount("/data/a b"; "tmpfs"; "t"; ["nodev"])' "bind(\"/data/a b/vol\"; \"$WORK/vol\"; [])" 'mount("/database"; "tmpfs"; "t"; [])' \
		'.linux.readonlyPaths = ["/link"]'
	for call in mount_setattr "$NEW,$MOUNT_API"; do
		without "$call"
		run_sh 'for d in /data /data/a\ b /data/a\ b/vol /database; do touch "$d/x" 2>/dev/null && echo "$d"; done; cat /proc/self/mountinfo'
		[ "${lines[0]}" = /database ]
		[[ "${lines[1]}" != /* ]]
		bound '/data/a\\040b' ro nodev
	done
	touch "$WORK/vol/x"
}

@test "destination /: tmpfs, overlay and bind" {
	local call
	mkdir "$WORK"/{upper,work}
	cp -a "$ROOTFS/bin" "$WORK/bin"
	for call in mount_setattr "$NEW,$MOUNT_API"; do
		without "$call"
		config ".mounts = [{destination: \"/\", type: \"overlay\", source: \"o\", options: [\"lowerdir=$ROOTFS\", \"upperdir=$WORK/upper\", \"workdir=$WORK/work\"]}] + .mounts"
		run_sh 'touch /made; grep -c " / / .* - overlay" /proc/self/mountinfo'
		is 1
		[ ! -e "$ROOTFS/made" ]
		config '.mounts |= .[1:]' ".mounts = [{destination: \"/\", type: \"bind\", source: \"$ROOTFS\", options: [\"bind\", \"ro\"]}] + .mounts"
		run_sh 'touch /made'
		says "Read-only file system"
		config '.mounts |= .[1:]'
	done
}

@test "propagation shared, --no-pivot, a terminal" {
	in_private_ns shared
	local call before
	before=$(host_mounts)
	mkdir -p "$WORK/vol/sub"
	for call in mount_setattr "$NEW,$MOUNT_API"; do
		without "$call"
		if [ "$call" = mount_setattr ] && has_call open_tree; then	# Linux < 5.2: not of a volume that is on the same mount as the root
			config '.linux.rootfsPropagation = "rshared"' "bind(\"/vol\"; \"$WORK/vol\"; [\"rbind\", \"rshared\"])"
			start_container
			in_container mount -t tmpfs c /vol/sub
			in_ns grep -q " $WORK/vol/sub " /proc/self/mountinfo
			umount "$WORK/vol/sub"
			runs delete --force "$ID"
			config '.mounts |= .[:7]'
		fi
		config '.linux.rootfsPropagation = "rshared"'
		run_sh 'test -d /proc/self && cat /proc/self/mountinfo'
		[ "$status" -eq 0 ]
		[ "$(propagation_of /)" = shared ]
		[ "$(host_mounts)" = "$before" ]
		run_sh 'test -d /proc/self && echo fine' --no-pivot
		is fine
		[ "$(host_mounts)" = "$before" ]
		config '.linux.rootfsPropagation = "slave" | .process.terminal = true | sh("test -c /dev/console && tty")'
		run timeout 20 script -qec "$CORACLE --root $STATE run --bundle $BUNDLE $ID" /dev/null </dev/null 3>&-
		says /dev/pts/0
		config '.process.terminal = false'
	done
}

@test "cgroup v2 in a private view" {
	in_private_ns
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	local call
	config 'ns("cgroup")'
	for call in mount_setattr "$NEW,$MOUNT_API"; do
		without "$call"
		run_sh 'cat /sys/fs/cgroup/cgroup.procs; cat /proc/self/mountinfo'
		[ "${lines[0]}" = 1 ]
		mounted /sys/fs/cgroup cgroup2 ro nosuid nodev noexec
	done
}

@test "what the caller left open reaches neither hooks nor the container" {
	local call
	config "hook(\"createRuntime\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"ls /proc/self/fd >$WORK/fds\"]})" 'sh("ls /proc/self/fd")'
	for call in getrandom close_range "$NEW,$MOUNT_API"; do	# the first is not needed: the control
		without "$call"
		output=$("$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&- 7</etc/passwd 100</etc/passwd)
		[ "${output//$'\n'/ }" = "0 1 2 3" ] || { echo "$call: $output"; return 1; }
		[ "$(tr '\n' ' ' <"$WORK/fds")" = "0 1 2 3 " ] || { echo "$call: hook: $(cat "$WORK/fds")"; return 1; }
	done
}

@test "the notification socket, and root.path /" {
	local call
	export NOTIFY_SOCKET=$WORK/notify
	python3 -c 'import socket, sys; socket.socket (socket.AF_UNIX, socket.SOCK_DGRAM).bind (sys.argv[1])' "$NOTIFY_SOCKET"
	for call in mount_setattr "$NEW,$MOUNT_API"; do
		without "$call"
		runs create --pid-file "$WORK/pid" --bundle "$BUNDLE" "$ID"
		output=$(cat "/proc/$(cat "$WORK/pid")/mountinfo")
		bound /run/notify ro nosuid nodev noexec
		runs delete --force "$ID"
		cp "$BUNDLE/config.json" "$WORK/saved"
		config '.root = {path: "/", readonly: true}'
		(unset NOTIFY_SOCKET; run_sh 'touch /tmp/x; ls -d '"$WORK"; says "Read-only file system"; says "$WORK")
		cp "$WORK/saved" "$BUNDLE/config.json"
	done
}
