#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# update: every option, only what is given, in an order that the kernel takes; devices.

load helpers

up () {
	config 'args (["/bin/sleep", "1000"])' "$@"
	runs run --detach --bundle "$BUNDLE" "$ID"
}
v1 () { [ "$(cgroup_mode)" != v2 ]; }
# dir CONTROLLER: its cgroup there; skips the test if there is none
dir () {
	local d
	if v1; then
		d=$(ls -d /sys/fs/cgroup/*/ | grep -E "[/,]$1[/,]" | head -n 1)$ID
	else
		d=/sys/fs/cgroup/$ID
		grep -qw "$1" /sys/fs/cgroup/cgroup.controllers || skip "no $1 controller in cgroup v2 here"
	fi
	[ -d "$d" ] || skip "no $1 controller here"
	echo "$d"
}
# has CONTROLLER V1-FILE V2-FILE V1-VALUE V2-VALUE
has () {
	local d file=$2 want=$4
	d=$(dir "$1")
	v1 || { file=$3 want=$5; }
	[ "$(cat "$d/$file")" = "$want" ] || { echo "$file: $(cat "$d/$file"), not $want"; return 1; }
}

@test "--memory, --memory-reservation with units; the rest stays" {
	up
	dir memory >/dev/null
	runs update --memory 64M --memory-reservation 32MiB "$ID"
	is ""
	has memory memory.limit_in_bytes memory.max 67108864 67108864
	has memory memory.soft_limit_in_bytes memory.low 33554432 33554432
	runs update --memory 50331648 "$ID"
	has memory memory.limit_in_bytes memory.max 50331648 50331648
	has memory memory.soft_limit_in_bytes memory.low 33554432 33554432
}

@test "--memory-swap: up and down, in any order that the kernel needs" {
	up
	d=$(dir memory)
	v1 && [ ! -e "$d/memory.memsw.limit_in_bytes" ] && skip "no swap accounting"
	v1 || [ -e "$d/memory.swap.max" ] || skip "no swap accounting"
	for size in 64 128 32 256 16; do
		runs update --memory ${size}M --memory-swap $((2 * size))M "$ID"
		has memory memory.memsw.limit_in_bytes memory.swap.max $((2 * size * 1048576)) $((size * 1048576))
		has memory memory.limit_in_bytes memory.max $((size * 1048576)) $((size * 1048576))
	done
	runs update --memory-swap 64M "$ID"
	has memory memory.memsw.limit_in_bytes memory.swap.max 67108864 50331648
	runs update --memory -1 --memory-swap -1 "$ID"
	has memory memory.limit_in_bytes memory.max 9223372036854771712 max
}

@test "memory.checkBeforeUpdate: a limit below what is in use is refused, and stays what it was" {
	up 'mount ("/tmp"; "tmpfs"; "tmpfs"; ["size=64m"])'
	dir memory >/dev/null
	runs update --memory 64M "$ID"
	runs exec "$ID" dd if=/dev/zero of=/tmp/used bs=1M count=16
	echo '{"memory": {"limit": 8388608, "checkBeforeUpdate": true}}' >"$WORK/resources"
	fails update --resources "$WORK/resources" "$ID"
	says "memory.limit: 8388608 is below the current usage of "
	has memory memory.limit_in_bytes memory.max 67108864 67108864
	echo '{"memory": {"limit": 50331648, "checkBeforeUpdate": true}}' >"$WORK/resources"
	runs update --resources "$WORK/resources" "$ID"
	has memory memory.limit_in_bytes memory.max 50331648 50331648
}

@test "--kernel-memory and --kernel-memory-tcp: accepted where they mean nothing" {
	up
	if v1; then
		d=$(dir memory)
		run_to_file update --kernel-memory-tcp 16M "$ID"
		[ "$status" -ne 0 ] || [ "$(cat "$d/memory.kmem.tcp.limit_in_bytes")" = 16777216 ]
		run_to_file update --kernel-memory 16M "$ID" # not supported by the kernel since 5.16
	else
		runs update --kernel-memory 16M --kernel-memory-tcp 16M "$ID"
	fi
}

@test "--cpu-share, --cpu-quota, --cpu-period, --cpu-burst, --cpu-idle" {
	up
	dir cpu >/dev/null
	runs update --cpu-share 512 "$ID"
	has cpu cpu.shares cpu.weight 512 59
	runs update --cpu-quota 50000 --cpu-period 200000 "$ID"
	v1 || has cpu - cpu.max - "50000 200000"
	! v1 || { has cpu cpu.cfs_quota_us - 50000; has cpu cpu.cfs_period_us - 200000; }
	runs update --cpu-quota 60000 "$ID" # the period stays
	v1 || has cpu - cpu.max - "60000 200000"
	! v1 || { has cpu cpu.cfs_quota_us - 60000; has cpu cpu.cfs_period_us - 200000; }
	runs update --cpu-period 100000 "$ID" # the quota stays
	v1 || has cpu - cpu.max - "60000 100000"
	! v1 || { has cpu cpu.cfs_quota_us - 60000; has cpu cpu.cfs_period_us - 100000; }
	d=$(dir cpu)
	if [ -e "$d/cpu.cfs_burst_us" ] || [ -e "$d/cpu.max.burst" ]; then
		runs update --cpu-burst 5000 "$ID"
		has cpu cpu.cfs_burst_us cpu.max.burst 5000 5000
	fi
	if [ -e "$d/cpu.idle" ]; then
		runs update --cpu-idle 1 "$ID"
		has cpu cpu.idle cpu.idle 1 1
	fi
}

@test "--cpu-rt-period, --cpu-rt-runtime" {
	up
	d=$(dir cpu)
	[ -e "$d/cpu.rt_runtime_us" ] || {
		fails update --cpu-rt-period 1000000 --cpu-rt-runtime 1000 "$ID"
		says "realtime"
		return
	}
	runs update --cpu-rt-period 1000000 "$ID"
	runs update --cpu-rt-runtime 0 "$ID"
}

@test "--cpuset-cpus, --cpuset-mems" {
	up
	dir cpuset >/dev/null
	runs update --cpuset-cpus 0 --cpuset-mems 0 "$ID"
	has cpuset cpuset.cpus cpuset.cpus 0 0
	has cpuset cpuset.mems cpuset.mems 0 0
}

@test "--pids-limit" {
	up
	dir pids >/dev/null
	runs update --pids-limit 77 "$ID"
	has pids pids.max pids.max 77 77
	runs update --pids-limit -1 "$ID"
	has pids pids.max pids.max max max
}

@test "--blkio-weight" {
	up
	dir "$(v1 && echo blkio || echo io)" >/dev/null
	d=$(dir "$(v1 && echo blkio || echo io)")
	ls "$d"/*weight >/dev/null 2>&1 || {
		fails update --blkio-weight 300 "$ID"
		says "blockIO.weight"
		return
	}
	runs update --blkio-weight 300 "$ID"
	# io.weight has another scale
	grep -qE '(^| )(300|2930)$' "$d"/*weight || { grep . "$d"/*weight; return 1; }
	fails update --blkio-weight 9 "$ID"
	says "10 to 1000"
}

@test "--l3-cache-schema, --mem-bw-schema: only for a container with linux.intelRdt" {
	up
	fails update --l3-cache-schema "L3:0=1" "$ID"
	says "intelRdt"
	fails update --mem-bw-schema "MB:0=10" "$ID"
	says "intelRdt"
}

@test "--resources: a file, standard input; zeros and what is absent stay" {
	up
	dir pids >/dev/null
	runs update --pids-limit 50 "$ID"
	echo '{"pids": {"limit": 60}, "memory": {"limit": 0}, "cpu": {"shares": 0}}' >"$WORK/r.json"
	runs update --resources "$WORK/r.json" "$ID"
	has pids pids.max pids.max 60 60
	output=$("$CORACLE" --root "$STATE" update -r - "$ID" <<<'{"pids": {"limit": 61}}' 2>&1 3>&-)
	is ""
	has pids pids.max pids.max 61 61
	"$CORACLE" --root "$STATE" update -r - "$ID" <<<'{"pids": {"limit": 0}}' 3>&-
	has pids pids.max pids.max 61 61
}

@test "what is no number, size or list is refused, and changes nothing" {
	up
	dir pids >/dev/null
	runs update --pids-limit 50 "$ID"
	for bad in "--pids-limit many" "--memory 12Q" "--cpu-share -1" "--memory -2" "--blkio-weight 70000" "--cpuset-cpus 0-x"; do
		# shellcheck disable=SC2086
		fails update --pids-limit 40 $bad "$ID"
	done
	for bad in '[1,2,3]' '{"memory": {"limit": "lots"}}' '' '{'; do
		echo "$bad" >"$WORK/r.json"
		fails update --resources "$WORK/r.json" "$ID"
	done
	fails update --resources "$WORK/none" "$ID"
	has pids pids.max pids.max 50 50
}

@test "a stopped container, an unknown one" {
	config 'args (["/bin/true"])'
	runs run --detach --bundle "$BUNDLE" "$ID"
	wait_until has_status stopped
	fails update --pids-limit 5 "$ID"
	says "container not running"
	fails update --pids-limit 5 nosuch
	says "does not exist"
}

@test "devices of --resources replace the rules" {
	up 'resources ({devices: [{allow: false, access: "rwm"}]})' 'caps (["CAP_MKNOD", "CAP_DAC_OVERRIDE"])'
	runs exec --detach "$ID" true
	coracle exec "$ID" mknod /tmp/fuse c 10 229
	run_to_file exec "$ID" sh -c ': </tmp/fuse'
	says "Operation not permitted"
	"$CORACLE" --root "$STATE" update -r - "$ID" <<<'{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}]}' 3>&-
	run_to_file exec "$ID" sh -c ': </tmp/fuse'
	lacks "Operation not permitted"
	runs exec "$ID" sh -c ': </dev/null'
	has_status running
	"$CORACLE" --root "$STATE" update -r - "$ID" <<<'{"devices": [{"allow": false, "access": "rwm"}]}' 3>&-
	run_to_file exec "$ID" sh -c ': </tmp/fuse'
	says "Operation not permitted"
}

@test "--device-add makes the node and allows it, --device-rm takes both back" {
	up 'resources ({devices: [{allow: false, access: "rwm"}]})'
	mknod "$WORK/dev" c 10 229 # fuse
	runs update --device-add "$WORK/dev:/dev/log1:r" "$ID"
	runs exec "$ID" sh -c 'ls -l /dev/log1'
	says "10, 229"
	run_to_file exec "$ID" sh -c ': </dev/log1'
	lacks "not permitted"
	run_to_file exec "$ID" sh -c ': >/dev/log1'
	says "not permitted"
	runs update --device-rm /dev/log1 "$ID"
	run_to_file exec "$ID" ls /dev/log1
	[ "$status" -ne 0 ]
	for bad in dev /dev/none /etc/passwd "$WORK/dev:rel" "$WORK/dev:/dev/x:q" "$WORK/dev:/dev/x:r:r"; do
		fails update --device-add "$bad" "$ID"
	done
	fails update --device-rm /etc/passwd "$ID"
	says "no device"
}

@test "--device-add of a node that is there: it is allowed; of another one: nothing is changed" {
	up 'resources ({devices: [{allow: false, access: "rwm"}]})' 'caps (["CAP_MKNOD", "CAP_DAC_OVERRIDE"])'
	mknod -m 666 "$WORK/dev" c 10 229 # fuse
	coracle exec "$ID" mknod /dev/mine c 10 229
	touch "$ROOTFS/etc/taken"
	fails update --device-add "$WORK/dev:/etc/taken" "$ID"
	says "file exists"
	run_to_file exec "$ID" sh -c ': </dev/mine'
	says "Operation not permitted"
	runs update --device-add "$WORK/dev:/dev/mine" "$ID"
	run_to_file exec "$ID" sh -c ': </dev/mine'
	lacks "not permitted"
	# another one in its place
	mknod -m 666 "$WORK/zero" c 1 5
	runs update --device-rm /dev/mine --device-add "$WORK/zero:/dev/mine" "$ID"
	runs exec "$ID" sh -c 'head -c 3 /dev/mine | wc -c'
	is 3
}

@test "devices of --resources bring no rules into a user namespace, where there are none" {
	chown -R 100000:100000 "$ROOTFS"
	chmod 711 "$BUNDLE"
	mknod -m 666 "$WORK/dev" c 10 229
	up userns "bind (\"/dev/bound\"; \"$WORK/dev\"; [\"rw\"])" 'resources ({devices: [{allow: false, access: "rwm"}]})'
	run_to_file exec "$ID" sh -c ': </dev/bound'
	lacks "not permitted"
	"$CORACLE" --root "$STATE" update -r - "$ID" <<<'{"devices": [{"allow": false, "access": "rwm"}], "pids": {"limit": 55}}' 3>&-
	run_to_file exec "$ID" sh -c ': </dev/bound'
	lacks "not permitted"
}

@test "--device-add in a user namespace: the host's node is bound" {
	for call in mount_setattr pidfd_open; do need_call "$call" "mounts in a container that runs"; done
	chown -R 100000:100000 "$ROOTFS"
	chmod 711 "$BUNDLE"
	up userns
	mknod -m 666 "$WORK/dev" c 1 5
	runs update --device-add "$WORK/dev:/dev/zero1" "$ID"
	runs exec "$ID" sh -c 'head -c 3 /dev/zero1 | wc -c'
	is 3
	runs update --device-rm /dev/zero1 "$ID"
	run_to_file exec "$ID" ls /dev/zero1
	[ "$status" -ne 0 ]
}
