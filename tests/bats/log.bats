#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Where messages go: standard error, a file, syslog, the journal; engines read them.
load helpers

error_line () { fails "$@" create --bundle "$WORK/none" "$ID"; }
text="open bundle"

@test "an error without --log is one line on standard error" {
	error_line
	[ "$(wc -l <<<"$output")" -eq 1 ]
	[[ "$output" == "coracle: "* ]]
	says "no such file or directory"
}

@test "global --log: an error goes to the file, and as text to standard error" {
	error_line --log "$WORK/log"
	[ "$(wc -l <"$WORK/log")" -eq 1 ]
	local message=${output#coracle: }

	[[ "$(cat "$WORK/log")" =~ ^time=\"[0-9T:.-]+Z\"\ level=error\ msg=\"(.*)\"$ ]]
	[ "${BASH_REMATCH[1]}" = "$message" ]
}

@test "global --log: file: is a file, too; what is in it stays" {
	echo before >"$WORK/log"
	error_line "--log=file:$WORK/log"
	[ "$(head -n 1 "$WORK/log")" = before ]
	[ "$(wc -l <"$WORK/log")" -eq 2 ]
	error_line --log /dev/stderr
	[ "$(grep -c level=error <<<"$output")" -eq 1 ]
}

@test "global --log: a file that cannot be opened is an error that names it" {
	fails --log "$WORK/none/log" list
	says "open log file '$WORK/none/log': no such file or directory"
	fails --log "$WORK" list
	says "open log file '$WORK': is a directory"
}

@test "global --log: nothing is written when nothing is wrong" {
	runs --log "$WORK/log" --log-format json run --bundle "$BUNDLE" "$ID"
	[ ! -s "$WORK/log" ]
}

@test "global --log: options that are wrong are said there as well" {
	fails --log "$WORK/log" --cgroup-manager none list
	grep -q "option --cgroup-manager" "$WORK/log"
	fails --log "$WORK/log" run --bogus
	grep -q "unknown option '--bogus'" "$WORK/log"
	fails --log "$WORK/log" frobnicate
	grep -q "unknown command 'frobnicate'" "$WORK/log"
}

# containerd takes the last object of level error, and loses it if its time is not of RFC 3339; podman reads the whole file as one.
@test "global --log-format json: one object with level, msg and a time" {
	error_line --log "$WORK/log" --log-format json
	[ "$(jq -sc 'map (keys)' "$WORK/log")" = '[["level","msg","time"]]' ]
	[ "$(jq -r .level "$WORK/log")" = error ]
	[ "$(jq -r .msg "$WORK/log")" = "${output#coracle: }" ]
	[[ "$(jq -r .time "$WORK/log")" =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$ ]]
	[ $(($(date +%s) - $(date -d "$(jq -r .time "$WORK/log")" +%s))) -le 60 ]
	[ "$(wc -l <"$WORK/log")" -eq 1 ]
}

@test "global --log-format json: several errors of a configuration, and a warning, are one object" {
	config '.process.capabilities.bounding += ["CAP_FROB"]' '.process.cwd = "x"' '.hostname = 1' '.root.path = 2'
	fails --log "$WORK/log" --log-format json create --bundle "$BUNDLE" "$ID"
	[ "$(jq -s length "$WORK/log")" -eq 1 ]
	jq -r .msg "$WORK/log" | grep -q "hostname"
	jq -r .msg "$WORK/log" | grep -q "root.path"
	[ "$(grep -c '^coracle: ' <<<"$output")" -ge 2 ]	# on a terminal, a line each
}

@test "global --log-format json: quotes, escapes and bytes that are no UTF-8 are valid JSON" {
	local id=$'a"b\\c\e[31m\xff\xfe\nd'

	fails --log "$WORK/log" --log-format json --root "$WORK/$id" state x
	jq -e '.msg | contains ("a\"b\\c")' "$WORK/log"
	[ "$(jq -r .msg "$WORK/log" | tr -d -c '\033' | wc -c)" -eq 0 ]
	[[ "$output" != *$'\e'* ]]
}

@test "global --log-format text: quotes and line breaks are escaped" {
	fails --log "$WORK/log" --log-format text --root $'/no"ne\n/x' state x
	[ "$(wc -l <"$WORK/log")" -eq 1 ]
	grep -q 'no\\"ne\\n' "$WORK/log"
	fails --log-format xml list
	says "option --log-format: 'xml' is neither text nor json"
}

@test "global --log-level: error, warning, info and debug; more is said at each" {
	config '.process.capabilities.bounding += ["CAP_FROB"]'
	runs --log-level error run --bundle "$BUNDLE" "$ID"
	is ""
	runs --log-level warning run --bundle "$BUNDLE" "$ID"
	says "coracle: warning: "
	says "unknown capability 'CAP_FROB' ignored"
	lacks "debug: "
	runs --log-level info run --bundle "$BUNDLE" "$ID"
	lacks "debug: "
	runs --log-level=debug run --bundle "$BUNDLE" "$ID"
	says "coracle: debug: "
	says "state in '$STATE': run $ID"
	fails --log-level loud list
	says "option --log-level: 'loud' is not error, warning, info or debug"
}

@test "create and detached run: a warning is not the container's output, unless it was asked for" {
	config '.process.capabilities.bounding += ["CAP_FROB"]'
	runs create --bundle "$BUNDLE" "$ID"
	is ""
	runs delete --force "$ID"
	runs run --detach --bundle "$BUNDLE" "$ID"
	is ""
	runs delete --force "$ID"
	runs --log-level warning create --bundle "$BUNDLE" "$ID"
	says "warning: "
	runs delete --force "$ID"
	fails create --bundle "$WORK" "$ID"
}

@test "global --log-level: without it standard error gets warnings, a file only errors" {
	config '.process.capabilities.bounding += ["CAP_FROB"]'
	runs run --bundle "$BUNDLE" "$ID"
	says "warning: "
	runs --log "$WORK/log" run --bundle "$BUNDLE" "$ID"
	is ""
	[ ! -s "$WORK/log" ]
	runs --log "$WORK/log" --log-level warning run --bundle "$BUNDLE" "$ID"
	is ""
	grep -q level=warning "$WORK/log"
}

@test "global --debug: as --log-level debug" {
	runs --debug --log "$WORK/log" --log-format json run --bundle "$BUNDLE" "$ID"
	[ "$(jq -r 'select (.level == "debug") | .msg' "$WORK/log" | grep -c "run $ID")" -eq 1 ]
}

# A receiver of datagrams in a mount namespace of our own, at the place of the real one.
datagrams () { # SOCKET COMMAND…: what COMMAND sends there is in $WORK/got
	need_root
	command -v python3 >/dev/null || skip "python3 is not installed"
	unshare -m --propagation private python3 - "$WORK/got" "$@" >"$WORK/out" 2>&1 3>&- <<-'END'
	import os, socket, subprocess, sys
	got, path, command = sys.argv[1], sys.argv[2], sys.argv[3:]
	def mount (at):
	    os.makedirs (at, exist_ok=True)
	    subprocess.run (["mount", "-t", "tmpfs", "tmpfs", at], check=True)
	if path.startswith ("/run/"):
	    mount ("/run")
	    os.makedirs (os.path.dirname (path))
	else:
	    os.makedirs ("/tmp/.dev", exist_ok=True)
	    mount ("/tmp/.dev")
	    for name in ("null", "zero", "urandom", "tty"):
	        os.mknod ("/tmp/.dev/" + name, 0o20666, os.stat ("/dev/" + name).st_rdev)
	    subprocess.run (["mount", "--move", "/tmp/.dev", "/dev"], check=True)
	s = socket.socket (socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind (path)
	status = subprocess.run (command).returncode
	s.setblocking (False)
	with open (got, "wb") as f:
	    try:
	        while True:
	            f.write (s.recv (65536) + b"\n--\n")
	    except BlockingIOError:
	        pass
	sys.exit (status)
	END
}

@test "global --log: syslog:IDENT, with the priority of the level" {
	datagrams /dev/log "$CORACLE" --log syslog:me --root "$WORK/none" list && return 1
	[ "$(head -n 1 "$WORK/got")" = "<27>me: open the state root '$WORK/none': no such file or directory" ] || { cat "$WORK/got" "$WORK/out"; return 1; }
	[ "$(grep -c '^--$' "$WORK/got")" -eq 1 ]
	grep -q "^coracle: open the state root" "$WORK/out"
}

@test "global --log: journald:IDENT, as fields" {
	datagrams /run/systemd/journal/socket "$CORACLE" --log journald:me --root "$WORK/none" list && return 1
	grep -qx PRIORITY=3 "$WORK/got" || { cat "$WORK/got" "$WORK/out"; return 1; }
	grep -qx SYSLOG_IDENTIFIER=me "$WORK/got"
	grep -qx "MESSAGE=open the state root '$WORK/none': no such file or directory" "$WORK/got"
}

@test "global --systemd-log: the journal, as coracle" {
	datagrams /run/systemd/journal/socket "$CORACLE" --systemd-log --root "$WORK/none" list && return 1
	grep -qx SYSLOG_IDENTIFIER=coracle "$WORK/got" || { cat "$WORK/got" "$WORK/out"; return 1; }
}

@test "global --log: without a journal that is an error that says so" {
	[ ! -S /run/systemd/journal/socket ] || skip "systemd runs here"
	fails --log journald:me list
	says "connect to '/run/systemd/journal/socket'"
}

# Engines take the words for decisions; the error on standard error and in the log are the same.
@test "what init finds is said by the runtime, once" {
	config '.process.args = ["/bin/none"]'
	fails --log "$WORK/log" --log-format json create --bundle "$BUNDLE" "$ID"
	[ "$(jq -s length "$WORK/log")" -eq 1 ]
	[ "$(jq -r .msg "$WORK/log")" = "${output#coracle: }" ]
	says "no such file or directory"
}
