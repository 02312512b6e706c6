#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The words that engines look for in our messages, and where they find them: one line on standard error, one object in the log.

load helpers

# error ARG…: the command fails; $output is what it said on stderr, and the log has the same.
error () {
	rm -f "$WORK/log"
	status=0
	timeout 30 "$CORACLE" --root "$STATE" --log "$WORK/log" --log-format json "$@" >"$WORK/stdout" 2>"$WORK/stderr" </dev/null 3>&- || status=$?
	output=$(cat "$WORK/stderr")
	[ "$status" -eq "${expected:-1}" ] || { echo "exit status $status: $output"; return 1; }
	[ ! -s "$WORK/stdout" ] || { echo "on standard output: $(cat "$WORK/stdout")"; return 1; }
	[ "$(wc -l <"$WORK/stderr")" -eq 1 ] || { echo "not one line: $output"; return 1; }
	# podman reads the whole file as one object
	[ "$(wc -l <"$WORK/log")" -eq 1 ]
	jq -e '(keys == ["level", "msg", "time"]) and .level == "error" and (.time | test("^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]+Z$"))' "$WORK/log" >/dev/null || { cat "$WORK/log"; return 1; }
	[ "coracle: $(jq -r .msg "$WORK/log")" = "$output" ] || { echo "log and stderr differ: $(cat "$WORK/log") $output"; return 1; }
}
create () { error create --bundle "$BUNDLE" "$ID"; }
# How podman (libpod/oci_util.go), docker (daemon/errors.go) and docker's command line take a message for an exit status.
podman_status () {
	if grep -qiE 'permission denied|operation not permitted' <<<"$output"; then echo 126
	elif grep -qiE 'executable file not found in|no such file or directory|open executable' <<<"$output"; then echo 127
	else echo 125; fi
}
docker_status () {
	case $output in
	*"executable file not found"* | *"no such file or directory"*) echo 127 ;;
	*"permission denied"* | *"is a directory"*) echo 126 ;;
	*) echo 125 ;;
	esac
}

@test "errors: the program is not found: 127 for everybody" {
	config 'args(["nonexistent"])'
	create
	says 'executable file not found in $PATH'
	says "no such file or directory"
	[ "$(podman_status)" -eq 127 ] && [ "$(docker_status)" -eq 127 ]
	config 'args(["/nonexistent"])'
	create
	says "no such file or directory"
	[ "$(podman_status)" -eq 127 ] && [ "$(docker_status)" -eq 127 ]
}

@test "errors: the program cannot be executed: 126 for everybody" {
	echo x >"$ROOTFS/file"
	config 'args(["/file"])'
	create
	says "permission denied"
	[ "$(podman_status)" -eq 126 ] && [ "$(docker_status)" -eq 126 ]
	config 'args(["/etc"])'
	create
	says "is a directory"
	[ "$(docker_status)" -eq 126 ]
}

@test "errors: a missing bundle, root, volume or hook is not taken for anything but a missing file" {
	error create --bundle /no/such/bundle "$ID"
	says "/no/such/bundle"
	config 'bind("/x"; "/no/such/volume"; [])'
	create
	says "/no/such/volume"
	says "no such file or directory"
}

@test "errors: a cgroup file that does not exist is not taken for a missing program" {
	config 'resources({hugepageLimits: [{pageSize: "3MB", limit: 3145728}]})'
	create
	says "hugepageLimits[0]"
	[ "$(podman_status)" -eq 125 ] && [ "$(docker_status)" -eq 125 ]
}

@test "errors: a directory on a file: docker's hint" {
	config 'bind("/etc/passwd"; "/usr"; [])'
	create
	says "not a directory"
}

@test "errors: no such container" {
	local verb
	for verb in state start kill delete pause resume ps; do
		error "$verb" "$ID"
		says "does not exist"
	done
}

@test "errors: it exists already" {
	runs create --bundle "$BUNDLE" "$ID"
	create
	says "already exists"
}

@test "errors: not running" {
	runs create --bundle "$BUNDLE" "$ID"
	runs kill "$ID" KILL
	wait_until has_status stopped
	error kill "$ID" KILL
	# containerd, CRI-O (by capitals and all), podman
	says "container not running"
	says "no such process"
	error start "$ID"
	says "cannot start a container that has stopped"
}

@test "errors: running" {
	config 'args(["/bin/sleep", "1000"])'
	runs run -d --bundle "$BUNDLE" "$ID"
	error start "$ID"
	says "cannot start an already running container"
	error delete "$ID"
	says "cannot delete container $ID that is not stopped: running"
}

@test "errors: options: the words that podman greps for, and names" {
	error create --bundle
	says "requires an argument"
	error create --nonsense "$ID"
	says "unknown option '--nonsense'"
	error nonsense
	says "unknown command 'nonsense'"
	error create
	says "missing argument"
	error kill "$ID" BADSIG
	says 'unknown signal "BADSIG"'
}

@test "errors: the configuration: file, line, column, path, value" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 2, hard: 1}]'
	create
	[[ "$output" =~ config\.json:[0-9]+:[0-9]+:\ process\.rlimits\[0\] ]]
	says "2 exceeds hard 1"
}

@test "errors: a syntax error" {
	echo '{"ociVersion": "1.0.0", }' >"$BUNDLE/config.json"
	create
	[[ "$output" =~ config\.json:1:[0-9]+ ]]
}

@test "errors: terminal sequences in names come from images and are not shown" {
	config 'args(["/no\u001b[31msuch"])'
	create
	! grep -qP '[\x00-\x08\x0b-\x1f]' "$WORK/stderr" || return 1
	error state $'x\e[31m'
	! grep -qP '[\x00-\x08\x0b-\x1f]' "$WORK/stderr"
}

@test "errors: a long name does not hide the reason" {
	jq '.process.args = ["/" + ("d/" * 1900) + "x"]' "$BUNDLE/config.json" >"$WORK/c" && mv "$WORK/c" "$BUNDLE/config.json"
	create
	says "no such file or directory"
}

@test "errors: a hook's many lines become one" {
	config 'hook("createRuntime"; {path: "/bin/sh", args: ["sh", "-c", "echo one >&2; echo two >&2; exit 1"]})'
	create
	says "one"
	says "two"
}

@test "errors: the log is appended to, and a success writes nothing into it" {
	echo '{"level":"info","msg":"mine","time":"2026-01-01T00:00:00Z"}' >"$WORK/l"
	runs --log "$WORK/l" --log-format json create -b "$BUNDLE" "$ID"
	is ""
	runs --log "$WORK/l" --log-format json start "$ID"
	wait_until has_status stopped
	runs --log "$WORK/l" --log-format json delete "$ID"
	[ "$(wc -l <"$WORK/l")" -eq 1 ]
	fails --log "$WORK/l" --log-format json delete "$ID"
	[ "$(wc -l <"$WORK/l")" -eq 2 ]
	[ "$(jq -r .msg "$WORK/l" | head -n 1)" = mine ]
}

@test "errors: --log-format text is one line of key=value" {
	fails --log "$WORK/l" state "$ID"
	[ "$(wc -l <"$WORK/l")" -eq 1 ]
	grep -qE '^time="20[^"]+" level=error msg="container .*does not exist' "$WORK/l"
}

@test "errors: nothing is said on success by any command of a life" {
	config 'args(["/bin/sleep", "1000"])'
	local words
	for words in "create -b $BUNDLE" start "kill -s 0" pause resume "kill -s KILL"; do
		# shellcheck disable=SC2086
		runs $words "$ID"
		is ""
	done
	wait_until has_status stopped
	runs delete "$ID"
	is ""
}
