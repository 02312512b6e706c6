/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mounts of the plan, in order. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "plan/plan.h"
#include "rootfs/room.h"
#include "sys/beneath.h"
#include "sys/syscalls.h"

/* ---- where to */

static int
make_target (struct rootfs *r, const char *dst, bool directory)
{
	return directory ? beneath_mkdir_missing (r->root_fd, dst, 0755)
			 : beneath_touch (r->root_fd, dst);
}

static int
open_nofollow (struct rootfs *r, const char *dst)
{
	const char *name;
	autofd dir = beneath_parent (r->root_fd, dst, false, &name);
	int fd;

	if (dir < 0)
		return dir;
	fd = openat (dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A procfs, or the directory that one may be mounted on later. */
static bool
is_proc (struct rootfs *r, int fd)
{
	autofd proc = beneath_open_plain (r->root_fd, "proc", O_PATH);
	struct stat it, there;
	struct statfs fs;

	if (fstatfs (fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC || fstat (fd, &it) < 0)
		return true;
	return proc >= 0 && fstat (proc, &there) == 0 && it.st_dev == there.st_dev &&
	       it.st_ino == there.st_ino;
}

/*
 * The plan has judged the path by its words; a symbolic link of the image can make it mean
 * something else. Nothing may come to lie on /proc or below it that way (CVE-2019-16884,
 * CVE-2019-19921).
 */
static int
open_through_links (struct rootfs *r, const struct mount_op *op, bool directory, bool *ret_made,
		    struct err *e)
{
	int fd;

	rootfs_forget (r); /* it may be covered */
	if (op->ext & EXT_PROC_OR_SYS)
		return err_set (e, ELOOP, "mount '%s' on '/%s': a symbolic link is on the way",
				op->fstype, op->dst);
	fd = op->ext & EXT_DST_NOFOLLOW ? open_nofollow (r, op->dst)
					: beneath_open (r->root_fd, op->dst, O_PATH);
	if (fd == -ENOENT) {
		*ret_made = true;
		fd = make_target (r, op->dst, directory);
	}
	if (fd < 0)
		return err_set (e, -fd, "make the mount point '/%s'", op->dst);
	if (is_proc (r, fd)) {
		close (fd);
		return err_set (e, ELOOP, "mount on '/%s': a symbolic link leads to /proc",
				op->dst);
	}
	return fd;
}

/*
 * In a /dev of our own, which is empty at first, the directories for pts, shm and mqueue are made
 * without being looked for: mkdirat(2) says whether there was one, and follows no link. -1: there
 * was, or the usual way knows better what is wrong.
 */
static int
make_in_dev (struct rootfs *r, const char *dst)
{
	const char *name = dst + strlen ("dev/");

	if (!startswith (dst, "dev/") || strchr (name, '/') || known_dev (r) < 0 ||
	    mkdirat (r->dev_fd, name, 0755) < 0)
		return -1;
	return openat (r->dev_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
target_open (struct rootfs *r, const struct mount_op *op, bool directory, bool *ret_made,
	     struct err *e)
{
	int fd = directory ? make_in_dev (r, op->dst) : -1;

	*ret_made = fd >= 0;
	if (fd < 0)
		fd = beneath_open_plain (r->root_fd, op->dst, O_PATH);
	if (fd == -ENOENT && op->ext & EXT_PROC_OR_SYS) {
		*ret_made = true;
		fd = beneath_mkdir_missing (r->root_fd, op->dst, 0755);
		if (fd >= 0) {
			close (fd);
			fd = beneath_open_plain (r->root_fd, op->dst, O_PATH);
		}
	} else if (fd == -ENOENT) {
		*ret_made = true;
		fd = make_target (r, op->dst, directory);
	}
	if (fd == -ELOOP)
		return open_through_links (r, op, directory, ret_made, e);
	return fd < 0 ? err_set (e, -fd, "make the mount point '/%s'", op->dst) : fd;
}

/* ---- changes of what is there */

/* What was to become read-only in the end does not, when a later entry says so. */
static void
forget_late (struct rootfs *r, const struct plan *plan, const struct mount_op *op)
{
	const struct mount_op *all = plan->rootfs.mounts;

	if (!((op->attr_clr | op->rec_clr) & MOUNT_ATTR_RDONLY))
		return;
	for (size_t i = 0; &all[i] < op; i++)
		if (r->tree_fds[i] >= 0 && streq (all[i].dst, op->dst))
			close (take_fd (&r->tree_fds[i]));
}

static int
remount (struct rootfs *r, const struct plan *plan, const struct mount_op *op, struct err *e)
{
	struct tree_change top = { .set = op->attr_set, .clear = op->attr_clr };
	struct tree_change all = { .set = op->rec_set, .clear = op->rec_clr, .recursive = true };
	autofd fd = beneath_open (r->root_fd, op->dst, O_PATH);
	unsigned long flags = 0;
	bool rw;
	int ret;

	if (fd < 0)
		return err_set (e, -fd, "remount '/%s'", op->dst);
	forget_late (r, plan, op);
	ret = all.set || all.clear ? tree_set (r, fd, &all) : 0;
	if (ret == 0)
		ret = tree_set (r, fd, &top);
	if (ret == 0)
		ret = tree_flags (fd, &flags);
	if (ret < 0)
		return err_set (e, -ret, "remount '/%s'", op->dst);
	/* "ro" is said of the mount only: the file system may be the host's. Its own flag is
	 * touched where "rw" would be in vain otherwise. */
	rw = flags & MS_RDONLY && op->attr_clr & MOUNT_ATTR_RDONLY;
	if (op->ext & EXT_REMOUNT_FS && (op->data || op->sb_flags || rw))
		TRY (fs_reconfigure (r, op, fd, rw, e));
	return tree_propagate (r, op, fd, e);
}

/* ---- all of them */

static int
apply (struct rootfs *r, const struct plan *plan, size_t i, struct err *e)
{
	const struct mount_op *op = &plan->rootfs.mounts[i];

	known_before (r, op);
	switch (op->kind) {
	case MOUNT_FS:
		TRY (fs_mount (r, plan, op, r->idmap_fds[i], &r->tree_fds[i], e));
		known_after (r, op);
		return 0;
	case MOUNT_BIND: return bind_mount (r, op, &r->tree_fds[i], e);
	case MOUNT_REMOUNT: return remount (r, plan, op, e);
	case MOUNT_CGROUP: return cgroup_mount (r, plan, op, e);
	}
	return 0;
}

/* It is the same whether there is a host around it or not. */
static bool
is_self_contained (const struct rootfs *r, const struct plan *plan, const struct mount_op *op)
{
	static const char *const types[] = { "sysfs", "tmpfs", "proc", "mqueue", "devpts" };

	if (op->kind == MOUNT_CGROUP)
		return r->unified && plan->ns.own & CLONE_NEWCGROUP;
	if (op->kind != MOUNT_FS || op->ext & EXT_SYSFS_BIND || *op->dst == '\0')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE (types); i++)
		if (streq (op->fstype, types[i]))
			return true;
	return false;
}

bool
mounts_pivot_early (const struct rootfs *r, const struct plan *plan)
{
	const struct rootfs_plan *p = &plan->rootfs;

	if (!p->own_mount_ns || p->no_pivot || p->in_userns || !p->dev_before_net || r->shared ||
	    r->no_open_tree || r->no_setattr || r->notify_dir)
		return false;
	for (size_t i = p->n_before_net; i < p->n_mounts; i++)
		if (!is_self_contained (r, plan, &p->mounts[i]))
			return false;
	return true;
}

/* Read-only for the container, which may write to the socket but not replace it; and nothing that
 * it mounts there is seen by the host. */
int
mounts_notify (struct rootfs *r, struct err *e)
{
	struct tree_change c = { .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					MOUNT_ATTR_NOEXEC,
				 .propagation = MS_PRIVATE };
	autofd target = -1, tree = take_fd (&r->notify_tree_fd);
	int ret;

	if (tree < 0 && !r->notify_dir)
		return 0;
	if (tree < 0)
		tree = tree_open (r, AT_FDCWD, r->notify_dir, false, false);
	target = beneath_mkdir_p (r->root_fd, NOTIFY_DIR, 0755);
	if (target < 0)
		return err_set (e, -target, "make '%s'", NOTIFY_DIR);
	ret = tree < 0 ? tree : tree_place (r, &tree, &c, target, NOTIFY_DIR);
	return ret < 0 ? err_set (e, -ret, "show the notification socket at '%s'", NOTIFY_DIR) : 0;
}

int
mounts_apply (struct rootfs *r, const struct plan *plan, size_t from, size_t to, struct err *e)
{
	for (size_t i = from; i < to; i++)
		if (apply (r, plan, i, e) < 0)
			return err_wrap (e, "%s", plan->rootfs.mounts[i].json_path);
	return 0;
}
