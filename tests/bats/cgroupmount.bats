#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Mounts of type cgroup: v1 and hybrid, v2, with and without a cgroup namespace.
# shellcheck disable=SC2016 # scripts are for the container's shell

load helpers
load mounts

need_v1 () { [ "$(cgroup_mode)" != v2 ] || skip "the host has cgroup v2 only"; }

# The host as one with cgroup v2 only, whatever it is.
v2_host () {
	in_private_ns
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

writable () { config '(.mounts[] | select (.type == "cgroup")).options |= map (select (. != "ro"))'; }

@test "v1: each hierarchy of the host, and of each the container's own cgroup" {
	need_v1
	run_sh 'cd /sys/fs/cgroup && ls && cat pids/cgroup.procs && cat /proc/self/mountinfo'
	[ "$status" -eq 0 ]
	says "$(ls /sys/fs/cgroup)"
	says $'\n1\n'
	local h
	for h in /sys/fs/cgroup/*; do
		h=${h##*/}
		has_options "/sys/fs/cgroup/$h" ro nosuid nodev noexec
		[[ "$(mount_line "/sys/fs/cgroup/$h")" == *" /$ID /sys/fs/cgroup/$h "* ]]
	done
	mounted /sys/fs/cgroup tmpfs ro nosuid nodev noexec
}

@test "v1, cgroup namespace: the same cgroups, seen as the root" {
	need_v1
	config 'ns("cgroup")'
	run_sh 'cat /sys/fs/cgroup/pids/cgroup.procs; cat /proc/self/mountinfo; cat /proc/self/cgroup'
	[ "${lines[0]}" = 1 ]
	[[ "$(mount_line /sys/fs/cgroup/pids)" == *" / /sys/fs/cgroup/pids "* ]]
	lacks "$ID"
}

@test "v1: read-only means that nothing can be changed" {
	need_v1
	config 'caps(["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"])'
	run_sh 'mkdir /sys/fs/cgroup/pids/x; mkdir /sys/fs/cgroup/x; { echo 5 >/sys/fs/cgroup/pids/pids.max; } 2>&1'
	[ "$(grep -c "Read-only file system" <<<"$output")" = 3 ]
}

@test "v1: without ro, cgroups can be made below the own one" {
	need_v1
	writable
	run_sh 'mkdir /sys/fs/cgroup/pids/x && echo 5 >/sys/fs/cgroup/pids/x/pids.max && cat /sys/fs/cgroup/pids/x/pids.max; rmdir /sys/fs/cgroup/pids/x'
	is 5
}

@test "v1: links of the host, as cpu to cpu,cpuacct, are there as well" {
	need_v1
	in_private_ns
	local h
	in_ns mkdir "$WORK/cg"
	mount -t tmpfs cg "$WORK/cg"
	for h in /sys/fs/cgroup/*; do
		h=${h##*/}
		in_ns mkdir "$WORK/cg/$h"
		mount --bind "/sys/fs/cgroup/$h" "$WORK/cg/$h"
	done
	in_ns ln -s pids "$WORK/cg/alias"
	in_ns ln -s /etc "$WORK/cg/outside"
	mount --rbind "$WORK/cg" /sys/fs/cgroup
	run_sh 'readlink /sys/fs/cgroup/alias; cat /sys/fs/cgroup/alias/cgroup.procs; ls -d /sys/fs/cgroup/outside'
	[ "${lines[0]}" = pids ]
	[ "${lines[1]}" = 1 ]
	says "No such file"
	umount -R "$WORK/cg"
}

@test "hybrid: type cgroup2 is the unified hierarchy" {
	[ "$(cgroup_mode)" = hybrid ] || skip "the host is not hybrid"
	config '(.mounts[] | select (.type == "cgroup")).type = "cgroup2" | ns("cgroup")'
	run_sh 'cat /sys/fs/cgroup/cgroup.procs; cat /proc/self/mountinfo'
	[ "${lines[0]}" = 1 ]
	mounted /sys/fs/cgroup cgroup2 ro nosuid nodev noexec
}

@test "v2, cgroup namespace: a cgroup2 whose root is the container's" {
	v2_host
	config 'ns("cgroup")'
	run_sh 'cat /sys/fs/cgroup/cgroup.procs; cat /proc/self/mountinfo; mkdir /sys/fs/cgroup/x 2>&1'
	[ "${lines[0]}" = 1 ]
	mounted /sys/fs/cgroup cgroup2 ro nosuid nodev noexec
	[[ "$(mount_line /sys/fs/cgroup)" == *" / /sys/fs/cgroup "* ]]
	says "Read-only file system"
}

@test "v2, cgroup namespace, writable" {
	v2_host
	writable
	config 'ns("cgroup")'
	run_sh 'mkdir /sys/fs/cgroup/x && rmdir /sys/fs/cgroup/x && echo fine'
	is fine
}

@test "v2 without a cgroup namespace: the host's tree, with the flags of the container and not of the host" {
	v2_host
	run_sh 'ls -d "/sys/fs/cgroup/'"$ID"'"; cat /proc/self/mountinfo; mkdir /sys/fs/cgroup/x 2>&1'
	[ "${lines[0]}" = "/sys/fs/cgroup/$ID" ]
	mounted /sys/fs/cgroup cgroup2 ro nosuid nodev noexec
	says "Read-only file system"
	output=$(in_ns cat /proc/self/mountinfo)
	not_mounted_with /sys/fs/cgroup ro
}

@test "v2, user and cgroup namespace: the container's own" {
	v2_host
	config userns 'ns("cgroup")'
	writable
	run_sh 'cat /sys/fs/cgroup/cgroup.procs; cat /proc/self/mountinfo'
	[ "${lines[0]}" = 1 ]
	mounted /sys/fs/cgroup cgroup2
	lacks "/$ID /sys/fs/cgroup"
}

@test "v1, user namespace: read-only or not, no cgroup of the host can be changed" {
	need_v1
	writable
	config userns 'caps(["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"])'
	run_sh 'cat /sys/fs/cgroup/pids/cgroup.procs; { echo 1 >/sys/fs/cgroup/pids/cgroup.procs; } 2>&1; mkdir /sys/fs/cgroup/pids/../x && ls -d /sys/fs/cgroup/x'
	[ "${lines[0]}" = 1 ]
	[ ! -e /sys/fs/cgroup/x ] && [ ! -e /sys/fs/cgroup/pids/x ]
}

@test "sysfs in a user namespace without a network namespace is the host's, and no cgroup below it can be written" {
	config userns 'no_ns("network")' '.mounts |= map (select (.type != "cgroup"))' 'caps(["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"])'
	run_sh 'cat /proc/self/mountinfo; for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do [ ! -d $d ] || mkdir $d/x 2>&1; done'
	mounted /sys sysfs ro nosuid nodev noexec
	says "mkdir: can't create directory '/sys/fs/cgroup/x': Read-only file system"
	not grep -v "Read-only file system" <<<"$(grep mkdir: <<<"$output")"
}

@test "sysfs in a user namespace that somebody made around the runtime, on the network outside, is the host's" {
	config 'no_ns("network")' '.mounts |= map (select (.type != "cgroup" and .type != "devpts"))' 'del (.linux.cgroupsPath, .linux.resources)'
	config 'sh ("cat /proc/self/mountinfo; ls /sys/class/net; mkdir /sys/fs/cgroup/x")'
	run timeout 60 unshare --user --map-root-user --mount "$CORACLE" --root "$WORK/state-in" run --bundle "$BUNDLE" "$ID" 3>&-
	mounted /sys sysfs ro nosuid nodev noexec
	says "$(ls /sys/class/net)"
	says "Read-only file system"
	config 'ns("network")'	# and with one of its own a new one
	run timeout 60 unshare --user --map-root-user --mount "$CORACLE" --root "$WORK/state-in" run --bundle "$BUNDLE" "$ID" 3>&-
	mounted /sys sysfs ro nosuid nodev noexec
	lacks "/sys/fs/cgroup "
}

@test "propagation options of a cgroup mount" {
	v2_host
	config 'ns("cgroup")' '(.mounts[] | select (.type == "cgroup")).options += ["shared"]'
	run_sh 'cat /proc/self/mountinfo'
	[ "$(propagation_of /sys/fs/cgroup)" = shared ]
}
