#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# CRI-O is not in Debian. What it does is to call the runtime, through conmon for what has output, and itself for the rest: those calls, with
# the real conmon, in CRI-O's order and environment.

load engines.bash

binary () { if [ "$RUNTIME" = coracle ]; then echo "$BATS_FILE_TMPDIR/bin/coracle"; else command -v "$RUNTIME"; fi; }
# CRI-O's environment is this and nothing else.
rt () { timeout -k 5 20 env -i CRI_O_EXTERNAL=1 XDG_RUNTIME_DIR=/run PATH="$PATH" "$(binary)" --root "$SCRATCH/state" "$@"; }

setup_file () {
	[ "$(id -u)" -eq 0 ] || return 0
	forget_results
	install_coracle
	"$top/tools/make-bundle" "$BATS_FILE_TMPDIR/box" "$coracle" >/dev/null
	jq '.ociVersion = "1.0.2" | .process.terminal = false | .root = {path: "'"$BATS_FILE_TMPDIR"'/box/rootfs", readonly: true} |
		.linux.namespaces |= map (select (.type != "cgroup"))' "$BATS_FILE_TMPDIR/box/config.json" >"$BATS_FILE_TMPDIR/config.json"
}
setup () { need jq conmon "$REFERENCE"; }
left_behind () {
	local id
	for id in $(ls "$SCRATCH/state" 2>/dev/null); do
		echo "left behind: $id"
		rt delete --force "$id" 2>/dev/null
	done
}

# sandbox SCRIPT [FILTER]: a bundle in $B, a new $ID of 64 digits as CRI-O's are
sandbox () {
	B=$SCRATCH/userdata ID=$(od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n')
	rm -rf "$B"
	mkdir -p "$B" "$SCRATCH/exits" "$SCRATCH/attach"
	jq --arg id "$ID" --arg s "$1" '.process.args = ["sh", "-c", $s] | .linux.cgroupsPath = "/crio-" + $id | .annotations["io.kubernetes.cri-o.ContainerType"] = "container" | '"${2:-.}" \
		"$BATS_FILE_TMPDIR/config.json" >"$B/config.json"
}
monitor () { # ARG…
	env -i CRI_O_EXTERNAL=1 PATH="$PATH" conmon -b "$B" -c "$ID" -u "$ID" -n "k8s_box_$ID" -r "$(binary)" -l "$B/log" -P "$B/conmon-pidfile" -p "$B/pidfile" \
		--persist-dir "$B" --exit-dir "$SCRATCH/exits" --socket-dir-path "$SCRATCH/attach" --log-level error --runtime-arg --root="$SCRATCH/state" "$@" >"$SCRATCH/conmon" 2>&1
}
status () { rt state "$ID" | jq -r .status; }
is () { [ "$(status)" = "$1" ]; }
ended () { [ -e "$SCRATCH/exits/$ID" ] && is stopped; }
spec () { jq -c --argjson a "$1" '.process | .args = $a' "$B/config.json"; } # of exec

@test "CRI-O: a container's life: create by conmon, start, state, its log, its exit file, delete" {
	go () {
		sandbox 'echo out; echo err >&2; exit 7'
		monitor || cat "$SCRATCH/conmon"
		wait_for is created
		t rt start "$ID"
		wait_for ended
		cut -d ' ' -f 2- "$B/log" | sort
		cat "$SCRATCH/exits/$ID"; echo
		rt state "$ID" | jq -r '"\(.status) \(.pid)"'
		rt state "$ID" | jq -r .created | grep -c -E '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9:]{5})$'
		t rt delete --force "$ID"
		code rt state "$ID"
	}
	both 1,5,6,14 go <<-'WANT'
		stderr F err
		stdout F out
		7
		stopped 0
		1
		1
	WANT
}

@test "CRI-O: exec in the foreground, by a file; its exit status is the result" {
	go () {
		sandbox 'exec sleep 1000'
		monitor
		wait_for is created
		rt start "$ID"
		spec '["sh", "-c", "cat; echo err >&2; exit 5"]' >"$SCRATCH/process"
		echo in | rt exec --process "$SCRATCH/process" "$ID" 2>"$SCRATCH/err"
		echo "= $?"
		cat "$SCRATCH/err"
		spec '["/no/such"]' >"$SCRATCH/process"
		rt exec --process "$SCRATCH/process" "$ID" >/dev/null 2>&1
		[ $? -ne 0 ] && echo failed
		rt kill "$ID" KILL
		wait_for ended
		rt delete --force "$ID"
	}
	both 49 go <<-'WANT'
		in
		= 5
		err
		failed
	WANT
}

@test "CRI-O: a probe: exec by conmon, detached, with a pid file that is there already and empty" {
	go () {
		sandbox 'exec sleep 1000'
		monitor
		wait_for is created
		rt start "$ID"
		spec '["sh", "-c", "echo probed; exit 3"]' >"$SCRATCH/process"
		: >"$SCRATCH/pidfile"
		# The answer comes by the pipe that CRI-O keeps; conmon goes on by itself and ends with the probe.
		env -i CRI_O_EXTERNAL=1 PATH="$PATH" _OCI_SYNCPIPE=5 conmon -c "$ID" -u "$ID" -n probe -r "$(binary)" -p "$SCRATCH/pidfile" -e -l "$SCRATCH/probe.log" \
			--exec-process-spec "$SCRATCH/process" --socket-dir-path "$SCRATCH/attach" --log-level error --runtime-arg --root="$SCRATCH/state" 5>"$SCRATCH/sync" >"$SCRATCH/conmon" 2>&1 ||
			cat "$SCRATCH/conmon"
		wait_for grep -q exit_code "$SCRATCH/sync"
		jq -s '.[-1].exit_code' "$SCRATCH/sync"
		cut -d ' ' -f 2- "$SCRATCH/probe.log"
		tr -d 0-9 <"$SCRATCH/pidfile" | wc -c
		test -s "$SCRATCH/pidfile" && echo pid
		rt kill "$ID" KILL
		wait_for ended
		rt delete --force "$ID"
	}
	both 10,49 go <<-'WANT'
		3
		stdout F probed
		0
		pid
	WANT
}

@test "CRI-O: stop: TERM by number, then KILL until it is gone; a paused one is resumed first; kill -a" {
	go () {
		sandbox 'trap "" TERM; while :; do sleep 0.1; done'
		monitor
		wait_for is created
		rt start "$ID"
		t rt pause "$ID"
		status
		t rt resume "$ID"
		t rt kill "$ID" 15
		is running && echo stubborn
		t rt kill "$ID" KILL
		wait_for ended
		cat "$SCRATCH/exits/$ID"; echo
		code rt kill -a "$ID" 9
		rt delete --force "$ID"
	}
	both 30,31,51 go <<-'WANT'
		paused
		stubborn
		137
		0
	WANT
}

@test "CRI-O: update by standard input; the log of a create that fails" {
	go () {
		sandbox 'exec sleep 1000'
		monitor
		wait_for is created
		rt start "$ID"
		echo '{"cpu": {"shares": 512}, "memory": {"limit": 67108864}}' | t rt update --resources - "$ID"
		local pid
		pid=$(cat "$B/pidfile")
		cat "/sys/fs/cgroup/memory$(sed -n 's/.*:memory://p' "/proc/$pid/cgroup")/memory.limit_in_bytes" "/sys/fs/cgroup/cpu$(sed -n 's/.*:cpu://p' "/proc/$pid/cgroup")/cpu.shares"
		rt kill "$ID" KILL
		wait_for ended
		rt delete --force "$ID"
		sandbox 'true' '.process.args = ["/no/such"]'
		_OCI_SYNCPIPE=5 && env -i CRI_O_EXTERNAL=1 PATH="$PATH" _OCI_SYNCPIPE=5 conmon -b "$B" -c "$ID" -u "$ID" -n box -r "$(binary)" -l "$B/log" -p "$B/pidfile" --persist-dir "$B" \
			--exit-dir "$SCRATCH/exits" --socket-dir-path "$SCRATCH/attach" --log-level error --runtime-arg --root="$SCRATCH/state" 5>"$SCRATCH/sync" >/dev/null 2>&1
		wait_for test -s "$SCRATCH/sync"
		jq -r .message "$SCRATCH/sync" | grep -m 1 -o 'no such file or directory'
		ls "$SCRATCH/state"
	}
	[ -d /sys/fs/cgroup/memory ] || skip "the numbers of this case are cgroup v1's; those of v2 are in tests/bats/cgroups-v2.bats"
	both 8,29 go <<-'WANT'
		67108864
		512
		no such file or directory
	WANT
}

@test "CRI-O: what it asks when it starts: --version, and features with standard error among the output" {
	go () {
		rt --version 2>&1 | tr '\n' ',' | grep -c -E '^(coracle|runc) version [0-9]'
		rt features 2>&1 | jq -r '.ociVersionMin + " " + .ociVersionMax' | grep -c -E '^1\.[0-9.]+ 1\.[0-9]'
	}
	both 54,55 go <<-'WANT'
		1
		1
	WANT
}

@test "docs/crio.md: each command says what the page shows" {
	PAGE_BOX=$BATS_FILE_TMPDIR/page
	mkdir -p "$PAGE_BOX/exits" "$PAGE_BOX/sockets"
	jq '.process.args = ["echo", "hello"]' "$BATS_FILE_TMPDIR/config.json" >"$PAGE_BOX/config.json"
	wrap conmon env -i PATH="$PATH" "$(command -v conmon)"
	wrap coracle "$BATS_FILE_TMPDIR/bin/coracle"
	wrap cat "$(command -v cat)"
	wrap cut "$(command -v cut)"
	page crio.md || { "$BATS_FILE_TMPDIR/bin/coracle" delete --force crio-example; return 1; }
}
