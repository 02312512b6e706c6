/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts by fd, and what older kernels need instead; the matrix is in room.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "rootfs/room.h"
#include "sys/beneath.h"
#include "sys/syscalls.h"

unsigned long
ms_flags (uint64_t attr)
{
	static const struct {
		uint64_t attr;
		unsigned long ms;
	} table[] = {
		{ MOUNT_ATTR_RDONLY, MS_RDONLY },
		{ MOUNT_ATTR_NOSUID, MS_NOSUID },
		{ MOUNT_ATTR_NODEV, MS_NODEV },
		{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },
		{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
		{ MOUNT_ATTR_NOATIME, MS_NOATIME },
		{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
		{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
	};
	unsigned long ms = 0;

	for (size_t i = 0; i < ARRAY_SIZE (table); i++)
		if (attr & table[i].attr)
			ms |= table[i].ms;
	return ms;
}

bool
tree_is_missing (int ret)
{
	return ret == -ENOSYS || ret == -EPERM;
}

void
tree_probe (struct rootfs *r)
{
	struct sys_mount_attr nothing = { 0 };
	/* Errors for any kernel that has them: no such descriptor, no name (a name that is not
	 * known would start modprobe). */
	int known[] = { sys_open_tree (-1, "", OPEN_TREE_CLONE | AT_EMPTY_PATH),
			sys_move_mount (-1, "", -1, "",
					MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
			sys_fsopen (NULL, FSOPEN_CLOEXEC) };
	int ret = sys_mount_setattr (-1, "", AT_EMPTY_PATH, &nothing);

	r->no_open_tree = false;
	for (size_t i = 0; i < ARRAY_SIZE (known); i++)
		r->no_open_tree |= tree_is_missing (known[i]);
	r->no_setattr = tree_is_missing (ret);
}

int
tree_open (struct rootfs *r, int dirfd, const char *path, bool recursive, bool nofollow)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) |
			 (nofollow ? AT_SYMLINK_NOFOLLOW : 0) | (*path ? 0 : AT_EMPTY_PATH);
	int fd;

	if (r->no_open_tree) {
		fd = *path ? openat (dirfd, path, O_PATH | O_CLOEXEC | (nofollow ? O_NOFOLLOW : 0))
			   : fcntl (dirfd, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? -errno : fd;
	}
	fd = sys_open_tree (dirfd, path, flags);
	/* In a user namespace, mounts below that are locked cannot be left out: they would uncover
	 * what they cover. */
	if (fd == -EINVAL && !recursive)
		fd = sys_open_tree (dirfd, path, flags | AT_RECURSIVE);
	return fd;
}

/* mount(2) with our own fds as source (or -1) and target. */
static int
mount_fds (struct rootfs *r, int source, int target, unsigned long flags)
{
	char from[16], to[16];

	if (r->self_fds < 0)
		return -ENOSYS;
	(void) snprintf (from, sizeof from, "%d", source);
	(void) snprintf (to, sizeof to, "%d", target);
	if (fchdir (r->self_fds) < 0 || mount (source < 0 ? NULL : from, to, NULL, flags, NULL) < 0)
		return -errno;
	return 0;
}

int
tree_flags (int mnt, unsigned long *ret)
{
	static const struct {
		unsigned long st, ms;
	} table[] = {
		{ ST_RDONLY, MS_RDONLY },
		{ ST_NOSUID, MS_NOSUID },
		{ 4 /* ST_NODEV */, MS_NODEV },
		{ 8 /* ST_NOEXEC */, MS_NOEXEC },
		{ 1024 /* ST_NOATIME */, MS_NOATIME },
		{ 2048 /* ST_NODIRATIME */, MS_NODIRATIME },
		{ 4096 /* ST_RELATIME */, MS_RELATIME },
		{ 8192 /* ST_NOSYMFOLLOW */, MS_NOSYMFOLLOW },
	};
	struct statvfs st;

	if (fstatvfs (mnt, &st) < 0)
		return -errno;
	*ret = 0;
	for (size_t i = 0; i < ARRAY_SIZE (table); i++)
		if (st.f_flag & table[i].st)
			*ret |= table[i].ms;
	return 0;
}

/* Linux < 5.12: a remount replaces all flags, so those there already are given again (some may be
 * locked). */
static int
set_attr_classic (struct rootfs *r, int tree, const struct tree_change *c)
{
	unsigned long flags, atime = MS_NOATIME | MS_STRICTATIME | MS_RELATIME;
	int ret;

	if (c->recursive || (c->set & MOUNT_ATTR_IDMAP))
		return -ENOSYS;
	ret = tree_flags (tree, &flags);
	if (ret < 0)
		return ret;
	flags &= ~ms_flags (c->clear & ~(uint64_t) MOUNT_ATTR__ATIME);
	if ((c->clear | c->set) & MOUNT_ATTR__ATIME)
		flags &= ~atime;
	flags |= ms_flags (c->set);
	/* None of the three would mean: as it was. */
	if ((c->clear & MOUNT_ATTR__ATIME) && !(flags & atime))
		flags |= MS_RELATIME;
	return mount_fds (r, -1, tree, MS_REMOUNT | MS_BIND | flags);
}

static int
set_classic (struct rootfs *r, int tree, const struct tree_change *c)
{
	int ret = c->set || c->clear ? set_attr_classic (r, tree, c) : 0;

	if (ret < 0 || !c->propagation)
		return ret;
	return mount_fds (r, -1, tree, c->propagation | (c->recursive ? MS_REC : 0));
}

int
tree_set (struct rootfs *r, int tree, const struct tree_change *c)
{
	struct sys_mount_attr attr = {
		.attr_set = c->set,
		.attr_clr = c->clear & ~(c->set & ~(uint64_t) MOUNT_ATTR__ATIME),
		.propagation = c->propagation,
		.userns_fd = c->set & MOUNT_ATTR_IDMAP ? (uint64_t) c->userns_fd : 0,
	};
	unsigned flags = AT_EMPTY_PATH | (c->recursive ? AT_RECURSIVE : 0);
	uint64_t locked = MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
	int ret;

	if (!c->set && !c->clear && !c->propagation)
		return 0;
	if (r->no_setattr)
		return set_classic (r, tree, c);
	if (attr.attr_set & MOUNT_ATTR__ATIME)
		attr.attr_clr |= MOUNT_ATTR__ATIME; /* a field: it is set as a whole */
	ret = sys_mount_setattr (tree, "", flags, &attr);
	if (ret != -EPERM || !(attr.attr_clr || attr.attr_set & locked) ||
	    attr.attr_set & MOUNT_ATTR_IDMAP)
		return ret;
	/* In a user namespace what came with the mount is locked: nothing can be cleared, and
	 * access times cannot be changed. */
	attr.attr_clr = 0;
	attr.attr_set &= ~locked;
	return sys_mount_setattr (tree, "", flags, &attr);
}

int
tree_isolate (struct rootfs *r, int tree)
{
	struct tree_change c = { .propagation = MS_SLAVE, .recursive = true };

	return r->shared ? tree_set (r, tree, &c) : 0;
}

static int
find (struct rootfs *r, const char *dst, int flags)
{
	int fd;

	if (*dst)
		return beneath_open (r->root_fd, dst, O_PATH | flags);
	/* root_fd shows what is below. "/" would as well: a path begins in our root, and not in
	 * what is mounted on it. */
	fd = open (streq (r->path, "/") ? "/.." : r->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int
tree_find (struct rootfs *r, const char *dst)
{
	return find (r, dst, 0);
}

/* The new mount, found by its path, has to be the one that was just made. It may be a symlink. */
static int
find_attached (struct rootfs *r, int *tree, const char *dst)
{
	struct stat was, is;
	int fd = fstat (*tree, &was) < 0 ? -errno
					 : find (r, dst, S_ISLNK (was.st_mode) ? O_NOFOLLOW : 0);

	if (fd < 0)
		return fd;
	if (fstat (fd, &is) < 0 || was.st_dev != is.st_dev || was.st_ino != is.st_ino) {
		close (fd);
		return -EXDEV;
	}
	close (*tree);
	*tree = fd;
	return 0;
}

int
tree_attach (struct rootfs *r, int *tree, bool recursive, int target, const char *dst)
{
	int ret;

	if (!r->no_open_tree)
		return sys_move_mount (*tree, "", target, "",
				       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	ret = mount_fds (r, *tree, target, MS_BIND | (recursive ? MS_REC : 0));
	return ret < 0 ? ret : find_attached (r, tree, dst);
}

int
tree_place (struct rootfs *r, int *tree, const struct tree_change *c, int target, const char *dst)
{
	int ret = 0;

	if (!r->no_setattr && !r->no_open_tree)
		ret = tree_set (r, *tree, c);
	if (ret == 0)
		ret = tree_attach (r, tree, c->with_below, target, dst);
	if (ret == 0 && (r->no_setattr || r->no_open_tree))
		ret = tree_set (r, *tree, c);
	return ret;
}
