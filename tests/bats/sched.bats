#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# How the process is scheduled: policy, nice, I/O priority, OOM score, personality, memory policy, cpus.

load helpers

probe () { # WHAT…: in the container; the configuration may have been changed before
	with_tool probe
	config "args ([\"/bin/probe\"] + [$(printf '"%s",' "$@" | sed 's/,$//')])"
	run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
}

@test "policies without privilege: OTHER with nice, BATCH, IDLE" {
	config '.process.scheduler = {policy: "SCHED_OTHER", nice: 5}'
	probe sched
	says 'policy 0 nice 5 priority 0 flags 0'
	config '.process.scheduler = {policy: "SCHED_BATCH", nice: -3}'
	probe sched
	says 'policy 3 nice -3 priority 0'
	config '.process.scheduler = {policy: "SCHED_IDLE"}'
	probe sched
	says "policy 5 nice $(nice)" # the caller's: the kernel does not change it
}

@test "realtime policies with priority and the reset-on-fork flag" {
	chrt -f 1 true 2>/dev/null || skip "this kernel or cgroup has no realtime scheduling: chrt -f 1 fails"
	# With groups of realtime tasks (cgroup v1) a new cgroup may not have any unless it is given time.
	[ ! -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] || config '.linux.resources.cpu = {realtimePeriod: 1000000, realtimeRuntime: 5000}'
	config '.process.scheduler = {policy: "SCHED_FIFO", priority: 10}'
	probe sched
	says 'policy 1 nice 0 priority 10 flags 0'
	config '.process.scheduler = {policy: "SCHED_RR", priority: 99, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	probe sched
	says 'policy 2 nice 0 priority 99 flags 1'
}

@test "deadline scheduling with its three times" {
	config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 10000000, period: 20000000}'
	probe sched
	[ "$status" -eq 0 ] || { says 'process.scheduler: sched_setattr'; skip "the kernel admits no deadline task here: $output"; }
	says 'policy 6 nice 0 priority 0 flags 0 runtime 1000000 deadline 10000000 period 20000000'
}

@test "the rules of sched(7) are checked before anything exists" {
	while IFS='|' read -r scheduler text; do
		config ".process.scheduler = $scheduler"
		fails create --bundle "$BUNDLE" "$ID"
		says "$text"
	done <<-'END'
		{policy: "SCHED_FAIR"}|process.scheduler.policy: unknown scheduling policy 'SCHED_FAIR'
		{policy: "SCHED_OTHER", nice: 20}|process.scheduler.nice: 20 is out of range
		{policy: "SCHED_OTHER", nice: -21}|process.scheduler.nice
		{policy: "SCHED_OTHER", priority: 3}|process.scheduler.priority
		{policy: "SCHED_FIFO"}|process.scheduler.priority: 0 is out of range
		{policy: "SCHED_RR", priority: 100}|process.scheduler.priority: 100 is out of range
		{policy: "SCHED_OTHER", runtime: 5}|process.scheduler.runtime
		{policy: "SCHED_DEADLINE", runtime: 5}|process.scheduler.runtime
		{policy: "SCHED_DEADLINE", runtime: 5000, deadline: 4000}|exceeds deadline
		{policy: "SCHED_OTHER", flags: ["SCHED_FLAG_X"]}|process.scheduler.flags[0]
	END
}

@test "a policy that may not be had: the error names the property" {
	config '.process.scheduler = {policy: "SCHED_FIFO", priority: 10}'
	run "$TEST_TOOLS/nosys" sched_setattr=EPERM -- "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says 'process.scheduler'
	says 'operation not permitted'
}

@test "I/O priority of the process and its group" {
	config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 7}'
	probe ioprio
	is 'class 2 level 7 group 2:7'
	config '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	probe ioprio
	is 'class 3 level 0 group 3:0'
	config '.process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 2}'
	probe ioprio
	is 'class 1 level 2 group 1:2'
	config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
	fails create --bundle "$BUNDLE" "$ID"
	says 'process.ioPriority.priority: 8 is out of range'
	config '.process.ioPriority = {class: "BE", priority: 0}'
	fails create --bundle "$BUNDLE" "$ID"
	says 'process.ioPriority.class'
}

@test "the I/O priority of the container is not the caller's group's" {
	before=$(ionice -p $$)
	config '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	probe ioprio
	[ "$(ionice -p $$)" = "$before" ]
}

@test "oomScoreAdj: set, left alone, out of range" {
	own=$(cat /proc/self/oom_score_adj)
	config '.process.oomScoreAdj = 500' 'args (["/bin/cat", "/proc/self/oom_score_adj"])'
	runs run --bundle "$BUNDLE" "$ID"
	is 500
	config 'del (.process.oomScoreAdj)'
	runs run --bundle "$BUNDLE" "$ID"
	is "$own"
	config '.process.oomScoreAdj = 0'
	runs run --bundle "$BUNDLE" "$ID"
	is 0
	for bad in 1001 -1001; do
		config ".process.oomScoreAdj = $bad"
		fails run --bundle "$BUNDLE" "$ID"
		says "process.oomScoreAdj: $bad is out of range"
	done
}

@test "oomScoreAdj below what the caller may: an error that names it, but not with a user namespace" {
	config '.process.oomScoreAdj = -900'
	if coracle run --bundle "$BUNDLE" "$ID" >/dev/null 2>&1; then
		skip "CAP_SYS_RESOURCE is there: everything may be lowered"
	fi
	fails run --bundle "$BUNDLE" "$ID"
	says 'process.oomScoreAdj: set to -900: permission denied'
	config userns
	chown -R 100000:100000 "$ROOTFS"
	runs run --bundle "$BUNDLE" "$ID"
}

@test "personality: 32 bits as seen by uname, or as they are" {
	config '.linux.personality = {domain: "LINUX32"}' 'args (["/bin/uname", "-m"])'
	runs run --bundle "$BUNDLE" "$ID"
	[ "$(uname -m)" != x86_64 ] || is i686
	config '.linux.personality = {domain: "LINUX"}'
	runs run --bundle "$BUNDLE" "$ID"
	is "$(uname -m)"
	probe personality
	is 0
	config '.linux.personality = {domain: "BSD"}'
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.personality.domain: unknown domain 'BSD'"
	config '.linux.personality = {domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"]}'
	fails run --bundle "$BUNDLE" "$ID"
	says 'linux.personality.flags'
}

@test "the caller's personality is not inherited where another is asked for" {
	config '.linux.personality = {domain: "LINUX"}' 'args (["/bin/uname", "-m"])'
	run setarch linux32 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is "$(uname -m)"
}

@test "memory policy: modes, nodes, flags" {
	"$TEST_TOOLS/probe" mempolicy | grep -q mode || skip "this kernel has no NUMA"
	while IFS='|' read -r policy text; do
		config ".linux.memoryPolicy = $policy"
		probe mempolicy
		is "$text"
	done <<-'END'
		{mode: "MPOL_DEFAULT"}|mode 0 nodes 0
		{mode: "MPOL_BIND", nodes: "0"}|mode 2 nodes 1
		{mode: "MPOL_INTERLEAVE", nodes: "0"}|mode 3 nodes 1
		{mode: "MPOL_PREFERRED", nodes: "0"}|mode 1 nodes 1
		{mode: "MPOL_LOCAL"}|mode 4 nodes 0
		{mode: "MPOL_PREFERRED_MANY", nodes: "0"}|mode 5 nodes 1
		{mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}|mode 32770 nodes 1
		{mode: "MPOL_INTERLEAVE", nodes: "0", flags: ["MPOL_F_RELATIVE_NODES"]}|mode 16387 nodes 1
		{mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_NUMA_BALANCING"]}|mode 8194 nodes 1
	END
}

@test "memory policy: what cannot be is refused by its path, also by the kernel" {
	while IFS='|' read -r policy text; do
		config ".linux.memoryPolicy = $policy"
		fails create --bundle "$BUNDLE" "$ID"
		says "$text"
	done <<-'END'
		{mode: "MPOL_X", nodes: "0"}|linux.memoryPolicy.mode
		{nodes: "0"}|linux.memoryPolicy.mode
		{mode: "MPOL_BIND"}|linux.memoryPolicy.nodes: MPOL_BIND needs nodes
		{mode: "MPOL_LOCAL", nodes: "0"}|linux.memoryPolicy.nodes
		{mode: "MPOL_BIND", nodes: "0-"}|linux.memoryPolicy.nodes
		{mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_X"]}|linux.memoryPolicy.flags[0]
		{mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}|exclude each other
		{mode: "MPOL_BIND", nodes: "63"}|linux.memoryPolicy
	END
}

@test "the container is not bound to the cpus that the caller was bound to" {
	[ "$(nproc)" -gt 1 ] || skip "there is one cpu only"
	with_tool probe
	config 'args (["/bin/probe", "cpus"])'
	run taskset -c 0 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is "$(nproc --all)"
}

@test "a cpuset of the container is what it may run on" {
	[ "$(cgroup_mode)" != v2 ] || grep -qw cpuset /sys/fs/cgroup/cgroup.controllers || skip "there is no cpuset controller"
	with_tool probe
	config '.linux.resources.cpu.cpus = "0"' 'args (["/bin/probe", "cpus"])'
	runs run --bundle "$BUNDLE" "$ID"
	is 1
}
