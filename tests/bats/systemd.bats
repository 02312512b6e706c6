#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The systemd cgroup manager where there is no systemd. With one: tests/vm/guest.

load helpers

setup () {
	test_setup
	config ".linux.cgroupsPath = \"machine.slice:test:$ID\""
}

teardown () {
	[ -z "${daemon:-}" ] || kill "$daemon"
	test_teardown
}

create () { fails --systemd-cgroup create --bundle "$BUNDLE" "$ID"; }
nothing_is_left () { [ -z "$(ls "$STATE" 2>/dev/null)" ]; }

@test "a bus that is not there: the error says where, and leaves nothing" {
	need_root
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$WORK/none
	create
	says "nothing listens at '$WORK/none', where DBUS_SYSTEM_BUS_ADDRESS points to"
	lacks "no such file"	# podman would take it for a missing executable
	nothing_is_left
}

@test "an address that is not understood" {
	need_root
	export DBUS_SYSTEM_BUS_ADDRESS=tcp:host=localhost
	create
	says "DBUS_SYSTEM_BUS_ADDRESS: 'tcp:host=localhost' has no unix:path="
	nothing_is_left
}

@test "a real bus without systemd on it" {
	need_root
	command -v dbus-daemon >/dev/null || skip "dbus-daemon is not installed"
	printf '%s\n' '<busconfig><listen>unix:path='"$WORK"'/bus</listen><auth>EXTERNAL</auth><policy context="default"><allow send_destination="*"/>' \
		'<allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>' >"$WORK/bus.conf"
	dbus-daemon --config-file="$WORK/bus.conf" --nofork >"$WORK/daemon.log" 2>&1 3>&- &
	daemon=$!
	wait_until [ -S "$WORK/bus" ]
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$WORK/bus
	create
	says "nobody is there to start 'test-$ID.scope'"
	says "use --cgroup-manager=cgroupfs"
	nothing_is_left
}

@test "cgroupsPath has to be slice:prefix:name, and is looked at before anything else" {
	config '.linux.cgroupsPath = "/a/b"'
	create
	says "linux.cgroupsPath: '/a/b' is not slice:prefix:name"
	nothing_is_left
}

@test "plan shows what systemd would be asked" {
	config '.annotations = {"org.systemd.property.TimeoutStopSec": "12"}'
	runs --systemd-cgroup plan --bundle "$BUNDLE" "$ID"
	says "cgroup.slice: machine.slice"
	says "cgroup.scope: test-$ID.scope"
	says "name=TimeoutStopUSec type=t value=12000000"
}
