#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# kill: signals by every name, to one process and to all, in every state.

load helpers

# A container that writes the number of each signal into /got.
listener () {
	config 'sh("for s in 1 2 3 10 12 15 28 34 40 64; do trap \"echo $s >>/got\" $s; done; echo ready >/ready; sleep 1000 & while :; do wait; done")'
	runs run -d -b "$BUNDLE" "$ID"
	wait_until test -s "$ROOTFS/ready"
}
got () { [ "$(tail -n 1 "$ROOTFS/got" 2>/dev/null)" = "$1" ]; }
sleeper () {
	config "$@" 'args(["/bin/sleep", "1000"])'
	runs run -d -b "$BUNDLE" "$ID"
}

@test "kill: names with and without SIG, in any case, numbers, --signal" {
	listener
	local pair
	for pair in HUP=1 SIGINT=2 quit=3 SigUsr1=10 12=12 TERM=15 WINCH=28; do
		runs kill "$ID" "${pair%=*}"
		is ""
		wait_until got "${pair#*=}"
	done
	runs kill --signal HUP "$ID"
	wait_until got 1
	runs kill -s 12 "$ID"
	wait_until got 12
}

@test "kill: real-time signals by name" {
	listener
	runs kill "$ID" RTMIN
	wait_until got 34
	runs kill "$ID" SIGRTMIN+6
	wait_until got 40
	runs kill "$ID" RTMAX
	wait_until got 64
	fails kill "$ID" RTMAX+1
	fails kill "$ID" RTMIN+31
}

@test "kill: the default is TERM" {
	listener
	runs kill "$ID"
	wait_until got 15
}

@test "kill: the default is the stop signal of the image, when there is one" {
	config '.annotations["org.opencontainers.image.stopSignal"] = "SIGQUIT"'
	listener
	runs kill "$ID"
	wait_until got 3
}

@test "kill: signal 0 asks whether it lives" {
	sleeper
	runs kill "$ID" 0
	has_status running
	runs kill "$ID" 9
	wait_until has_status stopped
	fails kill "$ID" 0
}

@test "kill: unknown signals are refused" {
	sleeper
	local bad
	for bad in BADSIG SIG 65 -1 1x "" 99999999999; do
		fails kill -- "$ID" "$bad"
		says "unknown signal \"$bad\""
	done
	has_status running
}

@test "kill: the signal given twice is an error" {
	sleeper
	fails kill --signal TERM "$ID" KILL
	has_status running
}

@test "kill: of a container that does not exist" {
	fails kill "$ID" KILL
	says "does not exist"
	fails kill --all "$ID" KILL
	says "does not exist"
}

@test "kill: of a stopped container: the words that engines look for" {
	sleeper
	runs kill "$ID" KILL
	wait_until has_status stopped
	local signal
	for signal in TERM KILL 9 0; do
		fails kill "$ID" "$signal"
		says "container not running"
		says "no such process"
	done
	runs kill --all "$ID" KILL
	runs kill -a "$ID" 9
}

@test "kill: of a stopped container without a pid namespace of its own" {
	sleeper 'no_ns("pid")'
	runs kill "$ID" KILL
	wait_until has_status stopped
	fails kill "$ID" KILL
	says "container not running"
	fails kill "$ID" TERM
	runs kill --all "$ID" KILL
}

@test "kill: of a created container" {
	runs create -b "$BUNDLE" "$ID"
	runs kill "$ID" KILL
	wait_until has_status stopped
	runs delete "$ID"
}

@test "kill: of a created container without a pid namespace of its own: what ends a process ends it" {
	local signal
	for signal in TERM INT HUP USR1; do
		config 'no_ns("pid") | args(["/bin/sleep", "1000"])'
		run_to_file create -b "$BUNDLE" "$ID"
		[ "$status" -eq 0 ]
		runs kill "$ID" "$signal"
		wait_until has_status stopped
		runs delete "$ID"
	done
}

@test "kill: --all reaches every process" {
	config 'no_ns("pid") | sh("sleep 1000 & sleep 1000 & wait")'
	runs run -d -b "$BUNDLE" "$ID"
	local pid
	pid=$(coracle state "$ID" | jq .pid)
	wait_until eval "[ \$(pgrep -cP $pid) -eq 2 ]"
	local children
	children=$(pgrep -P "$pid")
	runs kill --all "$ID" TERM
	wait_until has_status stopped
	local c
	for c in $children; do
		wait_until eval "! kill -0 $c 2>/dev/null"
	done
}

@test "kill: SIGKILL without a pid namespace means all, TERM only init" {
	config 'no_ns("pid") | sh("trap \"exit 0\" TERM; sleep 1000 & echo $! >/child; while :; do wait; done")'
	runs run -d -b "$BUNDLE" "$ID"
	wait_until test -s "$ROOTFS/child"
	local child
	child=$(cat "$ROOTFS/child")
	runs kill "$ID" TERM
	wait_until has_status stopped
	kill -0 "$child"
	runs kill "$ID" KILL
	wait_until eval "! kill -0 $child 2>/dev/null"
}

@test "kill: --all sends it once to each" {
	config 'no_ns("pid")'
	listener
	runs kill --all "$ID" USR1
	wait_until got 10
	runs kill --all "$ID" HUP
	wait_until got 1
	[ "$(grep -cx 10 "$ROOTFS/got")" -eq 1 ]
}

@test "kill: SIGKILL ends a frozen container" {
	local freezer=/sys/fs/cgroup/freezer
	[ -d "$freezer" ] || [ -e /sys/fs/cgroup/cgroup.controllers ] || skip "no freezer"
	sleeper
	if [ -d "$freezer/$ID" ]; then
		echo FROZEN >"$freezer/$ID/freezer.state"
		wait_until grep -qx FROZEN "$freezer/$ID/freezer.state"
	else
		echo 1 >"/sys/fs/cgroup/$ID/cgroup.freeze"
	fi
	has_status paused
	runs kill "$ID" TERM
	has_status paused
	runs kill "$ID" KILL
	wait_until has_status stopped
	runs delete "$ID"
}

@test "kill: --all of another signal leaves a frozen container frozen" {
	local freezer=/sys/fs/cgroup/freezer
	[ -d "$freezer" ] || skip "no v1 freezer"
	sleeper
	echo FROZEN >"$freezer/$ID/freezer.state"
	wait_until grep -qx FROZEN "$freezer/$ID/freezer.state"
	runs kill --all "$ID" USR1
	has_status paused
	runs kill --all "$ID" KILL
	wait_until has_status stopped
}

@test "kill: --regex reaches those that match" {
	config 'del(.linux.cgroupsPath) | args(["/bin/sleep", "1000"])'
	local n
	for n in a b c; do
		runs run -d -b "$BUNDLE" "$ID-$n"
	done
	runs kill --regex "^$ID-[ab]\$" KILL
	wait_until has_status stopped "$ID-a"
	wait_until has_status stopped "$ID-b"
	has_status running "$ID-c"
	fails kill --regex '(' KILL
}

@test "kill: needs nothing of the environment" {
	sleeper
	run env -i XDG_RUNTIME_DIR= "$CORACLE" --root "$STATE" kill "$ID" 9
	[ "$status" -eq 0 ]
	is ""
}
