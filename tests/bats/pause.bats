#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pause and resume.

load helpers

up () {
	config 'sh ("while :; do echo x >>/tmp/ticks; sleep 0.02; done")' "$@"
	runs run --detach --bundle "$BUNDLE" "$ID"
	wait_until test -s "$ROOTFS/tmp/ticks"
}
size () { stat -c %s "$ROOTFS/tmp/ticks"; }

@test "nothing runs while paused, everything afterwards" {
	up
	runs pause "$ID"
	is ""
	has_status paused
	before=$(size)
	sleep 0.2
	[ "$(size)" -eq "$before" ]
	runs resume "$ID"
	is ""
	has_status running
	wait_until eval 'test "$(stat -c %s "$ROOTFS/tmp/ticks")" -ge "$before"'
	more () { [ "$(size)" -gt "$before" ]; }
	wait_until more
}

@test "pausing twice, resuming what is not paused" {
	up
	runs pause "$ID"
	fails pause "$ID"
	says "container paused"
	runs resume "$ID"
	fails resume "$ID"
	says "container not paused"
}

@test "a stopped container is not running; an unknown one does not exist" {
	config 'args (["/bin/true"])'
	runs run --detach --bundle "$BUNDLE" "$ID"
	wait_until has_status stopped
	for verb in pause resume; do
		fails $verb "$ID"
		says "container not running: no such process"
		fails $verb nosuch
		says "does not exist"
	done
}

@test "a created container may be paused, and is not started while it is" {
	config 'args (["/bin/true"])'
	runs create --bundle "$BUNDLE" "$ID"
	runs pause "$ID"
	has_status paused
	fails start "$ID"
	runs resume "$ID"
	has_status created
	runs start "$ID"
	wait_until has_status stopped
}

@test "SIGKILL ends a paused container; delete --force removes one" {
	up
	runs pause "$ID"
	runs kill "$ID" KILL
	wait_until has_status stopped
	runs delete "$ID"
	up
	runs pause "$ID"
	runs delete --force "$ID"
}

@test "without a cgroup: an error that says why" {
	config 'sh ("sleep 1000")' 'del (.linux.cgroupsPath, .linux.resources)'
	runs --cgroup-manager disabled run --detach --bundle "$BUNDLE" "$ID"
	fails pause "$ID"
	says "no cgroup"
}
