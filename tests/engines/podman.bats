#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# podman and conmon with coracle below them.

load engines.bash

pod () {
	podman --root "$BATS_FILE_TMPDIR/root" --runroot "$BATS_FILE_TMPDIR/run" --tmpdir "$BATS_FILE_TMPDIR/tmp" --storage-driver vfs \
		--cgroup-manager cgroupfs --events-backend file --runtime "$BATS_FILE_TMPDIR/bin/coracle" "$@" 3>&- 4>&-
}
prun () { pod run --rm --network none "$@"; }

setup_file () {
	[ "$(id -u)" -eq 0 ] && command -v podman conmon >/dev/null || return 0
	install_coracle
	cat >"$BATS_FILE_TMPDIR/containers.conf" <<-CONF
		[engine]
		runtime_supports_json = ["coracle", "crun", "runc"]
		runtime_supports_nocgroup = ["coracle", "crun"]
	CONF
	export CONTAINERS_CONF=$BATS_FILE_TMPDIR/containers.conf
	make_image "$BATS_FILE_TMPDIR/image.tar"
	pod import "$BATS_FILE_TMPDIR/image.tar" localhost/box:latest >"$BATS_FILE_TMPDIR/import.log" 2>&1 || true
}
teardown_file () {
	command -v podman >/dev/null && [ -d "$BATS_FILE_TMPDIR/root" ] || return 0
	pod rm -f -a -t 0 >/dev/null 2>&1 || true
}
setup () {
	need podman conmon
	pod image exists localhost/box:latest || skip "podman does not work here: $(tail -n 1 "$BATS_FILE_TMPDIR/import.log")"
}

@test "podman run prints, and passes the exit status on" {
	succeeds prun box echo hello
	[ "$output" = hello ]
	run prun box sh -c 'exit 42'
	[ "$status" -eq 42 ]
}

@test "podman: a program that does not exist is 127, one that cannot be executed 126" {
	run prun box /no/such
	[ "$status" -eq 127 ] || { echo "$status: $output"; return 1; }
	run prun box nosuch
	[ "$status" -eq 127 ] || { echo "$status: $output"; return 1; }
	run prun box /etc/plain
	[ "$status" -eq 126 ] || { echo "$status: $output"; return 1; }
}

@test "podman run -d, exec, logs, stop, rm" {
	succeeds pod run -d --network none --name one box sh -c 'trap "exit 3" TERM; echo started; while :; do sleep 0.1; done'
	succeeds pod exec one sh -c 'echo in $$; exit 0'
	run pod exec one sh -c 'exit 7'
	[ "$status" -eq 7 ]
	run pod exec one /no/such
	[ "$status" -eq 127 ] || { echo "$status: $output"; return 1; }
	succeeds pod logs one
	contains started
	succeeds pod stop -t 5 one
	succeeds pod inspect -f '{{.State.ExitCode}} {{.State.Status}}' one
	contains "3 exited"
	succeeds pod rm one
}

@test "podman start of a created container, twice" {
	succeeds pod create --network none --name two box echo again
	succeeds pod start -a two
	contains again
	succeeds pod start -a two
	contains again
	succeeds pod rm two
}

@test "podman kill ends a container that ignores TERM" {
	succeeds pod run -d --network none --name three box sleep 1000
	succeeds pod kill -s KILL three
	succeeds pod wait three
	[ "$output" = 137 ]
	succeeds pod rm three
}

@test "podman pause and unpause" {
	succeeds pod run -d --network none --name four box sleep 1000
	run pod pause four
	[ "$status" -eq 0 ] || { pod rm -f -t 0 four; [[ "$output" == *freez* ]] && skip "no freezer here"; echo "$output"; return 1; }
	succeeds pod inspect -f '{{.State.Status}}' four
	[ "$output" = paused ]
	succeeds pod unpause four
	succeeds pod rm -f -t 0 four
}

@test "podman run -t gives a terminal" {
	succeeds prun -t box sh -c 'tty && stty size'
	contains /dev/pts
	run bash -c "$(declare -f pod prun); BATS_FILE_TMPDIR='$BATS_FILE_TMPDIR'; prun -t box tty | od -c"
	contains '\r  \n'
}

@test "podman: user, workdir, env, hostname" {
	succeeds prun --user 1000:1000 -w /tmp -e COLOUR=blue --hostname ship box sh -c 'id -u; id -g; pwd; echo $COLOUR; hostname'
	[ "$output" = $'1000\n1000\n/tmp\nblue\nship' ]
}

@test "podman: a user's stderr can be opened again" {
	succeeds prun --user 1000 box sh -c 'echo oops >/dev/stderr'
	contains oops
}

@test "podman: read-only root, tmpfs, volumes" {
	mkdir -p "$BATS_TEST_TMPDIR/v"
	run prun --read-only --read-only-tmpfs=false box touch /file
	[ "$status" -ne 0 ]
	contains "Read-only"
	succeeds prun --read-only --tmpfs /scratch box touch /scratch/file
	succeeds prun -v "$BATS_TEST_TMPDIR/v:/v" box touch /v/made
	[ -e "$BATS_TEST_TMPDIR/v/made" ]
	run prun -v "$BATS_TEST_TMPDIR/v:/v:ro" box touch /v/other
	[ "$status" -ne 0 ]
}

@test "podman: capabilities, no new privileges, seccomp" {
	succeeds prun --cap-drop all box grep CapEff /proc/self/status
	contains 0000000000000000
	succeeds prun --cap-drop all --cap-add kill box grep CapEff /proc/self/status
	contains 0000000000000020
	succeeds prun --security-opt no-new-privileges box grep NoNewPrivs /proc/self/status
	contains 1
	succeeds prun box grep Seccomp: /proc/self/status
	contains 2
	succeeds prun --security-opt seccomp=unconfined box grep Seccomp: /proc/self/status
	contains 0
}

@test "podman: what must be hidden is hidden" {
	succeeds prun box sh -c 'wc -c </proc/kcore; ls /proc/scsi /sys/firmware 2>/dev/null | wc -l'
	[[ "$output" == 0* ]]
	run prun box sh -c 'echo 1 >/proc/sys/kernel/sysrq'
	[ "$status" -ne 0 ]
}

@test "podman: user namespace with id maps" {
	run prun --uidmap 0:100000:65536 --gidmap 0:100000:65536 box cat /proc/self/uid_map
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	contains 100000
}

@test "podman: --cgroups=disabled, --pid=host, --ipc=host, --privileged" {
	succeeds prun --cgroups=disabled box true
	succeeds prun --pid=host box true
	succeeds prun --ipc=host box true
	run prun --privileged box true
	[ "$status" -eq 0 ] || { [[ "$output" == *RLIMIT* || "$output" == *rlimit* ]] && skip "no CAP_SYS_RESOURCE here"; echo "$output"; return 1; }
}

@test "podman: a limit on processes is in the cgroup" {
	run prun --pids-limit 50 box true
	[ "$status" -eq 0 ] || { [[ "$output" == *"pids"* ]] && skip "no pids controller here"; echo "$output"; return 1; }
}

@test "podman: preserved descriptors, and no others" {
	succeeds prun --preserve-fds 1 box ls /proc/self/fd 3</dev/null
	run bash -c "$(declare -f pod prun); BATS_FILE_TMPDIR='$BATS_FILE_TMPDIR'; prun box ls /proc/self/fd"
	[ "$(wc -w <<<"$output")" -le 4 ] || { echo "$output"; return 1; }
}

@test "podman: a pod shares its namespaces" {
	succeeds pod pod create --network none --infra=false --name crew
	succeeds pod run --rm --pod crew box echo aboard
	contains aboard
	succeeds pod pod rm -f crew
}

@test "podman build runs a RUN line" {
	command -v buildah >/dev/null || true
	mkdir -p "$BATS_TEST_TMPDIR/context"
	printf 'FROM localhost/box:latest\nRUN echo built >/etc/built\nUSER 1000\nCMD cat /etc/built\n' >"$BATS_TEST_TMPDIR/context/Containerfile"
	succeeds pod build --network none --isolation oci -t localhost/built "$BATS_TEST_TMPDIR/context"
	succeeds prun localhost/built
	[ "$output" = built ]
}

@test "podman: login uid of the caller" {
	before=$(cat /proc/self/loginuid)
	succeeds prun box cat /proc/self/loginuid
	[ "$output" = "$before" ]
}

@test "podman: a container that runs on is found stopped after its end, and nothing is left" {
	succeeds pod run -d --network none --name five box sleep 0.2
	succeeds pod wait five
	succeeds pod rm five
	! pgrep -f "$BATS_FILE_TMPDIR/bin/coracle"
}
