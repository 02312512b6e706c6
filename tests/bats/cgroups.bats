#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Control groups v1 and hybrid: each limit read back from its file, devices, paths, what is never touched. v2: cgroups-v2.bats.

load helpers

setup () {
	need_root
	[ "$(cgroup_mode)" != v2 ] || skip "this host has cgroup v2 only"
	test_setup
	config 'args (["/bin/sleep", "1000"])'
}

teardown () {
	rmdir /sys/fs/cgroup/*/"${ID:-none}"-x/* /sys/fs/cgroup/*/"${ID:-none}"-x 2>/dev/null || true
	[ -z "$WORK" ] || test_teardown
}

value () { cat "/sys/fs/cgroup/$1/$ID/$2"; }
has_file () { [ -e "/sys/fs/cgroup/$1/$2" ]; }
# limit CONTROLLER FILE RESOURCES VALUE: the configuration has these resources, and then the file this value
limit () {
	has_file "$1" "$2" || { echo "# no $1/$2 here"; return 0; }
	config "del (.linux.resources) | .linux.resources = $3"
	runs create --bundle "$BUNDLE" "$ID"
	[ "$(value "$1" "$2")" = "$4" ] || { echo "$2 is $(value "$1" "$2"), not $4"; return 1; }
	coracle delete --force "$ID"
	[ ! -e "/sys/fs/cgroup/$1/$ID" ]
}

@test "memory limits, one by one" {
	has_file memory memory.usage_in_bytes || skip "there is no memory controller"
	limit memory memory.limit_in_bytes '{memory: {limit: 67108864}}' 67108864
	limit memory memory.soft_limit_in_bytes '{memory: {reservation: 33554432}}' 33554432
	limit memory memory.memsw.limit_in_bytes '{memory: {limit: 67108864, swap: 134217728}}' 134217728
	limit memory memory.limit_in_bytes '{memory: {limit: 67108864, swap: -1}}' 67108864
	limit memory memory.kmem.tcp.limit_in_bytes '{memory: {kernelTCP: 16777216}}' 16777216
	limit memory memory.swappiness '{memory: {swappiness: 33}}' 33
	limit memory memory.swappiness '{memory: {swappiness: 0}}' 0
	limit memory memory.limit_in_bytes '{memory: {limit: -1}}' "$(cat /sys/fs/cgroup/memory/memory.limit_in_bytes)"
	limit memory memory.use_hierarchy '{memory: {useHierarchy: true}}' 1
	config 'del (.linux.resources) | .linux.resources.memory = {limit: 67108864, disableOOMKiller: true}'
	runs create --bundle "$BUNDLE" "$ID"
	grep -q '^oom_kill_disable 1' "/sys/fs/cgroup/memory/$ID/memory.oom_control"
}

@test "memory: swap below limit, and swap without a limit" {
	config '.linux.resources.memory = {limit: 67108864, swap: 33554432}'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.resources.memory.swap: 33554432 is less than limit 67108864'
}

@test "cpu limits, one by one" {
	has_file cpu cpu.shares || skip "there is no cpu controller"
	limit cpu cpu.shares '{cpu: {shares: 333}}' 333
	limit cpu cpu.cfs_quota_us '{cpu: {quota: 50000}}' 50000
	limit cpu cpu.cfs_period_us '{cpu: {period: 50000}}' 50000
	limit cpu cpu.cfs_quota_us '{cpu: {quota: 20000, period: 40000}}' 20000
	limit cpu cpu.cfs_quota_us '{cpu: {quota: -1}}' -1
	limit cpu cpu.cfs_burst_us '{cpu: {quota: 50000, burst: 10000}}' 10000
	limit cpu cpu.rt_period_us '{cpu: {realtimePeriod: 500000}}' 500000
	limit cpu cpu.rt_runtime_us '{cpu: {realtimeRuntime: 5000}}' 5000
	limit cpu cpu.idle '{cpu: {idle: 1}}' 1
	limit cpuset cpuset.cpus '{cpu: {cpus: "0"}}' 0
	limit cpuset cpuset.mems '{cpu: {mems: "0"}}' 0
}

@test "a cpuset without cpus takes its parent's, on each level of the path" {
	has_file cpuset cpuset.cpus || skip "there is no cpuset controller"
	config ".linux.cgroupsPath = \"/$ID-x/$ID\""
	runs create --bundle "$BUNDLE" "$ID"
	[ "$(cat "/sys/fs/cgroup/cpuset/$ID-x/$ID/cpuset.cpus")" = "$(cat /sys/fs/cgroup/cpuset/cpuset.cpus)" ]
	[ "$(cat "/sys/fs/cgroup/cpuset/$ID-x/$ID/cpuset.mems")" = "$(cat /sys/fs/cgroup/cpuset/cpuset.mems)" ]
}

@test "pids: a number, none, unlimited" {
	has_file pids cgroup.procs || skip "there is no pids controller"
	limit pids pids.max '{pids: {limit: 42}}' 42
	limit pids pids.max '{pids: {limit: -1}}' max
	limit pids pids.max '{pids: {}}' max
	limit pids pids.max '{pids: {limit: 0}}' 0
	config '.linux.resources.pids.limit = 0' 'args (["/bin/echo", "alone"])'
	runs run --bundle "$BUNDLE" "$ID"	# the process is there already; it can have no other
	is alone
	config '.linux.resources.pids.limit = 3' 'sh ("for i in 1 2 3 4 5 6; do sleep 1 & done 2>&1; wait")'
	run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	says fork
}

@test "block I/O: throttling of a device" {
	has_file blkio blkio.throttle.read_bps_device || skip "there is no blkio throttling"
	dev=$(awk 'NR > 2 && $3 > 0 { print $1 ":" $2; exit }' /proc/partitions)
	[ -n "$dev" ] || skip "there is no block device"
	for pair in ReadBps:read_bps WriteBps:write_bps ReadIOPS:read_iops WriteIOPS:write_iops; do
		limit blkio "blkio.throttle.${pair#*:}_device" "{blockIO: {throttle${pair%:*}Device: [{major: ${dev%:*}, minor: ${dev#*:}, rate: 1048576}]}}" "$dev 1048576"
	done
	config '.linux.resources = {blockIO: {throttleReadBpsDevice: [{major: 4095, minor: 255, rate: 5}]}}'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.resources.blockIO.throttleReadBpsDevice[0]'
}

@test "block I/O: weights where the kernel has them, an error where not" {
	config 'del (.linux.resources) | .linux.resources.blockIO.weight = 500'
	run_to_file create --bundle "$BUNDLE" "$ID"
	if [ "$status" -eq 0 ]; then
		cat "/sys/fs/cgroup/blkio/$ID/"{blkio.bfq.weight,blkio.weight} 2>/dev/null | grep -qx 500
	else
		says "linux.resources.blockIO.weight: there is no 'blkio.bfq.weight'"
	fi
	config '.linux.resources.blockIO.weight = 5'
	fails create --bundle "$BUNDLE" "$ID-2"
	says 'linux.resources.blockIO.weight: 5 is out of range: 10 to 1000'
}

@test "block I/O: the weight of a device" {
	local loop minor
	grep -qw bfq /sys/block/loop0/queue/scheduler || skip "there is no scheduler with weights (BFQ) for loop devices"
	truncate -s 1M "$WORK/disk"
	loop=$(losetup --find --show "$WORK/disk")
	exec 8<"$loop"
	losetup --detach "$loop"	# when the last who has it open is gone: this test
	echo bfq >"/sys/block/${loop##*/}/queue/scheduler"
	minor=${loop##*/loop}
	limit blkio blkio.bfq.weight_device "{blockIO: {weightDevice: [{major: 7, minor: $minor, weight: 400}]}}" "$(printf 'default 100\n7:%d 400' "$minor")"
	config "del (.linux.resources) | .linux.resources.blockIO.weightDevice = [{major: 4095, minor: 1, weight: 400}]"
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.resources.blockIO.weightDevice[0].weight'
	exec 8<&-
}

@test "limits without a file or a controller: errors that name the property and what is missing" {
	while IFS=@ read -r controller file resources text; do
		has_file "$controller" "$file" && continue
		config "del (.linux.resources) | .linux.resources = $resources"
		fails create --bundle "$BUNDLE" "$ID"
		says "$text"
		lacks 'no such file or directory'	# engines take that for a missing executable
		[ ! -e "/sys/fs/cgroup/pids/$ID" ]
	done <<-'END'
		net_cls@net_cls.classid@{network: {classID: 5}}@linux.resources.network.classID: the net_cls controller is not available
		net_prio@net_prio.ifpriomap@{network: {priorities: [{name: "lo", priority: 5}]}}@linux.resources.network.priorities[0]: the net_prio controller is not available
		hugetlb@hugetlb.2MB.limit_in_bytes@{hugepageLimits: [{pageSize: "2MB", limit: 5}]}@linux.resources.hugepageLimits[0]: the hugetlb controller is not available
		rdma@rdma.max@{rdma: {mlx5_1: {hcaHandles: 5}}}@linux.resources.rdma.mlx5_1: the rdma controller is not available
	END
}

@test "what only cgroup v2 has is refused by its path" {
	config '.linux.resources.unified = {"memory.high": "1000000"}'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.resources.unified'
}

# T-cgfile
@test "names of files that lead elsewhere are refused before anything is written" {
	# by the name itself, and not because it cannot be written (or, on v1, because there is no "unified")
	for resources in '{unified: {"../cgroup.procs": "0"}}' '{unified: {"a/b": "0"}}' '{rdma: {"a b": {hcaHandles: 1}}, unified: {"..": "1"}}' \
		'{hugepageLimits: [{pageSize: "../../x", limit: 1}]}' '{hugepageLimits: [{pageSize: "2MB/../..", limit: 1}]}'; do
		config "del (.linux.resources) | .linux.resources = $resources"
		fails create --bundle "$BUNDLE" "$ID"
		case $resources in *unified*) says 'is not the name of a file' ;; *) says 'is not a page size' ;; esac
		says 'linux.resources.'
		[ ! -e "/sys/fs/cgroup/pids/$ID" ]
	done
}

@test "zeros are not limits where the kernel has no use for them (docker writes them)" {
	config '.linux.resources = {memory: {limit: 0, swap: 0, reservation: 0}, cpu: {shares: 0, quota: 0, period: 0}, blockIO: {weight: 0}}'
	runs create --bundle "$BUNDLE" "$ID"
}

# ---- devices ------------------------------------------------------------------------------------------------------------------

fuse='.linux.devices += [{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438}]'
try='sh ("(: <>/dev/fuse) 2>/dev/null && echo open || echo refused; : </dev/zero && echo zero")'
dev_test () { # WANTED RULES
	config "$fuse" "$try" "del (.linux.resources) | .linux.resources.devices = $2"
	run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is "$(printf '%s\nzero' "$1")"
	config 'del (.linux.devices)'
}

@test "device rules are in force: default, allowed, denied again, by kind and number" {
	[ -e /sys/fs/cgroup/devices/devices.list ] || skip "there is no devices controller"
	{ [ -c /dev/fuse ] && : 3<>/dev/fuse; } || skip "/dev/fuse cannot be opened here"
	dev_test refused '[{allow: false, access: "rwm"}]'
	dev_test refused '[]'
	dev_test open '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rwm"}]'
	dev_test open '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, access: "rw"}]'
	dev_test refused '[{allow: false, access: "rwm"}, {allow: true, type: "b", major: 10, minor: 229, access: "rwm"}]'
	dev_test refused '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "r"}]'
	dev_test open '[{allow: true, access: "rwm"}]'
	dev_test open '[{allow: false, access: "rwm"}, {allow: true, type: "a", major: 10, minor: 229, access: "rw"}]'
	dev_test refused '[{allow: true, access: "rwm"}, {allow: false, type: "c", major: 10, minor: 229, access: "rwm"}]'
}

# GHSA-g54h: a list of devices was taken for exceptions from "everything is allowed".
@test "without a list of rules nothing but the usual devices can be opened, nodes can be made" {
	[ -e /sys/fs/cgroup/devices/devices.list ] || skip "there is no devices controller"
	config 'del (.linux.resources)' 'caps (["CAP_MKNOD"])'
	run_sh 'mknod /tmp/loop b 7 0; mknod /tmp/fuse c 10 229; (: </tmp/loop) 2>/dev/null && echo loop; (: <>/tmp/fuse) 2>/dev/null && echo fuse; for d in null zero full random urandom tty; do [ -c /dev/$d ] || echo no $d; done; echo end'
	is end
}

@test "wrong rules: errors with their paths" {
	while IFS=@ read -r rule text; do
		config "del (.linux.resources) | .linux.resources.devices = [$rule]"
		fails create --bundle "$BUNDLE" "$ID"
		says "linux.resources.devices[0].$text"
	done <<-'END'
		{allow: true, type: "x"}@type
		{allow: true, type: "c", access: "rwx"}@access
		{allow: true, type: "c", major: -2}@major
		{type: "c", major: 1}@allow
	END
}

# ---- paths ---------------------------------------------------------------------------------------------------------------------

@test "the process is in the cgroup in every hierarchy, from its first instruction on" {
	config 'sh ("cat /proc/self/cgroup")' 'no_ns ("cgroup")'
	run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	while IFS=: read -r _ controllers path; do
		if [ -z "$controllers" ] && [ "$(cgroup_mode)" != hybrid ]; then continue; fi
		[ "$path" = "/$ID" ] || { echo "$controllers: $path"; return 1; }
	done <<<"$output"
}

@test "with a cgroup namespace the cgroup is the root" {
	config 'ns ("cgroup")' 'sh ("cut -d: -f3 /proc/self/cgroup | sort -u")'
	run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is /
}

@test "forms of cgroupsPath: absolute, relative, with superfluous slashes and dots, absent" {
	for path in "/$ID-x/a" "$ID-x/a" "//$ID-x///a/" "/./$ID-x/./a"; do
		config ".linux.cgroupsPath = \"$path\""
		runs create --bundle "$BUNDLE" "$ID"
		[ -d "/sys/fs/cgroup/pids/$ID-x/a" ] || [ -d "/sys/fs/cgroup/freezer/$ID-x/a" ]
		coracle delete --force "$ID"
		[ ! -e "/sys/fs/cgroup/pids/$ID-x/a" ] && [ ! -e "/sys/fs/cgroup/freezer/$ID-x/a" ]
	done
	for filter in 'del (.linux.cgroupsPath)' '.linux.cgroupsPath = ""'; do
		config "$filter"
		runs create --bundle "$BUNDLE" "$ID"
		[ -n "$(find /sys/fs/cgroup/freezer -maxdepth 3 -name "$ID")" ]
		coracle delete --force "$ID"
	done
}

@test "a long path, and one that is too long" {
	long=$(printf '/%.0s123456789' {1..20})
	config ".linux.cgroupsPath = \"/$ID-x$long\""
	runs create --bundle "$BUNDLE" "$ID"
	coracle delete --force "$ID"
	config ".linux.cgroupsPath = \"/$ID-x/$(printf '/b%.0s' {1..3000})\""
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.cgroupsPath: file name too long'
}

# T-cgroot: crun kills every process of the machine with these. `plan` does nothing, and the rest is tried in a world of its own.
@test "paths that are or lead to the root are refused" {
	for path in / . /. // ./ /.. .. /../../x a/../.. /a/.. "x/../../../y"; do
		config ".linux.cgroupsPath = \"$path\""
		run "$CORACLE" plan --bundle "$BUNDLE" "$ID" 3>&-
		[ "$status" -ne 0 ]
		says 'linux.cgroupsPath'
		run timeout 20 unshare --pid --fork --kill-child --mount --cgroup "$CORACLE" --root "$STATE" create --bundle "$BUNDLE" "$ID" 3>&-
		[ "$status" -ne 0 ]
		says 'linux.cgroupsPath'
	done
	config ".linux.cgroupsPath = \"/a\\nb\""
	fails create --bundle "$BUNDLE" "$ID"
	says 'control characters'
}

@test "a cgroup that exists and is empty is used, and stays" {
	for d in /sys/fs/cgroup/*/; do [ -L "${d%/}" ] || mkdir -p "$d$ID-x/a"; done
	config ".linux.cgroupsPath = \"/$ID-x/a\""
	runs create --bundle "$BUNDLE" "$ID"
	coracle start "$ID"
	[ -n "$(cat "/sys/fs/cgroup/pids/$ID-x/a/cgroup.procs")" ]
	coracle delete --force "$ID"
	for d in /sys/fs/cgroup/*/; do [ -L "${d%/}" ] || [ -d "$d$ID-x/a" ]; done
}

@test "a cgroup that exists in one hierarchy only stays there, and what was made is removed" {
	mkdir -p "/sys/fs/cgroup/memory/$ID-x/a"
	config ".linux.cgroupsPath = \"/$ID-x/a\""
	runs create --bundle "$BUNDLE" "$ID"
	coracle delete --force "$ID"
	[ -d "/sys/fs/cgroup/memory/$ID-x/a" ]
	[ ! -e "/sys/fs/cgroup/pids/$ID-x/a" ]
	[ ! -e "/sys/fs/cgroup/freezer/$ID-x/a" ]
	mkdir -p "/sys/fs/cgroup/freezer/$ID-x/a"
	runs create --bundle "$BUNDLE" "$ID"
	coracle delete --force "$ID"
	[ -d "/sys/fs/cgroup/freezer/$ID-x/a" ]
	[ ! -e "/sys/fs/cgroup/pids/$ID-x/a" ]
}

@test "a cgroup that exists in one hierarchy only stays there, also if create is killed" {
	config 'hook ("createRuntime"; {path: "/bin/sh", args: ["sh", "-c", "kill -9 $PPID; sleep 1"]})'
	for there in memory freezer; do # freezer: the one that tells whether there is a cgroup
		mkdir "/sys/fs/cgroup/$there/$ID"
		run_to_file create --bundle "$BUNDLE" "$ID"
		[ "$status" -ne 0 ]
		[ -d "/sys/fs/cgroup/pids/$ID" ]
		runs delete --force "$ID"
		[ "$(find /sys/fs/cgroup -maxdepth 2 -type d -name "$ID")" = "/sys/fs/cgroup/$there/$ID" ]
		rmdir "/sys/fs/cgroup/$there/$ID"
	done
}

@test "delete: somebody else's process in the cgroup, or below it, lives, and is not waited for" {
	local below other d
	for below in '' /below; do
		config 'args (["sleep", "1000"])'
		runs run -d --bundle "$BUNDLE" "$ID"
		sleep 1000 3>&- &
		other=$!
		for d in /sys/fs/cgroup/*/"$ID"; do
			mkdir -p "$d$below"
			[ ! -e "$d$below/cpuset.cpus" ] || { cat "$d/cpuset.cpus" >"$d$below/cpuset.cpus"; cat "$d/cpuset.mems" >"$d$below/cpuset.mems"; }
			echo "$other" >"$d$below/cgroup.procs"
		done
		runs delete --force "$ID"
		says "the cgroup '/$ID' stays: there are processes in it that are not the container's"
		kill -9 "$other"
		wait "$other" || :
		find /sys/fs/cgroup -mindepth 2 -depth -type d -path "/sys/fs/cgroup/*/$ID*" -exec rmdir {} + 2>/dev/null || true	# those of other tests come and go meanwhile
	done
}

@test "cgroups nested deeper than there are descriptors, or room in a path: ps, kill --all and delete" {
	local part many
	part=$(printf '%.0sa/' {1..40})
	many=$(printf '%.0sa/' {1..500})
	config 'args (["sleep", "1000"])'
	runs run -d --bundle "$BUNDLE" "$ID"
	(
		cd "/sys/fs/cgroup/pids/$ID"
		for _ in 1 2 3 4 5; do
			mkdir -p "b/$many" "$many"
			cd "$many"
		done
	)
	mkdir -p "/sys/fs/cgroup/freezer/$ID/$part"
	coracle state "$ID" | jq .pid >"/sys/fs/cgroup/freezer/$ID/${part}cgroup.procs"
	ulimit -n 64
	runs ps --format json "$ID"
	is "[$(coracle state "$ID" | jq .pid)]"
	runs kill --all "$ID" KILL
	runs delete --force "$ID"
	[ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "$ID")" ]
}

@test "a cgroup with processes is refused, and they live" {
	for d in /sys/fs/cgroup/*/; do [ -L "${d%/}" ] || mkdir -p "$d$ID-x"; done
	sleep 1000 3>&- &
	sleeper=$!
	echo $sleeper >"/sys/fs/cgroup/pids/$ID-x/cgroup.procs"
	config ".linux.cgroupsPath = \"/$ID-x\""
	fails create --bundle "$BUNDLE" "$ID"
	says "container's cgroup is not empty"
	kill -0 $sleeper
	[ -d "/sys/fs/cgroup/pids/$ID-x" ]
	kill $sleeper
	wait $sleeper 2>/dev/null || true
	wait_until sh -c "! grep -q . /sys/fs/cgroup/pids/$ID-x/cgroup.procs"
}

@test "cgroups below the container's, made by it, are removed with it" {
	config 'caps (["CAP_SYS_ADMIN"])' '.mounts |= map (if .type == "cgroup" then .options -= ["ro"] else . end)' \
		'sh ("mkdir -p /sys/fs/cgroup/pids/a/b && echo $$ >/sys/fs/cgroup/pids/a/b/cgroup.procs; exec sleep 1000")' 'ns ("cgroup")'
	runs run -d --bundle "$BUNDLE" "$ID"
	wait_until [ -d "/sys/fs/cgroup/pids/$ID/a/b" ]
	coracle delete --force "$ID"
	[ ! -e "/sys/fs/cgroup/pids/$ID" ]
}

@test "cgroup mounts are read-only, and cannot be written through" {
	config 'sh ("mkdir /sys/fs/cgroup/pids/x 2>&1; echo $$ >/sys/fs/cgroup/pids/cgroup.procs")'
	run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says 'ead-only file system'
}

# ---- without -----------------------------------------------------------------------------------------------------------------------

@test "--cgroup-manager=disabled: no cgroup, the caller's own, and no limits" {
	config 'sh ("cat /proc/self/cgroup")' 'del (.linux.resources)'
	own=$(cat /proc/self/cgroup)
	run timeout 20 "$CORACLE" --root "$STATE" --cgroup-manager=disabled run --bundle "$BUNDLE" "$ID" 3>&-
	is "$own"
	[ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "$ID")" ]
	config '.linux.resources.pids.limit = 5'
	fails --cgroup-manager=disabled run --bundle "$BUNDLE" "$ID"
	says 'linux.resources.pids.limit: cannot be set with --cgroup-manager=disabled'
}

@test "a memory limit that is too low for the start: the error says what it could be" {
	has_file memory memory.usage_in_bytes || skip "there is no memory controller"
	config '.linux.resources.memory = {limit: 4096}'
	fails run --bundle "$BUNDLE" "$ID"
	says memory
}

@test "the error of a limit leaves neither cgroup nor state" {
	config '.linux.resources.cpu.cpus = "4000"'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.resources.cpu.cpus'
	[ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "$ID")" ]
	[ -z "$(ls -A "$STATE" | grep -v '^\.')" ]
}

@test "a create that is killed: its cgroups go in each hierarchy, with the parents that it made there" {
	config ".linux.cgroupsPath = \"/$ID-x/a\"" 'hook ("createRuntime"; {path: "/bin/sh", args: ["sh", "-c", "kill -9 $PPID; sleep 1"]})'
	mkdir "/sys/fs/cgroup/memory/$ID-x"
	run_to_file create --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[ -d "/sys/fs/cgroup/freezer/$ID-x/a" ]
	[ -d "/sys/fs/cgroup/memory/$ID-x/a" ]
	runs delete --force "$ID"
	[ "$(find /sys/fs/cgroup -maxdepth 3 -type d -path "*$ID-x*")" = "/sys/fs/cgroup/memory/$ID-x" ]
	rmdir "/sys/fs/cgroup/memory/$ID-x"
}
