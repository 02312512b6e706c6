#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# process.rlimits: set on the process at the last moment, and never on the runtime itself.

load helpers

limit () { run_sh "grep -E '^Max $1 ' /proc/self/limits | tr -s ' '"; }

@test "each limit of config.json arrives" {
	# As high as they may be without CAP_SYS_RESOURCE: what they are now, or less.
	[ "${CORACLE_SANITIZED:-}" != asan ] || skip "the shadow of AddressSanitizer takes terabytes"
	config '.process.rlimits = [
		{type: "RLIMIT_AS", soft: 4000000000, hard: 4000000000}, {type: "RLIMIT_CORE", soft: 0, hard: 4096},
		{type: "RLIMIT_CPU", soft: 60, hard: 120}, {type: "RLIMIT_DATA", soft: 1000000000, hard: 1000000000},
		{type: "RLIMIT_FSIZE", soft: 1048576, hard: 2097152}, {type: "RLIMIT_LOCKS", soft: 10, hard: 20},
		{type: "RLIMIT_MEMLOCK", soft: 4096, hard: 8192}, {type: "RLIMIT_MSGQUEUE", soft: 1024, hard: 4096},
		{type: "RLIMIT_NICE", soft: 0, hard: 0}, {type: "RLIMIT_NOFILE", soft: 100, hard: 200},
		{type: "RLIMIT_NPROC", soft: 1000, hard: 2000}, {type: "RLIMIT_RSS", soft: 1000000, hard: 2000000},
		{type: "RLIMIT_RTPRIO", soft: 0, hard: 0}, {type: "RLIMIT_RTTIME", soft: 100000, hard: 200000},
		{type: "RLIMIT_SIGPENDING", soft: 100, hard: 200}, {type: "RLIMIT_STACK", soft: 1048576, hard: 8388608}]'
	run_sh 'tr -s " " </proc/self/limits'
	[ "$status" -eq 0 ]
	for line in 'address space 4000000000 4000000000' 'core file size 0 4096' 'cpu time 60 120' 'data size 1000000000 1000000000' \
		'file size 1048576 2097152' 'file locks 10 20' 'locked memory 4096 8192' 'msgqueue size 1024 4096' 'nice priority 0 0' \
		'open files 100 200' 'processes 1000 2000' 'resident set 1000000 2000000' 'realtime priority 0 0' 'realtime timeout 100000 200000' \
		'pending signals 100 200' 'stack size 1048576 8388608'; do
		says "Max $line"
	done
}

@test "a limit that is not given stays what the caller has" {
	config 'del (.process.rlimits)' 'args (["/bin/sh", "-c", "ulimit -n"])'
	run sh -c 'ulimit -n 333; exec "$@"' sh "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	is 333
}

# What would stop the runtime itself if it were its own limit: crun fails with each of these.
@test "limits that would hinder the runtime: no files, no file size, no processes, little address space" {
	for limit in NOFILE:3 FSIZE:0 NPROC:0 CORE:0 CPU:1 MSGQUEUE:0 AS:20000000 SIGPENDING:0 MEMLOCK:0 DATA:4000000; do
		case ${CORACLE_SANITIZED:-}$limit in asanAS:* | asanDATA:*) continue ;; esac	# its shadow takes terabytes
		config '.process.rlimits = []' "rlimit (\"RLIMIT_${limit%:*}\"; ${limit#*:}; ${limit#*:})" 'args (["/bin/true"])'
		runs run --bundle "$BUNDLE" "$ID"
	done
}

@test "less memory than the runtime itself has is a matter of the process" {
	for limit in AS:500000 DATA:800; do
		config '.process.rlimits = []' "rlimit (\"RLIMIT_${limit%:*}\"; ${limit#*:}; ${limit#*:})"
		runs create --bundle "$BUNDLE" "$ID"
		runs delete --force "$ID"
	done
}

@test "with few files HOME and the executable are still found, and preserved descriptors kept" {
	config '.process.rlimits = []' 'rlimit ("RLIMIT_NOFILE"; 4; 4)' 'args (["sh", "-c", "echo $HOME; ulimit -n; cat <&3"])'
	echo kept >"$WORK/kept"
	run "$CORACLE" --root "$STATE" run --preserve-fds 1 --bundle "$BUNDLE" "$ID" 3<"$WORK/kept"
	says /root
	says 4
	config '.process.rlimits = []' 'rlimit ("RLIMIT_NOFILE"; 4; 4)' 'args (["cat", "/dev/fd/3"])'
	config '.process.rlimits[0] |= (.soft = 5 | .hard = 5)'
	run "$CORACLE" --root "$STATE" run --preserve-fds 1 --bundle "$BUNDLE" "$ID" 3<"$WORK/kept"
	is kept
}

@test "an unknown limit, a limit given twice, soft beyond hard: errors with their paths" {
	config 'rlimit ("RLIMIT_OF_TOMORROW"; 1; 1)'
	fails run --bundle "$BUNDLE" "$ID"
	says "process.rlimits[1].type: unknown limit 'RLIMIT_OF_TOMORROW'"
	config 'del (.process.rlimits[1])' 'rlimit ("RLIMIT_NOFILES"; 1; 1)'
	fails run --bundle "$BUNDLE" "$ID"
	says 'did you mean RLIMIT_NOFILE?'
	config 'del (.process.rlimits[1])' 'rlimit ("RLIMIT_NOFILE"; 1; 1)'
	fails run --bundle "$BUNDLE" "$ID"
	says 'process.rlimits[1].type: RLIMIT_NOFILE is given twice'
	config 'del (.process.rlimits[1])' 'rlimit ("RLIMIT_CORE"; 2; 1)'
	fails run --bundle "$BUNDLE" "$ID"
	says 'process.rlimits[1].soft: 2 exceeds hard 1'
}

@test "a hard limit that may not be raised: the message says what it takes" {
	config '.process.rlimits = []' 'rlimit ("RLIMIT_NOFILE"; 1000; 100000)'
	run sh -c 'ulimit -n 2000; exec "$@"' sh setpriv --bounding-set -sys_resource "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says 'process.rlimits: set RLIMIT_NOFILE to 1000:100000'
	says 'CAP_SYS_RESOURCE'
}
