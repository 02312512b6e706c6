#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# checkpoint and restore with Debian's CRIU. In the machine of tests/vm/run only: what CRIU does to a host that it does not fit is anybody's guess.

load ../../bats/helpers

setup () {
	test_setup
	IMAGES=$WORK/images
	# A process that counts, so that one can see whether it goes on or begins anew.
	config 'sh ("i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.1; done")'
}

counted () { cat "$ROOTFS/count" 2>/dev/null || echo 0; }
counts_beyond () { [ "$(counted)" -gt "$1" ]; }
# Standard streams that CRIU can have: a file of the host's is none.
quiet () { coracle run --detach --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null; }
start () {
	quiet
	wait_until counts_beyond 3
}
log_of_criu () { grep -h Error "$IMAGES"/*.log "$WORK"/criu/*.log 2>/dev/null | tail -n 20; }
checkpoint () { runs checkpoint --image-path "$IMAGES" "$@" "$ID" || { log_of_criu; return 1; }; }
restore () { runs restore --image-path "$IMAGES" --bundle "$BUNDLE" --detach "$@" "$ID" || { log_of_criu; return 1; }; }

@test "a container is gone after a checkpoint, and goes on after a restore" {
	start
	checkpoint
	fails state "$ID"
	says 'does not exist'
	local n
	n=$(counted)
	[ -s "$IMAGES/descriptors.json" ]
	[ -s "$IMAGES/dump.log" ]
	restore
	has_status running
	wait_until counts_beyond $((n + 3))
	runs delete --force "$ID"
}

@test "with --leave-running it goes on by itself" {
	start
	checkpoint --leave-running --leave-running
	has_status running
	local n
	n=$(counted)
	wait_until counts_beyond $((n + 3))
}

@test "a restored container can be stopped, executed in and deleted like any other; its pid is in the pid file" {
	start
	checkpoint
	restore --pid-file "$WORK/pid"
	[ "$(cat "$WORK/pid")" = "$(coracle state "$ID" | jq .pid)" ]
	runs exec "$ID" cat /count
	[ "$output" -gt 3 ]
	runs kill "$ID" KILL
	wait_until has_status stopped
	runs delete "$ID"
}

@test "restore in the foreground waits and returns the exit status" {
	config 'sh ("while [ ! -e /stop ]; do echo x >/count; sleep 0.1; done; exit 7")'
	quiet
	wait_until [ -s "$ROOTFS/count" ]
	checkpoint
	(sleep 2; touch "$ROOTFS/stop") 3>&- &
	run timeout 60 "$CORACLE" --root "$STATE" restore --image-path "$IMAGES" --bundle "$BUNDLE" "$ID" </dev/null 3>&-
	[ "$status" -eq 7 ]
	fails state "$ID"
}

@test "a paused container can be checkpointed" {
	start
	runs pause "$ID"
	checkpoint
	restore
	has_status running
}

@test "pre-dump, then the rest with --parent-path" {
	start
	runs checkpoint --image-path "$WORK/parent" --pre-dump "$ID"
	has_status running
	mkdir "$IMAGES"
	checkpoint --parent-path ../parent
	restore
	has_status running
}

@test "--work-path has the log, and an error says what CRIU said" {
	start
	checkpoint --work-path "$WORK/criu"
	[ -s "$WORK/criu/dump.log" ]
	rm "$IMAGES"/core-*.img
	fails restore --image-path "$IMAGES" --work-path "$WORK/criu" --bundle "$BUNDLE" --detach "$ID"
	says "restore.log"
	says "Error"
	fails state "$ID"
}

@test "volumes, read-only root, masks, limits, an own network and a terminal's absence survive" {
	mkdir "$WORK/volume"
	config ".root.readonly = true | bind (\"/data\"; \"$WORK/volume\"; [\"rw\"]) | resources ({pids: {limit: 50}, memory: {limit: 104857600}})" \
		'sh ("i=0; while :; do i=$((i+1)); echo $i >/data/count; sleep 0.1; done")'
	quiet
	wait_until [ -s "$WORK/volume/count" ]
	checkpoint
	restore
	runs exec "$ID" sh -c '(echo x >/file) 2>/dev/null || echo read-only; cat /proc/keys | wc -c; ls /sys/firmware | wc -l; ip -o link | wc -l'
	is "$(printf 'read-only\n0\n0\n1')"
	[ "$(cat "/sys/fs/cgroup/$ID/pids.max" 2>/dev/null || cat "/sys/fs/cgroup/pids/$ID/pids.max")" = 50 ]
}

@test "a network namespace given by path is joined again" {
	ip netns add "n$$"
	config "join_ns (\"network\"; \"/run/netns/n$$\")"
	start
	checkpoint
	restore
	[ "$(stat -Lc %i "/proc/$(coracle state "$ID" | jq .pid)/ns/net")" = "$(stat -Lc %i "/run/netns/n$$")" ]
	runs delete --force "$ID"
	ip netns del "n$$"
}

@test "restore needs images, and leaves nothing when it has none" {
	mkdir "$IMAGES"
	fails restore --image-path "$IMAGES" --bundle "$BUNDLE" --detach "$ID"
	[ ! -e "$STATE/$ID" ]
	fails restore --image-path "$WORK/missing" --bundle "$BUNDLE" --detach "$ID"
	says '--image-path'
}

@test "only a running container can be checkpointed" {
	runs create --bundle "$BUNDLE" "$ID"
	fails checkpoint --image-path "$IMAGES" "$ID"
	says 'container not running'
	fails checkpoint --image-path "$IMAGES" missing
	says 'does not exist'
}

@test "options are checked before anything happens" {
	start
	fails checkpoint --image-path "$IMAGES" --manage-cgroups-mode nonsense "$ID"
	says '--manage-cgroups-mode'
	fails checkpoint --image-path "$IMAGES" --empty-ns mount "$ID"
	says '--empty-ns'
	fails checkpoint --image-path "$IMAGES" --parent-path /absolute "$ID"
	says '--parent-path'
	fails checkpoint --image-path "$IMAGES" --page-server nonsense "$ID"
	says '--page-server'
	has_status running
}
