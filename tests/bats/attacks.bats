#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What broke other runtimes from within a container, and has to fail here. Races are run for a few seconds.

load helpers

# CVE-2019-5736: the container makes the runtime execute itself, and overwrites what it then finds as /proc/PID/exe. It has to have the
# file before, by O_PATH: while it runs nobody may write to it.
start_overwriting () {	# FILTER…
	need_static "it cannot run inside"
	mkdir -p "$WORK/bin"
	cp "$CORACLE" "$WORK/bin/coracle"
	cp "${CORACLE%/*}/coracle-helper" "$WORK/bin/"
	before=$(sha256sum "$WORK/bin/"*)
	with_tool overwrite
	ln -sf /proc/self/exe "$ROOTFS/bin/link"
	printf '#!/proc/self/exe\n' >"$ROOTFS/bin/script"
	chmod 755 "$ROOTFS/bin/script"
	programs=(/proc/self/exe /bin/link /bin/script)
	if command -v gcc >/dev/null; then
		programs+=(/bin/interpreted)
		echo 'int main (void) { return 0; }' | gcc -x c -Wl,--dynamic-linker=/proc/self/exe -o "$ROOTFS/bin/interpreted" -
	fi
	config 'args (["/bin/overwrite", "/stop", "coracle"])' "$@"
	"$WORK/bin/coracle" --root "$STATE" run -d --bundle "$BUNDLE" "$ID" >"$WORK/seen" 2>&1 </dev/null 3>&-
	wait_until grep -q looking "$WORK/seen"
}

# COMMAND… with each of the names of the runtime's own program as the last argument: eight times, and, if that can be, until the attacker has
# seen it.
attempts () {	# TIMES COMMAND…
	local i program
	for ((i = 0; i < $1; i++)); do
		[ "$i" -lt 8 ] || ! grep -q found "$WORK/seen" || break
		for program in "${programs[@]}"; do
			"${@:2}" "$program" >>"$WORK/attempts" 2>&1 </dev/null 3>&- || true
		done
	done
	touch "$ROOTFS/stop"
	wait_until grep -q seen "$WORK/seen"
	cat "$WORK/seen"
	[ "$(sha256sum "$WORK/bin/"*)" = "$before" ]
	[ "$(stat -c %a "$WORK/bin/"* | sort -u)" = 755 ]
}

# The attacker saw it, as /proc/PID/exe and, where that is not a copy, as what is mapped, and could not write.
overwritten_by () {
	attempts 100 "$@"
	if has_call mount_setattr; then
		grep -qE '^seen [1-9][0-9]* mapped [1-9][0-9]* opened [0-9]+ written 0$' "$WORK/seen"
	else
		grep -qE '^seen [1-9][0-9]* mapped [0-9]+ opened [0-9]+ written 0$' "$WORK/seen"
	fi
}

exec_program () { timeout 5 "$WORK/bin/coracle" --root "$STATE" exec "$ID" "$1" --version; }

# A container in the attacker's pid namespace whose own process is the program.
run_program () {
	jq --arg program "$1" '.process.args = [$program, "--version"]' "$WORK/neighbour/template.json" >"$WORK/neighbour/config.json"
	timeout 5 "$WORK/bin/coracle" --root "$STATE" run --bundle "$WORK/neighbour" "$ID-neighbour"
}

@test "control: a program that is not sealed is overwritten by the same attacker" {
	with_tool overwrite
	cp /usr/bin/sleep "$WORK/victim"
	cp "$WORK/victim" "$WORK/before"
	config 'args (["/bin/overwrite", "/stop", "victim"])' 'caps (["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_SYS_ADMIN"])'
	coracle run -d --bundle "$BUNDLE" "$ID" >"$WORK/seen" 2>&1 </dev/null
	wait_until grep -q looking "$WORK/seen"
	nsenter -t "$(coracle state "$ID" | jq .pid)" --pid "$WORK/victim" 0.3 3>&-
	wait_until eval "! cmp -s $WORK/victim $WORK/before"
	touch "$ROOTFS/stop"
	wait_until has_status stopped
}

@test "the program of the runtime cannot be overwritten from a container (CVE-2019-5736)" {
	start_overwriting
	attempts 8 exec_program
	grep -qE '^seen [0-9]+ mapped 0 opened [0-9]+ written 0$' "$WORK/seen"
	# It is no program inside any more, but where it has to be a copy of itself.
	has_call mount_setattr || return 0
	[ "$(grep -c '^coracle version' "$WORK/attempts")" -eq 0 ]
	[ "$(grep -c "exec '/.*': exec format error$" "$WORK/attempts")" -eq 24 ]
	[ "$(grep -c "exec '/bin/interpreted': " "$WORK/attempts")" -eq $((8 * (${#programs[@]} - 3))) ]
}

@test "… nor by one that may trace processes" {
	start_overwriting 'caps (["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_SYS_ADMIN"])'
	overwritten_by exec_program
}

@test "… nor with the program as a container's own first process" {
	start_overwriting 'caps (["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_SYS_ADMIN"])'
	mkdir "$WORK/neighbour"
	jq "$JQ_WORDS"'join_ns ("pid"; $ns) | .root.path = $root | .linux.cgroupsPath = $cgroup' --arg root "$ROOTFS" --arg cgroup "/$ID-neighbour" \
		--arg ns "/proc/$(coracle state "$ID" | jq .pid)/ns/pid" "$BUNDLE/config.json" >"$WORK/neighbour/template.json"
	overwritten_by run_program
}

# CVE-2025-52881: somebody who shares the mounts puts other files over those of /proc while the container is made. A hook does so here, at the
# worst moment.
refused="coracle: sysctl: linux.sysctl.kernel.msgmax: write '4242': invalid cross-device link"
with_decoy () {	# FILE: what is mounted over kernel/msgmax
	config '.linux.sysctl = {"kernel.msgmax": "4242"} | .linux.readonlyPaths = [] | .linux.maskedPaths = []' \
		"hook (\"createContainer\"; {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"mount --bind $1 $ROOTFS/proc/sys/kernel/msgmax\"]})" \
		'caps (["CAP_SYS_ADMIN"])' 'sh ("cd /proc/sys/kernel && cat msgmax && umount msgmax && cat msgmax")'
}

@test "a decoy that is mounted over a file of /proc meanwhile is never written to" {
	echo decoy >"$WORK/decoy"
	with_decoy "$WORK/decoy"
	run_to_file run --bundle "$BUNDLE" "$ID"
	if has_call open_tree; then is $'decoy\n4242'; else is "$refused"; fi
	[ "$(cat "$WORK/decoy")" = decoy ]
}

@test "… nor on older kernels, though the decoy is a file of proc itself: there it may be an error" {
	local calls
	with_decoy "$ROOTFS/proc/sys/kernel/msgmnb"
	for calls in openat2 fsopen openat2,fsopen; do	# without the last two: a clone of /proc, which shows no mounts
		has_call open_tree || break
		run timeout 30 "$TEST_TOOLS/nosys" "$calls" -- "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
		is $'16384\n4242'
	done
	for calls in fsopen,open_tree openat2,fsopen,open_tree,move_mount,mount_setattr; do	# only /proc itself
		run timeout 30 "$TEST_TOOLS/nosys" "$calls" -- "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
		is "$refused"
	done
}

@test "a /proc of the image with symbolic links is not written through" {
	config '.linux.sysctl = {"kernel.msgmax": "4242"} | .mounts |= map (select (.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	mkdir -p "$WORK/out"
	ln -s "$WORK/out" "$ROOTFS/proc/sys"
	mkdir -p "$ROOTFS/proc/self/attr"
	echo marker >"$ROOTFS/proc/self/attr/exec"
	runs run --bundle "$BUNDLE" "$ID"
	[ -z "$(ls -A "$WORK/out")" ]
	[ "$(cat "$ROOTFS/proc/self/attr/exec")" = marker ]
}

# CVE-2016-9962, and the waiting init of create: nothing of the host is open in it, nobody may look into it.
@test "the init that waits for start has no file of the host open, and is not dumpable" {
	config 'args (["/bin/true"])'
	runs create --bundle "$BUNDLE" "$ID"
	pid=$(coracle state "$ID" | jq .pid)
	for fd in $(ls "/proc/$pid/fd"); do
		[ "$fd" -gt 2 ] || continue
		target=$(readlink "/proc/$pid/fd/$fd")
		[[ "$target" == "$STATE/$ID/"*.fifo* ]] || [[ "$target" == /"$ID"/*.fifo* ]] || [[ "$target" == *.fifo* ]] || { echo "$fd: $target"; return 1; }
	done
	[ "$(stat -c %u "/proc/$pid/mem")" = 0 ]
	[ "$(readlink "/proc/$pid/root")" = / ] || [ "$(readlink "/proc/$pid/root")" != "" ]
	coracle start "$ID"
}

@test "a neighbour in the same pid namespace cannot look into the init that waits" {
	config 'args (["/bin/sleep", "1000"])' '.process.user = {uid: 1000, gid: 1000}'
	runs run -d --bundle "$BUNDLE" "$ID"
	pid=$(coracle state "$ID" | jq .pid)
	config "join_ns (\"pid\"; \"/proc/$pid/ns/pid\")" ".linux.cgroupsPath += \"-2\"" 'args (["/bin/true"])'
	runs create --bundle "$BUNDLE" "$ID-2"
	runs exec --user 1000 "$ID" sh -c 'for p in /proc/[0-9]*; do [ $p = /proc/1 ] || [ $p = /proc/$$ ] || { ls $p/fd >/dev/null 2>&1 && readlink $p/fd/3; }; done; echo end'
	is end
}

@test "the runtime waits for nobody: an image with FIFOs everywhere starts at once" {
	rm -f "$ROOTFS/etc/passwd" "$ROOTFS/etc/group"
	mkfifo "$ROOTFS/etc/passwd" "$ROOTFS/etc/group" "$ROOTFS/etc/mtab" "$ROOTFS/etc/hosts"
	SECONDS=0
	run_sh 'echo "$HOME"'
	is /
	[ "$SECONDS" -lt 4 ]
}

@test "a set of 60,000 bytes of group numbers is set whole or refused (CVE-2021-43784)" {
	config '.process.user.additionalGids = [range (1000000000; 1000006000)]'
	run_sh 'id -G | wc -w'
	is 6001
}

# CVE-2016-9962 again: who may trace all processes of its user namespace, in whose namespaces others are started. Root inside is root outside,
# since a change of ids would hide a process as well.
begin_peeking () {
	with_tool peek
	config 'userns | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings' \
		'args (["/bin/peek", "/stop"])' 'caps (["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID"])'
	coracle run --detach --bundle "$BUNDLE" "$ID" >"$WORK/seen" 2>&1 </dev/null
	wait_until grep -q looking "$WORK/seen"
	pid=$(coracle state "$ID" | jq .pid)
}
# Programs of the container were seen, to which it may do so, but nothing that has another or holds more than the standard streams.
end_peeking () {
	touch "$ROOTFS/stop"
	wait_until has_status stopped
	not grep -vxE 'looking|(root|cwd) -> /|exe -> /bin/busybox|mem -> opened|fd/[012] -> (/dev/null|'"$WORK"'/output)' "$WORK/seen"
}
not () { ! "$@"; }

@test "a container that joins the namespaces of another is not to be seen there before it is one (CVE-2016-9962)" {
	begin_peeking
	config "join_ns (\"pid\"; \"/proc/$pid/ns/pid\") | join_ns (\"user\"; \"/proc/$pid/ns/user\")" ".linux.cgroupsPath += \"-2\"" \
		'args (["/bin/true"]) | .process.capabilities = {}'
	for i in {1..20}; do
		runs run --bundle "$BUNDLE" "$ID-2"
	done
	config 'ns ("time") | .linux.timeOffsets = {boottime: {secs: 1000}} | .process.oomScoreAdj = 500'
	for i in {1..10}; do
		runs run --bundle "$BUNDLE" "$ID-2"
	done
	end_peeking
}

@test "… nor what exec brings into it" {
	begin_peeking
	for i in {1..30}; do
		runs exec "$ID" /bin/true
	done
	end_peeking
}

@test "… control: who enters without any care is seen" {
	begin_peeking
	for i in {1..10}; do
		nsenter -t "$pid" --user --pid -S 0 -G 0 sleep 0.02 3>&-
	done
	grep -qx "exe -> /usr/bin/sleep" "$WORK/seen"
	grep -qx "mem -> opened" "$WORK/seen"
	not end_peeking
}

# CVE-2020-15257: whoever shares the host's network reaches abstract sockets. In a network namespace of its own, so that all that listens is ours.
@test "nothing of the runtime listens on a socket, abstract or not, that a container on the host's network could reach" {
	config 'no_ns ("network")' '.mounts |= map (select (.type != "sysfs"))' 'sh ("while [ ! -e /stop ]; do cat /proc/net/unix >>/sockets; sleep 0.01; done")'
	cat >"$WORK/life" <<-'END'
		ip link set lo up
		"$1" --root "$2" create --bundle "$3" "$4" </dev/null >/dev/null 2>&1 && "$1" --root "$2" start "$4"
		for i in 1 2 3 4 5; do "$1" --root "$2" exec "$4" true; done
		"$1" --root "$2" state "$4" >/dev/null
		[ -z "$5" ] || python3 -c 'import socket, time; s = socket.socket (socket.AF_UNIX); s.bind ("\0reachable"); s.listen (); time.sleep (0.5)'
		touch "$3/rootfs/stop"
	END
	unshare --net sh "$WORK/life" "$CORACLE" "$STATE" "$BUNDLE" "$ID" '' 3>&-
	wait_until has_status stopped
	# Names, and sockets that listen (flag 0x10000): the runtime's channel is an unnamed pair.
	[ -s "$ROOTFS/sockets" ]
	not grep -vE '^Num|: [0-9]+ 0+ 0+ [0-9]+ 0[13] +[0-9]+$|: 0000000[0-9] 00000000 00000000 [0-9]+ 0[13] +[0-9]+$' "$ROOTFS/sockets"
	# The control: one that listens is noticed.
	runs delete "$ID"
	rm "$ROOTFS/stop" "$ROOTFS/sockets"
	unshare --net sh "$WORK/life" "$CORACLE" "$STATE" "$BUNDLE" "$ID" control 3>&-
	wait_until has_status stopped
	grep -q '00010000 .*@reachable' "$ROOTFS/sockets"
}

# CVE-2017-5226: TIOCSTI types into the terminal of whoever shares it. It takes the controlling terminal, or CAP_SYS_ADMIN.
@test "the terminal of the caller is never the controlling one of a container's process" {
	local tty='read -r _ _ _ _ _ _ tty _ </proc/$$/stat; echo "tty $tty"; (: </dev/tty) 2>&1'
	config "$(jq -n --arg s "$tty" '"sh(\($s | tojson))"' -r)"
	printf '%s\n' "$tty" >"$WORK/tty"
	# control: without us it is
	run timeout 20 script -qec "sh $WORK/tty" /dev/null </dev/null 3>&-
	says "tty "
	lacks "tty 0"
	run timeout 20 script -qec "$CORACLE --root $STATE run --bundle $BUNDLE $ID" /dev/null </dev/null 3>&-
	says "tty 0"
	says "/dev/tty"
	config 'args (["/bin/sleep", "1000"])'
	run timeout 20 script -qec "$CORACLE --root $STATE run --detach --bundle $BUNDLE $ID; $CORACLE --root $STATE exec $ID sh -c 'read -r _ _ _ _ _ _ tty _ </proc/\$\$/stat; echo tty \$tty'" /dev/null </dev/null 3>&-
	says "tty 0"
}

@test "where programs in memory are forbidden (vm.memfd_noexec 2) nothing runs unprotected, and the error says why" {
	[ -e /proc/sys/vm/memfd_noexec ] || skip "needs Linux 6.3: no /proc/sys/vm/memfd_noexec"
	# A setting of the pid namespace.
	run unshare --pid --fork --mount-proc sh -c 'echo 2 >/proc/sys/vm/memfd_noexec && exec "$@"' sh "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 1 ]
	is "coracle: memfd_create for a sealed copy of the runtime: the sysctl vm.memfd_noexec is 2 in this pid namespace, and must be 0 or 1: permission denied"
}

# Where it cannot become the copy after all it executes that, with what it has taken out of its environment by then.
@test "a second start, from the sealed copy, has the environment of the first" {
	need_static "every start is a second one"
	local nth
	command -v strace >/dev/null || skip "strace is not installed"
	config 'sh ("echo $LISTEN_FDS; cat <&3")' 'rlimit ("RLIMIT_AS"; 1000000000; 1000000000)'	# so that it is the runtime that exchanges
	echo passed >"$WORK/passed"
	strace -qq -e trace=prctl -o "$WORK/trace" "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" >/dev/null 3<"$WORK/passed" || true
	nth=$(grep -n PR_SET_MM_MAP "$WORK/trace" | sed -n '2s/:.*//p')
	[ -n "$nth" ]
	strace -qq -e trace=prctl,execveat -e "inject=prctl:error=EBUSY:when=$nth" -o "$WORK/trace" \
		sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"' sh "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" >"$WORK/output" 3<"$WORK/passed"
	grep -q '^execveat.* = 0' "$WORK/trace"
	[ "$(cat "$WORK/output")" = $'1\npassed' ]
}
