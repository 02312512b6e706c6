#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Scale: what is large is read and planned in a time that grows as it does. The bounds are ten times of what is needed and more (docs/benchmarks.md
# has the figures), and far below what anything quadratic in these numbers takes.
load helpers

SECONDS_MAX=5
[ -z "${CORACLE_SANITIZED:-}" ] || SECONDS_MAX=30

# Processor time, not the clock: other tests run beside this one.
planned_in_time () {
	(ulimit -t $SECONDS_MAX && exec "$CORACLE" plan --bundle "$BUNDLE" >"$WORK/planned" 2>"$WORK/errors") || {
		echo "exit status $? (more than $SECONDS_MAX s of processor time are 137 or 152): $(tail -n 3 "$WORK/errors")"
		return 1
	}
}

large_and_planned_in_time () { # FILTER
	config "$1"
	[ "$(stat -c %s "$BUNDLE/config.json")" -gt 28000000 ]
	planned_in_time
}

@test "scale: 30 MB of annotations" {
	large_and_planned_in_time '.annotations = ([range (220000) | {key: "org.example.\(.)", value: ("v" * 110)}] | from_entries)'
}

@test "scale: 30 MB of environment" {
	large_and_planned_in_time '.process.env += [range (240000) | "VARIABLE_\(.)=" + ("v" * 110)]'
}

@test "scale: 30 MB of system calls in a seccomp profile" {
	large_and_planned_in_time '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [range (350000) | {names: ["mkdir", "mkdirat", "x\(.)"], action: "SCMP_ACT_ERRNO"}]}'
}

@test "scale: 30 MB of members that nobody knows" {
	large_and_planned_in_time '.["org.example"] = [range (250000) | {a: [1, 2.5, null, true, .], b: {c: {d: "e"}}}]'
}

@test "scale: 30,000 mounts" {
	config '.mounts += [range (30000) | {destination: "/tmp/m/\(.)", type: "bind", source: "/etc/hostname", options: ["rbind", "ro"]}]'
	planned_in_time
	[ "$(grep -c /tmp/m/ "$WORK/planned")" -ge 30000 ]
}

@test "scale: 5,000 mounts are made" {
	need_root
	config 'sh ("wc -l </proc/self/mountinfo")' '.mounts += [range (5000) | {destination: "/dev/shm/\(.)", type: "bind", source: "/bin", options: ["rbind", "ro"]}]'
	run bash -c 'ulimit -t $0 && exec "$@"' $SECONDS_MAX "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$output" -ge 5000 ]
}

# calls COMMAND…: how many system calls it makes, in $output
calls () {
	"$top/tests/tools/syscalls" -o "$WORK/count" "$CORACLE" --root "$STATE" "$@" >/dev/null 2>&1 3>&-
	output=$(cat "$WORK/count")
	echo "$1: $output"
}

@test "scale: beside a hundred containers a command makes the system calls that it makes beside one" {
	local i create

	need_root
	[ -z "${CORACLE_SANITIZED:-}" ] || skip "a sanitizer's own system calls are counted as well"
	config 'sh ("exec sleep 1000")' 'del (.linux.cgroupsPath)'
	runs create --bundle "$BUNDLE" "$ID-first" # what is made once per boot is made now
	calls create --bundle "$BUNDLE" "$ID-a"
	create=$output
	for i in {1..100}; do runs create --bundle "$BUNDLE" "$ID-$i"; done
	calls create --bundle "$BUNDLE" "$ID-b"
	[ "$output" -le $((create + 20)) ] # how often the kernel is asked to wait or to go on is chance
	for i in start state "kill $ID-b KILL" delete; do
		case $i in kill*) calls $i && wait_until has_status stopped "$ID-b" ;; *) calls "$i" "$ID-b" ;; esac
		[ "$output" -lt 100 ]
	done
	calls list
	# 25 for each (29 without pidfd_open), and what a program needs to start and to print
	[ "$output" -le $(has_call pidfd_open && echo 2800 || echo 3200) ]
}
