#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The built-in init: --init, annotation run.oci.init.

load helpers

up () {
	config "$@"
	runs run --detach --init --bundle "$BUNDLE" "$ID"
}

@test "the process is not pid 1, and its status is the container's" {
	config 'sh ("echo $$; exit 7")'
	run_to_file run --init --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 7 ]
	is 2
	config 'sh ("kill -KILL $$")'
	run_to_file run --init --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 137 ]
}

@test "the annotation does the same, for create and start" {
	config 'sh ("exec sleep 1000")' '.annotations["run.oci.init"] = "1"'
	runs create --bundle "$BUNDLE" "$ID"
	has_status created
	runs start "$ID"
	has_status running
	runs exec "$ID" ps
	says "1 root     coracle-init"
	says "2 root     sleep 1000"
}

@test "create --init" {
	config 'args (["/bin/sleep", "1000"])'
	runs create --init --bundle "$BUNDLE" "$ID"
	runs start "$ID"
	runs exec "$ID" cat /proc/1/comm
	is coracle-init
}

@test "orphans are reaped" {
	up 'sh ("for i in 1 2 3 4 5; do (sleep 0.05 & ) ; done; exec sleep 1000")'
	quiet () { [ "$(coracle ps --format json "$ID" | jq length)" -eq 2 ]; }
	wait_until quiet
	run_to_file exec "$ID" grep -l "State:.Z" /proc/1/status /proc/2/status
	[ "$status" -ne 0 ]
}

@test "signals reach the process, and pid 1 lives on" {
	up 'sh ("trap \"echo got >>/tmp/log\" USR1; trap \"exit 5\" TERM; echo ready >>/tmp/log; while :; do sleep 0.05; done")'
	wait_until grep -qs ready "$ROOTFS/tmp/log"
	runs kill "$ID" USR1
	wait_until grep -q got "$ROOTFS/tmp/log"
	has_status running
	runs kill "$ID" TERM
	wait_until has_status stopped
}

@test "what runs besides ends with the process" {
	mkfifo "$ROOTFS/tmp/fifo"
	up 'sh ("sleep 1000 & read x </tmp/fifo")'
	has_status running
	echo go >"$ROOTFS/tmp/fifo"
	wait_until has_status stopped
	case $(cgroup_mode) in v2) [ -z "$(cat "/sys/fs/cgroup/$ID/cgroup.procs")" ] ;; *) [ -z "$(cat "/sys/fs/cgroup/pids/$ID/cgroup.procs")" ] ;; esac
}

@test "pid 1 has no files, no capabilities and no freedom that the process has not" {
	up 'sh ("exec sleep 1000")' 'caps (["CAP_KILL"])' '.process.noNewPrivileges = false' \
		'.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
	runs exec "$ID" sh -c 'grep -E "^(CapPrm|CapEff|CapBnd|Seccomp):" /proc/1/status'
	is $'CapPrm:\t0000000000000020\nCapEff:\t0000000000000020\nCapBnd:\t0000000000000020\nSeccomp:\t2'
	pid=$(coracle state "$ID" | jq .pid)
	[ "$(ls "/proc/$pid/fd" | sort -n | tr '\n' ' ')" = "0 1 2 " ]
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline" | sed 's/ *$//')" = coracle-init ]
}

@test "a program that cannot be executed: start says so, and nothing is left" {
	config 'args (["/no/such"])'
	run_to_file run --init --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	says "no such file or directory"
}

@test "with a terminal: the process leads it, ^C reaches it once" {
	config 'sh ("trap \"echo int\" INT; tty; echo ready; read x; exit 8")' '.process.terminal = true'
	run timeout 20 script -qec "$CORACLE --root $STATE run --init --bundle $BUNDLE $ID" /dev/null < <(sleep 0.5; printf '\003'; sleep 0.3; echo)
	says /dev/pts/0
	says int
}

@test "labels cannot be had with it: an error, not a process outside of them" {
	config 'args (["/bin/true"])' '.process.apparmorProfile = "profile"'
	fails run --init --bundle "$BUNDLE" "$ID"
	says "apparmorProfile"
}

@test "pid 1 is a copy in memory: it keeps no mount of the host, which CRIU could not dump" {
	need_static "they are mapped as well"
	up 'args (["/bin/sleep", "1000"])'
	awk '$2 ~ /x/ && $6 != "" {print $6}' "/proc/$(coracle state "$ID" | jq .pid)/maps" | sort -u >"$WORK/code"
	grep -qx '/memfd:coracle' "$WORK/code"
	! grep -vE '^(/memfd:coracle|\[.*\])$' "$WORK/code"
}
