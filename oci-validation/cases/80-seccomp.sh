# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# config-linux.md "Seccomp".

grep -q '^Seccomp:' /proc/self/status && seccomp_here=1

filter () { # CHECKS FILTER [PATCH]
	[ -n "${seccomp_here:-}" ] || skip "this kernel has no seccomp"
	sees "$1" ".linux.seccomp = $2" "${@:3}"
}
refuses_filter () {
	[ -n "${seccomp_here:-}" ] || skip "this kernel has no seccomp"
	refuses ".linux.seccomp = $1"
}
rule () { # NAME, CHECKS, RULE
	must "config-linux.md Seccomp: $1" filter "$2" "{defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [$3]}"
}
rule "errnoRet: if not specified then its default value is EPERM" seccomp:acct '{names: ["acct"], action: "SCMP_ACT_ERRNO"}'
rule "errnoRet is the errno return code to use" seccomp:acct '{names: ["acct"], action: "SCMP_ACT_ERRNO", errnoRet: 77}'
rule "names: the names of the syscalls (several)" seccomp:getpriority '{names: ["acct", "getpriority", "msgget"], action: "SCMP_ACT_ERRNO", errnoRet: 71}'
rule "names: one that is unknown here does not matter" seccomp:acct '{names: ["no_such_call", "acct"], action: "SCMP_ACT_ERRNO", errnoRet: 72}'
rule "syscalls: several rules" 'seccomp:acct seccomp:msgget' '{names: ["acct"], action: "SCMP_ACT_ERRNO", errnoRet: 73}, {names: ["msgget"], action: "SCMP_ACT_ERRNO", errnoRet: 74}'
rule "action SCMP_ACT_KILL_PROCESS" seccomp:msgget '{names: ["msgget"], action: "SCMP_ACT_KILL_PROCESS"}'
rule "action SCMP_ACT_KILL" seccomp:msgget '{names: ["msgget"], action: "SCMP_ACT_KILL"}'
rule "action SCMP_ACT_KILL_THREAD" seccomp:msgget '{names: ["msgget"], action: "SCMP_ACT_KILL_THREAD"}'
rule "action SCMP_ACT_TRAP" seccomp:msgget '{names: ["msgget"], action: "SCMP_ACT_TRAP"}'
rule "action SCMP_ACT_LOG" seccomp:msgget '{names: ["msgget"], action: "SCMP_ACT_LOG"}'
for op in EQ NE GT GE LT LE MASKED_EQ; do
	two=
	[ $op != MASKED_EQ ] || two=', valueTwo: 4'
	rule "args: op SCMP_CMP_$op" "seccomp:msgget seccomp:msgget:other-argument" \
		"{names: [\"msgget\"], action: \"SCMP_ACT_ERRNO\", errnoRet: 75, args: [{index: 0, value: 4, op: \"SCMP_CMP_$op\"$two}]}"
done
must "config-linux.md Seccomp: without noNewPrivileges" filter seccomp:acct '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO", errnoRet: 76}]}' \
	'.process.noNewPrivileges = false'
must "config-linux.md Seccomp: for another user than root" filter 'seccomp:acct uid' \
	'{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO", errnoRet: 76}]}' '.process.user.uid = 1000 | caps ([])'
must "config-linux.md Seccomp: architectures" filter seccomp:acct \
	'{defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"], syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO", errnoRet: 76}]}'
must "config-linux.md Seccomp: flags" filter seccomp:acct \
	'{defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_LOG"], syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO", errnoRet: 76}]}'

# All calls but a few: the rules are a list of what is allowed.
default_errno () {
	[ -n "${seccomp_here:-}" ] || skip "this kernel has no seccomp"
	finished 'inside (["touch", "/ran"])' '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 99, syscalls: [
		{names: ["getdents64", "ioctl", "execve", "execveat", "open", "openat", "close", "close_range", "read", "write", "brk", "mmap", "munmap", "mprotect", "arch_prctl", "set_tid_address",
		"set_robust_list", "rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "exit", "exit_group", "fstat", "newfstatat", "uname", "futex",
		"prctl", "capget", "capset", "setuid", "setgid", "setgroups", "setresuid", "setresgid", "fcntl", "getpid", "gettid", "tgkill", "rt_sigaction",
		"rt_sigprocmask", "sigaltstack", "rt_sigreturn", "epoll_ctl", "epoll_pwait", "nanosleep", "stat", "statfs", "fstatfs", "dup3", "chdir", "getcwd",
		"seccomp", "sendmsg", "sendto", "recvmsg", "recvfrom", "faccessat", "faccessat2", "access", "getuid", "geteuid", "getppid", "lseek", "madvise", "sched_yield"],
		action: "SCMP_ACT_ALLOW"}]}'
	[ -e "$rootfs/ran" ] || fail "the process did not run"
}
must "config-linux.md Seccomp: defaultAction is the default action for seccomp" default_errno

must "config-linux.md Seccomp: defaultAction (string, REQUIRED)" refuses_filter '{syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO"}]}'
must "config-linux.md Seccomp: defaultAction: of the valid values" refuses_filter '{defaultAction: "SCMP_ACT_NOSUCH"}'
must "config-linux.md Seccomp: action (string, REQUIRED): of the valid values" refuses_filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_NOSUCH"}]}'
must "config-linux.md Seccomp: names MUST contain at least one entry" refuses_filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: [], action: "SCMP_ACT_ERRNO"}]}'
must "config-linux.md Seccomp: when the action doesn't support an errno, the runtime MUST print an error and fail (errnoRet)" refuses_filter \
	'{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_KILL", errnoRet: 1}]}'
must "config-linux.md Seccomp: when the action doesn't support an errno, the runtime MUST print an error and fail (defaultErrnoRet)" refuses_filter \
	'{defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1}'
must "config-linux.md Seccomp: op: of the valid values" refuses_filter \
	'{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: "SCMP_CMP_NOSUCH"}]}]}'
for field in index value op; do
	must "config-linux.md Seccomp: args: $field REQUIRED" refuses_filter \
		"{defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"acct\"], action: \"SCMP_ACT_ERRNO\", args: [{index: 0, value: 1, op: \"SCMP_CMP_EQ\"} | del (.$field)]}]}"
done
must "config-linux.md Seccomp: args: a call has six arguments" refuses_filter \
	'{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO", args: [{index: 6, value: 1, op: "SCMP_CMP_EQ"}]}]}'
must "config-linux.md Seccomp: architectures: of the valid values" refuses_filter '{defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_NOSUCH"]}'
must "config-linux.md Seccomp: flags: of the valid values" refuses_filter '{defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_NOSUCH"]}'
must "config-linux.md Seccomp: listenerMetadata MUST NOT be set if listenerPath is not set" refuses_filter '{defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x"}'
must "config-linux.md Seccomp: SCMP_ACT_NOTIFY without listenerPath is an error" refuses_filter \
	'{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_NOTIFY"}]}'
must "config-linux.md Seccomp: listenerPath: nobody listens there" refuses_or_start_fails

refuses_or_start_fails () {
	must_start 'inside (["touch", "/ran"])' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: ($work + "/nothing"), syscalls: [{names: ["acct"], action: "SCMP_ACT_NOTIFY"}]}'
}

# The agent of the suite answers with errno 99, which is then what the process sees.
listener () { # JQ-CONDITION
	local agent

	[ -n "${seccomp_here:-}" ] || skip "this kernel has no seccomp"
	bundle '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: ($work + "/agent"), listenerMetadata: "some data",
		syscalls: [{names: ["acct"], action: "SCMP_ACT_NOTIFY"}]}'
	# For the process, which is to compare what it sees, notifying looks like this.
	jq '.linux.seccomp.syscalls[0] += {action: "SCMP_ACT_ERRNO", errnoRet: 99}' "$bundle/config.json" >"$rootfs/config.json"
	"$TMP/inside" listener "$work/agent" >"$work/agent.out" 2>&1 &
	agent=$!
	await 5 test -S "$work/agent" || fail "no agent"
	if create; then
		pid=$(<"$work/pid")
		if rt start "$id"; then
			await_exit
			await 5 has_status stopped
			rt delete "$id"
		fi
	fi
	await 3 test -s "$work/agent.out" || :
	kill "$agent" 2>/dev/null
	[ "$rc" -eq 0 ] || fail "create or start failed"
	saw "seccomp:acct"
	grep -v '^#' "$work/agent.out" | jq -es --arg id "$id" --arg pid "$pid" --arg bundle "$bundle" "length == 1 and (.[0] | $1)" >/dev/null ||
		fail "not so: $1, in $(<"$work/agent.out")"
	grep -q '^# 1 descriptors$' "$work/agent.out" || fail "$(grep descriptors "$work/agent.out")"
	grep -q '^# closed$' "$work/agent.out" || fail "the connection was not closed"
}
must "config-linux.md Seccomp: listenerPath: the container process state is sent in one message, with its descriptors, and the connection closed" listener \
	'.fds == ["seccompFd"]'
must "config-linux.md Container Process State: pid (int, REQUIRED) is the container process ID, as seen by the runtime" listener '.pid == ($pid | tonumber)'
must "config-linux.md Container Process State: metadata (string, OPTIONAL) is opaque metadata" listener '.metadata == "some data"'
must "config-linux.md Container Process State: ociVersion and state (state, REQUIRED) is the state of the container" listener \
	'(.ociVersion | type == "string") and .state.id == $id and .state.bundle == $bundle and (.state.status | IN ("creating", "created"))'
