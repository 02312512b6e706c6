#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Idmapped mounts: the options idmap and ridmap, uidMappings and gidMappings of a mount, crun's syntax.
# shellcheck disable=SC2016 # scripts are for the container's shell

load helpers
load mounts

setup () {
	test_setup
	mkdir "$WORK/vol"
	echo content >"$WORK/vol/file"
	chown 0:0 "$WORK/vol/file"
	echo content >"$WORK/vol/user"
	chown 1000:1000 "$WORK/vol/user"
}

# volume PATH OPTIONS [MAPS]: MAPS as "containerID hostID size" of users and groups
volume () {
	config "bind(\"$1\"; \"$WORK/vol\"; $2)"
	[ $# -lt 3 ] || config "(.mounts[-1]) += {uidMappings: $(maps "$3"), gidMappings: $(maps "${4:-$3}")}"
}
maps () { jq -cn --arg m "$1" '$m | split (" ") | map (tonumber) | [{containerID: .[0], hostID: .[1], size: .[2]}]'; }
owners='stat -c %u:%g '

@test "uidMappings and gidMappings of a mount: ids of the disk are seen mapped, and made files go back" {
	need_call mount_setattr "idmapped mounts"
	volume /vol '[]' "0 2000 2000" "0 3000 2000"
	run_sh "$owners /vol/file /vol/user"
	is $'2000:3000\n3000:4000'
	config '.process.user = {uid: 2005, gid: 3006}'
	chmod 777 "$WORK/vol"
	run_sh 'echo x >/vol/made && stat -c %u:%g /vol/made'
	is 2005:3006
	[ "$(stat -c %u:%g "$WORK/vol/made")" = 5:6 ]
}

@test "with a user namespace: the container's own mappings, by the option idmap alone" {
	need_call mount_setattr "idmapped mounts"
	chown -R 100000:100000 "$ROOTFS"
	config userns
	volume /vol '["idmap"]'
	volume /plain '[]'
	run_sh "$owners /vol/file /vol/user /plain/file; touch /vol/made"
	is $'0:0\n1000:1000\n65534:65534'
	[ "$(stat -c %u:%g "$WORK/vol/made")" = 0:0 ]
}

@test "with a user namespace: mappings of the mount's own" {
	need_call mount_setattr "idmapped mounts"
	chown -R 100000:100000 "$ROOTFS"
	config userns
	volume /vol '["rbind"]' "0 100007 1"
	run_sh "$owners /vol/file /vol/user"
	is $'7:7\n65534:65534'
}

@test "idmap without mappings and without a user namespace is an error" {
	volume /vol '["idmap"]'
	fails run --bundle "$BUNDLE" "$ID"
	says 'mounts[7].options: an idmapped mount needs uidMappings and gidMappings'
	volume /vol '["ridmap"]'
	fails run --bundle "$BUNDLE" "$ID"
	says 'mounts[8].options: an idmapped mount needs'
}

@test "uidMappings without gidMappings, or the other way round, is an error" {
	volume /vol '[]' "0 2000 1"
	config 'del (.mounts[-1].gidMappings)'
	fails run --bundle "$BUNDLE" "$ID"
	says 'mounts[7].gidMappings: required, since uidMappings is given'
	config '.mounts[-1].gidMappings = .mounts[-1].uidMappings | del (.mounts[-1].uidMappings)'
	fails run --bundle "$BUNDLE" "$ID"
	says 'mounts[7].uidMappings: required, since gidMappings is given'
}

@test "crun's syntax: several ranges" {
	need_call mount_setattr "idmapped mounts"
	volume /vol '["idmap=uids=0-2000-1#1000-500-10;gids=0-3000-1#1000-600-10"]'
	run_sh "$owners /vol/file /vol/user"
	is $'2000:3000\n500:600'
}

@test "crun's syntax: @ takes the container's ids" {
	need_call mount_setattr "idmapped mounts"
	chown -R 100000:100000 "$ROOTFS"
	config userns
	volume /vol '["idmap=uids=@0-5-1#@1000-6-1;gids=@0-7-1#@1000-8-1"]'
	run_sh "$owners /vol/file /vol/user"
	is $'5:7\n6:8'
}

@test "crun's syntax: what is wrong is shown" {
	local bad
	for bad in "uids=0-1" "uids=0-1-0" "uids=a-b-c" "uids=0-1-2-3" "uids=@0-5-1" "foo=0-1-1" "uids=0-1--1" "uids=0-99999999999-1" "uids="; do
		config '.mounts |= .[:7]'
		volume /vol "[\"idmap=$bad\"]"
		fails run --bundle "$BUNDLE" "$ID"
		says 'mounts[7].options[1]'
		says "is not uids=CONTAINER-HOST-SIZE"
	done
}

@test "idmap is of the top mount, ridmap of all below" {
	need_call mount_setattr "idmapped mounts"
	in_private_ns
	mkdir "$WORK/vol/sub"
	mount -t tmpfs sub "$WORK/vol/sub"
	in_ns touch "$WORK/vol/sub/file"
	config "mount(\"/one\"; \"none\"; \"$WORK/vol\"; [\"rbind\", \"idmap=uids=0-2000-1;gids=0-2000-1\"])"
	config "mount(\"/all\"; \"none\"; \"$WORK/vol\"; [\"rbind\", \"ridmap=uids=0-2000-1;gids=0-2000-1\"])"
	run_sh "$owners /one/file /one/sub/file /all/file /all/sub/file"
	is $'2000:2000\n0:0\n2000:2000\n2000:2000'
}

@test "a tmpfs can be idmapped, with a copy of what it covers" {
	need_call mount_setattr "idmapped mounts"
	mkdir "$ROOTFS/data"
	touch "$ROOTFS/data/file"
	config 'mount("/data"; "tmpfs"; "t"; ["tmpcopyup", "idmap=uids=0-2000-1;gids=0-2000-1", "nosuid"])'
	run_sh "$owners /data/file; cat /proc/self/mountinfo"
	[ "${lines[0]}" = 2000:2000 ]
	mounted /data tmpfs nosuid
}

@test "a file can be idmapped, and the other options hold" {
	need_call mount_setattr "idmapped mounts"
	config "bind(\"/f\"; \"$WORK/vol/file\"; [\"ro\", \"nosuid\", \"idmap=uids=0-2000-1;gids=0-2000-1\"])"
	run_sh "$owners /f; cat /proc/self/mountinfo"
	[ "${lines[0]}" = 2000:2000 ]
	bound /f ro nosuid
}

@test "a file system that cannot be idmapped is named" {
	need_call mount_setattr "idmapped mounts"
	config 'bind("/s"; "/sys"; ["idmap=uids=0-2000-1;gids=0-2000-1"])'
	fails run --bundle "$BUNDLE" "$ID"
	says "mounts[7]: map the ids of '/sys': its file system cannot be idmapped by this kernel"
}

@test "volumes with the same mappings share one user namespace, those with others do not" {
	need_call mount_setattr "idmapped mounts"
	command -v strace >/dev/null || skip "strace is not installed"
	local i
	maps_written () {
		timeout 25 strace -f -e trace=write -e signal=none -o "$WORK/trace" "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&- </dev/null
		grep -cE '"0 [24]000 5' "$WORK/trace"
	}
	volume /v1 '[]' "0 2000 5"
	[ "$(maps_written)" = 2 ]	# users and groups
	for i in 2 3 4 5; do volume "/v$i" '[]' "0 2000 5"; done
	[ "$(maps_written)" = 2 ]
	volume /v6 '[]' "0 4000 5"
	[ "$(maps_written)" = 4 ]
}

@test "an idmapped volume is no peer of the host's, and takes propagation options" {
	need_call mount_setattr "idmapped mounts"
	in_private_ns shared
	mkdir "$WORK/vol/sub"
	volume /vol '["rbind"]' "0 2000 5"
	volume /priv '["rbind", "rprivate"]' "0 2000 5"
	run_sh 'cat /proc/self/mountinfo'
	[ "$(propagation_of /vol)" = slave ]
	[ "$(propagation_of /priv)" = private ]
}

@test "a missing source is an error with its place" {
	need_call mount_setattr "idmapped mounts"
	config "bind(\"/vol\"; \"$WORK/missing\"; [\"idmap=uids=0-2000-1;gids=0-2000-1\"])"
	fails run --bundle "$BUNDLE" "$ID"
	says "mounts[7]: bind '$WORK/missing' on '/vol': open the source: no such file or directory"
}
