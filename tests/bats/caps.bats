#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Capabilities: each set is what config.json says, and nothing comes along from the caller.

load helpers

SHOW='grep -E "^(Cap|NoNewPrivs)" /proc/self/status | tr -d "\t"'

# Sets of the last output, by name, as the kernel writes them.
set_is () { [[ "$output" == *"Cap$1:$2"* ]] || { echo "Cap$1 is not $2 in: $output"; return 1; }; }
none=0000000000000000

@test "an object without sets, and no object at all: no capabilities, not those of the caller" {
	for filter in 'del (.process.capabilities)' '.process.capabilities = {}' '.process.capabilities = null'; do
		config "$filter"
		run_sh "$SHOW"
		[ "$status" -eq 0 ]
		for s in Inh Prm Eff Bnd Amb; do
			set_is $s $none
		done
	done
}

@test "the five sets are set each by itself" {
	config '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW", "CAP_SETUID", "CAP_SETPCAP"],
		permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"], effective: ["CAP_CHOWN", "CAP_KILL"],
		inheritable: ["CAP_NET_RAW"], ambient: ["CAP_NET_RAW"]}' '.process.user = {uid: 1000, gid: 1000}'
	run_sh "$SHOW"
	[ "$status" -eq 0 ]
	# Of a process that is not root execve leaves the ambient ones (capabilities(7)).
	set_is Bnd 00000000000021a1
	set_is Inh 0000000000002000
	set_is Amb 0000000000002000
	set_is Prm 0000000000002000
	set_is Eff 0000000000002000
}

@test "a root process has what is in its bounding and inheritable sets" {
	config '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_CHOWN"], effective: ["CAP_CHOWN"]}'
	run_sh "$SHOW"
	set_is Bnd 0000000000000021
	set_is Inh $none
	set_is Amb $none
}

# CVE-2022-24769, CVE-2022-29162: a non-empty inheritable set makes file capabilities of the image worth more than they should be.
@test "nothing is inheritable or ambient unless config.json says so, also with inheritable capabilities of the caller" {
	config '.process.capabilities = {bounding: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"], effective: ["CAP_CHOWN"]} | sh ("grep ^Cap /proc/self/status | tr -d \"\t\"")'
	run setpriv --inh-caps +chown,+kill,+net_raw --ambient-caps +chown,+kill,+net_raw "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 0 ]
	set_is Inh $none
	set_is Amb $none
	set_is Bnd 0000000000000001
}

@test "a user that is not root keeps no capabilities without ambient ones" {
	config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {bounding: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"], effective: ["CAP_CHOWN"], inheritable: ["CAP_CHOWN"]}'
	run_sh "$SHOW"
	set_is Prm $none
	set_is Eff $none
	set_is Amb $none
	set_is Inh 0000000000000001
}

@test "ambient capabilities let a user do what they allow" {
	config '.process.user = {uid: 1000, gid: 1000} | caps (["CAP_CHOWN"])'
	run_sh 'touch /tmp/f && chown 7 /tmp/f && stat -c %u /tmp/f'
	is 7
	config 'caps (["CAP_KILL"])'
	run_sh 'touch /tmp/g && chown 7 /tmp/g'
	[ "$status" -ne 0 ]
}

@test "an ambient capability that is not inheritable as well is left out with a warning" {
	config '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_CHOWN", "CAP_KILL"], inheritable: ["CAP_KILL"], ambient: ["CAP_CHOWN", "CAP_KILL"]}
		| .process.user.uid = 1000'
	run_sh "$SHOW"
	[ "$status" -eq 0 ]
	set_is Amb 0000000000000020
	says 'process.capabilities.ambient: CAP_CHOWN ignored'
}

@test "effective beyond permitted is an error of the configuration" {
	config '.process.capabilities = {bounding: ["CAP_CHOWN"], effective: ["CAP_CHOWN"]}'
	fails run --bundle "$BUNDLE" "$ID"
	says 'process.capabilities.effective: CAP_CHOWN: not in permitted'
}

# config.md: what cannot be granted is warned about, not failed.
@test "an unknown capability is warned about by its path, and the others are granted" {
	config '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_OF_TOMORROW"], permitted: ["CAP_CHOWN"], effective: ["CAP_CHOWN"]}'
	run_sh "$SHOW"
	[ "$status" -eq 0 ]
	says "process.capabilities.bounding[1]: unknown capability 'CAP_OF_TOMORROW' ignored"
	set_is Bnd 0000000000000001
}

@test "a capability that the runtime lacks itself is warned about, and the others are granted" {
	config 'caps (["CAP_CHOWN", "CAP_SYS_TIME", "CAP_KILL"])' '.process.user.uid = 1000' "sh (\"$(sed 's/"/\\"/g; s/\\t/\\\\t/' <<<"$SHOW")\")"
	run setpriv --bounding-set -sys_time --inh-caps -sys_time "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 0 ]
	says 'process.capabilities: CAP_SYS_TIME cannot be granted'
	lacks 'capabilities.ambient'
	set_is Amb 0000000000000021
	set_is Bnd 0000000000000021
}

@test "all capabilities that the runtime has can be given" {
	all=$(jq -n '["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP",
		"CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
		"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
		"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP",
		"CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
		"CAP_CHECKPOINT_RESTORE"]' | tr -d '\n')
	config ".process.capabilities = {bounding: $all, permitted: $all, effective: $all}"
	run_sh "$SHOW"
	[ "$status" -eq 0 ]
	set_is Eff "$(sed -n 's/^CapEff:\t//p' /proc/self/status)"
	set_is Bnd "$(sed -n 's/^CapBnd:\t//p' /proc/self/status)"
}

@test "noNewPrivileges is set, and not set" {
	config '.process.noNewPrivileges = true'
	run_sh "$SHOW"
	says 'NoNewPrivs:1'
	config '.process.noNewPrivileges = false'
	run_sh "$SHOW"
	says 'NoNewPrivs:0'
	config 'del (.process.noNewPrivileges)'
	run_sh "$SHOW"
	says 'NoNewPrivs:0'
}

@test "the process keeps no trace of how its capabilities were changed: securebits, keepcaps, dumpable" {
	with_tool probe
	config 'args (["/bin/probe", "prctl"])' '.process.user.uid = 1000'
	runs run --bundle "$BUNDLE" "$ID"
	says 'dumpable 1 keepcaps 0 securebits 0 pdeathsig 0'
}

@test "set-user-id files give root's rights only within the bounding set" {
	with_tool probe
	chmod 4755 "$ROOTFS/bin/probe"
	config '.process.noNewPrivileges = false | .process.user = {uid: 1000, gid: 1000} | .process.capabilities = {bounding: ["CAP_CHOWN"]}' \
		'args (["/bin/probe", "ids"])'
	runs run --bundle "$BUNDLE" "$ID"
	is 'uid 1000 0 0 gid 1000 1000 1000 effective 1'
	config '.process.noNewPrivileges = true'
	runs run --bundle "$BUNDLE" "$ID"
	is 'uid 1000 1000 1000 gid 1000 1000 1000 effective 0'
}

# config.md: what cannot be granted is warned about, and the rest is granted. The kernel takes nothing as inheritable that is not in the bounding
# set.
@test "inheritable, but not in the bounding set: a warning, and the rest is granted" {
	config '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_CHOWN", "CAP_KILL"], effective: ["CAP_KILL"],
		inheritable: ["CAP_CHOWN", "CAP_KILL"], ambient: ["CAP_CHOWN", "CAP_KILL"]}'
	run_sh "$SHOW"
	[ "$status" -eq 0 ]
	says 'process.capabilities.inheritable: CAP_CHOWN ignored: not in bounding'
	set_is Inh 0000000000000020
	set_is Amb 0000000000000020
	config 'del (.process.capabilities.bounding)'
	run_sh "$SHOW"
	[ "$status" -eq 0 ]
	set_is Inh $none
}
