#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# linux.namespaces: each new, each joined by path, none; names; time offsets.

load helpers

# file below /proc/self/ns of each type
file_of () { case $1 in network) echo net ;; mount) echo mnt ;; *) echo "$1" ;; esac; }
own_ns () { readlink "/proc/self/ns/$(file_of "$1")"; }

# A second container whose namespaces can be joined: $holder is the pid of its init.
hold () { # [FILTER…]
	local id=$ID-h
	cp "$BUNDLE/config.json" "$WORK/keep.json"
	config ".linux.cgroupsPath = \"/$id\"" 'args (["/bin/sleep", "1000"])' "$@"
	coracle run -d --bundle "$BUNDLE" "$id" >/dev/null 2>"$WORK/hold" </dev/null || { cat "$WORK/hold"; return 1; }
	holder=$(coracle state "$id" | jq .pid)
	cp "$WORK/keep.json" "$BUNDLE/config.json"
}

@test "each type, new: not the caller's" {
	for type in pid network ipc uts mount cgroup time; do
		config "ns (\"$type\")"
	done
	for type in pid network ipc uts mount cgroup time; do
		run_sh "readlink /proc/self/ns/$(file_of $type)"
		[ "$status" -eq 0 ]
		[[ "$output" == "$(file_of $type):["* ]]
		[ "$output" != "$(own_ns $type)" ] || { echo "$type is the caller's"; return 1; }
	done
}

@test "each type but mount, not listed: the caller's" {
	config 'del (.hostname)'
	for type in network ipc uts cgroup time; do
		cp "$BUNDLE/config.json" "$WORK/keep.json"
		config "no_ns (\"$type\")" '.mounts |= map (select (.type != "mqueue" and .type != "sysfs"))'
		run_sh "readlink /proc/self/ns/$(file_of $type)"
		is "$(own_ns $type)"
		cp "$WORK/keep.json" "$BUNDLE/config.json"
	done
}

@test "the caller's pid namespace: the process has a number there, and kill --all finds it" {
	config 'no_ns ("pid")' 'sh ("sleep 1000 & sleep 1000")'
	runs run -d --bundle "$BUNDLE" "$ID"
	pid=$(coracle state "$ID" | jq .pid)
	[ "$(readlink "/proc/$pid/ns/pid")" = "$(own_ns pid)" ]
	coracle kill --all "$ID" KILL
	wait_until has_status stopped
	[ -z "$(pgrep -f "$WORK/nothing")" ]
}

@test "no namespaces at all but mount" {
	config 'del (.hostname)' '.linux.namespaces = [{type: "mount"}]' '.mounts |= map (select (.type != "mqueue" and .type != "sysfs"))'
	run_sh 'for n in net ipc uts pid cgroup user; do readlink /proc/self/ns/$n; done'
	is "$(for n in network ipc uts pid cgroup user; do own_ns $n; done)"
}

@test "each type joined by path is the one that was meant" {
	hold 'ns ("cgroup")' 'ns ("time")'
	for type in network ipc uts cgroup time; do
		cp "$BUNDLE/config.json" "$WORK/keep2.json"
		config 'del (.hostname)' "join_ns (\"$type\"; \"/proc/$holder/ns/$(file_of $type)\")"
		run_sh "readlink /proc/self/ns/$(file_of $type)"
		is "$(readlink "/proc/$holder/ns/$(file_of $type)")"
		cp "$WORK/keep2.json" "$BUNDLE/config.json"
	done
}

@test "a pid namespace that is joined: the process is not 1, and sees its neighbours" {
	hold
	config "join_ns (\"pid\"; \"/proc/$holder/ns/pid\")"
	run_sh 'readlink /proc/self/ns/pid; cat /proc/1/cmdline | tr "\0" " "; echo; [ $$ != 1 ] && echo not 1'
	is "$(printf '%s\n/bin/sleep 1000 \nnot 1' "$(readlink "/proc/$holder/ns/pid")")"
}

@test "several at once, as a pod has them, and the mount namespace is new" {
	hold
	config 'del (.hostname)' "join_ns (\"pid\"; \"/proc/$holder/ns/pid\")" "join_ns (\"network\"; \"/proc/$holder/ns/net\")" \
		"join_ns (\"ipc\"; \"/proc/$holder/ns/ipc\")" "join_ns (\"uts\"; \"/proc/$holder/ns/uts\")"
	run_sh 'for n in pid net ipc uts; do readlink /proc/self/ns/$n; done; hostname'
	is "$(for n in pid net ipc uts; do readlink "/proc/$holder/ns/$n"; done; echo coracle)"
}

@test "a mount namespace that is joined" {
	hold
	config "join_ns (\"mount\"; \"/proc/$holder/ns/mnt\")"
	run_sh 'readlink /proc/self/ns/mnt'
	if [ "$status" -eq 0 ]; then
		is "$(readlink "/proc/$holder/ns/mnt")"
	else
		says 'coracle: '
	fi
}

@test "a namespace pinned by a bind mount is joined like one of a process" {
	hold
	touch "$WORK/netns"
	mount --bind "/proc/$holder/ns/net" "$WORK/netns"
	config "join_ns (\"network\"; \"$WORK/netns\")"
	run_sh 'readlink /proc/self/ns/net'
	umount "$WORK/netns"
	is "$(readlink "/proc/$holder/ns/net")"
}

@test "joining what is the caller's own already is no error" {
	config 'del (.hostname)' 'join_ns ("network"; "/proc/self/ns/net")' 'join_ns ("pid"; "/proc/self/ns/pid")' 'join_ns ("ipc"; "/proc/self/ns/ipc")' \
		'join_ns ("uts"; "/proc/self/ns/uts")' 'join_ns ("user"; "/proc/self/ns/user")' 'join_ns ("cgroup"; "/proc/self/ns/cgroup")'
	run_sh 'for n in net ipc uts user; do readlink /proc/self/ns/$n; done'
	is "$(for n in network ipc uts user; do own_ns $n; done)"
}

@test "wrong paths: missing, relative, of another type, no namespace, a FIFO" {
	mkfifo "$WORK/fifo"
	while IFS=@ read -r filter text; do
		cp "$BATS_FILE_TMPDIR/base.json" "$BUNDLE/config.json"
		config ".linux.cgroupsPath = \"/$ID\"" "$filter"
		fails create --bundle "$BUNDLE" "$ID"
		says "$text"
		[ -z "$(ls -A "$STATE" 2>/dev/null)" ]
	done <<-END
		join_ns ("network"; "/no/such/file")@linux.namespaces[4].path: open '/no/such/file': no such file or directory
		join_ns ("network"; "proc/self/ns/net")@linux.namespaces[4].path: 'proc/self/ns/net' is not an absolute path
		join_ns ("network"; "/proc/self/ns/ipc")@'/proc/self/ns/ipc' is a namespace of type ipc, not network
		join_ns ("user"; "/proc/self/ns/mnt")@is a namespace of type mount, not user
		join_ns ("pid"; "/proc/self/ns/time")@is a namespace of type time, not pid
		join_ns ("network"; "/etc/passwd")@'/etc/passwd' is not a namespace
		join_ns ("network"; "/dev/null")@'/dev/null' is not a namespace
		join_ns ("network"; "/proc")@is not a namespace
		join_ns ("network"; "$WORK/fifo")@is not a namespace
	END
}

@test "listed twice, unknown: errors with their paths" {
	config '.linux.namespaces += [{type: "pid"}]'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.namespaces[5].type: namespace "pid" is given twice'
	config 'del (.linux.namespaces[5])' '.linux.namespaces += [{type: "net"}]'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.namespaces[5].type'
	config 'del (.linux.namespaces[5])' '.linux.namespaces += [{path: "/proc/self/ns/net"}]'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.namespaces[5].type'
}

# ---- names ------------------------------------------------------------------------------------------------------------------

@test "hostname and domainname inside, and the host's unchanged" {
	host=$(hostname) domain=$(cat /proc/sys/kernel/domainname)
	config '.hostname = "inside" | .domainname = "example.org"'
	run_sh 'hostname; cat /proc/sys/kernel/domainname'
	is "$(printf 'inside\nexample.org')"
	[ "$(hostname)" = "$host" ]
	[ "$(cat /proc/sys/kernel/domainname)" = "$domain" ]
}

@test "names of 64 characters, and of more" {
	config ".hostname = \"$(printf 'a%.0s' {1..64})\""
	run_sh hostname
	is "$(printf 'a%.0s' {1..64})"
	config ".hostname = \"$(printf 'a%.0s' {1..65})\""
	fails create --bundle "$BUNDLE" "$ID"
	says 'hostname: 65 characters: at most 64'
	config '.hostname = "a"' ".domainname = \"$(printf 'a%.0s' {1..65})\""
	fails create --bundle "$BUNDLE" "$ID"
	says 'domainname: 65 characters: at most 64'
}

@test "names without a uts namespace would be the host's: refused" {
	host=$(hostname)
	config 'no_ns ("uts")'
	fails create --bundle "$BUNDLE" "$ID"
	says 'hostname: needs a uts namespace'
	config 'join_ns ("uts"; "/proc/self/ns/uts")'
	fails create --bundle "$BUNDLE" "$ID"
	says 'would change the host'
	[ "$(hostname)" = "$host" ]
}

@test "a uts namespace that is joined can be given another name" {
	hold
	config "join_ns (\"uts\"; \"/proc/$holder/ns/uts\")" '.hostname = "renamed"'
	run_sh hostname
	is renamed
	[ "$(nsenter --uts="/proc/$holder/ns/uts" hostname)" = renamed ]
}

# ---- time ----------------------------------------------------------------------------------------------------------------------

@test "time offsets: both clocks, also of the container's first process" {
	with_tool probe
	config 'ns ("time")' '.linux.timeOffsets = {monotonic: {secs: 100000, nanosecs: 5}, boottime: {secs: 200000, nanosecs: 7}}' 'args (["/bin/probe", "clocks"])'
	runs run --bundle "$BUNDLE" "$ID"
	read -r _ m _ b <<<"$output"
	read -r _ om _ ob < <("$TEST_TOOLS/probe" clocks)
	[ $((m - om)) -ge 99990 ] && [ $((m - om)) -le 100010 ]
	[ $((b - ob)) -ge 199990 ] && [ $((b - ob)) -le 200010 ]
	run_sh 'tr -s " " </proc/self/timens_offsets'
	says 'monotonic 100000 5'
	says 'boottime 200000 7'
}

@test "time offsets backwards, and further than the clocks have gone" {
	config 'ns ("time")' '.linux.timeOffsets = {boottime: {secs: -10}}'
	run_sh 'tr -s " " </proc/self/timens_offsets'
	says 'boottime -10 0'
	config '.linux.timeOffsets = {boottime: {secs: -1000000000}}'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.timeOffsets'
}

@test "time offsets need a new time namespace" {
	config '.linux.timeOffsets = {monotonic: {secs: 1}}'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.timeOffsets: needs a new time namespace'
	config 'join_ns ("time"; "/proc/self/ns/time")'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.timeOffsets: needs a new time namespace'
	config 'ns ("time")' '.linux.timeOffsets = {monotonic: {secs: 1, nanosecs: 1000000000}}'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.timeOffsets'
}

@test "the child of the first process is in the time namespace too" {
	config 'ns ("time")'
	run_sh 'readlink /proc/self/ns/time; sh -c "readlink /proc/self/ns/time"; readlink /proc/self/ns/time_for_children'
	[ "$(sort -u <<<"${output//time_for_children/time}" | wc -l)" -eq 1 ]
}

# ---- network -----------------------------------------------------------------------------------------------------------------

@test "lo of a new network namespace is up, and there is nothing else" {
	run_sh 'cat /sys/class/net/lo/operstate; ping -c1 -W1 127.0.0.1 >/dev/null 2>&1; ip link show lo | grep -o "LOOPBACK,UP"; grep -c : /proc/net/dev'
	says 'LOOPBACK,UP'
	[ "${lines[-1]}" = 1 ]
}

@test "a new network namespace is made by the runtime, which is back in its own for hooks; the error is that of who met it" {
	local error="mount: mounts[0]: bind '/nonexistent' on '/x': open the source: no such file or directory"

	command -v strace >/dev/null || skip "strace is not installed"
	config "hook (\"createRuntime\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"readlink /proc/self/ns/net >$WORK/hook\"]})"
	run_sh 'readlink /proc/self/ns/net'
	[ "$status" -eq 0 ] && [ "$output" != "$(own_ns network)" ]
	[ "$(cat "$WORK/hook")" = "$(own_ns network)" ]

	config 'del (.hooks)'
	traced () { run timeout 20 strace -qq -o "$WORK/trace" -e trace=unshare,setns -e inject="$1" "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" 3>&-; }
	traced unshare:error=ENOSPC:when=1
	is "coracle: make the network namespace: no space left on device"
	traced setns:error=EPERM:when=1
	is "coracle: return to the runtime's network namespace: operation not permitted"
	# Init has failed and gone before it is given the namespace.
	config '.mounts = [{destination: "/x", type: "bind", source: "/nonexistent", options: ["bind"]}] + .mounts'
	traced unshare:delay_enter=500000:when=1
	is "coracle: $error"
	[ -z "$(ls -A "$STATE")" ]
}

@test "lo of a network namespace that is joined is left alone" {
	unshare --net sleep 1000 3>&- &
	sleeper=$!
	wait_until sh -c "[ \"\$(readlink /proc/$sleeper/ns/net)\" != \"$(own_ns network)\" ]"
	config "join_ns (\"network\"; \"/proc/$sleeper/ns/net\")"
	run_sh 'ip link show lo'
	kill $sleeper
	says 'lo: <LOOPBACK>'
}
