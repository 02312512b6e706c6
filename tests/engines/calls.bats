#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The calls that engines make, made by hand: what conmon, the shim, buildah, CRI-O, BuildKit and conmon-rs count on, where no engine here shows it.

load engines.bash

binary () { if [ "$RUNTIME" = coracle ]; then echo "$coracle"; else command -v "$RUNTIME"; fi; }
rt () { timeout -k 5 20 "$(binary)" --root "$SCRATCH/state" "$@"; }

setup_file () {
	[ "$(id -u)" -eq 0 ] || return 0
	forget_results
	"$top/tools/make-bundle" "$BATS_FILE_TMPDIR/bundle" "$coracle" >/dev/null
	jq '.ociVersion = "1.0.2" | .process.terminal = false | .root.readonly = false | .root.path = "'"$BATS_FILE_TMPDIR"'/bundle/rootfs"' "$BATS_FILE_TMPDIR/bundle/config.json" >"$BATS_FILE_TMPDIR/config.json"
}
setup () { need jq "$REFERENCE"; }

# bundle ARG… [-- FILTER]: a bundle in $B whose process is ARG…, a new $ID
bundle () {
	local a args=()
	B=$SCRATCH/bundle ID=calls-$$-$RANDOM
	mkdir -p "$B"
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		args+=("$1")
		shift
	done
	# jq's own --args would take "-c" for an option.
	for a in "${args[@]}"; do jq -n --arg a "$a" '$a'; done | jq -s . >"$SCRATCH/args"
	jq --arg id "$ID" --slurpfile args "$SCRATCH/args" ".process.args = \$args[0] | .linux.cgroupsPath = \"/\" + \$id | ${2:-.}" "$BATS_FILE_TMPDIR/config.json" >"$B/config.json"
}
created () { rt create --bundle "$B" --pid-file "$SCRATCH/pid" "$ID" >"$SCRATCH/out" 2>&1 || cat "$SCRATCH/out"; }
running () { created && rt start "$ID"; }
status () { rt state "$ID" | jq -r .status; }
stopped () { [ "$(status)" = stopped ]; }
left_behind () {
	local id
	for id in $(ls "$SCRATCH/state" 2>/dev/null); do
		echo "left behind: $id"
		rt delete --force "$id" 2>/dev/null
	done
	find /sys/fs/cgroup -maxdepth 2 -name "calls-$$-*" 2>/dev/null
}

@test "create: the pid file has the digits of init's pid and nothing else; init becomes the subreaper's child" {
	go () {
		bundle sh -c 'exit 7'
		"$TEST_TOOLS/subreaper" -1 "$(binary)" --root "$SCRATCH/state" create --bundle "$B" --pid-file "$SCRATCH/pid" "$ID" >"$SCRATCH/deaths" 2>&1 &
		wait_for sh -c "$(declare -f rt binary status); RUNTIME=$RUNTIME coracle=$coracle SCRATCH=$SCRATCH ID=$ID; [ \"\$(status)\" = created ]"
		tr -d 0-9 <"$SCRATCH/pid" | wc -c
		[ "$(rt state "$ID" | jq .pid)" = "$(cat "$SCRATCH/pid")" ] && echo same
		[ "$(awk '/^PPid/ { print $2 }' "/proc/$(cat "$SCRATCH/pid")/status")" = $! ] && echo child
		rt start "$ID"
		wait
		sed "s/$(cat "$SCRATCH/pid")/PID/" "$SCRATCH/deaths" | tail -n 1
		rt delete "$ID"
	}
	both 5,6 go <<-'WANT'
		0
		same
		child
		adopted PID exit 7
	WANT
}

@test "every verb that succeeds is silent, and nobody keeps its standard streams" {
	go () {
		bundle sleep 1000
		# Ends only when the last holder of the pipe is gone: the container has /dev/null of its own.
		rt create --bundle "$B" "$ID" </dev/null >"$SCRATCH/out" 2>&1
		{ rt start "$ID"; rt pause "$ID"; rt resume "$ID"; rt kill "$ID" 0; rt kill "$ID" KILL; } 2>&1 | cat
		wait_for stopped
		{ rt delete "$ID"; } 2>&1 | cat
		cat "$SCRATCH/out"
	}
	both 7 go </dev/null
}

@test "a create that fails: status 1, one line, one JSON object appended to the log, nothing left" {
	go () {
		bundle /no/such
		echo '{"level":"warning","msg":"older","time":"2020-01-01T00:00:00Z"}' >"$SCRATCH/log"
		code rt --log "$SCRATCH/log" --log-format json create --bundle "$B" --pid-file "$SCRATCH/pid" "$ID"
		jq -r .level "$SCRATCH/log" | tail -n 2
		tail -n 1 "$SCRATCH/log" | jq -r .msg | grep -o 'no such file or directory'
		tail -n 1 "$SCRATCH/log" | jq -r .time | grep -c -E '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9:]{5})$'
		test -e "$SCRATCH/pid" && echo "a pid file"
		ls "$SCRATCH/state"
		code rt --log="$SCRATCH/log2" --log-format=json create --bundle "$B" "$ID"
		wc -l <"$SCRATCH/log2"
		rt create --bundle "$B" "$ID" 2>&1 | wc -l
		bundle nosuch -- '.process.env = ["PATH=/bin"]'
		finds 'executable file not found in $PATH' rt create --bundle "$B" "$ID"
	}
	both 8,16,17,72 go <<-'WANT'
		1
		warning
		error
		no such file or directory
		1
		1
		1
		1
		executable file not found in $PATH
	WANT
}

@test "a container that does not exist; two deletes; delete --force" {
	go () {
		mkdir -p "$SCRATCH/state"
		t rt delete --force none
		for verb in state start "kill none" delete; do
			code rt ${verb/ none/} none
			finds 'does not exist' rt ${verb/ none/} none
		done
		bundle sleep 1000
		running
		code rt delete "$ID"
		t rt delete --force "$ID"
		t rt delete --force "$ID"
		finds 'does not exist' rt delete "$ID"
	}
	both 11,12,46 go <<-'WANT'
		1
		does not exist
		1
		does not exist
		1
		does not exist
		1
		does not exist
		1
		does not exist
	WANT
}

@test "signals: by name and number; to a container that has ended" {
	go () {
		bundle sh -c 'trap "echo usr1 >>/tmp/got" USR1; trap "echo usr2 >>/tmp/got" USR2; trap "echo rt >>/tmp/got" 35; >/tmp/got; while :; do sleep 0.02; done'
		running
		local got=$BATS_FILE_TMPDIR/bundle/rootfs/tmp/got
		wait_for test -e "$got"
		t rt kill "$ID" USR1; wait_for grep -q usr1 "$got"
		t rt kill "$ID" SIGUSR2; wait_for grep -q usr2 "$got"
		t rt kill "$ID" 35; wait_for grep -q rt "$got"
		code rt kill "$ID" NOSUCHSIGNAL
		t rt kill "$ID" KILL
		wait_for stopped
		code rt kill "$ID" TERM
		finds 'container not running' rt kill "$ID" 9
		t rt kill --all "$ID" 9
		t rt kill -a "$ID" 9
		rt delete "$ID"
		rm -f "$got"
	}
	both 13,31,51 go <<-'WANT'
		1
		1
		container not running
	WANT
}

@test "state: JSON, RFC 3339, statuses; a zombie is stopped, with pid 0" {
	go () {
		bundle sleep 1000
		created
		rt state "$ID" | jq -r '.status, .id == "'"$ID"'", (.bundle | endswith ("/bundle")), (.rootfs | endswith ("rootfs")), (.pid > 1), .ociVersion[0:2]'
		rt state "$ID" | jq -r .created | grep -c -E '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z$'
		rt start "$ID"
		status
		rt pause "$ID"
		status
		rt resume "$ID"
		status
		# Nobody reaps it: its parent is stopped.
		rt kill "$ID" KILL
		wait_for stopped
		rt state "$ID" | jq -r .pid
		rt delete "$ID"
		rt list --format json 2>/dev/null | jq 'length'
	}
	both 14,52 go <<-'WANT'
		created
		true
		true
		true
		true
		1.
		1
		running
		paused
		running
		0
		0
	WANT
}

@test "ps --format json: pids and nothing else, also of one that has ended" {
	go () {
		bundle sh -c 'sleep 1000 & sleep 1000'
		running
		wait_for sh -c "[ \"\$(timeout 5 '$(binary)' --root '$SCRATCH/state' ps --format json $ID | jq length)\" = 2 ]"
		rt ps --format json "$ID" 2>&1 | jq -r 'length, (map (type == "number") | all)'
		rt kill "$ID" KILL
		wait_for stopped
		rt ps --format json "$ID" 2>&1 | jq -r 'length'
		rt delete "$ID"
	}
	both 15 go <<-'WANT'
		2
		true
		0
	WANT
}

@test "nothing but an empty XDG_RUNTIME_DIR in the environment; none at all; HOME that is not there" {
	go () {
		bundle sleep 1000
		running
		for verb in pause resume "kill" "delete --force"; do
			# shellcheck disable=SC2086
			t timeout 20 env -i XDG_RUNTIME_DIR= "$(binary)" --root "$SCRATCH/state" $verb "$ID"
		done
		created
		t timeout 20 env -i "$(binary)" --root "$SCRATCH/state" start "$ID"
		t timeout 20 env -i HOME=/no/home XDG_RUNTIME_DIR=/no/dir "$(binary)" --root "$SCRATCH/state" delete --force "$ID"
		# Without --root: root's is not below a directory that is named by an empty variable.
		env -i XDG_RUNTIME_DIR= "$(binary)" state none 2>&1 | grep -c 'does not exist'
	}
	both 23,69 go <<-'WANT'
		1
	WANT
}

@test "options: twice, with one dash, with = and without, before the verb; conmon-rs' exec" {
	go () {
		bundle sleep 1000
		t timeout 20 "$(binary)" --root=/no/such --root="$SCRATCH/state" create -b "$B" --pid-file="$SCRATCH/pid" "$ID" </dev/null >"$SCRATCH/out" 2>&1
		rt start "$ID"
		t timeout 20 "$(binary)" --root "$SCRATCH/state" --root "$SCRATCH/state" exec -d --pid-file="$SCRATCH/xpid" "$ID" sh -c 'echo "$@" >/tmp/args; exec sleep 1000' - -x --y </dev/null >"$SCRATCH/out" 2>&1
		wait_for test -s "$BATS_FILE_TMPDIR/bundle/rootfs/tmp/args"
		cat "$BATS_FILE_TMPDIR/bundle/rootfs/tmp/args"
		tr -d 0-9 <"$SCRATCH/xpid" | wc -c
		test -d "/proc/$(cat "$SCRATCH/xpid")" && echo alive
		rm "$BATS_FILE_TMPDIR/bundle/rootfs/tmp/args"
		rt delete -f "$ID"
	}
	both 50 go <<-'WANT'
		-x --y
		0
		alive
	WANT
}

@test "exec --process: detached, foreground, an empty pid file that is there already; failures leave no pid file" {
	go () {
		bundle sleep 1000
		running
		process () { jq --arg s "$1" '.process | .args = ["/bin/sh", "-c", $s]' "$B/config.json" >"$SCRATCH/process.json"; }
		process 'exit 5'
		code rt exec --process "$SCRATCH/process.json" "$ID"
		: >"$SCRATCH/empty"
		code rt exec --pid-file "$SCRATCH/empty" --process "$SCRATCH/process.json" --detach "$ID"
		tr -d 0-9 <"$SCRATCH/empty" | wc -c
		process 'cat; echo done'
		echo through | rt exec --process "$SCRATCH/process.json" "$ID"
		jq '.args = ["/no/such"]' "$SCRATCH/process.json" >"$SCRATCH/bad.json"
		rt exec --process "$SCRATCH/bad.json" --detach --pid-file "$SCRATCH/nopid" "$ID" 2>/dev/null || echo failed
		test -e "$SCRATCH/nopid" && echo "a pid file"
		finds 'no such file or directory' rt exec "$ID" /no/such
		finds 'permission denied' rt exec "$ID" /etc/passwd
		code rt exec --cwd /no/dir "$ID" true
		rt pause "$ID"
		code rt exec "$ID" true
		rt resume "$ID"
		rt kill "$ID" KILL
		wait_for stopped
		code rt exec "$ID" true
		rt delete "$ID"
	}
	both 10,22,49 go <<-'WANT'
		5
		0
		0
		through
		done
		failed
		no such file or directory
		permission denied
		255
		255
		255
	WANT
}

@test "BuildKit: run --keep in the foreground, state, exec, kill, exit status, delete" {
	go () {
		bundle sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.02; done'
		rt run --keep --bundle "$B" --pid-file "$SCRATCH/pid" "$ID" >"$SCRATCH/out" 2>&1 </dev/null &
		wait_for grep -q ready "$SCRATCH/out"
		rt state "$ID" | jq -r '.status, (.bundle != null), (.rootfs != null)'
		timeout 20 "$(binary)" --root "$SCRATCH/state" exec --pid-file "$SCRATCH/xpid" "$ID" sh -c 'echo up; sleep 1000' >"$SCRATCH/xout" 2>&1 </dev/null &
		local execution=$!
		wait_for grep -q up "$SCRATCH/xout"
		test -d "/proc/$(cat "$SCRATCH/xpid")" && echo "exec's pid"
		t rt kill "$ID" TERM
		wait $execution
		echo "exec $?"
		wait
		status
		t rt delete "$ID"
	}
	both 53 go <<-'WANT'
		running
		true
		true
		exec's pid
		exec 137
		stopped
	WANT
}

@test "a foreground run passes TERM on and ends with init's status; what kill -9 of it leaves can be deleted" {
	go () {
		bundle sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.02; done'
		"$(binary)" --root "$SCRATCH/state" run --bundle "$B" "$ID" >"$SCRATCH/out" 2>&1 </dev/null &
		wait_for grep -q ready "$SCRATCH/out"
		kill -TERM $!
		wait $!
		echo "status $?"
		ls "$SCRATCH/state"
		: >"$SCRATCH/out"
		"$(binary)" --root "$SCRATCH/state" run --bundle "$B" "$ID" >"$SCRATCH/out" 2>&1 </dev/null &
		wait_for grep -q ready "$SCRATCH/out"
		kill -KILL $!
		wait $! 2>/dev/null
		t rt delete --force "$ID"
		ls "$SCRATCH/state"
	}
	both 61 go <<-'WANT'
		status 9
	WANT
}

@test "killed in the middle of create: delete --force leaves nothing" {
	go () {
		printf '#!/bin/sh\necho $$ >%s/hook\nexec sleep 1000\n' "$SCRATCH" >"$SCRATCH/slow"
		chmod +x "$SCRATCH/slow"
		bundle true -- ".hooks.createRuntime = [{path: \"$SCRATCH/slow\"}]"
		"$(binary)" --root "$SCRATCH/state" create --bundle "$B" "$ID" >"$SCRATCH/out" 2>&1 </dev/null &
		wait_for test -s "$SCRATCH/hook"
		kill -KILL $!
		wait $! 2>/dev/null
		kill -KILL "$(cat "$SCRATCH/hook")" 2>/dev/null
		t rt delete --force "$ID"
		ls "$SCRATCH/state"
		find /sys/fs/cgroup -maxdepth 2 -name "$ID" 2>/dev/null
	}
	lacks 'runc 1.1 writes its state at the end of create: one that is killed before leaves cgroups that its delete knows nothing of'
	both 62 go </dev/null
}

@test "descriptors: those that were preserved; where one is not open there is none" {
	go () {
		bundle sh -c 'ls /proc/1/fd; :'
		rt run --preserve-fds 2 --bundle "$B" "$ID" 3</dev/null 4</dev/null 7</dev/null | tr '\n' ' '
		rt run --bundle "$B" "$ID" 3</dev/null 5</dev/null | tr '\n' ' '
		rt run --preserve-fds 3 --bundle "$B" "$ID" 3</dev/null | tr '\n' ' '
	}
	lacks 'descriptors of runc 1.1 itself fill the holes of --preserve-fds'
	both 20,21 go <<-'WANT'
		0 1 2 3 4 0 1 2 0 1 2 3 
	WANT
}

@test "socket activation: LISTEN_* of ours, and of somebody else" {
	go () {
		bundle sh -c 'echo "$LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES"; ls /proc/1/fd; :'
		( export LISTEN_FDS=2 LISTEN_FDNAMES=web:adm
		sh -c 'export LISTEN_PID=$$; exec "$@"' - "$(binary)" --root "$SCRATCH/state" run --bundle "$B" "$ID" 3</dev/null 4</dev/null | tr '\n' ' '
		LISTEN_PID=1 rt run --bundle "$B" "$ID" 3</dev/null 4</dev/null | tr '\n' ' ' )
	}
	lacks 'runc 1.1 does not pass LISTEN_FDNAMES'
	both 60 go <<-'WANT'
		2 1 web:adm 0 1 2 3 4 *0 1 2*
	WANT
}

@test "readiness: READY=1 of the container reaches the manager, with a pid that it knows" {
	go () {
		cp "$TEST_TOOLS/sdnotify" "$BATS_FILE_TMPDIR/bundle/rootfs/bin/sdnotify"
		bundle sh -c 'sdnotify send READY=1; sleep 1000'
		"$TEST_TOOLS/sdnotify" recv "$SCRATCH/n" >"$SCRATCH/got" &
		local receiver=$!
		wait_for test -S "$SCRATCH/n"
		NOTIFY_SOCKET=$SCRATCH/n "$(binary)" --root "$SCRATCH/state" run --bundle "$B" "$ID" </dev/null >"$SCRATCH/out" 2>&1 &
		wait_for grep -q READY=1 "$SCRATCH/got"
		grep -o -x READY=1 "$SCRATCH/got"
		rt kill "$ID" KILL
		wait $!
		kill $receiver
	}
	both 58 go <<-'WANT'
		READY=1
	WANT
}

@test "relative --bundle, --pid-file and --log; a working directory that is gone" {
	go () {
		bundle sleep 1000
		( cd "$SCRATCH" && timeout 20 "$(binary)" --root state --log log --log-format json create --bundle bundle --pid-file pid "$ID" </dev/null >out 2>&1 || cat out )
		test -s "$SCRATCH/pid" && echo pid
		mkdir "$SCRATCH/gone"
		( cd "$SCRATCH/gone" && rmdir ../gone && t rt start "$ID" && t rt delete --force "$ID" )
	}
	both 68 go <<-'WANT'
		pid
	WANT
}

@test "500 times exec: no descriptor, process or file more than before" {
	go () {
		bundle sleep 1000
		running
		local i before after
		rt exec "$ID" true
		before=$(find "$SCRATCH/state" | wc -l).$(rt ps --format json "$ID" | jq length).$(find /sys/fs/cgroup -maxdepth 2 -name "$ID" 2>/dev/null | wc -l).$(ls "/proc/$(cat "$SCRATCH/pid")/fd" | wc -l)
		for ((i = 0; i < 500; i++)); do
			"$(binary)" --root "$SCRATCH/state" exec "$ID" /bin/true </dev/null || echo "exec $i: $?"
		done
		after=$(find "$SCRATCH/state" | wc -l).$(rt ps --format json "$ID" | jq length).$(find /sys/fs/cgroup -maxdepth 2 -name "$ID" 2>/dev/null | wc -l).$(ls "/proc/$(cat "$SCRATCH/pid")/fd" | wc -l)
		[ "$before" = "$after" ] && echo "as before"
		rt delete --force "$ID"
	}
	alone 33 go <<-'WANT'
		as before
	WANT
}

@test "exec while init ends: an error, and no hang" {
	go () {
		local i bad=0 s
		for ((i = 0; i < 20; i++)); do
			bundle sleep 1000
			running
			rt kill "$ID" KILL &
			s=$(code rt exec "$ID" true)
			case $s in 0 | 137 | 255) ;; *) bad=$s ;; esac
			wait
			rt delete --force "$ID"
		done
		echo "bad: $bad"
	}
	alone 71 go <<-'WANT'
		bad: 0
	WANT
}

@test "checkpoint --help; restore as engines probe it, and containerd's single dash" {
	go () {
		code rt checkpoint --help
		# runc says so twice.
		rt restore --lsm-mount-context 2>&1 | grep -m 1 -c -E 'requires an argument|flag needs an argument'
		rt restore -no-subreaper --lsm-mount-context 2>&1 | grep -m 1 -c -E 'requires an argument|flag needs an argument'
	}
	both 47,48 go <<-'WANT'
		0
		1
		1
	WANT
}

@test "an annotation that is no property of systemd is refused by its name" {
	go () {
		bundle true -- '.annotations = {"org.systemd.property.TimeoutStopUSec": "no such thing"} | .linux.cgroupsPath = "machine.slice:calls:x"'
		finds 'org.systemd.property.TimeoutStopUSec' rt --systemd-cgroup create --bundle "$B" "$ID"
		rt delete --force "$ID"
	}
	alone 67 go <<-'WANT'
		org.systemd.property.TimeoutStopUSec
	WANT
}

@test "features and --version: nothing on standard error, what engines read is there" {
	go () {
		rt features 2>"$SCRATCH/err" | jq -r '.ociVersionMin[0:2], .ociVersionMax[0:2], (.linux.namespaces | index ("user") != null), (.mountOptions | index ("rro") != null)'
		wc -c <"$SCRATCH/err"
		"$(binary)" --version | head -n 1 | sed -E "s/^$RUNTIME version [0-9].*/VERSION/"
		"$(binary)" --version | grep -c -E '^(commit|spec): .'
	}
	both 54,55 go <<-'WANT'
		1.
		1.
		true
		true
		0
		VERSION
		2
	WANT
}

@test "loginuid: run, create and start, exec" {
	go () {
		echo 1234 >/proc/self/loginuid
		bundle sh -c 'cat /proc/self/loginuid; echo; sleep 1000'
		timeout 20 "$(binary)" --root "$SCRATCH/state" run -d --bundle "$B" "$ID" >"$SCRATCH/out" 2>&1 </dev/null
		wait_for grep -q . "$SCRATCH/out"
		cat "$SCRATCH/out"
		rt exec "$ID" cat /proc/1/loginuid
		echo
		rt delete --force "$ID"
	}
	[ -e /proc/self/loginuid ] || skip "the kernel has no audit"
	both 57 go <<-'WANT'
		1234
		1234
	WANT
}
