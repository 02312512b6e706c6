#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# podman and buildah of an ordinary user, who exists only in a mount namespace of the test: with subordinate ids, without a daemon, systemd or cgroup.

load engines.bash

# Everything runs in the namespace of one process, as podman's own pause process has to be found again.
as_user () {
	timeout --foreground -k 5 60 nsenter -t "$(cat "$BATS_FILE_TMPDIR/holder")" -m -p setpriv --reuid 54321 --regid 54321 ${groups:---clear-groups} --inh-caps=-all env -i \
		HOME="$BATS_FILE_TMPDIR/home" PATH="$PATH" XDG_RUNTIME_DIR="$BATS_FILE_TMPDIR/home/run" TMPDIR="$BATS_FILE_TMPDIR/home/tmp" \
		CONTAINERS_CONF="$BATS_FILE_TMPDIR/home/containers.conf" "$@"
}
binary () { if [ "$RUNTIME" = coracle ]; then echo "$BATS_FILE_TMPDIR/home/bin/coracle"; else command -v "$RUNTIME"; fi; }
pod () { as_user podman --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime "$(binary)" "$@"; }
run1 () { pod run --rm "$@"; }
logged () { pod logs "$1" 2>&1 | grep -q "$2"; }

# The user: in passwd, with 65536 subordinate ids. No file of the host is written.
make_user () {
	local f
	for f in passwd group subuid subgid; do
		cat "/etc/$f" >"$BATS_FILE_TMPDIR/$f" 2>/dev/null
		chmod 644 "$BATS_FILE_TMPDIR/$f"
		: >>"/etc/$f"
	done
	echo "coracle-test:x:54321:54321::$BATS_FILE_TMPDIR/home:/bin/sh" >>"$BATS_FILE_TMPDIR/passwd"
	echo "coracle-test:x:54321:" >>"$BATS_FILE_TMPDIR/group"
	echo "coracle-test:400000:65536" | tee -a "$BATS_FILE_TMPDIR/subuid" >>"$BATS_FILE_TMPDIR/subgid"
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/file"
	mkdir -p "$BATS_FILE_TMPDIR"/home/{run,tmp,bin}
}

setup_file () {
	[ "$(id -u)" -eq 0 ] && command -v podman conmon newuidmap >/dev/null || return 0
	forget_results
	make_user
	install_coracle "$BATS_FILE_TMPDIR/home/bin"
	cat "$top/contrib/podman/50-coracle.conf" - >"$BATS_FILE_TMPDIR/home/containers.conf" <<-CONF
		[containers]
		netns = "none"
		default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
	CONF
	make_image "$BATS_FILE_TMPDIR/home/image.tar"
	chown -R 54321:54321 "$BATS_FILE_TMPDIR/home"
	chmod 700 "$BATS_FILE_TMPDIR/home/run"
	# As on most hosts, for slirp4netns.
	[ ! -e /dev/net/tun ] || { mknod "$BATS_FILE_TMPDIR/tun" c 10 200 && chmod 666 "$BATS_FILE_TMPDIR/tun"; } || true
	# shellcheck disable=SC2016
	unshare --mount --pid --fork --kill-child --mount-proc --propagation private sh -c '
		for f in passwd group subuid subgid; do mount --bind "$1/$f" "/etc/$f" || exit; done
		[ ! -e "$1/tun" ] || mount --bind "$1/tun" /dev/net/tun
		: >"$1/ready"; exec sleep 100000' - "$BATS_FILE_TMPDIR" >"$BATS_FILE_TMPDIR/holder.log" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$BATS_FILE_TMPDIR/unshare"
	wait_for test -e "$BATS_FILE_TMPDIR/ready" || return 0
	pgrep -P "$(cat "$BATS_FILE_TMPDIR/unshare")" >"$BATS_FILE_TMPDIR/holder"
	RUNTIME=coracle pod import "$BATS_FILE_TMPDIR/home/image.tar" localhost/box:latest >"$BATS_FILE_TMPDIR/import.log" 2>&1 3>&- 4>&- || true
}
# The pid namespace goes, and with it all that is in it.
teardown_file () {
	[ -e "$BATS_FILE_TMPDIR/unshare" ] || return 0
	RUNTIME=coracle pod rm -f -a -t 0 >/dev/null 2>&1 3>&- 4>&- || true
	kill -KILL "$(cat "$BATS_FILE_TMPDIR/unshare")" 2>/dev/null || true
	wait 2>/dev/null || true
}
setup () {
	need podman conmon newuidmap "$REFERENCE"
	RUNTIME=coracle pod image exists localhost/box:latest 3>&- 4>&- || skip "rootless podman does not work here: $(tail -n 1 "$BATS_FILE_TMPDIR/import.log")"
}
left_behind () {
	[ -z "$(pod ps -aq)" ] || { echo "left behind: $(pod ps -a --format '{{.Names}} {{.Status}}')"; pod rm -f -a -t 0 >/dev/null 2>&1; }
}

@test "run: output, exit status, errors; who one is outside and inside" {
	go () {
		t run1 box echo hi
		t run1 box sh -c 'exit 42'
		code run1 box /no/such
		code run1 box /etc/plain
		t run1 box sh -c 'id -u; cat /proc/self/uid_map' | sed 's/  */ /g'
	}
	both 36 go <<-'WANT'
		hi
		= 42
		127
		126
		0
		 0 54321 1
		 1 400000 65536
	WANT
}

@test "run -d, exec, logs, kill, stop, rm; a terminal" {
	go () {
		pod run -d --name one box sh -c 'echo started; sleep 1000' >/dev/null
		wait_for logged one started
		t pod logs one
		t pod exec one sh -c 'echo inside; exit 7'
		t pod exec -t one tty | tr -d '\r'
		pod exec one ls /proc/self/fd | tr '\n' ' '
		t pod kill one
		t pod wait one
		t pod rm one >/dev/null
		t run1 -t box sh -c 'tty; echo x >/dev/console' | tr -d '\r'
	}
	both 36,18,20 go <<-'WANT'
		started
		inside
		= 7
		/dev/pts/*
		0 1 2 3 one
		137
		/dev/pts/0
		x
	WANT
}

@test "--userns: keep-id, nomap, auto" {
	go () {
		t run1 --userns=keep-id box id -u
		t run1 --userns=keep-id box sh -c 'touch /tmp/mine && stat -c %u /tmp/mine'
		t run1 --userns=nomap box sh -c 'id -u; wc -l </proc/self/uid_map'
		t run1 --userns=auto:size=1000 box sh -c 'id -u; awk "{s += \$3} END {print s}" /proc/self/uid_map'
		t run1 --user 1000:1000 box id -u
	}
	both 36 go <<-'WANT'
		54321
		54321
		0
		1
		0
		1000
		1000
	WANT
}

@test "--group-add keep-groups: one that is not mapped stays" {
	go () {
		local groups='--groups 54322'
		local count='/^Groups:/ { print NF - 1 }'
		t run1 --group-add keep-groups box id -u
		t run1 --group-add keep-groups box awk "$count" /proc/self/status
		t run1 box awk "$count" /proc/self/status
	}
	lacks "run.oci.keep_original_groups is crun's"
	both 36 go <<-'WANT'
		0
		1
		0
	WANT
}

@test "--pid=host (proc is a bind), --net=host (sys is a bind)" {
	go () {
		t run1 --pid=host box sh -c 'test -e /proc/1/comm && echo seen'
		t run1 --net=host box sh -c 'readlink /proc/self/ns/net; ls /sys/class/net | head -n 1' | sed "s/$(readlink /proc/self/ns/net | tr -dc 0-9)/HOST/"
	}
	both 36 go <<-'WANT'
		seen
		net:[HOST]
		*
	WANT
}

@test "--privileged, --read-only (tmpcopyup), volumes, --tmpfs" {
	go () {
		as_user mkdir -p "$BATS_FILE_TMPDIR/home/v-$RUNTIME"
		t run1 --privileged box sh -c 'grep -c "CapEff.*ffff" /proc/self/status; grep Seccomp: /proc/self/status'
		t run1 --read-only box sh -c 'touch /tmp/x /run/x && echo writable; touch /x 2>/dev/null || echo refused'
		t run1 -v "$BATS_FILE_TMPDIR/home/v-$RUNTIME:/v" box touch /v/made
		stat -c %u "$BATS_FILE_TMPDIR/home/v-$RUNTIME/made"
		t run1 -v "$BATS_FILE_TMPDIR/home/v-$RUNTIME:/v:ro" box sh -c 'touch /v/made 2>/dev/null || echo refused'
	}
	both 36,39 go <<-'WANT'
		1
		Seccomp:	0
		writable
		refused
		54321
		refused
	WANT
}

@test "--cgroups=disabled, which podman refuses for runc, by its name" {
	go () { t run1 --cgroups=disabled box echo disabled; }
	alone 34 go <<-'WANT'
		disabled
	WANT
}

@test "a limit: it is applied, or podman says that it cannot be" {
	go () { t run1 --memory 64m box echo limited; }
	both 34 go <<-'WANT'
		*limited
	WANT
}

@test "a network by slirp4netns: an address, no descriptor of it in the container" {
	go () {
		command -v slirp4netns >/dev/null || { echo "no slirp4netns"; return; }
		t run1 --network slirp4netns -p 18080:80 box sh -c 'ip -o -4 addr show tap0 | grep -c inet; ls /proc/1/fd; :' | tr "\n" " "
	}
	both 20 go <<-'WANT'
		1 0 1 2 *
	WANT
}

@test "buildah: run, bud, by a user" {
	go () {
		command -v buildah >/dev/null || { echo "no buildah"; return; }
		local b
		b=$(as_user buildah --storage-driver vfs from localhost/box)
		t as_user buildah --storage-driver vfs run --network none --isolation oci --runtime "$(binary)" "$b" -- sh -c 'echo as $(id -u)'
		as_user buildah --storage-driver vfs rm "$b" >/dev/null
		printf 'FROM localhost/box\nRUN echo built >/etc/built\nCMD cat /etc/built\n' >"$BATS_FILE_TMPDIR/home/Containerfile"
		t as_user buildah --storage-driver vfs bud --network none --isolation oci --runtime "$(binary)" --no-cache -q -t localhost/built -f "$BATS_FILE_TMPDIR/home/Containerfile" "$BATS_FILE_TMPDIR/home/tmp" | grep -v -E '^[0-9a-f]{64}$'
		t run1 localhost/built
		pod rmi localhost/built >/dev/null
	}
	both 4 go <<-'WANT'
		as 0
		built
	WANT
}

@test "loginuid of the user" {
	go () {
		echo 54321 >/proc/self/loginuid
		t run1 --userns=keep-id box cat /proc/self/loginuid
	}
	[ -e /proc/self/loginuid ] || skip "the kernel has no audit"
	both 57 go <<-'WANT'
		54321
	WANT
}
