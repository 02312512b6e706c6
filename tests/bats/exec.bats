#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# exec: each option, each kind of container, what is inherited, exit statuses, concurrency.

load helpers

# up FILTER…: a container that waits, from a configuration changed like this
up () {
	config 'args (["/bin/sleep", "1000"])' "$@"
	runs run --detach --bundle "$BUNDLE" "$ID"
}
ex () { run_to_file exec "$@"; }
exits () { [ "$status" -eq "$1" ] || { echo "exit status $status, not $1: $output"; return 1; }; }

@test "a command, its output, its exit status" {
	up
	ex "$ID" echo hello
	exits 0
	is hello
	ex "$ID" sh -c 'exit 7'
	exits 7
	ex "$ID" sh -c 'kill -TERM $$'
	exits 143
}

@test "options end at the id" {
	up
	ex "$ID" echo -d --cwd -- x
	is "-d --cwd -- x"
}

@test "not found is 127, not executable 126, failures of the runtime 255; no pid file then" {
	echo text >"$ROOTFS/etc/plain"
	up
	for program in /no/such nosuch; do
		ex --pid-file "$WORK/pid" "$ID" $program
		exits 127
		says "no such file or directory"
	done
	says 'executable file not found in $PATH'
	ex --pid-file "$WORK/pid" "$ID" /etc/plain
	exits 126
	says "permission denied"
	ex --detach --pid-file "$WORK/pid" "$ID" /etc
	exits 126
	says "is a directory"
	ex --pid-file "$WORK/pid" --cwd /no/such "$ID" true
	exits 255
	says "chdir to '/no/such': no such file or directory"
	[ ! -e "$ROOTFS/no" ]
	ex --pid-file "$WORK/pid" nosuchcontainer true
	exits 255
	says "does not exist"
	ex "$ID"
	exits 255
	says "no command"
	[ ! -e "$WORK/pid" ]
}

@test "a container that has stopped: container not running, no such process" {
	config 'args (["/bin/true"])'
	runs create --bundle "$BUNDLE" "$ID"
	runs start "$ID"
	wait_until has_status stopped
	ex "$ID" true
	exits 255
	says "container not running: no such process"
}

@test "a created container" {
	config 'args (["/bin/true"])'
	runs create --bundle "$BUNDLE" "$ID"
	ex "$ID" hostname
	exits 0
	has_status created
	runs start "$ID"
}

@test "--detach, --pid-file: digits only, of the host" {
	up
	: >"$WORK/pid" # CRI-O makes it first
	ex --detach --pid-file "$WORK/pid" "$ID" sleep 1000
	exits 0
	is ""
	[[ $(cat "$WORK/pid") =~ ^[0-9]+$ ]]
	[ "$(stat -c %s "$WORK/pid")" -eq "$(tr -d '\n' <"$WORK/pid" | wc -c)" ]
	[[ $(tr '\0' ' ' <"/proc/$(cat "$WORK/pid")/cmdline") == "sleep 1000 " ]]
	[ "$(readlink "/proc/$(cat "$WORK/pid")/ns/pid")" = "$(readlink "/proc/$(coracle state "$ID" | jq .pid)/ns/pid")" ]
}

@test "the pid file of a foreground process is there while it runs" {
	up
	coracle exec --pid-file "$WORK/pid" "$ID" sleep 1000 &
	wait_until test -s "$WORK/pid"
	kill "$(cat "$WORK/pid")"
	status=0
	wait $! || status=$?
	exits 143
}

@test "--user: exactly the number, or an error" {
	up
	ex --user 1 "$ID" id -u
	is 1
	ex -u 3000000000:2 "$ID" sh -c 'id -u; id -g'
	is $'3000000000\n2'
	for bad in "" -1 1x 0x1 " 1" 4294967295 4294967296 1: :1 1:x root; do
		ex --user "$bad" "$ID" id
		exits 255
		says "--user"
	done
}

@test "--additional-gids is added to the container's" {
	up '.process.user.additionalGids = [5]'
	ex -g 6 --additional-gids 7 "$ID" id -G
	is "0 5 6 7"
	ex -g -1 "$ID" id -G
	exits 255
}

@test "--env is merged with the container's environment, and wins" {
	up '.process.env += ["A=1", "B=2"]'
	ex --env B=3 -e C=4 "$ID" sh -c 'echo $A $B $C'
	is "1 3 4"
	ex -e NOEQUALS "$ID" true
	exits 255
	says "NOEQUALS"
}

@test "--cwd" {
	up
	ex --cwd /home/user "$ID" pwd
	is /home/user
	ex --cwd tmp "$ID" pwd
	exits 255
}

@test "--cwd and the program through a descriptor: never outside (CVE-2024-21626)" {
	up
	cp "$ROOTFS/bin/busybox" "$WORK/prog"
	exec 5<"$WORK" 6</ 7<"$WORK"
	for n in $(seq 3 19); do
		ex --cwd "/proc/self/fd/$n" "$ID" cat prog etc/passwd
		exits 255
		lacks root:x
		ex "$ID" "/proc/self/fd/$n/prog" true
		[ "$status" -eq 127 ] || [ "$status" -eq 126 ]
	done
	exec 5<&- 6<&- 7<&-
	# given away on purpose, it is still no working directory
	run timeout 20 "$CORACLE" --root "$STATE" exec --preserve-fds 1 --cwd /proc/self/fd/3 "$ID" ls 3</
	exits 255
	says "is outside of the container's root"
}

@test "--cap adds, nothing becomes inheritable; --only-caps replaces" {
	up 'caps (["CAP_KILL", "CAP_CHOWN"]) | .process.capabilities |= (.inheritable = [] | .ambient = [])'
	ex --cap CAP_NET_RAW "$ID" sh -c 'grep Cap /proc/self/status | tr -d "\n\t"'
	is "CapInh:0000000000000000CapPrm:0000000000002021CapEff:0000000000002021CapBnd:0000000000002021CapAmb:0000000000000000"
	ex --only-caps -c CAP_NET_RAW "$ID" sh -c 'grep CapEff /proc/self/status'
	says 0000000000002000
	ex "$ID" sh -c 'grep CapEff /proc/self/status'
	says 0000000000000021
}

@test "no_new_privs is inherited, and set by --no-new-privs" {
	up '.process.noNewPrivileges = true'
	ex "$ID" grep NoNewPrivs /proc/self/status
	says 1
	runs delete --force "$ID"
	up '.process.noNewPrivileges = false'
	ex "$ID" grep NoNewPrivs /proc/self/status
	says 0
	ex --no-new-privs "$ID" grep NoNewPrivs /proc/self/status
	says 1
}

@test "--process-label, --apparmor: an error where the kernel has none" {
	up
	[ -e /sys/fs/selinux/enforce ] || { ex --process-label a:b:c:s0 "$ID" true; exits 255; says SELinux; }
	grep -q Y /sys/module/apparmor/parameters/enabled 2>/dev/null || { ex --apparmor none "$ID" true; exits 255; says AppArmor; }
	ex --apparmor unconfined "$ID" true
	exits 0
}

@test "--process: a file, standard input; what it does not say is the container's" {
	up '.process.user = {uid: 3, gid: 4, umask: 63}' '.process.noNewPrivileges = true' 'rlimit ("RLIMIT_NOFILE"; 55; 55) | .process.rlimits |= [.[-1]]'
	echo '{"args": ["sh", "-c", "id -u; umask; ulimit -n; pwd; echo $X; grep NoNewPrivs /proc/self/status"], "cwd": "/tmp", "env": ["PATH=/bin", "X=y"]}' >"$WORK/p.json"
	ex --process "$WORK/p.json" "$ID" ignored
	exits 0
	is $'3\n0077\n55\n/tmp\ny\nNoNewPrivs:\t1'
	jq '.user = {uid: 0, gid: 0}' "$WORK/p.json" >"$WORK/q.json"
	output=$("$CORACLE" --root "$STATE" exec -p - "$ID" <"$WORK/q.json" 3>&-)
	[ "${output%%$'\n'*}" = 0 ]
	echo '{"args": "x", "cwd": "/"}' >"$WORK/p.json"
	ex --process "$WORK/p.json" "$ID"
	exits 255
	says "args"
	ex --process "$WORK/missing" "$ID"
	exits 255
	says "--process"
	echo '{"args": ["true"], "cwd": "rel"}' >"$WORK/p.json"
	ex --process "$WORK/p.json" "$ID"
	exits 255
	says "cwd"
}

@test "--preserve-fds: these, with holes, and no others" {
	up
	output=$("$CORACLE" --root "$STATE" exec --preserve-fds 3 "$ID" \
		sh -c 'cat <&3; cat <&5; for fd in 4 6 7 8; do [ ! -e /proc/$$/fd/$fd ] || echo $fd; done' 3<<<three 4<&- 5<<<five 7<<<seven)
	is $'three\nfive'
	output=$("$CORACLE" --root "$STATE" exec "$ID" sh -c 'set -- /proc/$$/fd/*; echo $#' 7<<<seven 3>&-)
	[ "$output" -le 4 ] # 0 to 2, and the directory that is listed
	# More than can be open: each would be looked at.
	run timeout -s KILL 20 "$CORACLE" --root "$STATE" exec --preserve-fds 4000000000 "$ID" true 3>&-
	exits 255
	says '--preserve-fds, LISTEN_FDS: 4000000000 file descriptors'
}

@test "LISTEN_FDS for us: passed on, with the pid inside" {
	up
	run sh -c 'exec 3>/dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" --root "$1" exec "$2" sh -c "[ \$LISTEN_PID = \$\$ ] && ls /proc/self/fd/3 && echo \$LISTEN_FDS"' \
		"$CORACLE" "$STATE" "$ID"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = 1 ]
}

@test "--tty in the foreground: a terminal of the container, its exit status" {
	up
	run timeout 20 script -qec "$CORACLE --root $STATE exec --tty $ID sh -c 'tty; exit 5'" /dev/null
	exits 5
	says /dev/pts/0
	ex --tty=false "$ID" tty
	says "not a tty"
	ex --tty "$ID" true
	exits 255
	says "--console-socket"
	ex --tty --detach "$ID" true
	exits 255
	says "--console-socket"
}

@test "--console-socket: the master comes, with its name and size; process.terminal counts as --tty" {
	up
	"$TEST_TOOLS/recvtty" -m size "$WORK/sock" >"$WORK/tty" 2>"$WORK/ready" </dev/null 3>&- &
	wait_until grep -q ready "$WORK/ready"
	echo '{"terminal": true, "consoleSize": {"height": 11, "width": 22}, "args": ["sh", "-c", "tty; stty size"], "cwd": "/", "env": ["PATH=/bin"]}' >"$WORK/p.json"
	ex --process "$WORK/p.json" --detach --console-socket "$WORK/sock" "$ID"
	exits 0
	wait $!
	grep -q "/dev/pts/0 11x22" "$WORK/tty"
	grep -q "11 22" "$WORK/tty"
	ex --console-socket "$WORK/sock" "$ID" true
	exits 255
	says "--console-socket"
}

@test "--pidfd-socket" {
	up
	"$TEST_TOOLS/recvfd" "$WORK/sock" >"$WORK/fd" 2>"$WORK/ready" 3>&- &
	wait_until grep -q ready "$WORK/ready"
	ex --detach --pid-file "$WORK/pid" --pidfd-socket "$WORK/sock" "$ID" sleep 1000
	exits 0
	wait $!
	grep -q "pidfd:$(cat "$WORK/pid")" "$WORK/fd"
}

@test "it is in all of the container's namespaces and in its cgroups" {
	up 'ns ("cgroup")'
	pid=$(coracle state "$ID" | jq .pid)
	ex --detach --pid-file "$WORK/pid" "$ID" sleep 1000
	for ns in pid net ipc uts mnt cgroup; do
		[ "$(readlink /proc/"$pid"/ns/$ns)" = "$(readlink "/proc/$(cat "$WORK/pid")/ns/$ns")" ] || { echo "$ns"; return 1; }
	done
	diff "/proc/$pid/cgroup" "/proc/$(cat "$WORK/pid")/cgroup"
}

@test "--cgroup: an existing one below the container's" {
	up
	case $(cgroup_mode) in v2) top=/sys/fs/cgroup/$ID where=sub ;; *) top=/sys/fs/cgroup/pids/$ID where=pids:sub ;; esac
	mkdir "$top/sub"
	ex --detach --cgroup $where --pid-file "$WORK/pid" "$ID" sleep 1000
	exits 0
	grep -qx "$(cat "$WORK/pid")" "$top/sub/cgroup.procs"
	ex --cgroup none "$ID" true
	exits 255
	says "none"
	ex --cgroup ../x "$ID" true
	exits 255
	says ".."
}

# Its directory in the tree of cgroup v2, or a skip.
unified () {
	local d

	for d in "/sys/fs/cgroup/unified/$ID" "/sys/fs/cgroup/$ID"; do
		[ ! -e "$d/cgroup.procs" ] || [ ! -e "$d/cgroup.kill" ] || { echo "$d"; return; }
	done
	skip "no cgroup v2"
}

@test "a container that has gone below its cgroup is followed there" {
	up
	top=$(unified)
	controller=$(cut -d' ' -f1 "$top/cgroup.controllers")
	[ -n "$controller" ] || skip "no controller in cgroup v2 here"
	mkdir "$top/init.scope"
	coracle state "$ID" | jq .pid >"$top/init.scope/cgroup.procs"
	echo "+$controller" >"$top/cgroup.subtree_control"
	ex --detach --pid-file "$WORK/pid" "$ID" sleep 1000
	exits 0
	grep -qx "$(cat "$WORK/pid")" "$top/init.scope/cgroup.procs"
}

@test "a kernel that kills what is born into a cgroup (seen in 6.18): once more, another way" {
	up
	top=$(unified)
	mkdir "$top/sub"
	echo 1 >"$top/sub/cgroup.kill"
	ex --cgroup "$(case $(cgroup_mode) in v2) echo sub ;; *) echo unified:sub ;; esac)" "$ID" grep -o '0::.*' /proc/self/cgroup
	exits 0
	says "sub"
}

@test "killed at birth: what cannot be executed the other way is still 127 or 126" {
	echo text >"$ROOTFS/etc/plain"
	up
	for program in true=0 /no/such=127 /etc/plain=126; do
		status=0
		# the first child, at its first call
		"$TEST_TOOLS/fault" -o "$WORK/hit" -p 1 -n 1 -k -- "$CORACLE" --root "$STATE" exec "$ID" "${program%=*}" >"$WORK/output" 2>&1 </dev/null 3>&- || status=$?
		output=$(cat "$WORK/output")
		[ -s "$WORK/hit" ]
		exits "${program#*=}"
	done
}

@test "a paused container refuses; --ignore-paused waits for resume" {
	up
	runs pause "$ID"
	ex "$ID" true
	exits 255
	says "paused"
	coracle exec --ignore-paused "$ID" echo thawed >"$WORK/late" &
	job=$!
	[ ! -s "$WORK/late" ]
	runs resume "$ID"
	wait $job
	grep -q thawed "$WORK/late"
}

@test "a signal ends an exec that waits for resume, and then its command never runs" {
	up
	runs pause "$ID"
	"$CORACLE" --root "$STATE" exec --ignore-paused "$ID" sh -c 'echo >/ran' >"$WORK/out" 2>&1 </dev/null 3>&- &
	local waiting=$! code=0
	wait_until eval '[ "$(coracle ps -f json "$ID" | jq length)" -eq 2 ]'
	kill -TERM $waiting
	wait $waiting || code=$?
	[ "$code" -eq 143 ]
	runs resume "$ID"
	wait_until eval '[ "$(coracle ps -f json "$ID" | jq length)" -eq 1 ]'
	[ ! -e "$ROOTFS/ran" ]
	ex "$ID" echo well
	is well
}

@test "the seccomp filter, rlimits, umask and oom score of the container" {
	up 'rlimit ("RLIMIT_NOFILE"; 77; 88) | .process.rlimits |= [.[-1]]' '.process.user.umask = 23' '.process.oomScoreAdj = 555' \
		'.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 99}]}'
	ex "$ID" sh -c 'grep Seccomp: /proc/self/status; ulimit -n; umask; cat /proc/self/oom_score_adj; mkdir /tmp/x || echo no'
	exits 0
	[ "$(echo "$output" | sed '/^mkdir/d')" = $'Seccomp:\t2\n77\n0027\n555\nno' ]
}

@test "a profile that forbids what the runtime does after it is loaded: still an error that says why" {
	up '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sendmsg", "socket", "openat"], action: "SCMP_ACT_ERRNO"}]}' 'args (["/bin/busybox", "sleep", "1000"])'
	ex "$ID" /no/such
	exits 127
	says "no such file"
}

@test "a seccomp agent gets a listener of the process's own" {
	need_listener
	agent () {
		"$TEST_TOOLS/agent" "$WORK/agent" continue >"$WORK/agent.out" 2>"$WORK/agent.err" 3>&- &
		wait_until grep -qs ready "$WORK/agent.err"
	}
	agent
	up ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", listenerPath: \"$WORK/agent\", listenerMetadata: \"meta\",
		syscalls: [{names: [\"umask\"], action: \"SCMP_ACT_NOTIFY\"}]}"
	kill $!
	wait $! || true
	rm -f "$WORK/agent" "$WORK/agent.err"
	agent
	ex "$ID" sh -c 'umask 0077; echo done'
	exits 0
	is "done"
	wait $!
	head -n 1 "$WORK/agent.out" >"$WORK/state.json"
	[ "$(jq -c '[.fds, .metadata, .state.id, .state.status, (.pid == .state.pid), (.pid > 0)]' "$WORK/state.json")" = "[[\"seccompFd\"],\"meta\",\"$ID\",\"running\",false,true]" ] ||
		{ cat "$WORK/state.json"; return 1; }
}

@test "the session keyring of the container" {
	up '.linux.maskedPaths = []'
	a=$(coracle exec "$ID" sh -c 'cat /proc/keys' | grep "_ses.$ID:" | cut -d' ' -f1)
	b=$(coracle exec "$ID" sh -c 'cat /proc/keys' | grep "_ses.$ID:" | cut -d' ' -f1)
	[ -n "$a" ] && [ "$a" = "$b" ]
}

@test "execCPUAffinity.final" {
	up '.process.execCPUAffinity = {initial: "0", final: "0"}'
	ex "$ID" grep Cpus_allowed_list /proc/self/status
	says $'\t0'
	ex "$ID" true
	exits 0
}

@test "execCPUAffinity.initial holds until the cgroup is entered" {
	command -v strace >/dev/null || skip "strace is not installed"
	up '.process.execCPUAffinity = {initial: "0"}'
	timeout 60 strace -f -qq -o "$WORK/trace" -e trace=sched_setaffinity "$CORACLE" --root "$STATE" exec "$ID" grep Cpus_allowed_list /proc/self/status 3>&- >"$WORK/allowed"
	grep -m 1 -o 'sched_setaffinity.*' "$WORK/trace" | grep -qE ', \[0\]\) += 0'
	[ "$(cat "$WORK/allowed")" = "$(grep Cpus_allowed_list /proc/1/status)" ]	# and without a final one, nothing afterwards
}

@test "in a user namespace" {
	chown -R 100000:100000 "$ROOTFS"
	chmod 711 "$BUNDLE"
	up userns
	ex "$ID" sh -c 'id -u; cat /proc/self/uid_map | tr -s " "; touch /tmp/made'
	exits 0
	is $'0\n 0 100000 65536'
	[ "$(stat -c %u "$ROOTFS/tmp/made")" = 100000 ]
	ex --user 70000 "$ID" true
	exits 255
	says "not mapped"
	ex --user 1000 "$ID" id -u
	is 1000
	run timeout 20 script -qec "$CORACLE --root $STATE exec --tty $ID tty" /dev/null
	says /dev/pts/0
}

@test "without a pid namespace, and with all namespaces of the host" {
	up 'no_ns ("pid")'
	ex --detach --pid-file "$WORK/pid" "$ID" sleep 1000
	exits 0
	[ "$(readlink /proc/self/ns/pid)" = "$(readlink "/proc/$(cat "$WORK/pid")/ns/pid")" ]
	runs delete --force "$ID"
	up 'no_ns ("pid")' 'no_ns ("network")' 'no_ns ("ipc")' 'no_ns ("uts") | del (.hostname)'
	ex "$ID" ls -d /home/user
	is /home/user
}

@test "namespaces joined by path" {
	unshare -n -i -u --fork sleep 1000 3>&- &
	holder=$!
	wait_until eval 'test "$(readlink /proc/self/ns/net)" != "$(readlink /proc/$holder/ns/net)"'
	up "join_ns (\"network\"; \"/proc/$holder/ns/net\")" "join_ns (\"ipc\"; \"/proc/$holder/ns/ipc\")" "join_ns (\"uts\"; \"/proc/$holder/ns/uts\") | del (.hostname)"
	output=$(coracle exec "$ID" readlink /proc/self/ns/net)
	[ "$output" = "$(readlink /proc/$holder/ns/net)" ]
	kill "$(pgrep -P $holder)" $holder
}

@test "the pid namespace of another container" {
	up
	other=$ID-b
	config "join_ns (\"pid\"; \"/proc/$(coracle state "$ID" | jq .pid)/ns/pid\") | .linux.cgroupsPath = \"/$other\""
	runs run --detach --bundle "$BUNDLE" "$other"
	ex "$other" sh -c 'echo $$; ls -d /proc/1'
	says /proc/1
	runs delete --force "$other"
}

@test "a container without a mount namespace of its own: the root is still the container's" {
	up 'no_ns ("mount") | .mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = []' 'args (["/bin/sleep", "1000"])'
	ex "$ID" ls /home
	is user
}

# In a mount namespace of its own: what the host's "/" is bound on must never be there for whoever removes $WORK. /tmp: state, bundle.
in_chroot () {	# COMMAND…
	local status=0
	mkdir -p "$WORK/jail"
	cat >"$WORK/in-jail" <<-'END'
		set -e
		mount --bind / "$1"
		for dir in dev proc sys tmp; do mount --rbind /$dir "$1/$dir"; done
		exec chroot "$@"
	END
	unshare --mount --propagation private sh "$WORK/in-jail" "$WORK/jail" "$@" 3>&- || status=$?
	not grep -F " $WORK/jail" /proc/self/mountinfo || return
	return $status
}

@test "the runtime in a chroot: the root is the container's, not the host's" {
	up
	run in_chroot "$CORACLE" --root "$STATE" exec "$ID" ls /home
	is user
}

@test "the runtime's root is the container's directory, bound elsewhere: what else is mounted there is not in the container" {
	need_static "it would be missing in there"
	up 'no_ns ("mount") | .mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = []' 'args (["/bin/sleep", "1000"])'
	mkdir "$WORK/bin"
	cp "$CORACLE" "$(dirname "$CORACLE")/coracle-helper" "$WORK/bin/"
	mkdir -p "$WORK/jail" "$ROOTFS/dev" "$ROOTFS/proc" "$ROOTFS/sys" "$ROOTFS/tmp"
	# /tmp of the host has the state, and the program: in the jail, and not in the container.
	cat >"$WORK/in-jail" <<-'END'
		set -e
		mount --bind "$1" "$2"
		for dir in dev proc sys tmp; do mount --rbind /$dir "$2/$dir"; done
		shift
		exec chroot "$@"
	END
	run unshare --mount --propagation private sh "$WORK/in-jail" "$ROOTFS" "$WORK/jail" "$WORK/bin/coracle" --root "$STATE" exec "$ID" ls /tmp /home 3>&-
	[ "$status" -eq 0 ]
	says user
	lacks "${WORK##*/}"
}

# Its root is then not that of its mount namespace, which is where setns leads.
@test "a container that was made in a chroot: the root is still the container's" {
	local option
	config 'args (["/bin/sleep", "1000"])'
	for option in --detach --no-pivot; do
		in_chroot "$CORACLE" --root "$STATE" run --detach "$option" --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null || { cat "$WORK/out"; return 1; }
		ex "$ID" ls /home
		is user
		runs delete --force "$ID"
	done
}
not () { ! "$@"; }

@test "--no-pivot" {
	config 'args (["/bin/sleep", "1000"])'
	runs run --detach --no-pivot --bundle "$BUNDLE" "$ID"
	ex "$ID" ls /home
	is user
}

@test "old kernels: no clone3, no pidfd for setns, no close_range" {
	up
	run "$TEST_TOOLS/nosys" clone3,close_range,openat2 -- "$CORACLE" --root "$STATE" exec "$ID" sh -c 'echo $$; exit 3' 3>&-
	exits 3
}

@test "SIGPIPE and the signal mask are the default" {
	up
	run bash -c "trap '' PIPE; $CORACLE --root $STATE exec $ID grep -E 'Sig(Blk|Ign)' /proc/self/status 3>&-"
	is $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000'
}

@test "signals to a foreground exec reach the process" {
	up
	"$CORACLE" --root "$STATE" exec "$ID" sh -c 'trap "exit 9" USR1; echo ready; while :; do sleep 0.1; done' >"$WORK/out" 3>&- &
	wait_until grep -q ready "$WORK/out"
	kill -USR1 $!
	status=0
	wait $! || status=$?
	exits 9
}

@test "nothing of the host is ever visible inside (CVE-2016-9962)" {
	config 'caps (["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"])' \
		'sh ("while :; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] || [ $p = /proc/$$ ] || for f in $p/fd/* $p/root $p/cwd $p/exe; do readlink $f; done 2>/dev/null; done >>/tmp/seen; [ ! -e /tmp/stop ] || exit; done")'
	runs run --detach --bundle "$BUNDLE" "$ID"
	for i in {1..40}; do
		coracle exec --pid-file "$WORK/pid" "$ID" true >/dev/null 2>&1 </dev/null
	done
	touch "$ROOTFS/tmp/stop"
	wait_until has_status stopped
	# The standard streams are given away (/dev/null here); of the rest nothing may be of the host. "/" is the container's own.
	[ -s "$ROOTFS/tmp/seen" ]
	sort -u "$ROOTFS/tmp/seen" | grep -vE '^(/|/bin/busybox|/dev/null|pipe:.*|socket:.*|anon_inode:.*|/memfd:coracle \(deleted\)|/proc/.*|/tmp/seen)$' >"$WORK/strange" || true
	[ ! -s "$WORK/strange" ] || { cat "$WORK/strange"; return 1; }
}

@test "200 at once" {
	up
	for i in {1..200}; do
		coracle exec "$ID" sh -c "echo $i; exit $((i % 100))" >"$WORK/out.$i" 2>&1 </dev/null &
		pids[i]=$!
	done
	for i in {1..200}; do
		code=0
		wait "${pids[i]}" || code=$?
		[ "$code" -eq $((i % 100)) ] && [ "$(cat "$WORK/out.$i")" = "$i" ] || { echo "$i: $code: $(cat "$WORK/out.$i")"; return 1; }
	done
}

@test "a container that dies meanwhile: one message, no hang" {
	for round in 1 2 3 4 5; do
		up
		for i in {1..8}; do
			coracle exec "$ID" true >"$WORK/out.$i" 2>&1 </dev/null &
			pids[i]=$!
		done
		coracle kill "$ID" KILL
		for i in {1..8}; do
			code=0
			wait "${pids[i]}" || code=$?
			[ "$code" = 0 ] || [ "$code" = 137 ] || grep -q "container not running: no such process" "$WORK/out.$i" || { echo "$code: $(cat "$WORK/out.$i")"; return 1; }
		done
		runs delete --force "$ID"
	done
}

@test "an ordinary user" {
	need_root
	chmod 755 "$WORK" "$BUNDLE"
	cp -a "$CORACLE" "$WORK/coracle"
	chown -R 1000:1000 "$BUNDLE"
	config 'args (["/bin/sleep", "1000"])' 'no_ns ("network")' 'ns ("user") | .linux.uidMappings = [{containerID: 0, hostID: 1000, size: 1}] | .linux.gidMappings = .linux.uidMappings' \
		'del (.linux.resources, .linux.cgroupsPath) | .mounts |= map (select (.type != "sysfs" and .type != "cgroup")) | .process.user.additionalGids = []' \
		'.mounts |= map (if .options then .options -= ["gid=5"] else . end)'
	chown -R 1000:1000 "$BUNDLE"
	mkdir -m 777 "$WORK/user"
	user () { setpriv --reuid 1000 --regid 1000 --clear-groups env -u XDG_RUNTIME_DIR "$WORK/coracle" --cgroup-manager disabled --root "$WORK/user/state" "$@" 3>&-; }
	user run --detach --bundle "$BUNDLE" "$ID" >"$WORK/log" 2>&1 </dev/null || { cat "$WORK/log"; return 1; }
	run user exec "$ID" sh -c 'id -u; ls -d /home/user; exit 4'
	exits 4
	is $'0\n/home/user'
	user delete --force "$ID"
}
