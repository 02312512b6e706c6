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

@test "scale: 30 MB of annotations" {
	config '.annotations = ([range (220000) | {key: "org.example.\(.)", value: ("v" * 110)}] | from_entries)'
	[ "$(stat -c %s "$BUNDLE/config.json")" -gt 28000000 ]
	planned_in_time
}

@test "scale: 30 MB of environment" {
	config '.process.env += [range (240000) | "VARIABLE_\(.)=" + ("v" * 110)]'
	[ "$(stat -c %s "$BUNDLE/config.json")" -gt 28000000 ]
	planned_in_time
}

@test "scale: 30,000 mounts" {
	config '.mounts += [range (30000) | {destination: "/tmp/m/\(.)", type: "bind", source: "/etc/hostname", options: ["rbind", "ro"]}]'
	planned_in_time
	[ "$(grep -c /tmp/m/ "$WORK/planned")" -ge 30000 ]
}
