# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# config-linux.md "Control groups": seen from the host, in a container that is created.

in_cgroup () { # PATH: the process is there, in every hierarchy or the unified one
	awk -F: -v path="$1" '$3 == path { n++ } END { exit !n }' "/proc/$pid/cgroup" || fail "the process is in $(paste -sd ' ' "/proc/$pid/cgroup")"
}

cgroup_absolute () {
	created 'inside (["wait"])'
	in_cgroup "/$id"
}
must "config-linux.md Cgroups Path: in the case of an absolute path, the runtime MUST take the path to be relative to the cgroups mount point" cgroup_absolute

cgroup_deep () {
	created 'inside (["wait"])' '.linux.cgroupsPath = "/\($id)/a/b"'
	in_cgroup "/$id/a/b"
	rt delete --force "$id" || fail "delete failed"
	# Parents that the runtime made may stay or go; they are not of this container alone.
	cgroups_left | sort -r | while read -r f; do
		rmdir "$f"
	done
}
must "config-linux.md Cgroups Path: a path with several components" cgroup_deep

cgroup_consistent () {
	local first

	created 'inside (["wait"])'
	first=$(sort "/proc/$pid/cgroup")
	rt delete --force "$id" || fail "delete failed"
	created 'inside (["wait"])'
	[ "$(sort "/proc/$pid/cgroup")" = "$first" ] || fail "it is somewhere else now"
}
must "config-linux.md Cgroups Path: MUST consistently attach to the same place in the cgroups hierarchy given the same value" cgroup_consistent

cgroup_relative () {
	created 'inside (["wait"])' '.linux.cgroupsPath = $id'
	grep -q "$id" "/proc/$pid/cgroup" || fail "the process is in $(paste -sd ' ' "/proc/$pid/cgroup")"
}
must "config-linux.md Cgroups Path: in the case of a relative path, MAY interpret the path relative to a runtime-determined location" cgroup_relative

cgroup_default () {
	created 'inside (["wait"])' 'del (.linux.cgroupsPath)'
	! cmp -s "/proc/$pid/cgroup" /proc/self/cgroup || fail "the process is in the cgroup of its runtime"
}
must "config-linux.md Cgroups Path: if the value is not specified, the runtime MAY define the default cgroups path" cgroup_default

limit () { # NAME v1-controller file value v2-file value RESOURCES
	must "config-linux.md $1" limits "${@:2:5}" "resources ($7)"
}
M=16777216
limit "Memory: limit sets limit of memory usage" memory memory.limit_in_bytes $M memory.max $M "{memory: {limit: $M}}"
limit "Memory: values of -1 are unlimited" memory memory.limit_in_bytes 9223372036854771712 memory.max max '{memory: {limit: -1}}'
limit "Memory: reservation sets soft limit of memory usage" memory memory.soft_limit_in_bytes $M memory.low $M "{memory: {reservation: $M}}"
limit "Memory: swap sets limit of memory+Swap usage" memory memory.memsw.limit_in_bytes $((2 * M)) memory.swap.max $M "{memory: {limit: $M, swap: $((2 * M))}}"
limit "Memory: swappiness sets swappiness parameter of vmscan" memory memory.swappiness 17 memory.swappiness 17 '{memory: {swappiness: 17}}'
limit "CPU: shares specifies a relative share of CPU time" cpu cpu.shares 512 cpu.weight 59 '{cpu: {shares: 512}}'
limit "CPU: quota and period" cpu cpu.cfs_quota_us 25000 cpu.max '25000 50000' '{cpu: {quota: 25000, period: 50000}}'
limit "CPU: period specifies the CFS scheduler period" cpu cpu.cfs_period_us 50000 cpu.max '25000 50000' '{cpu: {quota: 25000, period: 50000}}'
limit "CPU: idle: cgroups are configured with minimum weight" cpu cpu.idle 1 cpu.idle 1 '{cpu: {idle: 1}}'
limit "CPU: burst specifies the maximum amount of accumulated time" cpu cpu.cfs_burst_us 10000 cpu.max.burst 10000 '{cpu: {quota: 25000, period: 50000, burst: 10000}}'
limit "CPU: cpus is the list of CPUs to run on" cpuset cpuset.cpus 0 cpuset.cpus 0 '{cpu: {cpus: "0"}}'
limit "CPU: mems is the list of memory nodes" cpuset cpuset.mems 0 cpuset.mems 0 '{cpu: {mems: "0"}}'
limit "PIDs: limit specifies the maximum number of tasks in the cgroup" pids pids.max 77 pids.max 77 '{pids: {limit: 77}}'
limit "PIDs: limit -1 is unlimited" pids pids.max max pids.max max '{pids: {limit: -1}}'
limit "Block IO: weight specifies per-cgroup weight" blkio blkio.bfq.weight 321 io.bfq.weight 321 '{blockIO: {weight: 321}}'
limit "Huge page limits: limit" hugetlb hugetlb.2MB.limit_in_bytes 4194304 hugetlb.2MB.max 4194304 '{hugepageLimits: [{pageSize: "2MB", limit: 4194304}]}'
limit "Network: classID is the network class identifier" net_cls net_cls.classid 1048577 net_cls.classid 1048577 '{network: {classID: 1048577}}'

throttle () { # PROPERTY FILE VALUE
	local dev

	has_controller blkio io
	dev=$(lsblk -rndo MAJ:MIN 2>/dev/null | head -n 1)
	[ -n "$dev" ] || skip "no block device on this host"
	limits blkio "blkio.throttle.$2_device" "$dev $3" io.max "$dev $4" \
		"resources ({blockIO: {\"$1\": [{major: ${dev%:*}, minor: ${dev#*:}, rate: $3}]}})"
}
must "config-linux.md Block IO: throttleReadBpsDevice" throttle throttleReadBpsDevice read_bps 1048576 'rbps=1048576 wbps=max riops=max wiops=max'
must "config-linux.md Block IO: throttleWriteBpsDevice" throttle throttleWriteBpsDevice write_bps 1048576 'rbps=max wbps=1048576 riops=max wiops=max'
must "config-linux.md Block IO: throttleReadIOPSDevice" throttle throttleReadIOPSDevice read_iops 100 'rbps=max wbps=max riops=100 wiops=max'
must "config-linux.md Block IO: throttleWriteIOPSDevice" throttle throttleWriteIOPSDevice write_iops 100 'rbps=max wbps=max riops=max wiops=100'

must "config-linux.md PIDs: limit (int64, REQUIRED)" refuses '.linux.resources.pids = {limit: "many"}'
must "config-linux.md Huge page limits: an unknown page size is an error" refuses 'resources ({hugepageLimits: [{pageSize: "3MB", limit: 0}]})'
must "config-linux.md CPU: what the kernel refuses is an error (cpus)" refuses 'resources ({cpu: {cpus: "4000"}})'
must "config-linux.md CPU: what the kernel refuses is an error (quota)" refuses 'resources ({cpu: {quota: 1, period: 50000}})'

limit_enforced () {
	local i

	has_controller pids
	created 'inside (["wait"])' 'resources ({pids: {limit: 5}})'
	in_cgroup "/$id"
	[ "$(cgroup_file pids pids.current pids.current)" -ge 1 ] || fail "the process is not counted"
}
must "config-linux.md Resources: a runtime MUST at least use the minimum set of cgroup controllers required to fulfill the resources settings" limit_enforced

# ---- the device list

open_device () { # RULES ANSWER: 240:5 belongs to nobody, so that "no such device" is the answer of one that may be opened
	finished 'inside (["open", "/dev/experimental"])' '.linux.devices = [{path: "/dev/experimental", type: "c", major: 240, minor: 5}]' \
		"resources ({devices: $1})"
	grep -qF "/dev/experimental $2" "$work/stdout" || fail "$(<"$work/stdout")"
}
allowed='No such device' denied='Operation not permitted'
must "config-linux.md Allowed Device list: allow false: the entry is denied" open_device '[{allow: false, access: "rwm"}]' "$denied"
must "config-linux.md Allowed Device list: allow true: the entry is allowed" open_device \
	'[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 240, minor: 5, access: "r"}]' "$allowed"
must "config-linux.md Allowed Device list: the runtime MUST apply entries in the listed order (allow, deny)" open_device \
	'[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 240, minor: 5, access: "rwm"}, {allow: false, type: "c", major: 240, minor: 5, access: "rwm"}]' "$denied"
must "config-linux.md Allowed Device list: the runtime MUST apply entries in the listed order (deny, allow)" open_device \
	'[{allow: false, access: "rwm"}, {allow: false, type: "c", major: 240, minor: 5, access: "rwm"}, {allow: true, type: "c", major: 240, minor: 5, access: "rwm"}]' "$allowed"
must "config-linux.md Allowed Device list: unset major or minor is all" open_device '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 240, access: "r"}]' "$allowed"
must "config-linux.md Allowed Device list: access: another access than that asked for is denied" open_device \
	'[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 240, minor: 5, access: "w"}]' "$denied"
must "config-linux.md Allowed Device list: type: a device of another type is denied" open_device \
	'[{allow: false, access: "rwm"}, {allow: true, type: "b", major: 240, minor: 5, access: "rwm"}]' "$denied"

default_devices_open () {
	finished 'inside (["open", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"])' 'resources ({devices: [{allow: false, access: "rwm"}]})'
	[ "$(grep -c opened "$work/stdout")" -eq 5 ] || fail "$(<"$work/stdout")"
}
must "config-linux.md Default Devices: the default devices can be used whatever the device list says" default_devices_open

# ---- ownership

# config-linux.md "Cgroup ownership", the conditions under which the owner MAY be changed: cgroup v2, a cgroup namespace of the container, and a
# writable cgroup file system in it; to whom: the host's uid of process.user.uid.
owned_cgroup () { # OPTIONS OF THE MOUNT, OWNER
	[ "$CGROUP" = v2 ] || skip "the unified hierarchy is not the only one on this host"
	created 'userns | ns ("cgroup")' "mount (\"/a\"; \"cgroup\"; \"cgroup\"; $1)" 'inside (["wait"])'
	[ "$(stat -c %u "/sys/fs/cgroup/$id")" = "$2" ] || fail "the owner of the cgroup is $(stat -c %u "/sys/fs/cgroup/$id")"
	[ "$(stat -c %u "/sys/fs/cgroup/$id/cgroup.procs")" = "$2" ] || fail "the owner of cgroup.procs is $(stat -c %u "/sys/fs/cgroup/$id/cgroup.procs")"
	[ "$(stat -c %u "/sys/fs/cgroup/$id/cgroup.max.depth")" = 0 ] || fail "cgroup.max.depth, which is not to be delegated, has been"
	rt kill "$id" KILL
	await_exit
	rt delete "$id" || fail "delete failed"
}
must "config-linux.md Cgroup ownership: SHOULD be the container's user, on a writable v2 cgroup in an own cgroup namespace" owned_cgroup '["nosuid"]' 100000
must "config-linux.md Cgroup ownership: SHOULD NOT be changed if the cgroup file system is mounted read-only" owned_cgroup '["nosuid", "ro"]' 0

# ---- unified

unified_only () {
	[ "$CGROUP" = v2 ] || skip "the unified hierarchy is not the only one on this host"
}

unified () { # FILE VALUE
	unified_only
	limits "${1%%.*}" - - "$1" "$2" "resources ({unified: {\"$1\": \"$2\"}})"
}
must "config-linux.md Unified: each key refers to a file in the cgroup unified hierarchy (pids)" unified pids.max 55
must "config-linux.md Unified: each key refers to a file in the cgroup unified hierarchy (memory)" unified memory.high 33554432
must "config-linux.md Unified: each key refers to a file in the cgroup unified hierarchy (hugetlb)" unified hugetlb.2MB.max 2097152

unified_refuses () {
	unified_only
	refuses "resources ({unified: $1})"
}
must "config-linux.md Unified: MUST generate an error when the configuration refers to a cgroup controller that is not present" unified_refuses '{"nosuch.max": "1"}'
must "config-linux.md Unified: a key that is no file name is an error" unified_refuses '{"../cgroup.procs": "1"}'
