#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The systemd cgroup manager for an ordinary user, whose own systemd is asked.

load ../../bats/helpers

setup () {
	test_setup
	SCOPE=test-$ID.scope
	mode=$(cgroup_mode)
	config ".linux.cgroupsPath = \"user.slice:test:$ID\"" 'no_ns ("network")'
	mkdir "$STATE"
	chown -R user:user "$WORK"
	wait_until [ -S /run/user/1000/bus ]
}

teardown () {
	as_user delete --force "$ID" || true
	test_teardown
	[ "$(user_systemctl list-units --all --plain --no-legend "$SCOPE" | wc -l)" -eq 0 ] || { user_systemctl status "$SCOPE"; return 1; }
}

session=(PATH="$PATH" HOME=/home/user XDG_RUNTIME_DIR=/run/user/1000)
user () { runuser -u user -- env -i "${session[@]}" "$@" 3>&-; }
as_user () { user "$CORACLE" --root "$STATE" "$@"; }
user_systemctl () { user systemctl --user "$@"; }
property () { user_systemctl show --value -p "$1" "$SCOPE"; }
create () {
	as_user --systemd-cgroup create --bundle "$BUNDLE" "$ID" >"$WORK/output" 2>&1 </dev/null || { cat "$WORK/output"; return 1; }
}
init_pid () { as_user state "$ID" | jq .pid; }
equal () { [ "$2" = "$3" ] || { echo "$1 is '$2', not '$3'"; return 1; }; }
directory () { echo "/sys/fs/cgroup$(property ControlGroup)"; }

@test "a scope of the user's systemd" {
	create
	equal state "$(property ActiveState)" active
	equal slice "$(property Slice)" user.slice
	grep -q "user@1000.service/user.slice/$SCOPE" "/proc/$(init_pid)/cgroup"
	as_user delete --force "$ID"
}

@test "run to the end" {
	config 'sh ("echo hello")'
	run as_user --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	is hello
	[ "$status" -eq 0 ]
}

@test "exec: into the scope, although it is not a cgroup that the caller could move to" {
	config 'sh ("while :; do sleep 1; done") | ns ("cgroup")'
	create
	as_user start "$ID"
	run as_user exec "$ID" cat /proc/self/cgroup
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	# Seen from the container's cgroup namespace.
	[ "$mode" != v2 ] || is 0::/
	as_user delete --force "$ID"
}

@test "limits" {
	config 'resources ({memory: {limit: 52428800}, pids: {limit: 77}, cpu: {quota: 12345, period: 50000}})'
	if [ "$mode" != v2 ]; then
		run create
		[ "$status" -ne 0 ]
		says "linux.resources."
		says "controller is not available"
		return
	fi
	create
	equal memory.max "$(cat "$(directory)/memory.max")" 52428800
	equal pids.max "$(cat "$(directory)/pids.max")" 77
	equal cpu.max "$(cat "$(directory)/cpu.max")" "12345 50000"
	equal TasksMax "$(property TasksMax)" 77
	as_user delete --force "$ID"
}

@test "a user namespace made root of him: it is still his systemd" {
	# As podman does it, with all of his ids.
	config 'sh ("echo hello") | ns ("network") | no_ns ("user")'
	run user unshare --user --map-root-user --map-auto --mount "$CORACLE" --root "$STATE" --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	is hello
	[ "$status" -eq 0 ]
}

@test "without a session: an error for who asked for limits or a place" {
	session=(PATH="$PATH" HOME=/home/user)
	run create
	[ "$status" -ne 0 ]
	says "neither XDG_RUNTIME_DIR nor DBUS_SESSION_BUS_ADDRESS is set"
	says "loginctl enable-linger"
	session+=(XDG_RUNTIME_DIR=/nonexistent)
	run create
	says "nothing listens at '/nonexistent/bus' or '/nonexistent/systemd/private'"
	session=(PATH="$PATH" HOME=/home/user XDG_RUNTIME_DIR=/run/user/1000)
}

@test "without a session: a container without a cgroup for who asked for nothing" {
	config 'del (.linux.cgroupsPath) | del (.linux.resources) | sh ("echo hello")'
	session=(PATH="$PATH" HOME=/home/user)
	run as_user --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	is hello
	[ "$status" -eq 0 ]
	session=(PATH="$PATH" HOME=/home/user XDG_RUNTIME_DIR=/run/user/1000)
}

@test "the system's systemd does not serve a user" {
	session+=(DBUS_SESSION_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket)
	run create
	[ "$status" -ne 0 ]
	says "systemd refuses to start '$SCOPE'"
	says "run as root, or in a session of a user"
	session=(PATH="$PATH" HOME=/home/user XDG_RUNTIME_DIR=/run/user/1000)
}
