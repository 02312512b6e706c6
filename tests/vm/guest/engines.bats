#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# checkpoint and restore as podman and containerd ask for them. In the machine of tests/vm/run only: it needs CRIU.

load ../../bats/helpers

counts='i=0; while :; do i=$((i+1)); echo "count $i"; sleep 0.2; done'

setup_file () {
	local top
	top=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	"$top/tools/make-bundle" "$BATS_FILE_TMPDIR/box" "$CORACLE" >/dev/null
	tar -C "$BATS_FILE_TMPDIR/box/rootfs" -cf "$BATS_FILE_TMPDIR/box.tar" .
	export CONTAINERS_CONF=$BATS_FILE_TMPDIR/containers.conf
	printf '%s\n' '[engine]' 'runtime_supports_json = ["coracle"]' "[engine.runtimes]" "coracle = [\"$CORACLE\"]" >"$CONTAINERS_CONF"
	pod import "$BATS_FILE_TMPDIR/box.tar" localhost/box:latest >/dev/null 2>&1 3>&-
	pod save -o "$BATS_FILE_TMPDIR/image.tar" localhost/box:latest >/dev/null 2>&1 3>&-
	printf '%s\n' 'version = 2' "root = \"$BATS_FILE_TMPDIR/croot\"" "state = \"$BATS_FILE_TMPDIR/cstate\"" '[grpc]' \
		"address = \"$BATS_FILE_TMPDIR/c.sock\"" >"$BATS_FILE_TMPDIR/config.toml"
	containerd --config "$BATS_FILE_TMPDIR/config.toml" >"$BATS_FILE_TMPDIR/containerd.log" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$BATS_FILE_TMPDIR/containerd.pid"
}
teardown_file () {
	pod rm -f -a -t 0 >/dev/null 2>&1 3>&- || true
	kill "$(cat "$BATS_FILE_TMPDIR/containerd.pid")"
}

pod () {
	podman --root "$BATS_FILE_TMPDIR/proot" --runroot "$BATS_FILE_TMPDIR/prun" --tmpdir "$BATS_FILE_TMPDIR/ptmp" --storage-driver vfs \
		--events-backend file --runtime coracle "$@"
}
works () { # COMMAND…
	run "$@" 3>&-
	[ "$status" -eq 0 ] || { echo "'$*': $status: $output"; return 1; }
}
# patiently COMMAND…: as wait_until, for engines that take their time in an emulated machine
patiently () {
	local end=$((SECONDS + 60))
	while [ "$SECONDS" -lt "$end" ]; do
		"$@" && return
		sleep 0.5
	done
	echo "waited in vain for: $*"
	return 1
}
last_count () { tail -n 1 | sed -n 's/^count //p'; }
pod_count () { pod logs --tail 1 "$1" 2>/dev/null 3>&- | last_count; }
pod_beyond () { local n; n=$(pod_count "$1"); [ "${n:-0}" -gt "$2" ]; }

@test "podman: checkpoint, restore, exec; the output goes on" {
	works pod run -d --name one --network none --log-driver k8s-file box sh -c "$counts"
	patiently pod_beyond one 3
	works pod container checkpoint one
	[ "$(pod inspect -f '{{.State.Running}} {{.State.Checkpointed}}' one)" = "false true" ]
	local n
	n=$(pod_count one)
	works pod container restore one
	patiently pod_beyond one $((n + 2))
	works pod exec one echo hello
	is hello
	works pod rm -f -t 0 one
}

@test "podman: --leave-running, then --export and a restore under another name" {
	works pod run -d --name two --network none --log-driver k8s-file box sh -c "$counts"
	patiently pod_beyond two 3
	works pod container checkpoint --leave-running two
	[ "$(pod inspect -f '{{.State.Running}}' two)" = true ]
	works pod container checkpoint --export "$WORK/two.tar" --compress none two
	works pod rm -f -t 0 two
	works pod container restore --import "$WORK/two.tar" --name three
	patiently pod_beyond three 5
	works pod rm -f -t 0 three
}

nerd () { timeout 120 ctr --address "$BATS_FILE_TMPDIR/c.sock" "$@"; }
task_is () { nerd task ls 2>/dev/null 3>&- | grep -q "^$1 .* $2"; }
grows () { local n; n=$(last_count <"$1"); [ "${n:-0}" -gt "$2" ]; }

@test "containerd: checkpoint of a task, restore of a container with --live" {
	patiently nerd version >/dev/null
	works nerd image import --snapshotter native "$BATS_FILE_TMPDIR/image.tar"
	works nerd run -d --snapshotter native --runc-binary "$CORACLE" --log-uri "file://$WORK/log" localhost/box:latest four sh -c "$counts"
	patiently grows "$WORK/log" 3
	works nerd container checkpoint --task --rw --image four localhost/four:checkpoint
	works nerd task kill -s KILL four
	patiently task_is four STOPPED
	works nerd task rm four
	works nerd container rm four
	works nerd container restore --live --rw four localhost/four:checkpoint
	patiently task_is four RUNNING
	works nerd task exec --exec-id x four echo hello
	is hello
	works nerd task kill -s KILL four
	patiently task_is four STOPPED
	works nerd task rm four
	works nerd container rm four
}

@test "containerd: checkpoint --exit to an image path" {
	patiently nerd version >/dev/null
	works nerd image import --snapshotter native "$BATS_FILE_TMPDIR/image.tar"
	works nerd run -d --snapshotter native --runc-binary "$CORACLE" --log-uri "file://$WORK/log" localhost/box:latest five sh -c "$counts"
	patiently grows "$WORK/log" 3
	mkdir "$WORK/images"
	works nerd task checkpoint --exit --image-path "$WORK/images" five
	[ -s "$WORK/images/descriptors.json" ]
	patiently task_is five STOPPED
	works nerd task rm five
	works nerd container rm five
}
