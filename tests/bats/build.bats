#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The makefile: toggles, compilers, installing.

setup () {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	unset MAKEFLAGS MAKELEVEL MFLAGS VARIANT
}

build () { make --no-print-directory -j"$(nproc)" "$@"; }

# -O2: it inlines more than our -Os, and so warns of more.
@test "the source builds without a warning with glibc" {
	run build VARIANT=glibc LIBC=glibc CFLAGS="-O2 -g"
	[ "$status" -eq 0 ] || { echo "$output" | tail -n 20; return 1; }
	run build/glibc/coracle --version
	[ "$status" -eq 0 ]
}

@test "the source builds without a warning with clang" {
	command -v clang >/dev/null || skip "clang is not installed"
	run build VARIANT=clang CC=clang CFLAGS="-O2 -g"
	[ "$status" -eq 0 ] || { echo "$output" | tail -n 20; return 1; }
	run build/clang/coracle --version
	[ "$status" -eq 0 ]
}

@test "a feature that is demanded and missing is an error that names it" {
	run env PKG_CONFIG_LIBDIR=/nonexistent make WITH_SELINUX=yes help
	[ "$status" -ne 0 ]
	[[ "$output" == *"WITH_SELINUX=yes"* ]]
}

@test "a feature can be left out, and --version says so" {
	run build VARIANT=small WITH_CRIU=no WITH_SELINUX=no build/small/config.h
	[ "$status" -eq 0 ]
	grep -q -- '-CRIU' build/small/config.h
	grep -q 'HAVE_SELINUX 0' build/small/config.h
}

@test "without systemd the option says so" {
	run build VARIANT=nosystemd WITH_SYSTEMD=no
	[ "$status" -eq 0 ] || { echo "$output" | tail -n 20; return 1; }
	run build/nosystemd/coracle --systemd-cgroup list
	[ "$status" -ne 0 ]
	[[ "$output" == *"built without systemd; use --cgroup-manager=cgroupfs"* ]]
}

@test "a toggle is auto, yes or no" {
	run make WITH_CRIU=perhaps help
	[ "$status" -ne 0 ]
	[[ "$output" == *"auto, yes or no"* ]]
}

@test "the program of the default build needs no shared library" {
	command -v musl-gcc >/dev/null || skip "musl-gcc is not installed"
	run build # a clean tree, where CORACLE is another variant
	[ "$status" -eq 0 ] || { echo "$output" | tail -n 20; return 1; }
	run file -L build/release/coracle
	if [ "$status" -eq 0 ]; then
		[[ "$output" == *"statically linked"* ]]
	else
		! ldd build/release/coracle
	fi
}

@test "install puts everything below DESTDIR, uninstall takes it away again" {
	dest=$BATS_TEST_TMPDIR/dest
	run build install DESTDIR="$dest" PREFIX=/usr
	[ "$status" -eq 0 ] || { echo "$output" | tail -n 20; return 1; }
	[ -x "$dest/usr/bin/coracle" ]
	[ -x "$dest/usr/libexec/coracle/coracle-helper" ]
	[ -s "$dest/usr/share/coracle/podman/50-coracle.conf" ]
	[ -s "$dest/usr/share/bash-completion/completions/coracle" ]
	[ -z "$(find "$dest" -perm /6000)" ]	# nothing with the rights of another
	run build uninstall DESTDIR="$dest" PREFIX=/usr
	[ "$status" -eq 0 ]
	left=$(find "$dest" ! -type d)
	[ -z "$left" ] || { echo "left: $left"; return 1; }
}

@test "make dist gives a tarball that knows its commit" {
	git -c safe.directory='*' rev-parse HEAD >/dev/null 2>&1 || skip "not a git checkout"
	run build dist
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	run tar tzf build/coracle-*.tar.gz
	[[ "$output" == *"/Makefile"* ]]
	[[ "$output" == *"/.commit"* ]]
}
