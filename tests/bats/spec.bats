#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# spec: the configuration to begin with.
load helpers

@test "spec writes a config.json that runs" {
	rm "$BUNDLE/config.json"
	cd "$BUNDLE"
	runs spec
	is ""
	[ "$(stat -c %a config.json)" = 644 ]
	config '.process.terminal = false' 'sh ("hostname; id -u; echo $PATH; pwd")'
	runs run "$ID"
	is $'coracle\n0\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n/'
}

@test "spec: the root is read-only, privileges cannot grow, the capabilities are three" {
	rm "$BUNDLE/config.json"
	cd "$BUNDLE"
	runs spec
	config '.process.terminal = false' 'sh ("touch /x; grep -E \"NoNewPrivs|Cap(Eff|Bnd)\" /proc/self/status; ulimit -n")'
	run_to_file run "$ID"
	says "Read-only file system"
	says $'NoNewPrivs:\t1'
	says $'CapEff:\t0000000020000420'
	says $'CapBnd:\t0000000020000420'
	says 1024
}

@test "spec never overwrites a config.json" {
	cp "$BUNDLE/config.json" "$WORK/before"
	cd "$BUNDLE"
	fails spec
	says "'./config.json' exists already"
	cmp config.json "$WORK/before"
	rm config.json
	ln -s "$WORK/victim" config.json
	fails spec
	[ ! -e "$WORK/victim" ]
}

@test "spec --bundle: where it is written" {
	rm "$BUNDLE/config.json"
	runs spec --bundle "$BUNDLE"
	[ "$(jq -r .root.path "$BUNDLE/config.json")" = rootfs ]
	fails spec --bundle "$WORK/none"
	says "open bundle '$WORK/none': no such file or directory"
	fails spec -b "$BUNDLE"
	says "exists already"
}

@test "spec --file: what it is called; one that exists is replaced" {
	cp "$BUNDLE/config.json" "$WORK/before"
	echo old >"$BUNDLE/other.json"
	runs spec --bundle "$BUNDLE" --file other.json
	[ "$(jq -r .ociVersion "$BUNDLE/other.json")" = 1.3.0 ]
	cmp "$BUNDLE/config.json" "$WORK/before"
	cd "$WORK"
	runs spec -f absolute.json
	[ "$(jq -r .ociVersion absolute.json)" = 1.3.0 ]
	fails spec -f none/x.json
	says "no such file or directory"
	[ "$(find "$BUNDLE" "$WORK" -maxdepth 1 -name '.*.json.*' | wc -l)" -eq 0 ]
}

@test "spec: no wrong write to a full disk goes unnoticed" {
	need_root
	mkdir "$WORK/full"
	mount -t tmpfs -o size=4k,nr_inodes=2 tmpfs "$WORK/full"
	printf '%4096s' x >"$WORK/full/x"
	run coracle spec --bundle "$WORK/full"
	umount "$WORK/full"
	[ "$status" -eq 1 ]
	says "no space left on device"
}

@test "spec --rootless: an ordinary user runs it" {
	need_root
	mkdir "$WORK/bin" "$WORK/run"
	cp "$CORACLE" "$WORK/bin/coracle"
	rm "$BUNDLE/config.json"
	chown -R 54321:54322 "$BUNDLE" "$WORK/run"
	as_user () { run setpriv --reuid=54321 --regid=54322 --clear-groups "$WORK/bin/coracle" --root "$WORK/run" "$@"; }
	as_user spec --rootless --bundle "$BUNDLE"
	[ "$status" -eq 0 ]
	[ "$(jq -c '.linux | .uidMappings, .gidMappings' "$BUNDLE/config.json" | tr '\n' ' ')" = \
		'[{"containerID":0,"hostID":54321,"size":1}] [{"containerID":0,"hostID":54322,"size":1}] ' ]
	[ "$(jq '[.linux.namespaces[].type] | index ("network")' "$BUNDLE/config.json")" = null ]
	[ "$(jq '.linux.resources' "$BUNDLE/config.json")" = null ]
	config '.process.terminal = false' 'sh ("id -u; cat /proc/self/uid_map | tr -s \" \"; ls /sys/class/net >/dev/null && echo net")'
	as_user run --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	is $'0\n 0 54321 1\nnet'
}

# What differs is meant: our name, the version, and no ambient capabilities (runc has left them since 1.1.x, crun has them).
same_as () { # RUNTIME OPTION…
	local rt=$1 normal='del (.hostname, .ociVersion, .process.capabilities.ambient, .process.capabilities.inheritable)
		| .linux.namespaces |= (map (select (.type != "cgroup")) | sort)'
	shift
	command -v "$rt" >/dev/null || skip "$rt is not installed"
	mkdir "$WORK/$rt" "$WORK/ours"
	(cd "$WORK/$rt" && "$rt" spec "$@")
	(cd "$WORK/ours" && "$CORACLE" spec "$@")
	diff -u <(jq -S "$normal" "$WORK/$rt/config.json") <(jq -S "$normal" "$WORK/ours/config.json")
}

@test "spec says what runc's says" { same_as runc; }
@test "spec says what crun's says" { same_as crun; }
@test "spec --rootless says what runc's says" { same_as runc --rootless; }

# Where /sys/fs/cgroup is version 2, the container gets a cgroup namespace, and its own view.
@test "spec on cgroup v2: with a cgroup namespace, rootless too; and it runs" {
	need_root
	mkdir "$WORK/bin" "$WORK/run"
	cp "$CORACLE" "$WORK/bin/coracle"
	rm "$BUNDLE/config.json"
	cp -a "$BUNDLE" "$WORK/rootless"
	chown -R 54321:54321 "$WORK/rootless" "$WORK/run"
	export WORK BUNDLE ID
	# shellcheck disable=SC2016
	run unshare -m --propagation private sh -c 'set -e
		[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || { umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; }
		use () {
			jq ".process.terminal = false | .linux.cgroupsPath = \"/$ID\" | .process.args = [\"/bin/sh\", \"-c\", \"cat /proc/self/cgroup | grep ^0: ; mount | grep -c cgroup2.*ro,\"]" config.json >new
			cat new >config.json; rm new
		}
		cd "$BUNDLE"
		"$WORK/bin/coracle" spec
		jq -c "[.linux.namespaces[].type]" config.json
		use
		"$WORK/bin/coracle" --root "$WORK/run1" run "$ID"
		cd "$WORK/rootless"
		u="setpriv --reuid=54321 --regid=54321 --clear-groups $WORK/bin/coracle --root $WORK/run"
		$u spec --rootless
		jq -c "[.linux.namespaces[].type]" config.json
		use
		jq "del (.linux.cgroupsPath)" config.json >new; cat new >config.json
		$u run "$ID"' 3>&-
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	is '["pid","network","ipc","uts","mount","cgroup"]
0::/
1
["pid","ipc","uts","mount","user","cgroup"]
0::/
1'
}
