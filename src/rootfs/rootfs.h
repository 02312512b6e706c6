/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The container's file system.
 *
 *   runtime   rootfs_prepare   before clone: checks the root directory, opens what the child will not be able to
 *   init      rootfs_open      propagation of the new mount namespace, root bound on itself, root_fd
 *             mounts_apply     plan->mounts in order
 *             devices_create   /dev nodes and links
 *             rootfs_pivot     pivot_root (or MS_MOVE + chroot), old root gone
 *             masks_apply      masked and read-only paths
 *             rootfs_finish    read-only root, propagation of /
 *
 * The root file system is hostile: every path below it is resolved beneath root_fd (sys/beneath.h) and acted upon by fd;
 * nothing is ever named twice between its check and its use (CVE-2021-30465, GHSA-3q8j-pf29-vwv8).
 */
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;
struct plan;
struct rootfs_plan;

struct rootfs {
	int root_fd;			/* O_PATH of the root; -1 before rootfs_open */
	int dev_null_fd;		/* the host's /dev/null, known to be character device 1:3; for masks and stdio */
	int *tree_fds;			/* [n_mounts]: detached trees opened by the runtime, or -1 */
	int *idmap_fds;			/* [n_mounts]: user namespaces for idmapped mounts, or -1 */
	int notify_tree_fd;		/* detached tree of the notification socket's directory, or -1 */
	const char *cgroup_path;	/* where the container's own cgroup is below the v2 mount, for binds without cgroup ns */
};

/*
 * Runtime, before clone. `notify_dir`: host directory to show at NOTIFY_DIR, or NULL. An error is one of the configuration (root or source missing).
 * fds are CLOEXEC and inherited by init through fork.
 */
int rootfs_prepare (struct arena *a, const struct plan *plan, const char *notify_dir, struct rootfs *ret, struct err *e);
void rootfs_close (struct rootfs *r, size_t n_mounts);		/* runtime: after init has its copies */

int rootfs_open (struct rootfs *r, const struct rootfs_plan *plan, struct err *e);
int mounts_apply (struct rootfs *r, const struct plan *plan, struct err *e);
int devices_create (struct rootfs *r, const struct rootfs_plan *plan, struct err *e);
/* Bind the pty slave `pts_fd` on /dev/console, created O_EXCL|O_NOFOLLOW (CVE-2025-52565, CVE-2026-88264). */
int console_bind (struct rootfs *r, int pts_fd, struct err *e);
int rootfs_pivot (struct rootfs *r, const struct rootfs_plan *plan, struct err *e);
int masks_apply (struct rootfs *r, const struct rootfs_plan *plan, struct err *e);
int rootfs_finish (struct rootfs *r, const struct rootfs_plan *plan, struct err *e);
