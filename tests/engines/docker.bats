#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# docker: a daemon of its own, in a network and mount namespace of its own, whose runtime is coracle as contrib's daemon.json says.

load engines.bash

# Debian's client belongs to Debian's daemon; another docker in PATH may be too new for it.
dockerd_programs () { PATH=/usr/bin:/usr/sbin:$PATH command -v docker dockerd containerd >/dev/null; }
dk () { timeout --foreground -k 5 60 "$(PATH=/usr/bin:$PATH command -v docker)" --config "$BATS_FILE_TMPDIR/client" -H "unix://$BATS_FILE_TMPDIR/docker.sock" "$@"; }
# Without a network but where it is the subject: its hook and its devices take most of the time.
drun () { dk run --runtime "$RUNTIME" --network "${NETWORK:-none}" "$@"; }
run1 () { drun --rm "$@"; }
logged () { dk logs "$1" 2>&1 | grep -q "$2"; }
inspect () { dk inspect -f "$2" "$1"; }
is () { [ "$(inspect "$1" "$2")" = "$3" ]; }

setup_file () {
	[ "$(id -u)" -eq 0 ] && dockerd_programs || return 0
	forget_results
	install_coracle
	mkdir "$BATS_FILE_TMPDIR/client"
	jq --arg path "$BATS_FILE_TMPDIR/bin/coracle" --arg d "$BATS_FILE_TMPDIR" '
		.runtimes.coracle.path = $path | . + {"data-root": ($d + "/data"), "exec-root": ($d + "/exec"), "pidfile": ($d + "/pid"),
			"hosts": ["unix://" + $d + "/docker.sock"], "storage-driver": "vfs", "exec-opts": ["native.cgroupdriver=cgroupfs"]}' \
		"$top/contrib/docker/daemon.json" >"$BATS_FILE_TMPDIR/daemon.json"
	# shellcheck disable=SC2016
	unshare --net --mount --propagation private sh -c 'ip link set lo up; exec dockerd --config-file "$1/daemon.json"' - "$BATS_FILE_TMPDIR" \
		>"$BATS_FILE_TMPDIR/dockerd.log" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$BATS_FILE_TMPDIR/dockerd.pid"
	wait_for dk version 3>&- 4>&- || return 0
	make_image "$BATS_FILE_TMPDIR/image.tar"
	dk import "$BATS_FILE_TMPDIR/image.tar" box >"$BATS_FILE_TMPDIR/import.log" 2>&1 3>&- 4>&- || true
}
teardown_file () {
	[ -e "$BATS_FILE_TMPDIR/dockerd.pid" ] || return 0
	dk ps -aq 2>/dev/null 3>&- 4>&- | xargs -r "$(PATH=/usr/bin:$PATH command -v docker)" -H "unix://$BATS_FILE_TMPDIR/docker.sock" rm -f >/dev/null 2>&1 || true
	kill "$(cat "$BATS_FILE_TMPDIR/dockerd.pid")" 2>/dev/null || true
	wait_for sh -c "! kill -0 $(cat "$BATS_FILE_TMPDIR/dockerd.pid")" || true
}
setup () {
	need "$REFERENCE"
	dockerd_programs || skip "docker is not installed"
	dk image inspect box >/dev/null 2>&1 3>&- 4>&- || skip "docker does not work here: $(grep -v level=info "$BATS_FILE_TMPDIR/dockerd.log" | tail -n 1)"
}
left_behind () {
	local ids
	ids=$(dk ps -aq)
	[ -z "$ids" ] || { echo "left behind: $(dk ps -a --format '{{.Names}} {{.Status}}')"; dk rm -f $ids >/dev/null; }
}

@test "run: output, exit status; errors are 127 and 126" {
	go () {
		t run1 box echo hi
		t run1 box sh -c 'exit 42'
		code run1 box /no/such
		code run1 box nosuch
		code run1 box /etc/plain
		code run1 box /etc
		finds 'no such file or directory' run1 box /no/such
		finds 'permission denied' run1 box /etc/plain
	}
	both 2,9 go <<-'WANT'
		hi
		= 42
		127
		127
		126
		126
		no such file or directory
		permission denied
	WANT
}

@test "run -d, logs, top, stop, start, restart, rm" {
	go () {
		drun -d --name one box sh -c 'trap "exit 3" TERM; echo started; while :; do sleep 0.1; done' >/dev/null
		wait_for logged one started
		t dk logs one
		t inspect one '{{.State.Status}} {{.HostConfig.Runtime}}' | sed "s/$RUNTIME/RUNTIME/"
		t dk top one | grep -c 'sh -c'
		t dk stop -t 5 one
		t inspect one '{{.State.ExitCode}} {{.State.Status}} {{.State.Pid}}'
		t dk start one
		t dk restart -t 0 one
		t inspect one '{{.State.Status}}'
		t dk rm -f one
	}
	both 2,6,15 go <<-'WANT'
		started
		running RUNTIME
		1
		one
		3 exited 0
		one
		one
		running
		one
	WANT
}

@test "exec: output, status, stdin, user, terminal, errors" {
	go () {
		drun -d --name one box sleep 1000 >/dev/null
		t dk exec one echo inside
		t dk exec one sh -c 'exit 7'
		t dk exec one sh -c 'kill -9 $$'
		echo through | t dk exec -i one cat
		t dk exec --user 1000:1000 -w /tmp -e A=b one sh -c 'id -u; id -g; pwd; echo $A; echo named >/dev/stdout'
		t dk exec -t one sh -c 'tty; test -t 1 && echo terminal' | tr -d '\r'
		code dk exec one /no/such
		code dk exec one /etc/plain
		finds 'no such file or directory' dk exec one /no/such
		dk exec one ls /proc/self/fd | tr '\n' ' '
		dk rm -f one >/dev/null
	}
	both 10,18,20 go <<-'WANT'
		inside
		= 7
		= 137
		through
		1000
		1000
		/tmp
		b
		named
		/dev/pts/*
		terminal
		126
		126
		no such file or directory
		0 1 2 3 *
	WANT
}

@test "-t: a terminal of the right size; -i: standard input and its end" {
	go () {
		"$TEST_TOOLS/pty" 33 101 bash -c "$(declare -f dk drun run1); run1 -it box sh -c 'tty; until stty size 2>/dev/null | grep 101; do sleep 0.1; done; echo x >/dev/console; echo controls >/dev/tty'" | tr -d '\r'
		t run1 -t box sh -c 'test -t 0 && test -t 1 && test -t 2 && echo all' | tr -d '\r'
		seq 1 100000 | t run1 -i box wc -l
		t run1 box readlink /proc/self/fd/0
	}
	both 18,19 go <<-'WANT'
		/dev/pts/0
		33 101
		x
		controls
		all
		100000
		/dev/null
	WANT
}

@test "a user writes to stdout and stderr by name" {
	go () { t run1 --user 1000 box sh -c 'echo out >/dev/stdout; echo err >/dev/stderr' | sort; }
	both 64,7 go <<-'WANT'
		err
		out
	WANT
}

@test "signals, descriptors, capabilities, seccomp of the first process" {
	go () {
		t run1 box grep -E '^Sig(Blk|Ign)' /proc/self/status
		t run1 box sh -c 'ls /proc/1/fd; :' | tr '\n' ' '
		t run1 --cap-drop all --cap-add kill box grep CapEff /proc/self/status
		t run1 box grep Seccomp: /proc/self/status
		t run1 --security-opt seccomp=unconfined --security-opt no-new-privileges box grep -E 'Seccomp:|NoNew' /proc/self/status
		t run1 box readlink /proc/1/exe /proc/1/cwd 2>&1 | head -n 1
	}
	both 20,22,41,66 go <<-'WANT'
		SigBlk:	0000000000000000
		SigIgn:	0000000000000000
		0 1 2 CapEff:	0000000000000020
		Seccomp:	2
		NoNewPrivs:	1
		Seccomp:	0
		*
	WANT
}

@test "kill, a stop signal; a container that is killed while paused" {
	go () {
		drun -d --name kk --stop-signal USR2 box sh -c 'trap "exit 9" USR2; echo ready; while :; do sleep 0.05; done' >/dev/null
		wait_for logged kk ready
		t dk stop -t 5 kk
		t inspect kk '{{.State.ExitCode}}'
		dk rm kk >/dev/null
		drun -d --name kk box sleep 1000 >/dev/null
		t dk pause kk
		t inspect kk '{{.State.Status}}'
		code dk exec kk true
		t dk unpause kk
		t dk exec kk echo awake
		t dk pause kk
		t dk kill kk
		wait_for is kk '{{.State.Running}}' false
		t inspect kk '{{.State.ExitCode}}'
		code dk kill kk
		dk rm -f kk >/dev/null
	}
	both 13,30,31 go <<-'WANT'
		kk
		9
		kk
		paused
		1
		kk
		awake
		kk
		kk
		137
		1
	WANT
}

@test "limits, update (docker sends zeros for what is unchanged), stats, the cgroup" {
	go () {
		drun -d --name lim --memory 64m --pids-limit 50 --cpu-shares 512 box sleep 1000 >/dev/null
		local pid d=/sys/fs/cgroup
		pid=$(inspect lim '{{.State.Pid}}')
		in_cgroup () { cat "$d/$1$(sed -n "s/.*:\($1\|$1,.*\|.*,$1\)://p" "/proc/$pid/cgroup")/$2"; }
		sed -n 's/.*:pids://p' "/proc/$pid/cgroup" | sed 's/[0-9a-f]\{64\}/ID/'
		in_cgroup memory memory.limit_in_bytes
		in_cgroup pids pids.max
		in_cgroup cpu cpu.shares
		t dk update --memory 32m --memory-swap 64m --cpu-quota 50000 --cpu-period 100000 lim
		in_cgroup memory memory.limit_in_bytes
		in_cgroup pids pids.max
		in_cgroup cpu cpu.shares
		in_cgroup cpu cpu.cfs_quota_us
		t dk stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' lim | sed 's/ [0-9.]*[KM]*i*B / N /'
		dk rm -f lim >/dev/null
	}
	both 26,28,29 go <<-'WANT'
		/docker/ID
		67108864
		50
		512
		lim
		33554432
		50
		512
		50000
		lim 1 N / 32MiB
	WANT
}

@test "a container that takes too much memory is killed: 137" {
	go () {
		drun --name oom --memory 16m --memory-swap 16m box sh -c 'x=0123456789abcdef; while :; do x=$x$x; done' >/dev/null 2>&1
		t inspect oom '{{.State.ExitCode}} {{.State.OOMKilled}}'
		dk rm oom >/dev/null
	}
	both 63 go <<-'WANT'
		137 true
	WANT
}

@test "--init, --pid=host, --ipc, --read-only, --tmpfs, volumes, --device, ulimits, oom score" {
	go () {
		mkdir -p "$SCRATCH/v"
		echo data >"$SCRATCH/file"
		t run1 --init box sh -c 'cat /proc/1/comm; exit 4'
		[ "$(run1 --pid=host box readlink /proc/self/ns/pid)" = "$(readlink /proc/self/ns/pid)" ] && echo host
		finds Read-only run1 --read-only box touch /file
		t run1 --read-only --tmpfs /scratch:size=1m box sh -c 'touch /scratch/file; df -k /scratch | tail -n 1 | awk "{print \$2}"'
		t run1 -v "$SCRATCH/v:/v" -v "$SCRATCH/file:/new/file:ro" box sh -c 'touch /v/made; cat /new/file; touch /new/file 2>/dev/null || echo refused'
		ls "$SCRATCH/v"
		t run1 --device /dev/null:/dev/mynull box sh -c 'echo gone >/dev/mynull; test -c /dev/mynull && echo node'
		t run1 --ulimit nofile=100:200 box sh -c 'ulimit -Sn; ulimit -Hn'
		t run1 --oom-score-adj 500 box cat /proc/self/oom_score_adj
		t run1 --sysctl net.ipv4.ip_forward=1 --hostname ship box sh -c 'cat /proc/sys/net/ipv4/ip_forward; hostname'
	}
	both 39,43,65,27,42 go <<-'WANT'
		*init
		= 4
		host
		Read-only
		1024
		data
		refused
		made
		node
		100
		200
		500
		1
		ship
	WANT
}

@test "the prestart hook: an address, and one container talks to another" {
	go () {
		dk network create "n-$RUNTIME" >/dev/null
		NETWORK=n-$RUNTIME
		drun -d --name server box sh -c 'echo answer | nc -l -p 5000' >/dev/null
		t run1 box sh -c 'ip -o -4 addr show eth0 | grep -c inet; for i in 1 2 3 4 5 6 7 8 9; do nc server 5000 && break; sleep 0.2; done'
		dk rm -f server >/dev/null
		dk network rm "n-$RUNTIME" >/dev/null
	}
	both 45 go <<-'WANT'
		1
		answer
	WANT
}

@test "HEALTHCHECK" {
	go () {
		drun -d --name hh --health-cmd 'test -e /well' --health-interval 200ms --health-retries 1 box sleep 1000 >/dev/null
		wait_for is hh '{{.State.Health.Status}}' unhealthy
		t inspect hh '{{.State.Health.Status}}'
		dk exec hh touch /well
		wait_for is hh '{{.State.Health.Status}}' healthy
		t inspect hh '{{.State.Health.Status}}'
		dk rm -f hh >/dev/null
	}
	both 33 go <<-'WANT'
		unhealthy
		healthy
	WANT
}

@test "restart policies" {
	go () {
		drun -d --name rr --restart on-failure:3 box sh -c 'exit 5' >/dev/null
		wait_for is rr '{{.RestartCount}} {{.State.Status}}' '3 exited'
		t inspect rr '{{.RestartCount}} {{.State.ExitCode}}'
		dk rm rr >/dev/null
	}
	both 70 go <<-'WANT'
		3 5
	WANT
}

@test "docker's loginuid is unset: a daemon started it" {
	go () { t run1 box cat /proc/self/loginuid; }
	[ -e /proc/self/loginuid ] || skip "the kernel has no audit"
	both 57 go <<-WANT
		$(cat /proc/self/loginuid)
	WANT
	[ "$(cat /proc/self/loginuid)" = 4294967295 ] || skip "the test itself has a login uid: so has the daemon it started"
}

@test "info reads the version and features of the runtime" {
	go () {
		dk info --format '{{json .Runtimes}}' | jq -r '.coracle.path' | grep -c 'bin/coracle$'
		"$BATS_FILE_TMPDIR/bin/coracle" --version | head -n 1 | grep -c -E '^coracle version [0-9]'
		"$BATS_FILE_TMPDIR/bin/coracle" features 2>"$SCRATCH/err" | jq -r '.ociVersionMin, (.linux.namespaces | index ("user") != null)'
		wc -c <"$SCRATCH/err"
	}
	alone 54,55 go <<-'WANT'
		1
		1
		1.0.0
		true
		0
	WANT
}

@test "docs/docker.md: each command says what the page shows" {
	[ "$(cat /proc/self/loginuid 2>/dev/null)" = 4294967295 ] || skip "the daemon of the test has a login uid, or the kernel no audit"
	wrap docker timeout 60 "$(PATH=/usr/bin:$PATH command -v docker)" --config "$BATS_FILE_TMPDIR/client" -H "unix://$BATS_FILE_TMPDIR/docker.sock"
	page docker.md
}
