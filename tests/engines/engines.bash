# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Shared by the tests of engines. Each case is a function that drives an engine and prints what it said; `both` runs it with coracle
# and with the reference runtime (ENGINE_REFERENCE, runc if not set) on the same machine and compares both with what is wanted.
#
#	both CONTRACT FUNCTION <<WANTED		CONTRACT: numbers in contract.txt that the case proves, "1,6"; or -
#	t COMMAND…		inside a case: the output of the command, then "= STATUS" if that is not 0
#	code COMMAND…		inside a case: only the exit status
#	finds TEXT COMMAND…	inside a case: TEXT, if the output contains it
#	$RUNTIME		inside a case: "coracle" or the reference
#	lacks TEXT		before `both`: why the reference is known to fail here; the table shows it
#
# In WANTED an asterisk stands for anything. What became of a case:
#	coracle wanted,  reference wanted	passed
#	coracle wanted,  reference not		passed; the table says that the reference differs
#	coracle not,     reference wanted	failed
#	neither					skipped, with what the reference said, if both say the same but for the words of errors:
#						the machine or the engine cannot do it; else failed
#
# Results go to $ENGINE_RESULTS (build/test-logs/engines): tests/engines/report makes the table, summary.bats the checklist.

top=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
coracle=$(realpath "${CORACLE:-$top/build/release/coracle}")
TEST_TOOLS=${TEST_TOOLS:-$top/build/tools}
REFERENCE=${ENGINE_REFERENCE:-runc}
ENGINE_RESULTS=${ENGINE_RESULTS:-$top/build/test-logs/engines}
ENGINE=$(basename "$BATS_TEST_FILENAME" .bats)
. "$top/tests/page.bash"

bats_require_minimum_version 1.5.0

need_root () { [ "$(id -u)" -eq 0 ] || skip "needs root"; }
need () { # PROGRAM…
	local p
	need_root
	for p; do
		command -v "$p" >/dev/null || skip "$p is not installed"
	done
}

# For setup_file: results of an earlier run do not count.
forget_results () {
	mkdir -p "$ENGINE_RESULTS/transcripts"
	rm -f "$ENGINE_RESULTS/transcripts/$ENGINE".*
	: >"$ENGINE_RESULTS/$ENGINE.tsv"
}

# A root file system as a tar archive: busybox, a file that is no program, a link, a user.
make_image () { # FILE
	local dir=$BATS_FILE_TMPDIR/image
	"$top/tools/make-bundle" "$dir" "$coracle" >/dev/null
	echo "no program" >"$dir/rootfs/etc/plain"
	ln -s /etc/plain "$dir/rootfs/etc/link"
	local tool
	for tool in sdnotify serve; do [ ! -e "$TEST_TOOLS/$tool" ] || cp "$TEST_TOOLS/$tool" "$dir/rootfs/bin/$tool"; done
	tar -C "$dir/rootfs" -cf "$1" .
}

# The program as engines know it: by a name of its own, in a directory that may be searched. A copy, as a user in a test cannot
# always reach the build tree.
install_coracle () { # [DIRECTORY]
	local dir=${1:-$BATS_FILE_TMPDIR/bin}
	mkdir -p "$dir"
	cp "$coracle" "$dir/coracle"
	[ ! -e "${coracle%/*}/coracle-helper" ] || cp "${coracle%/*}/coracle-helper" "$dir/coracle-helper"
}

t () {
	local s=0
	"$@" 2>&1 || s=$?
	[ "$s" -eq 0 ] || echo "= $s"
}
code () {
	local s=0
	"$@" >/dev/null 2>&1 || s=$?
	echo "$s"
}

# finds TEXT COMMAND…: prints TEXT if the output of the command contains it, else the output
finds () {
	local text=$1 out
	shift
	out=$("$@" 2>&1)
	[[ "$out" == *"$text"* ]] && out=$text
	echo "$out"
}

# wait_for COMMAND…: until it succeeds, at most 10 s; for what an engine does in its own time
wait_for () {
	local end=$((SECONDS + 11))
	while [ "$SECONDS" -lt "$end" ]; do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	echo "waited in vain for: $*"
	return 1
}

nobody () { ! pgrep -f "$1" >/dev/null; } # has PATTERN in its command line

# To a file, not a pipe: nobody has to wait for containers that go on. bats' own descriptors are not for them.
transcript () { # RUNTIME FUNCTION
	local out=$ENGINE_RESULTS/transcripts/$ENGINE.$BATS_TEST_NUMBER.$1
	(
		set +eET
		trap - ERR DEBUG
		export RUNTIME=$1
		SCRATCH=$BATS_TEST_TMPDIR/$1
		mkdir -p "$SCRATCH"
		"$2"
		[ "$(type -t left_behind)" != function ] || left_behind
	) >"$out" 2>&1 </dev/null 3>&- 4>&-
	cat "$out"
}

# Error texts are a runtime's own, and name it.
without_errors () { grep -v -i -E "error|$REFERENCE|coracle|^waited" || true; }

record () { # CONTRACTS OURS THEIRS
	mkdir -p "$ENGINE_RESULTS"
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$ENGINE" "$BATS_TEST_DESCRIPTION" "$2" "$3" "$1" "${LACKS:-}" >>"$ENGINE_RESULTS/$ENGINE.tsv"
}
lacks () { LACKS=$1; }

both () {
	local contracts=$1 f=$2 want ours theirs a=ok b=ok

	want=$(cat)
	ours=$(transcript coracle "$f")
	theirs=$(transcript "$REFERENCE" "$f")
	like "$ours" "$want" || a=no
	like "$theirs" "$want" || b=no
	record "$contracts" "$a" "$b"
	[ "$a$b" != okno ] || diff <(echo "$want") <(echo "$theirs") | sed "s/^/$REFERENCE differs: /" || true
	[ "$a" = no ] || return 0
	diff --label wanted --label "coracle" -u <(echo "$want") <(echo "$ours") || true
	[ "$b" = no ] && [ "$(without_errors <<<"$ours")" = "$(without_errors <<<"$theirs")" ] || return 1
	skip "neither coracle nor $REFERENCE here: $(diff <(echo "$want") <(echo "$theirs") | grep '^>' | head -n 1 | cut -c 3-160)"
}

# For what no reference can be asked: our own conventions, or a runtime's own state.
alone () { # CONTRACTS FUNCTION <<WANTED
	local contracts=$1 f=$2 want ours

	want=$(cat)
	ours=$(transcript coracle "$f")
	if like "$ours" "$want"; then
		record "$contracts" ok -
		return
	fi
	record "$contracts" no -
	diff --label wanted --label "coracle" -u <(echo "$want") <(echo "$ours")
}
