#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# state: the document of runtime.md, in every phase of a container's life.
load helpers

# field FILTER: of the state document
field () { coracle state "$ID" | jq -r "$1"; }

@test "state: members, their order and the layout" {
	config '.annotations = {"a.b": "c\"d/e", "z": ""}'
	runs create --bundle "$BUNDLE" "$ID"
	runs state "$ID"
	local pid created

	pid=$(jq .pid <<<"$output")
	created=$(jq -r .created <<<"$output")
	[ "$(jq -c keys_unsorted <<<"$output")" = '["ociVersion","id","pid","status","bundle","rootfs","created","annotations","owner","loginuid","sessionid"]' ]
	cat >"$WORK/expected" <<-END
	{
	  "ociVersion": "1.3.0",
	  "id": "$ID",
	  "pid": $pid,
	  "status": "created",
	  "bundle": "$BUNDLE",
	  "rootfs": "$ROOTFS",
	  "created": "$created",
	  "annotations": {
	    "a.b": "c\\"d/e",
	    "z": ""
	  },
	  "owner": "",
	  "loginuid": $(jq .loginuid <<<"$output"),
	  "sessionid": $(jq .sessionid <<<"$output")
	}
	END
	coracle state "$ID" >"$WORK/now"
	diff -u "$WORK/expected" "$WORK/now"
}

@test "state: the types of the specification's schema" {
	runs create --bundle "$BUNDLE" "$ID"
	runs state "$ID"
	jq -e '(.ociVersion, .id, .bundle | type == "string") and (.pid | type == "number" and . > 1 and . == floor)
		and (.status | IN ("creating", "created", "running", "stopped")) and (.bundle | startswith ("/"))' <<<"$output"
}

@test "state: created is a time of RFC 3339 in UTC, between before and after" {
	local before after created

	before=$(date +%s)
	runs create --bundle "$BUNDLE" "$ID"
	after=$(date +%s)
	created=$(field .created)
	[[ "$created" =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}Z$ ]]
	[ "$(date -d "$created" +%s)" -ge "$before" ]
	[ "$(date -d "$created" +%s)" -le "$after" ]
	wait_until eval '[ "$(date +%s%N)" -gt "$(date -d "$created" +%s%N)" ]'
	[ "$(field .created)" = "$created" ]
}

@test "state: created, running, paused, running, stopped; the pid is the host's, and 0 after the end" {
	local pid

	config 'sh ("exec sleep 1000")'
	runs create --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	pid=$(cat "$WORK/pid")
	has_status created
	[ "$(field .pid)" = "$pid" ]
	runs start "$ID"
	has_status running
	[ "$(field .pid)" = "$pid" ]
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = "sleep 1000 " ]
	runs kill "$ID" KILL
	wait_until has_status stopped
	[ "$(field .pid)" = 0 ]
	[ "$(field .id)" = "$ID" ]
	[ "$(field .bundle)" = "$BUNDLE" ]
	runs delete "$ID"
	fails state "$ID"
	says "does not exist"
}

@test "state: a process that was killed behind our back is stopped" {
	config 'sh ("exec sleep 1000")'
	runs create --bundle "$BUNDLE" "$ID"
	kill -KILL "$(field .pid)"
	wait_until has_status stopped
}

# The number may be somebody else's by now: the state tells them apart.
@test "state: another process with the pid of ours is not taken for it" {
	runs create --bundle "$BUNDLE" "$ID"
	kill -KILL "$(field .pid)"
	wait_until has_status stopped
	sleep 1000 &
	jq --argjson pid $! '.pid = $pid' "$STATE/$ID/state.json" >"$WORK/changed"
	cat "$WORK/changed" >"$STATE/$ID/state.json"
	has_status stopped
	runs delete --force "$ID"
	kill -0 $!
	kill $!
}

# Numbers begin anew with each boot: what has them after the next is no business of ours.
@test "state: of another boot: stopped, and delete leaves process and cgroup alone" {
	local file=$STATE/$ID/state.json pid force
	config 'args (["/bin/sleep", "1000"])'
	runs run --detach --bundle "$BUNDLE" "$ID"
	pid=$(field .pid)
	for force in '' --force; do
		cp "$file" "$WORK/kept"
		jq -c '.bootId = "12345678-9abc-4def-8123-456789abcdef"' "$WORK/kept" >"$file"
		has_status stopped
		[ "$(field .pid)" = 0 ]
		fails kill "$ID" KILL
		fails exec "$ID" true
		mkdir "$WORK/copy"
		cp -r "$STATE/$ID" "$WORK/copy/"
		STATE=$WORK/copy runs delete $force "$ID"
		[ -z "$(ls "$WORK/copy")" ]
		rmdir "$WORK/copy"
		kill -0 "$pid"
		[ -n "$(find /sys/fs/cgroup -maxdepth 4 -type d -name "$ID")" ]
		cat "$WORK/kept" >"$file"
		has_status running
	done
	# the copy that is left when the state is damaged
	ln -sfT "$(readlink "$STATE/$ID/state.backup" | jq -c '.bootId = "12345678-9abc-4def-8123-456789abcdef"')" "$STATE/$ID/state.backup"
	cp -r "$STATE/$ID" "$WORK/copy"
	mkdir "$WORK/copies"
	mv "$WORK/copy" "$WORK/copies/$ID"
	: >"$WORK/copies/$ID/state.json"
	STATE=$WORK/copies runs delete --force "$ID"
	kill -0 "$pid"
}

@test "state: the boot is known where the state outlives it" {
	local memory
	config 'args (["/bin/true"])'
	runs create --bundle "$BUNDLE" "$ID"
	if [ "$(stat -f -c %T "$STATE")" = tmpfs ]; then
		[ "$(jq 'has ("bootId")' "$STATE/$ID/state.json")" = false ]
	else
		[ "$(jq -r .bootId "$STATE/$ID/state.json")" = "$(cat /proc/sys/kernel/random/boot_id)" ]
	fi
	runs delete "$ID"
	[ "$(stat -f -c %T /dev/shm)" = tmpfs ] || skip "/dev/shm is no tmpfs"
	memory=$(mktemp -d /dev/shm/coracle-bats.XXXXXX)
	STATE=$memory runs create --bundle "$BUNDLE" "$ID"
	[ "$(jq 'has ("bootId")' "$memory/$ID/state.json")" = false ]
	STATE=$memory runs delete "$ID"
	rmdir "$memory" || rm -rf "$memory"
}

@test "state: creating, while a hook runs; created is not said too early" {
	mkfifo "$WORK/go"
	config "hook (\"createRuntime\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"cat >$WORK/hook; cat $WORK/go\"]})"
	coracle create --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/create" 2>&1 &
	wait_until test -s "$WORK/hook"
	has_status creating
	[ "$(jq -r .status "$WORK/hook")" = creating ]
	echo go >"$WORK/go"
	wait $!
	has_status created
}

@test "state: the configuration may change after create, what is said of the container does not" {
	runs create --bundle "$BUNDLE" "$ID"
	coracle state "$ID" >"$WORK/before"
	config '.annotations = {new: "x"} | .root.path = "elsewhere"'
	coracle state "$ID" >"$WORK/after"
	cmp "$WORK/before" "$WORK/after"
}

@test "state: its exit status is 0 for a container in any state, 1 when there is none" {
	runs create --bundle "$BUNDLE" "$ID"
	runs state "$ID"
	fails state "$ID-none"
	[ "$status" -eq 1 ]
	is "coracle: container '$ID-none' does not exist in '$STATE': no such file or directory"
}

@test "state: text from the configuration cannot leave its string" {
	config '.annotations = {"k\u001b[31m": "\u001b]0;x\u0007\n\t\"\\\u007f\u2028 é"}'
	runs create --bundle "$BUNDLE" "$ID"
	[ "$(coracle state "$ID" | tr -d '\n -~\302\303\342\200\250\251\177' | wc -c)" -eq 0 ]
	[ "$(field '.annotations | to_entries[0].value | @json')" = "$(jq -r '.annotations | to_entries[0].value | @json' "$BUNDLE/config.json")" ]
}
