#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# buildah: it polls `state`, waits for init itself, and sends `delete` without --force.

load engines.bash

build () { buildah --root "$BATS_FILE_TMPDIR/root" --runroot "$BATS_FILE_TMPDIR/run" --storage-driver vfs "$@" 3>&- 4>&-; }
in_container () { build run --network none --isolation oci --runtime "$BATS_FILE_TMPDIR/bin/coracle" "$@"; }

setup_file () {
	[ "$(id -u)" -eq 0 ] && command -v buildah >/dev/null || return 0
	install_coracle
	make_image "$BATS_FILE_TMPDIR/image.tar"
	{ build from --name box scratch && build add box "$BATS_FILE_TMPDIR/image.tar" /; } >"$BATS_FILE_TMPDIR/from.log" 2>&1 || true
}
setup () {
	need buildah
	[ -n "$(build containers -q --filter name=box)" ] || skip "buildah does not work here: $(tail -n 1 "$BATS_FILE_TMPDIR/from.log")"
}

@test "buildah run" {
	succeeds in_container box -- echo hello
	contains hello
}

@test "buildah run passes the exit status on" {
	run in_container box -- sh -c 'exit 9'
	[ "$status" -eq 9 ] || { echo "$status: $output"; return 1; }
}

@test "buildah run of what does not exist says so" {
	run in_container box -- /no/such
	[ "$status" -ne 0 ]
	contains "no such file or directory"
}

@test "buildah run as a user, with a volume and a terminal" {
	mkdir -p "$BATS_TEST_TMPDIR/v"
	succeeds in_container --user 1000 -v "$BATS_TEST_TMPDIR/v:/v:ro" box -- sh -c 'id -u; touch /v/x 2>&1 || echo refused'
	contains 1000
	contains refused
	succeeds in_container -t box -- tty
	contains /dev/pts
}
