#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# create: what exists afterwards, what does not, and what is said when it fails.

load helpers

create () { runs create --bundle "$BUNDLE" "$ID"; }
# A create that must fail, with these words, and leave nothing.
refuses () {
	fails create --bundle "$BUNDLE" "$ID"
	says "$1"
	[ -z "$(ls -A "$STATE" 2>/dev/null)" ] || { echo "left: $(ls -A "$STATE")"; return 1; }
	[ -z "$(find /sys/fs/cgroup -maxdepth 4 -type d -name "*$ID*" 2>/dev/null)" ] || { echo "a cgroup is left"; return 1; }
}

@test "create: the container is created, says nothing, and waits" {
	config 'sh("touch /ran")'
	create
	is ""
	coracle state "$ID" >"$WORK/state.json"
	jq -e --arg id "$ID" --arg b "$BUNDLE" '.id == $id and .status == "created" and .bundle == $b and .rootfs == $b + "/rootfs" and .pid > 1 and .ociVersion == "1.3.0"' "$WORK/state.json"
	[ ! -e "$ROOTFS/ran" ]
	[ -d "/proc/$(jq .pid "$WORK/state.json")" ]
}

@test "create: the time of creation is RFC 3339" {
	create
	[[ "$(coracle state "$ID" | jq -r .created)" =~ ^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]+)?Z$ ]]
}

@test "create: a second one of the same id is refused, and changes nothing" {
	create
	local before
	before=$(coracle state "$ID")
	fails create --bundle "$BUNDLE" "$ID"
	says "already exists"
	[ "$(coracle state "$ID")" = "$before" ]
}

@test "create: what is changed in the bundle afterwards has no effect" {
	config 'sh("echo first >/result")'
	create
	config 'sh("echo second >/result")'
	rm "$BUNDLE/config.json"
	runs start "$ID"
	wait_until has_status stopped
	[ "$(cat "$ROOTFS/result")" = first ]
}

@test "create: a missing executable is found at create, with the words of engines" {
	config 'args(["nonexistent-program"])'
	refuses 'executable file not found in $PATH'
	says "no such file or directory"
	config 'args(["/no/such/program"])'
	refuses "no such file or directory"
}

@test "create: what is not executable, and what is a directory" {
	echo text >"$ROOTFS/text"
	chmod 644 "$ROOTFS/text"
	config 'args(["/text"])'
	refuses "permission denied"
	config 'args(["/etc"])'
	refuses "is a directory"
	config 'args(["/text/x"])'
	refuses "not a directory"
}

@test "create: a file in PATH without the right to execute it is passed over for one with it" {
	mkdir "$ROOTFS/first"
	echo text >"$ROOTFS/first/id"
	config '.process.env = ["PATH=/first:/bin"] | args(["id", "-u"])'
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	is 0
	config '.process.env = ["PATH=/first"]'
	refuses "permission denied"
}

@test "create: the executable is judged as the container's user" {
	cp "$ROOTFS/bin/busybox" "$ROOTFS/only-root"
	chmod 700 "$ROOTFS/only-root"
	config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {} | args(["/only-root"])'
	refuses "permission denied"
}

@test "create: cwd that is a file, or outside" {
	config '.process.cwd = "/etc/passwd"'
	refuses "process.cwd"
	says "not a directory"
	local n
	for n in 3 4 5 6 7 8 9 10; do
		config ".process.cwd = \"/proc/self/fd/$n\" | args([\"/bin/pwd\"])"
		run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID-$n" 3</ 4</etc 5</ 6</
		[ "$status" -ne 0 ] || { echo "fd $n is reachable: $output"; return 1; }
	done
}

@test "create: cwd that is missing is made" {
	config '.process.cwd = "/new/deep/dir" | args(["/bin/pwd"])'
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	is /new/deep/dir
}

@test "create: invalid ids are refused before anything is touched" {
	local bad
	for bad in "" . .. .hidden a/b ../a "a b" $'a\nb' 'a$b' ä "$(printf 'x%.0s' {1..300})"; do
		fails create --bundle "$BUNDLE" -- "$bad"
		says "invalid container ID format"
		[ ! -e "$STATE" ]
	done
}

@test "create: an id of the greatest length, and of all kinds of characters, works" {
	local long
	long=$(printf 'x%.0s' {1..242})
	runs create --bundle "$BUNDLE" "$long"
	runs delete "$long"
	runs create --bundle "$BUNDLE" "Az09_+.-$ID"
	has_status created "Az09_+.-$ID"
	runs delete "Az09_+.-$ID"
}

@test "create: the bundle is the current directory by default, and may be relative" {
	cd "$BUNDLE"
	runs create "$ID"
	[ "$(coracle state "$ID" | jq -r .bundle)" = "$BUNDLE" ]
	runs delete "$ID"
	cd "$WORK"
	runs create -b ./bundle/. "$ID"
	[ "$(coracle state "$ID" | jq -r .bundle)" = "$BUNDLE" ]
}

@test "create: --config names another file of the bundle" {
	jq '.hostname = "other"' "$BUNDLE/config.json" >"$BUNDLE/other.json"
	config 'args(["/bin/false"])'
	jq '.process.args = ["/bin/hostname"]' "$BUNDLE/other.json" >"$BUNDLE/o" && mv "$BUNDLE/o" "$BUNDLE/other.json"
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" --config other.json "$ID"
	is other
}

@test "create: a bundle, a configuration, a root that is missing" {
	fails create --bundle "$WORK/nothing" "$ID"
	says "$WORK/nothing"
	mv "$BUNDLE/config.json" "$BUNDLE/x"
	fails create --bundle "$BUNDLE" "$ID"
	says "config.json"
	mv "$BUNDLE/x" "$BUNDLE/config.json"
	config '.root.path = "missing"'
	refuses "root.path"
	echo >"$BUNDLE/file"
	config '.root.path = "file"'
	refuses "root.path"
}

@test "create: from a directory that does not exist any more" {
	mkdir "$WORK/gone"
	cd "$WORK/gone"
	rmdir "$WORK/gone"
	runs create --bundle "$BUNDLE" "$ID"
	has_status created
	fails create --bundle . "$ID-2"
	cd /
}

@test "create: an empty environment is enough" {
	env -i "$CORACLE" --root "$STATE" create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	run timeout 20 env -i "$CORACLE" --root "$STATE" start "$ID"
	[ "$status" -eq 0 ]
	wait_until has_status stopped
	run timeout 20 env -i "$CORACLE" --root "$STATE" delete "$ID"
	[ "$status" -eq 0 ]
}

@test "create: the state root is made, and is for its owner alone" {
	create
	[ "$(stat -c %a "$STATE")" = 700 ]
	[ "$(stat -c %a "$STATE/$ID")" = 700 ]
	[ -z "$(find "$STATE/$ID" -type f -perm /077)" ]
}

@test "create: a failure at any stage leaves nothing" {
	config 'mount("/x"; "nosuchfs"; "x"; [])'
	refuses "nosuchfs"
	config 'del(.mounts[-1]) | bind("/y"; "/no/such/source"; [])'
	refuses "/no/such/source"
	config 'del(.mounts[-1]) | hook("prestart"; {path: "/bin/false"})'
	refuses "hooks.prestart[0]"
	config 'del(.hooks) | hook("createRuntime"; {path: "/no/such/hook"})'
	refuses "hooks.createRuntime[0]"
	config 'del(.hooks) | hook("createContainer"; {path: "/bin/false"})'
	refuses "hooks.createContainer[0]"
	config 'del(.hooks) | .linux.sysctl = {"net.no_such_key": "1"}'
	refuses "net.no_such_key"
	config 'del(.linux.sysctl) | join_ns("network"; "/no/such/namespace")'
	refuses "/no/such/namespace"
	config 'join_ns("network"; "/etc/passwd")'
	refuses "/etc/passwd"
	config 'ns("network") | .linux.maskedPaths = []'
	fails create --bundle "$BUNDLE" --console-socket /no/such/socket "$ID"
	fails create --bundle "$BUNDLE" --pid-file /no/such/dir/pid "$ID"
	says "/no/such/dir/pid"
	[ -z "$(ls -A "$STATE")" ]
}

@test "create: init is adopted by the caller's subreaper, which sees its end" {
	config 'sh("exit 7")'
	run timeout 20 "$TEST_TOOLS/subreaper" -1 sh -c '"$0" --root "$1" create --bundle "$2" "$3" </dev/null >/dev/null 2>&1 && "$0" --root "$1" start "$3"' "$CORACLE" "$STATE" "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	says "exit 7"
	[ "$(grep -c adopted <<<"$output")" -eq 1 ]
}

@test "create: init is in its cgroup and in its namespaces already" {
	create
	local pid
	pid=$(coracle state "$ID" | jq .pid)
	grep -q ":/$ID" "/proc/$pid/cgroup"
	local n
	for n in pid net ipc uts mnt; do
		[ "$(readlink "/proc/$pid/ns/$n")" != "$(readlink "/proc/self/ns/$n")" ] || { echo "shares $n"; return 1; }
	done
}

@test "create: waiting init has its standard streams and two FIFOs, no more" {
	exec 5</ 6</etc
	runs create --bundle "$BUNDLE" "$ID"
	exec 5>&- 6>&-
	local pid fd target extra=
	pid=$(coracle state "$ID" | jq .pid)
	for fd in /proc/"$pid"/fd/*; do
		[ "${fd##*/}" -gt 2 ] || continue
		target=$(readlink "$fd")
		[[ "$target" == */"$ID"/start.fifo || "$target" == */"$ID"/report.fifo ]] || extra+="$fd -> $target; "
	done
	[ -z "$extra" ] || { echo "$extra"; return 1; }
}

@test "create: a caller that ignores SIGCHLD, SIGPIPE and the rest changes nothing" {
	config 'hook("createRuntime"; {path: "/bin/sh", args: ["sh", "-c", "exit 0"]}) | sh("grep -E \"Sig(Ign|Blk|Cgt)\" /proc/self/status; exit 3")'
	run timeout 20 sh -c 'trap "" CHLD PIPE INT QUIT HUP TERM USR1; exec "$@"' sh "$CORACLE" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 3 ]
	[ "$(grep -c 0000000000000000 <<<"$output")" -eq 3 ] || { echo "$output"; return 1; }
}

@test "create: a caller's limits on files do not kill it in the middle" {
	run timeout 20 prlimit --fsize=0 "$CORACLE" --root "$STATE" create --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" -eq 1 ]
	says "coracle: "
	says "file too large"
	[ -z "$(ls -A "$STATE")" ]
	run timeout 20 prlimit --nofile=8:8 "$CORACLE" --root "$STATE" create --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" -eq 1 ]
	[ -z "$(ls -A "$STATE")" ]
}

@test "create: wherever descriptors run out, nothing is left" {
	local n failed=0

	for n in {8..40}; do
		if prlimit --nofile="$n:$n" "$CORACLE" --root "$STATE" create --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1 </dev/null 3>&-; then
			runs delete --force "$ID"
			continue
		fi
		failed=$((failed + 1))
		[ -z "$(ls -A "$STATE")" ]
		[ -z "$(find /sys/fs/cgroup -maxdepth 4 -type d -name "$ID" 2>/dev/null)" ] || { echo "with $n: $(cat "$WORK/out")"; return 1; }
	done
	[ "$failed" -gt 0 ]
}

@test "create: a configuration that is a pipe" {
	mv "$BUNDLE/config.json" "$BUNDLE/real.json"
	run timeout 20 "$CORACLE" --root "$STATE" run -b "$BUNDLE" --config /dev/fd/5 "$ID" 5< <(jq '.process.args = ["/bin/echo", "piped"]' "$BUNDLE/real.json")
	is piped
}

@test "create: annotations of several megabytes are kept" {
	jq -n '{big: ("x" * 6000000)}' >"$WORK/annotations"
	jq --slurpfile a "$WORK/annotations" '.annotations = $a[0]' "$BUNDLE/config.json" >"$WORK/c" && mv "$WORK/c" "$BUNDLE/config.json"
	create
	[ "$(coracle state "$ID" | jq '.annotations.big | length')" -eq 6000000 ]
	runs start "$ID"
}

@test "create: 40 MB of annotations are kept as well" {
	head -c 40000000 /dev/zero | tr '\0' x | jq -Rs '{big: .}' >"$WORK/annotations"
	jq --slurpfile a "$WORK/annotations" '.annotations = $a[0]' "$BUNDLE/config.json" >"$WORK/c" && mv "$WORK/c" "$BUNDLE/config.json"
	create
	runs start "$ID"
}
