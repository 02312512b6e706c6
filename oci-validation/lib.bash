# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What a case can use. A case is a function that runs in a subshell, in a mount namespace of the suite, with these variables:
#
#	$work	its own directory on a tmpfs; $bundle = $work/bundle, $rootfs = $bundle/rootfs
#	$id	an identifier that no other case has; cgroupsPath of the bundle is /$id
#
# It succeeds by returning, and ends with fail or skip. Afterwards finish_case proves that nothing with its name is left.

CASE_NAMES=()
CASE_CALLS=()

# must "FILE.md SECTION: sentence" FUNCTION [ARGUMENT…]
must () {
	CASE_NAMES+=("$1")
	shift
	CASE_CALLS+=("${*@Q}")
}

fail () {
	echo "# $*"
	[ ! -s "$work/err" ] || sed 's/^/#   stderr: /' "$work/err" | tail -n 5
	exit 1
}

skip () {
	echo "# $*"
	exit 77
}

# ---- the bundle

# Words for the patches of a config. Every patch is one jq filter; they are applied in order.
JQ_WORDS='
def inside($a): .process.args = ["/inside"] + $a;
def ns($t): .linux.namespaces |= (map (select (.type != $t)) + [{type: $t}]);
def join_ns($t; $p): .linux.namespaces |= (map (select (.type != $t)) + [{type: $t, path: $p}]);
def no_ns($t): .linux.namespaces |= map (select (.type != $t));
def mount($d; $t; $s; $o): .mounts += [{destination: $d, type: $t, source: $s, options: $o}];
def bind($d; $s; $o): mount ($d; "none"; $s; $o);
def hook($k; $h): .hooks[$k] += [$h];
def resources($r): .linux.resources += $r;
def caps($c): .process.capabilities = {bounding: $c, effective: $c, permitted: $c, inheritable: $c, ambient: $c};
def userns: ns ("user") | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings;
'

# A root file system with nothing but the program and the places to mount on.
make_rootfs () {
	mkdir -p "$rootfs"/{proc,sys,dev,tmp,etc,a,b,work}
	chmod 1777 "$rootfs/tmp"
	ln "$TMP/inside" "$rootfs/inside"
}

# bundle [PATCH…]: writes config.json, and a copy of it, with the facts of the host, where the process will look for them.
bundle () {
	local filter="$JQ_WORDS .linux.cgroupsPath = \"/$id\"" patch dest src

	for patch; do
		filter+=" | $patch"
	done
	[ -d "$rootfs" ] || make_rootfs
	jq --arg work "$work" --arg rootfs "$rootfs" --arg id "$id" --arg inside "$TMP/inside" "$filter" "$HERE/base.json" >"$bundle/config.json" ||
		fail "the case has a bad patch: $*"
	cp "$bundle/config.json" "$rootfs/config.json"
	printf '%s\n' "$HOST_FACTS" >"$rootfs/host"
	[[ $filter == *'bind'* ]] || return 0
	while IFS=$'\t' read -r dest src; do
		[ -e "$src" ] && fact "bind.$dest" "$(stat -L -c %d:%i "$src")"
	done < <(jq -r '.mounts[] | select ((.options // []) | any (. == "bind" or . == "rbind")) | [.destination, .source] | @tsv' "$bundle/config.json")
	return 0
}

# fact KEY VALUE: one more thing the process cannot know by itself.
fact () {
	echo "$1 $2" >>"$rootfs/host"
}

# ---- the runtime

# rt ARGUMENT…: its output is in $work/out and $work/err, its exit status in $rc and returned. Neither hanging nor crashing is an answer.
rt () {
	rc=0
	timeout -k 2 20 "$RUNTIME" --root "$work/root" "$@" >"$work/out" 2>"$work/err" </dev/null || rc=$?
	no_accident "$@"
	return "$rc"
}

no_accident () {
	[ "$rc" -ne 124 ] && [ "$rc" -ne 137 ] || fail "did not return: $*"
	[ "$rc" -lt 128 ] || [ "$rc" -eq 255 ] || fail "crashed with status $rc: $*"
}

# create [OPTION…]: standard output and error of the container are $work/stdout and $work/stderr.
create () {
	rc=0
	timeout -k 2 20 "$RUNTIME" --root "$work/root" create --bundle "$bundle" --pid-file "$work/pid" "$@" "$id" \
		>"$work/stdout" 2>"$work/stderr" </dev/null || rc=$?
	cp "$work/stderr" "$work/err"
	no_accident create
	return "$rc"
}

created () {
	bundle "$@"
	create || fail "create failed"
	pid=$(<"$work/pid")
}

started () {
	created "$@"
	rt start "$id" || fail "start failed"
}

status () {
	rt state "$id" || fail "state failed"
	jq -r .status "$work/out"
}

nap () {
	read -rt "$1" <>"$TMP/never" || :
}

# await SECONDS COMMAND…: until it succeeds.
await () {
	local i=$(($1 * 100))

	shift
	until "$@"; do
		[ $((i -= 1)) -gt 0 ] || return 1
		nap 0.01
	done
}

gone () {
	local stat

	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	[[ ${stat##*) } == [ZX]* ]]
}

await_exit () {
	await 15 gone "$pid" || fail "the process did not end"
}

has_status () {
	[ "$(status)" = "$1" ]
}

# To the end of its life. $work/stdout stays.
finished () {
	started "$@"
	await_exit
	await 5 has_status stopped || fail "its process is gone, but it is not stopped"
	rt delete "$id" || fail "delete failed"
}

# ---- kinds of cases

# Every check of the container's own view passed, and the named ones (globs) were among them.
saw () {
	local want word

	! grep -q '^not ok' "$work/stdout" || fail "$(grep '^not ok' "$work/stdout" | head -n 3)"
	for want in $1; do
		while read -r _ word; do
			# shellcheck disable=SC2053
			[[ $word == $want ]] && continue 2
		done < <(grep '^ok' "$work/stdout")
		fail "nothing was seen of '$want': $(tail -n 1 "$work/stderr")"
	done
}

# sees "CHECK…" PATCH…: the process, comparing itself with its config, finds all as asked.
sees () {
	finished "${@:2}"
	saw "$1"
}

# refuses PATCH…: create generates an error, and no container comes into being.
refuses () {
	bundle 'inside (["touch", "/ran"])' "$@"
	refused
}

refused () {
	! create || fail "create succeeded"
	nothing_created
}

nothing_created () {
	[ -s "$work/err" ] || fail "no message"
	! rt state "$id" || fail "the container exists after the error"
	[ ! -e "$rootfs/ran" ] || fail "the process ran"
}

# accepts PATCH…: it runs and ends well.
accepts () {
	finished 'inside (["touch", "/ran"])' "$@"
	[ -e "$rootfs/ran" ] || fail "the process did not run"
}

# ---- cgroups, seen from the host

# cgroup_file V1-CONTROLLER V1-FILE V2-FILE: its content; skips when this host has no such controller.
cgroup_file () {
	local dir file

	if [ "$CGROUP" = v2 ]; then
		dir=/sys/fs/cgroup file=$3
	else
		dir=/sys/fs/cgroup/$1 file=$2
		[ -d "$dir" ] || skip "no cgroup controller '$1' on this host"
	fi
	if [ ! -e "$dir/$id/$file" ]; then
		[ -d "$dir/$id" ] || fail "there is no cgroup '$dir/$id'"
		[ "$CGROUP" != v2 ] || [[ " $(<"$dir/cgroup.controllers") " == *" ${3%%.*} "* ]] || skip "no cgroup controller '${3%%.*}' on this host"
		skip "no file '$file' on this host"
	fi
	cat "$dir/$id/$file"
}

has_controller () {
	if [ "$CGROUP" = v2 ]; then
		[[ " $(<"/sys/fs/cgroup/cgroup.controllers") " == *" ${2:-$1} "* ]]
	else
		[ -d "/sys/fs/cgroup/$1" ]
	fi || skip "no cgroup controller '$1' on this host"
}

# limits V1-CONTROLLER V1-FILE V1-VALUE V2-FILE V2-VALUE PATCH…: what create wrote.
limits () {
	local got want=$3

	has_controller "$1" "${4%%.*}"
	[ "$CGROUP" != v2 ] || want=$5
	if [ "$CGROUP" != v2 ] && [ ! -e "/sys/fs/cgroup/$1/$2" ] && ! has_v1_file "$1" "$2"; then
		skip "no file '$2' on this host"
	fi
	created "${@:6}"
	got=$(cgroup_file "$1" "$2" "$4") || {
		local rc=$?

		echo "$got"
		exit $rc
	}
	rt delete --force "$id" || fail "delete failed"
	[ "$got" = "$want" ] || fail "expected '$want', got '$got'"
}

# Some files are not in the root of the hierarchy.
has_v1_file () {
	local probe=/sys/fs/cgroup/$1/$id-probe found=1

	mkdir "$probe"
	[ ! -e "$probe/$2" ] || found=0
	rmdir "$probe"
	return $found
}

# ---- the end of a case

# A mount of the case itself, gone with it.
mounted () { # DIRECTORY [mount option…]
	mkdir -p "$1"
	mount -t tmpfs "${@:2}" cor-val "$1" || fail "the case cannot mount"
	echo "$1" >>"$work/mounts"
}

# grep finds itself too, but it is gone when we look.
processes_left () {
	local p

	# shellcheck disable=SC2013
	for p in $(grep -lsF -e "$id" /proc/[0-9]*/cgroup /proc/[0-9]*/cmdline | cut -d / -f 3 | sort -u); do
		[ "$p" = "$BASHPID" ] || [ "$p" = "$$" ] || gone "$p" || echo "$p"
	done
}

cgroups_left () {
	find /sys/fs/cgroup -mindepth 1 -maxdepth 6 -type d -path "*$id*" 2>/dev/null
}

# What is left with the name of this case, one line each.
leftovers () {
	local f

	for f in "$work/root/"*"$id"*; do
		[ ! -e "$f" ] || echo "state: $f"
	done
	while read -r f; do
		echo "mount: $f"
	done < <(awk -v w="$work/" '(i = index ($5, w)) == 1 { print $5 }' /proc/self/mountinfo)
	cgroups_left | sed 's/^/cgroup: /'
	processes_left | while read -r f; do
		echo "process: $f $(tr '\0' ' ' <"/proc/$f/cmdline" 2>/dev/null | cut -c1-100)"
	done
}

# By force, in the order in which things hold each other.
sweep () {
	local f p

	for f in "$work/root/"*"$id"*; do
		[ ! -d "$f" ] || timeout -k 2 10 "$RUNTIME" --root "$work/root" delete --force "${f##*/}" >/dev/null 2>&1 </dev/null
	done
	for p in $(processes_left); do
		kill -KILL "$p" 2>/dev/null
	done
	cgroups_left | sort -r | while read -r f; do
		await 1 rmdir "$f" 2>/dev/null || :
	done
}

finish_case () { # STATUS
	local f left='' status=$1

	for f in "$work/root/"*"$id"*; do
		[ ! -d "$f" ] || timeout -k 2 10 "$RUNTIME" --root "$work/root" delete --force "${f##*/}" >/dev/null 2>&1 </dev/null
	done
	[ ! -e "$work/mounts" ] || tac "$work/mounts" | while read -r f; do
		umount -l "$f"
	done
	if [ "$status" -eq 0 ]; then
		# The last of its processes may be dying just now.
		await 2 clean || left=$(leftovers)
		[ -z "$left" ] || {
			printf '%s\n' "# left behind: ${left//$'\n'/$'\n# left behind: '}"
			status=1
		}
	fi
	[ "$status" -eq 0 ] || sweep
	return "$status"
}

clean () {
	[ -z "$(leftovers)" ]
}
