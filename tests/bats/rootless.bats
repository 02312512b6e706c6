#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Ordinary users. They exist only in a mount namespace of each call, where /etc/passwd, /etc/subuid and the like are ours: nothing of the
# host is changed. user 20001 has subordinate ids, 20002 has none, 20003 has only subordinate users.

load helpers

setup () {
	need_root
	command -v newuidmap >/dev/null || skip "newuidmap is not installed"
	test_setup
	mkdir -m 755 "$WORK/etc" "$WORK/run"
	{
		cat /etc/passwd
		printf 'rich:x:20001:20001::%s:/bin/sh\npoor:x:20002:20002::%s:/bin/sh\nhalf:x:20003:20003::%s:/bin/sh\n' "$WORK" "$WORK" "$WORK"
	} >"$WORK/etc/passwd"
	{
		cat /etc/group
		printf 'rich:x:20001:\npoor:x:20002:\nhalf:x:20003:\n'
	} >"$WORK/etc/group"
	printf 'rich:500000:65536\nhalf:700000:65536\n' >"$WORK/etc/subuid"
	printf 'rich:600000:65536\n' >"$WORK/etc/subgid"
	for u in 20001 20002 20003; do
		mkdir -m 700 "$WORK/run/$u"
		chown "$u:$u" "$WORK/run/$u"
	done
	touch /etc/subuid /etc/subgid	# something to mount on
	rm "$BUNDLE/config.json"
	"$CORACLE" spec --rootless --bundle "$BUNDLE"
	config '.process.terminal = false | .root.readonly = false | args (["/bin/true"])'
	chown -hR 20001:20001 "$BUNDLE"
	USER_ID=20001
}

as_user () { # COMMAND…, as $USER_ID
	timeout 60 unshare --mount --propagation private sh -c '
		for f in passwd group subuid subgid; do mount --bind "$1/etc/$f" "/etc/$f"; done
		work=$1 uid=$2
		shift 2
		exec setpriv --reuid="$uid" --regid="$uid" --clear-groups env -i PATH="$PATH" HOME="$work" XDG_RUNTIME_DIR="$work/run/$uid" "$@"
	' sh "$WORK" "$USER_ID" "$@" 3>&-
}

teardown () {
	local left=
	for USER_ID in 20001 20002 20003; do
		for id in $(ls "$WORK/run/$USER_ID/coracle" 2>/dev/null); do
			as_user "$CORACLE" delete --force "$id" || left+="delete --force $id; "
		done
		[ -z "$(ls -A "$WORK/run/$USER_ID/coracle" 2>/dev/null | grep -v '^\.')" ] || left+="state of $USER_ID; "
	done
	[ -z "$WORK" ] || test_teardown
	[ -z "$left" ] || { echo "left behind: $left"; return 1; }
}

user_run () { # [FILTER…]: the configuration changed, and run
	[ $# -eq 0 ] || config "$@"
	status=0
	output=$(as_user "$CORACLE" run --bundle "$BUNDLE" "$ID" 2>&1 </dev/null) || status=$?
}


@test "the configuration of spec --rootless runs: one id, the host's network" {
	config "$(printf '.linux.uidMappings = [{containerID: 0, hostID: %d, size: 1}] | .linux.gidMappings = [{containerID: 0, hostID: %d, size: 1}]' 20001 20001)"
	user_run 'sh ("id -u; id -g; cat /proc/self/setgroups; tr -s \" \" </proc/self/uid_map; readlink /proc/self/ns/net")'
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	says "$(printf '0\n0\ndeny\n 0 20001 1')"
	says "$(readlink /proc/self/ns/net)"
}

@test "without a user namespace in the configuration it is added, with the subordinate ids" {
	user_run 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)' 'sh ("id -u; tr -s \" \" </proc/self/uid_map; tr -s \" \" </proc/self/gid_map")'
	is "$(printf '0\n 0 20001 1\n 1 500000 65536\n 0 20001 1\n 1 600000 65536')"
}

@test "without subordinate ids the added user namespace has one id" {
	USER_ID=20002
	chown -hR 20002:20002 "$BUNDLE"
	user_run 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)' 'sh ("id -u; id -g; tr -s \" \" </proc/self/uid_map; cat /proc/self/setgroups")'
	is "$(printf '0\n0\n 0 20002 1\ndeny')"
}

@test "with subordinate users but no groups" {
	USER_ID=20003
	chown -hR 20003:20003 "$BUNDLE"
	user_run 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)' 'sh ("id -u; id -g; tr -s \" \" </proc/self/uid_map; tr -s \" \" </proc/self/gid_map")'
	is "$(printf '0\n0\n 0 20003 1\n 1 700000 65536\n 0 20003 1')"
}

@test "mappings of the configuration by newuidmap: another user inside, with groups" {
	user_run '.linux.uidMappings = [{containerID: 0, hostID: 20001, size: 1}, {containerID: 1, hostID: 500000, size: 65536}]' \
		'.linux.gidMappings = [{containerID: 0, hostID: 20001, size: 1}, {containerID: 1, hostID: 600000, size: 65536}]' \
		'.process.user = {uid: 1000, gid: 1000, additionalGids: [7, 8]}' 'sh ("id -u; id -G; cd /tmp; touch x; stat -c %u:%g x")'
	is "$(printf '1000\n1000 7 8\n1000:1000')"
	[ "$(stat -c %u:%g "$ROOTFS/tmp/x")" = 500999:600999 ]
}

@test "keep-id: the user's own number inside" {
	user_run '.linux.uidMappings = [{containerID: 0, hostID: 500000, size: 20001}, {containerID: 20001, hostID: 20001, size: 1}, {containerID: 20002, hostID: 520001, size: 1000}]' \
		'.linux.gidMappings = [{containerID: 0, hostID: 600000, size: 20001}, {containerID: 20001, hostID: 20001, size: 1}]' \
		'.process.user = {uid: 20001, gid: 20001}' 'sh ("id -u; id -g; touch /tmp/kept")'
	is "$(printf '20001\n20001')"
	[ "$(stat -c %u:%g "$ROOTFS/tmp/kept")" = 20001:20001 ]
}

@test "ids that the user may not map: the error says whose word counts" {
	user_run '.linux.uidMappings = [{containerID: 0, hostID: 900000, size: 10}]'
	[ "$status" -ne 0 ]
	says newuidmap
	says '/etc/subuid'
	USER_ID=20002
	chown -hR 20002:20002 "$BUNDLE"
	user_run '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]'
	[ "$status" -ne 0 ]
	says '/etc/subuid'
}

@test "newuidmap that is not installed: the error says so" {
	config '.linux.uidMappings = [{containerID: 0, hostID: 500000, size: 10}]'
	mkdir "$WORK/empty"
	touch "$WORK/no"
	run timeout 60 unshare --mount --propagation private sh -c 'mount --bind "$1" /usr/bin/newuidmap; shift; exec setpriv --reuid=20001 --regid=20001 --clear-groups "$@"' \
		sh "$WORK/no" env -i PATH=/nowhere XDG_RUNTIME_DIR="$WORK/run/20001" "$CORACLE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says 'newuidmap, which maps several ids for an ordinary user, is not installed'
}

@test "groups with one id only cannot be set: refused with the reason" {
	config '.linux.uidMappings = [{containerID: 0, hostID: 20001, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	user_run '.process.user.additionalGids = [0]'
	[ "$status" -ne 0 ]
	says 'process.user.additionalGids: an ordinary user with a single mapping cannot set groups'
}

@test "groups in a user namespace that denies them: left out with a warning, as root there cannot help it" {
	chown -hR 0:0 "$BUNDLE"
	config 'del (.linux.uidMappings, .linux.gidMappings)' 'no_ns ("user")' 'del (.linux.cgroupsPath, .linux.resources)' 'sh ("id -u; id -G")'
	run timeout 60 unshare --user --map-root-user --mount "$CORACLE" --root "$WORK/state-in" run --bundle "$BUNDLE" "$ID" 3>&-
	is "$(printf '0\n0')"
	config '.process.user.additionalGids = [0]'
	run timeout 60 unshare --user --map-root-user --mount "$CORACLE" --root "$WORK/state-in" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 0 ]
	says 'process.user.additionalGids: not set: setgroups(2) is denied in this user namespace'
}

@test "all namespaces of its own: network with lo, ipc, uts, cgroup, time" {
	user_run 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)' 'ns ("network")' 'ns ("cgroup")' 'ns ("time")' \
		'.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .hostname = "mine"' 'sh ("ip link show lo | grep -o LOOPBACK,UP; hostname; cat /proc/sys/net/ipv4/ip_forward; echo $$")'
	is "$(printf 'LOOPBACK,UP\nmine\n1\n1')"
}

@test "devices are the host's, bound; /proc, /sys, /dev/shm, mqueue work" {
	user_run 'sh ("echo x >/dev/null; head -c 2 /dev/zero | wc -c; ls /sys >/dev/null && echo sys; echo s >/dev/shm/s && cat /dev/shm/s; ls /dev/mqueue; [ -c /dev/tty ] && echo tty")' \
		'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)'
	is "$(printf '2\nsys\ns\ntty')"
}

@test "a terminal, by a console socket" {
	"$TEST_TOOLS/recvtty" "$WORK/run/20001/tty" >"$WORK/tty" 2>"$WORK/tty.err" 3>&- &
	receiver=$!
	wait_until [ -S "$WORK/run/20001/tty" ]
	chmod 777 "$WORK/run/20001/tty"
	config 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)' '.process.terminal = true' 'sh ("tty; stty size >/dev/null && echo is one")'
	as_user "$CORACLE" create --console-socket "$WORK/run/20001/tty" --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null || { cat "$WORK/out"; kill $receiver; return 1; }
	as_user "$CORACLE" start "$ID"
	wait $receiver || true
	grep -q 'is one' "$WORK/tty"
}

@test "create, start, state, list, kill, delete; the state is below XDG_RUNTIME_DIR" {
	config 'args (["/bin/sleep", "1000"])' 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)'
	as_user "$CORACLE" create --pid-file "$WORK/run/20001/pid" --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null || { cat "$WORK/out"; return 1; }
	[ -d "$WORK/run/20001/coracle/$ID" ]
	[ "$(stat -c %u "$WORK/run/20001/coracle")" = 20001 ]
	[ "$(as_user "$CORACLE" state "$ID" | jq -r .status)" = created ]
	as_user "$CORACLE" start "$ID"
	[ "$(as_user "$CORACLE" state "$ID" | jq -r .status)" = running ]
	[ "$(as_user "$CORACLE" list -q)" = "$ID" ]
	as_user "$CORACLE" kill "$ID" KILL
	wait_until eval '[ "$(as_user "$CORACLE" state "$ID" | jq -r .status)" = stopped ]'
	as_user "$CORACLE" delete "$ID"
	[ ! -e "$WORK/run/20001/coracle/$ID" ]
}

@test "nobody else may look into the state, and another user does not see the container" {
	config 'args (["/bin/sleep", "1000"])' 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)'
	as_user "$CORACLE" run -d --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null || { cat "$WORK/out"; return 1; }
	chmod 711 "$WORK/run/20001"
	USER_ID=20002
	run as_user "$CORACLE" --root "$WORK/run/20001/coracle" state "$ID"
	[ "$status" -ne 0 ]
	run as_user "$CORACLE" --root "$WORK/run/20001/coracle" kill "$ID" KILL
	[ "$status" -ne 0 ]
	run as_user ls "$WORK/run/20001/coracle"
	says "Permission denied"
	# The directory of a container is closed by itself: who gave --root may have made that for everybody.
	chmod 755 "$WORK/run/20001/coracle"
	run as_user ls "$WORK/run/20001/coracle/$ID"
	says "Permission denied"
	USER_ID=20001
	[ "$(as_user "$CORACLE" state "$ID" | jq -r .status)" = running ]
}

@test "limits that cannot be had: an error that names the limit; without limits there is no cgroup and no error" {
	user_run 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)' 'del (.linux.cgroupsPath, .linux.resources)'
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	is ''
	user_run 'resources ({pids: {limit: 10}})'
	[ "$status" -ne 0 ]
	says cgroup
	says 'ermission denied'
}

@test "a cgroupsPath that the user may not make: an error that names it" {
	user_run 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)' ".linux.cgroupsPath = \"/$ID\""
	[ "$status" -ne 0 ]
	says "make the cgroup '/sys/fs/cgroup/"
	says 'ermission denied'
}

@test "--cgroup-manager=disabled with limits is refused, without them is fine" {
	config 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)' 'del (.linux.cgroupsPath, .linux.resources)'
	run as_user "$CORACLE" --cgroup-manager=disabled run --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	config 'resources ({memory: {limit: 10000000}})'
	run as_user "$CORACLE" --cgroup-manager=disabled run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	says 'linux.resources.memory.limit: cannot be set with --cgroup-manager=disabled'
}

@test "seccomp, rlimits, nice and oomScoreAdj of an ordinary user" {
	user_run 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}' \
		'.process.oomScoreAdj = 500 | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}] | .process.scheduler = {policy: "SCHED_OTHER", nice: 19} | .process.noNewPrivileges = false' \
		'sh ("mkdir /tmp/d 2>&1; ulimit -n; nice; cat /proc/self/oom_score_adj")'
	says 'not supported'
	[ "$(tail -n 2 <<<"$output")" = "$(printf '19\n500')" ] || says "$(printf '100')"
	says 500
}

@test "lowering oom_score_adj is left out silently, raising a limit is an error" {
	user_run 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)' '.process.oomScoreAdj = -900' 'sh ("echo ok")'
	says ok
	user_run '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 100000000}]'
	[ "$status" -ne 0 ]
	says 'process.rlimits: set RLIMIT_NOFILE'
}

@test "exec, as root inside and as another user" {
	config 'args (["/bin/sleep", "1000"])' 'no_ns ("user")' 'del (.linux.uidMappings, .linux.gidMappings)'
	as_user "$CORACLE" run -d --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null || { cat "$WORK/out"; return 1; }
	run as_user "$CORACLE" exec "$ID" id -u
	is 0
	run as_user "$CORACLE" exec -u 1000:1000 "$ID" id -u
	is 1000
}

@test "below a user namespace that somebody else made (podman unshare): root there is an ordinary user" {
	chown -hR 0:0 "$BUNDLE"
	mkdir "$WORK/state-in"
	config 'del (.linux.uidMappings, .linux.gidMappings)' 'no_ns ("user")' 'no_ns ("network")' 'del (.linux.cgroupsPath, .linux.resources)' 'sh ("id -u; echo in")'
	run timeout 60 unshare --user --map-root-user --mount --fork "$CORACLE" --root "$WORK/state-in" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	says "$(printf '0\nin')"
	config '.process.oomScoreAdj = -900'	# what cannot be had there is left out
	run timeout 60 unshare --user --map-root-user --mount --fork "$CORACLE" --root "$WORK/state-in" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}
