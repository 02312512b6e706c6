#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The audit trail: what the kernel's audit really got. `ausearch` reads the same records in tests/vm/guest/audit.bats.

load helpers

# Audit is switched on for the time of a test, and the records are read as auditd's rivals do: from the kernel's multicast.
setup () {
	need_root
	[ -e /proc/self/loginuid ] || skip "the kernel has no audit"
	was=$("$TEST_TOOLS/audit" get enabled) || skip "this root may not ask the kernel's audit: $(cat /proc/self/uid_map)"
	test_setup
	[ "$was" != 0 ] || "$TEST_TOOLS/audit" set enabled 1 >/dev/null
	"$TEST_TOOLS/audit" listen >"$WORK/log" 2>"$WORK/ready" 3>&- &
	listener=$!
	wait_until grep -q ready "$WORK/ready"
}
teardown () {
	[ "${was:-1}" != 0 ] || "$TEST_TOOLS/audit" set enabled 0 >/dev/null
	[ -z "${listener:-}" ] || kill "$listener"
	[ -z "${WORK:-}" ] || test_teardown
}

as () { # LOGINUID ARG…
	local auid=$1
	shift
	sh -c 'echo "$0" >/proc/self/loginuid && exec "$@"' "$auid" "$CORACLE" --root "$STATE" "$@" </dev/null >"$WORK/output" 2>&1 3>&-
}
records () { grep -a '^2500 .*virt=coracle ' "$WORK/log" | grep -aF "vm=${1:-\"$ID\"}"; }
# recorded OP RESULT [VM]: there is such a record, and it is $record
recorded () {
	record=$(records "${3:-}" | grep -a "op=$1 .*res=$2'" | tail -n 1)
	[ -n "$record" ]
}
field () { sed -n "s/.* $1=\([^ ']*\).*/\1/p" <<<" $record"; }
# A record of something else that came later: then there is none of what came before.
nothing () {
	coracle delete "marker-$RANDOM-$ID" 2>/dev/null || true
	wait_until grep -aq 'vm="marker-.*-'"$ID" "$WORK/log"
	! records
}
unaudited () { setpriv --bounding-set -audit_write --inh-caps -audit_write "$CORACLE" --root "$STATE" "$@" 3>&- </dev/null; }

@test "audit: create, start, exec and delete leave records that tie an auid to the container" {
	config 'args (["/bin/sleep", "1000"])'
	as 1234 create -b "$BUNDLE" "$ID"
	wait_until recorded create success
	pid=$(coracle state "$ID" | jq .pid)
	[ "$(field vm)" = "\"$ID\"" ]
	[ "$(field vm-pid)" = "$pid" ]
	[ "$(field auid)" = 1234 ]
	[ "$(field exe)" = "\"$(realpath "$CORACLE")\"" ]
	[ "$(field hostname) $(field addr) $(field terminal)" = '? ? ?' ]
	as 1234 start "$ID"
	wait_until recorded start success
	[ "$(field vm-pid) $(field auid)" = "$pid 1234" ]
	# The second person who touched it, by another login.
	as 5678 exec --detach --pid-file "$WORK/pid" "$ID" sleep 100
	wait_until recorded exec success
	[ "$(field vm-pid) $(field auid)" = "$(cat "$WORK/pid") 5678" ]
	as 9012 delete --force "$ID"
	wait_until recorded delete success
	[ "$(field vm-pid) $(field auid)" = "$pid 9012" ]
	[ "$(records | wc -l)" -eq 4 ]
}

@test "audit: run is one record, and one when it takes the container away" {
	as 1234 run -b "$BUNDLE" "$ID"
	wait_until recorded delete success
	[ "$(records | sed 's/.* op=\([a-z]*\) .*/\1/' | xargs)" = "run delete" ]
	[ "$(records | grep -c auid=1234)" -eq 2 ]
	config 'args (["/bin/sleep", "1000"])'
	as 1234 run --detach -b "$BUNDLE" "$ID"
	wait_until eval '[ "$(records | grep -c "op=run .*res=success'\''")" -eq 2 ]'
}

@test "audit: the terminal of the caller" {
	"$TEST_TOOLS/pty" 24 80 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until recorded run success
	[[ "$(field terminal)" == pts/* ]]
}

@test "audit: what failed is recorded as that" {
	config 'args (["/no/such"])'
	fails create -b "$BUNDLE" "$ID"
	wait_until recorded create failed
	[ "$(field vm-pid)" = '?' ]
	fails run -b "$BUNDLE" "$ID"
	wait_until recorded run failed
	fails start "$ID"
	wait_until recorded start failed
	fails exec "$ID" true
	wait_until recorded exec failed
	fails delete "$ID"
	wait_until recorded delete failed
	! records | grep success
}

@test "audit: an exec of nothing fails, of a program that fails does not" {
	config 'args (["/bin/sleep", "1000"])'
	runs run --detach -b "$BUNDLE" "$ID"
	fails exec "$ID" /no/such
	wait_until recorded exec failed
	coracle exec "$ID" false || true
	wait_until recorded exec success
	[ "$(records | grep -c op=exec)" -eq 2 ]
}

@test "audit: nobody forges a field with the name of a container" {
	fails delete "x\" auid=0 res=success"
	local hex
	hex=$(printf 'x" auid=0 res=success' | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)
	wait_until recorded delete failed "$hex"
	[ "$(field vm)" = "$hex" ]
}

@test "audit: --audit=no: no record" {
	runs --audit=no run -b "$BUNDLE" "$ID"
	fails --audit=no delete "$ID"
	nothing
}

@test "audit: without CAP_AUDIT_WRITE there is none, and that is no error; nor is a socket opened" {
	unaudited run -b "$BUNDLE" "$ID"
	nothing
	command -v strace >/dev/null || skip "no strace"
	strace -f -e trace=socket -o "$WORK/trace" setpriv --bounding-set -audit_write --inh-caps -audit_write "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" 3>&-
	! grep NETLINK_AUDIT "$WORK/trace"
}

@test "audit: in a user namespace there is none, and that is no error" {
	unshare -Ur "$CORACLE" --root "$STATE" delete --force "$ID" 3>&-
	run unshare -Ur "$CORACLE" --debug --root "$STATE" delete "$ID" 3>&-
	[ "$status" -eq 1 ]
	says "no audit record of delete: connection refused"
	nothing
	fails --audit=require delete "$ID"
	run unshare -Ur "$CORACLE" --audit=require --root "$STATE" create -b "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 1 ]
	says "--audit=require: "
}

@test "audit: records that the kernel throws away, by its rate limit or because audit is off, stop nobody" {
	local before limit
	limit=$("$TEST_TOOLS/audit" set rate_limit 1)
	before=$("$TEST_TOOLS/audit" get lost)
	for _ in 1 2 3; do coracle delete --force "$ID" && coracle run -b "$BUNDLE" "$ID" || break; done </dev/null
	local after=$?
	"$TEST_TOOLS/audit" set rate_limit "$limit" >/dev/null
	[ "$after" -eq 0 ]
	[ "$("$TEST_TOOLS/audit" get lost)" -gt "$before" ]
	[ "$was" = 0 ] || return 0
	"$TEST_TOOLS/audit" set enabled 0 >/dev/null
	runs run -b "$BUNDLE" "$ID"
}

# ---- --audit=require

@test "audit: require: records, as without it" {
	config 'args (["/bin/sleep", "1000"])'
	runs --audit=require create -b "$BUNDLE" "$ID"
	runs --audit require start "$ID"
	runs --audit=require exec "$ID" true
	runs --audit=require delete --force "$ID"
	wait_until recorded delete success
	[ "$(records | wc -l)" -eq 4 ]
}

@test "audit: require: without the capability, or while audit is off, nothing is made" {
	run unaudited --audit=require create -b "$BUNDLE" "$ID"
	[ "$status" -eq 1 ]
	is "coracle: --audit=require: CAP_AUDIT_WRITE is missing: operation not permitted"
	run setpriv --bounding-set -audit_control --inh-caps -audit_control "$CORACLE" --root "$STATE" --audit=require create -b "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 1 ]
	is "coracle: --audit=require: ask whether audit is on: operation not permitted"
	[ ! -e "$STATE" ]
	[ "$was" = 0 ] || skip "audit is on here, and stays so"
	"$TEST_TOOLS/audit" set enabled 0 >/dev/null
	for verb in create run; do
		fails --audit=require $verb -b "$BUNDLE" "$ID"
		is "coracle: --audit=require: audit is off (auditctl -e 1)"
	done
	[ ! -e "$STATE" ]
	config 'args (["/bin/sleep", "1000"])'
	runs create -b "$BUNDLE" "$ID"
	fails --audit=require start "$ID"
	fails --audit=require delete --force "$ID"
	fails --audit=require exec "$ID" true
	is "coracle: --audit=require: audit is off (auditctl -e 1)"
	has_status created
}

# unwritable ARG…: the check passes, and then the record itself cannot be written: of the program's sockets, which are all to the kernel's audit,
# the second fails.
unwritable () {
	strace -e trace=socket -e inject=socket:error=ENFILE:when=2+ -o "$WORK/trace" "$CORACLE" --audit=require --root "$STATE" "$@" </dev/null >"$WORK/output" 2>&1 3>&- && return 1
	output=$(cat "$WORK/output")
	says "--audit=require: the audit record of '$1' of container '$ID': too many open files in system"
}

@test "audit: require: what could not be recorded is undone" {
	command -v strace >/dev/null || skip "no strace"
	config 'args (["/bin/sleep", "1000"])' 'no_ns ("network")'	# lo is brought up by a socket as well
	unwritable create -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	unwritable run --detach -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	[ ! -e "$WORK/pid" ] && [ -z "$(ls "$STATE")" ]
	config 'args (["/bin/sleep", "1000"])' 'no_ns ("network")'	# lo is brought up by a socket as well
	runs create -b "$BUNDLE" "$ID"
	unwritable start "$ID"
	has_status stopped
	runs delete "$ID"
	runs run --detach -b "$BUNDLE" "$ID"
	unwritable exec --pid-file "$WORK/pid" "$ID" sleep 2000
	[ ! -e "$WORK/pid" ]
	[ "$(coracle ps "$ID" | tail -n +2 | wc -l)" -eq 1 ]
	runs kill "$ID" KILL
	wait_until has_status stopped
	unwritable delete "$ID"
	has_status stopped
	runs delete "$ID"
}

@test "audit: a checkpoint that takes the container away leaves a record of delete, one that does not leaves none" {
	fake_criu
	config 'args (["/bin/sleep", "1000"])'
	coracle run --detach -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	pid=$(coracle state "$ID" | jq .pid)
	runs checkpoint --leave-running --image-path "$WORK/images" "$ID"
	as 1234 checkpoint --image-path "$WORK/images" "$ID"
	wait_until recorded delete success
	[ "$(field vm-pid) $(field auid)" = "$pid 1234" ]
	[ "$(records | grep -c op=delete)" -eq 1 ]
}

@test "audit: --audit=require: without the capability a checkpoint that would take the container away does nothing" {
	fake_criu
	config 'args (["/bin/sleep", "1000"])'
	coracle run --detach -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	unaudited --audit=require checkpoint --image-path "$WORK/images" "$ID" >"$WORK/output" 2>&1 && return 1
	grep -q "CAP_AUDIT_WRITE is missing" "$WORK/output"
	[ ! -e "$WORK/request" ]
	has_status running
}

@test "audit: a terminal whose name is not one word is not named" {
	config 'args (["/bin/true"])'
	mkdir "$WORK/a b"
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$WORK/a b"
	run python3 - "$WORK/a b" "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID" <<-'EOF'
		import fcntl, os, struct, subprocess, sys, termios
		master = os.open(sys.argv[1] + "/ptmx", os.O_RDWR | os.O_NOCTTY)
		fcntl.ioctl(master, 0x40045431, struct.pack("i", 0))  # TIOCSPTLCK
		number = struct.unpack("i", fcntl.ioctl(master, 0x80045430, struct.pack("i", 0)))[0]  # TIOCGPTN
		slave = os.open("%s/%d" % (sys.argv[1], number), os.O_RDWR | os.O_NOCTTY)
		subprocess.run(sys.argv[2:], stdin=slave, check=True)
	EOF
	umount "$WORK/a b"
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	wait_until recorded run success
	[ "$(field terminal)" = "?" ]
}
