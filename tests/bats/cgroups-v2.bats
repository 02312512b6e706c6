#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Control groups v2. On a host with v1 each call has a mount namespace of its own with cgroup2 over /sys/fs/cgroup: what v1 has taken is
# missing there, and the errors that this gives are tested instead.

load helpers

setup () {
	need_root
	test_setup
	if [ "$(cgroup_mode)" = v2 ]; then
		top_cgroup=/sys/fs/cgroup
	else
		top_cgroup=/sys/fs/cgroup/unified
		[ -d "$top_cgroup" ] || skip "no cgroup v2 is mounted on this host"
	fi
	config 'args (["/bin/sleep", "1000"])'
}

teardown () {
	for id in $(ls "$STATE" 2>/dev/null); do coracle delete --force "$id"; done	# in the view in which it was made
	rmdir "$top_cgroup/${ID:-none}"-x/a "$top_cgroup/${ID:-none}"-x 2>/dev/null || true
	[ -z "$WORK" ] || test_teardown
}

in_v2 () { # COMMAND…
	if [ "$(cgroup_mode)" = v2 ]; then
		"$@"
	else
		timeout 60 unshare --mount --propagation private sh -c 'umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh "$@"
	fi
}
coracle () { in_v2 "$CORACLE" --root "$STATE" "$@" 3>&-; }
# What the container printed, by a file: nothing waits for it.
prints () { runs run --bundle "$BUNDLE" "$ID"; }
has () { grep -qw "$1" "$top_cgroup/cgroup.controllers"; }

@test "the process is born in its cgroup, and alone there" {
	runs create --bundle "$BUNDLE" "$ID"
	[ "$(cat "$top_cgroup/$ID/cgroup.procs")" = "$(coracle state "$ID" | jq .pid)" ]
	coracle delete --force "$ID"
	[ ! -e "$top_cgroup/$ID" ]
}

@test "a threaded cgroup below does not hinder ps, kill --all and delete" {
	config 'no_ns("pid")'
	runs run -d --bundle "$BUNDLE" "$ID"
	mkdir "$top_cgroup/$ID/threads"
	echo threaded >"$top_cgroup/$ID/threads/cgroup.type"
	runs ps --format json "$ID"
	is "[$(coracle state "$ID" | jq .pid)]"
	runs kill --all "$ID" CONT
	runs delete --force "$ID"
	[ ! -e "$top_cgroup/$ID" ]
}

@test "annotation run.oci.delegate-cgroup: the process is in a cgroup of that name, below the one with the limits" {
	config '.annotations["run.oci.delegate-cgroup"] = "inner"'
	runs create --bundle "$BUNDLE" "$ID"
	[ "$(cat "$top_cgroup/$ID/inner/cgroup.procs")" = "$(coracle state "$ID" | jq .pid)" ]
	[ -z "$(cat "$top_cgroup/$ID/cgroup.procs")" ]
	coracle delete --force "$ID"
	[ ! -e "$top_cgroup/$ID" ]
	config 'ns ("cgroup")' 'sh ("sed -n s/^0:://p /proc/self/cgroup")'	# its root is the one that is delegated
	prints
	is /
}

@test "with a cgroup namespace the cgroup is the root, also of what is mounted" {
	config 'ns ("cgroup")' 'sh ("sed -n s/^0:://p /proc/self/cgroup; ls /sys/fs/cgroup/cgroup.procs; grep -c . /sys/fs/cgroup/cgroup.procs")'
	prints
	[ "${output%%$'\n'*}" = / ]
	says /sys/fs/cgroup/cgroup.procs
}

@test "the mount of the container's cgroup shows its files, read-only" {
	config 'ns ("cgroup")' 'sh ("cat /sys/fs/cgroup/cgroup.type; mkdir /sys/fs/cgroup/x 2>&1; true")'
	prints
	says domain
	says 'ead-only file system'
}

fuse='.linux.devices += [{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438}]'
try='sh ("(: <>/dev/fuse) 2>/dev/null && echo open || echo refused; : </dev/zero && echo zero")'
dev_test () { # WANTED RULES
	config "$fuse" "$try" "del (.linux.resources) | .linux.resources.devices = $2"
	prints
	is "$(printf '%s\nzero' "$1")"
	config 'del (.linux.devices)'
}

@test "the device program is in force: default, allowed, denied again, by kind and number" {
	{ [ -c /dev/fuse ] && : 3<>/dev/fuse; } || skip "/dev/fuse cannot be opened here"
	dev_test refused '[{allow: false, access: "rwm"}]'
	dev_test refused '[]'
	dev_test open '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rwm"}]'
	dev_test open '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, access: "rw"}]'
	dev_test refused '[{allow: false, access: "rwm"}, {allow: true, type: "b", major: 10, minor: 229, access: "rwm"}]'
	dev_test refused '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "r"}]'
	dev_test open '[{allow: true, access: "rwm"}]'
	dev_test open '[{allow: false, access: "rwm"}, {allow: true, type: "a", major: 10, minor: 229, access: "rw"}]'
	# With rules of the default list beside them.
	dev_test open '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, access: "rwm"}]'
	dev_test open '[{allow: false, access: "rwm"}, {allow: true, type: "c", access: "rwm"}]'
	dev_test open '[{allow: false, access: "rwm"}, {allow: true, type: "a", major: 10, access: "rwm"}, {allow: true, type: "c", major: 136, minor: 1, access: "rwm"}]'
	dev_test open '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "r"}, {allow: true, type: "c", major: 10, minor: 229, access: "w"}]'
	dev_test refused '[{allow: true, access: "rwm"}, {allow: false, type: "c", major: 10, minor: 229, access: "rwm"}]'
	dev_test refused '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rwm"}, {allow: false, type: "c", major: 10, access: "w"}]'
}

# A number that no driver has: what may be opened is then "no such device".
@test "update replaces the device program, also that of a cgroup that was made just before" {
	local n
	config 'resources ({devices: [{allow: false, access: "rwm"}]})' 'caps (["CAP_MKNOD", "CAP_DAC_OVERRIDE"])'
	runs run --detach --bundle "$BUNDLE" "$ID"
	coracle exec "$ID" mknod /tmp/nobody c 251 7
	for n in 1 2; do
		runs exec "$ID" sh -c 'cat /tmp/nobody; true'
		says "Operation not permitted"
		echo '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 251, "minor": 7, "access": "rw"}]}' >"$WORK/r.json"
		runs update -r "$WORK/r.json" "$ID"
		runs exec "$ID" sh -c 'cat /tmp/nobody; true'
		says "No such device"
		echo '{"devices": [{"allow": false, "access": "rwm"}]}' >"$WORK/r.json"
		runs update -r "$WORK/r.json" "$ID"
	done
}

@test "block devices: nodes can be made, but not opened" {
	[ -b /dev/loop0 ] || skip "there is no /dev/loop0 here"
	config 'caps (["CAP_MKNOD"])' 'sh ("mknod /tmp/l b 7 0 && echo made; (: </tmp/l) 2>/dev/null && echo open; true")'
	prints
	is made
}

@test "device rules stand against the container's own cgroups below, and for exec" {
	{ [ -c /dev/fuse ] && : 3<>/dev/fuse; } || skip "/dev/fuse cannot be opened here"
	config "$fuse"
	runs run -d --bundle "$BUNDLE" "$ID"
	runs exec "$ID" sh -c '(: <>/dev/fuse) 2>/dev/null && echo open || echo refused'
	is refused
}

@test "500 device rules, and too many" {
	config 'del (.linux.resources) | .linux.resources.devices = [range (450) | {allow: true, type: "c", major: (100 + .), minor: 1, access: "rw"}]' 'args (["/bin/true"])'
	runs run --bundle "$BUNDLE" "$ID"
	config '.linux.resources.devices = [range (20000) | {allow: true, type: "c", major: (. % 4000), minor: 1, access: "rw"}]'
	run_to_file run --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] || says 'linux.resources.devices'
}

@test "hugetlb limits, with the reservation" {
	has hugetlb || skip "there is no hugetlb controller"
	config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	runs create --bundle "$BUNDLE" "$ID"
	[ "$(cat "$top_cgroup/$ID/hugetlb.2MB.max")" = 4194304 ]
	[ ! -e "$top_cgroup/$ID/hugetlb.2MB.rsvd.max" ] || [ "$(cat "$top_cgroup/$ID/hugetlb.2MB.rsvd.max")" = 4194304 ]
	coracle delete --force "$ID"
	config '.linux.resources.hugepageLimits = [{pageSize: "3MB", limit: 1}]'
	fails create --bundle "$BUNDLE" "$ID"
	says "linux.resources.hugepageLimits[0]: there is no 'hugetlb.3MB.max'"
	lacks 'no such file or directory'
}

@test "unified: written as given, and errors for what is not there or leads elsewhere" {
	has hugetlb || skip "there is no hugetlb controller"
	config '.linux.resources.unified = {"hugetlb.2MB.max": "2097152", "cgroup.max.depth": "3"}'
	runs create --bundle "$BUNDLE" "$ID"
	[ "$(cat "$top_cgroup/$ID/hugetlb.2MB.max" "$top_cgroup/$ID/cgroup.max.depth")" = "$(printf '2097152\n3')" ]
	coracle delete --force "$ID"
	for bad in '"../cgroup.procs": "0"' '"cgroup.procs": "1"' '"": "1"' '"..": "1"' '"no.such.file": "1"' '"a/b": "1"'; do
		config ".linux.resources.unified = {$bad}"
		fails create --bundle "$BUNDLE" "$ID"
		says 'linux.resources.unified'
		case $bad in *..* | */*) says 'is not the name of a file' ;; esac
		[ ! -e "$top_cgroup/$ID" ]
	done
}

@test "limits whose controller is missing: errors that name the property" {
	for pair in memory:'{memory: {limit: 67108864}}':memory.limit pids:'{pids: {limit: 5}}':pids.limit cpu:'{cpu: {shares: 512}}':cpu.shares \
		cpuset:'{cpu: {cpus: "0"}}':cpu.cpus io:'{blockIO: {throttleReadBpsDevice: [{major: 7, minor: 0, rate: 1}]}}':'blockIO.throttleReadBpsDevice[0]'; do
		controller=${pair%%:*} path=${pair##*:} resources=${pair#*:}
		! has "$controller" || continue
		config "del (.linux.resources) | .linux.resources = ${resources%:*}"
		fails create --bundle "$BUNDLE" "$ID"
		says "linux.resources.$path: there is no '"
		says 'the controller is not available'
		[ ! -e "$top_cgroup/$ID" ]
	done
}

@test "limits that only v1 has are refused by their paths" {
	while IFS=@ read -r resources path; do
		config "del (.linux.resources) | .linux.resources = $resources"
		fails create --bundle "$BUNDLE" "$ID"
		says "linux.resources.$path: does not exist in cgroup v2"
	done <<-'END'
		{memory: {kernel: 1}}@memory.kernel
		{memory: {kernelTCP: 1}}@memory.kernelTCP
		{memory: {swappiness: 5}}@memory.swappiness
		{memory: {disableOOMKiller: true}}@memory.disableOOMKiller
		{cpu: {realtimeRuntime: 5}}@cpu.realtimeRuntime
		{blockIO: {leafWeight: 50}}@blockIO.leafWeight
		{network: {classID: 5}}@network.classID
		{network: {priorities: [{name: "lo", priority: 1}]}}@network.priorities[0]
	END
	config 'del (.linux.resources) | .linux.resources = {memory: {swap: 5}}'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.resources.memory.swap: needs memory.limit'
}

@test "with a user namespace and a writable mount root inside owns its cgroup, and just the files that the kernel names" {
	config userns 'ns ("cgroup")'
	chown -hR 100000:100000 "$ROOTFS"
	runs create --bundle "$BUNDLE" "$ID"
	[ "$(stat -c %u "$top_cgroup/$ID")" = 0 ]	# its mount is read-only
	coracle delete --force "$ID"
	config '.mounts |= map (if .type == "cgroup" then .options -= ["ro"] else . end)'
	runs create --bundle "$BUNDLE" "$ID"
	[ "$(stat -c %u "$top_cgroup/$ID")" = 100000 ]
	[ "$(stat -c %u "$top_cgroup/$ID/cgroup.procs")" = 100000 ]
	[ "$(stat -c %u "$top_cgroup/$ID/cgroup.max.depth")" = 0 ]
}

@test "an existing cgroup is used and stays; one with processes or frozen is refused" {
	mkdir -p "$top_cgroup/$ID-x/a"
	config ".linux.cgroupsPath = \"/$ID-x/a\""
	runs create --bundle "$BUNDLE" "$ID"
	coracle delete --force "$ID"
	[ -d "$top_cgroup/$ID-x/a" ]
	echo 1 >"$top_cgroup/$ID-x/a/cgroup.freeze"
	fails create --bundle "$BUNDLE" "$ID"
	says "container's cgroup unexpectedly frozen"
	echo 0 >"$top_cgroup/$ID-x/a/cgroup.freeze"
	sleep 1000 3>&- &
	sleeper=$!
	echo $sleeper >"$top_cgroup/$ID-x/a/cgroup.procs"
	fails create --bundle "$BUNDLE" "$ID"
	says "container's cgroup is not empty"
	kill -0 $sleeper
	kill $sleeper
	wait $sleeper 2>/dev/null || true
	wait_until sh -c "! grep -q . '$top_cgroup/$ID-x/a/cgroup.procs'"
}

@test "parents that were made go with the container, others stay" {
	config ".linux.cgroupsPath = \"/$ID-x/a/b\""
	runs create --bundle "$BUNDLE" "$ID"
	[ -d "$top_cgroup/$ID-x/a/b" ]
	coracle delete --force "$ID"
	[ ! -e "$top_cgroup/$ID-x" ]
	mkdir "$top_cgroup/$ID-x"
	runs create --bundle "$BUNDLE" "$ID"
	coracle delete --force "$ID"
	[ -d "$top_cgroup/$ID-x" ]
	[ ! -e "$top_cgroup/$ID-x/a" ]
}

@test "parents that were made go with a create that fails there, or that is killed" {
	config ".linux.cgroupsPath = \"/$ID-x/a/b\"" 'hook ("createRuntime"; {path: "/bin/sh", args: ["sh", "-c", "kill -9 $PPID; sleep 1"]})'
	run_to_file create --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[ -d "$top_cgroup/$ID-x/a/b" ]
	coracle delete --force "$ID"
	[ ! -e "$top_cgroup/$ID-x" ]
	mkdir "$top_cgroup/$ID-x"
	echo 1 >"$top_cgroup/$ID-x/cgroup.max.descendants"
	fails create --bundle "$BUNDLE" "$ID"
	says "make the cgroup '"
	[ -d "$top_cgroup/$ID-x" ]
	[ ! -e "$top_cgroup/$ID-x/a" ]
}

@test "cgroups that the container made below are removed with it, processes and all" {
	config 'ns ("cgroup")' 'caps (["CAP_SYS_ADMIN"])' '.mounts |= map (if .type == "cgroup" then .options -= ["ro"] else . end)' 'no_ns ("pid")' \
		'sh ("mkdir -p /sys/fs/cgroup/a/b; (echo 0 >/sys/fs/cgroup/a/b/cgroup.procs; exec sleep 1000) & exec sleep 1000")'
	runs run -d --bundle "$BUNDLE" "$ID"
	wait_until grep -q . "$top_cgroup/$ID/a/b/cgroup.procs"
	child=$(cat "$top_cgroup/$ID/a/b/cgroup.procs")
	coracle delete --force "$ID"
	[ ! -e "$top_cgroup/$ID" ]
	[ -z "$(tr -d '\0' <"/proc/$child/cmdline" 2>/dev/null)" ]	# gone, or waits for somebody to take its status
}

# The kernel trap of Linux 6.18: a child of CLONE_INTO_CGROUP is killed at once when its two cgroups have seen different numbers of kills.
@test "a cgroup in which everything was killed before can be a container's" {
	mkdir "$top_cgroup/$ID-x"
	for _ in 1 2 3; do echo 1 >"$top_cgroup/$ID-x/cgroup.kill"; done
	config ".linux.cgroupsPath = \"/$ID-x\"" 'sh ("echo alive")'
	prints
	is alive
}

@test "without CLONE_INTO_CGROUP the process is in its cgroup as well (Linux < 5.7)" {
	config 'no_ns ("cgroup")' 'sh ("sed -n s/^0:://p /proc/self/cgroup")'
	run in_v2 "$TEST_TOOLS/nosys" clone3 -- "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is "/$ID"
}

@test "events --stats: pressure stall information, as it is in the files of the cgroup" {
	local what want
	runs run --detach --bundle "$BUNDLE" "$ID"
	cat "$top_cgroup/$ID/cpu.pressure" >/dev/null 2>&1 || skip "this kernel has no pressure stall information"
	runs events --stats "$ID"
	for what in cpu memory io; do
		want=$(jq -nRc '[inputs | capture("^(?<key>[a-z]+) avg10=(?<avg10>[0-9.]+) avg60=(?<avg60>[0-9.]+) avg300=(?<avg300>[0-9.]+) total=(?<total>[0-9]+)")
			| {key, value: (del (.key) | map_values (tonumber))}] | from_entries' <"$top_cgroup/$ID/$what.pressure")
		key=$what
		[ "$what" != io ] || key=blkio
		# The process sleeps: what it has waited for is over.
		[ "$(jq -Sc ".data.$key.psi | map_values (del (.avg10, .avg60, .avg300))" <<<"$output")" = "$(jq -Sc 'map_values (del (.avg10, .avg60, .avg300))' <<<"$want")" ]
		[ "$(jq -c ".data.$key.psi.some | keys_unsorted" <<<"$output")" = '["avg10","avg60","avg300","total"]' ]
	done
}
