#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mounts add, remove, list.

load helpers

up () {
	config 'args (["/bin/sleep", "1000"])' "$@"
	runs run --detach --bundle "$BUNDLE" "$ID"
	mkdir -p "$WORK/volume"
	echo content >"$WORK/volume/file"
}
need_mounts () {
	local call
	for call in mount_setattr pidfd_open; do need_call "$call" "mounts in a container that runs"; done
}
list () { jq -n "[$1]" >"$WORK/mounts.json"; }
volume () { list "{destination: \"/mnt/volume\", source: \"$WORK/volume\", type: \"bind\", options: [\"bind\", \"ro\"$1]}"; }

@test "a volume is there, read-only as asked, and listed; and gone again" {
	need_mounts
	up
	volume
	runs mounts add "$ID" "$WORK/mounts.json"
	is ""
	runs exec "$ID" cat /mnt/volume/file
	is content
	run_to_file exec "$ID" sh -c 'echo x >/mnt/volume/file'
	says "Read-only"
	runs mounts list "$ID"
	[ "$(jq -r '.[0].destination' <<<"$output")" = /mnt/volume ]
	runs mounts remove "$ID" "$WORK/mounts.json"
	run_to_file exec "$ID" cat /mnt/volume/file
	[ "$status" -ne 0 ]
	runs mounts list "$ID"
	is "[]"
	! grep -q "$WORK/volume" /proc/self/mountinfo
}

@test "a tmpfs, and standard input" {
	need_mounts
	up
	list '{destination: "/mnt/tmp", source: "tmpfs", type: "tmpfs", options: ["size=64k", "nosuid"]}'
	output=$("$CORACLE" --root "$STATE" mounts add "$ID" - <"$WORK/mounts.json" 2>&1 3>&-)
	is ""
	runs exec "$ID" grep ' /mnt/tmp ' /proc/mounts
	says "nosuid"
	says "size=64k"
}

@test "a single file" {
	need_mounts
	up
	list "{destination: \"/etc/one\", source: \"$WORK/volume/file\", type: \"bind\", options: [\"bind\"]}"
	runs mounts add "$ID" "$WORK/mounts.json"
	runs exec "$ID" cat /etc/one
	is content
	runs mounts remove "$ID" "$WORK/mounts.json"
}

@test "in a user namespace, an idmapped volume too" {
	need_mounts
	chown -R 100000:100000 "$ROOTFS"
	chmod 711 "$BUNDLE" "$WORK"
	up userns
	chmod 700 "$WORK/volume"
	chown 100000:100000 "$WORK/volume"
	volume
	runs mounts add "$ID" "$WORK/mounts.json"
	runs exec "$ID" cat /mnt/volume/file
	is content
	runs mounts remove "$ID" "$WORK/mounts.json"
}

@test "several at once are removed in the opposite order" {
	need_mounts
	up
	list "{destination: \"/mnt/a\", source: \"tmpfs\", type: \"tmpfs\"}, {destination: \"/mnt/a/b\", source: \"tmpfs\", type: \"tmpfs\"}"
	runs mounts add "$ID" "$WORK/mounts.json"
	runs mounts remove "$ID" "$WORK/mounts.json"
	run_to_file exec "$ID" grep /mnt/a /proc/mounts
	is ""
}

@test "one of several cannot be made: none is there" {
	need_mounts
	up
	list '{destination: "/mnt/a", source: "tmpfs", type: "tmpfs"}, {destination: "/mnt/a/b", source: "tmpfs", type: "tmpfs"}, {destination: "/etc/passwd/c", source: "tmpfs", type: "tmpfs"}'
	fails mounts add "$ID" "$WORK/mounts.json"
	says "mounts[2]"
	run_to_file exec "$ID" grep /mnt/a /proc/mounts
	is ""
	runs mounts list "$ID"
	is "[]"
}

@test "one of several cannot be removed: those that are gone are not listed any more" {
	need_mounts
	up
	list '{destination: "/mnt/a", source: "tmpfs", type: "tmpfs"}, {destination: "/mnt/b", source: "tmpfs", type: "tmpfs"}'
	runs mounts add "$ID" "$WORK/mounts.json"
	list '{destination: "/mnt/a", source: "tmpfs", type: "tmpfs"}, {destination: "/mnt/none", source: "tmpfs", type: "tmpfs"}, {destination: "/mnt/b", source: "tmpfs", type: "tmpfs"}'
	fails mounts remove "$ID" "$WORK/mounts.json"
	says "/mnt/none"
	run_to_file exec "$ID" sh -c 'cut -d" " -f2 /proc/mounts | grep ^/mnt'
	is "/mnt/a"
	runs mounts list "$ID"
	[ "$(jq -c 'map (.destination)' <<<"$output")" = '["/mnt/a"]' ]
}

@test "a link in the container leads nowhere else" {
	need_mounts
	up
	mkdir -p "$WORK/outside"
	ln -s "$WORK/outside" "$ROOTFS/link"
	list "{destination: \"/link/x\", source: \"$WORK/volume\", type: \"bind\", options: [\"bind\"]}"
	runs mounts add "$ID" "$WORK/mounts.json"
	[ ! -e "$WORK/outside/x" ]
	runs mounts remove "$ID" "$WORK/mounts.json"
}

@test "a destination that is a link of the image: what was mounted where it leads is found again" {
	need_mounts
	up
	mkdir "$ROOTFS/run"
	rm -rf "$ROOTFS/var/run"
	ln -s /run "$ROOTFS/var/run"
	ln -s ../etc/real "$ROOTFS/etc/link"
	: >"$ROOTFS/etc/real"
	ln -s / "$ROOTFS/top"
	list "{destination: \"/var/run\", source: \"tmpfs\", type: \"tmpfs\"}, {destination: \"/etc/link\", source: \"$WORK/volume/file\", type: \"bind\", options: [\"bind\"]}"
	runs mounts add "$ID" "$WORK/mounts.json"
	runs exec "$ID" sh -c 'cat /etc/real; cut -d" " -f2 /proc/mounts | grep -c -e ^/run -e ^/etc/real'
	is $'content\n2'
	runs mounts remove "$ID" "$WORK/mounts.json"
	run_to_file exec "$ID" sh -c 'cut -d" " -f2 /proc/mounts | grep -e ^/run -e ^/etc/real'
	is ""
	# but not the root
	list '{destination: "/top", source: "tmpfs", type: "tmpfs"}'
	fails mounts remove "$ID" "$WORK/mounts.json"
	runs exec "$ID" ls /etc/real
}

@test "what is not mounted, missing sources, bad files" {
	need_mounts
	up
	volume
	fails mounts remove "$ID" "$WORK/mounts.json"
	mkdir -p "$ROOTFS/mnt/volume"
	fails mounts remove "$ID" "$WORK/mounts.json"
	says "nothing is mounted"
	list '{destination: "/x", source: "/no/such", type: "bind", options: ["bind"]}'
	fails mounts add "$ID" "$WORK/mounts.json"
	says "/no/such"
	list '{destination: "/x", source: "/", type: "bind", options: ["bind", "nosuchoption"]}'
	fails mounts add "$ID" "$WORK/mounts.json"
	echo '{}' >"$WORK/mounts.json"
	fails mounts add "$ID" "$WORK/mounts.json"
	fails mounts add "$ID" "$WORK/none"
	fails mounts change "$ID" "$WORK/none"
	says "usage"
	fails mounts list nosuch
	says "does not exist"
	runs mounts list "$ID"
	is "[]"
}

@test "a stopped container" {
	config 'args (["/bin/true"])'
	runs run --detach --bundle "$BUNDLE" "$ID"
	wait_until has_status stopped
	mkdir "$WORK/volume"
	volume
	fails mounts add "$ID" "$WORK/mounts.json"
	says "container not running"
}

@test "a container without a mount namespace: these would be mounts of the host" {
	up 'no_ns ("mount") | .mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	volume
	fails mounts add "$ID" "$WORK/mounts.json"
	says "mount namespace"
	fails mounts remove "$ID" "$WORK/mounts.json"
	says "mount namespace"
}
