/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev: nodes, links, the console.
 *
 * Every node is made in, or looked up in, a directory that was opened beneath the root, and never
 * through a link (CVE-2026-41579, CVE-2026-47766: /dev itself was one). What is there already is
 * used if it is the device that was asked for, and an error if it is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "plan/plan.h"
#include "rootfs/room.h"
#include "sys/beneath.h"
#include "sys/syscalls.h"

/* Most nodes are in /dev: it is opened once. */
struct dev {
	struct rootfs *r;
	int fd;
};

/* The directory of `path` and the name in it; *own is set if the directory has to be closed. */
static int
parent_of (struct dev *d, const char *path, const char **ret_name, int *own, struct err *e)
{
	int fd;

	if (startswith (path, "dev/") && !strchr (path + 4, '/')) {
		*ret_name = path + 4;
		return d->fd;
	}
	fd = beneath_parent (d->r->root_fd, path, true, ret_name);
	if (fd < 0)
		return err_set (e, -fd, "make the parent of '/%s'", path);
	*own = fd;
	return fd;
}

static const char *
type_name (mode_t type)
{
	return S_ISCHR (type)	 ? "character device"
	       : S_ISBLK (type)	 ? "block device"
	       : S_ISFIFO (type) ? "FIFO"
				 : "device";
}

static bool
is_asked_for (const struct device_node *n, const struct stat *st)
{
	return (st->st_mode & S_IFMT) == n->type &&
	       (S_ISFIFO (n->type) || st->st_rdev == makedev (n->major, n->minor));
}

/* config-linux.md, "Devices": if a file exists at path that does not match the requested device,
 * the runtime MUST generate an error. */
static int
check_existing (const struct device_node *n, int dir, const char *name, struct err *e)
{
	struct stat st;

	if (fstatat (dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set (e, errno, "stat '/%s'", n->path);
	if (is_asked_for (n, &st))
		return 0;
	return err_set (e, EEXIST, "'/%s' exists in the root file system and is not %s %u:%u",
			n->path, type_name (n->type), n->major, n->minor);
}

/* What somebody put in its place is not given away. */
static int
give_node (const struct device_node *n, int dir, const char *name, struct err *e)
{
	autofd fd = openat (dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat (fd, &st) < 0)
		return err_set (e, errno, "open '/%s'", n->path);
	if (!is_asked_for (n, &st))
		return err_set (e, EEXIST, "'/%s' was exchanged", n->path);
	if (fchownat (fd, "", n->uid, n->gid, AT_EMPTY_PATH) < 0)
		return err_set (e, errno, "give '/%s' to %u:%u", n->path, n->uid, n->gid);
	return 0;
}

static int
make_node (const struct device_node *n, int dir, const char *name, struct err *e)
{
	if (mknodat (dir, name, n->type | n->mode, makedev (n->major, n->minor)) < 0) {
		int num = errno;

		if (num == EEXIST)
			return check_existing (n, dir, name, e);
		return err_set (e, num, "make %s %u:%u '/%s'", type_name (n->type), n->major,
				n->minor, n->path);
	}
	return n->uid || n->gid ? give_node (n, dir, name, e) : 0;
}

/* In a user namespace no device can be made: the host's node of the same path, known by its number.
 */
static int
bind_node (struct dev *d, const struct device_node *n, int dir, const char *name, struct err *e)
{
	char source[PATH_MAX];
	struct tree_change c = { 0 };
	autofd tree = -1, target = -1;
	struct stat st;
	int ret;

	if (snprintf (source, sizeof source, "/%s", n->path) >= (int) sizeof source)
		return err_set (e, ENAMETOOLONG, "'/%s'", n->path);
	tree = tree_open (d->r, AT_FDCWD, source, false, false);
	if (tree < 0)
		return err_set (e, -tree,
				"bind the host's '%s' (in a user namespace devices cannot be made)",
				source);
	if (fstat (tree, &st) < 0 || !is_asked_for (n, &st))
		return err_set (
			e, EINVAL,
			"the host's '%s' is not %s %u:%u, and in a user namespace devices cannot be made",
			source, type_name (n->type), n->major, n->minor);
	target = openat (dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (target < 0 && errno != EEXIST)
		return err_set (e, errno, "make '/%s' to bind a device on", n->path);
	if (target < 0)
		target = openat (dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat (target, &st) < 0)
		return err_set (e, errno, "open '/%s'", n->path);
	if (is_asked_for (n, &st))
		return 0;
	if (!S_ISREG (st.st_mode))
		return err_set (
			e, EEXIST,
			"'/%s' exists in the root file system and cannot be covered by a device",
			n->path);
	ret = tree_place (d->r, &tree, &c, target, n->path);
	if (ret == 0)
		ret = tree_isolate (d->r, tree);
	return ret < 0 ? err_set (e, -ret, "bind the host's '%s'", source) : 0;
}

static int
create_node (struct dev *d, const struct rootfs_plan *plan, const struct device_node *n,
	     struct err *e)
{
	const char *name;
	autofd own = -1;
	int dir = parent_of (d, n->path, &name, &own, e);

	if (dir < 0)
		return -1;
	if (S_ISFIFO (n->type))
		return make_node (n, dir, name, e);
	if (!plan->bind_devices && make_node (n, dir, name, e) == 0)
		return 0;
	/* A runtime inside a container that lacks CAP_MKNOD, or whose cgroup forbids it. */
	if (!plan->bind_devices && e->num != EPERM)
		return -1;
	return bind_node (d, n, dir, name, e);
}

/* ---- links */

/* runtime-linux.md, "Dev symbolic links": only where the source exists once the mounts are made. */
static bool
target_exists (const struct dev *d, const char *target, bool has_proc)
{
	if (startswith (target, "/proc/self/"))
		return has_proc;
	if (*target != '/') {
		autofd fd = beneath_open (d->fd, target, O_PATH);

		return fd >= 0;
	}
	if (has_proc) {
		autofd fd = beneath_open (d->r->root_fd, target, O_PATH);

		return fd >= 0;
	}
	return false;
}

static int
create_link (struct dev *d, const struct dev_link *l, struct err *e)
{
	char there[64] = "";
	const char *name = strrchr (l->path, '/') + 1;

	if (symlinkat (l->target, d->fd, name) == 0 || errno == EROFS)
		return 0;
	if (errno != EEXIST)
		return err_set (e, errno, "make the link '/%s'", l->path);
	if (readlinkat (d->fd, name, there, sizeof there - 1) > 0 && streq (there, l->target))
		return 0;
	/* A ptmx of the image would open a terminal of another devpts; anything else that is there
	 * is the image's own affair. */
	if (!streq (name, "ptmx"))
		return 0;
	if (unlinkat (d->fd, name, 0) < 0 || symlinkat (l->target, d->fd, name) < 0)
		return err_set (e, errno, "replace '/%s' of the root file system", l->path);
	return 0;
}

static int
create_links (struct dev *d, const struct rootfs_plan *plan, struct err *e)
{
	bool has_proc = known_proc (d->r) >= 0;

	for (size_t i = 0; i < plan->n_links; i++)
		if (target_exists (d, plan->links[i].target, has_proc))
			TRY (create_link (d, &plan->links[i], e));
	return 0;
}

int
devices_create (struct rootfs *r, const struct rootfs_plan *plan, struct err *e)
{
	struct dev d = { .r = r };
	autofd dev = -1;

	if (plan->make_dev) {
		d.fd = known_dev (r);
		if (d.fd < 0)
			d.fd = dev = beneath_mkdir_p (r->root_fd, "dev", 0755);
		if (d.fd < 0)
			return err_set (e, -d.fd, "make '/dev'");
		for (size_t i = 0; i < plan->n_devices; i++)
			if (create_node (&d, plan, &plan->devices[i], e) < 0)
				return err_wrap (e, "%s", plan->devices[i].json_path);
		TRY (create_links (&d, plan, e));
	}
	return 0;
}

/* ---- console */

/* The file that is there must be a file, or a console: a link would have us make or cover what it
 * names (CVE-2026-88264). */
static int
console_target (struct rootfs *r, struct err *e)
{
	const char *name;
	autofd dir = beneath_parent (r->root_fd, "dev/console", true, &name);
	autofd fd = -1;
	struct stat st;

	if (dir < 0)
		return err_set (e, -dir, "open '/dev'");
	fd = openat (dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		return take_fd (&fd);
	if (errno != EEXIST && errno != EROFS)
		return err_set (e, errno, "make '/dev/console'");
	fd = openat (dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat (fd, &st) < 0)
		return err_set (e, errno, "open '/dev/console'");
	if (!S_ISREG (st.st_mode) && !S_ISCHR (st.st_mode))
		return err_set (
			e, S_ISLNK (st.st_mode) ? ELOOP : EINVAL,
			"'/dev/console' of the root file system is neither a file nor a device");
	return take_fd (&fd);
}

int
console_bind (struct rootfs *r, int pts_fd, struct err *e)
{
	struct tree_change c = { 0 };
	autofd target = console_target (r, e), tree = -1;
	int ret;

	if (target < 0)
		return -1;
	tree = tree_open (r, pts_fd, "", false, false);
	ret = tree < 0 ? tree : tree_place (r, &tree, &c, target, "dev/console");
	return ret < 0 ? err_set (e, -ret, "bind the terminal on '/dev/console'") : 0;
}
