#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The promises of docs/fork-exec.md below a real systemd, auditd and PAM. Runs in the machine of tests/vm/run.

load ../../bats/helpers
. "$top/tests/page.bash"

BOX=/var/lib/coracle/box

# contrib's units as they are; bundles where they look for them.
setup_file () {
	install -m 755 "$CORACLE" /usr/local/bin/
	cp "$top"/contrib/systemd/* /etc/systemd/system/
	mkdir -p "$BOX"
	"$top/tools/make-bundle" "$BOX" "$CORACLE" >/dev/null
	cp "$TEST_TOOLS/serve" "$TEST_TOOLS/notify" "$BOX/rootfs/bin/"
	# Debian's own systemd-notify, with the libraries that it is linked with.
	local file
	for file in /usr/bin/systemd-notify $(ldd /usr/bin/systemd-notify | grep -o '/[^ ]*'); do
		mkdir -p "$BOX/rootfs${file%/*}"
		cp -L "$file" "$BOX/rootfs$file"
	done
	jq '.process.terminal = false | .process.user = {uid: 0, gid: 0}' "$BOX/config.json" >"$BOX/base.json"
	mkdir -p /srv
	ln -sfn "$BOX" /srv/box
	systemctl daemon-reload
}
setup () {
	[ "$(cgroup_mode)" = v2 ] || skip "nothing here depends on the arrangement of cgroups: it was run with v2"
	UNIT=
	test_setup
}
teardown () {
	local left
	[ -n "${WORK:-}" ] || return 0
	[ -z "$UNIT" ] || { systemctl stop "coracle@$UNIT.socket" "coracle@$UNIT" || true; systemctl reset-failed "coracle@$UNIT" || true; rm -rf "/etc/systemd/system/coracle@$UNIT.service.d" "/etc/systemd/system/coracle@$UNIT.socket.d" "/var/lib/coracle/$UNIT"; }
	left=$(coracle --root /run/coracle list -q)
	[ -z "$left" ] || { echo "left: $left"; coracle --root /run/coracle delete --force --regex '.*'; return 1; }
	test_teardown
}

# unit NAME SCRIPT: a bundle for coracle@NAME, which shares the root file system
unit () {
	UNIT=$1
	mkdir -p "/var/lib/coracle/$1"
	jq --arg s "$2" --arg root "$BOX/rootfs" '.process.args = ["sh", "-c", $s] | .root.path = $root' "$BOX/base.json" >"/var/lib/coracle/$1/config.json"
}
service () { # LINE…: of [Service], for this unit
	mkdir -p "/etc/systemd/system/coracle@$UNIT.service.d"
	{ echo '[Service]'; printf '%s\n' "$@"; } >"/etc/systemd/system/coracle@$UNIT.service.d/test.conf"
	systemctl daemon-reload
}
property () { systemctl show --value -p "$1" "coracle@$UNIT"; }
property_is () { [ "$(property "$1")" = "$2" ]; }
shows () { wait_until property_is "$1" "$2" || { echo "$1: $(property "$1")"; systemctl status "coracle@$UNIT"; return 1; }; }
say () { coracle --root /run/coracle exec "$UNIT" sh -c "NOTIFY_SOCKET=/run/notify/notify.sock; export NOTIFY_SOCKET; systemd-notify $1"; }

@test "readiness: a unit of Type=notify is active when its container says so, and not before" {
	unit ready 'while [ ! -e /tmp/go ]; do sleep 0.2; done; systemd-notify --ready --status="serving"; exec sleep 1000'
	jq '.root.readonly = false' "/var/lib/coracle/$UNIT/config.json" >"$WORK/c" && cp "$WORK/c" "/var/lib/coracle/$UNIT/config.json"
	rm -f "$BOX/rootfs/tmp/go"
	systemctl start --no-block "coracle@$UNIT"
	wait_until coracle --root /run/coracle exec "$UNIT" true
	shows ActiveState activating
	touch "$BOX/rootfs/tmp/go"
	shows ActiveState active
	rm "$BOX/rootfs/tmp/go"
	shows StatusText serving
	# The main process is the runtime, whose child the container is.
	property_is MainPID "$(awk '/^PPid:/ { print $2 }' "/proc/$(coracle --root /run/coracle state "$UNIT" | jq .pid)/status")"
	# A pid of the container's is translated, and systemd knows it then.
	say 'MAINPID=1'
	shows MainPID "$(coracle --root /run/coracle state "$UNIT" | jq .pid)"
}

@test "readiness: reloading, status, errno and a longer start" {
	unit words 'systemd-notify EXTEND_TIMEOUT_USEC=60000000; sleep 12; systemd-notify --ready; exec sleep 1000'
	service TimeoutStartSec=8
	systemctl start "coracle@$UNIT"
	shows ActiveState active
	say 'RELOADING=1 --status=again ERRNO=5'
	shows ActiveState reloading
	shows StatusText again
	shows StatusErrno 5
	say --ready
	shows ActiveState active
}

@test "readiness: the watchdog is fed by the container, and bites when it stops" {
	unit dog 'systemd-notify --ready; i=0; while [ $i -lt 20 ]; do systemd-notify WATCHDOG=1; sleep 1; i=$((i + 1)); done; exec sleep 1000'
	service WatchdogSec=12
	systemctl start "coracle@$UNIT"
	sleep 15
	shows ActiveState active
	local i
	for i in {1..60}; do property_is Result watchdog && break; sleep 1; done
	shows Result watchdog
}

@test "readiness: systemd-notify in a whole Debian, read-only" {
	unit debian 'systemd-notify --ready --status="$(sed -n "s/^ID=//p" /etc/os-release)"; exec sleep 1000'
	mkdir -p /srv/debian
	mount --bind / /srv/debian
	jq '.root = {path: "/srv/debian", readonly: true}' "/var/lib/coracle/$UNIT/config.json" >"$WORK/c" && cp "$WORK/c" "/var/lib/coracle/$UNIT/config.json"
	systemctl start "coracle@$UNIT" || { systemctl status "coracle@$UNIT"; umount /srv/debian; return 1; }
	shows StatusText debian
	systemctl stop "coracle@$UNIT"
	umount /srv/debian
}

@test "activation: a socket unit starts the container, whose server answers" {
	unit web 'systemd-notify --ready; exec serve 2'
	mkdir -p "/etc/systemd/system/coracle@web.socket.d"
	printf '[Socket]\nListenStream=127.0.0.1:18080\n' >"/etc/systemd/system/coracle@web.socket.d/test.conf"
	systemctl daemon-reload
	systemctl start coracle@web.socket
	shows ActiveState inactive
	run sh -c 'echo hello | busybox nc 127.0.0.1 18080'
	is 'socket 4 (web) of pid 1: hello'
	shows ActiveState active
	run sh -c 'echo again | busybox nc 127.0.0.1 18080'
	is 'socket 4 (web) of pid 1: again'
}

@test "audit identity: of a PAM session, in an ordinary user's container" {
	rm "$BUNDLE/config.json"
	coracle spec --rootless --bundle "$BUNDLE"
	config '.process.terminal = false' 'sh ("cat /proc/self/loginuid; exec sleep 1000")' '.linux.uidMappings[0].hostID = 1000 | .linux.gidMappings[0].hostID = 1000'
	chown -R user:user "$BUNDLE"
	systemd-run --quiet --unit "login-$ID" -p User=user -p PAMName=login -p "StandardOutput=file:$WORK/out" /usr/local/bin/coracle run --bundle "$BUNDLE" "$ID"
	wait_until grep -q . "$WORK/out"
	# Seen from its user namespace, where the user is root.
	[ "$(cat "$WORK/out")" = 0 ]
	as_user () { ( cd / && runuser -u user -- env -i XDG_RUNTIME_DIR=/run/user/1000 /usr/local/bin/coracle "$@" ); }
	[ "$(as_user state "$ID" | jq -r .loginuid)" = 1000 ]
	[ "$(cat "/proc/$(as_user state "$ID" | jq .pid)/loginuid")" = 1000 ]
	systemctl stop "login-$ID"
	as_user delete --force "$ID"
}

@test "audit identity: ausearch ties a login to a container, and what is done inside to the same login" {
	systemctl is-active auditd
	config 'args (["/bin/sleep", "1000"])' 'bind ("/secret"; "'"$WORK"'/secret"; ["rw"])'
	echo secret >"$WORK/secret"
	auditctl -w "$WORK/secret" -p wa -k "k$ID"
	sh -c 'echo 1000 >/proc/self/loginuid; exec "$@"' - "$CORACLE" --audit=require --root "$STATE" run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	sh -c 'echo 0 >/proc/self/loginuid; exec "$@"' - "$CORACLE" --root "$STATE" exec "$ID" true 3>&-
	coracle exec "$ID" sh -c 'echo more >>/secret'
	runs delete --force "$ID"
	wait_until sh -c "ausearch --input-logs -m VIRT_CONTROL -vm $ID 2>/dev/null | grep -q op=delete"
	ausearch --input-logs -m VIRT_CONTROL -vm "$ID" -ul 1000 >"$WORK/of-1000"
	[ "$(grep -c '^type=' "$WORK/of-1000")" -eq 1 ]
	grep -q "op=run vm=\"$ID\" vm-pid=[0-9]* exe=\"$(realpath "$CORACLE")\" hostname=? addr=? terminal=? res=success" "$WORK/of-1000"
	ausearch --input-logs -m VIRT_CONTROL -vm "$ID" -ul 0 | grep -q op=exec
	# Who wrote the file: not the login of the container, but of the exec, which nobody had.
	ausearch --input-logs -k "k$ID" -i | grep -q 'type=SYSCALL.*auid=unset.*comm=sh'
	auditctl -W "$WORK/secret" -p wa -k "k$ID"
}

@test "docs/fork-exec.md: each command for a machine with systemd says what the page shows" {
	UNIT=web
	page fork-exec.md vm
}
