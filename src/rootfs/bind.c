/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bind mounts, changes of existing mounts, propagation. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
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

#define PROCFS_ROOT_INO 1

int
tree_propagate (struct rootfs *r, const struct mount_op *op, int tree, struct err *e)
{
	for (size_t i = 0; i < op->n_propagation; i++) {
		struct tree_change c = { .propagation = op->propagation[i] & ~MS_REC,
					 .recursive = op->propagation[i] & MS_REC };
		int ret = tree_set (r, tree, &c);

		if (ret < 0)
			return err_set (e, -ret, "propagation of '/%s'", op->dst);
	}
	return 0;
}

/* move_mount(2) says EINVAL; mount(2) said ENOTDIR, which docker explains to its users. */
static int
not_placed (const struct mount_op *op, int tree, int target, int num, struct err *e)
{
	struct stat from, to;

	if ((num == EINVAL || num == ENOTDIR) && fstat (tree, &from) == 0 &&
	    fstat (target, &to) == 0 && S_ISDIR (from.st_mode) != S_ISDIR (to.st_mode))
		return err_set (e, ENOTDIR, "bind '%s' on '/%s': a %s on a %s", op->src, op->dst,
				S_ISDIR (from.st_mode) ? "directory" : "file",
				S_ISDIR (to.st_mode) ? "directory" : "file");
	return err_set (e, num, "bind '%s' on '/%s'", op->src, op->dst);
}

/* Attributes of the top mount, then of all; where they can be, before the tree is seen. */
int
tree_apply_options (struct rootfs *r, const struct mount_op *op, int *tree, bool recursive,
		    int target, struct err *e)
{
	struct tree_change top = { .set = op->attr_set,
				   .clear = op->attr_clr,
				   .with_below = recursive };
	struct tree_change all = { .set = op->rec_set, .clear = op->rec_clr, .recursive = true };
	bool early = !r->no_setattr && !r->no_open_tree;
	int ret = 0;

	if (early && (op->rec_set || op->rec_clr))
		ret = tree_set (r, *tree, &all);
	if (ret == 0)
		ret = tree_place (r, tree, &top, target, op->dst);
	if (ret == 0 && !early && (op->rec_set || op->rec_clr))
		ret = tree_set (r, *tree, &all);
	if (ret == -ENOSYS && (op->rec_set || op->rec_clr))
		return err_set (
			e, ENOSYS,
			"recursive mount options (rro, rnosuid, …) for '/%s' need Linux 5.12",
			op->dst);
	if (ret < 0)
		return not_placed (op, *tree, target, -ret, e);
	return tree_propagate (r, op, *tree, e);
}

/* Linux < 5.12: what is mounted below cannot be made read-only together with it. */
static int
cover_cgroups (struct rootfs *r, const struct mount_op *op, int tree, struct err *e)
{
	autofd dir = beneath_open_plain (tree, "fs/cgroup", O_PATH | O_DIRECTORY);

	if (!r->no_setattr || dir < 0)
		return 0;
	if (fchdir (dir) < 0 ||
	    mount ("tmpfs", ".", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		   "nr_inodes=1,size=4k,mode=755") < 0)
		return err_set (e, errno, "cover '/%s/fs/cgroup'", op->dst);
	return 0;
}

int
bind_instead (struct rootfs *r, const struct mount_op *op, const char *source, int target,
	      struct err *e)
{
	/* The flags are for all of it: below a read-only /sys no cgroup file system may be writable
	 * (CVE-2023-25809). */
	struct mount_op all = *op;
	autofd tree = tree_open (r, AT_FDCWD, source, true, false);
	int ret;

	if (tree < 0)
		return err_set (e, -tree, "open '%s' of the host", source);
	all.src = source;
	if (!r->no_setattr) {
		all.rec_set |= op->attr_set;
		all.attr_set = all.attr_clr = 0;
	}
	TRY (tree_apply_options (r, &all, &tree, true, target, e));
	ret = tree_isolate (r, tree);
	return ret < 0 ? err_set (e, -ret, "propagation of '%s'", source)
		       : cover_cgroups (r, op, tree, e);
}

/* ---- bind */

/* copy-symlink: 1 done, 0 the source is no symlink. */
static int
copy_symlink (struct rootfs *r, const struct mount_op *op, struct err *e)
{
	char target[PATH_MAX], there[PATH_MAX];
	const char *name;
	autofd dir = -1;
	ssize_t n = readlink (op->src, target, sizeof target - 1), k;

	if (n < 0)
		return errno == EINVAL ? 0 : err_set (e, errno, "read '%s'", op->src);
	target[n] = '\0';
	dir = beneath_parent (r->root_fd, op->dst, true, &name);
	if (dir < 0)
		return err_set (e, -dir, "open the parent of '/%s'", op->dst);
	if (symlinkat (target, dir, name) == 0)
		return 1;
	if (errno != EEXIST)
		return err_set (e, errno, "make the link '/%s'", op->dst);
	k = readlinkat (dir, name, there, sizeof there);
	if (k != n || memcmp (there, target, (size_t) n) != 0)
		return err_set (e, EEXIST, "make the link '/%s' to '%s'", op->dst, target);
	return 1;
}

/* On /proc belongs a proc file system and nothing else (CVE-2019-16884). */
static int
check_proc (const struct mount_op *op, int tree, ino_t ino, struct err *e)
{
	struct statfs fs;

	if (strcmp (op->dst, "proc") != 0)
		return 0;
	if (fstatfs (tree, &fs) < 0)
		return err_set (e, errno, "stat '%s'", op->src);
	if (fs.f_type != PROC_SUPER_MAGIC || ino != PROCFS_ROOT_INO)
		return err_set (e, EPERM,
				"bind '%s' on '/proc': it is not the root of a proc file system",
				op->src);
	return 0;
}

int
bind_mount (struct rootfs *r, const struct mount_op *op, int *prepared_tree, struct err *e)
{
	autofd tree = take_fd (prepared_tree);
	autofd target = -1;
	struct stat st;
	bool made;
	int ret;

	if (op->ext & EXT_COPY_SYMLINK) {
		ret = copy_symlink (r, op, e);
		if (ret != 0)
			return ret < 0 ? -1 : 0;
	}
	if (tree < 0)
		tree = tree_open (r, AT_FDCWD, op->src, op->recursive, op->ext & EXT_SRC_NOFOLLOW);
	if (tree < 0)
		return err_set (e, -tree, "bind '%s' on '/%s': open the source", op->src, op->dst);
	if (fstat (tree, &st) < 0)
		return err_set (e, errno, "stat '%s'", op->src);
	TRY (check_proc (op, tree, st.st_ino, e));
	target = target_open (r, op, S_ISDIR (st.st_mode), &made, e);
	if (target < 0)
		return err_wrap (e, "bind '%s'", op->src);
	TRY (tree_apply_options (r, op, &tree, op->recursive, target, e));
	if (*op->dst == '\0') { /* this is the root from now on */
		close (r->root_fd);
		r->root_fd = take_fd (&tree);
	}
	return 0;
}
