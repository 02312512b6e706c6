#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# linux.seccomp: what each rule does to a process, listeners, the kept filters. Numbers of system calls are those of x86_64.

load helpers

umask=95 mkdir=83 uname=63 new=600

setup () {
	[ "$(uname -m)" = x86_64 ] || skip "the numbers of system calls here are those of x86_64"
	test_setup
	with_tool probe
}

profile () { # DEFAULT [RULE…]: rules are objects without the outer braces
	local default=$1 rules= r
	shift
	for r; do rules+="${rules:+, }{$r}"; done
	config ".linux.seccomp = {defaultAction: \"$default\", syscalls: [$rules]}"
}
rule () { # NAME ACTION [MORE]
	printf 'names: ["%s"], action: "SCMP_ACT_%s"%s' "$1" "$2" "${3:+, $3}"
}
call () { # NR ARG…: in the container, by root or whom the configuration says
	local words
	words=$(printf ', "%s"' "$@")
	config "args ([\"/bin/probe\", \"call\"$words])"
	status=0
	output=$(timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 2>&1 </dev/null 3>&-) || status=$?
}

# ---- actions -----------------------------------------------------------------------------------------------------------

@test "ERRNO: EPERM unless errnoRet says another, for rules and by default" {
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO)"
	call $umask 18
	is 'errno 1'
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 95')"
	call $umask 18
	is 'errno 95'
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 0')"
	call $umask 18
	is '= 0'
}

@test "ERRNO by default, with defaultErrnoRet" {
	config ".linux.seccomp = $(jq 'del (.syscalls[] | select (.names | index ("umask")) | .names[] | select (. == "umask")) | .defaultErrnoRet = 33' "$top/tests/bats/profiles/docker.json")"
	call $umask 18
	is 'errno 33'
	config 'del (.linux.seccomp.defaultErrnoRet)'
	call $umask 18
	is 'errno 1'
}

@test "KILL, KILL_THREAD, KILL_PROCESS, TRAP: SIGSYS" {
	for action in KILL KILL_THREAD KILL_PROCESS TRAP; do
		profile SCMP_ACT_ALLOW "$(rule umask $action)"
		call $umask 18
		[ "$status" -eq 159 ]
	done
}

@test "ALLOW and LOG let the call through; TRACE without a tracer is ENOSYS" {
	for action in ALLOW LOG; do
		profile SCMP_ACT_KILL_PROCESS "$(rule umask $action)"
		config '.linux.seccomp.defaultAction = "SCMP_ACT_ALLOW"'
		call $umask 18
		is '= 18'
	done
	profile SCMP_ACT_LOG
	call $umask 18
	is '= 18'
	profile SCMP_ACT_ALLOW "$(rule umask TRACE 'errnoRet: 7')"
	call $umask 18
	is 'errno 38'
}

@test "unknown actions and operators, missing members: errors with their paths" {
	while IFS=@ read -r seccomp text; do
		config ".linux.seccomp = $seccomp"
		fails create --bundle "$BUNDLE" "$ID"
		says "$text"
	done <<-'END'
		{}@linux.seccomp.defaultAction
		{defaultAction: "ALLOW"}@linux.seccomp.defaultAction
		{defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1}@linux.seccomp.defaultErrnoRet
		{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["umask"]}]}@linux.seccomp.syscalls[0].action
		{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{action: "SCMP_ACT_ERRNO"}]}@linux.seccomp.syscalls[0].names
		{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: [], action: "SCMP_ACT_ERRNO"}]}@linux.seccomp.syscalls[0].names
		{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["umask"], action: "SCMP_ACT_ERRNO", args: [{index: 6, value: 1, op: "SCMP_CMP_EQ"}]}]}@syscalls[0].args[0].index
		{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["umask"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: "EQ"}]}]}@syscalls[0].args[0].op
		{defaultAction: "SCMP_ACT_ALLOW", architectures: ["X86"]}@linux.seccomp.architectures[0]
		{defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_X"]}@linux.seccomp.flags[0]
		"x"@linux.seccomp
		[]@linux.seccomp
	END
}

@test "errnoRet on a rule that takes none is warned about (docker and podman write it)" {
	profile SCMP_ACT_ALLOW "$(rule umask LOG 'errnoRet: 1')"
	call $umask 18
	says '= 18'
	says 'linux.seccomp.syscalls[0].errnoRet: has no effect'
}

# ---- arguments -------------------------------------------------------------------------------------------------------------

@test "each comparison of an argument" {
	while read -r op value two hit miss; do
		profile SCMP_ACT_ALLOW "$(rule umask ERRNO "errnoRet: 77, args: [{index: 0, value: $value, valueTwo: $two, op: \"SCMP_CMP_$op\"}]")"
		call $umask "$hit"
		is 'errno 77'
		call $umask "$miss"
		is '= 18'
	done <<-END
		EQ 7 0 7 8
		NE 7 0 8 7
		LT 7 0 6 7
		LE 7 0 7 8
		GT 7 0 8 7
		GE 7 0 7 6
		MASKED_EQ 12 4 6 8
	END
}

@test "arguments are compared in all their 64 bits" {
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 77, args: [{index: 0, value: 4294967303, op: "SCMP_CMP_EQ"}]')"
	call $umask 7
	is '= 18'
	call $umask 4294967303
	is 'errno 77'
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 77, args: [{index: 0, value: 123456789, op: "SCMP_CMP_EQ"}]')"
	config 'args (["/bin/probe", "call", "95", "18446744073709551615"])'
	sed -i s/123456789/18446744073709551615/ "$BUNDLE/config.json"	# jq has doubles only
	runs run --bundle "$BUNDLE" "$ID"
	is 'errno 77'
}

@test "several arguments of a rule must all match; one argument twice is either" {
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 77, args: [{index: 0, value: 7, op: "SCMP_CMP_EQ"}, {index: 1, value: 3, op: "SCMP_CMP_EQ"}]')"
	call $umask 7 4
	is '= 18'
	call $umask 7 3
	is 'errno 77'
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 77, args: [{index: 0, value: 7, op: "SCMP_CMP_EQ"}, {index: 0, value: 9, op: "SCMP_CMP_EQ"}]')"
	call $umask 7
	is 'errno 77'
	call $umask 9
	is 'errno 77'
	call $umask 8
	is '= 18'
}

@test "rules that say the same twice, and one that is the default action" {
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 5')" "$(rule umask ERRNO 'errnoRet: 5')" "$(rule umask ALLOW)" 'names: ["umask", "umask"], action: "SCMP_ACT_ERRNO", errnoRet: 5'
	call $umask 18
	is 'errno 5'
}

# ---- names that are unknown, numbers that are too new --------------------------------------------------------------------------

@test "a name that nobody knows is stepped over, unless the annotation wants an error" {
	profile SCMP_ACT_ALLOW 'names: ["call_of_tomorrow", "umask"], action: "SCMP_ACT_ERRNO", errnoRet: 5'
	call $umask 18
	is 'errno 5'
	config '.annotations["run.oci.seccomp_fail_unknown_syscall"] = "1"'
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.seccomp: syscalls[0].names[0]: unknown system call 'call_of_tomorrow'"
}

@test "calls newer than the profile are ENOSYS, older ones that it leaves out are not" {
	config ".linux.seccomp = $(jq '.defaultErrnoRet = 1' "$top/tests/bats/profiles/docker.json")"
	call $new
	is 'errno 38'
	call 250	# keyctl, which the profile leaves out
	is 'errno 1'
	config '.linux.seccomp.defaultAction = "SCMP_ACT_ALLOW" | del (.linux.seccomp.defaultErrnoRet)'
	call $new
	is 'errno 38'	# the kernel's own word
}

@test "a profile that kills by default kills newer calls too" {
	config ".linux.seccomp = $(jq 'del (.defaultErrnoRet) | .defaultAction = "SCMP_ACT_KILL_PROCESS"' "$top/tests/bats/profiles/podman.json")"
	call $new
	[ "$status" -eq 159 ]
}

# ---- architectures -----------------------------------------------------------------------------------------------------------------

has_32bit () { "$TEST_TOOLS/probe" call32 20 2>/dev/null | grep -q =; }

@test "calls of an architecture that is not listed kill; of one that is, the rules apply" {
	has_32bit || skip "this kernel runs no 32-bit programs"
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 77')"
	config 'args (["/bin/probe", "call32", "60", "18"])'
	run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 159 ]
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]'
	run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is 'errno 77'
	config 'args (["/bin/probe", "call32", "20"])'
	run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	says '= '
}

@test "the ENOSYS of newer calls is for each architecture its own" {
	has_32bit || skip "this kernel runs no 32-bit programs"
	config ".linux.seccomp = $(jq '.defaultErrnoRet = 1' "$top/tests/bats/profiles/docker.json")" 'args (["/bin/probe", "call32", "600"])'
	run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is 'errno 38'
	config 'args (["/bin/probe", "call32", "288"])'	# keyctl
	run timeout 20 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is 'errno 1'
}

@test "x32 numbers are no way around a rule" {
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 77')"
	call $((0x40000000 + umask)) 18
	[ "$status" -eq 159 ] || is 'errno 38' || is 'errno 77'
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"]'
	call $((0x40000000 + umask)) 18
	[ "$output" != '= 18' ]
}

@test "architectures of other machines do no harm" {
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 77')"
	config '.linux.seccomp.architectures = ["SCMP_ARCH_AARCH64", "SCMP_ARCH_S390X", "SCMP_ARCH_PPC64LE"]'
	call $umask 18
	is 'errno 77'
}

# ---- flags -----------------------------------------------------------------------------------------------------------------------------

flags_used () {
	strace -f -qq -e trace=seccomp -e signal=none -o "$WORK/trace" "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&-
	grep -o 'SECCOMP_SET_MODE_FILTER, [^{]*' "$WORK/trace" | tail -n 1
}

@test "flags: those of config.json; null is SPEC_ALLOW, an empty list is none" {
	command -v strace >/dev/null || skip "strace is not installed"
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO)"
	[[ "$(flags_used)" == *FLAG_SPEC_ALLOW,* ]]
	config '.linux.seccomp.flags = null'
	[[ "$(flags_used)" == *FLAG_SPEC_ALLOW,* ]]
	config '.linux.seccomp.flags = []'
	[[ "$(flags_used)" == *FILTER,\ 0,* ]]
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"]'
	[[ "$(flags_used)" == *FLAG_TSYNC\|*FLAG_LOG,* ]]
}

@test "a kernel that refuses the filter: an error that says how large it is" {
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 5')"
	config 'args (["/bin/probe", "call", "95", "18"])' '.process.noNewPrivileges = true'
	run "$TEST_TOOLS/nosys" seccomp=EINVAL -- "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says 'linux.seccomp: install the filter'
}

# ---- privileges -------------------------------------------------------------------------------------------------------------------------

@test "with and without noNewPrivileges, as root and as a user, with the same capabilities as without a filter" {
	for nnp in true false; do
		for uid in 0 1000; do
			config ".process.noNewPrivileges = $nnp | .process.user = {uid: $uid, gid: $uid} | del (.linux.seccomp)" 'caps (["CAP_CHOWN"])'
			run_sh 'grep -E "^(Cap|NoNew)" /proc/self/status'
			plain=$output
			profile SCMP_ACT_ALLOW "$(rule umask ERRNO)"
			run_sh 'grep -E "^(Cap|NoNew)" /proc/self/status; grep -E "^Seccomp:" /proc/self/status | tr "\t" " "'
			is "$(printf '%s\nSeccomp: 2' "$plain")"
		done
	done
}

@test "without a filter the process has none" {
	run_sh 'grep -E "^Seccomp:" /proc/self/status | tr "\t" " "'
	is "$(grep ^Seccomp: /proc/self/status | tr '\t' ' ')"
}

@test "exec has the filter of the container, also after config.json has changed" {
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 77')"
	config 'args (["/bin/sleep", "1000"])'
	runs run -d --bundle "$BUNDLE" "$ID"
	config 'del (.linux.seccomp)'
	runs exec "$ID" /bin/probe call $umask 18
	is 'errno 77'
	[ "$(stat -c %a "$STATE/$ID/seccomp.bpf")" = 600 ]
}

@test "a kept filter of the container that was damaged: exec refuses, and does not go without" {
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 77')"
	config 'args (["/bin/sleep", "1000"])'
	runs run -d --bundle "$BUNDLE" "$ID"
	truncate -s -3 "$STATE/$ID/seccomp.bpf"
	fails exec "$ID" /bin/probe call $umask 18
	says 'seccomp filter is damaged'
}

@test "a filter that forbids execve: the error says seccomp, or execve fails" {
	profile SCMP_ACT_ALLOW "$(rule execve ERRNO 'errnoRet: 95')"
	fails run --bundle "$BUNDLE" "$ID"
	says '/bin/true'
}

# ---- real profiles ------------------------------------------------------------------------------------------------------------------------

@test "podman's profile: programs run, what it denies is denied, what is newer is ENOSYS" {
	config ".linux.seccomp = $(cat "$top/tests/bats/profiles/podman.json")" 'caps (["CAP_SYS_ADMIN", "CAP_CHOWN"])'
	run_sh 'ls / | head -n 1; echo a | sed s/a/b/; (sleep 0; echo sub) | cat; touch /tmp/x && chown 7 /tmp/x && echo chowned'
	is "$(printf 'bin\nb\nsub\nchowned')"
	call 451	# cachestat: one of the EPERM rules
	is 'errno 1'
	call 321 0	# bpf
	is 'errno 1'
	call 41 40 1 0	# socket (AF_VSOCK)
	is 'errno 1'
	call 41 16 3 9	# socket (AF_NETLINK, …, NETLINK_AUDIT)
	is 'errno 22'
	call 41 1 1 0
	says '= '
	call 135 0xffffffff	# personality
	is '= 0'
	call 135 0x20000
	is '= 0'
	call 135 0x40000
	is 'errno 38'
	call $new
	is 'errno 38'
}

@test "docker's profile: clone3 is ENOSYS, user namespaces are refused, the rest runs" {
	config ".linux.seccomp = $(cat "$top/tests/bats/profiles/docker.json")" 'caps (["CAP_CHOWN"])'
	run_sh 'ls / | head -n 1; (sleep 0; echo sub) | cat'
	is "$(printf 'bin\nsub')"
	call 435 0 0	# clone3
	is 'errno 38'
	call 56 0x10000011	# clone (CLONE_NEWUSER | SIGCHLD)
	is 'errno 1'
	call 272 0x10000000	# unshare
	is 'errno 1'
	call 165 0 0 0 0 0	# mount
	is 'errno 1'
}

# ---- listeners -------------------------------------------------------------------------------------------------------------------------------

agent () { # ANSWER [OPTION…]
	local answer=$1
	shift
	need_listener
	"$TEST_TOOLS/agent" "$@" "$WORK/agent" "$answer" >"$WORK/agent.out" 2>"$WORK/agent.err" 3>&- &
	agent=$!
	wait_until grep -q ready "$WORK/agent.err"
	config ".linux.seccomp.listenerPath = \"$WORK/agent\""
}

@test "an agent answers: with a value, with an error, with continue" {
	for answer in value:4242 errno:77 continue; do
		profile SCMP_ACT_ALLOW "$(rule umask NOTIFY)"
		agent $answer
		call $umask 18
		wait $agent
		case $answer in value:*) is '= 4242' ;; errno:*) is 'errno 77' ;; *) is '= 18' ;; esac
		[ "$(tail -n 1 "$WORK/agent.out")" = "$umask: 18" ]
	done
}

@test "annotation run.oci.seccomp.receiver: the agent of who has no listenerPath" {
	profile SCMP_ACT_ALLOW "$(rule umask NOTIFY)"
	agent value:4242
	config ".linux.seccomp |= del (.listenerPath) | .annotations[\"run.oci.seccomp.receiver\"] = \"$WORK/agent\""
	call $umask 18
	wait $agent
	is '= 4242'
}

@test "the container process state that comes with the descriptor" {
	profile SCMP_ACT_ALLOW "$(rule umask NOTIFY)"
	config '.linux.seccomp.listenerMetadata = "a \"word\" of ours" | .annotations.key = "value"'
	agent value:1
	call $umask 18
	wait $agent
	head -n 1 "$WORK/agent.out" >"$WORK/state.json"
	[ "$(jq -c '[.fds, .metadata, .state.id, .state.bundle, .state.annotations.key, (.pid == .state.pid), (.pid > 0), .state.status]' "$WORK/state.json")" \
		= "[[\"seccompFd\"],\"a \\\"word\\\" of ours\",\"$ID\",\"$BUNDLE\",\"value\",true,true,\"creating\"]" ] || { cat "$WORK/state.json"; return 1; }
	jq -e '.ociVersion | test ("^[0-9]+[.][0-9]+[.][0-9]+")' "$WORK/state.json" >/dev/null
}

@test "an agent for what the container's first steps need: execve and write are answered too" {
	profile SCMP_ACT_ALLOW "$(rule umask NOTIFY)" "$(rule execve NOTIFY)" "$(rule write NOTIFY)" "$(rule recvmsg NOTIFY)" "$(rule read NOTIFY)"
	agent continue -n 40
	call $umask 18
	says '= 18'
	kill $agent 2>/dev/null || true
}

@test "sendmsg cannot be notified, since the listener is handed over by it: refused, not waited for" {
	profile SCMP_ACT_ALLOW 'names: ["umask", "sendmsg"], action: "SCMP_ACT_NOTIFY"'
	config '.linux.seccomp.listenerPath = "/nowhere"'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.seccomp.syscalls[0].names[1]: sendmsg cannot be notified'
	profile SCMP_ACT_NOTIFY
	config '.linux.seccomp.listenerPath = "/nowhere"'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.seccomp.defaultAction: with SCMP_ACT_NOTIFY'
}

@test "everything notified but sendmsg" {
	profile SCMP_ACT_NOTIFY "$(rule sendmsg ALLOW)"
	agent continue -n 1000
	call $umask 18
	says '= 18'
	kill $agent 2>/dev/null || true
}

@test "no agent, no path, a path that is not absolute, metadata without a path: errors" {
	need_listener
	profile SCMP_ACT_ALLOW "$(rule umask NOTIFY)"
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.seccomp.listenerPath: required'
	config ".linux.seccomp.listenerPath = \"$WORK/none\""
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.seccomp.listenerPath'
	says 'no such file or directory'
	config '.linux.seccomp.listenerPath = "relative"'
	fails create --bundle "$BUNDLE" "$ID"
	says 'is not an absolute path'
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO)"
	config '.linux.seccomp.listenerMetadata = "x"'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.seccomp.listenerMetadata: must not be set without listenerPath'
}

@test "an agent that goes away: the call is ENOSYS, nothing hangs" {
	profile SCMP_ACT_ALLOW "$(rule umask NOTIFY)"
	agent continue -d
	call $umask 18
	is 'errno 38'
}

@test "a listenerPath that nothing notifies is not connected to" {
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 5')"
	config ".linux.seccomp.listenerPath = \"$WORK/none\""
	call $umask 18
	is 'errno 5'
}

# ---- the kept filters ---------------------------------------------------------------------------------------------------------------------------

cache_entry () { find "$STATE/.seccomp" -type f; }
compiles () { # how often the helper is started for a run
	strace -f -qq -e trace=execve -e signal=none -o "$WORK/trace" "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&-
	grep -c 'coracle-helper' "$WORK/trace" || true
}
strict () {
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 77')"
	call $umask 18
	is 'errno 77'
}

@test "a filter is compiled once, kept 0600 in a directory 0700, and used again" {
	strict
	[ "$(stat -c %a:%u "$STATE/.seccomp")" = 700:0 ]
	[ "$(stat -c %a:%u "$(cache_entry)")" = 600:0 ]
	[ "$(compiles)" = 0 ]
	is 'errno 77'
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO 'errnoRet: 78')"
	[ "$(compiles)" = 1 ]
	[ "$(cache_entry | wc -l)" = 2 ]
}

@test "an entry that was changed, cut, or is another profile's is not used" {
	strict
	entry=$(cache_entry)
	cp -p "$entry" "$WORK/good"
	printf '\x06' | dd of="$entry" bs=1 seek=320 conv=notrunc status=none
	[ "$(compiles)" = 1 ]
	[ "$(cat "$WORK/out")" = 'errno 77' ]
	truncate -s 100 "$entry"
	[ "$(compiles)" = 1 ]
	: >"$entry"
	[ "$(compiles)" = 1 ]
	# The filter of a profile that allows all, under this one's name.
	profile SCMP_ACT_ALLOW
	call $umask 18
	is '= 18'
	cp "$(cache_entry | grep -vF "$entry")" "$entry"
	strict
}

@test "an entry of somebody else, open to others, a link, a FIFO, a directory: not used, and nobody waits" {
	strict
	entry=$(cache_entry)
	cp -p "$entry" "$WORK/good"
	for harm in 'chown 1000 "$entry"' 'chmod 644 "$entry"' 'chmod 4600 "$entry"' 'rm "$entry"; ln -s "$WORK/good" "$entry"' 'rm "$entry"; mkfifo -m 600 "$entry"'; do
		eval "$harm"
		[ "$(compiles)" = 1 ] || { echo "used after: $harm"; return 1; }
		[ "$(cat "$WORK/out")" = 'errno 77' ]
		rm -rf "$entry"
		cp -p "$WORK/good" "$entry"
		[ "$(compiles)" = 0 ]
	done
	rm "$entry"
	mkdir -m 600 "$entry"
	[ "$(compiles)" = 1 ]
}

@test "a cache directory that is open to others, somebody else's, or a link is neither read nor written" {
	strict
	entry=$(cache_entry)
	chmod 755 "$STATE/.seccomp"
	[ "$(compiles)" = 1 ]
	chmod 700 "$STATE/.seccomp"
	chown 1000 "$STATE/.seccomp"
	[ "$(compiles)" = 1 ]
	chown 0 "$STATE/.seccomp"
	[ "$(compiles)" = 0 ]
	mv "$STATE/.seccomp" "$WORK/elsewhere"
	ln -s "$WORK/elsewhere" "$STATE/.seccomp"
	[ "$(compiles)" = 1 ]
	rm "$STATE/.seccomp"
}

@test "another libseccomp, another helper: compiled again" {
	strict
	library=$(ldd "${CORACLE%/*}/coracle-helper" | sed -n 's/.*libseccomp.* => \([^ ]*\).*/\1/p')
	[ -n "$library" ] || skip "the helper is not linked dynamically with libseccomp"
	cp "$(readlink -f "$library")" "$WORK/lib"
	config 'args (["/bin/true"])'
	count () { # COMMAND… before the run, in a mount namespace of its own
		unshare --mount --propagation private sh -c "$1"'; shift; exec strace -f -qq -e trace=execve -e signal=none -o "$@"' sh x "$WORK/trace" \
			"$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&-
		grep -c coracle-helper "$WORK/trace" || true
	}
	[ "$(count :)" = 0 ]
	[ "$(count "mount --bind '$WORK/lib' '$(readlink -f "$library")'")" = 1 ]
	cp "${CORACLE%/*}/coracle-helper" "$WORK/helper"
	[ "$(count :)" = 1 ]	# the entry is the other library's by now
	[ "$(count "mount --bind '$WORK/helper' '${CORACLE%/*}/coracle-helper'")" = 1 ]
}

@test "the number of kept filters is limited; listener and metadata make no new ones" {
	for i in $(seq 70); do
		profile SCMP_ACT_ALLOW "$(rule umask ERRNO "errnoRet: $i")"
		coracle run --bundle "$BUNDLE" "$ID" </dev/null
	done
	[ "$(cache_entry | wc -l)" -le 64 ]
	before=$(cache_entry | wc -l)
	config ".linux.seccomp.listenerPath = \"$WORK/none\" | .linux.seccomp.listenerMetadata = \"$ID\" | .linux.seccomp.flags = []"
	runs run --bundle "$BUNDLE" "$ID"
	[ "$(cache_entry | wc -l)" = "$before" ]
}

@test "the helper that is missing, and one that dies: errors that say so" {
	mkdir "$WORK/bin"
	cp "$CORACLE" "$WORK/bin/coracle"
	profile SCMP_ACT_ALLOW "$(rule umask ERRNO)"
	[ ! -e /usr/local/libexec/coracle/coracle-helper ] || skip "coracle is installed: its helper would be found"
	run "$WORK/bin/coracle" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says 'linux.seccomp: the program coracle-helper is missing'
	printf '#!/bin/sh\necho broken >&2\nexit 3\n' >"$WORK/bin/coracle-helper"
	chmod 755 "$WORK/bin/coracle-helper"
	run "$WORK/bin/coracle" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says 'linux.seccomp: broken'
	printf '#!/bin/sh\necho /lib\nprintf 1234567\n' >"$WORK/bin/coracle-helper"
	run "$WORK/bin/coracle" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says 'linux.seccomp: the filter has 7 bytes'
	chmod 777 "$WORK/bin"
	run "$WORK/bin/coracle" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says 'is missing'
}

# ---- run.oci.seccomp_bpf_data -----------------------------------------------------------------------------------------------------------------

@test "a filter as bytes in an annotation is installed as it is" {
	bytes=$(python3 -c 'import base64, struct
i = lambda code, jt, jf, k: struct.pack ("=HBBI", code, jt, jf, k)
print (base64.b64encode (i (0x20, 0, 0, 0) + i (0x15, 0, 1, 95) + i (0x06, 0, 0, 0x50000 + 77) + i (0x06, 0, 0, 0x7fff0000)).decode ())')
	config ".annotations[\"run.oci.seccomp_bpf_data\"] = \"$bytes\""
	call $umask 18
	is 'errno 77'
	call $uname 0
	is 'errno 14'
	for bad in 'AAAA' '!!!!' '' 'IAAAAAAAAAA'; do
		config ".annotations[\"run.oci.seccomp_bpf_data\"] = \"$bad\""
		call $umask 18
		[ "$status" -ne 0 ] || [ -z "$bad" ]
		[ -z "$bad" ] || says seccomp
	done
}

# ---- several architectures ---------------------------------------------------------------------------------------------

@test "the filters of all architectures, joined, decide every call as libseccomp's own of all in one" {
	local profiles=$BATS_TEST_DIRNAME/profiles helper=${CORACLE%/*}/coracle-helper

	command -v python3 >/dev/null || skip "python3 is not installed"
	jq '.architectures = ["SCMP_ARCH_X86_64"]' "$profiles/operators.json" >"$WORK/one.json"
	jq '.architectures = ["SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"]' "$profiles/operators.json" >"$WORK/two.json"
	jq 'del (.architectures)' "$profiles/operators.json" >"$WORK/none.json"
	run python3 "$BATS_TEST_DIRNAME/seccomp_reference.py" "$helper" "$profiles"/{podman,docker,operators}.json "$WORK"/{one,two,none}.json
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c ' 0 of [1-9][0-9]* calls decided otherwise$' <<<"$output")" -eq 6 ]
}
