#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# User namespaces of containers that root makes: mappings, ids inside and outside, joining.

load helpers

setup () {
	need_root
	test_setup
}

owned_by () { chown -hR "$1:$1" "$ROOTFS"; }

@test "root inside is somebody else outside" {
	config userns 'sh ("id -u; id -g; touch /tmp/mine; tr -s \" \" </proc/self/uid_map; tr -s \" \" </proc/self/gid_map; sleep 1000")'
	owned_by 100000
	coracle run -d --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null
	pid=$(coracle state "$ID" | jq .pid)
	wait_until grep -q '65536$' "$WORK/out"
	[ "$(stat -c %u "/proc/$pid")" = 100000 ]
	wait_until [ -e "$ROOTFS/tmp/mine" ]
	[ "$(stat -c %u:%g "$ROOTFS/tmp/mine")" = 100000:100000 ]
	[ "$(head -n 2 "$WORK/out")" = "$(printf '0\n0')" ]
	[ "$(grep -c ' 0 100000 65536' "$WORK/out")" = 2 ]
}

@test "another user inside, with groups" {
	config userns '.process.user = {uid: 1000, gid: 1001, additionalGids: [7, 8]}'
	owned_by 100000
	run_sh 'id -u; id -g; id -G; grep -E "^Uid" /proc/self/status | tr "\t" " "'
	is "$(printf '1000\n1001\n1001 7 8\nUid: 1000 1000 1000 1000')"
}

@test "several ranges, for users and groups each their own" {
	config 'ns ("user")' '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}, {containerID: 1000, hostID: 200000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 300000, size: 5000}]' '.process.user = {uid: 1500, gid: 7}'
	chown -hR 100000:300000 "$ROOTFS"
	run_sh 'touch /tmp/x; stat -c %u:%g /tmp/x'
	is 1500:7
	[ "$(stat -c %u:%g "$ROOTFS/tmp/x")" = 200500:300007 ]
}

@test "340 mappings, as many as the kernel takes; 341 are an error that says so" {
	config 'ns ("user")' '.linux.uidMappings = [range (340) | {containerID: ., hostID: (2000 + .), size: 1}] | .linux.gidMappings = .linux.uidMappings'
	owned_by 2000
	run_sh 'wc -l </proc/self/uid_map; wc -l </proc/self/gid_map'
	is "$(printf '340\n340')"
	config '.linux.uidMappings += [{containerID: 400, hostID: 3000, size: 1}]'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.uidMappings: 341 mappings: the kernel takes at most 340'
}

# CVE-2021-43784: the lengths of mappings overflowed.
@test "more text than the kernel takes, more mappings: an error that says so, never maps that were cut" {
	config 'ns ("user")' '.linux.uidMappings = [range (340) | {containerID: (. * 10), hostID: (4100000000 + . * 10), size: 10}] | .linux.gidMappings = .linux.uidMappings'
	fails create --bundle "$BUNDLE" "$ID"
	says 'bytes of mappings, the kernel takes less than a page'
	config '.linux.uidMappings = [range (4200) | {containerID: ., hostID: (100000 + .), size: 1}]'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.uidMappings: 4200 mappings: the kernel takes at most 340'
}

@test "wrong mappings are refused before anything exists" {
	while IFS=@ read -r filter text; do
		cp "$BATS_FILE_TMPDIR/base.json" "$BUNDLE/config.json"
		config ".linux.cgroupsPath = \"/$ID\"" userns "$filter"
		fails create --bundle "$BUNDLE" "$ID"
		says "$text"
		[ -z "$(ls -A "$STATE" 2>/dev/null)" ]
	done <<-'END'
		del (.linux.uidMappings)@linux.uidMappings: required
		.linux.gidMappings = []@linux.gidMappings: required
		.linux.uidMappings[0].size = 0@linux.uidMappings[0].size: must not be 0
		.linux.uidMappings += [{containerID: 5, hostID: 300000, size: 5}]@linux.uidMappings[1].containerID: overlaps with linux.uidMappings[0]
		.linux.uidMappings += [{containerID: 70000, hostID: 100500, size: 5}]@linux.uidMappings[1].hostID: overlaps with linux.uidMappings[0]
		.linux.uidMappings[0].hostID = 4294967290@linux.uidMappings[0]
		.linux.uidMappings[0].containerID = -1@linux.uidMappings[0].containerID
		.process.user.uid = 65536@process.user.uid: 65536 is not mapped
		.process.user.gid = 65536@process.user.gid: 65536 is not mapped
		.process.user.additionalGids = [1, 65536]@process.user.additionalGids[1]: 65536 is not mapped
	END
}

@test "mappings without a user namespace are ignored with a warning" {
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	run_sh 'cat /proc/self/uid_map | tr -s " "'
	[ "$status" -eq 0 ]
	says 'linux.uidMappings: ignored'
	says '0 0 4294967295'
}

@test "capabilities inside are those of config.json; the network is the container's" {
	config userns 'caps (["CAP_NET_ADMIN", "CAP_SYS_ADMIN"])'
	owned_by 100000
	run_sh 'grep CapEff /proc/self/status | tr -d "\t"; ip link add d0 type dummy 2>/dev/null; hostname other && hostname'
	says CapEff:0000000000201000
	says other
}

@test "every other namespace belongs to the user namespace" {
	config userns 'ns ("cgroup")' 'ns ("time")' 'args (["/bin/sleep", "1000"])'
	owned_by 100000
	coracle run -d --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null
	pid=$(coracle state "$ID" | jq .pid)
	for n in pid net ipc uts mnt cgroup; do
		run python3 -c 'import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
print(os.fstat(fcntl.ioctl(fd, 0xb701)).st_ino == os.stat(sys.argv[2]).st_ino)' "/proc/$pid/ns/$n" "/proc/$pid/ns/user"
		is True
	done
}

@test "/proc, /sys and devices of a container with a user namespace" {
	config userns
	owned_by 100000
	run_sh 'echo x >/dev/null && head -c 1 /dev/zero | wc -c; ls /sys/class/net; mount | grep -c "^proc on /proc "; echo t >/dev/shm/x && cat /dev/shm/x'
	[ "$status" -eq 0 ]
	is "$(printf '1\nlo\n1\nt')"
}

# A container with a user namespace, whose first process is $pid; the configuration is as before, with one.
another_in_userns () {
	config userns
	owned_by 100000
	cp "$BUNDLE/config.json" "$WORK/keep.json"
	config ".linux.cgroupsPath = \"/$ID-h\"" 'args (["/bin/sleep", "1000"])'
	coracle run -d --bundle "$BUNDLE" "$ID-h" >/dev/null 2>&1 </dev/null
	pid=$(coracle state "$ID-h" | jq .pid)
	cp "$WORK/keep.json" "$BUNDLE/config.json"
}

@test "a user namespace joined by path, with and without its mappings said again (CRI)" {
	another_in_userns
	config "join_ns (\"user\"; \"/proc/$pid/ns/user\")"
	run_sh 'readlink /proc/self/ns/user; id -u; id -g'
	is "$(readlink "/proc/$pid/ns/user"; printf '0\n0')"
	config 'del (.linux.uidMappings, .linux.gidMappings)'
	run_sh 'readlink /proc/self/ns/user; id -u; touch /tmp/j && stat -c %u /tmp/j'
	is "$(readlink "/proc/$pid/ns/user"; printf '0\n0')"
	[ "$(stat -c %u "$ROOTFS/tmp/j")" = 100000 ]
}

@test "a pod: user, network, ipc and uts joined, pid new" {
	another_in_userns
	config 'del (.hostname)' "join_ns (\"user\"; \"/proc/$pid/ns/user\")" "join_ns (\"network\"; \"/proc/$pid/ns/net\")" \
		"join_ns (\"ipc\"; \"/proc/$pid/ns/ipc\")" "join_ns (\"uts\"; \"/proc/$pid/ns/uts\")"
	run_sh 'for n in user net ipc uts; do readlink /proc/self/ns/$n; done; echo $$'
	is "$(for n in user net ipc uts; do readlink "/proc/$pid/ns/$n"; done; echo 1)"
	config "join_ns (\"pid\"; \"/proc/$pid/ns/pid\")"
	run_sh 'readlink /proc/self/ns/pid; [ $$ -gt 1 ]'
	is "$(readlink "/proc/$pid/ns/pid")"
}

@test "a new user namespace with a network namespace of the host (CNI) joined by path" {
	ip netns add "n$$" 2>/dev/null || skip "ip netns add does not work here"
	config userns "join_ns (\"network\"; \"/run/netns/n$$\")" '.mounts |= map (select (.type != "sysfs"))'
	owned_by 100000
	run_sh 'readlink /proc/self/ns/net'
	expected=$(ip netns exec "n$$" readlink /proc/self/ns/net)
	ip netns del "n$$"
	is "$expected"
}

@test "no id 0 inside: the process runs as the id that is there" {
	config 'ns ("user")' '.linux.uidMappings = [{containerID: 1000, hostID: 100000, size: 10}] | .linux.gidMappings = .linux.uidMappings' '.process.user = {uid: 1003, gid: 1004}' \
		'.mounts |= map (if .options then .options -= ["gid=5"] else . end)'
	owned_by 100000
	run_sh 'id -u; id -g'
	is "$(printf '1003\n1004')"
	config 'args (["/bin/sleep", "1000"])'
	coracle run -d --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null
	runs exec "$ID" id -u
	is 1003
	runs exec -u 1005:1006 "$ID" id -g
	is 1006
}

@test "setgroups is allowed where root wrote the maps, and the caller's groups are gone" {
	config userns 'sh ("cat /proc/self/setgroups; id -G")' '.process.user.uid = 5'
	owned_by 100000
	run setpriv --groups 3,4 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is "$(printf 'allow\n0')"
}

@test "a root directory that root inside cannot reach: the error names it" {
	config userns
	chmod 700 "$WORK"
	fails run --bundle "$BUNDLE" "$ID"
	says rootfs
	says 'permission denied'
	chmod 755 "$WORK"
}

@test "oom_score_adj is that of config.json, although root inside is another user" {
	config userns '.process.oomScoreAdj = 500' 'sh ("cat /proc/self/oom_score_adj")'
	owned_by 100000
	runs run --bundle "$BUNDLE" "$ID"
	is 500
	config 'ns ("time")'	# another way to init: by a stage
	runs run --bundle "$BUNDLE" "$ID"
	is 500
}

@test "the clocks of a time namespace, new with the user namespace, and below one that is joined" {
	owned_by 100000
	config userns 'ns ("time")' '.linux.timeOffsets = {boottime: {secs: 200000}}' 'sh ("cat /proc/self/timens_offsets; sleep 1000")'
	coracle run -d --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null
	wait_until grep -qE '^boottime +200000 +0$' "$WORK/out"
	pid=$(coracle state "$ID" | jq .pid)
	config "join_ns (\"user\"; \"/proc/$pid/ns/user\") | .linux.timeOffsets.boottime.secs = 300000 | .linux.cgroupsPath += \"-2\"" 'sh ("cat /proc/self/timens_offsets")'
	runs run --bundle "$BUNDLE" "$ID-2"
	grep -qE '^boottime +300000 +0$' <<<"$output"
}
