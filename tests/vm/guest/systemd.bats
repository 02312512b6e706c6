#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The systemd cgroup manager beside a real systemd. Runs in the machine of tests/vm/run.

load ../../bats/helpers

setup () {
	test_setup
	SCOPE=test-$ID.scope
	mode=$(cgroup_mode)
	place "machine.slice:test:$ID"
}

teardown () {
	test_teardown
	[ "$(systemctl list-units --all --plain --no-legend "$SCOPE" | wc -l)" -eq 0 ] || { systemctl status "$SCOPE"; return 1; }
}

place () { config ".linux.cgroupsPath = \"$1\""; }
systemd () { coracle --systemd-cgroup "$@"; }
create () { # ARG…: a container that waits for start
	status=0
	coracle --systemd-cgroup create --bundle "$BUNDLE" "$@" "$ID" >"$WORK/output" 2>&1 </dev/null || status=$?
	output=$(cat "$WORK/output")
	[ "$status" -eq 0 ] || { echo "create: exit status $status: $output"; return 1; }
}
property () { systemctl show --value -p "$1" "$SCOPE"; }
# Directory of the scope in a hierarchy of v1, or the only one of v2.
directory () { # [CONTROLLER]
	local path
	path=$(property ControlGroup)
	[ -n "$path" ] || { echo "no cgroup of $SCOPE" >&2; return 1; }
	if [ "$mode" = v2 ]; then echo "/sys/fs/cgroup$path"; else echo "/sys/fs/cgroup/$1$path"; fi
}
# equal WHAT IS WANTED
equal () { [ "$2" = "$3" ] || { echo "$1 is '$2', not '$3'"; return 1; }; }
# file CONTROLLER V2-NAME V1-NAME WANTED-V2 WANTED-V1
file () {
	if [ "$mode" = v2 ]; then
		equal "$2" "$(cat "$(directory)/$2")" "$4"
	elif [ -n "$3" ]; then
		equal "$3" "$(cat "$(directory "$1")/$3")" "$5"
	fi
}
init_pid () { coracle state "$ID" | jq .pid; }
no_unit () { [ "$(systemctl list-units --all --plain --no-legend "$SCOPE" | wc -l)" -eq 0 ]; }

@test "create makes a scope in the slice that cgroupsPath names" {
	create
	equal state "$(property ActiveState)" active
	equal slice "$(property Slice)" machine.slice
	equal description "$(property Description)" "coracle container $ID"
	equal delegate "$(property Delegate)" yes
	equal dependencies "$(property DefaultDependencies)" no
	equal path "$(property ControlGroup)" "/machine.slice/$SCOPE"
	grep -qx "$(init_pid)" "$(directory systemd)/cgroup.procs"
	runs delete --force "$ID"
	no_unit
}

@test "all processes of the container are in the scope, in every hierarchy" {
	config 'sh ("sleep 100 & wait")'
	create
	runs start "$ID"
	wait_until eval '[ "$(wc -l <"$(directory systemd)/cgroup.procs")" -ge 1 ]'
	# pid:/path for each line of cgroup v1 and v2; the unified tree of v1 belongs to systemd
	run grep -v -e "/machine.slice/$SCOPE\$" -e '^0::' "/proc/$(init_pid)/cgroup"
	is ""
	runs delete --force "$ID"
	run find /sys/fs/cgroup -name "$SCOPE"
	is ""
	# What systemd does not manage, it does not clean up either.
	run find /sys/fs/cgroup/freezer /sys/fs/cgroup/cpuset -name machine.slice
	[ "$mode" = v2 ] || is ""
}

@test "nested slices" {
	place "outer-inner.slice:test:$ID"
	create
	equal path "$(property ControlGroup)" "/outer.slice/outer-inner.slice/$SCOPE"
	runs delete "$ID"
}

@test "without cgroupsPath: coracle-ID.scope in system.slice" {
	config 'del (.linux.cgroupsPath)'
	SCOPE=coracle-$ID.scope
	create
	equal path "$(property ControlGroup)" "/system.slice/$SCOPE"
	runs delete "$ID"
}

@test "an id with a character that units may not have" {
	config 'del (.linux.cgroupsPath)'
	ID=$ID+x
	SCOPE=coracle-${ID/+/\\x2b}.scope
	create
	equal state "$(property ActiveState)" active
	runs delete "$ID"
}

@test "limits are known to systemd and exact in the files" {
	config 'resources ({memory: {limit: 52428800, reservation: 20971520}, pids: {limit: 77}, cpu: {shares: 2048, quota: 12345, period: 50000}})'
	create
	file memory memory.max memory.limit_in_bytes 52428800 52428800
	file memory memory.low memory.soft_limit_in_bytes 20971520 20971520
	file pids pids.max pids.max 77 77
	file cpu cpu.max cpu.cfs_quota_us "12345 50000" 12345
	equal TasksMax "$(property TasksMax)" 77
	equal CPUQuota "$(property CPUQuotaPerSecUSec)" 250ms
	if [ "$mode" = v2 ]; then
		equal MemoryMax "$(property MemoryMax)" 52428800
		equal MemoryLow "$(property MemoryLow)" 20971520
		equal CPUWeight "$(property CPUWeight)" "$(cat "$(directory)/cpu.weight")"
	else
		equal MemoryLimit "$(property MemoryLimit)" 52428800
		equal CPUShares "$(property CPUShares)" 2048
	fi
	runs delete "$ID"
}

@test "limits are still there after daemon-reload" {
	config 'resources ({memory: {limit: 52428800}, pids: {limit: 77}, cpu: {quota: 25000, period: 50000}})'
	create
	systemctl daemon-reload
	file memory memory.max memory.limit_in_bytes 52428800 52428800
	file pids pids.max pids.max 77 77
	file cpu cpu.max cpu.cfs_quota_us "25000 50000" 25000
	runs delete "$ID"
}

@test "cpus and memory nodes" {
	config 'resources ({cpu: {cpus: "1", mems: "0"}})'
	create
	file cpuset cpuset.cpus cpuset.cpus 1 1
	file cpuset cpuset.mems cpuset.mems 0 0
	[ "$mode" != v2 ] || equal AllowedCPUs "$(property AllowedCPUs)" 1
	runs delete "$ID"
}

@test "limits that systemd does not know" {
	[ "$mode" = v2 ] || skip "unified is for v2"
	config '.linux.resources.unified = {"pids.max": "55", "memory.high": "33554432", "hugetlb.2MB.max": "2097152"}'
	create
	equal hugetlb "$(cat "$(directory)/hugetlb.2MB.max")" 2097152
	equal high "$(cat "$(directory)/memory.high")" 33554432
	equal MemoryHigh "$(property MemoryHigh)" 33554432
	runs delete "$ID"
}

@test "device rules hold, and still after daemon-reload" {
	config 'resources ({devices: [{allow: false, access: "rwm"}]}) | sh ("while :; do sleep 1; done")'
	create
	runs start "$ID"
	systemctl daemon-reload
	# Device 1:2 (mem) may be made, not opened; 1:3 (null) both.
	if [ "$mode" != v2 ]; then
		equal DevicePolicy "$(property DevicePolicy)" strict
		grep -qx 'c 1:3 rwm' "$(directory devices)/devices.list"
		run grep '^a ' "$(directory devices)/devices.list"
		is ""
	else
		equal DevicePolicy "$(property DevicePolicy)" auto
	fi
	local nodes	# /tmp may be mounted nodev
	nodes=$(mktemp -d /var/tmp/coracle-bats.XXXXXX)
	mknod "$nodes/allowed" c 1 3
	mknod "$nodes/refused" c 1 2
	# A process that enters the container's cgroup is under its rules.
	(echo "$BASHPID" >"$(directory devices)/cgroup.procs"; exec cat "$nodes/allowed")
	run sh -c "echo \$\$ >$(directory devices)/cgroup.procs; exec cat '$nodes/refused'"
	rm -r "$nodes"
	[ "$status" -ne 0 ]
	says "Operation not permitted"
	runs delete --force "$ID"
}

@test "properties from annotations" {
	config '.annotations = {"org.systemd.property.TimeoutStopSec": "12", "org.systemd.property.SendSIGHUP": "true", "org.systemd.property.Documentation": "[\u0027https://example.org/a\u0027]"}'
	create
	equal timeout "$(property TimeoutStopUSec)" 12s
	equal hup "$(property SendSIGHUP)" yes
	equal documentation "$(property Documentation)" https://example.org/a
	runs delete "$ID"
}

@test "an annotation that systemd does not know is an error that names it" {
	config '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
	fails --systemd-cgroup create --bundle "$BUNDLE" "$ID"
	says "annotations.org.systemd.property.NoSuchThing: systemd refuses"
	no_unit
}

@test "run to the end leaves no unit" {
	config 'sh ("echo hello")'
	runs --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	is hello
	no_unit
}

@test "the container in its cgroup namespace sees its scope as the root" {
	config 'sh ("cat /proc/self/cgroup") | ns ("cgroup")'
	runs --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	lacks machine.slice
	says :/
}

@test "a container that is killed leaves no failed unit" {
	config 'sh ("while :; do sleep 1; done")'
	create
	runs start "$ID"
	kill -KILL "$(init_pid)"
	wait_until has_status stopped
	wait_until no_unit
	runs delete "$ID"
}

@test "delete works without --systemd-cgroup, and after systemctl stop" {
	config 'sh ("while :; do sleep 1; done")'
	create
	runs start "$ID"
	runs kill "$ID" KILL
	wait_until has_status stopped
	systemctl stop "$SCOPE" || true
	runs delete "$ID"
}

@test "delete does not wait for processes that ignore SIGTERM" {
	config 'no_ns ("pid") | sh ("trap \"\" TERM; sleep 100 & trap \"\" TERM; while :; do sleep 1; done")'
	create
	runs start "$ID"
	local start=$SECONDS
	runs delete --force "$ID"
	[ $((SECONDS - start)) -lt 20 ]
	no_unit
}

@test "a name that is in use: an error, and the other container stays" {
	config 'sh ("while :; do sleep 1; done")'
	create
	runs start "$ID"
	fails --systemd-cgroup create --bundle "$BUNDLE" "$ID-2"
	says "systemd refuses to start '$SCOPE'"
	says "another container has this name"
	has_status running
	equal state "$(property ActiveState)" active
	run ls "$STATE"
	is "$ID"
	runs delete --force "$ID"
}

@test "a unit of this name that failed is in nobody's way" {
	systemd-run --scope --unit "$SCOPE" -p RuntimeMaxSec=1 sleep 100 || true
	wait_until eval '[ "$(systemctl is-failed "$SCOPE")" = failed ]'
	create
	equal state "$(property ActiveState)" active
	runs delete "$ID"
}

@test "create that is killed leaves nothing that delete --force cannot remove" {
	local i pid delay
	for i in 0 1 2 3 4 5 6 7 8 9; do
		"$CORACLE" --root "$STATE" --systemd-cgroup create --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&- &
		pid=$!
		# At ten different moments of its life, the first before it could do anything.
		delay=$(printf '0.%03d' $((i * 15)))
		sleep "$delay"
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" || true
		runs delete --force "$ID"
		wait_until no_unit
		[ -z "$(find /sys/fs/cgroup -name "$SCOPE")" ]
		[ -z "$(ls "$STATE" 2>/dev/null)" ]
	done
}

@test "killed in its sleep: state and scope of a container without a runtime" {
	config 'hook ("createRuntime"; {path: "/bin/sleep", args: ["sleep", "100"]})'
	"$CORACLE" --root "$STATE" --systemd-cgroup create --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&- &
	local pid=$!
	wait_until systemctl is-active --quiet "$SCOPE"
	wait_until pgrep -x sleep >/dev/null
	kill -KILL "$pid"
	wait "$pid" || true
	jq -e '.cgroupPath == "/machine.slice/'"$SCOPE"'"' "$STATE/$ID/state.json"
	runs delete --force "$ID"
	wait_until no_unit
}

@test "a sub-cgroup below the scope, as a systemd in the container wants it" {
	[ "$mode" = v2 ] || skip "delegation is for v2"
	config '.annotations = {"run.oci.systemd.subgroup": "container", "run.oci.delegate-cgroup": "inner"} | resources ({memory: {limit: 52428800}})'
	create
	grep -q "/$SCOPE/container/inner\$" "/proc/$(init_pid)/cgroup"
	equal memory.max "$(cat "$(directory)/memory.max")" 52428800
	equal limit "$(cat "$(directory)/container/memory.max")" max
	grep -qw memory "$(directory)/container/inner/cgroup.controllers"
	runs delete --force "$ID"
	no_unit
}

@test "delegate-cgroup works with cgroupfs too" {
	[ "$mode" = v2 ] || skip "delegation is for v2"
	config ".linux.cgroupsPath = \"/$ID\"" '.annotations = {"run.oci.delegate-cgroup": "inner"} | resources ({memory: {limit: 52428800}})'
	runs create --bundle "$BUNDLE" "$ID"
	grep -q "^0::/$ID/inner\$" "/proc/$(init_pid)/cgroup"
	equal memory.max "$(cat "/sys/fs/cgroup/$ID/memory.max")" 52428800
	grep -qw memory "/sys/fs/cgroup/$ID/inner/cgroup.controllers"
	runs delete --force "$ID"
}

@test "pause and resume" {
	config 'sh ("while :; do sleep 1; done")'
	create
	runs start "$ID"
	coracle pause "$ID"
	has_status paused
	runs resume "$ID"
	has_status running
	runs delete --force "$ID"
}

@test "update tells systemd, and the files are exact" {
	config 'sh ("while :; do sleep 1; done") | resources ({pids: {limit: 50}})'
	create
	runs start "$ID"
	runs update --pids-limit 60 --memory 52428800 "$ID"
	file pids pids.max pids.max 60 60
	file memory memory.max memory.limit_in_bytes 52428800 52428800
	equal TasksMax "$(property TasksMax)" 60
	systemctl daemon-reload
	file pids pids.max pids.max 60 60
	runs delete --force "$ID"
}

@test "systemd's own socket serves when there is no bus" {
	mkdir "$WORK/empty"
	unshare -m sh -c "mount --bind $WORK/empty /run/dbus && exec $CORACLE --root $STATE --systemd-cgroup create --bundle $BUNDLE $ID" >/dev/null 2>&1 </dev/null
	equal state "$(property ActiveState)" active
	unshare -m sh -c "mount --bind $WORK/empty /run/dbus && exec $CORACLE --root $STATE delete $ID"
	no_unit
}

@test "neither bus nor socket: the error names both, and a way out" {
	mkdir "$WORK/empty"
	run unshare -m sh -c "mount --bind $WORK/empty /run/dbus && mount --bind $WORK/empty /run/systemd && exec $CORACLE --root $STATE --systemd-cgroup create --bundle $BUNDLE $ID"
	[ "$status" -ne 0 ]
	says "nothing listens at '/run/dbus/system_bus_socket' or '/run/systemd/private'"
	says "--cgroup-manager=cgroupfs"
	[ -z "$(ls "$STATE" 2>/dev/null)" ]
}

@test "delete works when the bus has gone" {
	create
	mkdir "$WORK/empty"
	unshare -m sh -c "mount --bind $WORK/empty /run/dbus && mount --bind $WORK/empty /run/systemd && exec $CORACLE --root $STATE delete --force $ID"
	wait_until no_unit
	[ -z "$(find /sys/fs/cgroup -name "$SCOPE")" ]
}

@test "a restored container is in a scope as well, with all its processes" {
	command -v criu >/dev/null || skip "there is no criu"
	config 'sh ("sleep 1000 & while :; do sleep 0.1; done")' 'no_ns ("network")' 'resources ({pids: {limit: 77}})'
	# Not into a file: CRIU would have to restore it.
	systemd run --detach --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null
	runs checkpoint --image-path "$WORK/image" "$ID"
	wait_until no_unit
	place "machine.slice:other:$ID"
	SCOPE=other-$ID.scope
	runs --systemd-cgroup restore --image-path "$WORK/image" --bundle "$BUNDLE" --detach "$ID" || { grep Error "$WORK"/image/*.log; return 1; }
	has_status running
	equal state "$(property ActiveState)" active
	[ "$(wc -l <"$(directory systemd)/cgroup.procs")" -ge 2 ]
	run pgrep -x criu
	is ""
	file pids pids.max pids.max 77 77
	runs delete --force "$ID"
	no_unit
}
