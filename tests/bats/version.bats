#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --version, in the words that docker, containerd and podman look for.
load helpers

@test "global --version: name, version, commit, specification, features" {
	runs --version
	[[ "${lines[0]:-${output%%$'\n'*}}" =~ ^coracle\ version\ [0-9]+\.[0-9]+\.[0-9]+ ]]
	mapfile -t line <<<"$output"
	[[ "${line[1]}" =~ ^commit:\ [0-9a-f]{12}$|^commit:\ unknown$ ]]
	[ "${line[2]}" = "spec: 1.3.0" ]
	[[ "${line[3]}" =~ ^([+-][A-Z0-9_]+\ ?)+$ ]]
	[ "${#line[@]}" -eq 4 ]
}

# docker takes the last line with the word; what stands before it is the name.
@test "global --version: one line only has the word" {
	runs --version
	[ "$(grep -c version <<<"$output")" -eq 1 ]
}

@test "global --version: -v and -V; the rest of the line does not matter" {
	"$CORACLE" --version >"$WORK/version"
	"$CORACLE" -v | cmp - "$WORK/version"
	"$CORACLE" -V | cmp - "$WORK/version"
	"$CORACLE" --version features | cmp - "$WORK/version"
	"$CORACLE" --log /nowhere/log --root /nowhere --version | cmp - "$WORK/version"
}

@test "global --version: features name what the build has" {
	runs --version
	says "+SECCOMP"
	"$CORACLE" features >"$WORK/features"
	[ "$(jq -r '.annotations["run.oci.coracle.version"]' "$WORK/features")" = "$(sed -n '1s/.* //p' <<<"$output")" ]
	[ "$(jq -r '.annotations["run.oci.coracle.commit"]' "$WORK/features")" = "$(sed -n '2s/.* //p' <<<"$output")" ]
	[ "$(jq '.linux.cgroup.systemd' "$WORK/features")" = "$(grep -q -- +SYSTEMD <<<"$output" && echo true || echo false)" ]
}

@test "a standard output that is full is an error" {
	run sh -c "'$CORACLE' --version >/dev/full"
	[ "$status" -eq 1 ]
	is "coracle: standard output cannot be written to"
	run sh -c "'$CORACLE' --help >/dev/full"
	[ "$status" -eq 1 ]
}

@test "the version is one write: a reader that wants its first line only makes no error of the rest" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -e trace=write,writev -o "$WORK/trace" "$CORACLE" --version | grep -q '^spec: '
	[ "$(wc -l <"$WORK/trace")" -eq 1 ]
}
