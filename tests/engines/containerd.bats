#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# containerd's shim for runc with coracle as its binary, driven by ctr.

load engines.bash

nerd () { timeout --foreground -k 5 60 ctr --address "$BATS_FILE_TMPDIR/c.sock" --namespace "$NAMESPACE" "$@"; }
binary () { if [ "$RUNTIME" = coracle ]; then echo "$BATS_FILE_TMPDIR/bin/coracle"; else command -v "$RUNTIME"; fi; }
crun_it () { nerd run --runc-binary "$(binary)" --rootfs "$@"; }
run1 () { crun_it --rm "$BATS_FILE_TMPDIR/rootfs" "$@"; }
box () { crun_it -d "$BATS_FILE_TMPDIR/rootfs" "$@"; }
# Debian's ctr changes its arguments' order between releases: options first, always.
has_status () { nerd task ls | grep -q "^$1 .* $2"; }
gone () { nerd task kill -s KILL "$1" 2>/dev/null; wait_for has_status "$1" STOPPED; nerd task rm "$1" >/dev/null 2>&1; nerd container rm "$1"; }

setup_file () {
	[ "$(id -u)" -eq 0 ] && command -v containerd ctr >/dev/null || return 0
	forget_results
	install_coracle
	# The state directory of containers is the same for every containerd: <root>/<namespace>/<id>.
	NAMESPACE=coracle-$$
	echo "$NAMESPACE" >"$BATS_FILE_TMPDIR/namespace"
	make_image "$BATS_FILE_TMPDIR/image.tar"
	cat >"$BATS_FILE_TMPDIR/config.toml" <<-CONF
		version = 2
		root = "$BATS_FILE_TMPDIR/croot"
		state = "$BATS_FILE_TMPDIR/cstate"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.aufs"]
		[grpc]
		address = "$BATS_FILE_TMPDIR/c.sock"
	CONF
	containerd --config "$BATS_FILE_TMPDIR/config.toml" >"$BATS_FILE_TMPDIR/containerd.log" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$BATS_FILE_TMPDIR/containerd.pid"
	wait_for nerd version 3>&- 4>&- || true
	mkdir -p "$BATS_FILE_TMPDIR/rootfs"
	tar -C "$BATS_FILE_TMPDIR/rootfs" -xf "$BATS_FILE_TMPDIR/image.tar"
}
teardown_file () {
	[ -e "$BATS_FILE_TMPDIR/containerd.pid" ] || return 0
	kill "$(cat "$BATS_FILE_TMPDIR/containerd.pid")" 2>/dev/null || true
	# A shim outlives its containerd, and the parent of a container's cgroup outlives the container.
	pkill -f -- "^[^ ]*containerd-shim-runc-v2 .*-address $BATS_FILE_TMPDIR/c.sock" || true
	rmdir "/run/containerd/runc/$(cat "$BATS_FILE_TMPDIR/namespace")" 2>/dev/null || true
	find /sys/fs/cgroup -maxdepth 2 -name "$(cat "$BATS_FILE_TMPDIR/namespace")" -exec rmdir {} + || true
}
setup () {
	need containerd ctr "$REFERENCE"
	NAMESPACE=$(cat "$BATS_FILE_TMPDIR/namespace")
	nerd version >/dev/null 2>&1 3>&- 4>&- || skip "containerd does not start here: $(tail -n 1 "$BATS_FILE_TMPDIR/containerd.log")"
}
left_behind () {
	local id
	for id in $(nerd container ls -q); do
		echo "left behind: $id"
		gone "$id"
	done
}

# ctr cancels what it still copies when it hears of a task's end (Task.Delete: io.Cancel): what ends at once may have said nothing, with any runtime.
@test "run: output, exit status, errors" {
	go () {
		t run1 c1 /bin/sh -c 'echo hi; sleep 0.3'
		t run1 c2 /bin/sh -c 'exit 5'
		finds 'no such file or directory' run1 c3 /no/such
		finds 'executable file not found in $PATH' run1 c4 nosuch
		finds 'permission denied' run1 c5 /etc/plain
		nerd container rm c3 c4 c5 2>/dev/null
	}
	both 3,16 go <<-'WANT'
		hi
		= 5
		no such file or directory
		executable file not found in $PATH
		permission denied
	WANT
}

@test "detached: exec, ps, kill, delete" {
	go () {
		t box d1 /bin/sleep 1000
		t nerd task exec --exec-id e1 d1 /bin/sh -c 'echo inside; sleep 0.3'
		t nerd task exec --exec-id e2 d1 /bin/sh -c 'exit 6'
		finds 'no such file or directory' nerd task exec --exec-id e3 d1 /no/such
		t nerd task exec --exec-id e4 -d d1 /bin/sh -c 'exec sleep 1000'
		t nerd task ps d1 | tail -n +2 | wc -l
		t nerd task kill -s USR1 d1
		t nerd task kill -s KILL -a d1
		wait_for has_status d1 STOPPED
		finds 'not found' nerd task kill -s TERM d1
		nerd task rm d1 2>/dev/null
		t nerd container rm d1
	}
	both 10,12,13,15,31 go <<-'WANT'
		inside
		= 6
		no such file or directory
		2
		not found
	WANT
}

@test "a terminal, for run and for exec" {
	go () {
		"$TEST_TOOLS/pty" 33 101 bash -c "$(declare -f nerd binary crun_it); NAMESPACE=$NAMESPACE REFERENCE=$REFERENCE; crun_it --rm -t '$BATS_FILE_TMPDIR/rootfs' t1 /bin/sh -c 'tty; echo controls >/dev/tty; test -t 0 && test -t 1 && test -t 2 && echo all'" | tr -d '\r' | grep -v 'resize pty'
		box t2 /bin/sleep 1000
		"$TEST_TOOLS/pty" 33 101 bash -c "$(declare -f nerd); NAMESPACE=$NAMESPACE; nerd task exec -t --exec-id e1 t2 /bin/sh -c 'tty; test -t 1 && echo terminal'" | tr -d '\r' | grep -v 'resize pty'
		gone t2
	}
	both 18 go <<-'WANT'
		/dev/pts/0
		controls
		all
		/dev/pts/*
		terminal
	WANT
}

@test "pause and resume" {
	go () {
		box p1 /bin/sleep 1000
		t nerd task pause p1
		has_status p1 PAUSED && echo paused
		code nerd task exec --exec-id e1 p1 /bin/true
		t nerd task resume p1
		has_status p1 RUNNING && echo running
		gone p1
	}
	both 30 go <<-'WANT'
		paused
		1
		running
	WANT
}

@test "metrics at once after create; limits" {
	go () {
		crun_it -d --memory-limit 33554432 "$BATS_FILE_TMPDIR/rootfs" m1 /bin/sleep 1000
		nerd task metrics --format json m1 2>/dev/null | jq -r '.memory.hierarchical_memory_limit, .pids.current'
		gone m1
	}
	both 26 go <<-'WANT'
		33554432
		1
	WANT
}

@test "SIGKILL to a container without a pid namespace ends all of it" {
	go () {
		crun_it -d --with-ns "pid:/proc/$$/ns/pid" "$BATS_FILE_TMPDIR/rootfs" h1 /bin/sh -c 'sleep 4321 & echo $! >/tmp/pid; sleep 4322'
		wait_for test -s "$BATS_FILE_TMPDIR/rootfs/tmp/pid"
		local pid
		pid=$(cat "$BATS_FILE_TMPDIR/rootfs/tmp/pid")
		test -e "/proc/$pid" && echo alive
		gone h1
		wait_for sh -c "! test -e /proc/$pid" && echo dead
		rm "$BATS_FILE_TMPDIR/rootfs/tmp/pid"
	}
	both 32 go <<-'WANT'
		alive
		dead
	WANT
}

@test "signals, descriptors, host network, privileged, read-only" {
	go () {
		t run1 s1 /bin/grep -E '^Sig(Blk|Ign)' /proc/self/status
		t run1 s2 /bin/sh -c 'ls /proc/1/fd; :' | tr '\n' ' '
		# Not gone at once: ctr may miss what the shortest-lived say.
		t crun_it --rm --net-host "$BATS_FILE_TMPDIR/rootfs" s3 /bin/sh -c 'readlink /proc/self/ns/net; sleep 0.3' | sed "s/^$(readlink /proc/self/ns/net | sed 's/[][]/\\&/g')\$/host/"
		finds 'Read-only' crun_it --rm --read-only "$BATS_FILE_TMPDIR/rootfs" s4 /bin/touch /x
		t run1 s5 /bin/cat /proc/self/loginuid
	}
	both 20,22 go <<-WANT
		SigBlk:	0000000000000000
		SigIgn:	0000000000000000
		0 1 2 host
		Read-only
		$(cat /proc/self/loginuid 2>/dev/null)
	WANT
}

@test "no state and no process is left by all of this" {
	go () {
		ls "/run/containerd/runc/$NAMESPACE"
		pgrep -f "^$BATS_FILE_TMPDIR/bin/coracle"
	}
	alone 11 go </dev/null
}

@test "docs/containerd.md: each command says what the page shows" {
	wrap ctr timeout 60 "$(command -v ctr)" --address "$BATS_FILE_TMPDIR/c.sock" --namespace "$NAMESPACE"
	page containerd.md
}
