#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Options: how they are read, and each of them at least once. The first test looks for them in the titles and calls of all files here and in
# tests/vm: an option without a test fails it. For options before the command a title says "global --OPTION".
load helpers

# The long options of a command, or of the program.
options_of () {
	local command=()

	[ "$1" = global ] || command=("$1")
	"$CORACLE" "${command[@]}" --help | sed -nE 's/^  (-.,|   ) --([a-z0-9-]+).*/\2/p' | grep -vx help
}
commands () { "$CORACLE" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'; }

# used COMMAND OPTION: somewhere COMMAND … --OPTION, or just --OPTION in the command's own file
used () {
	local own

	grep -qE "(^|[^a-z-])$1 ([^|;]* )?--$2([] =\",:)]|\$)" <<<"$lines_of_all" && return
	for own in "$BATS_TEST_DIRNAME/$1.bats" "$BATS_TEST_DIRNAME/../vm/guest/$1.bats"; do
		[ ! -e "$own" ] || ! grep -qE "^[^#]*[^a-z-]--$2([] =\",:)]|\$)" "$own" || return 0
	done
	return 1
}

@test "every option of every command is set by a test" {
	local lines_of_all command option missing=

	lines_of_all=$(grep -hE '^[^#]+--[a-z]' "$BATS_TEST_DIRNAME"/*.bats "$BATS_TEST_DIRNAME"/../vm/guest/*.bats)
	[ "$(commands | wc -l)" -ge 10 ]
	[ "$(options_of run | wc -l)" -ge 10 ]
	for command in global $(commands); do
		for option in $(options_of "$command"); do
			used "$command" "$option" || missing+="$command --$option; "
		done
	done
	[ -z "$missing" ] || { echo "no test sets: $missing"; return 1; }
}

# ---- the grammar -------------------------------------------------------------------------------------------------------------

@test "every command answers --help, -h and -? with its options and exit status 0" {
	local command word

	for command in $(commands); do
		for word in --help -h '-?' --usage; do
			run "$CORACLE" "$command" "$word"
			[ "$status" -eq 0 ] || { echo "$command $word: $status"; return 1; }
			says "usage: coracle $command"
			says "-h, --help"
		done
		run "$CORACLE" help "$command"
		[ "$status" -eq 0 ]
		says "usage: coracle $command"
	done
	run "$CORACLE" --help
	[ "$status" -eq 0 ]
	says "usage: coracle"
}

@test "a value may follow as the next word, after '=' or, for a letter, at once" {
	local form

	for form in "--bundle $BUNDLE" "--bundle=$BUNDLE" "-b $BUNDLE" "-b$BUNDLE" "-b=$BUNDLE" "-bundle $BUNDLE" "-bundle=$BUNDLE"; do
		# shellcheck disable=SC2086
		runs plan $form
		says "rootfs.path: $ROOTFS"
	done
}

@test "letters may be joined, the last with a value" {
	runs run -db "$BUNDLE" "$ID"
	wait_until has_status stopped
	runs delete "$ID"
}

@test "the last of two values counts; a flag takes true and false" {
	runs plan --bundle /nowhere --bundle "$BUNDLE"
	runs run -d --detach=false --bundle "$BUNDLE" "$ID"
	[ -z "$(ls -A "$STATE")" ]
	fails run --detach=perhaps --bundle "$BUNDLE" "$ID"
	says "option --detach: 'perhaps' is neither true nor false"
}

@test "options end at the first word that is none, and at --" {
	fails state "$ID" --help
	says "too many arguments, '--help' is the first"
	fails state -- --help
	says "container '--help' does not exist"
	fails kill "$ID" -9 x
	says "too many arguments"
}

@test "an unknown option is one line on stderr, an empty stdout, and exit status 1" {
	local words

	for words in "--bogus" "-Z" "--bogus=1" "run --bogus x" "state --bogus x" "kill -x y" "list --bogus" "create --bundel /x y"; do
		# shellcheck disable=SC2086
		"$CORACLE" $words >"$WORK/out" 2>"$WORK/err" && return 1
		# shellcheck disable=SC2086
		"$CORACLE" $words >/dev/null 2>&1 || [ $? -eq 1 ]
		[ ! -s "$WORK/out" ]
		[ "$(wc -l <"$WORK/err")" -eq 1 ] || { cat "$WORK/err"; return 1; }
		grep -q "^coracle: unknown option '" "$WORK/err" || { cat "$WORK/err"; return 1; }
	done
}

@test "an option whose value is missing says what podman looks for" {
	fails run --bundle
	says "option --bundle requires an argument"
	fails run -b
	says "option -b requires an argument"
	fails --root
	says "option --root requires an argument"
}

@test "a number must be one" {
	local n

	for n in x -1 1x '' 4294967296 0x10 1.5; do
		fails run --preserve-fds "$n" --bundle "$BUNDLE" "$ID"
		says "option --preserve-fds: '$n' is not a number from 0 to 4294967295"
	done
}

@test "too few and too many arguments name the usage" {
	local command

	for command in create start run state kill delete; do
		fails "$command"
		says "missing argument: usage: coracle $command"
	done
	for command in "create a b" "start a b" "run a b" "state a b" "kill a KILL c" "delete a b" "list a" "spec a" "features a"; do
		# shellcheck disable=SC2086
		fails $command
		says "too many arguments"
	done
}

@test "no command, and an unknown one" {
	run "$CORACLE"
	[ "$status" -eq 1 ]
	says "no command given"
	run "$CORACLE" frobnicate
	[ "$status" -eq 1 ]
	is "coracle: unknown command 'frobnicate'; \`coracle --help\` lists them"
}

@test "without --root and XDG_RUNTIME_DIR the state is in /tmp, in a directory that nobody else has made" {
	need_root
	mkdir "$WORK/tmp"
	# In a mount namespace with a /tmp of its own, and nowhere else.
	# shellcheck disable=SC2016
	run unshare -m --propagation private sh -c 'mount -t tmpfs -o mode=1777 tmpfs "$1" && mkdir "$1/bin" &&
		cp "$0" "$1/bin/coracle" && mount --move "$1" /tmp && chmod 755 /tmp/bin || exit 1
		u="setpriv --reuid=54321 --regid=54321 --clear-groups env -u XDG_RUNTIME_DIR /tmp/bin/coracle"
		mkdir /tmp/coracle-54321 && chown 54322 /tmp/coracle-54321
		$u list; $u delete --force x
		chown 54321 /tmp/coracle-54321 && chmod 777 /tmp/coracle-54321; $u state x
		chmod 700 /tmp/coracle-54321; $u list -q && echo fine' "$CORACLE" "$WORK/tmp" 3>&-
	refused="coracle: the state root '/tmp/coracle-54321' is not ours alone; use --root: operation not permitted"
	is "$refused
$refused
$refused
fine"
}

# ---- global options ----------------------------------------------------------------------------------------------------------

@test "global --root: the state is there, and nowhere else" {
	runs create --bundle "$BUNDLE" "$ID"
	[ -f "$STATE/$ID/state.json" ]
	run "$CORACLE" --root "$WORK/other" state "$ID"
	[ "$status" -eq 1 ]
	says "does not exist"
	runs delete --force "$ID"
	run "$CORACLE" --root / list
	[ "$status" -eq 1 ]
	says "option --root"
	run "$CORACLE" --root '' list
	[ "$status" -eq 1 ]
	says "option --root"
}

@test "global --root: missing directories are made, 0700" {
	runs --root "$WORK/a/b/c" run --bundle "$BUNDLE" "$ID"
	[ "$(stat -c %a "$WORK/a/b/c")" = 700 ]
	[ "$(stat -c %a "$WORK/a")" = 700 ]
}

@test "without --root the directory of an ordinary user is below XDG_RUNTIME_DIR" {
	need_root
	mkdir "$WORK/xdg" "$WORK/xdg/coracle" "$WORK/xdg/coracle/$ID" "$WORK/bin"
	cp "$CORACLE" "$WORK/bin/coracle"
	chown -R 54321 "$WORK/xdg"
	run setpriv --reuid=54321 --regid=54321 --clear-groups env XDG_RUNTIME_DIR="$WORK/xdg" "$WORK/bin/coracle" list -q
	[ "$status" -eq 0 ]
	is "$ID"
	# root's is not: sudo may keep the variable of the user
	XDG_RUNTIME_DIR=$WORK/xdg run "$CORACLE" list -q
	[ "$status" -eq 0 ]
	lacks "$ID"
}

@test "global --cgroup-manager: cgroupfs, systemd, disabled, and nothing else" {
	runs --cgroup-manager cgroupfs plan --bundle "$BUNDLE"
	says "cgroup.manager: cgroupfs"
	runs --cgroup-manager=disabled plan --bundle "$BUNDLE"
	says "cgroup.manager: disabled"
	config '.linux.cgroupsPath = "machine.slice:test:one"'
	runs --cgroup-manager systemd plan --bundle "$BUNDLE"
	says "cgroup.manager: systemd"
	says "cgroup.scope: test-one.scope"
	fails --cgroup-manager none plan --bundle "$BUNDLE"
	says "option --cgroup-manager: 'none' is not cgroupfs, systemd or disabled"
}

@test "global --systemd-cgroup: as --cgroup-manager=systemd, which wins if it says otherwise" {
	config '.linux.cgroupsPath = "machine.slice:test:one"'
	runs --systemd-cgroup plan --bundle "$BUNDLE"
	says "cgroup.manager: systemd"
	runs --systemd-cgroup=false --cgroup-manager=disabled plan --bundle "$BUNDLE"
	says "cgroup.manager: disabled"
	runs --systemd-cgroup --cgroup-manager=disabled plan --bundle "$BUNDLE"
	says "cgroup.manager: disabled"
}

@test "global --rootless: accepted, but not every word" {
	local value

	for value in true false auto; do
		runs --rootless "$value" run --bundle "$BUNDLE" "$ID"
		runs "--rootless=$value" run --bundle "$BUNDLE" "$ID"
	done
	fails --rootless perhaps run --bundle "$BUNDLE" "$ID"
	says "option --rootless: 'perhaps' is not true, false or auto"
}

@test "global --criu: accepted, with its value" {
	runs --criu /usr/sbin/criu run --bundle "$BUNDLE" "$ID"
	runs --criu=criu run --bundle "$BUNDLE" "$ID"
}

@test "global --audit: auto, no or require; what they do is in audit.bats" {
	local value
	for value in auto no; do
		runs "--audit=$value" run --bundle "$BUNDLE" "$ID"
	done
	fails --audit maybe run --bundle "$BUNDLE" "$ID"
	is "coracle: option --audit: 'maybe' is not auto, no or require"
}

# ---- create and run ----------------------------------------------------------------------------------------------------------

@test "create --bundle: the directory that paths are relative to; default: the current one" {
	runs create --bundle "$BUNDLE" "$ID"
	[ "$(coracle state "$ID" | jq -r .bundle)" = "$BUNDLE" ]
	runs delete --force "$ID"
	cd "$WORK"
	runs create -b bundle "$ID"
	[ "$(coracle state "$ID" | jq -r .bundle)" = "$BUNDLE" ]
	runs delete --force "$ID"
	cd "$BUNDLE"
	runs create "$ID"
	[ "$(coracle state "$ID" | jq -r .bundle)" = "$BUNDLE" ]
	fails create --bundle "$WORK/none" "$ID-2"
	says "no such file or directory"
}

@test "run --bundle: as create has it" {
	config 'sh ("echo here")'
	runs run --bundle "$BUNDLE" "$ID"
	is here
	cd "$BUNDLE"
	runs run "$ID"
	is here
	fails run --bundle "$WORK/none" "$ID"
	says "no such file or directory"
}

other_config () { jq '.process.args = ["/bin/sh", "-c", "echo other"]' "$BUNDLE/config.json" >"$1"; }

@test "create --config: another name in the bundle" {
	other_config "$BUNDLE/other.json"
	echo rubbish >"$BUNDLE/config.json"
	runs create --bundle "$BUNDLE" --config other.json "$ID"
	has_status created
	fails create --bundle "$BUNDLE" "$ID-2"
	says "config.json"
}

@test "run --config: another name in the bundle, or an absolute path" {
	other_config "$BUNDLE/other.json"
	other_config "$WORK/absolute.json"
	echo rubbish >"$BUNDLE/config.json"
	runs run --bundle "$BUNDLE" -f other.json "$ID"
	is other
	runs run --bundle "$BUNDLE" --config "$WORK/absolute.json" "$ID"
	is other
	fails run --bundle "$BUNDLE" --config none.json "$ID"
	says "none.json"
}

# with_terminal COMMAND…: a receiver of terminals at $WORK/tty.sock; what comes from the terminal is in $WORK/tty
with_terminal () {
	"$TEST_TOOLS/recvtty" "$WORK/tty.sock" </dev/null >"$WORK/tty" 2>"$WORK/tty.err" &
	receiver=$!
	wait_until grep -q ready "$WORK/tty.err"
	runs "$@"
}

@test "create --console-socket: the terminal is sent there" {
	config '.process.terminal = true' 'sh ("tty; exec sleep 100")'
	with_terminal create --bundle "$BUNDLE" --console-socket "$WORK/tty.sock" "$ID"
	runs start "$ID"
	wait_until grep -q /dev/ "$WORK/tty"
	runs delete --force "$ID"
	wait "$receiver" || true
}

@test "run --console-socket: the terminal is sent there" {
	config '.process.terminal = true' 'sh ("tty")'
	with_terminal run --detach --bundle "$BUNDLE" --console-socket "$WORK/tty.sock" "$ID"
	wait_until grep -q /dev/ "$WORK/tty"
	runs delete --force "$ID"
	wait "$receiver" || true
}

@test "create --pid-file: digits and no line break" {
	runs create --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	[ "$(coracle state "$ID" | jq .pid)" = "$(cat "$WORK/pid")" ]
	[ "$(tr -d 0-9 <"$WORK/pid" | wc -c)" -eq 0 ]
}

@test "run --pid-file: there while the container runs" {
	config 'sh ("exec sleep 100")'
	runs run --detach --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	[ "$(coracle state "$ID" | jq .pid)" = "$(cat "$WORK/pid")" ]
	runs delete --force "$ID"
}

with_pidfd () {
	"$TEST_TOOLS/recvfd" "$WORK/fd.sock" >"$WORK/fd" 2>"$WORK/fd.err" &
	receiver=$!
	wait_until grep -q ready "$WORK/fd.err"
	runs "$@"
	wait "$receiver"
}

@test "create --pidfd-socket: a pidfd of the process is sent there" {
	with_pidfd create --bundle "$BUNDLE" --pidfd-socket "$WORK/fd.sock" "$ID"
	grep -q "pidfd:$(coracle state "$ID" | jq .pid)" "$WORK/fd" || { cat "$WORK/fd"; return 1; }
}

@test "run --pidfd-socket: a pidfd of the process is sent there" {
	config 'sh ("exec sleep 100")'
	with_pidfd run --detach --bundle "$BUNDLE" --pidfd-socket "$WORK/fd.sock" "$ID"
	grep -q "pidfd:$(coracle state "$ID" | jq .pid)" "$WORK/fd" || { cat "$WORK/fd"; return 1; }
	runs delete --force "$ID"
}

# pivots COMMAND…: how often COMMAND changed the root with pivot_root; strace ends with the container
pivots () {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -f -qq -e trace=pivot_root -o "$WORK/trace" "$CORACLE" --root "$STATE" "$@" </dev/null >"$WORK/log" 2>&1 3>&- &
	tracer=$!
	[ "$1" = run ] || { wait_until has_status created && runs delete --force "$ID"; }
	wait "$tracer" || [ "$1" = create ]
	pivoted=$(grep -c 'pivot_root(.* = 0' "$WORK/trace") || true
}

@test "create --no-pivot: MS_MOVE and chroot" {
	pivots create --bundle "$BUNDLE" "$ID"
	[ "$pivoted" -eq 1 ]
	pivots create --no-pivot --bundle "$BUNDLE" "$ID"
	[ "$pivoted" -eq 0 ]
}

@test "run --no-pivot: MS_MOVE and chroot" {
	pivots run --bundle "$BUNDLE" "$ID"
	[ "$pivoted" -eq 1 ]
	pivots run --no-pivot --bundle "$BUNDLE" "$ID"
	[ "$pivoted" -eq 0 ]
	run_sh 'ls /bin/busybox; cd ..; ls -d bin' --no-pivot
	[ "$status" -eq 0 ]
	is $'/bin/busybox\nbin'
}

# /proc/keys shows the keys that the process possesses.
keyring () { config '.linux.maskedPaths = []' 'sh ("cat /proc/keys")'; }

@test "run --no-new-keyring: the caller's session keyring stays" {
	[ -e /proc/keys ] || skip "no keyrings in this kernel"
	keyring
	runs run --bundle "$BUNDLE" "$ID"
	says "_ses.$ID"
	runs run --bundle "$BUNDLE" --no-new-keyring "$ID-none"
	lacks "_ses.$ID-none"
}

@test "create --no-new-keyring: the caller's session keyring stays" {
	[ -e /proc/keys ] || skip "no keyrings in this kernel"
	keyring
	runs create --bundle "$BUNDLE" --no-new-keyring "$ID"
	coracle start "$ID"
	wait_until has_status stopped
	output=$(cat "$WORK/output")	# the container's, of create
	says keyring
	lacks "_ses.$ID"
}

@test "run --preserve-fds: N descriptors from 3 on, and no more" {
	echo three >"$WORK/3"
	echo four >"$WORK/4"
	config 'sh ("cat <&3; cat <&4; ls /proc/self/fd")'
	run "$CORACLE" --root "$STATE" run --preserve-fds 1 --bundle "$BUNDLE" "$ID" 3<"$WORK/3" 4<"$WORK/4"
	says three
	lacks four
	run "$CORACLE" --root "$STATE" run --preserve-fds 2 --bundle "$BUNDLE" "$ID" 3<"$WORK/3" 4<"$WORK/4"
	says three
	says four
}

@test "create --preserve-fds: N descriptors from 3 on; a hole is none" {
	echo five >"$WORK/5"
	config 'sh ("cat <&5 >/out")'
	"$CORACLE" --root "$STATE" create --preserve-fds 3 --bundle "$BUNDLE" "$ID" 5<"$WORK/5" 3<&- 4<&- </dev/null >/dev/null
	runs start "$ID"
	wait_until has_status stopped
	[ "$(cat "$ROOTFS/out")" = five ]
}

@test "create --no-subreaper: accepted, also with one dash" {
	runs create --no-subreaper --bundle "$BUNDLE" "$ID"
	runs delete --force "$ID"
	runs create -no-subreaper --bundle "$BUNDLE" "$ID"
}

@test "run --no-subreaper: accepted, also with one dash" {
	runs run --no-subreaper --bundle "$BUNDLE" "$ID"
	runs run -no-subreaper --bundle "$BUNDLE" "$ID"
}

@test "run --detach: returns while the container runs" {
	config 'sh ("exec sleep 100")'
	runs run --detach --bundle "$BUNDLE" "$ID"
	has_status running
	runs delete --force "$ID"
}

@test "run --keep: the state stays, for delete" {
	config 'sh ("exit 7")'
	run coracle run --keep --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 7 ]
	has_status stopped
	runs delete "$ID"
	run coracle run --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 7 ]
	[ -z "$(ls -A "$STATE")" ]
}

# ---- kill, delete --------------------------------------------------------------------------------------------------------------

@test "kill --signal: as the second argument" {
	config 'sh ("exec sleep 100")'
	runs run --detach --bundle "$BUNDLE" "$ID"
	fails kill --signal KILL "$ID" TERM
	says "the signal is given twice"
	runs kill --signal KILL "$ID"
	wait_until has_status stopped
	runs delete "$ID"
}

# Two processes of which pid 1 is the only one that KILL reaches by itself … in a pid namespace of its own: so, without one.
@test "kill --all: every process of the container" {
	config 'no_ns ("pid")' 'sh ("sleep 101 & exec sleep 102")'
	runs run --detach --bundle "$BUNDLE" "$ID"
	wait_until pgrep -f "sleep 101"
	runs kill --all "$ID" KILL
	wait_until has_status stopped
	wait_until eval '! pgrep -f "^sleep 101"'
	runs delete "$ID"
}

two_containers () {
	config 'sh ("exec sleep 100")' 'del (.linux.cgroupsPath)'
	runs run --detach --bundle "$BUNDLE" "$ID-a"
	runs run --detach --bundle "$BUNDLE" "$ID-b"
}

@test "kill --regex: all whose ID matches" {
	two_containers
	runs kill --regex "^$ID-[ab]\$" KILL
	wait_until has_status stopped "$ID-a"
	wait_until has_status stopped "$ID-b"
	fails kill --regex '(' KILL
	says "is not an extended regular expression"
	runs delete "$ID-a"
	runs delete "$ID-b"
}

@test "delete --regex, delete --force: all whose ID matches" {
	two_containers
	runs delete --regex --force "^$ID-a\$"
	fails state "$ID-a"
	has_status running "$ID-b"
	runs delete -rf "^$ID-"
	[ -z "$(ls -A "$STATE")" ]
}

@test "delete --force: a running container; a missing one is no error" {
	config 'sh ("exec sleep 100")'
	runs run --detach --bundle "$BUNDLE" "$ID"
	fails delete "$ID"
	says "not stopped"
	runs delete --force "$ID"
	runs delete --force "$ID"
	fails delete "$ID"
	says "does not exist"
}

# ---- plan ----------------------------------------------------------------------------------------------------------------------

@test "plan --bundle, plan --config: what would be created" {
	other_config "$BUNDLE/other.json"
	runs plan --bundle "$BUNDLE" --config other.json
	says "echo other"
	fails plan --bundle "$WORK"
	says "config.json"
}

@test "plan --format: text or json" {
	runs plan --bundle "$BUNDLE" --format text
	says "rootfs.path: $ROOTFS"
	runs plan --bundle "$BUNDLE" --format json
	[ "$(jq -r .rootfs.path <<<"$output")" = "$ROOTFS" ]
	fails plan --bundle "$BUNDLE" --format yaml
	says "option --format: 'yaml' is neither text nor json"
}

@test "plan --no-pivot, plan --no-new-keyring: as in create" {
	runs plan --bundle "$BUNDLE"
	says "_ses."
	lacks "noPivot: yes"
	runs plan --bundle "$BUNDLE" --no-pivot --no-new-keyring
	lacks "_ses."
	says "noPivot: yes"
}

# ---- checkpoint, restore: that they are understood; what they do is tested where CRIU runs (tests/vm) ---------------------------

# understood COMMAND OPTION…: the command goes on to look for the container, or for its bundle
understood () {
	fails "$@" "$ID"
	[[ "$output" == *"container '$ID' does not exist"* || "$output" == *"open 'config.json'"* ]] || { echo "$*: $output"; return 1; }
}

@test "checkpoint: the options of both peers" {
	understood checkpoint --image-path "$WORK/i" --work-path "$WORK/w" --parent-path ../p
	understood checkpoint --leave-running --pre-dump
	understood checkpoint --tcp-established --tcp-skip-in-flight
	understood checkpoint --link-remap --ext-unix-sk --shell-job --file-locks --auto-dedup
	understood checkpoint --lazy-pages --status-fd 1 --page-server 127.0.0.1:27
	understood checkpoint --empty-ns network
	understood checkpoint --manage-cgroups-mode full
	understood checkpoint --network-lock nftables
}

@test "restore: the options of both peers, and podman's question" {
	cd "$WORK"	# no bundle
	understood restore --image-path "$WORK/i" --work-path "$WORK/w"
	understood restore --bundle . --config config.json --pid-file "$WORK/pid" --detach --console-socket "$WORK/none"
	understood restore --no-pivot --no-new-keyring --no-subreaper
	understood restore -no-subreaper
	understood restore --tcp-established --tcp-close
	understood restore --ext-unix-sk --shell-job --file-locks --auto-dedup --lazy-pages
	understood restore --empty-ns network
	understood restore --manage-cgroups-mode=ignore
	understood restore --network-lock skip
	understood restore --lsm-profile=selinux:a_u:b_r:c_t:s0 --lsm-mount-context system_u:object_r:x_t:s0
	fails restore --lsm-mount-context
	says "requires an argument"
}
