#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# linux.netDevices: moved, renamed, addresses kept, up; never lost by an error. In a network namespace of the test's own.

load helpers

setup () {
	need_root
	command -v ip >/dev/null || skip "ip is not installed"
	test_setup
	NS=n$$-$BATS_TEST_NUMBER
	ip netns add "$NS" 2>/dev/null || skip "ip netns add does not work here"
	in_ns ip link add v0 type veth peer name v1 2>/dev/null || skip "this kernel has no veth devices"
	in_ns ip addr add 192.0.2.7/24 dev v0
}

teardown () {
	[ -z "${NS:-}" ] || ip netns del "$NS" 2>/dev/null || true
	[ -z "$WORK" ] || test_teardown
}

in_ns () { ip netns exec "$NS" "$@"; }
# Like coracle, in the network namespace of the test. (`ip netns exec` mounts another /sys; nsenter does not.)
coracle () { nsenter --net="/run/netns/$NS" "$CORACLE" --root "$STATE" "$@" 3>&-; }

@test "a device is moved, keeps its addresses, and is up" {
	in_ns ip -6 addr add 2001:db8::7/64 dev v0 nodad
	in_ns ip link set v1 up
	config '.linux.netDevices = {v0: {}}' 'sh ("ip addr show v0")'
	runs run --bundle "$BUNDLE" "$ID"
	says 'inet 192.0.2.7/24'
	says 'inet6 2001:db8::7/64'
	says ',UP'
	! in_ns ip link show v0 2>/dev/null
}

@test "a device gets another name, and a name with %d the first that is free" {
	config '.linux.netDevices = {v0: {name: "eth0"}}' 'sh ("ip addr show eth0; ls /sys/class/net | tr \"\n\" \" \"")'
	runs run --bundle "$BUNDLE" "$ID"
	says 'inet 192.0.2.7/24'
	says 'eth0 lo'
	wait_until in_ns ip link add v0 type veth peer name v1 2>/dev/null	# the kernel takes its time with the old ones
	config '.linux.netDevices = {v0: {name: "eth%d"}, v1: {name: "eth%d"}}' 'sh ("ls /sys/class/net | tr \"\n\" \" \"")'
	runs run --bundle "$BUNDLE" "$ID"
	is 'eth0 eth1 lo '
}

@test "addresses of the link, and those that were lent, do not come along" {
	in_ns ip addr add 169.254.1.1/16 dev v0 scope link
	in_ns ip addr add 198.51.100.1/24 dev v0 valid_lft 1000 preferred_lft 1000
	config '.linux.netDevices = {v0: {}}' 'sh ("ip addr show v0")'
	runs run --bundle "$BUNDLE" "$ID"
	says 192.0.2.7
	lacks 169.254
	lacks 198.51.100
}

@test "peer and broadcast addresses are kept" {
	in_ns ip addr add 203.0.113.1 peer 203.0.113.2/32 dev v0
	in_ns ip addr add 198.51.100.1/24 broadcast 198.51.100.255 dev v0
	config '.linux.netDevices = {v0: {}}' 'sh ("ip addr show v0")'
	runs run --bundle "$BUNDLE" "$ID"
	says '203.0.113.1 peer 203.0.113.2/32'
	says 'brd 198.51.100.255'
}

@test "several devices, and into a network namespace that is joined" {
	ip netns add "${NS}b"
	config '.linux.netDevices = {v0: {name: "a"}, v1: {name: "b"}}' "join_ns (\"network\"; \"/run/netns/${NS}b\")" '.mounts |= map (select (.type != "sysfs"))' 'args (["/bin/true"])'
	run_to_file run --bundle "$BUNDLE" "$ID"
	found=$(ip netns exec "${NS}b" ip -o link | grep -cE ' [ab]@')
	ip netns del "${NS}b"
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	[ "$found" = 2 ]
}

@test "a name that is taken in the container: an error, and the device stays where it was" {
	config '.linux.netDevices = {v0: {name: "lo"}}'
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.netDevices.v0: the container has a network device 'lo' already"
	in_ns ip addr show v0 | grep -q 192.0.2.7
}

@test "a device that is not there, that cannot move: errors with their paths" {
	config '.linux.netDevices = {nodev: {}}'
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.netDevices.nodev: network device 'nodev'"
	config '.linux.netDevices = {lo: {name: "other"}}'
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.netDevices.lo: network device 'lo' cannot leave its namespace"
}

@test "names that no device can have, two of the same, no network namespace: before anything exists" {
	while IFS=@ read -r filter text; do
		cp "$BATS_FILE_TMPDIR/base.json" "$BUNDLE/config.json"
		config ".linux.cgroupsPath = \"/$ID\"" "$filter"
		fails create --bundle "$BUNDLE" "$ID"
		says "$text"
		in_ns ip link show v0 >/dev/null
	done <<-'END'
		.linux.netDevices = {v0: {name: "a/b"}}@linux.netDevices.v0.name
		.linux.netDevices = {v0: {name: "sixteenletters16"}}@linux.netDevices.v0.name
		.linux.netDevices = {v0: {name: "a%d%d"}}@linux.netDevices.v0.name
		.linux.netDevices = {v0: {name: "%s"}}@linux.netDevices.v0.name
		.linux.netDevices = {v0: {name: ".."}}@linux.netDevices.v0.name
		.linux.netDevices = {"a b": {}}@linux.netDevices.a b
		.linux.netDevices = {v0: {name: "x"}, v1: {name: "x"}}@two devices cannot both be called 'x'
		.linux.netDevices = {v0: {}} | no_ns ("network")@linux.netDevices: needs a network namespace
	END
}

@test "an ordinary user cannot move devices: said before anything exists" {
	config '.linux.netDevices = {v0: {}}'
	run unshare --user --map-root-user "$CORACLE" --root "$WORK/s" create --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says 'linux.netDevices: only root can move network devices'
}

@test "exec and delete of a container with a device; the device goes with the namespace, its peer too" {
	config '.linux.netDevices = {v0: {name: "eth0"}}' 'args (["/bin/sleep", "1000"])'
	runs run -d --bundle "$BUNDLE" "$ID"
	runs exec "$ID" ip -o addr show eth0
	says 192.0.2.7
	coracle delete --force "$ID"
	wait_until sh -c "! ip netns exec $NS ip link show v1 2>/dev/null"
}
