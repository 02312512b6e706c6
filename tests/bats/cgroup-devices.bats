#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Device rules of a cgroup.

load helpers.bash

@test "v1: the rules are complete before there is a process that they are for" {
	need_root
	[ "$(cgroup_mode)" != v2 ] || skip "cgroup v2: one program, attached at once"
	[ -d /sys/fs/cgroup/devices ] || skip "no devices controller"
	command -v strace >/dev/null || skip "no strace"
	config 'resources ({devices: [{allow: false, access: "rwm"}]})'
	strace -e trace=openat,openat2,clone3,clone -o "$WORK/trace" "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" 3>&-
	grep -o -E 'devices\.(allow|deny)|^clone3?' "$WORK/trace" >"$WORK/order"
	grep -q devices.allow "$WORK/order"
	[[ "$(tail -n 1 "$WORK/order")" == clone* ]] || { cat "$WORK/order"; return 1; }
}
