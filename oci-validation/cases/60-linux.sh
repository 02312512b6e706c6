# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# config-linux.md and runtime-linux.md: namespaces, ids, devices, paths, sysctl; what is not a cgroup and not seccomp.

# ---- namespaces

new_namespace () { # TYPE
	[ -e "/proc/self/ns/$2" ] || skip "this kernel has no $1 namespaces"
	sees "namespace-new:$1" "ns (\"$1\")"
}
for kind in pid:pid network:net mount:mnt ipc:ipc uts:uts cgroup:cgroup time:time; do
	must "config-linux.md Namespaces: if path is not specified, the runtime MUST create a new container namespace of type '${kind%:*}'" \
		new_namespace "${kind%:*}" "${kind#*:}"
done

for kind in network user cgroup time; do
	must "config-linux.md Namespaces: if '$kind' is not specified, the container MUST inherit the runtime namespace of that type" sees "namespace-inherited:$kind"
done
must "config-linux.md Namespaces: if 'ipc' is not specified, the container MUST inherit the runtime namespace of that type" sees 'namespace-inherited:ipc' 'no_ns ("ipc")'
must "config-linux.md Namespaces: if 'uts' is not specified, the container MUST inherit the runtime namespace of that type" sees 'namespace-inherited:uts' \
	'no_ns ("uts") | del (.hostname)'
must "config-linux.md Namespaces: if 'pid' is not specified, the container MUST inherit the runtime namespace of that type" sees 'namespace-inherited:pid' 'no_ns ("pid")'

# A process that holds namespaces of its own; they are at /proc/$holder/ns.
hold_namespaces () { # OPTIONS of unshare
	local flag=$work/held

	mkfifo "$work/hold"
	unshare "$@" sh -c 'echo >"$1"; read -r _ <"$2"' sh "$flag" "$work/hold" &
	holder=$!
	await 5 test -e "$flag" || skip "cannot make such a namespace here"
}

release () {
	kill -KILL "$holder" "$@"
	wait "$holder" 2>/dev/null
}

joined_namespace () { # TYPE FILE
	local said

	hold_namespaces "--${3:-$2}"
	bundle "join_ns (\"$1\"; \"/proc/$holder/ns/$2\")" "${@:4}"
	fact "joined.$2" "$(stat -L -c %i "/proc/$holder/ns/$2")"
	create || {
		said=$(<"$work/err")
		release
		fail "create failed: $said"
	}
	pid=$(<"$work/pid")
	rt start "$id" || fail "start failed"
	await_exit
	release
	rt delete "$id" || fail "delete failed"
	saw "namespace-joined:$1"
}
must "config-linux.md Namespaces: path: the runtime MUST place the container process in the namespace associated with that path (network)" joined_namespace network net
must "config-linux.md Namespaces: path: the runtime MUST place the container process in the namespace associated with that path (ipc)" joined_namespace ipc ipc
must "config-linux.md Namespaces: path: the runtime MUST place the container process in the namespace associated with that path (uts)" joined_namespace uts uts uts 'del (.hostname)'

must "config-linux.md Namespaces: path: the runtime MUST place the container process in the namespace associated with that path (cgroup)" joined_namespace cgroup cgroup
must "config-linux.md Namespaces: path: the runtime MUST place the container process in the namespace associated with that path (time)" joined_namespace time time time

# With the maps that the namespace has; the runtime is to write none.
joined_user () {
	hold_namespaces --user --map-root-user
	bundle "join_ns (\"user\"; \"/proc/$holder/ns/user\")" 'ns ("network")'
	fact joined.user "$(stat -L -c %i "/proc/$holder/ns/user")"
	create || { release; fail "create failed"; }
	pid=$(<"$work/pid")
	rt start "$id" || fail "start failed"
	await_exit
	release
	rt delete "$id" || fail "delete failed"
	saw 'namespace-joined:user'
}
must "config-linux.md Namespaces: path: the runtime MUST place the container process in the namespace associated with that path (user)" joined_user

joined_pid () {
	local other

	hold_namespaces --pid --fork --kill-child
	other=$(pgrep -P "$holder" | head -n 1)
	bundle "join_ns (\"pid\"; \"/proc/$other/ns/pid\")"
	fact joined.pid "$(stat -L -c %i "/proc/$other/ns/pid")"
	create || fail "create failed"
	pid=$(<"$work/pid")
	rt start "$id" || fail "start failed"
	await_exit
	rt delete "$id" || fail "delete failed"
	release "$other"
	saw 'namespace-joined:pid'
}
must "config-linux.md Namespaces: path: the runtime MUST place the container process in the namespace associated with that path (pid)" joined_pid

must "config-linux.md Namespaces: MUST generate an error if path is not associated with a namespace of type 'type' (another type)" refuses \
	'join_ns ("network"; "/proc/self/ns/ipc")'
must "config-linux.md Namespaces: MUST generate an error if path is not associated with a namespace of type 'type' (no namespace)" refuses \
	'join_ns ("network"; $rootfs + "/host")'
must "config-linux.md Namespaces: MUST generate an error if path is not associated with a namespace of type 'type' (nothing)" refuses 'join_ns ("network"; "/nothing")'
must "config-linux.md Namespaces: path MUST be an absolute path in the runtime mount namespace" refuses 'join_ns ("network"; "proc/self/ns/net")'
must "config-linux.md Namespaces: type (string, REQUIRED)" refuses '.linux.namespaces += [{}]'
must "config-linux.md Namespaces: if a namespaces field contains duplicated namespaces with same type, the runtime MUST generate an error" refuses \
	'.linux.namespaces += [{type: "pid"}]'
must "config-linux.md Namespaces: a new network namespace has its own loopback device, and nothing of the host" sees 'namespace-new:network' 'ns ("network")' \
	'.linux.sysctl = {"net.ipv4.ip_forward": "1"}'

# ---- user namespace, time offsets

must "config-linux.md User namespace mappings: uidMappings and gidMappings describe the mappings from the host to the container" sees \
	'uid_map gid_map namespace-new:user uid gid' 'userns'
must "config-linux.md User namespace mappings: several lines" sees 'uid_map gid_map' 'userns' \
	'.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}, {containerID: 1000, hostID: 300000, size: 5}]'
must "config-linux.md User namespace mappings: a user of the container" sees 'uid gid groups' 'userns' \
	'.process.user = {uid: 1000, gid: 1000, additionalGids: [7]} | caps ([])'
must "config-linux.md User namespace mappings: default devices are there too" sees 'default-device:/dev/null default-device:/dev/full' 'userns'

userns_owner () {
	local before

	make_rootfs
	before=$(stat -c %u:%g "$rootfs" "$rootfs/inside")
	finished 'userns'
	[ "$(stat -c %u:%g "$rootfs" "$rootfs/inside")" = "$before" ] || fail "owners have changed"
}
must "config-linux.md User namespace mappings: SHOULD NOT modify the ownership of referenced filesystems to realize the mapping" userns_owner
must "config-linux.md User namespace mappings: a new user namespace without mappings is an error" refuses 'ns ("user")'

offsets () {
	[ -e /proc/self/timens_offsets ] || skip "this kernel has no time namespaces"
	sees 'namespace-new:time time-offset:*' 'ns ("time")' '.linux.timeOffsets = {monotonic: {secs: 172800, nanosecs: 5}, boottime: {secs: 604800, nanosecs: 0}}'
}
must "config-linux.md Offset for Time Namespace: secs and nanosecs of the clocks" offsets

# ---- devices

device () { # NAME, CHECKS, DEVICE
	must "config-linux.md Devices: $1" sees "$2" ".linux.devices = [$3]"
}
device "lists devices that MUST be available in the container (c)" device:/dev/cor-c '{path: "/dev/cor-c", type: "c", major: 1, minor: 3}'
device "lists devices that MUST be available in the container (u)" device:/dev/cor-u '{path: "/dev/cor-u", type: "u", major: 1, minor: 5}'
device "lists devices that MUST be available in the container (b)" device:/dev/cor-b '{path: "/dev/cor-b", type: "b", major: 7, minor: 0}'
device "lists devices that MUST be available in the container (p, without major and minor)" device:/dev/cor-p '{path: "/dev/cor-p", type: "p"}'
device "fileMode is the file mode for the device" device:/dev/cor-c:mode '{path: "/dev/cor-c", type: "c", major: 1, minor: 3, fileMode: 432}'
device "fileMode is not restricted by a umask" device:/dev/cor-c:mode '{path: "/dev/cor-c", type: "c", major: 1, minor: 3, fileMode: 511}'
device "uid and gid are the owner of the device in the container namespace" device:/dev/cor-c:owner '{path: "/dev/cor-c", type: "c", major: 1, minor: 3, uid: 12, gid: 34}'
device "path is the full path to device inside container (its directory is made)" device:/dev/dir/cor-c '{path: "/dev/dir/cor-c", type: "c", major: 1, minor: 3}'
device "one that is a default device too" device:/dev/null '{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 438}'
must "config-linux.md Devices: if a file already exists at path that does not match the requested device, the runtime MUST generate an error" refuses \
	'.linux.devices = [{path: "/config.json", type: "c", major: 1, minor: 3}]'
must "config-linux.md Devices: major, minor are REQUIRED unless type is p" refuses '.linux.devices = [{path: "/dev/cor-c", type: "c"}]'
must "config-linux.md Devices: type (string, REQUIRED)" refuses '.linux.devices = [{path: "/dev/cor-c", major: 1, minor: 3}]'
must "config-linux.md Devices: type: c, b, u or p" refuses '.linux.devices = [{path: "/dev/cor-c", type: "x", major: 1, minor: 3}]'
must "config-linux.md Devices: path (string, REQUIRED)" refuses '.linux.devices = [{type: "c", major: 1, minor: 3}]'

device_in_userns () {
	[ -c /dev/kmsg ] || skip "no /dev/kmsg on this host"
	sees 'device:/dev/kmsg' 'userns' '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}]'
}
must "config-linux.md Devices: lists devices that MUST be available in the container (c, in a user namespace)" device_in_userns

for d in null zero full random urandom tty; do
	must "config-linux.md Default Devices: the runtime MUST also supply /dev/$d" sees "default-device:/dev/$d"
done
must "config-linux.md Default Devices: the runtime MUST also supply /dev/ptmx: a bind-mount or symlink of the container's /dev/pts/ptmx" sees 'ptmx'
for d in fd stdin stdout stderr; do
	must "runtime-linux.md Dev symbolic links: MUST create the symlink /dev/$d if the source file exists after processing mounts" sees "link:/dev/$d"
done

must "config-linux.md Default Filesystems: /proc, /sys, /dev/pts and /dev/shm" sees 'type:/proc type:/sys type:/dev/pts type:/dev/shm mount:/sys:ro' \
	'ns ("network")' 'mount ("/sys"; "sysfs"; "sysfs"; ["nosuid", "noexec", "nodev", "ro"])'
must "config.md Mounts: type 'mqueue'" sees 'type:/dev/mqueue' 'mount ("/dev/mqueue"; "mqueue"; "mqueue"; ["nosuid", "noexec", "nodev"])'
cgroup_mount () { # OPTION, CHECKS
	sees "mount:/sys/fs/cgroup $2" 'ns ("network")' 'mount ("/sys"; "sysfs"; "sysfs"; ["nosuid", "noexec", "nodev"])' \
		"mount (\"/sys/fs/cgroup\"; \"cgroup\"; \"cgroup\"; [\"nosuid\", \"noexec\", \"nodev\", \"$1\"])"
}
must "config-linux.md Cgroups: type 'cgroup'" cgroup_mount relatime ''
must "config-linux.md Cgroups: type 'cgroup', read-only" cgroup_mount ro 'mount:/sys/fs/cgroup:ro'
must "config-linux.md Cgroups: type 'cgroup' with a cgroup namespace" sees 'mount:/sys/fs/cgroup namespace-new:cgroup' 'ns ("network") | ns ("cgroup")' \
	'mount ("/sys"; "sysfs"; "sysfs"; ["nosuid", "noexec", "nodev"])' 'mount ("/sys/fs/cgroup"; "cgroup"; "cgroup"; ["nosuid", "noexec", "nodev"])'

# ---- masked and read-only paths

paths () { # CHECKS PATCH
	make_rootfs
	mkdir "$rootfs/dir"
	echo secret | tee "$rootfs/file" >"$rootfs/dir/file"
	sees "$@"
}
must "config-linux.md Masked Paths: will mask over the provided paths so that they cannot be read (file)" paths 'masked:/file' '.linux.maskedPaths = ["/file"]'
must "config-linux.md Masked Paths: will mask over the provided paths so that they cannot be read (directory)" paths 'masked:/dir' '.linux.maskedPaths = ["/dir"]'
must "config-linux.md Masked Paths: below a mount" paths 'masked:/proc/uptime masked:/proc/fs' '.linux.maskedPaths = ["/proc/uptime", "/proc/fs", "/file"]'
must "config-linux.md Masked Paths: what does not exist is left out" paths 'args' '.linux.maskedPaths = ["/nothing", "/proc/nothing"]'
must "config-linux.md Masked Paths: the values MUST be absolute paths in the container namespace" refuses '.linux.maskedPaths = ["proc/kcore"]'
must "config-linux.md Readonly Paths: will set the provided paths as readonly (file)" paths 'readonly:/file' '.linux.readonlyPaths = ["/file"]'
must "config-linux.md Readonly Paths: will set the provided paths as readonly (directory)" paths 'readonly:/dir' '.linux.readonlyPaths = ["/dir"]'
must "config-linux.md Readonly Paths: below a mount" paths 'readonly:/proc/sys readonly:/proc/bus' '.linux.readonlyPaths = ["/proc/sys", "/proc/bus"]'
must "config-linux.md Readonly Paths: what does not exist is left out" paths 'args' '.linux.readonlyPaths = ["/nothing", "/proc/nothing"]'
must "config-linux.md Readonly Paths: the values MUST be absolute paths in the container namespace" refuses '.linux.readonlyPaths = ["proc/sys"]'

# ---- sysctl

must "config-linux.md Sysctl: allows kernel parameters to be modified at runtime for the container (ipc)" sees 'sysctl:kernel.msgmax' \
	'.linux.sysctl = {"kernel.msgmax": "8191", "kernel.shm_rmid_forced": "1"}'
must "config-linux.md Sysctl: allows kernel parameters to be modified at runtime for the container (network)" sees 'sysctl:net.ipv4.ip_forward' \
	'ns ("network")' '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
must "config-linux.md Sysctl: allows kernel parameters to be modified at runtime for the container (fs.mqueue)" sees 'sysctl:fs.mqueue.msg_max' \
	'.linux.sysctl = {"fs.mqueue.msg_max": "13"}'
must "config-linux.md Sysctl: what is not of a namespace is an error" refuses '.linux.sysctl = {"vm.swappiness": "60"}'
must "config-linux.md Sysctl: what is of a namespace that is the runtime's is an error (network)" refuses '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
must "config-linux.md Sysctl: what is of a namespace that is the runtime's is an error (ipc)" refuses 'no_ns ("ipc")' '.linux.sysctl = {"kernel.msgmax": "8191"}'
must "config-linux.md Sysctl: a value that the kernel refuses is an error" refuses '.linux.sysctl = {"kernel.msgmax": "many"}'

# ---- the rest

must "config-linux.md Personality: domain LINUX" sees 'personality' '.linux.personality = {domain: "LINUX"}'
must "config-linux.md Personality: domain LINUX32" sees 'personality' '.linux.personality = {domain: "LINUX32"}'
must "config-linux.md Personality: flags: no values are defined, so that any is invalid" refuses '.linux.personality = {domain: "LINUX", flags: ["NOSUCH"]}'
must "config-linux.md Personality: domain REQUIRED, LINUX or LINUX32" refuses '.linux.personality = {domain: "NOSUCH"}'

memory_policy () {
	[ -d /sys/devices/system/node/node0 ] || skip "no NUMA nodes on this host"
	sees 'memory-policy' ".linux.memoryPolicy = {mode: \"$1\", nodes: \"0\"}"
}
must "config-linux.md Memory policy: MPOL_BIND" memory_policy MPOL_BIND
must "config-linux.md Memory policy: MPOL_INTERLEAVE" memory_policy MPOL_INTERLEAVE
must "config-linux.md Memory policy: mode MUST be one of the valid values" refuses '.linux.memoryPolicy = {mode: "MPOL_NOSUCH", nodes: "0"}'

no_resctrl () {
	! grep -q resctrl /proc/filesystems || skip "this kernel has resctrl"
	refuses '.linux.intelRdt = {closID: "cor-val", schemata: ["L3:0=f"]}'
}
must "config-linux.md IntelRdt: without resctrl, intelRdt is an error" no_resctrl

# The runtime gets a network namespace of its own, with a device in it: two runtimes at once do not meet, and nothing of the host is touched.
own_network () {
	mkdir -p "$work/ns"
	: >"$work/ns/net"
	unshare --net="$work/ns/net" true 2>/dev/null || skip "cannot make a network namespace here"
	echo "$work/ns/net" >>"$work/mounts"
	command -v ip >/dev/null || skip "no ip(8)"
	in_network ip link add cor0 type dummy 2>/dev/null || in_network ip link add cor0 type veth 2>/dev/null || skip "cannot make a network device here"
	in_network ip addr add 10.98.76.54/24 dev cor0
	printf '#!/bin/sh\nexec nsenter --net=%s %s "$@"\n' "$work/ns/net" "$RUNTIME" >"$work/runtime"
	chmod +x "$work/runtime"
	RUNTIME=$work/runtime
}

in_network () {
	nsenter --net="$work/ns/net" "$@"
}

net_device () { # DEVICE, FILE, what is in it
	own_network
	created 'inside (["cat", "'"$2"'"])' 'ns ("network")' ".linux.netDevices = {\"cor0\": $1}"
	rt start "$id" || fail "start failed"
	await_exit
	await 5 has_status stopped
	rt delete "$id" || fail "delete failed"
	grep -qF -e "$3" "$work/stdout" || fail "no '$3' in $2"
}
must "config-linux.md Network Devices: the runtime MUST move the device into the network namespace of the container" net_device '{}' /proc/net/dev cor0
must "config-linux.md Network Devices: name is the name of the network device inside the container" net_device '{name: "moved0"}' /proc/net/dev moved0
must "config-linux.md Network Devices: MUST set the device up, MUST keep its global addresses" net_device '{name: "moved0"}' /proc/net/fib_trie 10.98.76.54

net_device_refused () {
	own_network
	refuses "$@"
	in_network ip link show cor0 >/dev/null || fail "the device is gone"
}
must "config-linux.md Network Devices: MUST generate an error if the name is there already" net_device_refused 'ns ("network")' '.linux.netDevices = {"cor0": {name: "lo"}}'
must "config-linux.md Network Devices: a pattern with %d takes the first name that is free" net_device '{name: "pat%d"}' /proc/net/dev pat0
must "config-linux.md Network Devices: without a network namespace of the container is an error" net_device_refused '.linux.netDevices = {"cor0": {}}'
must "config-linux.md Network Devices: a device that does not exist is an error" net_device_refused 'ns ("network")' '.linux.netDevices = {"cor-val-none": {}}'
