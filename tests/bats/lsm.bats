#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# AppArmor and SELinux where they are not: a profile that is asked for is never silently left out. With them: tests/vm.

load helpers

apparmor () { [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]; }
selinux () { [ -e /sys/fs/selinux/enforce ]; }

@test "an AppArmor profile without AppArmor is an error, unconfined and none are not" {
	! apparmor || skip "AppArmor is enabled here"
	config '.process.apparmorProfile = "container-default"'
	fails create --bundle "$BUNDLE" "$ID"
	says "process.apparmorProfile: 'container-default': AppArmor is not enabled on this host"
	[ -z "$(ls -A "$STATE" 2>/dev/null)" ]
	for profile in '"unconfined"' '""' null; do
		config ".process.apparmorProfile = $profile"
		runs run --bundle "$BUNDLE" "$ID"
	done
}

@test "a SELinux label without SELinux is an error, an empty one is not" {
	! selinux || skip "SELinux is enabled here"
	config '.process.selinuxLabel = "system_u:system_r:container_t:s0:c1,c2"'
	fails create --bundle "$BUNDLE" "$ID"
	says "process.selinuxLabel: 'system_u:system_r:container_t:s0:c1,c2': SELinux is not enabled on this host"
	config '.process.selinuxLabel = ""'
	runs run --bundle "$BUNDLE" "$ID"
}

@test "a mount label without SELinux is no mount option (engines write it anyway)" {
	! selinux || skip "SELinux is enabled here"
	config '.linux.mountLabel = "system_u:object_r:container_file_t:s0:c1,c2"' 'sh ("grep -c context= /proc/self/mounts; true")'
	runs run --bundle "$BUNDLE" "$ID"
	is 0
}

@test "labels with control characters, far too long: refused" {
	config '.process.apparmorProfile = "a\nb"'
	fails create --bundle "$BUNDLE" "$ID"
	says 'process.apparmorProfile'
	config '.process.apparmorProfile = ("x" * 5000)'
	fails create --bundle "$BUNDLE" "$ID"
	says 'process.apparmorProfile'
}

@test "exec with a label that cannot be had is refused too" {
	! apparmor || skip "AppArmor is enabled here"
	config 'args (["/bin/sleep", "1000"])'
	runs run -d --bundle "$BUNDLE" "$ID"
	echo '{"args": ["/bin/true"], "cwd": "/", "user": {"uid": 0, "gid": 0}, "apparmorProfile": "container-default"}' >"$WORK/p.json"
	fails exec --process "$WORK/p.json" "$ID"
	says 'AppArmor is not enabled on this host'
}

@test "features says what is there" {
	coracle features >"$WORK/features.json"
	[ "$(jq .linux.apparmor.enabled "$WORK/features.json")" = "$(apparmor && echo true || echo false)" ] || [ "$(jq .linux.apparmor.enabled "$WORK/features.json")" = true ]
	jq -e '.linux.selinux | has ("enabled")' "$WORK/features.json" >/dev/null
}
