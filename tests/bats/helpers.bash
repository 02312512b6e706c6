# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Every test gets a bundle, a state root and an id of its own, and after every test it is proved that nothing of them is left.
#
#	load helpers		in the file; setup and teardown are then defined (a file that has its own calls test_setup, test_teardown)
#	$WORK			directory of the test; $BUNDLE = $WORK/bundle, $ROOTFS = $BUNDLE/rootfs (busybox), $STATE = --root, $ID
#	config FILTER…		changes $BUNDLE/config.json by jq filters; words: args (…), sh ("script"), ns, no_ns, join_ns, mount, bind, hook,
#				resources, caps, userns, rlimit
#	coracle ARG…		the program under test with --root $STATE
#	runs ARG…		coracle ARG… has to succeed; $output is what it printed (stdout and stderr)
#	fails ARG…		has to fail, with a message that begins with "coracle: "
#	run_sh SCRIPT		runs SCRIPT in the container, in the foreground; $output, $status
#	says TEXT, is TEXT, lacks TEXT	about $output
#	with_tool NAME…	copies programs of tests/tools into the container's /bin
#	fake_criu		a criu that keeps what it is asked, and does nothing
#	need_root		skips without root
#	has_call NAME		whether this kernel has a newer system call
#	need_call NAME WHAT	skips without it; WHAT cannot be done in another way
#	need_listener		skips where no filter can have a listener (seccomp_unotify(2))

top=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
CORACLE=${CORACLE:-$top/build/release/coracle}
TEST_TOOLS=${TEST_TOOLS:-$top/build/tools}

JQ_WORDS='
def args($a): .process.args = $a;
def sh($s): .process.args = ["/bin/sh", "-c", $s];
def ns($t): .linux.namespaces |= (map (select (.type != $t)) + [{type: $t}]);
def no_ns($t): .linux.namespaces |= map (select (.type != $t));
def join_ns($t; $p): .linux.namespaces |= (map (select (.type != $t)) + [{type: $t, path: $p}]);
def mount($d; $t; $s; $o): .mounts += [{destination: $d, type: $t, source: $s, options: $o}];
def bind($d; $s; $o): mount ($d; "bind"; $s; ["bind"] + $o);
def hook($k; $h): .hooks[$k] += [$h];
def resources($r): .linux.resources += $r;
def caps($c): .process.capabilities = {bounding: $c, effective: $c, permitted: $c, inheritable: $c, ambient: $c};
def rlimit($t; $s; $h): .process.rlimits += [{type: $t, soft: $s, hard: $h}];
def userns: ns ("user") | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings;
'

# One root file system per file of tests; a test that must not share it says own_rootfs.
make_rootfs () {
	[ -e "$BATS_FILE_TMPDIR/bundle/config.json" ] && return
	"$top/tools/make-bundle" "$BATS_FILE_TMPDIR/bundle" "$CORACLE" >/dev/null
	jq '.process.terminal = false | .root.readonly = false' "$BATS_FILE_TMPDIR/bundle/config.json" >"$BATS_FILE_TMPDIR/base.json"
}

test_setup () {
	WORK=$(mktemp -d "${BATS_TMPDIR:-/tmp}/coracle-bats.XXXXXX")
	chmod 755 "$WORK"
	ID=t-$$-$BATS_TEST_NUMBER-$RANDOM
	BUNDLE=$WORK/bundle ROOTFS=$WORK/bundle/rootfs STATE=$WORK/state
	mkdir "$BUNDLE"
	make_rootfs
	cp -a "$BATS_FILE_TMPDIR/bundle/rootfs" "$ROOTFS"
	cp "$BATS_FILE_TMPDIR/base.json" "$BUNDLE/config.json"
	config ".linux.cgroupsPath = \"/$ID\" | args ([\"/bin/true\"])"
}

# Nothing may be left: no state, cgroup, mount, and no process whose root or working directory is ours.
test_teardown () {
	local left=

	if [ -d "$STATE" ]; then
		local name
		for name in $(ls "$STATE"); do
			timeout 20 "$CORACLE" --root "$STATE" delete --force "$name" || left+="delete --force $name failed; "
		done
		# .seccomp is a cache that all containers of a state root share.
		[ -z "$(ls -A "$STATE" | grep -vx .seccomp)" ] || left+="state: $(ls -A "$STATE"); "
	fi
	[ -z "$(find /sys/fs/cgroup -maxdepth 4 -type d -name "*$ID*" 2>/dev/null)" ] || left+="cgroups: $(find /sys/fs/cgroup -maxdepth 4 -type d -name "*$ID*"); "
	! grep -F "$WORK/" /proc/self/mountinfo || left+="mounts; "
	! pgrep -f "$WORK/" >/dev/null || left+="processes: $(pgrep -af "$WORK/"); "
	# A process of a container has its root file system among its mounts, whatever its command line is: something of $WORK, on a path that is
	# not in $WORK. What is mounted within $WORK is also in every mount namespace that a test beside this one copied from ours at that time.
	local inside
	inside=$(awk -v work="${WORK##*/}/" 'index ($0, work) && !index ($5, work) { print FILENAME; nextfile }' \
		$(grep -lF "${WORK##*/}/" /proc/[0-9]*/mountinfo 2>/dev/null) /dev/null 2>/dev/null)
	[ -z "$inside" ] || left+="processes in a container: $inside; "
	# Never through a mount: a test that failed half-way may have left one of the host's "/" here, and --one-file-system does not see a bind
	# mount of the same file system.
	if grep -qF " $WORK/" /proc/self/mountinfo; then
		left+="$WORK is kept, since something is mounted in it; "
	else
		rm -rf --one-file-system "$WORK"
	fi
	[ -z "$left" ] || { echo "left behind: $left"; return 1; }
}

setup () { test_setup; }
teardown () { test_teardown; }

config () {
	local filter=$JQ_WORDS'.' f
	for f; do filter+=" | $f"; done
	jq "$filter" "$BUNDLE/config.json" >"$WORK/config.new" && mv "$WORK/config.new" "$BUNDLE/config.json"
}

# bats' own descriptor 3 is not for containers, which may outlive the test.
coracle () { "$CORACLE" --root "$STATE" "$@" 3>&-; }

# Like bats' run, but by a file: a container that goes on after create holds its standard streams, and nobody must wait for it.
run_to_file () {
	status=0
	coracle "$@" >"$WORK/output" 2>&1 </dev/null || status=$?
	output=$(cat "$WORK/output")
}

runs () {
	run_to_file "$@"
	[ "$status" -eq 0 ] || { echo "'coracle $*': exit status $status: $output"; return 1; }
}

fails () {
	run_to_file "$@"
	[ "$status" -ne 0 ] || { echo "'coracle $*' succeeded: $output"; return 1; }
	[[ "$output" == *"coracle: "* ]] || { echo "'coracle $*': no message of ours: $output"; return 1; }
}

run_sh () {
	local script=$1
	shift
	jq --arg s "$script" '.process.args = ["/bin/sh", "-c", $s]' "$BUNDLE/config.json" >"$WORK/config.new" && mv "$WORK/config.new" "$BUNDLE/config.json"
	run timeout 30 "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$@" "$ID" 3>&-
}

says () { [[ "$output" == *"$1"* ]] || { echo "no '$1' in: $output (status $status)"; return 1; }; }
is () { [ "$output" = "$1" ] || { echo "not '$1' but: $output (status $status)"; return 1; }; }
lacks () { [[ "$output" != *"$1"* ]] || { echo "'$1' in: $output"; return 1; }; }

# wait_until COMMAND…: until it succeeds, at most 10 s; for what another process does in its own time
wait_until () {
	local i
	for ((i = 0; i < 1000; i++)); do
		"$@" && return
		sleep 0.01
	done
	echo "waited in vain for: $*"
	return 1
}

has_status () { [ "$(coracle state "${2:-$ID}" | jq -r .status)" = "$1" ]; }

# with_tool NAME…: programs of tests/tools, in the container's /bin
with_tool () {
	local t
	for t; do
		[ -x "$TEST_TOOLS/$t" ] || { echo "$TEST_TOOLS/$t is missing: make check-tools"; return 1; }
		cp "$TEST_TOOLS/$t" "$ROOTFS/bin/$t"
	done
}

# The numbers are those of all architectures. Without arguments each call is an error, but not "no such call".
declare -gA CALLS=([open_tree]=428/5.2 [pidfd_open]=434/5.3 [clone3]=435/5.3 [mount_setattr]=442/5.12)
has_call () { [ "$("$TEST_TOOLS/probe" call "${CALLS[$1]%/*}")" != "errno 38" ]; }
need_call () { has_call "$1" || skip "no $1 (Linux ${CALLS[$1]#*/}): $2"; }

# One listener above (a manager's, or that of nosys into_cgroup) is all that the kernel takes.
need_listener () { "$TEST_TOOLS/nosys" into_cgroup -- true 2>/dev/null || skip "there is a seccomp listener above us, and no second one can be had"; }

# fake_criu: in the place of criu, which must not run on a host that it may not fit (tests/vm): keeps what it is asked in $WORK/request and
# says that all is done
fake_criu () {
	command -v python3 >/dev/null || skip "python3 is not installed"
	"$CORACLE" checkpoint --help >/dev/null 2>&1 || skip "this build of the program has no checkpoint"
	mkdir "$WORK/bin"
	cat >"$WORK/bin/criu" <<-END
		#!$(command -v python3)
		import socket, sys
		sock = socket.socket (fileno=int (sys.argv[2]))
		with open ("$WORK/request", "wb") as out:
		    out.write (sock.recv (1 << 20))
		sock.send (bytes ([8, 1, 16, 1]))
	END
	chmod +x "$WORK/bin/criu"
	PATH=$WORK/bin:$PATH
}

need_static () { ! ldd "$CORACLE" >/dev/null 2>&1 || skip "this build of the program needs libraries, so that $1"; }
need_root () { [ "$(id -u)" -eq 0 ] || skip "needs root"; }
cgroup_mode () {
	case $(stat -f -c %T /sys/fs/cgroup) in cgroup2fs) echo v2 ;; *) [ -d /sys/fs/cgroup/unified ] && echo hybrid || echo v1 ;; esac
}
