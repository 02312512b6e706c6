#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# containerd's shim for runc with coracle as its binary, and docker above it.

load engines.bash

bats_require_minimum_version 1.5.0

nerd () { ctr --address "$BATS_FILE_TMPDIR/c.sock" "$@" 3>&- 4>&-; }
crun_it () { nerd run --rm --runc-binary "$BATS_FILE_TMPDIR/bin/coracle" "$@"; }

setup_file () {
	[ "$(id -u)" -eq 0 ] && command -v containerd >/dev/null || return 0
	install_coracle
	make_image "$BATS_FILE_TMPDIR/image.tar"
	cat >"$BATS_FILE_TMPDIR/config.toml" <<-CONF
		version = 2
		root = "$BATS_FILE_TMPDIR/croot"
		state = "$BATS_FILE_TMPDIR/cstate"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.aufs"]
		[grpc]
		address = "$BATS_FILE_TMPDIR/c.sock"
	CONF
	containerd --config "$BATS_FILE_TMPDIR/config.toml" >"$BATS_FILE_TMPDIR/containerd.log" 2>&1 3>&- 4>&- &
	echo $! >"$BATS_FILE_TMPDIR/containerd.pid"
	for _ in {1..100}; do
		nerd version >/dev/null 2>&1 && break
		sleep 0.1
	done
	mkdir -p "$BATS_FILE_TMPDIR/rootfs"
	tar -C "$BATS_FILE_TMPDIR/rootfs" -xf "$BATS_FILE_TMPDIR/image.tar"
}
teardown_file () {
	[ ! -e "$BATS_FILE_TMPDIR/containerd.pid" ] || kill "$(cat "$BATS_FILE_TMPDIR/containerd.pid")" 2>/dev/null || true
}
setup () {
	need containerd ctr
	nerd version >/dev/null 2>&1 || skip "containerd does not start here: $(tail -n 1 "$BATS_FILE_TMPDIR/containerd.log")"
}

@test "ctr run prints, and passes the exit status on" {
	succeeds crun_it --rootfs "$BATS_FILE_TMPDIR/rootfs" c1 echo hello
	contains hello
	run crun_it --rootfs "$BATS_FILE_TMPDIR/rootfs" c2 sh -c 'exit 5'
	[ "$status" -eq 5 ] || { echo "$status: $output"; return 1; }
}

@test "ctr run of what does not exist says so" {
	run crun_it --rootfs "$BATS_FILE_TMPDIR/rootfs" c3 /no/such
	[ "$status" -ne 0 ]
	contains "no such file or directory"
}

@test "ctr: detached, exec, ps, kill, delete" {
	succeeds nerd run -d --runc-binary "$BATS_FILE_TMPDIR/bin/coracle" --rootfs "$BATS_FILE_TMPDIR/rootfs" c4 sleep 1000
	succeeds nerd task exec --exec-id e1 c4 echo inside
	contains inside
	run nerd task exec --exec-id e2 c4 sh -c 'exit 6'
	[ "$status" -eq 6 ] || { echo "$status: $output"; return 1; }
	succeeds nerd task ps c4
	succeeds nerd task kill -s KILL c4
	for _ in {1..50}; do
		run nerd task ls
		[[ "$output" == *STOPPED* ]] && break
		sleep 0.1
	done
	succeeds nerd task rm c4
	succeeds nerd container rm c4
}

@test "ctr: pause and resume" {
	succeeds nerd run -d --runc-binary "$BATS_FILE_TMPDIR/bin/coracle" --rootfs "$BATS_FILE_TMPDIR/rootfs" c5 sleep 1000
	run nerd task pause c5
	paused=$status reason=$output
	[ "$paused" -ne 0 ] || succeeds nerd task resume c5
	nerd task kill -s KILL c5
	sleep 0.5
	nerd task rm c5 && nerd container rm c5
	[ "$paused" -eq 0 ] || { [[ "$reason" == *freez* ]] && skip "no freezer here"; echo "$reason"; return 1; }
}
