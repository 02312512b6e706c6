#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Completions: each shell reads its own, and says what is expected of it.

load helpers

setup () {
	test_setup
	mkdir "$WORK/bin" "$WORK/zsh"
	ln -s "$(realpath "$CORACLE")" "$WORK/bin/coracle"
	coracle completion bash >"$WORK/bash"
	coracle completion zsh >"$WORK/zsh/_coracle"
	sed '$d' "$WORK/zsh/_coracle" >"$WORK/zsh-functions"	# the last line is for a first call in a terminal
	coracle completion fish >"$WORK/fish"
	config 'del (.linux.cgroupsPath)'
}

need_shell () { command -v "$1" >/dev/null || skip "$1 is not installed"; }
# What is proposed for the words, the last of which is being written; sorted, one a line.
in_bash () {
	PATH=$WORK/bin:$PATH bash -c 'source "$0"; COMP_WORDS=(coracle "$@"); COMP_CWORD=$#; __coracle; printf "%s\n" "${COMPREPLY[@]}"' "$WORK/bash" "$@" 3>&- | sort
}
in_fish () {
	PATH=$WORK/bin:$PATH HOME=$WORK fish --no-config -c 'source $argv[1]; complete -C "coracle $argv[2]"' "$WORK/fish" "$*" 3>&- | cut -f 1 | sort
}
# The functions of bashcompinit, called as it calls them.
in_zsh () {
	PATH=$WORK/bin:$PATH zsh -f -c 'compdef () { :; }; file=$1; shift; source $file
		() { emulate -L sh; setopt kshglob noshglob braceexpand; COMP_WORDS=(coracle "$@"); COMP_CWORD=$#; __coracle; printf "%s\n" "${COMPREPLY[@]}"; } "$@"' \
		zsh "$WORK/zsh-functions" "$@" 3>&- | sort
}

# The same questions in each shell. Options are asked for by their beginning, as fish hides them otherwise.
asked () { # in_SHELL
	local ask=$1
	runs create --bundle "$BUNDLE" "$ID-a"
	runs create --bundle "$BUNDLE" "$ID-b"
	answer () { local want=$1; shift; [ "$("$ask" "$@")" = "$want" ] || { echo "$ask $*: '$("$ask" "$@")', not '$want'"; return 1; }; }

	answer $'pause\nplan\nps' p
	answer pause pau
	answer pause --root "$WORK/x" --debug pau
	answer "--rootless" --rootl
	answer "--systemd-cgroup"$'\n'"--systemd-log" --sys
	answer $'--pid-file\n--pidfd-socket' create --pid
	answer "--leave-running" checkpoint --lea
	answer "--image-path" checkpoint --ima
	# after the id they are the container's
	answer "" exec "$ID-a" --pid
	# containers of that root; the value of an option is no operand
	answer "$ID-a"$'\n'"$ID-b" --root "$STATE" kill "$ID"
	answer "$ID-a"$'\n'"$ID-b" "--root=$STATE" exec --cwd /tmp -t "$ID"
	answer "$ID-b" --root "$STATE" mounts list "$ID-b"
	answer $'add\nlist\nremove' mounts ''
	answer $'bash\nfish\nzsh' completion ''
}

@test "completion: bash" {
	bash -n "$WORK/bash"
	asked in_bash
	# bash cuts words at "="
	[ "$(in_bash --root = "$STATE" kill "$ID")" = "$ID-a"$'\n'"$ID-b" ]
	# a new container has no id yet, a value is a file: left to the shell
	[ -z "$(in_bash --root "$STATE" run "$ID")" ]
	[ -z "$(in_bash run --bundle "")" ]
	! command -v shellcheck >/dev/null || shellcheck -s bash "$WORK/bash"
}

@test "completion: fish" {
	need_shell fish
	fish -n "$WORK/fish"
	asked in_fish
}

@test "completion: zsh" {
	need_shell zsh
	zsh -n "$WORK/zsh/_coracle"
	asked in_zsh
}

@test "completion: zsh, with a terminal" {
	need_shell zsh
	cat >"$WORK/type" <<-'ZSH'
		zmodload zsh/zpty
		zpty -b z zsh -f -i
		zpty -w z "PS1='> '; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; echo rea''dy"
		zpty -r -m z text '*ready*' || exit 1
		zpty -w -n z $'coracle pau\t'
		zpty -r -m z text '*pause *' && echo completed
	ZSH
	run env PATH="$WORK/bin:$PATH" HOME="$WORK" TERM=dumb timeout 30 zsh -f "$WORK/type" "$WORK/zsh" 3>&-
	says completed
}

@test "completion: every option and command is in each" {
	local command option shell
	for command in $("$CORACLE" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
		grep -q -- "-a $command " "$WORK/fish"
		for option in $("$CORACLE" "$command" --help | sed -nE 's/^  (-.,|   ) --([a-z0-9-]+).*/\2/p' | grep -vx help); do
			grep -q -- "'__coracle_at $command:0' -l $option " "$WORK/fish" || { echo "fish: $command --$option"; return 1; }
			for shell in "$WORK/bash" "$WORK/zsh/_coracle"; do
				grep -qE -- "^	$command:0:-\*\).* --$option[ \"]" "$shell" || { echo "$shell: $command --$option"; return 1; }
			done
		done
	done
}

@test "completion: another shell, and none" {
	fails completion tcsh
	says "bash, zsh or fish"
	fails completion
	says "missing argument"
}
