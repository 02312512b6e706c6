#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# start: from created to running, and every wrong order.

load helpers

create () { runs create --bundle "$BUNDLE" "$ID"; }
pid () { coracle state "$ID" | jq .pid; }

@test "start: the process runs, and nothing is said" {
	config 'args(["/bin/sleep", "1000"])'
	create
	runs start "$ID"
	is ""
	has_status running
}

@test "start: returns when the execve has happened, not before" {
	config 'args(["/bin/sleep", "1000"])'
	create
	local p
	p=$(pid)
	runs start "$ID"
	[ "$(tr '\0' ' ' <"/proc/$p/cmdline")" = "/bin/sleep 1000 " ]
	[ "$(pid)" = "$p" ]
}

@test "start: a running container is not started again" {
	config 'args(["/bin/sleep", "1000"])'
	create
	runs start "$ID"
	fails start "$ID"
	says "cannot start an already running container"
	has_status running
}

@test "start: a stopped container is not started again" {
	config 'sh("echo x >>/count")'
	create
	runs start "$ID"
	wait_until has_status stopped
	fails start "$ID"
	says "cannot start a container that has stopped"
	[ "$(wc -l <"$ROOTFS/count")" -eq 1 ]
}

@test "start: a container that does not exist" {
	fails start "$ID"
	says "does not exist"
}

@test "start: init that was killed while it waited" {
	create
	kill -9 "$(pid)"
	wait_until has_status stopped
	fails start "$ID"
	says "cannot start a container that has stopped"
	runs delete "$ID"
}

@test "start: a file that turns out not to be executable" {
	printf 'no shebang, no ELF' >"$ROOTFS/junk"
	chmod 755 "$ROOTFS/junk"
	config 'args(["/junk"])'
	create
	fails start "$ID"
	says "exec '/junk': exec format error"
	wait_until has_status stopped
	runs delete "$ID"
}

@test "start: the executable was removed after create" {
	config 'args(["/bin/prog"])'
	cp "$ROOTFS/bin/busybox" "$ROOTFS/bin/prog"
	create
	rm "$ROOTFS/bin/prog"
	fails start "$ID"
	says "no such file or directory"
	runs delete "$ID"
}

@test "start: without a process in the configuration there is nothing to start" {
	config 'del(.process)'
	create
	has_status created
	fails start "$ID"
	says "process"
	runs delete "$ID"
}

@test "start: the arguments and the environment arrive as they are" {
	config '.process.env = ["PATH=/bin", "A=1 2", "B=ä\"\\", "A=3"] | args(["/bin/sh", "-c", "printf \"%s|\" \"$@\" >/args; env | sort >/env", "sh", "", "a b", "*", "ü"])'
	create
	runs start "$ID"
	wait_until has_status stopped
	[ "$(cat "$ROOTFS/args")" = '|a b|*|ü|' ]
	grep -qx 'A=3' "$ROOTFS/env"
	grep -qx 'B=ä"\\' "$ROOTFS/env"
	[ "$(grep -c '^A=' "$ROOTFS/env")" -eq 1 ]
}

@test "start: the FIFOs are gone afterwards" {
	config 'args(["/bin/sleep", "1000"])'
	create
	[ -p "$STATE/$ID/start.fifo" ]
	runs start "$ID"
	[ ! -e "$STATE/$ID/start.fifo" ]
	[ ! -e "$STATE/$ID/report.fifo" ]
}

@test "start: a process that ends at once was started all the same" {
	config 'args(["/bin/true"])'
	local i
	for i in 1 2 3 4 5 6 7 8; do
		runs create --bundle "$BUNDLE" "$ID-$i"
		runs start "$ID-$i"
		wait_until has_status stopped "$ID-$i"
		runs delete "$ID-$i"
	done
}

@test "start: a filter that kills the execve is not taken for a failed start of ours" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["execve"], action: "SCMP_ACT_KILL_PROCESS"}]} | args(["/bin/true"])'
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 159 ]
}

@test "start: a filter that refuses the execve is a failed start, and says why" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["execve"], action: "SCMP_ACT_ERRNO", errnoRet: 1}]} | args(["/bin/true"])'
	create
	fails start "$ID"
	says "operation not permitted"
	runs delete "$ID"
}

@test "start: its own standard streams are not the container's" {
	config 'sh("echo from the container")'
	coracle create --bundle "$BUNDLE" "$ID" >"$WORK/create-output" 2>&1 </dev/null
	runs start "$ID"
	is ""
	wait_until has_status stopped
	[ "$(cat "$WORK/create-output")" = "from the container" ]
}

@test "state: a container that does not exist, and one too many arguments" {
	fails state "$ID"
	says "does not exist"
	fails state a b
	fails state
}

@test "state: the life of a container, word by word" {
	config 'args(["/bin/sleep", "1000"])'
	create
	has_status created
	runs start "$ID"
	has_status running
	local p
	p=$(pid)
	runs kill "$ID" KILL
	wait_until has_status stopped
	[ "$(pid)" -eq 0 ]
	runs delete "$ID"
	fails state "$ID"
}

@test "state: an end that nobody has waited for is an end" {
	config 'args(["/bin/true"])'
	# init becomes a child of this shell's subreaper that does not wait: a zombie
	"$TEST_TOOLS/subreaper" sh -c '"$0" --root "$1" create --bundle "$2" "$3" </dev/null >/dev/null 2>&1 && kill -STOP $PPID && "$0" --root "$1" start "$3"; echo done >"$4"; exec sleep 1000' \
		"$CORACLE" "$STATE" "$BUNDLE" "$ID" "$WORK/done" >/dev/null 3>&- &
	local reaper=$!
	wait_until test -s "$WORK/done"
	wait_until has_status stopped
	[ "$(pid)" -eq 0 ]
	runs delete "$ID"
	pkill -9 -P "$reaper"
	kill -9 "$reaper"
}

@test "start: pid reuse: a state that names another process does not touch it" {
	config 'args(["/bin/true"])'
	create
	runs start "$ID"
	wait_until has_status stopped
	sleep 1000 3>&- &
	local other=$!
	jq -c --argjson p "$other" '.pid = $p' "$STATE/$ID/state.json" >"$WORK/s"
	cp "$WORK/s" "$STATE/$ID/state.json"
	has_status stopped
	fails kill "$ID" KILL
	runs delete --force "$ID"
	kill -0 "$other"
	kill "$other"
}
