#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# linux.sysctl: in the container's namespaces or not at all.

load helpers

host_value () { cat "/proc/sys/$1"; }

@test "sysctls of each kind of namespace are set inside, and only inside" {
	forward=$(host_value net/ipv4/ip_forward) msgmax=$(host_value kernel/msgmax) domain=$(host_value kernel/domainname)
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net.ipv4.ip_unprivileged_port_start": "80", "kernel.msgmax": "4242", "kernel.shm_rmid_forced": "1",
		"fs.mqueue.msg_max": "7", "kernel.sem": "100 200 30 40", "kernel.domainname": "example"}' 'del (.domainname)'
	run_sh 'cd /proc/sys; cat net/ipv4/ip_forward net/ipv4/ip_unprivileged_port_start kernel/msgmax kernel/shm_rmid_forced fs/mqueue/msg_max kernel/domainname; cat kernel/sem | tr "\t" " "'
	is "$(printf '1\n80\n4242\n1\n7\nexample\n100 200 30 40')"
	[ "$(host_value net/ipv4/ip_forward) $(host_value kernel/msgmax) $(host_value kernel/domainname)" = "$forward $msgmax $domain" ]
}

@test "names with slashes, and with dots in the name of an interface" {
	config '.linux.sysctl = {"net/ipv4/ip_forward": "1", "net.ipv4.conf.lo.rp_filter": "2"}'
	run_sh 'cd /proc/sys/net/ipv4; cat ip_forward conf/lo/rp_filter'
	is "$(printf '1\n2')"
	# sysctl(8): with a slash first, dots are dots; with a dot first, a slash is a dot.
	config '.linux.sysctl = {"net/ipv4/conf/eth0.1/forwarding": "1"}'
	fails run --bundle "$BUNDLE" "$ID"
	says 'linux.sysctl.net/ipv4/conf/eth0.1/forwarding: this kernel has no such sysctl'
	config '.linux.sysctl = {"net.ipv4.conf.eth0/1.forwarding": "1"}'
	fails run --bundle "$BUNDLE" "$ID"
	says 'linux.sysctl.net.ipv4.conf.eth0/1.forwarding: this kernel has no such sysctl'
}

@test "read-only /proc/sys does not stop them, and is read-only afterwards" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	run_sh 'cat /proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/ip_forward'
	[ "$status" -ne 0 ]
	says 1
	says 'ead-only file system'
}

@test "they are set also when the image covers /proc, or has none" {
	config '.linux.sysctl = {"kernel.msgmax": "4242"} | .mounts |= map (select (.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	mkdir -p "$ROOTFS/proc/sys/kernel"
	echo decoy >"$ROOTFS/proc/sys/kernel/msgmax"
	runs create --bundle "$BUNDLE" "$ID"
	[ "$(cat "$ROOTFS/proc/sys/kernel/msgmax")" = decoy ]
	pid=$(coracle state "$ID" | jq .pid)
	[ "$(nsenter --ipc="/proc/$pid/ns/ipc" cat /proc/sys/kernel/msgmax)" = 4242 ]
}

@test "what would change the host is refused before anything exists" {
	while IFS=@ read -r filter text; do
		cp "$BATS_FILE_TMPDIR/base.json" "$BUNDLE/config.json"
		config ".linux.cgroupsPath = \"/$ID\"" "$filter"
		echo "# $filter"
		fails create --bundle "$BUNDLE" "$ID"
		says "$text"
		[ -z "$(ls -A "$STATE" 2>/dev/null)" ]
	done <<-'END'
		.linux.sysctl = {"kernel.panic": "1"}@linux.sysctl.kernel.panic: is not namespaced
		.linux.sysctl = {"vm.swappiness": "1"}@linux.sysctl.vm.swappiness
		.linux.sysctl = {"kernel.hostname": "x"}@use the property hostname
		.linux.sysctl = {"net.ipv4.ip_forward": "1"} | no_ns ("network")@needs a namespace of the container's own (network)
		.linux.sysctl = {"kernel.msgmax": "1"} | no_ns ("ipc")@needs a namespace of the container's own (ipc)
		.linux.sysctl = {"kernel.domainname": "x"} | del (.hostname) | no_ns ("uts")@needs a namespace of the container's own (uts)
		.linux.sysctl = {"user.max_net_namespaces": "1"}@needs a namespace of the container's own (user)
		.linux.sysctl = {"net.ipv4.ip_forward": "1"} | join_ns ("network"; "/proc/self/ns/net")@would change the host
		.linux.sysctl = {"kernel.msgmax": "1"} | join_ns ("ipc"; "/proc/self/ns/ipc")@would change the host
		.linux.sysctl = {"net.../../kernel/panic": "1"}@is no name of a sysctl
		.linux.sysctl = {"net/../kernel/panic": "1"}@is no name of a sysctl
		.linux.sysctl = {"": "1"}@a key must not be empty
		.linux.sysctl = {"net.": "1"}@is no name of a sysctl
		.linux.sysctl = {"net.ipv4..ip_forward": "1"}@is no name of a sysctl
		.linux.sysctl = {"kernel.msgmaxx": "1"}@is not namespaced
		.linux.sysctl = {"kernel.sem/x": "1"}@linux.sysctl
		.linux.sysctl = {"net.ipv4.ip_forward": 1}@linux.sysctl
	END
}

@test "a value that the kernel refuses is named" {
	config '.linux.sysctl = {"kernel.shm_rmid_forced": "7"}'
	fails create --bundle "$BUNDLE" "$ID"
	says "linux.sysctl.kernel.shm_rmid_forced: write '7': invalid argument"
	config '.linux.sysctl = {"net.ipv4.no_such_thing": "7"}'
	fails create --bundle "$BUNDLE" "$ID"
	says 'linux.sysctl.net.ipv4.no_such_thing: this kernel has no such sysctl'
}

@test "sysctls of a user namespace, and of one that owns the network" {
	config userns '.linux.sysctl = {"user.max_net_namespaces": "5", "net.ipv4.ip_forward": "1", "kernel.msgmax": "4242"}'
	chown -R 100000:100000 "$ROOTFS"
	run_sh 'cd /proc/sys; cat user/max_net_namespaces net/ipv4/ip_forward kernel/msgmax'
	is "$(printf '5\n1\n4242')"
	[ "$(host_value user/max_net_namespaces)" != 5 ]
}

@test "sysctls in a namespace that is joined" {
	config 'args (["/bin/sleep", "100"])'
	runs run -d --bundle "$BUNDLE" "$ID"
	pid=$(coracle state "$ID" | jq .pid)
	config "join_ns (\"network\"; \"/proc/$pid/ns/net\")" '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.cgroupsPath += "-2"' 'args (["/bin/true"])'
	runs run --bundle "$BUNDLE" "$ID-2"
	[ "$(nsenter --net="/proc/$pid/ns/net" cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	coracle kill "$ID" KILL
	wait_until has_status stopped
	coracle delete "$ID"
}
