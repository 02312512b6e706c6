/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Masked and read-only paths. Each is resolved once, beneath the root; from then on it is an fd, so
 * that nobody can exchange it between the resolving and the last change (GHSA-3q8j-pf29-vwv8). A
 * path that is not there needs no hiding.
 *
 * Files are covered by the host's /dev/null, directories by one empty read-only tmpfs: a mount of
 * its own for each would be a super block each.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/mem.h"
#include "plan/plan.h"
#include "rootfs/room.h"
#include "sys/beneath.h"
#include "sys/syscalls.h"

struct masks {
	struct rootfs *r;
	int empty_fd; /* the tmpfs, attached; -1: not needed so far */
	bool null_attached;
};

/* 1: *ret_fd is what is there, 0: nothing is. */
static int
open_path (struct rootfs *r, const char *path, int *ret_fd, struct err *e)
{
	*ret_fd = beneath_open (r->root_fd, path, O_PATH);
	if (*ret_fd == -ENOENT || *ret_fd == -ENOTDIR || *ret_fd == -EACCES)
		return 0;
	return *ret_fd < 0 ? err_set (e, -*ret_fd, "'%s'", path) : 1;
}

/* ---- masked */

/* One more mount of what is attached already. */
static int
mask_again (struct masks *m, int attached, int target, const char *path)
{
	autofd tree = tree_open (m->r, attached, "", false, false);

	return tree < 0 ? tree : tree_attach (m->r, &tree, false, target, path + 1);
}

/* Linux < 5.2: there is no tree to keep, so the first is mounted in place. */
static int
first_empty_classic (struct masks *m, int target, const char *path)
{
	if (fchdir (target) < 0 ||
	    mount ("tmpfs", ".", "tmpfs", MS_RDONLY, "nr_blocks=1,nr_inodes=1,mode=0755") < 0)
		return -errno;
	m->empty_fd = beneath_open (m->r->root_fd, path, O_PATH);
	return chdir ("/") < 0 ? -errno : m->empty_fd;
}

static int
mask_directory (struct masks *m, int target, const char *path)
{
	static const struct fs_request empty = { .fstype = "tmpfs",
						 .source = "tmpfs",
						 .data = "nr_blocks=1,nr_inodes=1,mode=0755",
						 .attr = MOUNT_ATTR_RDONLY };
	autofd tmpfs = -1;
	int ret;

	if (m->empty_fd >= 0)
		return mask_again (m, m->empty_fd, target, path);
	if (m->r->no_open_tree)
		return first_empty_classic (m, target, path);
	tmpfs = fs_open (&empty, NULL, 0);
	ret = tmpfs < 0 ? tmpfs : tree_attach (m->r, &tmpfs, false, target, path + 1);
	if (ret == 0)
		m->empty_fd = take_fd (&tmpfs);
	return ret;
}

/* Linux < 5.2: the container's own, if that is what it says. */
static int
own_dev_null (struct rootfs *r)
{
	int fd = beneath_open (r->root_fd, "dev/null", O_PATH | O_NOFOLLOW);
	struct stat st;

	if (fd >= 0 &&
	    (fstat (fd, &st) < 0 || !S_ISCHR (st.st_mode) || st.st_rdev != makedev (1, 3))) {
		close (fd);
		return -EINVAL;
	}
	return fd;
}

static int
mask_file (struct masks *m, int target, const char *path)
{
	int ret;

	if (m->r->dev_null_fd < 0)
		m->r->dev_null_fd = own_dev_null (m->r);
	if (m->r->dev_null_fd < 0)
		return m->r->dev_null_fd;
	if (m->null_attached || m->r->no_open_tree)
		return mask_again (m, m->r->dev_null_fd, target, path);
	m->null_attached = true;
	ret = tree_attach (m->r, &m->r->dev_null_fd, false, target, path + 1);
	return ret < 0 ? ret : tree_isolate (m->r, m->r->dev_null_fd);
}

static int
mask (struct masks *m, const char *path, struct err *e)
{
	autofd fd = -1;
	struct stat st;
	int ret = open_path (m->r, path, &fd, e);

	if (ret <= 0)
		return ret;
	if (fstat (fd, &st) < 0)
		return err_set (e, errno, "stat '%s'", path);
	ret = S_ISDIR (st.st_mode) ? mask_directory (m, fd, path) : mask_file (m, fd, path);
	return ret < 0 ? err_set (e, -ret, "mask '%s'", path) : 0;
}

/* ---- read-only */

/* Where a mount is now that it is attached. */
static int
path_of (const struct rootfs *r, int tree, char *buf, size_t size)
{
	char name[16];
	ssize_t n;

	(void) snprintf (name, sizeof name, "%d", tree);
	n = readlinkat (r->self_fds, name, buf, size);
	if (n < 0 || (size_t) n >= size)
		return n < 0 ? -errno : -ENAMETOOLONG;
	buf[n] = '\0';
	return 0;
}

/* Linux < 5.12: what is mounted below, one by one. What is not to be found by its path is covered
 * by another mount. */
static int
make_readonly_below (struct rootfs *r, int tree, struct err *e)
{
	struct tree_change ro = { .set = MOUNT_ATTR_RDONLY };
	char dir[PATH_MAX], *text, *path;
	const char *type;
	int ret = path_of (r, tree, dir, sizeof dir);

	if (ret < 0)
		return err_set (e, -ret, "path of a mount");
	TRY (mountinfo_read (r, &text, e));
	while (mountinfo_next (&text, &path, &type)) {
		autofd fd = -1;

		if (dir[1] != '\0' && !mountinfo_is_below (path, dir))
			continue;
		fd = beneath_open_plain (r->root_fd, path, O_PATH);
		ret = fd < 0 ? fd : tree_set (r, fd, &ro);
		if (ret < 0 && ret != -ENOENT && ret != -ENOTDIR)
			return err_set (e, -ret, "make '%s', which is below, read-only", path);
	}
	return 0;
}

static int
make_readonly (struct rootfs *r, const char *path, struct err *e)
{
	/* With what is mounted below: /proc/sys/fs/binfmt_misc can be a mount of its own. */
	struct tree_change c = { .set = MOUNT_ATTR_RDONLY,
				 .recursive = !r->no_setattr,
				 .with_below = true };
	autofd fd = -1, tree = -1;
	int ret = open_path (r, path, &fd, e);

	if (ret <= 0)
		return ret;
	if (path[1] == '\0') { /* a mount on the root would not be seen by who is in it */
		ret = tree_set (r, r->root_fd, &c);
	} else {
		tree = tree_open (r, fd, "", true, false);
		ret = tree < 0 ? tree : tree_place (r, &tree, &c, fd, path + 1);
	}
	if (ret < 0)
		return err_set (e, -ret, "make '%s' read-only", path);
	return r->no_setattr ? make_readonly_below (r, tree < 0 ? fd : tree, e) : 0;
}

int
masks_apply (struct rootfs *r, const struct rootfs_plan *plan, struct err *e)
{
	struct masks m = { .r = r, .empty_fd = -1 };
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < plan->n_readonly_paths; i++)
		if (make_readonly (r, plan->readonly_paths[i], e) < 0)
			ret = err_wrap (e, "linux.readonlyPaths[%zu]", i);
	for (size_t i = 0; ret == 0 && i < plan->n_masked; i++)
		if (mask (&m, plan->masked[i], e) < 0)
			ret = err_wrap (e, "linux.maskedPaths[%zu]", i);
	if (m.empty_fd >= 0)
		close (m.empty_fd);
	return ret;
}
