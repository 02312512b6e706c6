#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Images that attack the runtime: links, FIFOs and fakes in the root file system, and races. $OUT is a directory of the host that nothing
# may reach; a control shows, where that is possible, that the attack would have been one.
# shellcheck disable=SC2016 # scripts are for the container's shell

load helpers
load mounts

setup () {
	test_setup
	OUT=$WORK/out
	mkdir -m 755 "$OUT"
	echo marker >"$OUT/victim"
	chmod 600 "$OUT/victim"
	echo marker >"$OUT/ptmx"
	BEFORE=$(describe "$OUT")
}

teardown () {
	local failed=0
	[ -z "${EXCHANGER:-}" ] || kill -KILL "$EXCHANGER" 2>/dev/null || true
	[ "$(describe "$OUT")" = "$BEFORE" ] || { echo "the host's directory was reached:"; diff <(echo "$BEFORE") <(describe "$OUT"); failed=1; }
	test_teardown || failed=1
	return $failed
}

describe () { find "$1" -printf '%P %y %m %U:%G %s %T@ %l\n' | sort; find "$1" -type f -exec sha256sum {} + | sort; }

no_mounts_at () { local p; for p; do config ".mounts |= map (select (.destination | startswith (\"$p\") | not))"; done; }
no_dev () { no_mounts_at /dev; rm -rf "${ROOTFS:?}/dev"; }

# Confined, or refused: both are safe. It must not take long.
attempt () {
	local start=$SECONDS
	run_to_file run --bundle "$BUNDLE" "$ID"
	[ $((SECONDS - start)) -lt 10 ] || { echo "that took $((SECONDS - start)) s"; return 1; }
	[ "$status" -eq 0 ] || [[ "$output" == *"coracle: "* ]] || { echo "no message: $output"; return 1; }
	[ "$(describe "$OUT")" = "$BEFORE" ]
}
refused () {
	attempt
	[ "$status" -ne 0 ] || { echo "not refused: $output"; return 1; }
}

# ---- /proc, /sys (CVE-2019-16884, CVE-2019-19921, CVE-2023-27561, CVE-2023-28642, CVE-2025-54867) --------------------------

@test "/proc is a link of the image" {
	rm -rf "$ROOTFS/proc"
	mkdir -p "$ROOTFS/evil/self/attr"
	ln -s /evil "$ROOTFS/proc"
	refused
	says "mounts[0]"
	says "a symbolic link is on the way"
}

@test "/sys is a link of the image, or on the way to a sysfs" {
	rm -rf "$ROOTFS/sys"
	mkdir "$ROOTFS/evil"
	ln -s /evil "$ROOTFS/sys"
	refused
	says "a symbolic link is on the way"
	config 'mount("/foo/sys"; "sysfs"; "sysfs"; [])' '.mounts |= map (select (.destination | startswith ("/sys") | not))'
	rm "$ROOTFS/sys"
	mkdir "$OUT/sys"
	BEFORE=$(describe "$OUT")
	ln -s "$OUT" "$ROOTFS/foo"
	refused
}

@test "a proc below a link that leads out" {
	mkdir "$OUT/proc"
	BEFORE=$(describe "$OUT")
	ln -s "$OUT" "$ROOTFS/foo"
	config 'mount("/foo/proc"; "proc"; "proc"; [])'
	refused
	not grep " $OUT" /proc/self/mountinfo
}

@test "a mount that a link of the image leads to /proc: after proc is mounted, and before" {
	mkdir -p "$WORK/fake/self"
	ln -s /proc "$ROOTFS/link"
	ln -s link/../proc/self "$ROOTFS/deep"
	local m
	for m in 'mount("/link"; "tmpfs"; "t"; [])' "bind(\"/link\"; \"$WORK/fake\"; [])" "bind(\"/link/self\"; \"$WORK/fake\"; [])" "bind(\"/deep\"; \"$WORK/fake\"; [])"; do
		config '.mounts |= .[:7]' "$m"
		refused
		says "mounts[7]"
	done
	config '.mounts |= [{destination: "/link", type: "tmpfs", source: "t"}] + .[:7]'
	refused
	says "mounts[0]: mount on '/link': a symbolic link leads to /proc"
}

@test "on /proc belongs a proc file system: no other one, no directory, no part of it" {
	local m
	no_mounts_at /proc
	mkdir -p "$WORK/fake/self/attr" "$ROOTFS/evil"
	touch "$WORK/fake/self/attr/exec"
	for m in 'mount("/proc"; "tmpfs"; "t"; [])' "bind(\"/proc\"; \"$WORK/fake\"; [])" 'bind("/proc"; "/proc/self"; [])' 'mount("/proc/self"; "tmpfs"; "t"; [])'; do
		config "$m"
		refused
		says "mounts["
		config '.mounts |= .[:-1]'
	done
	[ ! -s "$WORK/fake/self/attr/exec" ]
	config 'bind("/proc"; "/proc"; [])'
	attempt
	[ "$status" -eq 0 ]
}

@test "without a proc, what the image has as /proc is neither read nor written" {
	no_mounts_at /proc
	mkdir -p "$ROOTFS/proc/sys/kernel" "$ROOTFS/proc/self/attr"
	touch "$ROOTFS/proc/sys/kernel/domainname" "$ROOTFS/proc/self/oom_score_adj" "$ROOTFS/proc/self/attr/exec"
	config '.linux.sysctl = {"kernel.domainname": "really.set"} | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .process.oomScoreAdj = 500'
	start_container
	[ ! -s "$ROOTFS/proc/sys/kernel/domainname" ] && [ ! -s "$ROOTFS/proc/self/oom_score_adj" ]
	[ "$(nsenter -t "$PID" --uts cat /proc/sys/kernel/domainname)" = really.set ]
	[ "$(cat "/proc/$PID/oom_score_adj")" = 500 ]
}

# ---- links on the way (CVE-2019-18837, CVE-2025-24965, CVE-2026-87766) -----------------------------------------------------

@test "mount destinations behind links, absolute and relative, existing and missing" {
	echo x >"$WORK/file"
	ln -s "$OUT" "$ROOTFS/abs"
	ln -s "../../../../../../../..$OUT" "$ROOTFS/rel"
	ln -s "$OUT/created" "$ROOTFS/dangling"
	mkdir "$ROOTFS/dir"
	ln -s "../../../../../../../..$OUT/created" "$ROOTFS/dir/dangling"
	config 'mount("/abs/a/b"; "tmpfs"; "t"; []) | mount("/rel/victim/x"; "tmpfs"; "t"; []) | mount("/abs"; "tmpfs"; "t"; [])' \
		"bind(\"/dangling\"; \"$WORK/file\"; []) | bind(\"/dir/dangling\"; \"$WORK/file\"; []) | bind(\"/abs/f\"; \"$WORK/file\"; []) | bind(\"/rel/ptmx\"; \"$WORK/file\"; [])" \
		'args(["/bin/cat", "/dangling"])'
	attempt
	is x
}

@test "the same in a user namespace, and with tmpcopyup, dest-nofollow and copy-symlink" {
	echo x >"$WORK/file"
	ln -s /somewhere "$WORK/link"
	ln -s "$OUT" "$ROOTFS/abs"
	chown -hR 100000:100000 "$ROOTFS"
	config userns 'mount("/abs/a"; "tmpfs"; "t"; ["tmpcopyup"])' \
		"bind(\"/abs/f\"; \"$WORK/file\"; [\"dest-nofollow\"]) | bind(\"/abs/l\"; \"$WORK/link\"; [\"copy-symlink\"])"
	attempt
}

@test "devices behind links, also with an owner" {
	ln -s "$OUT" "$ROOTFS/x"
	mkdir "$ROOTFS/y"
	ln -s "$OUT/victim" "$ROOTFS/y/foo"
	config '.linux.devices = [{path: "/x/foo", type: "c", major: 1, minor: 5, uid: 7}, {path: "/x/deep/er", type: "p"}]'
	attempt
	config '.linux.devices = [{path: "/y/foo", type: "c", major: 1, minor: 5, uid: 7}]'
	refused
	says "'/y/foo' exists in the root file system"
}

@test "the working directory behind links: made inside, if at all" {
	ln -s "$OUT" "$ROOTFS/w"
	config '.process.cwd = "/w/new/dir"'
	attempt
}

@test "tmpcopyup of a directory with links to the host" {
	mkdir "$ROOTFS/data"
	ln -s "$OUT" "$ROOTFS/data/out"
	ln -s "$OUT/victim" "$ROOTFS/data/victim"
	config 'mount("/data"; "tmpfs"; "t"; ["tmpcopyup"]) | sh("cat /data/victim /data/out/victim; readlink /data/victim")'
	attempt
	lacks marker
	says "$OUT/victim"
}

# ---- /dev (CVE-2026-41579, CVE-2026-47766) ---------------------------------------------------------------------------------

@test "/dev is a link to the host, absolute or relative; in a user namespace too" {
	local target
	no_dev
	for target in "$OUT" "../../../../../../../..$OUT"; do
		ln -sfn "$target" "$ROOTFS/dev"
		attempt
	done
	chown -hR 100000:100000 "$ROOTFS"
	config userns
	attempt
}

@test "/dev/pts is a link to the host's, /dev/ptmx a file" {
	no_dev
	mkdir "$ROOTFS/dev"
	ln -s "$OUT" "$ROOTFS/dev/pts"
	echo mine >"$ROOTFS/dev/ptmx"
	attempt
	[ "$(cat "$ROOTFS/dev/ptmx")" = mine ]
}

@test "control: a runtime that is open to it is caught by these tests" {
	command -v runc >/dev/null || skip "runc is not installed"
	case $(runc --version) in *"version 1.1."*) ;; *) skip "only runc 1.1 is known to be open to it" ;; esac
	no_dev
	ln -s "$OUT" "$ROOTFS/dev"
	unshare -m -p -f --mount-proc --propagation private timeout -s KILL 20 runc --root "$WORK/runc" run --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/runc.log" 2>&1 3>&- || true
	[ "$(describe "$OUT")" != "$BEFORE" ] || { cat "$WORK/runc.log"; return 1; }
	BEFORE=$(describe "$OUT")
	find /sys/fs/cgroup -depth -type d -name "$ID" -exec rmdir {} + 2>/dev/null || true	# those of other tests come and go meanwhile
}

# ---- the console (CVE-2025-52565, CVE-2026-88264) --------------------------------------------------------------------------

with_terminal () {
	run timeout 20 script -qec "$CORACLE --root $STATE run --bundle $BUNDLE $ID" /dev/null </dev/null 3>&-
	output=${output//$'\r'/}
	[ "$(describe "$OUT")" = "$BEFORE" ]
}

@test "/dev/console is a link: to a file to be made, to one that exists, in a read-only root" {
	config '.mounts |= map (select (.destination != "/dev" and .destination != "/dev/shm" and .destination != "/dev/mqueue"))' '.process.terminal = true'
	mkdir -p "$ROOTFS/dev/pts"
	ln -s "$OUT/created" "$ROOTFS/dev/console"
	with_terminal
	says "'/dev/console' of the root file system is neither a file nor a device"
	ln -sfn "$OUT/victim" "$ROOTFS/dev/console"
	config '.root.readonly = true'
	with_terminal
	says "'/dev/console' of the root file system is neither a file nor a device"
}

@test "/dev/console is a directory, a FIFO, a file: the first two are refused, the file is covered and stays" {
	config '.mounts |= map (select (.destination != "/dev" and .destination != "/dev/shm" and .destination != "/dev/mqueue"))' '.process.terminal = true | sh("echo fine >/dev/console")'
	mkdir -p "$ROOTFS/dev/pts" "$ROOTFS/dev/console"
	with_terminal
	says "neither a file nor a device"
	rmdir "$ROOTFS/dev/console"
	mkfifo "$ROOTFS/dev/console"
	with_terminal
	says "neither a file nor a device"
	rm "$ROOTFS/dev/console"
	echo mine >"$ROOTFS/dev/console"
	with_terminal
	says fine
	[ "$(cat "$ROOTFS/dev/console")" = mine ]
}

@test "/dev/ptmx and /dev/pts of the image are no terminals" {
	no_dev
	config '.process.terminal = true'
	mkdir -p "$ROOTFS/dev/pts"
	ln -s "$OUT/ptmx" "$ROOTFS/dev/ptmx"
	mknod "$ROOTFS/dev/pts/ptmx" c 1 3
	with_terminal
	[ "$status" -ne 0 ]
}

# ---- /dev/null and masks (CVE-2025-31133, CVE-2026-88265) ------------------------------------------------------------------

@test "a fake /dev/null is neither a standard stream nor the mask" {
	no_dev
	mkdir "$ROOTFS/dev"
	echo FAKE >"$ROOTFS/dev/null"
	echo secret >"$ROOTFS/etc/secret"
	config '.linux.maskedPaths = ["/etc/secret"] | sh("cat; echo OUTPUT; cat /etc/secret")'
	refused
	[ "$(cat "$ROOTFS/dev/null")" = FAKE ]
	lacks secret
	config '.mounts += [{destination: "/dev", type: "bind", source: "'"$ROOTFS/dev"'", options: ["bind"]}]'
	attempt
	[ "$(cat "$ROOTFS/dev/null")" = FAKE ]
	# Linux < 5.2 has no other mask than the container's own.
	if has_call open_tree; then is OUTPUT; else says "linux.maskedPaths[0]: mask '/etc/secret': invalid argument"; fi
}

@test "/dev/null is a link to something in /proc, or to a descriptor of the runtime" {
	no_dev
	mkdir "$ROOTFS/dev"
	echo secret >"$ROOTFS/etc/secret"
	local n
	config '.linux.maskedPaths = ["/etc/secret"] | sh("cat /etc/secret") | .process.user = {uid: 4242, gid: 4242}'
	for n in /proc/sys/kernel/ns_last_pid /proc/self/fd/{3,5,7,9}"$OUT/victim"; do
		ln -sfn "$n" "$ROOTFS/dev/null"
		refused
		lacks secret
	done
}

# ---- FIFOs and loops, where something is opened ----------------------------------------------------------------------------

@test "a tmpfs on a FIFO, a bind on a FIFO, a FIFO as working directory, as device: nobody waits" {
	mkfifo "$ROOTFS/fifo" "$ROOTFS/fifo2"
	echo x >"$WORK/file"
	config 'mount("/fifo"; "tmpfs"; "t"; [])'
	refused
	says "not a directory"
	config '.mounts |= .[:7]' "bind(\"/fifo\"; \"$WORK/file\"; []) | args([\"/bin/cat\", \"/fifo\"])"
	attempt
	is x
	config '.linux.devices = [{path: "/fifo2", type: "c", major: 1, minor: 5}]'
	refused
	config '.linux.devices = [] | .process.cwd = "/fifo2"'
	refused
}

@test "loops of links on the way of everything" {
	ln -s b "$ROOTFS/a"
	ln -s a "$ROOTFS/b"
	config 'mount("/a/x"; "tmpfs"; "t"; [])'
	refused
	says "too many levels of symbolic links"
	config '.mounts |= .[:7] | .linux.devices = [{path: "/a/x", type: "p"}]'
	refused
	says "too many levels of symbolic links"
	config '.linux.devices = [] | .linux.readonlyPaths = ["/a"]'
	refused
	says "linux.readonlyPaths[0]"
}

# ---- races (CVE-2021-30465, CVE-2024-45310, GHSA-3q8j-pf29-vwv8) -----------------------------------------------------------

exchange () { # A B: from now on
	[ -x "$TEST_TOOLS/exchange" ] || { echo "missing: make check-tools"; false; }
	"$TEST_TOOLS/exchange" "$ROOTFS/$1" "$ROOTFS/$2" 3>&- &
	EXCHANGER=$!
}
end_exchange () {
	kill "$EXCHANGER"
	wait "$EXCHANGER" || true
	EXCHANGER=
}

race_config () {
	local i filter=.
	mkdir "$WORK/src"
	touch "$WORK/file"
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		filter+=" | mount(\"/a/t$i/x/y\"; \"tmpfs\"; \"t\"; []) | bind(\"/a/f$i\"; \"$WORK/file\"; []) | bind(\"/a/d$i\"; \"$WORK/src\"; [])"
	done
	config "$filter" '.linux.devices = [{path: "/a/dev/foo", type: "c", major: 1, minor: 5, uid: 7}] | .linux.maskedPaths = ["/a/m"] | .linux.readonlyPaths = ["/a/r"]'
	mkdir -p "$ROOTFS/a"
	ln -s "$OUT" "$ROOTFS/b"
}

# What was made is thrown away each time, so that there is something to be made again; while the attacker stands still, lest it is our rm that
# is attacked.
race () { # COMMAND…
	local i
	for ((i = 0; i < 15; i++)); do
		timeout 10 "$@" --root "$STATE" run --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&- || true
		kill -STOP "$EXCHANGER"
		find "$ROOTFS/a" "$ROOTFS/b" -mindepth 1 -depth -delete
		[ "$(describe "$OUT")" = "$BEFORE" ]
		kill -CONT "$EXCHANGER"
	done
}

@test "race: a directory on the way is exchanged for a link to the host" {
	race_config
	exchange a b
	race "$CORACLE"
	end_exchange
}

@test "race: the same without openat2" {
	[ -x "$TEST_TOOLS/nosys" ] || { echo "missing: make check-tools"; false; }
	race_config
	exchange a b
	race "$TEST_TOOLS/nosys" openat2 -- "$CORACLE"
	end_exchange
}

@test "race: the same without any of the mount API" {
	[ -x "$TEST_TOOLS/nosys" ] || { echo "missing: make check-tools"; false; }
	race_config
	exchange a b
	race "$TEST_TOOLS/nosys" openat2,open_tree,move_mount,fsopen,mount_setattr -- "$CORACLE"
	end_exchange
}

@test "control: who names a path of the image is caught by this race" {
	local i
	race_config
	exchange a b
	for ((i = 0; i < 3000; i++)); do
		: >"$ROOTFS/a/created" || true
		[ ! -e "$OUT/created" ] || break
	done
	end_exchange
	[ -e "$OUT/created" ]
	rm "$OUT/created"
	touch -d "@$(sed -n 's/^ d .* \([0-9.]*\) $/\1/p' <<<"$BEFORE")" "$OUT"
}

# While r and s are exchanged: COMMAND… is true of what each run printed that was not refused, and some were not.
each_run_is () {
	local i made=0
	exchange r s
	for ((i = 0; i < 15; i++)); do
		run_to_file run --bundle "$BUNDLE" "$ID"
		[ "$status" -eq 0 ] || continue
		made=$((made + 1))
		"$@"
	done
	end_exchange
	[ "$made" -gt 0 ]
}
covered_once_and_readonly () {
	[ "$(grep -cE '/rootfs/(r|s|other) ' <<<"$output")" -eq 1 ]
	grep -qE '/rootfs/(r|s|other) [^ ]+ ro,' <<<"$output"
}

@test "race: the first masked directory is exchanged: what covers the others is empty" {
	mkdir "$ROOTFS/r" "$ROOTFS/other" "$ROOTFS/secret"
	touch "$ROOTFS/other/file" "$ROOTFS/secret/file"
	ln -s /other "$ROOTFS/s"
	config '.linux.maskedPaths = ["/r", "/secret", "/proc/fs"] | .linux.readonlyPaths = [] | sh("ls -A /secret; ls -A /proc/fs; touch /secret/x 2>&1; echo end")'
	each_run_is is $'touch: /secret/x: Read-only file system\nend'
}

@test "race: a read-only path is exchanged: what was covered is read-only" {
	mkdir "$ROOTFS/r" "$ROOTFS/other"
	ln -s /other "$ROOTFS/s"
	config '.linux.readonlyPaths = ["/r"] | .linux.maskedPaths = [] | sh("cat /proc/self/mountinfo")'
	each_run_is covered_once_and_readonly
}
