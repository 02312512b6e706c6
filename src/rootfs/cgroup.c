/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mounts of type cgroup.
 *
 *                    own cgroup namespace                      without
 *   v2               a cgroup2 of its own                      the host's tree, as it is
 *   v1, hybrid       a tmpfs with one mount per hierarchy: a bind of the container's own cgroup,
 * which looks the same as a mount made in the namespace (the kernel shows paths relative to it) and
 * does not cost a grace period of 10 ms
 *
 * v2 without a namespace: a clone of the host's mount. Mounting cgroup2 anew would apply our
 * options to the one hierarchy of all and clear the host's nsdelegate.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "plan/plan.h"
#include "rootfs/room.h"
#include "sys/syscalls.h"

/* ---- one hierarchy */

static int
mount_unified (struct rootfs *r, const struct plan *plan, const struct mount_op *op,
	       const char *host, struct err *e)
{
	struct mount_op fs = *op;
	char own[PATH_MAX];
	bool made, has_ns = plan->ns.own & CLONE_NEWCGROUP;
	autofd target = -1;

	fs.fstype = "cgroup2";
	if (has_ns && fs_mount (r, plan, &fs, -1, NULL, e) == 0)
		return 0;
	/* EBUSY, EPERM: a user namespace that does not own the cgroup namespace. Where our cgroup
	 * is must be known then: the host's whole tree is not what was asked for. */
	if (has_ns && ((e->num != EPERM && e->num != EBUSY) || !r->cgroup_path))
		return -1;
	if (snprintf (own, sizeof own, "%s%s", host,
		      has_ns && r->cgroup_path ? r->cgroup_path : "") >= (int) sizeof own)
		return err_set (e, ENAMETOOLONG, "cgroup '%s'", r->cgroup_path);
	fs.data = NULL;
	target = target_open (r, op, true, &made, e);
	if (target < 0)
		return -1;
	return bind_instead (r, &fs, own, target, e);
}

/* ---- v1 */

/* Hierarchies are named by their controllers, or have a name of their own ("systemd"). */
static bool
has_controllers (const char *name)
{
	static const char *const controllers[] = { "blkio",   "cpu",	 "cpuacct",  "cpuset",
						   "devices", "freezer", "hugetlb",  "memory",
						   "misc",    "net_cls", "net_prio", "perf_event",
						   "pids",    "rdma" };
	size_t n = strcspn (name, ",");

	for (size_t i = 0; i < ARRAY_SIZE (controllers); i++)
		if (strncmp (name, controllers[i], n) == 0 && controllers[i][n] == '\0')
			return true;
	return false;
}

/* The path of our cgroup is not known to init when systemd chose it: then really mounted, in the
 * cgroup namespace. */
static int
mount_hierarchy (const struct mount_op *op, const char *name, int target)
{
	unsigned long flags = ms_flags (op->attr_set | op->rec_set);
	char data[NAME_MAX + 16];
	bool unified = streq (name, "unified");

	(void) snprintf (data, sizeof data, "%s%s",
			 has_controllers (name) ? "" : "none,name=", name);
	if (fchdir (target) < 0 ||
	    mount ("cgroup", ".", unified ? "cgroup2" : "cgroup", flags, unified ? NULL : data) < 0)
		return -errno;
	return 0;
}

static int
bind_hierarchy (struct rootfs *r, const struct mount_op *op, const char *name, int target)
{
	struct tree_change c = { .set = op->attr_set | op->rec_set,
				 .clear = op->attr_clr | op->rec_clr };
	char source[PATH_MAX], dst[PATH_MAX];
	autofd tree = -1;
	int ret;

	if (snprintf (source, sizeof source, HOST_CGROUP "/%s%s", name,
		      r->cgroup_path ? r->cgroup_path : "") >= (int) sizeof source ||
	    snprintf (dst, sizeof dst, "%s/%s", op->dst, name) >= (int) sizeof dst)
		return -ENAMETOOLONG;
	tree = tree_open (r, AT_FDCWD, source, false, false);
	ret = tree < 0 ? tree : tree_place (r, &tree, &c, target, dst);
	return ret < 0 ? ret : tree_isolate (r, tree);
}

static int
add_hierarchy (struct rootfs *r, const struct plan *plan, const struct mount_op *op,
	       const char *name, int dir, struct err *e)
{
	autofd target = -1;
	int ret = -EPERM;

	if (mkdirat (dir, name, 0755) < 0 && errno != EEXIST)
		return err_set (e, errno, "make '/%s/%s'", op->dst, name);
	target = openat (dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_set (e, errno, "open '/%s/%s'", op->dst, name);
	if (!r->cgroup_path && plan->ns.own & CLONE_NEWCGROUP)
		ret = mount_hierarchy (op, name, target);
	if (ret < 0)
		ret = bind_hierarchy (r, op, name, target);
	/* Of an ordinary user, or of a hierarchy that came later: our cgroup is not in it. */
	if (ret == -ENOENT)
		return 0;
	return ret < 0 ? err_set (e, -ret, "show the cgroup hierarchy '%s' on '/%s/%s'", name,
				  op->dst, name)
		       : 0;
}

/* "cpu" -> "cpu,cpuacct" */
static int
add_link (const char *name, int dir, struct err *e)
{
	char target[NAME_MAX + 1], path[PATH_MAX];
	ssize_t n;

	(void) snprintf (path, sizeof path, HOST_CGROUP "/%s", name);
	n = readlink (path, target, sizeof target - 1);
	if (n <= 0)
		return 0;
	target[n] = '\0';
	if (strchr (target, '/'))
		return 0;
	return symlinkat (target, dir, name) < 0 && errno != EEXIST
		       ? err_set (e, errno, "make the link '%s'", name)
		       : 0;
}

static int
add_all (struct rootfs *r, const struct plan *plan, const struct mount_op *op, int dir,
	 struct err *e)
{
	DIR *d = opendir (HOST_CGROUP);
	int ret = 0;

	if (!d)
		return err_set (e, errno, "read " HOST_CGROUP " of the host");
	for (struct dirent *de; ret == 0 && (errno = 0, de = readdir (d)) != NULL;) {
		if (de->d_name[0] == '.')
			continue;
		if (de->d_type == DT_DIR)
			ret = add_hierarchy (r, plan, op, de->d_name, dir, e);
		else if (de->d_type == DT_LNK)
			ret = add_link (de->d_name, dir, e);
	}
	if (ret == 0 && errno)
		ret = err_set (e, errno, "read " HOST_CGROUP " of the host");
	closedir (d);
	return ret;
}

static int
mount_v1 (struct rootfs *r, const struct plan *plan, const struct mount_op *op, struct err *e)
{
	struct tree_change c = { .set = op->attr_set | op->rec_set, .clear = op->attr_clr };
	struct mount_op tmpfs = *op;
	autofd dir = -1;
	int ret;

	tmpfs.fstype = tmpfs.src = "tmpfs";
	tmpfs.data = "mode=755";
	tmpfs.attr_set |= MOUNT_ATTR_RDONLY; /* late: until it is filled, we have its fd */
	TRY (fs_mount (r, plan, &tmpfs, -1, &dir, e));
	TRY (add_all (r, plan, op, dir, e));
	ret = tree_set (r, dir, &c);
	return ret < 0 ? err_set (e, -ret, "make '/%s' read-only", op->dst) : 0;
}

int
cgroup_mount (struct rootfs *r, const struct plan *plan, const struct mount_op *op, struct err *e)
{
	if (r->unified)
		return mount_unified (r, plan, op, HOST_CGROUP, e);
	if (streq (op->fstype, "cgroup2"))
		return mount_unified (r, plan, op, HOST_CGROUP "/unified", e);
	return mount_v1 (r, plan, op, e);
}
