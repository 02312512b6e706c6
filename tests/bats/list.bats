#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# list: every container below the state root.
load helpers

three () { # one created, one running, one stopped
	config 'del (.linux.cgroupsPath)' 'sh ("exec sleep 1000")'
	runs create --bundle "$BUNDLE" "$ID-created"
	runs run --detach --bundle "$BUNDLE" "$ID-running"
	runs run --detach --bundle "$BUNDLE" "$ID-stopped"
	runs kill "$ID-stopped" KILL
	wait_until has_status stopped "$ID-stopped"
}
pid_of () { coracle state "$1" | jq .pid; }

@test "list: nothing" {
	mkdir "$STATE"
	runs list
	is "ID  PID       STATUS    BUNDLE  CREATED                         OWNER     LOGINUID    SESSION"
	runs list --format json
	is "[]"
	runs list -q
	is ""
}

@test "list: a missing default root is nothing, a missing --root an error" {
	fails list
	says "open the state root '$STATE': no such file or directory"
	mkdir "$WORK/xdg" "$WORK/bin"
	cp "$CORACLE" "$WORK/bin/coracle"
	need_root
	run setpriv --reuid=54321 --regid=54321 --clear-groups env XDG_RUNTIME_DIR="$WORK/xdg" "$WORK/bin/coracle" list --format json
	[ "$status" -eq 0 ]
	is "[]"
}

@test "list --format table: a line for each, in the order of their IDs, columns below their titles" {
	local line

	three
	runs list --format table
	[ "${output%%$'\n'*}" = "$(printf '%-*s  %-8s  %-8s  %-*s  %-30s  %-8s  %-10s  %s' $((${#ID} + 8)) ID PID STATUS ${#BUNDLE} BUNDLE CREATED OWNER LOGINUID SESSION)" ]
	[ "$(awk 'NR > 1 { print $1, $2, $3, $4, $6 }' <<<"$output")" = "$ID-created $(pid_of "$ID-created") created $BUNDLE root
$ID-running $(pid_of "$ID-running") running $BUNDLE root
$ID-stopped 0 stopped $BUNDLE root" ]
	runs list -f table
	[ "$(wc -l <<<"$output")" -eq 4 ]
}

@test "list --format json: what state says, and who owns it" {
	local id

	three
	runs list --format json
	[ "$(wc -l <<<"$output")" -eq 1 ]
	[ "$(jq length <<<"$output")" -eq 3 ]
	for id in created running stopped; do
		# exitCode: the kernel tells it as soon as somebody has reaped the process, which may be between the two
		[ "$(jq -S --arg id "$ID-$id" '.[] | select (.id == $id) | del (.exitCode)' <<<"$output")" = \
			"$(coracle state "$ID-$id" | jq -S '.owner = "root" | del (.exitCode)')" ]
	done
	runs list -f=json
	[ "$(jq -r '.[].status' <<<"$output" | tr '\n' ' ')" = "created running stopped " ]
	fails list --format yaml
	says "option --format: 'yaml' is neither table nor json"
}

@test "list --quiet: IDs alone" {
	three
	runs list --quiet
	is "$ID-created
$ID-running
$ID-stopped"
	runs list -q --format json
	is "$ID-created
$ID-running
$ID-stopped"
}

@test "list: a damaged entry is named, and does not hide the others" {
	runs create --bundle "$BUNDLE" "$ID"
	mkdir "$STATE/$ID-empty" "$STATE/$ID-torn" "$STATE/$ID-fifo" "$STATE/.hidden" "$STATE/not an id"
	echo '{"format": 1, "id"' >"$STATE/$ID-torn/state.json"
	mkfifo "$STATE/$ID-fifo/state.json"
	touch "$STATE/file"
	coracle list --format json >"$WORK/out" 2>"$WORK/err"
	[ "$(jq -r '.[].id' "$WORK/out")" = "$ID" ]
	# -empty is what create has made an instant ago
	grep -q "warning: container '$ID-torn'" "$WORK/err"
	grep -q "warning: container '$ID-fifo'" "$WORK/err"
	[ "$(wc -l <"$WORK/err")" -eq 2 ] || { cat "$WORK/err"; return 1; }
	runs delete --force "$ID-empty"
	runs delete --force "$ID-torn"
	runs delete --force "$ID-fifo"
	rmdir "$STATE/.hidden" "$STATE/not an id"
	rm "$STATE/file"
}

@test "list: the owner by name, or by number when there is none" {
	need_root
	runs create --bundle "$BUNDLE" "$ID"
	chown nobody "$STATE/$ID"
	[ "$(coracle list | awk 'NR == 2 { print $6 }')" = nobody ]
	chown 54321 "$STATE/$ID"
	[ "$(coracle list --format json | jq -r '.[0].owner')" = 54321 ]
	chown root "$STATE/$ID"
}

@test "list: three hundred entries, while they come and go" {
	local i

	runs create --bundle "$BUNDLE" "$ID"
	for i in {1..300}; do
		mkdir "$STATE/$ID-$i"
		jq -c --arg id "$ID-$i" '.id = $id | .cgroupPath = null | .cgroupCreated = false | .pid = 0' "$STATE/$ID/state.json" >"$STATE/$ID-$i/state.json"
	done
	[ "$(coracle list --format json | jq length)" -eq 301 ]
	rm -rf "$STATE/$ID-"* &
	coracle list --format json >"$WORK/out" 2>"$WORK/err"
	jq -e 'length >= 1' "$WORK/out"
	wait
}
