#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# checkpoint: what CRIU is asked, by one that only listens; what it then does is tested where it runs (tests/vm/guest/checkpoint.bats).

load helpers

up () {
	fake_criu
	config 'args (["/bin/sleep", "1000"])' "$@"
	coracle run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
}
checkpoint () { runs checkpoint --image-path "$WORK/images" "$@" "$ID"; }
asked () { grep -qaF -- "$1" "$WORK/request" || { echo "not asked for '$1'"; return 1; }; }

@test "criu: volumes are external by their destination, also one with a blank" {
	mkdir "$WORK/volume"
	up "bind (\"/mnt/plain\"; \"$WORK/volume\"; [\"rw\"]) | bind (\"/mnt/with a blank\"; \"$WORK/volume\"; [\"rw\"])"
	checkpoint --leave-running
	asked 'mnt[/mnt/plain]:/mnt/plain'
	asked 'mnt[/mnt/with a blank]:/mnt/with a blank'
	has_status running
}

@test "criu: a volume that a link of the image leads elsewhere has the name of that place, also for restore" {
	need_call clone3 "restore, which puts CRIU into the container's cgroup"
	mkdir -p "$WORK/volume" "$ROOTFS/run" "$ROOTFS/var"
	rm -rf "$ROOTFS/var/run"
	ln -s /run "$ROOTFS/var/run"
	: >"$WORK/file"
	up "bind (\"/var/run/secrets\"; \"$WORK/volume\"; [\"rw\"]) | bind (\"/var/run/one\"; \"$WORK/file\"; [\"rw\"])"
	checkpoint
	asked 'mnt[/run/secrets]:/run/secrets'
	asked 'mnt[/run/one]:/run/one'
	rm "$WORK/request"
	fails restore --image-path "$WORK/images" --bundle "$BUNDLE" "$ID" # by one that makes no process
	asked "mnt[/run/secrets]:$WORK/volume"
	asked "mnt[/run/one]:$WORK/file"
}

@test "criu: what it has saved is taken away, unless it is to go on" {
	up
	checkpoint --pre-dump
	has_status running
	checkpoint --leave-running
	has_status running
	[ "$(jq length "$WORK/images/descriptors.json")" = 3 ]
	checkpoint
	fails state "$ID"
	says "does not exist"
}

@test "criu: the directories of --image-path and --work-path are made, all of them" {
	up
	runs checkpoint --leave-running --image-path "$WORK/a/b/images" --work-path "$WORK/c/d" "$ID"
	[ -s "$WORK/a/b/images/descriptors.json" ]
	[ -d "$WORK/c/d" ]
}
