#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# buildah: it polls `state`, waits for init itself, and sends `delete` without --force.

load engines.bash

build () {
	timeout --foreground -k 5 120 buildah --root "$BATS_FILE_TMPDIR/root" --runroot "$BATS_FILE_TMPDIR/run" --storage-driver vfs "$@"
}
binary () { if [ "$RUNTIME" = coracle ]; then echo "$BATS_FILE_TMPDIR/bin/coracle"; else command -v "$RUNTIME"; fi; }
in_box () { build run --network none --isolation oci --runtime "$(binary)" "$@"; }
bud () { build bud --network none --isolation oci --runtime "$(binary)" --no-cache -q "$@"; }

setup_file () {
	[ "$(id -u)" -eq 0 ] && command -v buildah >/dev/null || return 0
	forget_results
	install_coracle
	make_image "$BATS_FILE_TMPDIR/image.tar"
	{ build from --name box scratch && build add box "$BATS_FILE_TMPDIR/image.tar" / && build commit box localhost/box; } >"$BATS_FILE_TMPDIR/from.log" 2>&1 3>&- 4>&- || true
}
setup () {
	need buildah "$REFERENCE"
	build inspect --type image localhost/box >/dev/null 2>&1 3>&- 4>&- || skip "buildah does not work here: $(tail -n 1 "$BATS_FILE_TMPDIR/from.log")"
}

@test "run: output, exit status, errors" {
	go () {
		t in_box box -- echo hi
		code in_box box -- sh -c 'exit 9'
		finds 'no such file or directory' in_box box -- /no/such
	}
	both 4 go <<-'WANT'
		hi
		9
		no such file or directory
	WANT
}

@test "run: a user, a volume, a terminal, standard input" {
	go () {
		mkdir -p "$SCRATCH/v"
		t in_box --user 1000 -v "$SCRATCH/v:/v:ro" box -- sh -c 'id -u; touch /v/x 2>/dev/null || echo refused'
		t in_box -t box -- tty | tr -d '\r'
		echo through | t in_box box -- cat
		t in_box box -- sh -c 'ls /proc/1/fd; :' | tr '\n' ' '
	}
	both 4,20 go <<-'WANT'
		1000
		refused
		/dev/pts/*
		through
		0 1 2 *
	WANT
}

@test "bud: RUN lines, users, a line that fails" {
	go () {
		mkdir -p "$SCRATCH/context"
		printf 'FROM localhost/box\nRUN echo built >/etc/built; id -u >/etc/first\nUSER 1000\nRUN id -u >/tmp/second\n' >"$SCRATCH/context/Containerfile"
		t bud -t localhost/built "$SCRATCH/context" | grep -v -E '^[0-9a-f]{64}$'
		build from --name built localhost/built >/dev/null
		t in_box built -- cat /etc/built /etc/first /tmp/second
		build rm built >/dev/null
		printf 'FROM localhost/box\nRUN exit 3\n' >"$SCRATCH/context/Containerfile"
		code bud "$SCRATCH/context"
		printf 'FROM localhost/box\nRUN ["/no/such"]\n' >"$SCRATCH/context/Containerfile"
		finds 'no such file or directory' bud "$SCRATCH/context"
	}
	both 4 go <<-'WANT'
		built
		0
		1000
		3
		no such file or directory
	WANT
}

# buildahs PID: what is below it and is buildah; not the container.
buildahs () {
	local p
	for p in $(pgrep -P "$1"); do
		[[ $(readlink "/proc/$p/exe") != */buildah ]] || echo "$p"
		buildahs "$p"
	done
}

@test "a RUN line is not left running when buildah is told to end" {
	go () {
		mkdir -p "$SCRATCH/context"
		printf 'FROM localhost/box\nRUN sleep 4319 & wait\n' >"$SCRATCH/context/Containerfile"
		bud "$SCRATCH/context" >/dev/null 2>&1 &
		wait_for pgrep -f '^sleep 4319'
		buildahs $! | xargs kill -TERM
		wait
		wait_for sh -c "! pgrep -f '^sleep 4319'" && echo ended
	}
	both 52 go <<-'WANT'
		ended
	WANT
}

@test "docs/buildah.md: each command says what the page shows" {
	wrap buildah timeout 60 "$(command -v buildah)" --root "$BATS_FILE_TMPDIR/root" --runroot "$BATS_FILE_TMPDIR/run" --storage-driver vfs
	page buildah.md
}
