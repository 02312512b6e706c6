#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# An ordinary user who looks like root, in the user namespace that podman made for him.

load helpers.bash

setup () {
	need_root
	test_setup
}
# In a user namespace of which the host's user 54321 is root: no cgroup can be made.
as_podman () {
	chown -R 54321:54321 "$WORK"
	timeout 20 setpriv --reuid 54321 --regid 54321 --clear-groups unshare --user --map-root-user "$CORACLE" --root "$STATE" "$@" 3>&-
}

@test "no cgroup can be made: without one if none was asked for, with clear words else" {
	setpriv --reuid 54321 --regid 54321 --clear-groups unshare --user --map-root-user true 2>/dev/null || skip "no user namespaces for ordinary users here"
	setpriv --reuid 54321 --regid 54321 --clear-groups test -x "$CORACLE" || skip "the program under test cannot be reached by an ordinary user"
	config 'del (.linux.cgroupsPath, .linux.resources) | args (["/bin/echo", "hi"]) | del (.linux.namespaces[] | select (.type == "network"))' \
		'.mounts |= map (select (.type != "sysfs" and .type != "cgroup")) | (.mounts[] | select (.type == "devpts")).options |= map (select (startswith ("gid=") | not))'
	run as_podman run --bundle "$BUNDLE" "$ID"
	is hi
	config '.linux.resources.pids.limit = 10'
	run as_podman run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	says "permission denied"
	says cgroup
}
