# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# config.md, all but mounts and hooks.

must "runtime.md Lifecycle 2: the container's runtime environment MUST be created according to the configuration in config.json" sees \
	'args env cwd uid gid groups umask* cap-bounding cap-effective rlimit:* hostname mount:/proc mount:/dev type:/dev/pts namespace-new:* default-device:* masked:* readonly:*'

# ---- ociVersion, extensibility, valid values, annotations

must "config.md Specification version: ociVersion (string, REQUIRED)" refuses 'del (.ociVersion)'
must "config.md Specification version: ociVersion MUST be in SemVer v2.0.0 format" refuses '.ociVersion = "one"'
must "config.md Specification version: 1.0.0 and its minor successors are accepted" accepts '.ociVersion = "1.0.0"'
must "config.md Extensibility: unknown properties MUST be ignored (top level)" accepts '.unknown = {"a": [1, null, "x"]}'
must "config.md Extensibility: unknown properties MUST be ignored (process)" accepts '.process.unknown = true | .process.user.unknown = 1'
must "config.md Extensibility: unknown properties MUST be ignored (linux)" accepts '.linux.unknown = "x" | .linux.resources.unknown = {} | .mounts[0].unknown = 1'
must "config.md Annotations: MUST NOT generate an error if they encounter an unknown annotation key" accepts '.annotations = {"org.example.unknown": "x"}'
must "config.md Annotations: values MAY be an empty string" accepts '.annotations = {"org.example.empty": ""}'
must "config.md Annotations: values MUST be strings" refuses '.annotations = {"org.example.number": 1}'
must "config.md Annotations: keys MUST NOT be an empty string" refuses '.annotations = {"": "x"}'

invalid () { # PATCH
	must "config.md Valid values: MUST generate an error when invalid or unsupported values are encountered ($1)" refuses "$1"
}
invalid '.process.user.uid = "0"'
invalid '.process.user.uid = -1'
invalid '.process.user.gid = 4294967296'
invalid '.process.args = "/inside"'
invalid '.process.noNewPrivileges = "true"'
invalid '.process.oomScoreAdj = 5000'
invalid '.root.readonly = "true"'
invalid '.hostname = 1'
invalid '.mounts = {}'
invalid '.process.execCPUAffinity = {initial: "many"}'
invalid '.process.user.additionalGids = [-1]'
invalid '.process.env = ["A=1", 2]'
invalid '.process.rlimits = [{type: "RLIMIT_CORE", soft: -1, hard: -1}]'
invalid '.linux.sysctl = {"kernel.msgmax": 8192}'
invalid '.linux.namespaces += [{type: "nosuch"}]'
invalid '.linux.maskedPaths = "/proc/kcore"'
invalid '.linux.seccomp = "x"'
invalid '.linux.rootfsPropagation = "nosuch"'
invalid '.linux.resources.memory = {limit: "512M"}'

config_is_no_json () {
	bundle 'inside (["touch", "/ran"])'
	printf '%s' "$1" >"$bundle/config.json"
	refused
}
must "config.md Valid values: config.json that is no JSON is an error (empty)" config_is_no_json ''
must "config.md Valid values: config.json that is no JSON is an error (truncated)" config_is_no_json '{"ociVersion": "1.0.2", "process": {'
must "config.md Valid values: config.json that is no JSON is an error (an array)" config_is_no_json '[]'

# ---- root

must "config.md Root: root is REQUIRED on Linux" refuses 'del (.root)'
must "config.md Root: path is REQUIRED" refuses 'del (.root.path)'
must "config.md Root: a directory MUST exist at the path declared by the field (nothing)" refuses '.root.path = "nothing"'
must "config.md Root: a directory MUST exist at the path declared by the field (a file)" refuses '.root.path = "config.json"'
must "config.md Root: path is an absolute path" sees 'args' '.root.path = $rootfs'
must "config.md Root: path is a relative path to the bundle" sees 'args' '.root.path = "./rootfs"'
must "config.md Root: if readonly is true the root filesystem MUST be read-only inside the container" sees 'root-readonly' '.root.readonly = true'
must "config.md Root: readonly defaults to false" sees 'root-readonly' 'del (.root.readonly)'

read_only_for_host () {
	finished '.root.readonly = true'
	touch "$rootfs/written" || fail "the root is read-only for the host too"
}
must "config.md Root: root filesystem MUST be read-only inside the container (and only there)" read_only_for_host

# ---- process

must "config.md Process: cwd MUST be an absolute path" refuses '.process.cwd = "tmp"'
must "config.md Process: cwd (string, REQUIRED)" refuses 'del (.process.cwd)'
must "config.md Process: cwd is the working directory that will be set for the executable" sees 'cwd' '.process.cwd = "/tmp"'
must "config.md Process: env has the same semantics as IEEE Std 1003.1-2008's environ" sees 'env' \
	'.process.env = ["PATH=/bin", "EMPTY=", "EQUALS=a=b=c", "SPACE=a b  c", "UTF8=ä€", "NEWLINE=a\nb"]'
must "config.md Process: env: nothing of the caller's environment leaks" sees 'env' '.process.env = []'
must "config.md Process: args has similar semantics to IEEE Std 1003.1-2008 execvp's argv" sees 'args' \
	'inside (["check", "", "a b", "$HOME", "*", "ä€", "-x", "\"quoted\"", "a\nb"])'
must "config.md Process: args: at least one entry is REQUIRED" must_start '.process.args = []'
must "config.md Process: args REQUIRED" must_start 'del (.process.args)'

args_by_path () {
	[ -d "$rootfs" ] || make_rootfs
	mkdir "$rootfs/own"
	ln "$rootfs/inside" "$rootfs/own/program"
	sees 'args' '.process.args = ["program", "check"]' '.process.env = ["PATH=/nowhere:/own:/bin"]'
}
must "config.md Process: execvp: args[0] is searched in PATH of the container's environment" args_by_path

must "config.md Process: terminal defaults to false" sees 'terminal' 'del (.process.terminal)'
must "config.md Process: runtimes MUST ignore consoleSize if terminal is false or unset" sees 'terminal' '.process.consoleSize = {height: 10, width: 20}'

# A terminal, through the console socket as every caller does it.
with_terminal () { # CHECK… in one word, PATCH…
	local i receiver

	bundle '.process.terminal = true' "${@:2}"
	"$TMP/inside" console "$work/tty" >"$work/stdout.tty" 2>&1 &
	receiver=$!
	await 5 test -S "$work/tty" || fail "no receiver"
	create --console-socket "$work/tty" || fail "create failed"
	pid=$(<"$work/pid")
	rt start "$id" || fail "start failed"
	await_exit
	await 5 has_status stopped || fail "not stopped"
	rt delete "$id" || fail "delete failed"
	for ((i = 0; i < 200; i++)); do
		gone "$receiver" && break
		nap 0.01
	done
	kill "$receiver" 2>/dev/null
	mv "$work/stdout.tty" "$work/stdout"
	saw "$1"
}
must "config.md Process: terminal specifies whether a terminal is attached to the process" with_terminal \
	'console-one-descriptor console-payload console-is-terminal terminal controlling-terminal'
must "config-linux.md Default Devices: /dev/console is set up if terminal is enabled" with_terminal 'console'
must "config.md Process: consoleSize specifies the console size in characters of the terminal" with_terminal 'console-size' \
	'.process.consoleSize = {height: 33, width: 99}'

must "config.md Process: terminal: without somebody who takes it, create is an error" refuses '.process.terminal = true'

standard_input () {
	bundle 'inside (["cat", "-"])'
	echo "said to it" >"$work/stdin"
	rc=0
	timeout -k 2 20 "$RUNTIME" --root "$work/root" create --bundle "$bundle" --pid-file "$work/pid" "$id" \
		>"$work/stdout" 2>"$work/stderr" <"$work/stdin" || fail "create failed"
	pid=$(<"$work/pid")
	rt start "$id" || fail "start failed"
	await_exit
	grep -qx "said to it" "$work/stdout" || fail "it has not read its standard input"
}
must "runtime-linux.md File descriptors: stdin, stdout and stderr are kept open for the application" standard_input

# ---- user

must "config.md User: uid specifies the user ID in the container namespace" sees 'uid' '.process.user.uid = 1000'
must "config.md User: gid specifies the group ID in the container namespace" sees 'gid' '.process.user.gid = 2000'
must "config.md User: additionalGids specifies additional group IDs to be added to the process" sees 'groups' '.process.user.additionalGids = [5, 7, 4000000]'
must "config.md User: umask specifies the umask of the user (0)" sees 'umask' '.process.user.umask = 0'
must "config.md User: umask specifies the umask of the user (077)" sees 'umask' '.process.user.umask = 63'

umask_of_caller () {
	bundle
	umask 027
	fact umask 0027
	sed -i '/^umask 0022$/d' "$rootfs/host"
	create || fail "create failed"
	pid=$(<"$work/pid")
	rt start "$id" || fail "start failed"
	await_exit
	rt delete "$id"
	saw 'umask-unset'
}
must "config.md User: if unspecified, the umask should not be changed from the calling process' umask" umask_of_caller

# ---- rlimits

rlimit () {
	must "config.md POSIX process rlimits: $1: rlim_cur and rlim_max MUST match the configured value" sees "rlimit:$1" \
		".process.rlimits = [{type: \"$1\", soft: $2, hard: $3}]"
}
rlimit RLIMIT_CORE 0 0
rlimit RLIMIT_NOFILE 100 200
rlimit RLIMIT_NPROC 4000 5000
rlimit RLIMIT_STACK 8388608 16777216
rlimit RLIMIT_MEMLOCK 32768 65536
rlimit RLIMIT_CPU 1000 2000
rlimit RLIMIT_FSIZE 100000000 200000000
rlimit RLIMIT_AS 1000000000 2000000000
rlimit RLIMIT_SIGPENDING 50 100
rlimit RLIMIT_MSGQUEUE 1000 2000

# jq cannot write this number.
unlimited () {
	bundle '.process.rlimits = [{type: "RLIMIT_CORE", soft: "UNLIMITED", hard: "UNLIMITED"}]'
	sed -i 's/"UNLIMITED"/18446744073709551615/' "$bundle/config.json"
	cp "$bundle/config.json" "$rootfs/config.json"
	create || fail "create failed"
	pid=$(<"$work/pid")
	rt start "$id" || fail "start failed"
	await_exit
	saw 'rlimit:RLIMIT_CORE'
}
must "config.md POSIX process rlimits: soft, hard (uint64): 18446744073709551615 is RLIM_INFINITY" unlimited
must "config.md POSIX process rlimits: type: MUST generate an error for any values which cannot be mapped to a relevant kernel interface" refuses \
	'.process.rlimits = [{type: "RLIMIT_NOSUCH", soft: 1, hard: 1}]'
must "config.md POSIX process rlimits: if rlimits contains duplicated entries with same type, the runtime MUST generate an error" refuses \
	'.process.rlimits = [{type: "RLIMIT_CORE", soft: 1, hard: 1}, {type: "RLIMIT_CORE", soft: 2, hard: 2}]'
must "config.md POSIX process rlimits: soft above hard is an error" refuses '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]'

rlimits_of_runtime () {
	created 'inside (["wait"])' 'hook ("createRuntime"; {path: "/bin/sh", args: ["sh", "-c", "ulimit -n >" + $work + "/limit"]})' \
		'.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 77}]'
	[ "$(<"$work/limit")" = "$(ulimit -n)" ] || fail "hooks have the limit $(<"$work/limit")"
}
must "config.md POSIX process rlimits: allows setting resource limits for the process (and for nothing else)" rlimits_of_runtime

# ---- Linux process

must "config.md Linux Process: capabilities: each set is an array of capabilities that are kept for the process" sees \
	'cap-bounding cap-effective cap-permitted cap-inheritable cap-ambient' 'caps (["CAP_CHOWN", "CAP_NET_RAW", "CAP_SETUID", "CAP_SYS_CHROOT"])'
must "config.md Linux Process: capabilities: the sets are independent of each other" sees 'cap-bounding cap-effective cap-permitted cap-inheritable' \
	'.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"], permitted: ["CAP_KILL", "CAP_CHOWN"], effective: ["CAP_KILL"], inheritable: ["CAP_CHOWN"], ambient: []}'
must "config.md Linux Process: capabilities of another user than root: permitted and ambient" sees 'uid cap-permitted cap-effective cap-ambient' \
	'.process.user.uid = 1000' 'caps (["CAP_CHOWN", "CAP_NET_RAW"])'
must "config.md Linux Process: capabilities: empty sets" sees 'cap-bounding cap-effective cap-permitted' 'caps ([])'
must "config.md Linux Process: capabilities: any value which cannot be mapped to a relevant kernel interface MUST be logged as a warning" accepts \
	'.process.capabilities.bounding += ["CAP_NOSUCH"]'
must "config.md Linux Process: runtimes SHOULD NOT fail if the container configuration requests capabilities that cannot be granted" sees 'cap-bounding' \
	'caps (["CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_CHECKPOINT_RESTORE"])'
must "config.md Linux Process: setting noNewPrivileges to true prevents the process from gaining additional privileges" sees 'no-new-privileges' \
	'.process.noNewPrivileges = true'
must "config.md Linux Process: noNewPrivileges false" sees 'no-new-privileges' '.process.noNewPrivileges = false'
must "config.md Linux Process: if oomScoreAdj is set, the runtime MUST set oom_score_adj to the given value" sees 'oom-score-adj' '.process.oomScoreAdj = 321'
must "config.md Linux Process: if oomScoreAdj is not set, the runtime MUST NOT change the value of oom_score_adj" sees 'oom-score-adj-unset' 'del (.process.oomScoreAdj)'
must "config.md Linux Process: scheduler: SCHED_BATCH with nice" sees 'scheduler' '.process.scheduler = {policy: "SCHED_BATCH", nice: 3}'
must "config.md Linux Process: scheduler: SCHED_IDLE" sees 'scheduler' '.process.scheduler = {policy: "SCHED_IDLE"}'
must "config.md Linux Process: scheduler: policy REQUIRED, of the valid values" refuses '.process.scheduler = {policy: "SCHED_NOSUCH"}'
must "config.md Linux Process: ioPriority: class and priority are set" sees 'io-priority' '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
must "config.md Linux Process: ioPriority: IOPRIO_CLASS_IDLE" sees 'io-priority' '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
must "config.md Linux Process: ioPriority: class REQUIRED, of the valid values" refuses '.process.ioPriority = {class: "IOPRIO_CLASS_NOSUCH", priority: 1}'

no_lsm () { # FILE PATCH
	[ ! -e "$1" ] || skip "this kernel has it"
	refuses "$2"
}
must "config.md Linux Process: apparmorProfile: an error without AppArmor" no_lsm /sys/kernel/security/apparmor '.process.apparmorProfile = "nosuch"'
must "config.md Linux Process: selinuxLabel: an error without SELinux" no_lsm /sys/fs/selinux/enforce '.process.selinuxLabel = "system_u:system_r:container_t:s0"'

# ---- hostname, domainname

must "config.md Hostname: hostname specifies the container's hostname as seen by processes running inside the container" sees 'hostname' '.hostname = "other-name.example"'
must "config.md Domainname: domainname specifies the container's domainname" sees 'domainname' '.domainname = "example.org"'
must "config.md Hostname: on Linux, this needs a new UTS namespace" refuses 'no_ns ("uts")'
must "config.md Hostname: a name that sethostname refuses is an error" refuses '.hostname = ("x" * 65)'

hostname_of_host () {
	local before

	before=$(uname -n)
	finished
	[ "$(uname -n)" = "$before" ] || fail "the hostname of the host has changed"
}
must "config.md Hostname: will change the hostname in the container UTS namespace, not in the host's" hostname_of_host

# ---- file descriptors (runtime-linux.md)

descriptors () {
	bundle
	exec 7</etc/passwd 9</
	create || fail "create failed"
	pid=$(<"$work/pid")
	rt start "$id" || fail "start failed"
	exec 7<&- 9<&-
	await_exit
	rt delete "$id"
	saw 'descriptors'
}
must "runtime-linux.md File descriptors: only the stdin, stdout and stderr are kept open for the application by the runtime" descriptors
