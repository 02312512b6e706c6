/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Namespaces: opening those given by path, joining, id maps, names, clock offsets.
 *
 * Files given by path are opened by the runtime before anything is created (so that a wrong path is
 * an error that leaves nothing), checked to be namespaces of the right type (ioctl NS_GET_NSTYPE,
 * Linux 4.11), and inherited by the child.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct ns_plan;
struct userns_plan;
struct id_maps;

struct ns_fds {
	struct {
		uint64_t type;
		int fd;
		const char *path;
		bool joined;
	} v[8];
	unsigned n;
};

/* Opens every plan->join[]. A namespace that is already the caller's own is left out. fds are
 * CLOEXEC. */
int ns_open_joins (const struct ns_plan *plan, struct ns_fds *ret, struct err *e);

/*
 * setns into all of `types` (mask of CLONE_NEW*) that are not joined yet: user first, mount last,
 * pid before mount. With `try_only`, an EPERM leaves that one for a later call: a namespace that
 * belongs to the user namespace about to be made can only be joined from inside it, and one that
 * does not only from outside.
 */
int ns_join (struct ns_fds *fds, uint64_t types, bool try_only, struct err *e);

/* sethostname, setdomainname; in the container's UTS namespace. */
int ns_set_names (const struct ns_plan *plan, struct err *e);

/*
 * /proc/self/timens_offsets (time_namespaces(7), Linux 5.6): opened while /proc/self is still ours,
 * which a process loses that becomes another id or makes itself non-dumpable; written after unshare
 * (CLONE_NEWTIME), before the first fork. Without offsets in the plan the fd is -1.
 */
int timens_open_offsets (const struct ns_plan *plan, int *ret_fd, struct err *e);
int timens_write_offsets (const struct ns_plan *plan, int fd, struct err *e);

/*
 * Write setgroups, uid_map and gid_map of `pid`, a child that has just made its user namespace;
 * directly, or by newuidmap/newgidmap. Errors name the limit that was hit (340 lines, overlap, ids
 * that /etc/subuid does not grant).
 */
int userns_write_maps (pid_t pid, const struct userns_plan *plan, struct err *e);

/* In the child, after its maps are written: become id 0 inside (or the first mapped one), with no
 * supplementary groups where that is allowed. */
int userns_become_root (const struct userns_plan *plan, struct err *e);

/* A user namespace with these maps, held by nothing but the returned fd (for MOUNT_ATTR_IDMAP).
 * Needs privilege. */
int userns_open_mapped (const struct id_maps *uid, const struct id_maps *gid, struct err *e);
