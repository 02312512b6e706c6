/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The container's file system.
 *
 *   runtime   rootfs_prepare   before clone: checks the root directory, opens what the child will
 * not be able to init      rootfs_open      propagation of the new mount namespace, root bound on
 * itself, root_fd mounts_apply     plan->mounts in order devices_create   /dev nodes and links
 *             rootfs_pivot     pivot_root (or MS_MOVE + chroot), old root gone
 *             masks_apply      masked and read-only paths
 *             rootfs_finish    read-only root, propagation of /
 *
 * The root file system is hostile: every path below it is resolved beneath root_fd (sys/beneath.h)
 * and acted upon by fd; nothing is ever named twice between its check and its use (CVE-2021-30465,
 * GHSA-3q8j-pf29-vwv8).
 */
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;
struct id_maps;
struct plan;
struct rootfs_plan;

struct rootfs {
	int root_fd;	 /* O_PATH of the root; -1 before rootfs_open */
	int dev_null_fd; /* init: detached tree of the host's /dev/null, known to be character
			    device 1:3; -1 when no file is masked */
	int *tree_fds;	 /* [n_mounts]: detached trees opened by the runtime, or -1. Afterwards
			    mounts that rootfs_finish makes read-only */
	int *idmap_fds; /* [n_mounts]: user namespaces for idmapped file systems that init makes, or
			   -1 */
	int notify_tree_fd;	 /* detached tree of the notification socket's directory, or -1 */
	const char *notify_dir;	 /* its path, for kernels without open_tree */
	const char *cgroup_path; /* where the container's own cgroup is below the hierarchies, for
				    binds without cgroup ns; NULL: not known */
	struct arena *arena;
	const char *path; /* of the root, before the pivot */
	/* rootfsPropagation "shared": clones of the host's mounts are peers of them until they are
	 * made slaves. */
	bool shared;
	/* What the kernel lacks; found out by rootfs_open. */
	bool no_open_tree; /* Linux < 5.2: open_tree, move_mount, fsopen */
	bool no_setattr;   /* Linux < 5.12: mount_setattr */
	int self_fds;	/* then: O_PATH of /proc/self/fd, by which mount(2) can name our fds, after
			   the pivot too; else -1 */
	bool unified;	/* the host's /sys/fs/cgroup is cgroup v2 */
	bool own_dev;	/* /dev is a tmpfs that was mounted by init, and empty so far */
	int proc_fd;	/* known.c: O_PATH of a procfs on /proc, and of /dev if it is init's own; */
	int dev_fd;	/* -1: not asked so far, or not so */
	unsigned umask; /* of the caller, while ours is 0 */
};

/*
 * Runtime, before clone. `notify_dir`: host directory to show at NOTIFY_DIR, or NULL. An error is
 * one of the configuration (root or source missing). `open_userns` makes a user namespace with the
 * given maps (ns/ns.h: userns_open_mapped; rooms do not include each other). fds are CLOEXEC and
 * inherited by init through fork.
 */
int rootfs_prepare (struct arena *a, const struct plan *plan, const char *notify_dir,
		    int (*open_userns) (const struct id_maps *uid, const struct id_maps *gid,
					struct err *e),
		    struct rootfs *ret, struct err *e);
void rootfs_close (struct rootfs *r, size_t n_mounts); /* runtime: after init has its copies */

/*
 * `mounts`, in a process that has joined the container: "/" is the root, as it is. Only with
 * mount_setattr: nothing else can make a volume no peer of the host's before it is attached, and
 * there may be no /proc to name our descriptors by.
 */
int rootfs_join (struct rootfs *r, struct err *e);
/* `unified`: see above; the host was asked before. */
int rootfs_open (struct rootfs *r, const struct rootfs_plan *plan, bool unified, struct err *e);
int mounts_apply (struct rootfs *r, const struct plan *plan, size_t from, size_t to,
		  struct err *e); /* those of plan->mounts from `from` to before `to` */
/*
 * May init change its root before the mounts that wait for the network namespace? umount(2) of the
 * old root waits for an RCU grace period, for which there is time then. No, if one of them needs
 * something of the host.
 */
bool mounts_pivot_early (const struct rootfs *r, const struct plan *plan);
int mounts_notify (
	struct rootfs *r,
	struct err *e); /* after them: the notification socket's directory, if there is one */
int devices_create (struct rootfs *r, const struct rootfs_plan *plan, struct err *e);
/* Bind the pty slave `pts_fd` on /dev/console, created O_EXCL|O_NOFOLLOW (CVE-2025-52565,
 * CVE-2026-88264). */
int console_bind (struct rootfs *r, int pts_fd, struct err *e);
/* Before hooks, which may mount whatever they like. */
void rootfs_forget (struct rootfs *r);
int rootfs_pivot (struct rootfs *r, const struct rootfs_plan *plan, struct err *e);
int masks_apply (struct rootfs *r, const struct rootfs_plan *plan, struct err *e);
int rootfs_finish (struct rootfs *r, const struct rootfs_plan *plan, struct err *e);
