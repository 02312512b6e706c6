#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The six kinds of hooks.

load helpers

# note KIND TAG: a hook that appends TAG and facts to $WORK/log
note () {
	local kind=$1 tag=$2 log=$WORK/log
	config "hook(\"$kind\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"cat >$WORK/state.$tag; echo $tag >>$log; readlink /proc/self/ns/mnt >$WORK/mnt.$tag; pwd >$WORK/cwd.$tag; env >$WORK/env.$tag\"]})"
}
bad () { config "hook(\"$1\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo it is the ${2:-moon} >&2; exit 3\"]})"; }
# In the container there is only the container's file system.
note_inside () { config "hook(\"startContainer\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"cat >/state.$1; echo $1 >>/log; pwd >/cwd.$1; env >/env.$1; readlink /proc/self/ns/mnt >/mnt.$1\"]})"; }
tags () { tr '\n' ' ' <"$WORK/log"; }
state_of () { jq -r "$2" "$WORK/state.$1"; }
all_kinds="prestart createRuntime createContainer poststart poststop"

all_hooks () {
	local kind
	for kind in $all_kinds; do
		note "$kind" "$kind"
	done
	note_inside startContainer
	config 'args(["/bin/sleep", "1000"])'
}

@test "hooks: order, and by which command each is called" {
	all_hooks
	note prestart prestart2
	runs create -b "$BUNDLE" "$ID"
	[ "$(tags)" = "prestart prestart2 createRuntime createContainer " ]
	[ ! -e "$ROOTFS/log" ]
	runs start "$ID"
	[ "$(tags)" = "prestart prestart2 createRuntime createContainer poststart " ]
	[ "$(cat "$ROOTFS/log")" = startContainer ]
	runs delete --force "$ID"
	[ "$(tags)" = "prestart prestart2 createRuntime createContainer poststart poststop " ]
}

@test "hooks: the same in a foreground run" {
	all_hooks
	config 'args(["/bin/true"])'
	runs run -b "$BUNDLE" "$ID"
	[ "$(tags)" = "prestart createRuntime createContainer poststart poststop " ]
	[ "$(cat "$ROOTFS/log")" = startContainer ]
}

@test "hooks: the state on standard input" {
	config '.annotations = {"a": "b/c"}'
	all_hooks
	runs create -b "$BUNDLE" "$ID"
	local pid kind
	pid=$(coracle state "$ID" | jq .pid)
	runs start "$ID"
	runs delete --force "$ID"
	for kind in prestart createRuntime createContainer poststart; do
		[ "$(state_of "$kind" .pid)" = "$pid" ] || { echo "$kind: $(cat "$WORK/state.$kind")"; return 1; }
	done
	for kind in $all_kinds; do
		jq -e --arg id "$ID" --arg b "$BUNDLE" '.id == $id and .bundle == $b and .root == $b + "/rootfs" and .annotations.a == "b/c" and .ociVersion == "1.3.0"' "$WORK/state.$kind"
	done
	jq -e --arg id "$ID" '.id == $id' "$ROOTFS/state.startContainer"
	grep -q 'b/c' "$WORK/state.prestart"
	[ "$(wc -l <"$WORK/state.prestart")" -le 1 ]
}

@test "hooks: the status of each kind" {
	all_hooks
	runs create -b "$BUNDLE" "$ID"
	runs start "$ID"
	runs delete --force "$ID"
	[ "$(state_of prestart .status)" = creating ]
	[ "$(state_of createRuntime .status)" = creating ]
	[ "$(state_of createContainer .status)" = creating ]
	[ "$(jq -r .status "$ROOTFS/state.startContainer")" = created ]
	[ "$(state_of poststart .status)" = running ]
	[ "$(state_of poststop .status)" = stopped ]
}

@test "hooks: the namespace of each kind" {
	all_hooks
	runs create -b "$BUNDLE" "$ID"
	local ours theirs kind
	ours=$(readlink /proc/self/ns/mnt)
	theirs=$(readlink "/proc/$(coracle state "$ID" | jq .pid)/ns/mnt")
	runs start "$ID"
	runs delete --force "$ID"
	for kind in prestart createRuntime poststart poststop; do
		[ "$(cat "$WORK/mnt.$kind")" = "$ours" ]
	done
	[ "$(cat "$WORK/mnt.createContainer")" = "$theirs" ]
	[ "$(cat "$ROOTFS/mnt.startContainer")" = "$theirs" ]
}

@test "hooks: the working directory is the bundle, or the root of the container" {
	all_hooks
	cd /
	runs create -b "$BUNDLE" "$ID"
	runs start "$ID"
	runs delete --force "$ID"
	local kind
	for kind in $all_kinds; do
		[ "$(cat "$WORK/cwd.$kind")" = "$BUNDLE" ] || { echo "$kind: $(cat "$WORK/cwd.$kind")"; return 1; }
	done
	[ "$(cat "$ROOTFS/cwd.startContainer")" = / ]
}

@test "hooks: nothing of the container's environment on the host (CVE-2025-23266)" {
	config '.process.env = ["PATH=/bin", "LD_PRELOAD=/evil.so", "SECRET=1"]'
	all_hooks
	runs create -b "$BUNDLE" "$ID"
	runs start "$ID"
	runs delete --force "$ID"
	local kind
	for kind in $all_kinds; do
		! grep -E 'SECRET|LD_PRELOAD' "$WORK/env.$kind" || return 1
		grep -q ^PATH= "$WORK/env.$kind"
	done
	grep -qx SECRET=1 "$ROOTFS/env.startContainer"
}

@test "hooks: env that was given is all of it, and an empty list is empty" {
	config "hook(\"createRuntime\"; {path: \"/usr/bin/env\", env: [\"ONLY=this\"]}) | .annotations[\"run.oci.hooks.stdout\"] = \"$WORK/env\""
	CALLERS=yes runs create -b "$BUNDLE" "$ID"
	[ "$(cat "$WORK/env")" = "ONLY=this" ]
	runs delete "$ID"
	rm "$WORK/env"
	config '.hooks.createRuntime[0].env = []'
	CALLERS=yes runs create -b "$BUNDLE" "$ID"
	[ ! -s "$WORK/env" ]
	runs delete "$ID"
	config 'del(.hooks.createRuntime[0].env)'
	CALLERS=yes runs create -b "$BUNDLE" "$ID"
	grep -qx CALLERS=yes "$WORK/env"
	! grep -E '^_(CORACLE|OCI)|^LISTEN_|^NOTIFY_' "$WORK/env"
}

@test "hooks: args[0] need not be the path; no args is the path" {
	printf '#!/bin/sh\necho "$# $0"\n' >"$WORK/hook"
	chmod 755 "$WORK/hook"
	config "del(.hooks) | hook(\"createRuntime\"; {path: \"$WORK/hook\"}) | hook(\"createRuntime\"; {path: \"$WORK/hook\", args: [\"other\", \"x\", \"\"]}) | .annotations[\"run.oci.hooks.stdout\"] = \"$WORK/out\""
	runs create -b "$BUNDLE" "$ID"
	[ "$(sed -n 1p "$WORK/out")" = "0 $WORK/hook" ]
	[ "$(sed -n 2p "$WORK/out")" = "2 $WORK/hook" ]
}

@test "hooks: path, args and env of each kind" {
	local kind where
	for kind in $all_kinds startContainer; do
		[ "$kind" = startContainer ] && where=$ROOTFS || where=$WORK
		printf '#!/bin/sh\n{ echo "$0 $# $2"; env; } >%s/said.%s\n' "${where#"$ROOTFS"}" "$kind" >"$where/hook.$kind"
		chmod 755 "$where/hook.$kind"
		config "hook(\"$kind\"; {path: \"${where#"$ROOTFS"}/hook.$kind\", args: [\"zero\", \"one\", \"two words\"], env: [\"KIND=$kind\"]})"
	done
	runs create -b "$BUNDLE" "$ID"
	runs start "$ID"
	runs delete --force "$ID"
	for kind in $all_kinds startContainer; do
		[ "$kind" = startContainer ] && where=$ROOTFS || where=$WORK
		[ "$(head -n 1 "$where/said.$kind")" = "${where#"$ROOTFS"}/hook.$kind 2 two words" ] || { cat "$where/said.$kind"; return 1; }
		[ "$(sed 1d "$where/said.$kind" | grep -vE '^(PATH|PWD|SHLVL|_)=')" = "KIND=$kind" ] || { cat "$where/said.$kind"; return 1; }
	done
}

@test "hooks: output goes to the files of the annotations, appended" {
	echo before >"$WORK/o"
	config "hook(\"createRuntime\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo out; echo err >&2\"]}) | .annotations = {\"run.oci.hooks.stdout\": \"$WORK/o\", \"run.oci.hooks.stderr\": \"$WORK/e\"}"
	config "hook(\"createContainer\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo out2\"]}) | hook(\"poststop\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo out3\"]})"
	runs create -b "$BUNDLE" "$ID"
	is ""
	runs delete "$ID"
	is ""
	[ "$(tr '\n' ' ' <"$WORK/o")" = "before out out2 out3 " ]
	[ "$(cat "$WORK/e")" = err ]
}

@test "hooks: output of startContainer hooks goes to the same files, on the host" {
	echo before >"$WORK/o"
	config "hook(\"startContainer\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo out; echo err >&2; ls /proc/self/fd | wc -l\"]}) | .annotations = {\"run.oci.hooks.stdout\": \"$WORK/o\", \"run.oci.hooks.stderr\": \"$WORK/e\"}" 'sh ("ls /proc/self/fd | wc -l")'
	runs create -b "$BUNDLE" "$ID"
	[ "$(cat "$WORK/o")" = before ]
	runs start "$ID"
	runs delete --force "$ID"
	[ "$(tr '\n' ' ' <"$WORK/o")" = "before out 4 " ]	# the fourth is of ls
	[ "$(cat "$WORK/e")" = err ]
	runs run -b "$BUNDLE" "$ID"	# the process itself has neither of the files
	is 4
	[ "$(tr '\n' ' ' <"$WORK/o")" = "before out 4 out 4 " ]
	config ".annotations = {\"run.oci.hooks.stdout\": \"$WORK/none/o\"}"
	fails create -b "$BUNDLE" "$ID"
	says "open '$WORK/none/o' for the output of hooks: no such file or directory"
}

@test "hooks: without annotations their output goes nowhere" {
	config 'hook("createRuntime"; {path: "/bin/sh", args: ["sh", "-c", "echo out; echo err >&2"]}) | hook("poststart"; {path: "/bin/sh", args: ["sh", "-c", "echo out; echo err >&2"]})'
	runs create -b "$BUNDLE" "$ID"
	is ""
	runs start "$ID"
	is ""
}

@test "hooks: a failing one of each kind of create: the reason, no container, and poststop hooks" {
	local kind
	for kind in prestart createRuntime createContainer; do
		rm -f "$WORK/log"
		config 'del(.hooks)'
		bad "$kind" "$kind"
		note "$kind" not-reached
		note poststop poststop
		fails create -b "$BUNDLE" "$ID"
		says "hooks.${kind}[0]"
		says "exit status 3"
		says "it is the $kind"
		[ -z "$(ls "$STATE")" ]
		[ "$(tags)" = "poststop " ]
		[ "$(state_of poststop .status)" = stopped ]
	done
}

@test "hooks: a failing startContainer: start fails, the process does not run" {
	config 'hook("startContainer"; {path: "/bin/sh", args: ["sh", "-c", "echo wrong sign >&2; exit 4"]}) | sh("touch /ran")'
	note poststop poststop
	runs create -b "$BUNDLE" "$ID"
	fails start "$ID"
	says "hooks.startContainer[0]"
	says "exit status 4"
	says "wrong sign"
	wait_until has_status stopped
	runs delete "$ID"
	[ "$(tags)" = "poststop " ]
	[ ! -e "$ROOTFS/ran" ]
}

@test "hooks: a failing startContainer or poststart of run: nothing is left, poststop hooks are called" {
	config 'hook("startContainer"; {path: "/bin/false"}) | sh("touch /ran")'
	note poststop poststop
	fails run -b "$BUNDLE" "$ID"
	says "hooks.startContainer[0]"
	[ ! -e "$ROOTFS/ran" ]
	[ "$(tags)" = "poststop " ]
	[ -z "$(ls "$STATE")" ]
	config 'del(.hooks.startContainer) | hook("poststart"; {path: "/bin/false"}) | args(["/bin/sleep", "1000"])'
	fails run -d -b "$BUNDLE" "$ID"
	says "hooks.poststart[0]"
	[ "$(tags)" = "poststop poststop " ]
	[ -z "$(ls "$STATE")" ]
}

@test "hooks: a failing poststart stops the container, and start says why" {
	config 'args(["/bin/sleep", "1000"])'
	bad poststart Tuesday
	note poststop poststop
	runs create -b "$BUNDLE" "$ID"
	local pid
	pid=$(coracle state "$ID" | jq .pid)
	fails start "$ID"
	says "hooks.poststart[0]"
	says "Tuesday"
	wait_until eval "! kill -0 $pid 2>/dev/null"
	has_status stopped
	runs delete "$ID"
	[ "$(tags)" = "poststop " ]
}

@test "hooks: a failing poststop is a warning, the others follow, the container is gone" {
	bad poststop evening
	note poststop next
	runs create -b "$BUNDLE" "$ID"
	runs delete "$ID"
	says "warning: "
	says "hooks.poststop[0]"
	[ "$(tags)" = "next " ]
	[ -z "$(ls "$STATE")" ]
}

@test "hooks: a timeout kills the whole group" {
	config "hook(\"createRuntime\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"sleep 1000 & echo \$! >$WORK/child; sleep 1000\"], timeout: 1})"
	local before=$SECONDS
	fails create -b "$BUNDLE" "$ID"
	says "hooks.createRuntime[0]"
	says "timed out after 1"
	[ $((SECONDS - before)) -lt 10 ]
	wait_until eval "! kill -0 $(cat "$WORK/child") 2>/dev/null"
}

@test "hooks: timeouts of the other kinds" {
	config 'hook("createContainer"; {path: "/bin/sleep", args: ["sleep", "1000"], timeout: 1})'
	fails create -b "$BUNDLE" "$ID"
	says "hooks.createContainer[0]"
	says "timed out"
	config 'del(.hooks) | hook("startContainer"; {path: "/bin/sleep", args: ["sleep", "1000"], timeout: 1})'
	runs create -b "$BUNDLE" "$ID"
	fails start "$ID"
	says "hooks.startContainer[0]"
	says "timed out"
	runs delete "$ID"
	config 'del(.hooks) | hook("prestart"; {path: "/bin/sleep", args: ["sleep", "1000"], timeout: 1})'
	fails create -b "$BUNDLE" "$ID"
	says "hooks.prestart[0]"
	says "timed out"
	config 'del(.hooks) | hook("poststart"; {path: "/bin/sleep", args: ["sleep", "1000"], timeout: 1})'
	runs create -b "$BUNDLE" "$ID"
	fails start "$ID"
	says "hooks.poststart[0]"
	says "timed out"
	runs delete --force "$ID"
	config 'del(.hooks) | hook("poststop"; {path: "/bin/sleep", args: ["sleep", "1000"], timeout: 1})'
	runs create -b "$BUNDLE" "$ID"
	runs delete "$ID"
	says "timed out"
}

@test "hooks: a generous timeout does not delay" {
	config 'hook("createRuntime"; {path: "/bin/true", timeout: 1000})'
	local before=$SECONDS
	runs create -b "$BUNDLE" "$ID"
	[ $((SECONDS - before)) -lt 10 ]
}

@test "hooks: one that does not read its input, one that closes everything, one that floods" {
	config '.annotations.big = ("x" * 300000)'
	config 'hook("createRuntime"; {path: "/bin/true"}) | hook("createRuntime"; {path: "/bin/sh", args: ["sh", "-c", "exec <&- >&- 2>&-; sleep 0.1"]}) | hook("createRuntime"; {path: "/bin/sh", args: ["sh", "-c", "yes | head -c 3000000; yes | head -c 3000000 >&2"]})'
	runs create -b "$BUNDLE" "$ID"
	is ""
}

@test "hooks: the end of a flood is in the message" {
	config 'hook("createRuntime"; {path: "/bin/sh", args: ["sh", "-c", "yes | head -c 300000 >&2; echo the very end >&2; exit 1"]})'
	fails create -b "$BUNDLE" "$ID"
	says "the very end"
	[ "$(wc -l <"$WORK/output")" -eq 1 ]
	[ "$(wc -c <"$WORK/output")" -lt 2000 ]
}

@test "hooks: one that leaves a process behind does not hold us up" {
	config "hook(\"createRuntime\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"sleep 1000 & echo \$! >$WORK/child\"]})"
	local before=$SECONDS
	runs create -b "$BUNDLE" "$ID"
	[ $((SECONDS - before)) -lt 10 ]
	kill "$(cat "$WORK/child")"
}

@test "hooks: killed by a signal, missing, not executable" {
	config 'hook("createRuntime"; {path: "/bin/sh", args: ["sh", "-c", "kill -9 $$"]})'
	fails create -b "$BUNDLE" "$ID"
	says "killed by signal 9"
	config '.hooks.createRuntime[0] = {path: "/no/such/hook"}'
	fails create -b "$BUNDLE" "$ID"
	says "hooks.createRuntime[0]"
	says "/no/such/hook"
	config '.hooks.createRuntime[0] = {path: "/etc/passwd"}'
	fails create -b "$BUNDLE" "$ID"
	says "permission denied"
	config '.hooks.createRuntime[0] = {path: "relative"}'
	fails create -b "$BUNDLE" "$ID"
	says "hooks.createRuntime[0].path"
	[ -z "$(ls "$STATE")" ]
}

@test "hooks: a path of the form that docker uses" {
	mkdir "$WORK/sbin"
	cp "$ROOTFS/bin/busybox" "$WORK/sbin/busybox"
	"$WORK/sbin/busybox" sleep 1000 3>&- &
	local daemon=$!
	config "hook(\"prestart\"; {path: \"/proc/$daemon/exe\", args: [\"busybox\", \"touch\", \"$WORK/touched\"]})"
	runs create -b "$BUNDLE" "$ID"
	[ -e "$WORK/touched" ]
	kill "$daemon"
}

@test "hooks: have no descriptors of ours" {
	config "hook(\"createRuntime\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"ls -l /proc/self/fd\"]}) | hook(\"createContainer\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"ls -l /proc/self/fd\"]}) | .annotations[\"run.oci.hooks.stdout\"] = \"$WORK/fds\""
	exec 5</ 6</etc
	runs create -b "$BUNDLE" "$ID"
	exec 5<&- 6<&-
	# 3 is that of ls itself
	[ "$(grep -c -- '->' "$WORK/fds")" -eq 8 ] || { cat "$WORK/fds"; return 1; }
}

@test "hooks: signals are not ignored in them, whatever the caller does" {
	config "hook(\"createRuntime\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"grep -E 'Sig(Ign|Blk)' /proc/self/status\"]}) | .annotations[\"run.oci.hooks.stdout\"] = \"$WORK/signals\""
	run timeout 20 sh -c 'trap "" PIPE INT CHLD; exec "$@" >/dev/null 2>&1' sh "$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$(grep -c 0000000000000000 "$WORK/signals")" -eq 2 ] || { cat "$WORK/signals"; return 1; }
}

@test "hooks: end with a create that is killed" {
	config "hook(\"createRuntime\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo \$\$ >$WORK/hook; exec sleep 1000\"]})"
	"$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
	local creator=$!
	wait_until test -s "$WORK/hook"
	has_status creating
	kill -9 "$creator"
	wait_until eval "! kill -0 $(cat "$WORK/hook") 2>/dev/null"
	wait_until has_status stopped
	runs delete --force "$ID"
}

@test "hooks: createContainer hooks end with a create that is killed" {
	config "hook(\"createContainer\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"readlink /proc/self/ns/pid >$WORK/hook; exec sleep 1000\"]})"
	"$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
	local creator=$!
	wait_until test -s "$WORK/hook"
	kill -9 "$creator"
	# init, pid 1 of its namespace, waits for the hook: both have to go
	wait_until eval "! grep -qF '$WORK/' /proc/[0-9]*/mountinfo 2>/dev/null"
	runs delete --force "$ID"
}

@test "hooks: a create whose init dies meanwhile does not wait for them" {
	config 'hook("createRuntime"; {path: "/bin/sh", args: ["sh", "-c", "kill -9 $(jq .pid); sleep 1000"]})'
	local before=$SECONDS
	fails create -b "$BUNDLE" "$ID"
	[ $((SECONDS - before)) -lt 10 ]
	[ -z "$(ls "$STATE")" ]
}

@test "hooks: SIGTERM ends a create whose hook hangs, and nothing is left" {
	config "hook(\"createRuntime\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo \$\$ >$WORK/hook; exec sleep 1000\"]})"
	note poststop poststop
	"$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 3>&- &
	local creator=$! status=0
	wait_until test -s "$WORK/hook"
	kill -TERM "$creator"
	wait "$creator" || status=$?
	[ "$status" -ne 0 ]
	wait_until eval "! kill -0 $(cat "$WORK/hook") 2>/dev/null"
	[ -z "$(ls "$STATE")" ]
	[ "$(tags)" = "poststop " ]
}

@test "hooks: one that hangs does not keep a foreground run from its end by SIGTERM, SIGINT or SIGHUP" {
	local kind signal runner code
	note poststop poststop
	for signal in TERM INT HUP; do
		for kind in startContainer poststart; do
			rm -f "$WORK/hook" "$ROOTFS/hook"
			config "del(.hooks[\"startContainer\", \"poststart\"])" 'args(["/bin/sleep", "1000"])' \
				"hook(\"$kind\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"cd $WORK 2>/dev/null; echo \$\$ >hook; exec sleep 1000\"]})"
			# env: an asynchronous command of the shell would ignore SIGINT.
			env --default-signal "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 3>&- &
			runner=$! code=0
			wait_until eval '[ -s "$WORK/hook" ] || [ -s "$ROOTFS/hook" ]'
			kill "-$signal" "$runner"
			wait "$runner" || code=$?
			[ "$code" -ne 0 ]
			grep -q "^coracle: .*ended by signal" "$WORK/out" || { cat "$WORK/out"; return 1; }
			[ ! -s "$WORK/hook" ] || wait_until eval '! kill -0 "$(cat "$WORK/hook")" 2>/dev/null'
			[ -z "$(ls "$STATE")" ]
		done
	done
	[ "$(tags)" = "$(printf 'poststop %.0s' 1 2 3 4 5 6)" ] || { tags; return 1; }
}

@test "hooks: a poststop that hangs is ended by a signal to run, and what was meant for the process is not one" {
	config 'sh("trap \"exit 4\" TERM; echo >/ready; sleep 1000 & while :; do wait; done")' \
		"hook(\"poststop\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo \$\$ >$WORK/hook; exec sleep 1000\"]})"
	note poststop second
	"$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 3>&- &
	local runner=$! code=0
	wait_until test -e "$ROOTFS/ready"
	kill -TERM "$runner"
	wait_until test -s "$WORK/hook"
	kill -TERM "$runner"
	wait "$runner" || code=$?
	[ "$code" -eq 4 ]
	grep -q "warning.*poststop" "$WORK/out" || { cat "$WORK/out"; return 1; }
	wait_until eval '! kill -0 "$(cat "$WORK/hook")" 2>/dev/null'
	[ -z "$(ls "$STATE")" ]
}

@test "hooks: a poststop that hangs after a run whose program cannot be executed is ended by a signal" {
	local sig
	for sig in TERM INT HUP; do
		config 'args(["/nonexistent"]) | hook("createRuntime"; {path: "/bin/true"})' \
			"hook(\"poststop\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo >$WORK/hangs; exec sleep 1000\"], env: [\"PATH=/bin:/usr/bin\"]})"
		rm -f "$WORK/hangs"
		# not &: a script's background jobs ignore SIGINT
		setsid --fork sh -c 'echo $$ >"$0"; exec "$@"' "$WORK/pid" env --default-signal=INT "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&-
		wait_until test -s "$WORK/hangs"
		kill -"$sig" "$(cat "$WORK/pid")"
		wait_until eval '! kill -0 "$(cat "$WORK/pid")" 2>/dev/null'
		grep -q "nonexistent" "$WORK/out" || { cat "$WORK/out"; return 1; }
		coracle delete --force "$ID" 2>/dev/null || true
	done
}

@test "hooks: a poststop that hangs after a create was undone is ended by the next signal, and delete --force does the rest" {
	config 'hook("createRuntime"; {path: "/bin/false"})' \
		"hook(\"poststop\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"[ ! -e $WORK/hook ] || exit 0; echo \$\$ >$WORK/hook; exec sleep 1000\"]})"
	"$CORACLE" --root "$STATE" create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 3>&- &
	local creator=$! code=0
	wait_until test -s "$WORK/hook"
	kill -TERM "$creator"
	wait "$creator" || code=$?
	[ "$code" -ne 0 ]
	wait_until eval '! kill -0 "$(cat "$WORK/hook")" 2>/dev/null'
	runs delete --force "$ID"
	[ -z "$(ls "$STATE")" ]
}

@test "hooks: startContainer and poststart hooks that hang do not stand in the way of delete --force" {
	local kind starter before
	for kind in startContainer poststart; do
		config "del(.hooks) | hook(\"$kind\"; {path: \"/bin/sleep\", args: [\"sleep\", \"1000\"]}) | args([\"/bin/sleep\", \"1000\"])"
		runs create -b "$BUNDLE" "$ID"
		local pid
		pid=$(coracle state "$ID" | jq .pid)
		"$CORACLE" --root "$STATE" start "$ID" >"$WORK/out" 2>&1 3>&- &
		starter=$!
		if [ "$kind" = startContainer ]; then
			wait_until eval "pgrep -P $pid >/dev/null"
		else
			wait_until eval "pgrep -P $starter >/dev/null"
		fi
		before=$SECONDS
		runs delete --force "$ID"
		[ $((SECONDS - before)) -lt 8 ]
		[ -z "$(ls "$STATE")" ]
		[ "$kind" = startContainer ] || kill "$starter"
		wait "$starter" || true
	done
}

@test "hooks: can ask for the state of the container, and delete does not deadlock with them" {
	config "hook(\"createRuntime\"; {path: \"$CORACLE\", args: [\"coracle\", \"--root\", \"$STATE\", \"state\", \"$ID\"]}) | hook(\"poststart\"; {path: \"$CORACLE\", args: [\"coracle\", \"--root\", \"$STATE\", \"state\", \"$ID\"]}) | .annotations[\"run.oci.hooks.stdout\"] = \"$WORK/states\" | args([\"/bin/sleep\", \"1000\"])"
	runs create -b "$BUNDLE" "$ID"
	runs start "$ID"
	[ "$(jq -r .status "$WORK/states" | tr '\n' ' ')" = "creating running " ]
}

@test "hooks: without a user namespace root, in one: runtime hooks are still the host's" {
	config 'userns'
	chown -R 100000:100000 "$ROOTFS"
	note createRuntime createRuntime
	config "hook(\"poststart\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"cat /proc/self/uid_map >$WORK/map\"]}) | args([\"/bin/sleep\", \"1000\"])"
	runs create -b "$BUNDLE" "$ID"
	runs start "$ID"
	[ "$(cat "$WORK/mnt.createRuntime")" = "$(readlink /proc/self/ns/mnt)" ]
	diff "$WORK/map" /proc/self/uid_map
}

@test "hooks: a foreground run goes to its end when its poststop hooks cannot be found out" {
	config "hook(\"poststop\"; {path: \"/bin/true\"}) | sh(\"echo started; read line; exit 7\")"
	mkfifo "$WORK/in"
	"$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" <"$WORK/in" >"$WORK/out" 2>"$WORK/err" 3>&- &
	local runner=$! status=0
	exec 5>"$WORK/in"
	wait_until grep -q started "$WORK/out"
	rm "$STATE/$ID/config.json"
	exec 5>&-
	wait "$runner" || status=$?
	[ "$status" -eq 7 ]
	grep -F "config.json" "$WORK/err"
	[ ! -e "$STATE/$ID" ]
}
