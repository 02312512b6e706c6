/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Facts about the host that a plan may depend on. Asked once (container/host.c: host_probe) and
 * read-only afterwards; tests make their own, so that planning needs neither privileges nor a
 * particular kernel.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum cgroup_mode {
	CGROUP_NONE,   /* nothing mounted at /sys/fs/cgroup */
	CGROUP_V1,     /* v1 hierarchies, perhaps with an empty v2 tree beside them */
	CGROUP_HYBRID, /* v1 hierarchies and /sys/fs/cgroup/unified (cgroup2) */
	CGROUP_V2,     /* /sys/fs/cgroup is cgroup2 */
};

struct host {
	uid_t euid;
	gid_t egid;
	bool in_userns;	 /* not the initial one */
	bool privileged; /* euid 0 in the initial user namespace: may mknod, mount, map any id */
	enum cgroup_mode cgroup_mode;
	const char *cgroup_own; /* v2 (or name=systemd) path of the runtime's own cgroup, "/a/b";
				   NULL: not asked */
	unsigned cap_last;	/* number of the last capability the kernel knows */
	bool apparmor;		/* kernel has AppArmor and it is enabled */
	bool selinux;		/* kernel has SELinux and a policy is loaded */
	const char *bundle;	/* absolute path of the bundle */
	const char *container_id;
	/* ids an ordinary user may map, from /etc/subuid and /etc/subgid; count 0: none */
	uint32_t subuid_start, subuid_count, subgid_start, subgid_count;
};
