#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# features: the document of features.md. That the planner takes what is listed: tests/unit/test_features.c.
load helpers

# holds JQ: true for the document
holds () { jq -e "$1" <<<"$output" >/dev/null || { echo "not so: $1"; return 1; }; }

@test "features prints one JSON document, and nothing to stderr" {
	"$CORACLE" features >"$WORK/out" 2>"$WORK/err"
	[ ! -s "$WORK/err" ]	# cri-o reads both as one
	[ "$(jq -s length "$WORK/out")" -eq 1 ]
	[ "$(tail -c 1 "$WORK/out" | od -An -c | tr -d ' ')" = '\n' ]
}

@test "features: types and names are those of the specification's schema" {
	runs features
	holds '[.ociVersionMin, .ociVersionMax] | all (test ("^[0-9]+\\.[0-9]+\\.[0-9]+$"))'
	holds 'def strings: type == "array" and all (.[]; type == "string") and (unique | length) == length;
		[.hooks, .mountOptions, .potentiallyUnsafeConfigAnnotations, .linux.capabilities, .linux.namespaces,
		 (.linux.seccomp | .actions, .operators, .archs, .knownFlags, .supportedFlags), .linux.memoryPolicy.modes, .linux.memoryPolicy.flags] | all (strings)'
	holds '[.linux.cgroup | .v1, .v2, .systemd, .systemdUser, .rdma] | all (type == "boolean")'
	holds '[.linux | .seccomp, .apparmor, .selinux, .intelRdt, .mountExtensions.idmap, .netDevices | .enabled] | all (. == true)'
	holds '[.linux.intelRdt | .schemata, .monitoring] | all (. == true)'
	holds '.annotations | type == "object" and all (.[]; type == "string")'
	holds '.linux.capabilities | all (test ("^CAP_[A-Z_]+$"))'
	holds '.hooks == ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]'
	holds '.linux.namespaces | sort == ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]'
	holds '.linux.seccomp.actions | sort == (["KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP", "ERRNO", "TRACE", "ALLOW", "LOG", "NOTIFY"] | map ("SCMP_ACT_" + .) | sort)'
	holds '.linux.seccomp.operators | sort == (["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"] | map ("SCMP_CMP_" + .) | sort)'
	holds '.linux.seccomp.knownFlags | sort == (["LOG", "SPEC_ALLOW", "TSYNC", "WAIT_KILLABLE_RECV"] | map ("SECCOMP_FILTER_FLAG_" + .))'
	holds '.linux.seccomp | .supportedFlags - .knownFlags == []'
	holds '.linux.seccomp.archs | length > 0 and all (test ("^SCMP_ARCH_[A-Z0-9_]+$"))'
	holds '.linux.memoryPolicy.modes | sort == (["BIND", "DEFAULT", "INTERLEAVE", "LOCAL", "PREFERRED", "PREFERRED_MANY", "WEIGHTED_INTERLEAVE"] | map ("MPOL_" + .))'
	holds '.linux.memoryPolicy.flags | sort == ["MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"]'
}

# config.md, "Linux mount options": those that a runtime MUST implement, and SHOULD.
@test "features: the mount options of the specification are there" {
	local must="async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev nodiratime noexec noiversion
		nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rbind rdev rdiratime relatime remount rexec rnoatime
		rnodev rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime rro rrw rshared rslave
		rstrictatime rsuid rsymfollow runbindable rw shared silent slave strictatime suid symfollow sync tmpcopyup unbindable idmap ridmap" o

	runs features
	for o in $must; do
		holds ".mountOptions | index (\"$o\") != null"
	done
}

@test "features: what the engines look for" {
	runs features
	# containerd: user namespaces for Kubernetes pods
	holds '(.linux.namespaces | index ("user")) and .linux.mountExtensions.idmap.enabled'
	holds '.annotations["org.opencontainers.runc.checkpoint.enabled"] | IN ("true", "false")'
	# cri-o: recursive read-only mounts
	holds '.mountOptions | index ("rro") != null'
}

@test "features is the same document every time, and the one that is agreed" {
	runs features
	jq -S 'del (.annotations, .linux.cgroup.systemd, .linux.cgroup.systemdUser, .linux.seccomp.archs, .linux.seccomp.supportedFlags)' <<<"$output" >"$WORK/now"
	[ -z "${UPDATE_GOLDEN:-}" ] || cp "$WORK/now" "$BATS_TEST_DIRNAME/features.json"
	diff -u "$BATS_TEST_DIRNAME/features.json" "$WORK/now" || { echo "if this is meant: tests/run --update-golden bats"; return 1; }
}

@test "features: an ordinary user gets the same" {
	need_root
	mkdir "$WORK/bin"
	cp "$CORACLE" "${CORACLE%/*}/coracle-helper" "$WORK/bin/"
	"$WORK/bin/coracle" features >"$WORK/root"
	setpriv --reuid=54321 --regid=54321 --clear-groups "$WORK/bin/coracle" features >"$WORK/user"
	cmp "$WORK/root" "$WORK/user"
}

@test "features: what only the helper knows is left out without it, and the rest stands" {
	mkdir "$WORK/bin"
	cp "$CORACLE" "$WORK/bin/"
	[ ! -e "$(strings -n 8 "$CORACLE" | grep -m1 -x '/.*/libexec' || echo /usr/local/libexec)/coracle/coracle-helper" ] || skip "a helper is installed"
	"$WORK/bin/coracle" features >"$WORK/out" 2>"$WORK/err"
	[ ! -s "$WORK/err" ]
	output=$(<"$WORK/out")
	holds '.linux.seccomp | has ("archs") | not'
	holds '.linux.seccomp.enabled and (.annotations | has ("io.github.seccomp.libseccomp.version") | not)'
	holds '.mountOptions | length > 60'
}

@test "features: the architectures are those that a profile may name" {
	local arch known="X86 X86_64 X32 ARM AARCH64 LOONGARCH64 M68K MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X SH SHEB
		PARISC PARISC64 RISCV64"

	runs features
	holds '.annotations["io.github.seccomp.libseccomp.version"] | test ("^[0-9]+\\.[0-9]+\\.[0-9]+$")'
	for arch in $known; do
		arch=SCMP_ARCH_$arch
		if "${CORACLE%/*}/coracle-helper" seccomp <<<"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"$arch\"]}" >"$WORK/bpf" 2>&1; then
			holds ".linux.seccomp.archs | index (\"$arch\") != null"
			[ -s "$WORK/bpf" ]
		else
			grep -q "$arch" "$WORK/bpf"
			holds ".linux.seccomp.archs | index (\"$arch\") == null"
		fi
	done
}

# Each annotation that the source asks for by name, but for image.stopSignal, which is part of the specification of images.
@test "features: every annotation that we act on is among the unsafe ones" {
	local used name

	runs features
	used=$(grep -rhoE 'oci_annotation \([^;]*"[a-z]+\.[a-zA-Z_.]+"' "$top/src" | grep -oE '"[^"]+"' | tr -d '"' | sort -u | grep -vx org.opencontainers.image.stopSignal)
	[ "$(wc -l <<<"$used")" -ge 5 ]
	for name in $used; do
		holds ".potentiallyUnsafeConfigAnnotations | any (. as \$p | if endswith (\".\") then \"$name\" | startswith (\$p) else . == \"$name\" end)"
	done
}

# Not only understood: done. One container with a mount for each option but those that need more than a mount.
@test "features: the kernel takes every mount option" {
	need_call mount_setattr "recursive mount options"
	local filter='.' o i=0

	need_root
	mkdir "$WORK/src"
	for o in $("$CORACLE" features | jq -r '.mountOptions[]' | grep -vxE 'remount|r?idmap|tmpcopyup|copy-symlink'); do
		i=$((i + 1))
		filter+=" | bind (\"/mnt/$i\"; \"$WORK/src\"; [\"$o\"])"
	done
	[ $i -gt 55 ]
	config "$filter" '.linux.rootfsPropagation = "slave"'
	run_sh 'grep -c " /mnt/" /proc/self/mountinfo'
	is $i
}
