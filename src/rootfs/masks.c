/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Masked and read-only paths. Each is resolved once, beneath the root; from then on it is an fd, so
 * that nobody can exchange it between the resolving and the last change (GHSA-3q8j-pf29-vwv8). A
 * path that is not there needs no hiding.
 *
 * Most are directly in /proc. There the directory is the fd: the names in a procfs are the kernel's
 * alone, so one that is no symbolic link needs no fd of its own, and can be bound by mount(2).
 *
 * Files are covered by the host's /dev/null, directories by one empty read-only tmpfs: a mount of
 * its own for each would be a super block each.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "plan/plan.h"
#include "rootfs/room.h"
#include "sys/beneath.h"
#include "sys/syscalls.h"

/* What covers, and where it is already: by fd; under its name in /proc; at a path. None of them: it
 * is still to be made. */
struct cover {
	int fd;
	const char *name;
	const char *path;
};

struct masks {
	struct rootfs *r;
	int proc_fd;  /* r's; -1: all paths are like any other */
	bool in_proc; /* the working directory is /proc */
	struct cover empty, null;
};

/* ---- directly in /proc */

/*
 * What `path` is, S_IFDIR …, and its name there. 0: nothing. S_IFLNK: what is done with any path is
 * done with it, since it is somewhere else, or is a link, or there is no statx. Something of FUSE
 * may be mounted there, whose server is not waited for.
 */
static mode_t
type_in_proc (const struct masks *m, const char *path, const char **ret_name)
{
	const char *name = path + strlen ("/proc/");
	struct sys_statx st;
	int ret;

	if (m->proc_fd < 0 || !startswith (path, "/proc/") || strchr (name, '/'))
		return S_IFLNK;
	*ret_name = name;
	ret = sys_statx (m->proc_fd, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_TYPE,
			 &st);
	if (ret == -ENOENT || ret == -EACCES)
		return 0;
	return ret < 0 ? S_IFLNK : st.stx_mode & S_IFMT;
}

static int
enter_proc (struct masks *m)
{
	if (!m->in_proc && fchdir (m->proc_fd) < 0)
		return -errno;
	m->in_proc = true;
	return 0;
}

static int
attach_in_proc (struct masks *m, int tree, const char *name)
{
	return tree < 0 ? tree
			: sys_move_mount (tree, "", m->proc_fd, name, MOVE_MOUNT_F_EMPTY_PATH);
}

static int
bind_in_proc (struct masks *m, const char *from, const char *name, unsigned long recursive)
{
	int ret = enter_proc (m);

	if (ret < 0)
		return ret;
	return mount (from, name, NULL, MS_BIND | recursive, NULL) < 0 ? -errno : 0;
}

static void
find_proc (struct masks *m)
{
	m->in_proc = false;
	m->proc_fd = m->r->no_open_tree || m->r->no_setattr ? -1 : known_proc (m->r);
}

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

#define EMPTY "nr_blocks=1,nr_inodes=1,mode=0755"

static int
mount_empty (const char *name)
{
	return mount ("tmpfs", name, "tmpfs", MS_RDONLY, EMPTY) < 0 ? -errno : 0;
}

/* The one at a path, which may lead elsewhere by now. But a tmpfs that has room for nothing but its
 * root is as good, whichever it is. */
static int
open_empty (struct rootfs *r, const char *path)
{
	int fd = beneath_open (r->root_fd, path, O_PATH);
	struct statfs fs;

	if (fd >= 0 && (fstatfs (fd, &fs) < 0 || fs.f_type != TMPFS_MAGIC || fs.f_files != 1 ||
			!(fs.f_flags & ST_RDONLY))) {
		close (fd);
		return -EXDEV;
	}
	return fd;
}

static bool
is_first (const struct cover *c)
{
	return !c->name && !c->path;
}

/* One more mount of it, detached. */
static int
clone_cover (struct masks *m, struct cover *c)
{
	if (c->name)
		return tree_open (m->r, m->proc_fd, c->name, false, true);
	if (c->fd < 0)
		c->fd = open_empty (m->r, c->path);
	return c->fd < 0 ? c->fd : tree_open (m->r, c->fd, "", false, false);
}

static int
mask_directory (struct masks *m, int target, const char *path)
{
	bool first = is_first (&m->empty);
	autofd tree = first ? -1 : clone_cover (m, &m->empty);
	int ret;

	if (tree >= 0)
		return tree_attach (m->r, &tree, false, target, path + 1);
	m->in_proc = false;
	ret = fchdir (target) < 0 ? -errno : mount_empty (".");
	if (first)
		m->empty.path = path;
	return ret;
}

static int
mask_directory_in_proc (struct masks *m, const char *name)
{
	autofd tree = m->empty.path && !m->empty.name ? clone_cover (m, &m->empty) : -1;
	int ret;

	if (m->empty.name)
		return bind_in_proc (m, m->empty.name, name, 0);
	m->empty.name = name;
	if (tree >= 0)
		return attach_in_proc (m, tree, name);
	ret = enter_proc (m);
	return ret < 0 ? ret : mount_empty (name);
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
	struct rootfs *r = m->r;
	autofd clone = -1;
	int ret;

	if (r->dev_null_fd < 0)
		r->dev_null_fd = m->null.fd = own_dev_null (r);
	if (r->dev_null_fd < 0)
		return r->dev_null_fd;
	if (!is_first (&m->null) || r->no_open_tree) {
		clone = clone_cover (m, &m->null);
		return clone < 0 ? clone : tree_attach (r, &clone, false, target, path + 1);
	}
	m->null.path = path;
	ret = tree_attach (r, &r->dev_null_fd, false, target, path + 1);
	return ret < 0 ? ret : tree_isolate (r, r->dev_null_fd);
}

static int
mask_file_in_proc (struct masks *m, const char *name)
{
	bool first = is_first (&m->null);
	autofd clone = first || m->null.name ? -1 : clone_cover (m, &m->null);
	int ret;

	if (m->null.name)
		return bind_in_proc (m, m->null.name, name, 0);
	m->null.name = name;
	ret = attach_in_proc (m, first ? m->null.fd : clone, name);
	return ret < 0 || !first ? ret : tree_isolate (m->r, m->null.fd);
}

static int
mask (struct masks *m, const char *path, struct err *e)
{
	const char *name;
	mode_t type = type_in_proc (m, path, &name);
	autofd fd = -1;
	struct stat st;
	int ret;

	if (type != 0 && !S_ISLNK (type)) {
		ret = S_ISDIR (type) ? mask_directory_in_proc (m, name)
				     : mask_file_in_proc (m, name);
		return ret < 0 ? err_set (e, -ret, "mask '%s'", path) : 0;
	}
	ret = type == 0 ? 0 : open_path (m->r, path, &fd, e);
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

/* With what is mounted below, as everywhere: /proc/sys/fs/binfmt_misc can be a mount of its own. */
static int
make_readonly_in_proc (struct masks *m, const char *name)
{
	struct sys_mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };
	int ret = bind_in_proc (m, name, name, MS_REC);

	return ret < 0 ? ret
		       : sys_mount_setattr (m->proc_fd, name, AT_RECURSIVE | AT_SYMLINK_NOFOLLOW,
					    &ro);
}

static int
make_readonly_at (struct rootfs *r, const char *path, struct err *e)
{
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

static int
make_readonly (struct masks *m, const char *path, struct err *e)
{
	const char *name;
	mode_t type = type_in_proc (m, path, &name);
	int ret;

	if (type == 0)
		return 0;
	if (S_ISLNK (type)) {
		TRY (make_readonly_at (m->r, path, e));
		rootfs_forget (m->r); /* /proc itself may be covered, and shown again, by now */
		find_proc (m);
		return 0;
	}
	ret = make_readonly_in_proc (m, name);
	return ret < 0 ? err_set (e, -ret, "make '%s' read-only", path) : 0;
}

int
masks_apply (struct rootfs *r, const struct rootfs_plan *plan, struct err *e)
{
	struct masks m = { .r = r, .proc_fd = -1, .empty = { .fd = -1 }, .null = { .fd = -1 } };
	int ret = 0;

	if (plan->n_readonly_paths + plan->n_masked == 0)
		return 0;
	find_proc (&m);
	m.null.fd = r->dev_null_fd;

	for (size_t i = 0; ret == 0 && i < plan->n_readonly_paths; i++)
		if (make_readonly (&m, plan->readonly_paths[i], e) < 0)
			ret = err_wrap (e, "linux.readonlyPaths[%zu]", i);
	for (size_t i = 0; ret == 0 && i < plan->n_masked; i++)
		if (mask (&m, plan->masked[i], e) < 0)
			ret = err_wrap (e, "linux.maskedPaths[%zu]", i);
	if (m.empty.fd >= 0)
		close (m.empty.fd);
	return ret;
}
