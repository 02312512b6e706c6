#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# linux.intelRdt from create to delete. Few machines have resctrl, so a tmpfs takes its place in a mount namespace of the test, and strace
# makes fstatfs say that it is one. What the kernel does in such a tree is played in tests/unit/test_rdt.c; here are the parts that need
# nothing of it: an existing class, and that state, exec and delete know of it.
load helpers

fake='mkdir -p "$WORK/cgroup" && mount --rbind /sys/fs/cgroup "$WORK/cgroup" && mount -t tmpfs tmpfs /sys/fs && mkdir -p /sys/fs/cgroup /sys/fs/resctrl/shared &&
	mount --rbind "$WORK/cgroup" /sys/fs/cgroup && umount -l "$WORK/cgroup" && cd /sys/fs/resctrl &&
	printf "    L3:0=000ff;1=fffff\n" | tee schemata >shared/schemata && touch tasks shared/tasks
	rdt () { strace -f -qq -P /sys/fs/resctrl -e trace=fstatfs -e inject=fstatfs:poke_exit=@arg2=2158650700000000 -o "$WORK/trace" "$CORACLE" --root "$STATE" "$@"; }
	quiet () { "$@" </dev/null >"$WORK/out" 2>&1 || { cat "$WORK/out"; false; }; }
	set -e
	'

in_fake_tree () { # SCRIPT
	need_root
	command -v strace >/dev/null || skip "strace is not installed"
	[ "$(uname -m)" = x86_64 ] || skip "the faked answer is laid out for x86_64"
	export WORK STATE BUNDLE ID CORACLE
	run timeout 60 unshare -m --propagation private bash -c "$fake$1" 3>&-
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

@test "intelRdt without resctrl is an error, before anything is created" {
	[ "$(stat -f -c %T /sys/fs/resctrl 2>/dev/null)" != rdt ] || skip "this machine has resctrl"
	config '.linux.intelRdt = {}'
	fails run --bundle "$BUNDLE" "$ID"
	says "linux.intelRdt: no resctrl file system is mounted at /sys/fs/resctrl"
	[ ! -e "$STATE/$ID" ]
}

@test "intelRdt: a directory that is no resctrl is not taken for one" {
	config '.linux.intelRdt = {closID: "shared"}'
	in_fake_tree '
		! "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 || return 1
		grep -q "no resctrl file system is mounted" "$WORK/out"
		[ ! -s shared/tasks ]'
}

@test "intelRdt: init joins the class before it runs, exec as well, and delete leaves the class alone" {
	config '.linux.intelRdt = {closID: "shared"}' 'sh ("exec sleep 1000")'
	in_fake_tree '
		timeout 20 strace -f -qq -P /sys/fs/resctrl -e trace=fstatfs -e inject=fstatfs:poke_exit=@arg2=2158650700000000 -o "$WORK/trace" \
			"$CORACLE" --root "$STATE" create --pid-file "$WORK/pid" --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 &
		tracer=$!
		until [ -s "$WORK/pid" ]; do kill -0 $tracer; sleep 0.01; done
		[ "$(cat shared/tasks)" = "$(cat "$WORK/pid")" ]
		grep -q "\"rdtClos\":\"shared\"" "$STATE/$ID/state.json"
		quiet "$CORACLE" --root "$STATE" start "$ID"
		rm shared/tasks && touch shared/tasks
		quiet rdt exec --pid-file "$WORK/exec.pid" "$ID" true
		[ "$(cat shared/tasks)" = "$(cat "$WORK/exec.pid")" ]
		quiet rdt delete --force "$ID"
		wait $tracer
		[ -d shared ]'
}

@test "intelRdt: other schemata than those of the class are refused, and nothing is created" {
	config '.linux.intelRdt = {closID: "shared", l3CacheSchema: "L3:0=f"}'
	in_fake_tree '
		! rdt run --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 || return 1
		grep -q "linux.intelRdt: class of service .shared. exists already, with L3:0=000ff where f is asked for" "$WORK/out"
		[ ! -e "$STATE/$ID" ] && [ ! -s shared/tasks ]'
}

@test "intelRdt: the same schemata are accepted, in the root class too" {
	local clos

	for clos in shared /; do
		config ".linux.intelRdt = {closID: \"$clos\", schemata: [\"L3:1=fffff;0=ff\"]}" 'sh ("echo ran")'
		in_fake_tree '
			rdt run --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 || { cat "$WORK/out"; exit 1; }
			grep -qx ran "$WORK/out"
			[ -s shared/tasks ] || [ -s tasks ]'
	done
}

# The tree has no tasks file in what is made there: so the last step fails, and all of it must go again.
@test "intelRdt: what an error leaves behind is nothing" {
	config '.linux.intelRdt = {}'
	in_fake_tree '
		! rdt run --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 || return 1
		grep -q "linux.intelRdt: write [0-9]* to .tasks. of class .$ID." "$WORK/out" || { cat "$WORK/out"; exit 1; }
		[ ! -e "$ID" ] && [ ! -e "$STATE/$ID" ]'
}

# What the hardware says, as files.
numbers='mkdir -p info/L3 info/MB info/L3_MON {.,shared}/mon_data/mon_L3_0{1,0}
	echo fffff >info/L3/cbm_mask; echo 2 >info/L3/min_cbm_bits; echo 16 >info/L3/num_closids
	echo 10 >info/MB/bandwidth_gran; echo 1 >info/MB/delay_linear; echo 10 >info/MB/min_bandwidth; echo 8 >info/MB/num_closids
	printf "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n" >info/L3_MON/mon_features
	for n in 0 1; do for f in llc_occupancy mbm_total_bytes mbm_local_bytes; do echo 7 >mon_data/mon_L3_0$n/$f; done; done
	printf "    MB:0=100;1=100\n    L3:0=fffff;1=fffff\n" >schemata
	printf "    MB:0=20;1=100\n    L3:0=000ff;1=fffff\n" >shared/schemata
	echo 4096 >shared/mon_data/mon_L3_00/llc_occupancy; echo 300 >shared/mon_data/mon_L3_00/mbm_total_bytes
	echo 200 >shared/mon_data/mon_L3_00/mbm_local_bytes; echo 0 >shared/mon_data/mon_L3_01/llc_occupancy
	echo Unavailable >shared/mon_data/mon_L3_01/mbm_total_bytes; echo 5 >shared/mon_data/mon_L3_01/mbm_local_bytes
	up () {
		timeout 20 strace -f -qq -P /sys/fs/resctrl -e trace=fstatfs -e inject=fstatfs:poke_exit=@arg2=2158650700000000 -o "$WORK/trace" \
			"$CORACLE" --root "$STATE" create --pid-file "$WORK/pid" --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 &
		tracer=$!
		until [ -s "$WORK/pid" ]; do kill -0 $tracer; sleep 0.01; done
	}
	down () { quiet rdt delete --force "$ID"; wait $tracer; }
	'

@test "intelRdt: events --stats has the class of the container and what was measured, with the members of runc" {
	config '.linux.intelRdt = {closID: "shared"}'
	in_fake_tree "$numbers"'up; rdt events --stats "$ID" >"$WORK/stats"; down'
	diff <(jq -c '.data.intel_rdt | to_entries[]' "$WORK/stats") - <<-'WANT'
		{"key":"l3_cache_info","value":{"cbm_mask":"fffff","min_cbm_bits":2,"num_closids":16}}
		{"key":"l3_cache_schema_root","value":"L3:0=fffff;1=fffff"}
		{"key":"l3_cache_schema","value":"L3:0=000ff;1=fffff"}
		{"key":"mem_bw_info","value":{"bandwidth_gran":10,"delay_linear":1,"min_bandwidth":10,"num_closids":8}}
		{"key":"mem_bw_schema_root","value":"MB:0=100;1=100"}
		{"key":"mem_bw_schema","value":"MB:0=20;1=100"}
		{"key":"mbm_stats","value":[{"mbm_total_bytes":300,"mbm_local_bytes":200},{"mbm_local_bytes":5}]}
		{"key":"cmt_stats","value":[{"llc_occupancy":4096},{}]}
	WANT
}

@test "intelRdt: events --stats: the container's own monitoring group, and only what the machine has" {
	config '.linux.intelRdt = {closID: "shared"}'
	in_fake_tree "$numbers"'up
		rm -r info/MB; echo mbm_local_bytes >info/L3_MON/mon_features
		mkdir -p shared/mon_groups/"$ID"/mon_data/mon_L3_00
		echo 11 >shared/mon_groups/"$ID"/mon_data/mon_L3_00/mbm_local_bytes
		state=$STATE/$ID/state.json
		jq -c ".rdtOwned = 2" "$state" >"$WORK/state.new"; cat "$WORK/state.new" >"$state"
		rdt events --stats "$ID" >"$WORK/stats"
		jq -c "del (.rdtOwned)" "$state" >"$WORK/state.new"; cat "$WORK/state.new" >"$state"
		down'
	[ "$(jq -c '.data.intel_rdt | keys_unsorted' "$WORK/stats")" = '["l3_cache_info","l3_cache_schema_root","l3_cache_schema","mbm_stats"]' ]
	[ "$(jq -c .data.intel_rdt.mbm_stats "$WORK/stats")" = '[{"mbm_local_bytes":11}]' ]
}

@test "intelRdt: events --stats of a container without it has nothing of the machine's" {
	in_fake_tree "$numbers"'up; rdt events --stats "$ID" >"$WORK/stats"; down'
	[ "$(jq -c .data.intel_rdt "$WORK/stats")" = '{}' ]
}
