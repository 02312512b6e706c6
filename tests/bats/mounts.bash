# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Words about the mount table of a container, which is in $output (cat /proc/self/mountinfo); after helpers.bash.
#
#	mounted PATH TYPE OPTION…	one mount is at PATH, the last of them has that type and those per-mount options
#	bound PATH OPTION…		the same for any type
#	not_mounted_with PATH OPTION	the mount at PATH lacks it
#	propagation_of PATH		"shared", "slave", "shared slave", "unbindable" or "private"
#	in_private_ns			the test goes on in a mount namespace of its own: mounts of the test end with it

mount_line () { grep -E "^[0-9]+ [0-9]+ [0-9]+:[0-9]+ [^ ]+ $1 " <<<"$output" | tail -n 1; }

has_options () { # PATH OPTION…
	local line path=$1 option
	line=$(mount_line "$path")
	[ -n "$line" ] || { echo "nothing is mounted at $path: $output"; return 1; }
	shift
	for option; do
		[[ ",$(cut -d' ' -f6 <<<"$line")," == *",$option,"* ]] || { echo "no '$option' in: $line"; return 1; }
	done
}

mounted () {
	local path=$1 type=$2
	shift 2
	has_options "$path" "$@" || return
	[[ "$(mount_line "$path")" == *" - $type "* ]] || { echo "not of type $type: $(mount_line "$path")"; return 1; }
}

bound () { has_options "$@"; }

not_mounted_with () {
	has_options "$1" || return
	! has_options "$1" "$2" >/dev/null || { echo "'$2' in: $(mount_line "$1")"; return 1; }
}

propagation_of () {
	local fields
	fields=$(mount_line "$1" | sed 's/ - .*//' | cut -d' ' -f7-)
	case $fields in
	*shared:*master:* | *master:*shared:*) echo "shared slave" ;;
	*shared:*) echo shared ;;
	*master:*) echo slave ;;
	*unbindable*) echo unbindable ;;
	*) echo private ;;
	esac
}

# A mount namespace beside ours: `in_ns COMMAND…` runs there, `mount` and `umount` are of it, and so is the program under test.
in_private_ns () { # [PROPAGATION]
	PROGRAM_OUTSIDE=$CORACLE
	mkfifo "$WORK/ns.fifo"
	unshare -m --propagation "${1:-private}" sh -c 'echo; exec sleep 600' >"$WORK/ns.fifo" 2>/dev/null 3>&- &
	NS_PID=$!
	read -r _ <"$WORK/ns.fifo"
	CORACLE=$WORK/in-ns
	printf '#!/bin/sh\nexec nsenter --mount=/proc/%d/ns/mnt --wd="$PWD" %q "$@"\n' "$NS_PID" "$PROGRAM_OUTSIDE" >"$CORACLE"
	chmod +x "$CORACLE"
	mount () { in_ns mount "$@"; }
	umount () { in_ns umount "$@"; }
}

in_ns () { nsenter --mount="/proc/$NS_PID/ns/mnt" --wd="$PWD" "$@" 3>&-; }

# Containers first, since the program works in there; their mounts go with it.
end_private_ns () {
	local name
	[ -n "${NS_PID:-}" ] || return 0
	for name in "$STATE"/*; do
		[ ! -d "$name" ] || timeout 20 "$CORACLE" --root "$STATE" delete --force "${name##*/}"
	done
	CORACLE=$PROGRAM_OUTSIDE
	kill "$NS_PID"
	wait "$NS_PID" || true
	NS_PID=
}

teardown () {
	end_private_ns
	test_teardown
}

# For a container that goes on: made and started in the state $STATE, $PID is its first process. in_container COMMAND… runs in its
# mount namespace, with all privileges.
start_container () {
	config 'args(["/bin/sleep", "1000"])'
	runs create --pid-file "$WORK/pid" --bundle "$BUNDLE" "$@" "$ID"
	runs start "$ID"
	PID=$(cat "$WORK/pid")
}
in_container () { nsenter -t "$PID" --mount --root --wd "$@" 3>&-; }
container_mounts () { output=$(cat "/proc/$PID/mountinfo"); }
# Without what others mount below /tmp and /run meanwhile.
host_mounts () { in_ns cat /proc/self/mountinfo | cut -d' ' -f4- | awk -v work="$WORK/" '$2 !~ "^/(run|tmp)/" || index ($2, work)' | sort; }

# `!` at the start of a command is not noticed by bats.
not () { if "$@"; then echo "succeeded: $*"; return 1; fi; }
