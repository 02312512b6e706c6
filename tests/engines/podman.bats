#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# podman and conmon as root, with coracle below them.

load engines.bash

pod () {
	timeout --foreground -k 5 60 podman --root "$BATS_FILE_TMPDIR/root" --runroot "$BATS_FILE_TMPDIR/run" --tmpdir "$BATS_FILE_TMPDIR/tmp" --storage-driver vfs \
		--cgroup-manager cgroupfs --events-backend file --runtime "$RUNTIME" "$@"
}
run1 () { pod run --rm "$@"; }
logged () { pod logs "$1" 2>&1 | grep -q "$2"; }

# contrib's drop-in is what is tested, with the path of the program under test. Without CAP_SYS_RESOURCE podman's default limits cannot be
# set by any runtime.
setup_file () {
	[ "$(id -u)" -eq 0 ] && command -v podman conmon >/dev/null || return 0
	forget_results
	install_coracle
	export CONTAINERS_CONF=$BATS_FILE_TMPDIR/containers.conf
	sed "s|^coracle = .*|coracle = [\"$BATS_FILE_TMPDIR/bin/coracle\"]|" "$top/contrib/podman/50-coracle.conf" >"$CONTAINERS_CONF"
	cat >>"$CONTAINERS_CONF" <<-CONF
		[containers]
		netns = "none"
		default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
	CONF
	make_image "$BATS_FILE_TMPDIR/image.tar"
	RUNTIME=coracle pod import "$BATS_FILE_TMPDIR/image.tar" localhost/box:latest >"$BATS_FILE_TMPDIR/import.log" 2>&1 3>&- 4>&- || true
}
teardown_file () {
	command -v podman >/dev/null && [ -d "$BATS_FILE_TMPDIR/root" ] || return 0
	RUNTIME=coracle pod rm -f -a -t 0 >/dev/null 2>&1 3>&- 4>&- || true
	wait_for nobody "$BATS_FILE_TMPDIR/root" || true
}
setup () {
	need podman conmon "$REFERENCE"
	RUNTIME=coracle pod image exists localhost/box:latest || skip "podman does not work here: $(tail -n 1 "$BATS_FILE_TMPDIR/import.log")"
}
left_behind () {
	local ids
	ids=$(pod ps -aq)
	[ -z "$ids" ] || { echo "left behind: $(pod ps -a --format '{{.Names}} {{.Status}}')"; pod rm -f -a -t 0 >/dev/null 2>&1; }
	pod pod rm -f -a >/dev/null 2>&1
}

@test "run: output, exit status" {
	go () {
		t run1 box echo hi
		t run1 box sh -c 'exit 42'
		t run1 -w /tmp -e COLOUR=blue --hostname ship box sh -c 'pwd; echo $COLOUR; hostname'
	}
	both 1,6,56 go <<-'WANT'
		hi
		= 42
		/tmp
		blue
		ship
	WANT
}

@test "run: no such program 127, not executable 126" {
	go () {
		code run1 box /no/such
		code run1 box nosuch
		code run1 box /etc/plain
		code run1 box /etc
		finds 'no such file or directory' run1 box /no/such
		finds 'permission denied' run1 box /etc/plain
	}
	both 9 go <<-'WANT'
		127
		127
		126
		126
		no such file or directory
		permission denied
	WANT
}

@test "run -d, logs, top, inspect, stop, start, rm" {
	go () {
		pod run -d --name one box sh -c 'trap "exit 3" TERM; echo started; while :; do sleep 0.1; done' >/dev/null
		wait_for logged one started
		t pod logs one
		t pod inspect -f '{{.State.Status}} {{.State.Running}} {{.OCIRuntime}}' one | sed "s/$RUNTIME/RUNTIME/"
		t pod top one user args | sed -n '1,2p' | sed 's/  */ /g; s/ sh -c.*/ sh/'
		t pod stop -t 5 one
		t pod inspect -f '{{.State.ExitCode}} {{.State.Status}} {{.State.Pid}}' one
		t pod start one
		t pod inspect -f '{{.State.Status}}' one
		t pod rm -f -t 0 one >/dev/null
	}
	both 1,6 go <<-'WANT'
		started
		running true RUNTIME
		USER COMMAND
		root sh
		one
		3 exited 0
		one
		running
	WANT
}

@test "exec: output, status, stdin, user, working directory, environment" {
	go () {
		pod run -d --name one box sleep 1000 >/dev/null
		t pod exec one echo inside
		t pod exec one sh -c 'exit 7'
		t pod exec one sh -c 'kill -9 $$'
		echo through | t pod exec -i one cat
		t pod exec --user 1000:1000 -w /tmp -e A=b one sh -c 'id -u; id -g; pwd; echo $A'
		code pod exec one /no/such
		code pod exec one /etc/plain
		code pod exec -w /no/dir one true
		t pod exec -d one sh -c 'echo later >/tmp/later'
		wait_for pod exec one test -s /tmp/later
		pod exec one sh -c 'ls /proc/self/fd' | tr '\n' ' '
		pod rm -f -t 0 one >/dev/null
	}
	both 10,20 go <<-'WANT'
		inside
		= 7
		= 137
		through
		1000
		1000
		/tmp
		b
		127
		126
		127
		*
		0 1 2 3 *
	WANT
}

@test "start of a created container, twice; restart" {
	go () {
		pod create --name two box sh -c 'echo again; hostname >/dev/null' >/dev/null
		t pod start -a two
		t pod start -a two
		t pod restart two
		pod wait two
		pod rm two >/dev/null
	}
	both - go <<-'WANT'
		again
		again
		two
		0
	WANT
}

@test "kill: KILL, a signal by name and number, and to one that has ended" {
	go () {
		pod run -d --name three box sh -c 'trap "echo usr1" USR1; trap "echo rt" 35; echo ready; while :; do sleep 0.05; done' >/dev/null
		wait_for logged three ready
		t pod kill -s USR1 three
		wait_for logged three usr1
		t pod kill -s SIGUSR1 three
		t pod kill -s 35 three
		wait_for logged three rt
		t pod kill three
		t pod wait three
		code pod kill three
		pod logs three | sort | uniq -c | awk '$2 != "usr1" { print $2 }'
		pod rm three >/dev/null
	}
	both 6,31 go <<-'WANT'
		three
		three
		three
		three
		137
		125
		ready
		rt
	WANT
}

@test "stop: the image's stop signal, and KILL after the time-out" {
	go () {
		pod run -d --name s --stop-signal USR2 box sh -c 'trap "exit 9" USR2; echo ready; while :; do sleep 0.05; done' >/dev/null
		wait_for logged s ready
		t pod stop s
		t pod inspect -f '{{.State.ExitCode}}' s
		pod rm s >/dev/null
		pod run -d --name s box sleep 1000 >/dev/null
		t pod stop -t 0 s
		t pod inspect -f '{{.State.ExitCode}}' s
		pod rm s >/dev/null
	}
	both 31 go <<-'WANT'
		s
		9
		*s
		137
	WANT
}

@test "pause, exec refused, unpause; kill while paused" {
	go () {
		pod run -d --name four box sleep 1000 >/dev/null
		t pod pause four
		t pod inspect -f '{{.State.Status}}' four
		code pod exec four true
		t pod unpause four
		t pod inspect -f '{{.State.Status}}' four
		t pod exec four echo awake
		t pod pause four
		code pod rm -f -t 0 four
	}
	both 30 go <<-'WANT'
		four
		paused
		255
		four
		running
		awake
		four
		0
	WANT
}

@test "-t: a terminal of the right size, that controls; exec -t" {
	go () {
		local in_tty="$TEST_TOOLS/pty 33 101"
		$in_tty "$(command -v bash)" -c "$(declare -f pod run1); run1 -it box sh -c 'tty; stty size; echo x >/dev/console; ls -l /proc/1/fd/0 | sed \"s/.*-> //\"'"
		t run1 -t box sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo all; echo controls >/dev/tty'
		pod run -d --name five box sleep 1000 >/dev/null
		t pod exec -t five sh -c 'tty; test -t 1 && echo terminal'
		pod rm -f -t 0 five >/dev/null
	}
	both 18 go <<-WANT
		/dev/pts/0$(printf '\r')
		33 101$(printf '\r')
		x$(printf '\r')
		/dev/pts/0$(printf '\r')
		/dev/pts/0$(printf '\r')
		all$(printf '\r')
		controls$(printf '\r')
		/dev/pts/*$(printf '\r')
		terminal$(printf '\r')
	WANT
}

@test "-i: standard input and its end arrive; without it there is none" {
	go () {
		seq 1 100000 | t run1 -i box wc -l
		echo lost | t run1 box wc -c
		t run1 box readlink /proc/self/fd/0
	}
	both 19 go <<-'WANT'
		100000
		0
		/dev/null
	WANT
}

@test "stderr and stdout stay apart, a user can open them again" {
	go () {
		run1 box sh -c 'echo out; echo err >&2' 2>/dev/null
		run1 box sh -c 'echo out; echo err >&2' 2>&1 >/dev/null
		run1 --user 1000 box sh -c 'echo oops >/dev/stderr; echo fine >/dev/stdout' 2>&1 | sort
	}
	both 7,64 go <<-'WANT'
		out
		err
		fine
		oops
	WANT
}

@test "signals: none ignored or blocked, though conmon ignores SIGPIPE" {
	go () { t run1 box grep -E '^Sig(Blk|Ign)' /proc/self/status; }
	both 22 go <<-'WANT'
		SigBlk:	0000000000000000
		SigIgn:	0000000000000000
	WANT
}

@test "descriptors: those that were asked for, and no others" {
	go () {
		echo three >"$SCRATCH/three"
		echo four >"$SCRATCH/four"
		t run1 box sh -c 'ls /proc/1/fd; :' | tr '\n' ' '
		t run1 --preserve-fds 2 box sh -c 'cat <&3; cat <&4; ls /proc/1/fd; :' 3<"$SCRATCH/three" 4<"$SCRATCH/four" | tr '\n' ' '
		pod run -d --name fd box sleep 1000 >/dev/null
		t pod exec --preserve-fds 1 fd sh -c 'cat <&3' 3<"$SCRATCH/three"
		pod rm -f -t 0 fd >/dev/null
	}
	both 20,21 go <<-'WANT'
		0 1 2 three four 0 1 2 3 4 three
	WANT
}

@test "users, groups, umask, HOME" {
	go () {
		t run1 --user 1000:1000 box sh -c 'id -u; id -g; echo $HOME'
		t run1 --user user box id -u
		t run1 --user 5000:6000 --group-add 7,8 box id
		t run1 --umask 0077 box sh -c umask
		t run1 box sh -c 'umask; echo $HOME'
		code run1 --user nobodyhere box true
	}
	both 40,73 go <<-'WANT'
		1000
		1000
		/home/user
		1000
		uid=5000* gid=6000* groups=*7,8*
		0077
		0022
		/root
		126
	WANT
}

@test "--read-only, --tmpfs, --shm-size, volumes, a file over a file, over a link" {
	go () {
		mkdir -p "$SCRATCH/v"
		echo data >"$SCRATCH/file"
		run1 --read-only --read-only-tmpfs=false box touch /file 2>&1 | grep -o Read-only
		t run1 --read-only box sh -c 'touch /run/x /tmp/y && echo writable'
		t run1 --read-only --tmpfs /scratch:size=1m box sh -c 'touch /scratch/file; df -k /scratch | tail -n 1 | awk "{print \$2}"'
		t run1 --shm-size 2m box sh -c 'df -k /dev/shm | tail -n 1 | awk "{print \$2}"'
		t run1 -v "$SCRATCH/v:/v" box touch /v/made
		ls "$SCRATCH/v"
		run1 -v "$SCRATCH/v:/v:ro" box touch /v/other 2>&1 | grep -o Read-only
		t run1 -v "$SCRATCH/file:/new/path/file" box cat /new/path/file
		t run1 -v "$SCRATCH/file:/etc/link" box cat /etc/plain
		t run1 -v vol:/named box sh -c 'echo kept >/named/f'
		t run1 -v vol:/named box cat /named/f
		t run1 --mount type=bind,src="$SCRATCH/v",dst=/m,ro=true,bind-propagation=rslave box sh -c 'grep -c " /m ro.*master" /proc/self/mountinfo; true'
		pod volume rm vol >/dev/null
	}
	both 39 go <<-'WANT'
		Read-only
		writable
		1024
		2048
		made
		Read-only
		data
		data
		kept
		*
	WANT
}

@test "capabilities: --cap-add, --cap-drop, of a user, no-new-privileges" {
	go () {
		t run1 --cap-drop all box grep Cap /proc/self/status
		t run1 --cap-drop all --cap-add kill box grep CapEff /proc/self/status
		t run1 --user 1000 box grep -E 'Cap(Eff|Prm|Amb)' /proc/self/status
		t run1 --user 1000 --cap-add net_raw box grep -E 'Cap(Eff|Prm|Amb)' /proc/self/status
		t run1 --security-opt no-new-privileges box grep NoNewPrivs /proc/self/status
	}
	both 40 go <<-'WANT'
		CapInh:	0000000000000000
		CapPrm:	0000000000000000
		CapEff:	0000000000000000
		CapBnd:	0000000000000000
		CapAmb:	0000000000000000
		CapEff:	0000000000000020
		CapPrm:	0000000000000000
		CapEff:	0000000000000000
		CapAmb:	0000000000000000
		CapPrm:	0000000000002000
		CapEff:	0000000000002000
		CapAmb:	0000000000002000
		NoNewPrivs:	1
	WANT
}

@test "--security-opt seccomp: the default, none, a file" {
	go () {
		cat >"$SCRATCH/profile.json" <<-'JSON'
			{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
			 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}
		JSON
		t run1 box grep Seccomp: /proc/self/status
		t run1 --security-opt seccomp=unconfined box grep Seccomp: /proc/self/status
		t run1 --security-opt seccomp="$SCRATCH/profile.json" box mkdir /x
		t run1 --security-opt no-new-privileges --user 1000 box grep -E 'Seccomp:|NoNewPrivs' /proc/self/status
		code run1 --security-opt seccomp=/no/such box true
	}
	both 41 go <<-'WANT'
		Seccomp:	2
		Seccomp:	0
		mkdir: can't create directory '/x': Operation not supported
		= 1
		NoNewPrivs:	1
		Seccomp:	2
		125
	WANT
}

@test "masked and read-only paths; unmask; sysctl" {
	go () {
		t run1 box sh -c 'cat /proc/timer_list 2>/dev/null | wc -c; ls -d /proc/scsi/* /sys/firmware/* 2>/dev/null | wc -l'
		finds Read-only run1 box sh -c 'echo x >/proc/sys/kernel/hostname'
		t run1 --security-opt unmask=ALL box sh -c 'grep -c " /proc/" /proc/self/mountinfo; echo 5 >/proc/sys/kernel/msgmni && echo writable'
		t run1 --security-opt unmask=/proc/acpi --security-opt mask=/etc/plain box wc -c /etc/plain
		t run1 --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=9000 box cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax
	}
	both 42 go <<-'WANT'
		0
		0
		Read-only
		*0
		writable
		0 /etc/plain
		1
		9000
	WANT
}

@test "--device, and the default devices" {
	go () {
		t run1 box sh -c 'for d in null zero full random urandom tty; do test -c /dev/$d && echo -n "$d "; done; for l in ptmx fd stdin; do readlink /dev/$l; done'
		t run1 box sh -c 'head -c 4 /dev/zero | wc -c; echo x >/dev/null; echo x >/dev/full' | sed 's/.*: //'
		t run1 --device /dev/null:/dev/mynull:rw box sh -c 'ls -l /dev/mynull; echo gone >/dev/mynull' | sed 's/.*1, *3.*/1 3/'
		finds 'not permitted' run1 --cap-add mknod box sh -c 'mknod /dev/mine b 254 0 && cat /dev/mine'
	}
	both 27 go <<-'WANT'
		null zero full random urandom tty pts/ptmx
		/proc/self/fd
		/proc/self/fd/0
		4
		No space left on device
		= 1
		1 3
		not permitted
	WANT
}

@test "--init" {
	go () {
		[ -n "$(command -v catatonit)" ] || { echo "no catatonit"; return; }
		t run1 --init --init-path "$(command -v catatonit)" box sh -c 'cat /proc/1/comm; exit 4'
	}
	both - go <<-'WANT'
		*nit
		= 4
	WANT
}

@test "--pid=host, --ipc=host, --uts=host, --net=host" {
	go () {
		t run1 --pid=host box sh -c 'readlink /proc/self/ns/pid' | sed "s/$(readlink /proc/self/ns/pid | tr -d '[]')/host/; s/$(readlink /proc/self/ns/pid | tr -dc 0-9)/host/"
		[ "$(run1 --ipc=host box readlink /proc/self/ns/ipc)" = "$(readlink /proc/self/ns/ipc)" ] && echo ipc
		[ "$(run1 --uts=host box readlink /proc/self/ns/uts)" = "$(readlink /proc/self/ns/uts)" ] && echo uts
		[ "$(run1 --net=host box readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ] && echo net
		pod run -d --name base box sleep 1000 >/dev/null
		[ "$(run1 --net=container:base --pid=container:base box readlink /proc/self/ns/net)" = "$(pod exec base readlink /proc/self/ns/net)" ] && echo joined
		t run1 --pid=container:base box sh -c 'cat /proc/1/comm'
		pod rm -f -t 0 base >/dev/null
	}
	both 44 go <<-'WANT'
		pid:[host]
		ipc
		uts
		net
		joined
		sleep
	WANT
}

@test "--pid=host: nothing of the container lives longer than its first process" {
	go () {
		pod run -d --name host --pid=host box sh -c 'sleep 4321 & echo $! >/pid; sleep 4322' >/dev/null
		wait_for pod exec host test -s /pid
		local pid
		pid=$(pod exec host cat /pid)
		t pod kill host
		t pod wait host
		wait_for sh -c "! test -e /proc/$pid"
		code pod rm host
	}
	both 32 go <<-'WANT'
		host
		137
		0
	WANT
}

@test "--userns: id maps, auto, host" {
	go () {
		t run1 --uidmap 0:100000:65536 --gidmap 0:100000:65536 box sh -c 'cat /proc/self/uid_map; touch /made && stat -c %u /made' | sed 's/  */ /g'
		t run1 --userns=host box cat /proc/self/uid_map | sed 's/  */ /g'
		pod run -d --name u --uidmap 0:100000:65536 --user 1000 box sleep 1000 >/dev/null
		ps -o uid= -p "$(pod inspect -f '{{.State.Pid}}' u)" | tr -d ' '
		t pod exec u id -u
		# Now and then podman 4.3 finds the shm of a container with id maps still busy, with any runtime: 13 of 169 here, with runc 1 of 19.
		wait_for pod rm --force --ignore --time 0 u >/dev/null 2>&1
	}
	both 36 go <<-'WANT'
		 0 100000 65536
		0
		 0 0 4294967295
		101000
		1000
	WANT
}

@test "--privileged" {
	go () {
		t run1 --privileged box sh -c 'grep CapEff /proc/self/status | cut -c 8- | grep -c 0000; grep Seccomp: /proc/self/status; grep -c " /sys rw" /proc/self/mountinfo'
	}
	both 42 go <<-'WANT'
		1
		Seccomp:	0
		*
	WANT
}

@test "--cgroups=disabled, which podman refuses for runc, by its name" {
	go () { t run1 --cgroups=disabled box echo disabled; }
	alone 34 go <<-'WANT'
		disabled
	WANT
}

@test "--cgroups: no-conmon, enabled; --cgroup-parent; --cgroupns" {
	go () {
		t run1 --cgroups=no-conmon box echo no-conmon
		t run1 --cgroups=enabled --cgroup-parent "/eng-$$" box sh -c 'grep -o "pids:/eng-.*/libpod-" /proc/self/cgroup' | sed "s/eng-$$/PARENT/"
		t run1 --cgroupns=private box grep pids /proc/self/cgroup | cut -d: -f 2-
		t run1 --cgroupns=host box sh -c 'grep pids /proc/self/cgroup' | grep -c libpod-
		find /sys/fs/cgroup -depth -type d -path "*/eng-$$*" -exec rmdir {} + 2>/dev/null
		find /sys/fs/cgroup -maxdepth 2 -name "eng-$$"
	}
	both 34 go <<-'WANT'
		no-conmon
		pids:/PARENT/libpod-
		pids:/
		1
	WANT
}

@test "limits at run, and update; stats; the cgroup that podman finds" {
	go () {
		pod run -d --name lim --memory 64m --pids-limit 50 --cpu-shares 512 box sleep 1000 >/dev/null
		local pid memory cpu
		pid=$(pod inspect -f '{{.State.Pid}}' lim)
		memory=/sys/fs/cgroup/memory$(sed -n 's/.*:memory://p' "/proc/$pid/cgroup")
		cpu=/sys/fs/cgroup/cpu$(sed -n 's/.*:cpu://p' "/proc/$pid/cgroup")
		cat "$memory/memory.limit_in_bytes" "$cpu/cpu.shares" "/sys/fs/cgroup/pids$(sed -n 's/.*:pids://p' "/proc/$pid/cgroup")/pids.max"
		t pod inspect -f '{{.State.CgroupPath}}' lim | sed 's/[0-9a-f]\{64\}/ID/'
		t pod stats --no-stream --format '{{.Name}} {{.PIDS}} {{.MemUsage}}' lim | sed 's/ [0-9.]*[kM]*B / N /'
		t pod update --memory 32m --cpu-quota 50000 --cpu-period 100000 lim | sed 's/[0-9a-f]\{64\}/ID/'
		cat "$memory/memory.limit_in_bytes" "$cpu/cpu.cfs_quota_us" "$cpu/cpu.shares"
		pod rm -f -t 0 lim >/dev/null
	}
	both 25,29 go <<-'WANT'
		67108864
		512
		50
		/libpod_parent/libpod-ID
		lim 1 N / 67.11MB
		ID
		33554432
		50000
		512
	WANT
}

@test "a container that takes too much memory is killed: 137, OOMKilled" {
	go () {
		cd "$BATS_TEST_TMPDIR" # conmon's: it leaves a file "oom" where it was started
		pod run --name oom --memory 16m --memory-swap 16m box sh -c 'x=0123456789abcdef; while :; do x=$x$x; done' >/dev/null 2>&1
		t pod inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' oom
		pod rm oom >/dev/null
	}
	both 63 go <<-'WANT'
		137 *
	WANT
}

@test "ulimits, oom_score_adj" {
	go () {
		t run1 --ulimit nofile=100:200 --ulimit nproc=500:500 --ulimit core=0 box sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
		t run1 --oom-score-adj 500 box cat /proc/self/oom_score_adj
		t run1 box cat /proc/self/oom_score_adj
		finds 'not permitted' run1 --ulimit nofile=99999999:99999999 box true
	}
	both 43,65 go <<-'WANT'
		100
		200
		0
		500
		0
		not permitted
	WANT
}

@test "--systemd=always: tmpfs, cgroup mount, container=" {
	go () {
		t run1 --systemd=always box sh -c 'echo $container; for d in /run /tmp /var/log/journal; do grep -q " $d .* tmpfs" /proc/self/mountinfo && echo $d; done; grep -c "/sys/fs/cgroup" /proc/self/mountinfo' |
			sed 's/^[1-9][0-9]*$/N/'
	}
	both 35 go <<-'WANT'
		podman
		/run
		/tmp
		/var/log/journal
		N
	WANT
}

@test "healthcheck: healthy, unhealthy" {
	go () {
		pod run -d --name h --health-cmd 'test -e /well' --health-interval disable --health-retries 1 box sleep 1000 >/dev/null
		code pod healthcheck run h
		pod exec h touch /well
		code pod healthcheck run h
		pod rm -f -t 0 h >/dev/null
	}
	both 33 go <<-'WANT'
		1
		0
	WANT
}

@test "hooks of --hooks-dir: createRuntime, poststart, poststop; one that fails" {
	go () {
		mkdir -p "$SCRATCH/hooks" "$SCRATCH/bad"
		printf '#!/bin/sh\ncat >>%s/$1; echo >>%s/$1\n' "$SCRATCH" "$SCRATCH" >"$SCRATCH/hook"
		printf '#!/bin/sh\necho "the hook says no" >&2; exit 3\n' >"$SCRATCH/no"
		chmod +x "$SCRATCH/hook" "$SCRATCH/no"
		for phase in createRuntime poststart poststop; do
			echo '{"version": "1.0.0", "hook": {"path": "'"$SCRATCH/hook"'", "args": ["hook", "'"$phase"'"]}, "when": {"always": true}, "stages": ["'"$phase"'"]}' >"$SCRATCH/hooks/$phase.json"
		done
		echo '{"version": "1.0.0", "hook": {"path": "'"$SCRATCH/no"'"}, "when": {"always": true}, "stages": ["prestart"]}' >"$SCRATCH/bad/no.json"
		t pod --hooks-dir "$SCRATCH/hooks" run --rm box true
		for phase in createRuntime poststart; do
			jq -r '[.status, (.pid > 1), (.bundle | test ("userdata"))] | @tsv' "$SCRATCH/$phase"
		done
		test -s "$SCRATCH/poststop" && echo poststop
		finds 'the hook says no' pod --hooks-dir "$SCRATCH/bad" run --rm box true
	}
	both 45 go <<-'WANT'
		creat*	true	true
		*	true	true
		poststop
		the hook says no
	WANT
}

@test "pods: shared namespaces; stop and rm of all" {
	go () {
		t pod pod create --name crew >/dev/null
		pod run -d --pod crew --name first box sleep 1000 >/dev/null
		[ "$(pod exec first readlink /proc/self/ns/net)" = "$(run1 --pod crew box readlink /proc/self/ns/net)" ] && echo same
		t run1 --pod crew box hostname
		t pod pod pause crew >/dev/null
		t pod inspect -f '{{.State.Status}}' first
		t pod pod unpause crew >/dev/null
		t pod pod stop -t 0 crew >/dev/null
		t pod inspect -f '{{.State.Status}}' first
		t pod pod rm -f crew >/dev/null
	}
	both 44 go <<-'WANT'
		same
		crew
		paused
		exited
	WANT
}

@test "kube play: init containers, limits, exec probe; kube down" {
	go () {
		cat >"$SCRATCH/pod.yaml" <<-'YAML'
			apiVersion: v1
			kind: Pod
			metadata:
			  name: ship
			  # podman 4.3 removes those of type "once" while its own clean-up does: a race, under any runtime
			  annotations: {io.podman.annotations.init.container.type: always}
			spec:
			  hostNetwork: true
			  initContainers:
			  - name: before
			    image: localhost/box:latest
			    command: [/bin/sh, -c, "echo prepared >/shared/file"]
			    volumeMounts: [{name: shared, mountPath: /shared}]
			  containers:
			  - name: crew
			    image: localhost/box:latest
			    command: [/bin/sh, -c, "/bin/cat /shared/file; /bin/sleep 1000"]
			    resources: {limits: {memory: 64Mi}}
			    securityContext: {runAsUser: 1000, capabilities: {drop: [ALL]}}
			    volumeMounts: [{name: shared, mountPath: /shared}]
			  volumes:
			  - name: shared
			    emptyDir: {}
		YAML
		pod play kube "$SCRATCH/pod.yaml" >"$SCRATCH/play" 2>&1 || cat "$SCRATCH/play"
		wait_for logged ship-crew prepared
		t pod logs ship-crew
		t pod exec ship-crew /bin/id -u
		pod play kube --down "$SCRATCH/pod.yaml" >/dev/null 2>&1
		pod pod ps -q
		pod volume prune -f >/dev/null
	}
	both 70 go <<-'WANT'
		prepared
		1000
	WANT
}

@test "build: a RUN line, a user" {
	go () {
		mkdir -p "$SCRATCH/context"
		printf 'FROM localhost/box:latest\nRUN echo built >/etc/built && id -u\nUSER 1000\nRUN id -u\nCMD cat /etc/built\n' >"$SCRATCH/context/Containerfile"
		t pod build --isolation oci --no-cache -q -t localhost/built "$SCRATCH/context" | grep -v '^[0-9a-f]\{64\}$'
		t run1 localhost/built
		code pod build --isolation oci --no-cache -q - <<<$'FROM localhost/box:latest\nRUN exit 3'
		pod rmi localhost/built >/dev/null
	}
	both 4 go <<-'WANT'
		*built
		*
	WANT
}

@test "loginuid: of who started podman, also detached" {
	go () {
		[ -e /proc/self/loginuid ] || { echo "a kernel without audit"; return; }
		echo 1234 >/proc/self/loginuid
		t run1 box cat /proc/self/loginuid
		echo
		pod run -d --name who box sleep 1000 >/dev/null
		t pod exec who cat /proc/1/loginuid
		echo
		t pod exec who cat /proc/self/loginuid
		pod rm -f -t 0 who >/dev/null
	}
	both 57 go <<-'WANT'
		1234
		1234
		1234
	WANT
}

@test "what podman leaves in the state of coracle: who started it" {
	go () {
		echo 1234 >/proc/self/loginuid
		pod run -d --name who box sleep 1000 >/dev/null
		"$BATS_FILE_TMPDIR/bin/coracle" state "$(pod inspect -f '{{.ID}}' who)" | jq -r '.loginuid, .status'
		"$BATS_FILE_TMPDIR/bin/coracle" list | grep "$(pod inspect -f '{{.ID}}' who)" | awk '{print $(NF-1)}'
		pod rm -f -t 0 who >/dev/null
	}
	[ -e /proc/self/loginuid ] || skip "the kernel has no audit"
	alone 57,23 go <<-'WANT'
		1234
		running
		1234
	WANT
}

@test "the name decides what podman asks for: a link called crun" {
	go () {
		ln -sf "$BATS_FILE_TMPDIR/bin/coracle" "$SCRATCH/crun"
		RUNTIME=$SCRATCH/crun
		t run1 --cgroups=disabled box echo disabled
		finds 'no such file or directory' run1 box /no/such
	}
	alone 56 go <<-'WANT'
		disabled
		no such file or directory
	WANT
}

@test "socket activation: descriptors and LISTEN_* in the container" {
	go () {
		( exec 3<"$CONTAINERS_CONF"
		export LISTEN_FDS=1 LISTEN_FDNAMES=web
		sh -c 'export LISTEN_PID=$$; exec "$@"' - timeout --foreground -k 5 60 podman --root "$BATS_FILE_TMPDIR/root" --runroot "$BATS_FILE_TMPDIR/run" --tmpdir "$BATS_FILE_TMPDIR/tmp" \
			--storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime "$RUNTIME" run --rm box \
			sh -c 'echo $LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES; head -n 1 <&3 | cut -c 1-6; ls /proc/1/fd; :' ) # neither ls as pid 1 nor, for a moment, a pipe's ends in it
	}
	both 60 go <<-'WANT'
		1 1 web
		# podm
		0
		1
		2
		3
	WANT
}

@test "socket activation: systemd's own tool starts podman, and a server in the container answers" {
	go () {
		systemd-socket-activate -E CONTAINERS_CONF -l "$SCRATCH/s" --fdname=web podman --root "$BATS_FILE_TMPDIR/root" --runroot "$BATS_FILE_TMPDIR/run" --tmpdir "$BATS_FILE_TMPDIR/tmp" \
			--storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime "$RUNTIME" run --rm box serve 1 >"$SCRATCH/said" 2>&1 &
		local activator=$!
		wait_for test -S "$SCRATCH/s"
		timeout 20 python3 -c 'import socket, sys; s = socket.socket (socket.AF_UNIX); s.connect (sys.argv[1]); s.sendall (b"hello"); print (s.recv (99).decode ())' "$SCRATCH/s"
		wait "$activator" || cat "$SCRATCH/said"
		echo "= $?"
	}
	command -v systemd-socket-activate >/dev/null || skip "no systemd-socket-activate (package systemd)"
	both 60 go <<-'WANT'
		socket 3 (web) of pid 1: hello
		= 0
	WANT
}

@test "sdnotify: conmon says READY=1 itself, a container through it" {
	go () {
		local s=$SCRATCH/n
		for mode in conmon container; do
			rm -f "$s" "$SCRATCH/got"
			"$TEST_TOOLS/sdnotify" recv "$s" >"$SCRATCH/got" &
			local receiver=$!
			wait_for test -S "$s"
			NOTIFY_SOCKET=$s pod run -d --name n --sdnotify=$mode box sh -c 'sdnotify send READY=1; sleep 1000' >/dev/null
			wait_for grep -q READY=1 "$SCRATCH/got"
			grep -o -E '^(READY=1|MAINPID)' "$SCRATCH/got" | sort -u | tr '\n' ' '
			pod rm -f -t 0 n >/dev/null
			kill "$receiver"
			wait "$receiver" 2>/dev/null
		done
	}
	both 59 go <<-'WANT'
		MAINPID READY=1 MAINPID READY=1 *
	WANT
}

@test "a hostile working directory or program finds nothing of the host" {
	go () {
		local i
		for i in 3 5 7 9; do
			run1 -w /proc/self/fd/$i box sh -c 'cat ../../../../../../etc/hostname 2>/dev/null; ls -d ../../../../../../home/user 2>/dev/null' 2>/dev/null
		done
		t run1 box sh -c 'readlink /proc/self/exe; readlink /proc/1/cwd; ls /proc/1/fd; :' | tr '\n' ' '
	}
	both 66 go <<-'WANT'
		/bin/busybox / 0 1 2 *
	WANT
}

@test "idmap and other options of volumes" {
	go () {
		mkdir -p "$SCRATCH/v/sub"
		chown 0:0 "$SCRATCH/v"
		t run1 --uidmap 0:100000:65536 --gidmap 0:100000:65536 -v "$SCRATCH/v:/v:idmap" box stat -c %u:%g /v
		t run1 -v "$SCRATCH/v:/v:rslave,ro,z" box sh -c 'touch /v/sub/x 2>/dev/null || echo refused'
	}
	lacks 'runc 1.1 has no id-mapped mounts, and ignores the option'
	both 38 go <<-'WANT'
		0:0
		refused
	WANT
}

@test "no state of coracle and no process is left by all of this" {
	go () {
		"$BATS_FILE_TMPDIR/bin/coracle" list --format json | jq -r --arg dir "$BATS_FILE_TMPDIR" '.[] | select (.bundle | startswith ($dir)) | .id'
		pgrep -f "$BATS_FILE_TMPDIR/bin/coracle"
	}
	alone 11 go </dev/null
}

@test "docs/podman.md: each command says what the page shows" {
	wrap podman timeout 60 "$(command -v podman)" --root "$BATS_FILE_TMPDIR/root" --runroot "$BATS_FILE_TMPDIR/run" --tmpdir "$BATS_FILE_TMPDIR/tmp" --storage-driver vfs \
		--cgroup-manager cgroupfs --events-backend file
	wrap coracle "$BATS_FILE_TMPDIR/bin/coracle"
	page podman.md
}
