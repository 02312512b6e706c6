#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# State directories that something has damaged: others do not suffer, and delete --force ends clean.

load helpers

sleeper () {
	config 'args(["/bin/sleep", "1000"])' "$@"
	runs run -d -b "$BUNDLE" "$ID"
	pid=$(coracle state "$ID" | jq .pid)
}
# What every damage has to end in: an error of state, a list that names it and goes on, and a delete --force that leaves nothing.
ends_clean () {
	fails state "$ID"
	says "'$ID'"
	says "use delete --force"
	runs list
	says "'$ID'"
	[ "$(grep -c "^$ID-other " <<<"$output")" -eq 1 ] || { echo "$output"; return 1; }
	fails start "$ID"
	fails kill "$ID" KILL
	fails delete "$ID"
	says "--force"
	runs delete --force "$ID"
	[ ! -e "$STATE/$ID" ]
	[ -z "$(find /sys/fs/cgroup -maxdepth 4 -type d -name "$ID" 2>/dev/null)" ] || { echo "the cgroup is left"; return 1; }
	wait_until eval "! kill -0 $pid 2>/dev/null"
}
# A healthy one beside it.
other () {
	jq --arg p "/$ID-other" '.linux.cgroupsPath = $p' "$BUNDLE/config.json" >"$BUNDLE/other.json"
	runs create -b "$BUNDLE" -f other.json "$ID-other"
}

@test "damaged: a state that is empty" {
	other
	sleeper
	: >"$STATE/$ID/state.json"
	ends_clean
}

@test "damaged: a state that is truncated" {
	other
	sleeper
	truncate -s 100 "$STATE/$ID/state.json"
	ends_clean
}

@test "damaged: a state that is something else" {
	local junk
	other
	for junk in '{}' '[]' 'null' 'not json' '{"format":1}' '{"format":2,"id":"x","phase":"created"}' '{"format":1,"id":"x","phase":"created","pid":1}'; do
		sleeper
		printf '%s' "${junk//\"x\"/\"$ID\"}" >"$STATE/$ID/state.json"
		ends_clean
	done
}

@test "damaged: a state of another container" {
	other
	sleeper
	cp "$STATE/$ID-other/state.json" "$STATE/$ID/state.json"
	ends_clean
	has_status created "$ID-other"
}

@test "damaged: a state that is gone, a directory, or unreadable rubbish of zeros" {
	other
	sleeper
	rm "$STATE/$ID/state.json"
	ends_clean
	sleeper
	rm "$STATE/$ID/state.json"
	mkdir -p "$STATE/$ID/state.json/x"
	ends_clean
	sleeper
	head -c 100000 /dev/zero >"$STATE/$ID/state.json"
	ends_clean
}

@test "damaged: a state that is a FIFO hangs nobody" {
	other
	sleeper
	rm "$STATE/$ID/state.json"
	mkfifo "$STATE/$ID/state.json"
	local before=$SECONDS
	timeout 20 "$CORACLE" --root "$STATE" list >/dev/null 2>&1
	timeout 20 "$CORACLE" --root "$STATE" delete --force "$ID"
	[ $((SECONDS - before)) -lt 10 ]
	[ ! -e "$STATE/$ID" ]
}

@test "damaged: a state that leads elsewhere by a link is not followed to anything that can be harmed" {
	other
	sleeper
	cp "$STATE/$ID/state.json" "$WORK/elsewhere"
	ln -sf "$WORK/elsewhere" "$STATE/$ID/state.json"
	runs delete --force "$ID"
	[ -s "$WORK/elsewhere" ]
	[ ! -e "$STATE/$ID" ]
}

@test "damaged: a created container" {
	other
	runs create -b "$BUNDLE" "$ID"
	pid=$(coracle state "$ID" | jq .pid)
	: >"$STATE/$ID/state.json"
	ends_clean
}

@test "damaged: without a pid namespace, what init left behind ends too" {
	config 'no_ns("pid") | sh("sleep 1000 & echo $! >/child; sleep 1000")'
	runs run -d -b "$BUNDLE" "$ID"
	wait_until test -s "$ROOTFS/child"
	: >"$STATE/$ID/state.json"
	runs delete --force "$ID"
	wait_until eval "! kill -0 $(cat "$ROOTFS/child") 2>/dev/null"
}

@test "damaged: an empty directory, as a create leaves that was killed at once" {
	mkdir -p "$STATE/$ID"
	# a fresh one may be that of a create that goes on
	fails state "$ID"
	says "does not exist"
	wait_until eval '! coracle state "$ID" 2>&1 | grep -q "does not exist"'
	fails state "$ID"
	says "create did not complete"
	runs list
	says "'$ID'"
	fails create -b "$BUNDLE" "$ID"
	says "already exists"
	runs delete "$ID"
	[ ! -e "$STATE/$ID" ]
	mkdir -p "$STATE/$ID"
	runs delete --force "$ID"
	[ ! -e "$STATE/$ID" ]
}

@test "damaged: the kept configuration is gone: the container lives and ends as before" {
	sleeper
	rm "$STATE/$ID/config.json"
	has_status running
	runs kill "$ID" KILL
	wait_until has_status stopped
	runs delete "$ID"
}

@test "damaged: the kept configuration is gone, and there was a poststop hook" {
	sleeper 'hook("poststop"; {path: "/bin/true"})'
	rm "$STATE/$ID/config.json"
	runs delete --force "$ID"
	says "warning"
	[ ! -e "$STATE/$ID" ]
}

@test "damaged: files and links that are not ours in the state root" {
	mkdir -p "$STATE"
	runs create -b "$BUNDLE" "$ID"
	echo junk >"$STATE/file"
	mkdir "$STATE/.hidden" "$STATE/bad name"
	ln -s "$STATE/$ID" "$STATE/link"
	ln -s /etc "$STATE/etc"
	runs list -q
	is "$ID"
	fails state link
	fails delete --force etc
	[ -e /etc/passwd ]
	fails delete --force file
	[ -e "$STATE/file" ]
	rm "$STATE/file" "$STATE/link" "$STATE/etc"
	rmdir "$STATE/.hidden" "$STATE/bad name"
}

@test "damaged: a state directory with more in it than we made is removed as a whole, links unfollowed" {
	runs create -b "$BUNDLE" "$ID"
	mkdir -p "$WORK/precious/deep" "$STATE/$ID/notify/a/b"
	echo x >"$WORK/precious/deep/file"
	ln -s "$WORK/precious" "$STATE/$ID/notify/a/link"
	runs delete "$ID"
	[ ! -e "$STATE/$ID" ]
	[ "$(cat "$WORK/precious/deep/file")" = x ]
}

@test "damaged: FIFOs of start that are gone: start says so, and delete works" {
	runs create -b "$BUNDLE" "$ID"
	rm "$STATE/$ID/start.fifo" "$STATE/$ID/report.fifo"
	fails start "$ID"
	runs delete --force "$ID"
}
