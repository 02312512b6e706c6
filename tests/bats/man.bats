#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Manual pages: one for each command, with its usage and all of its options, that man can read.

top=$(cd "${BATS_TEST_DIRNAME}/../.." && pwd)
CORACLE=${CORACLE:-$top/build/release/coracle}

setup_file () { "$top/man/build" "$BATS_FILE_TMPDIR/man" "$(realpath "$CORACLE")"; }
commands () { "$CORACLE" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'; }
# Words, without the macros.
text_of () { sed 's/\\-/-/g; s/\\f.//g; s/\\&//g' "$BATS_FILE_TMPDIR/man/$1"; }

@test "man: a page for each command, written and not only generated" {
	local command
	[ "$(commands | wc -l)" -ge 20 ]
	for command in $(commands); do
		[ -s "$BATS_FILE_TMPDIR/man/coracle-$command.8" ] || { echo "no page: $command"; return 1; }
		[ -s "$top/man/$command.md" ] || { echo "man/$command.md is missing"; return 1; }
		grep -q "^\.BR coracle.-$command (8)" "$BATS_FILE_TMPDIR/man/coracle.8" || { echo "coracle(8) does not mention coracle-$command(8)"; return 1; }
	done
	# and none of a command that is no more
	for command in "$BATS_FILE_TMPDIR"/man/coracle-*.8; do
		command=${command##*/coracle-}
		commands | grep -qx "${command%.8}" || { echo "a page of nothing: $command"; return 1; }
	done
}

@test "man: each has the usage and the options of --help" {
	local command option
	for command in $(commands); do
		text_of "coracle-$command.8" >"$BATS_TEST_TMPDIR/text"
		grep -q "^.B coracle $command " "$BATS_TEST_TMPDIR/text"
		for option in $("$CORACLE" "$command" --help | sed -nE 's/^  (-.,|   ) --([a-z0-9-]+).*/\2/p'); do
			grep -qE "^\.B (-., )?--$option( |\$)" "$BATS_TEST_TMPDIR/text" || { echo "$command: no --$option"; return 1; }
		done
	done
	text_of coracle.8 >"$BATS_TEST_TMPDIR/text"
	for option in $("$CORACLE" --help | sed -nE 's/^  (-.,|   ) --([a-z0-9-]+).*/\2/p'); do
		grep -qE "^\.B (-., )?--$option( |\$)" "$BATS_TEST_TMPDIR/text" || { echo "coracle: no --$option"; return 1; }
	done
}

@test "man: formats without a warning" {
	command -v groff >/dev/null || skip "groff is not installed"
	local page
	for page in "$BATS_FILE_TMPDIR"/man/*.[1-9]; do
		run groff -k -man -Tutf8 -ww -W file -z -- "$page"
		[ -z "$output" ] || { echo "$page: $output"; return 1; }
	done
}

@test "man: an option that the prose names is one of that command, or of one that it names" {
	local command option all
	all=$(for command in $(commands); do "$CORACLE" "$command" --help; done; "$CORACLE" --help)
	for command in $(commands); do
		for option in $(grep -oE '`--[a-z0-9-]+' "$top/man/$command.md" | tr -d '`' | sort -u); do
			grep -qE -- " $option( |\$)" <<<"$all" || { echo "man/$command.md: $option is nobody's"; return 1; }
		done
	done
}
