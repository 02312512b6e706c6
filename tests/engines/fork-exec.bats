#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The four promises: what a runtime that forks and executes owes to who calls it. docs/fork-exec.md shows them; each has its own suite of
# details: tests/bats/{loginuid,audit,notify,activation,rootless}.bats. Below a real systemd: tests/vm/guest/fork-exec.bats.

load engines.bash

binary () { if [ "$RUNTIME" = coracle ]; then echo "$PLACE/bin/coracle"; else command -v "$RUNTIME"; fi; }
rt () { timeout -k 5 20 "$(binary)" --root "$SCRATCH/state" "$@"; }
# A user whom nobody knows, without subordinate ids.
user=(setpriv --reuid=1000 --regid=1000 --clear-groups)
as_user () { timeout -k 5 20 "${user[@]}" env -i PATH="$PATH" HOME=/ XDG_RUNTIME_DIR="$PLACE/run" "$(binary)" --root "$PLACE/run/$RUNTIME" "$@"; }

# PLACE: where that user can look.
setup_file () {
	[ "$(id -u)" -eq 0 ] || return 0
	forget_results
	PLACE=$(mktemp -d /tmp/coracle-promises.XXXXXX)
	export PLACE
	chmod 755 "$PLACE"
	install_coracle "$PLACE/bin"
	chmod 755 "$PLACE/bin"
	"$top/tools/make-bundle" "$PLACE/box" "$coracle" >/dev/null
	cp "$TEST_TOOLS/serve" "$TEST_TOOLS/notify" "$PLACE/box/rootfs/bin/"
	install -d -o 1000 -g 1000 -m 700 "$PLACE/run"
	bundle loginuid cat /proc/self/loginuid
	bundle sleep sleep 1000
	bundle server serve 1
	rm "$PLACE/box/config.json"
	"${user[@]}" "$PLACE/bin/coracle" spec --rootless --bundle "$PLACE/run"
	mv "$PLACE/run/config.json" "$PLACE/box/"
	jq '.linux.namespaces |= map (select (.type != "user")) | del (.linux.uidMappings, .linux.gidMappings)' "$PLACE/box/config.json" >"$PLACE/box/plain.json"
	bundle mine id
	mv "$PLACE/box/plain.json" "$PLACE/box/config.json"
	bundle id id
	bundle wait sleep 1000
}
teardown_file () { [ -z "${PLACE:-}" ] || rm -rf "$PLACE"; }
setup () { need jq "$REFERENCE"; }

# bundle NAME ARG…: a configuration in the bundle, with nothing of cgroups
bundle () {
	local name=$1
	shift
	jq -n '$ARGS.positional' --args -- "$@" >"$PLACE/args"
	jq --slurpfile args "$PLACE/args" '.process.args = $args[0] | .process.terminal = false | .root.readonly = true | .linux.namespaces |= map (select (.type != "cgroup")) |
		del (.linux.resources, .process.rlimits)' "$PLACE/box/config.json" >"$PLACE/box/$name.json"
}
# take NAME: the bundle in $B as every runtime reads it, a new $ID
take () {
	B=$SCRATCH/bundle ID=promise-$$-$RANDOM
	mkdir -p "$B"
	jq --arg id "$ID" ".linux.cgroupsPath = \"/\" + \$id | .root.path = \"$PLACE/box/rootfs\" | ${2:-.}" "$PLACE/box/$1.json" >"$B/config.json"
}
left_behind () {
	local id
	for id in $(ls "$SCRATCH/state" 2>/dev/null); do
		echo "left behind: $id"
		rt delete --force "$id" 2>/dev/null
	done
}

@test "promise 1: the audit identity of the caller is the container's, in run, create and start, and exec, and a record ties it to the container" {
	go () {
		take loginuid
		sh -c 'echo 1234 >/proc/self/loginuid; exec "$@"' - "$(binary)" --root "$SCRATCH/state" run --bundle "$B" "$ID" </dev/null
		echo
		take sleep
		sh -c 'echo 1234 >/proc/self/loginuid; exec "$@"' - "$(binary)" --root "$SCRATCH/state" create --bundle "$B" "$ID" </dev/null >"$SCRATCH/out" 2>&1
		rt start "$ID"
		rt exec "$ID" cat /proc/1/loginuid
		echo
		sh -c 'echo 5678 >/proc/self/loginuid; exec "$@"' - "$(binary)" --root "$SCRATCH/state" exec "$ID" cat /proc/self/loginuid
		echo
		rt delete --force "$ID"
	}
	[ -e /proc/self/loginuid ] || skip "the kernel has no audit"
	both 57 go <<-'WANT'
		1234
		1234
		5678
	WANT
}

@test "promise 2: what the container says reaches the service manager, every word, with a pid that it knows" {
	go () {
		take sleep '.process.args = ["notify", "-w", "-b", "STATUS=beginning", "READY=1\nMAINPID=1", "RELOADING=1", "READY=1", "WATCHDOG=1", "EXTEND_TIMEOUT_USEC=1000000", "ERRNO=2", "STATUS=working"]'
		"$TEST_TOOLS/recvmsgs" "$SCRATCH/n" >"$SCRATCH/got" 2>/dev/null &
		local receiver=$!
		wait_for test -S "$SCRATCH/n"
		NOTIFY_SOCKET=$SCRATCH/n "$(binary)" --root "$SCRATCH/state" run --bundle "$B" "$ID" </dev/null >"$SCRATCH/out" 2>&1 &
		local runner=$!
		wait_for grep -q READY=1 "$SCRATCH/got"
		wait_for grep -q BARRIER=1 "$SCRATCH/got"
		grep -vx -- -- "$SCRATCH/got" | sed "s/^MAINPID=$(rt state "$ID" | jq .pid)\$/MAINPID=the container/"
		rt kill "$ID" KILL
		wait "$runner"
		kill "$receiver"
		rt delete --force "$ID" 2>/dev/null
	}
	lacks 'runc passes READY=1 on and nothing else, and answers MAINPID= with a number that is none'
	both 58 go <<-'WANT'
		STATUS=beginning
		READY=1
		MAINPID=the container
		RELOADING=1
		READY=1
		WATCHDOG=1
		EXTEND_TIMEOUT_USEC=1000000
		ERRNO=2
		STATUS=working
		BARRIER=1
	WANT
}

@test "promise 3: sockets of the activation are the container's, and a server there answers" {
	go () {
		take server
		systemd-socket-activate -l "$SCRATCH/s" --fdname=web "$(binary)" --root "$SCRATCH/state" run --bundle "$B" "$ID" >"$SCRATCH/out" 2>&1 &
		local activator=$!
		wait_for test -S "$SCRATCH/s"
		timeout 20 python3 -c 'import socket, sys; s = socket.socket (socket.AF_UNIX); s.connect (sys.argv[1]); s.sendall (b"hello"); print (s.recv (99).decode ())' "$SCRATCH/s"
		wait "$activator"
		echo "= $?"
	}
	command -v systemd-socket-activate >/dev/null || skip "no systemd-socket-activate (package systemd)"
	lacks 'runc 1.1 does not pass LISTEN_FDNAMES, and the server misses it'
	both 60 go <<-'WANT'
		socket 3 (web) of pid 1: hello
		= 0
	WANT
}

@test "promise 4: an ordinary user without subordinate ids runs, enters, signals and deletes a container, with no one's help" {
	go () {
		take mine 'del (.linux.cgroupsPath)'
		cp "$B/config.json" "$PLACE/box/config.json"
		( cd "$PLACE/box" && as_user run "$ID" )
		jq '.process.args = ["sleep", "1000"]' "$B/config.json" >"$PLACE/box/config.json"
		( cd "$PLACE/box" && as_user run --detach "$ID" ) >"$SCRATCH/out" 2>&1 </dev/null || cat "$SCRATCH/out"
		as_user exec "$ID" cat /proc/self/uid_map
		awk '/^Uid:/ { print $2 }' "/proc/$(as_user state "$ID" | jq .pid)/status"
		as_user kill "$ID" KILL
		wait_for sh -c "[ \"\$(setpriv --reuid=1000 --regid=1000 --clear-groups $(binary) --root $PLACE/run/$RUNTIME state $ID | jq -r .status)\" = stopped ]"
		as_user delete "$ID"
		ls "$PLACE/run/$RUNTIME"
	}
	both 36 go <<-'WANT'
		uid=0(root) gid=0(root)*
		         0       1000          1
		1000
	WANT
}

@test "docs/fork-exec.md: each command says what the page shows" {
	[ -e /proc/self/loginuid ] || skip "the kernel has no audit"
	command -v systemd-socket-activate >/dev/null || skip "no systemd-socket-activate (package systemd)"
	PAGE_BOX=$PLACE/box
	PAGE_USER=("${user[@]}" env XDG_RUNTIME_DIR="$PLACE/run")
	wrap coracle "$PLACE/bin/coracle"
	wrap jq "$(command -v jq)"
	# Of root's containers the test's alone; those of the user are where they belong.
	sed -i '2i [ "$(id -u)" -ne 0 ] || set -- --root "'"$PLACE"'/state" "$@"' "$BATS_FILE_TMPDIR/wrap/coracle"
	cp -r "$BATS_FILE_TMPDIR/wrap" "$PLACE/wrap"
	PATH=$PLACE/wrap:$PATH page fork-exec.md
}
