# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Pages of docs/ whose commands are run. Needs $top.
#
#	page PAGE [TAG]		each command in the console blocks of docs/PAGE, or in those marked "```console TAG", and what the page shows below
#				it, where an asterisk stands for anything. "# " is the prompt of root; "$ " of an ordinary user, who runs
#				commands by $PAGE_USER.
#	wrap NAME COMMAND…	what NAME means on a page; paths of the page are replaced by those of the test: /usr/local/bin/coracle, and
#				/srv/box by $PAGE_BOX

PAGE_USER=()

like () { # TEXT PATTERN
	local pattern
	pattern=$(sed 's/[][?\\]/\\&/g' <<<"$2")
	# shellcheck disable=SC2053
	[[ $1 == $pattern ]]
}

wrap () {
	local name=$1
	shift
	mkdir -p "$BATS_FILE_TMPDIR/wrap"
	{
		echo '#!/bin/bash'
		echo 'args=("$@")'
		echo "for i in \"\${!args[@]}\"; do"
		echo "case \${args[i]} in /usr/local/bin/coracle) args[i]=$BATS_FILE_TMPDIR/bin/coracle ;; /srv/box*) args[i]=${PAGE_BOX:-$BATS_FILE_TMPDIR/rootfs}\${args[i]#/srv/box} ;; esac"
		echo done
		printf 'exec'
		printf ' %q' "$@"
		echo ' "${args[@]}"'
	} >"$BATS_FILE_TMPDIR/wrap/$name"
	chmod +x "$BATS_FILE_TMPDIR/wrap/$name"
}

page_command () { # PROMPT COMMAND WANTED
	local got try user=()
	[ "$1" = '#' ] || user=("${PAGE_USER[@]}")
	# Silence is asked for once more: engines attach to a container while it runs, and one that only says a word may be gone by then.
	for try in 1 2; do
		( cd "$BATS_TEST_TMPDIR" && PATH=$BATS_FILE_TMPDIR/wrap:$PATH timeout -k 5 60 "${user[@]}" bash -c "$2" ) >"$BATS_TEST_TMPDIR/got" 2>&1 </dev/null 3>&- 4>&- || true
		got=$(cat "$BATS_TEST_TMPDIR/got")
		[ -z "$got" ] && [ "$try" = 1 ] && [ -n "$3" ] || break
	done
	like "$got" "${3%$'\n'}" || { printf '%s\nshould say:\n%sbut says:\n%s\n' "$2" "$3" "$got"; return 1; }
}

page () { # PAGE [TAG]
	local line block='' prompt='#' command='' want='' n=0
	while IFS= read -r line; do
		case $block$line in
		'```console'*) [ "$line" != "\`\`\`console${2:+ $2}" ] || block=: ;;
		':```' | ':# '* | ':$ '*)
			[ -z "$command" ] || { page_command "$prompt" "$command" "$want" && n=$((n + 1)); } || return 1
			command='' want='' prompt=${line:0:1}
			if [ "$line" = '```' ]; then block=''; else command=${line#??}; fi ;;
		:*) want+=$line$'\n' ;;
		esac
	done <"$top/docs/$1"
	[ "$n" -ge 4 ] || { echo "docs/$1: only $n commands found"; return 1; }
}
