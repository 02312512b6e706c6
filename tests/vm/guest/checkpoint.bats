#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# checkpoint and restore with Debian's CRIU. In the machine of tests/vm/run only: what CRIU does to a host that it does not fit is anybody's guess.

load ../../bats/helpers
bats_require_minimum_version 1.5.0

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
	checkpoint --parent-path ../parent --auto-dedup
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

@test "mount points that create has made are made again in another copy of the root" {
	mkdir "$WORK/volume"
	cp -a "$ROOTFS" "$WORK/copy"
	config "bind (\"/new/dir\"; \"$WORK/volume\"; [\"rw\"]) | bind (\"/etc/file\"; \"$BUNDLE/config.json\"; [\"ro\"])"
	start
	checkpoint
	cp "$ROOTFS/count" "$WORK/copy/"
	rm -rf "$ROOTFS"
	mv "$WORK/copy" "$ROOTFS"
	restore
	runs exec "$ID" sh -c 'touch /new/dir/x && grep -c cgroupsPath /etc/file'
	is 1
	[ -e "$WORK/volume/x" ]
}

@test "volumes behind a link of the image, and with a blank in their path" {
	mkdir -p "$WORK/volume" "$ROOTFS/run" "$ROOTFS/var"
	rm -rf "$ROOTFS/var/run"
	ln -s /run "$ROOTFS/var/run"
	config "bind (\"/var/run/secrets\"; \"$WORK/volume\"; [\"rw\"]) | bind (\"/mnt/with a blank\"; \"$WORK/volume\"; [\"rw\"])"
	start
	checkpoint
	restore
	runs exec "$ID" sh -c 'touch /run/secrets/one "/mnt/with a blank/two"'
	[ -e "$WORK/volume/one" ]
	[ -e "$WORK/volume/two" ]
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

# Without a network the address of the loopback device is enough.
port=27015
listening () { grep -qi ":$(printf '%04X' $port) .* 0A " /proc/net/tcp; }

@test "--page-server: memory goes to another criu, and a restore is made of both" {
	start
	mkdir "$WORK/there"
	(cd "$WORK/there" && exec criu page-server -D . --address 127.0.0.1 --port $port >log 2>&1 </dev/null 3>&-) &
	wait_until listening
	checkpoint --page-server 127.0.0.1:$port
	wait $! || { cat "$WORK/there/log"; return 1; }
	ls "$WORK/there"/pages-*.img
	run ! ls "$IMAGES"/pages-*.img
	local n
	n=$(counted)
	mv "$WORK/there"/page*.img "$IMAGES/"
	restore
	wait_until counts_beyond $((n + 3))
}

@test "--lazy-pages: restored at once, the memory follows when it is touched; then the dump ends" {
	criu check --feature uffd-noncoop || skip "CRIU says that this kernel has no non-cooperative userfaultfd"
	start
	mkfifo "$WORK/ready"
	exec 4<>"$WORK/ready"
	"$CORACLE" --root "$STATE" checkpoint --image-path "$IMAGES" --lazy-pages --page-server 127.0.0.1:$port --status-fd 4 "$ID" >"$WORK/dump.out" 2>&1 </dev/null 3>&- &
	local dump=$! lazy n
	# a NUL byte: the pages are served
	[ "$(timeout 60 head -c 1 <&4 | od -An -tx1)" = " 00" ] || { cat "$WORK/dump.out"; log_of_criu; return 1; }
	exec 4>&-
	n=$(counted)
	mkdir "$WORK/criu"
	(cd "$WORK/criu" && exec criu lazy-pages -D "$IMAGES" -W . --page-server --address 127.0.0.1 --port $port >log 2>&1 </dev/null 3>&-) &
	lazy=$!
	wait_until test -S "$WORK/criu/lazy-pages.socket"
	# On the same machine the one that was dumped is still there, stopped, in its cgroup.
	jq --arg id "$ID" '.linux.cgroupsPath = "/" + $id + "-lazy"' "$BUNDLE/config.json" >"$BUNDLE/lazy.json"
	STATE=$WORK/other runs restore --config lazy.json --image-path "$IMAGES" --work-path "$WORK/criu" --bundle "$BUNDLE" --detach --lazy-pages "$ID" || { log_of_criu; cat "$WORK/criu/log"; return 1; }
	wait_until counts_beyond $((n + 3))
	wait $lazy || { cat "$WORK/criu/log"; return 1; }
	wait $dump || { cat "$WORK/dump.out"; return 1; }
	fails state "$ID"
	STATE=$WORK/other runs delete --force "$ID"
}

@test "--empty-ns network: what was in it is not brought back" {
	local pid
	start
	pid=$(coracle state "$ID" | jq .pid)
	nsenter -t "$pid" -n ip link add v0 type veth peer name v1
	checkpoint --empty-ns network
	restore --empty-ns network
	pid=$(coracle state "$ID" | jq .pid)
	[ "$(nsenter -t "$pid" -n ip -o link | wc -l)" -eq 1 ]
	[ "$(stat -Lc %i "/proc/$pid/ns/net")" != "$(stat -Lc %i /proc/self/ns/net)" ]
}

@test "a terminal goes to --console-socket again" {
	config '.process.terminal = true' 'sh ("i=0; while :; do i=$((i+1)); echo $i >/count; echo tick $i; sleep 0.1; done")'
	"$TEST_TOOLS/recvtty" "$WORK/first.sock" </dev/null >"$WORK/first" 2>"$WORK/err" 3>&- &
	wait_until grep -q ready "$WORK/err"
	runs run --detach --console-socket "$WORK/first.sock" --bundle "$BUNDLE" "$ID"
	wait_until grep -q "tick 5" "$WORK/first"
	checkpoint
	wait $! || true
	local n
	n=$(counted)
	"$TEST_TOOLS/recvtty" "$WORK/second.sock" </dev/null >"$WORK/second" 2>"$WORK/err" 3>&- &
	wait_until grep -q ready "$WORK/err"
	restore --console-socket "$WORK/second.sock"
	wait_until grep -q "tick $((n + 3))" "$WORK/second"
	runs delete --force "$ID"
	wait $! || true
}

@test "--file-locks: without it CRIU refuses, and says why" {
	with_tool lock
	config '.process.args |= ["/bin/lock", "/lock"] + .'
	start
	runs exec "$ID" true
	run_to_file exec "$ID" lock /lock true
	[ "$status" -eq 1 ]
	fails checkpoint --image-path "$IMAGES" "$ID"
	says "Error"
	says "lock"
	has_status running
	checkpoint --file-locks
	restore --file-locks
	# still locked: nobody else gets it
	run_to_file exec "$ID" lock /lock true
	[ "$status" -eq 1 ]
}

@test "--tcp-established, and --tcp-close of restore" {
	local connected='cat /proc/net/tcp /proc/net/tcp6 | grep -c " 01 "'
	config 'sh ("sleep 1000 | nc -l -p 5000 >/dev/null & sleep 1; sleep 1000 | nc 127.0.0.1 5000 >/dev/null & i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.1; done")'
	start
	wait_until eval '[ "$(coracle exec "$ID" sh -c "$connected")" = 2 ]'
	fails checkpoint --image-path "$IMAGES" "$ID"
	says "tcp-established"
	has_status running
	checkpoint --tcp-established
	restore --tcp-established
	[ "$(coracle exec "$ID" sh -c "$connected")" = 2 ]
	runs delete --force "$ID"
	restore --tcp-close
	[ "$(coracle exec "$ID" sh -c "$connected")" = 0 ]
}

@test "--manage-cgroups-mode: full and ignore" {
	local mode
	start
	for mode in full ignore; do
		rm -rf "$IMAGES"
		checkpoint --manage-cgroups-mode $mode
		restore --manage-cgroups-mode $mode
		[ "$(sed -n 's/^0:://p' "/proc/$(coracle state "$ID" | jq .pid)/cgroup")" = "/$ID" ]
	done
}

@test "--link-remap: a file that is open and removed" {
	config 'sh ("echo gone >/f; ln /f /g; exec 9</f; rm /f; i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.1; done")'
	start
	checkpoint --link-remap
	restore
	has_status running
	[ "$(cat "$ROOTFS/g")" = gone ]
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
