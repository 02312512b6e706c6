/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root: opened, made a mount of its own, changed to, closed. What the runtime opens for init
 * beforehand. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "libocispec/arena.h"
#include "plan/plan.h"
#include "rootfs/room.h"
#include "sys/syscalls.h"

/* ---- the runtime, before the clone */

struct preparation {
	const struct plan *plan;
	int (*open_userns) (const struct id_maps *uid, const struct id_maps *gid, struct err *e);
	struct rootfs *r;
	const struct mount_op *last; /* whose maps the descriptor below has */
	int userns_fd;
};

static bool
same_maps (const struct id_maps *a, const struct id_maps *b)
{
	return a == b || (a->n == b->n && memcmp (a->v, b->v, a->n * sizeof *a->v) == 0);
}

/* Many volumes with the same maps share one user namespace: each costs a process. */
static int
mapped_userns (struct preparation *p, const struct mount_op *op, struct err *e)
{
	if (p->userns_fd >= 0 && same_maps (p->last->idmap_uid, op->idmap_uid) &&
	    same_maps (p->last->idmap_gid, op->idmap_gid))
		return p->userns_fd;
	if (p->userns_fd >= 0)
		close (take_fd (&p->userns_fd));
	p->last = op;
	p->userns_fd = p->open_userns (op->idmap_uid, op->idmap_gid, e);
	return p->userns_fd;
}

static int
idmap_tree (struct preparation *p, const struct mount_op *op, int tree, struct err *e)
{
	struct tree_change c = { .set = MOUNT_ATTR_IDMAP, .recursive = op->ext & EXT_IDMAP_REC };
	int ret;

	TRY (c.userns_fd = mapped_userns (p, op, e));
	ret = tree_set (p->r, tree, &c);
	if (ret == -ENOSYS)
		return err_set (e, ENOSYS, "map the ids of '%s': idmapped mounts need Linux 5.12",
				op->src);
	/* EINVAL is the kernel's word for a file system without FS_ALLOW_IDMAP. */
	if (ret == -EINVAL)
		return err_set (
			e, EINVAL,
			"map the ids of '%s': its file system cannot be idmapped by this kernel",
			op->src);
	return ret < 0 ? err_set (e, -ret, "map the ids of '%s'", op->src) : 0;
}

/*
 * Cloned before the new mount namespace exists, it would stay a peer of what the host has: what the
 * container mounts on a volume would appear there. It becomes what init's own view became.
 */
static int
isolate_tree (struct preparation *p, const struct mount_op *op, int tree, struct err *e)
{
	unsigned long type = p->plan->rootfs.propagation_before & ~(unsigned long) MS_REC;
	struct tree_change c = { .propagation = type == MS_SHARED ? 0 : type, .recursive = true };
	int ret = tree_set (p->r, tree, &c);

	return ret < 0 ? err_set (e, -ret, "propagation of '%s'", op->src) : 0;
}

static int
prepare_bind (struct preparation *p, const struct mount_op *op, int *ret_tree, struct err *e)
{
	bool idmap = op->ext & (EXT_IDMAP | EXT_IDMAP_REC), nofollow = op->ext & EXT_SRC_NOFOLLOW;
	autofd tree = -1;
	struct stat st;

	if (!idmap && !p->plan->rootfs.sources_from_runtime)
		return 0;
	if (op->ext & EXT_COPY_SYMLINK && lstat (op->src, &st) == 0 && S_ISLNK (st.st_mode))
		return 0; /* nothing will be bound */
	tree_probe (p->r);
	/* Linux < 5.12 cannot make it a slave, Linux < 5.2 cannot clone it: init opens it by its
	 * path, if it may. */
	if ((p->r->no_open_tree || (p->r->no_setattr && !p->r->shared)) && !idmap)
		return 0;
	tree = sys_open_tree (AT_FDCWD, op->src,
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
				      (op->recursive ? AT_RECURSIVE : 0) |
				      (nofollow ? AT_SYMLINK_NOFOLLOW : 0));
	if (tree < 0 && tree != -ENOSYS)
		return err_set (e, -tree, "bind '%s' on '/%s': open the source", op->src, op->dst);
	if (idmap)
		TRY (idmap_tree (p, op, tree, e));
	TRY (isolate_tree (p, op, tree, e));
	*ret_tree = take_fd (&tree);
	return 0;
}

static int
prepare_mount (struct preparation *p, size_t i, struct err *e)
{
	const struct mount_op *op = &p->plan->rootfs.mounts[i];
	int fd;

	if (op->kind == MOUNT_BIND)
		return prepare_bind (p, op, &p->r->tree_fds[i], e);
	if (op->kind != MOUNT_FS || !(op->ext & (EXT_IDMAP | EXT_IDMAP_REC)))
		return 0;
	TRY (fd = mapped_userns (p, op, e));
	p->r->idmap_fds[i] = fcntl (fd, F_DUPFD_CLOEXEC, 3);
	return p->r->idmap_fds[i] < 0 ? err_set (e, errno, "duplicate a user namespace") : 0;
}

static int *
no_fds (struct arena *a, size_t n)
{
	int *v = arena_alloc (a, (n + 1) * sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = -1;
	return v;
}

static int
check_root (const struct rootfs_plan *plan, struct err *e)
{
	struct stat st;

	if (stat (plan->path, &st) < 0)
		return err_set (e, errno, "root.path: '%s'", plan->path);
	return S_ISDIR (st.st_mode) ? 0 : err_set (e, ENOTDIR, "root.path: '%s'", plan->path);
}

/* "/proc/self/fd/N": the descriptor is of the runtime's mount namespace, from which init cannot
 * bind. */
static const char *
real_path (struct arena *a, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink (path, target, sizeof target);

	return n > 0 && n < (ssize_t) sizeof target ? arena_strndup (a, target, (size_t) n) : path;
}

int
rootfs_prepare (struct arena *a, const struct plan *plan, const char *notify_dir,
		int (*open_userns) (const struct id_maps *uid, const struct id_maps *gid,
				    struct err *e),
		struct rootfs *ret, struct err *e)
{
	size_t n = plan->rootfs.n_mounts;
	struct preparation p = {
		.plan = plan, .open_userns = open_userns, .r = ret, .userns_fd = -1
	};
	int r = 0;

	*ret = (struct rootfs) { .root_fd = -1,
				 .dev_null_fd = -1,
				 .notify_tree_fd = -1,
				 .self_fds = -1,
				 .proc_fd = -1,
				 .dev_fd = -1,
				 .arena = a,
				 .path = plan->rootfs.path,
				 .shared = plan->rootfs.propagation_before & MS_SHARED,
				 .notify_dir = notify_dir };
	ret->tree_fds = no_fds (a, n);
	ret->idmap_fds = no_fds (a, n);
	TRY (check_root (&plan->rootfs, e));
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = prepare_mount (&p, i, e);
		if (r < 0)
			err_wrap (e, "%s", plan->rootfs.mounts[i].json_path);
	}
	if (p.userns_fd >= 0)
		close (p.userns_fd);
	/* In a user namespace init could not pass the state directory, which is ours alone. Without
	 * the privilege it need not. */
	if (r == 0 && notify_dir) {
		int fd;

		tree_probe (ret);
		fd = ret->no_open_tree ? -ENOSYS
				       : sys_open_tree (AT_FDCWD, notify_dir,
							OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		ret->notify_tree_fd = fd < 0 ? -1 : fd;
		if (fd < 0)
			ret->notify_dir = real_path (a, notify_dir);
	}
	return r;
}

static void
close_one (int *fd)
{
	if (*fd >= 0)
		close (take_fd (fd));
}

void
rootfs_close (struct rootfs *r, size_t n_mounts)
{
	for (size_t i = 0; i < n_mounts; i++) {
		if (r->tree_fds)
			close_one (&r->tree_fds[i]);
		if (r->idmap_fds)
			close_one (&r->idmap_fds[i]);
	}
	close_one (&r->notify_tree_fd);
}

/* ---- init: the root becomes a mount */

/*
 * The mount that the root directory is in becomes private, so that what we attach to it does not
 * appear on the host, and so that pivot_root(2) accepts it. Only needed where `/` stays shared
 * (rootfsPropagation "shared").
 */
static int
isolate_parent (struct rootfs *r, const char *path, struct err *e)
{
	struct tree_change c = { .propagation = MS_PRIVATE };
	autofd fd = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat here, above;
	int ret = -EINVAL;

	if (fd < 0)
		return err_set (e, errno, "root.path: open '%s'", path);
	/* EINVAL: not the root of a mount, which is further up. */
	while ((ret = tree_set (r, fd, &c)) == -EINVAL) {
		autofd parent = openat (fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (parent < 0 || fstat (fd, &here) < 0 || fstat (parent, &above) < 0)
			return err_set (e, errno, "open a parent of '%s'", path);
		if (here.st_dev == above.st_dev && here.st_ino == above.st_ino)
			break; /* our own root is no mount: somebody's chroot */
		close (fd);
		fd = take_fd (&parent);
	}
	return ret < 0 ? err_set (e, -ret, "make the mount of '%s' private", path) : 0;
}

/* Linux < 5.2 */
static int
open_root_classic (struct rootfs *r, const char *path, struct err *e)
{
	if (mount (path, path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_set (e, errno, "root.path: bind '%s' on itself", path);
	r->root_fd = tree_find (r, "");
	return r->root_fd < 0 ? err_set (e, -r->root_fd, "root.path: open '%s'", path) : 0;
}

/* The working directory is the handle of what is cloned and covered: it is named once. */
static int
open_root (struct rootfs *r, const char *path, struct err *e)
{
	autofd tree = -1;
	int ret;

	if (chdir (path) < 0)
		return err_set (e, errno, "root.path: open '%s'", path);
	if (r->no_open_tree)
		return open_root_classic (r, path, e);
	tree = sys_open_tree (AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	ret = tree < 0 ? tree : sys_move_mount (tree, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH);
	r->no_open_tree = tree_is_missing (ret);
	if (r->no_open_tree)
		return open_root_classic (r, path, e);
	if (ret < 0)
		return err_set (e, -ret, "root.path: bind '%s' on itself", path);
	r->root_fd = take_fd (&tree);
	return 0;
}

/* Before the pivot: it has to be the host's, whatever an image has at that place (CVE-2025-31133).
 */
static int
open_dev_null (struct rootfs *r, struct err *e)
{
	struct stat st;

	if (r->no_open_tree)
		return 0; /* masks.c takes the container's, once it is known to be one */
	r->dev_null_fd = sys_open_tree (AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (r->dev_null_fd < 0)
		return err_set (e, -r->dev_null_fd, "open the host's /dev/null");
	if (fstat (r->dev_null_fd, &st) < 0 || !S_ISCHR (st.st_mode) ||
	    st.st_rdev != makedev (1, 3))
		return err_set (e, EINVAL, "/dev/null of the host is not character device 1:3");
	return 0;
}

/* How mount(2) is told which fd is meant. Ours may be the pid namespace's first process, so it is
 * not the handle of the runtime. */
static int
open_self_fds (struct rootfs *r, struct err *e)
{
	if (!(r->no_open_tree || r->no_setattr) || r->self_fds >= 0)
		return 0;
	procfs_forget ();
	r->self_fds = procfs_open ("self/fd", O_PATH | O_DIRECTORY);
	return r->self_fds < 0 ? err_set (e, -r->self_fds, "/proc/self/fd, needed on this kernel")
			       : 0;
}

static bool
is_cgroup2 (const char *path)
{
	struct statfs fs;

	return statfs (path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

int
rootfs_join (struct rootfs *r, struct err *e)
{
	r->umask = umask (0);
	r->unified = is_cgroup2 (HOST_CGROUP);
	tree_probe (r);
	if (r->no_open_tree || r->no_setattr)
		return err_set (e, ENOSYS, "mounts in a container that runs need Linux 5.12");
	r->root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->root_fd < 0 ? err_set (e, errno, "open the container's root") : 0;
}

/* mount_setattr is wanted for its own sake, and whether there is one must be known before the
 * pivot. */
static int
set_propagation (struct rootfs *r, unsigned long type)
{
	struct sys_mount_attr attr = { .propagation = type & ~(unsigned long) MS_REC };
	int ret = sys_mount_setattr (AT_FDCWD, "/", type & MS_REC ? AT_RECURSIVE : 0, &attr);

	r->no_setattr = tree_is_missing (ret);
	if (r->no_setattr)
		ret = mount (NULL, "/", NULL, type, NULL) < 0 ? -errno : 0;
	return ret;
}

int
rootfs_open (struct rootfs *r, const struct rootfs_plan *plan, bool unified, struct err *e)
{
	int ret;

	r->unified = unified;
	r->umask = umask (0); /* modes are exact until the devices are made */
	if (!plan->own_mount_ns) {
		r->root_fd = open (plan->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return r->root_fd < 0 ? err_set (e, errno, "root.path: open '%s'", plan->path) : 0;
	}
	ret = set_propagation (r, plan->propagation_before);
	if (ret < 0)
		return err_set (e, -ret, "propagation of the new mount namespace");
	TRY (open_self_fds (r, e)); /* without mount_setattr they are needed from here on */
	if (r->shared)
		TRY (isolate_parent (r, plan->path, e));
	TRY (open_root (r, plan->path, e));
	TRY (open_self_fds (r, e)); /* … and without open_tree from here */
	/* What the host has mounted below the root directory. */
	ret = tree_isolate (r, r->root_fd);
	if (ret < 0)
		return err_set (e, -ret, "propagation of what is mounted in '%s'", plan->path);
	return plan->n_masked ? open_dev_null (r, e) : 0;
}

/* ---- changing to it */

/* What is unmounted here must stay mounted there. "." would be the new root, not the old one that
 * lies on it. */
static int
isolate_old_root (struct rootfs *r, int old, struct err *e)
{
	int ret = tree_isolate (r, old);

	if (ret < 0)
		return err_set (e, -ret, "make the old root a slave");
	return fchdir (r->root_fd) < 0 ? err_set (e, errno, "change to the new root") : 0;
}

static int
pivot (struct rootfs *r, const struct rootfs_plan *plan, struct err *e)
{
	autofd old = r->shared ? open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int ret;

	if (fchdir (r->root_fd) < 0)
		return err_set (e, errno, "change to the root directory");
	/* pivot_root(2), "pivot_root(".", ".")": the old root lies on the new one, and needs no
	 * directory in it. */
	ret = sys_pivot_root (".", ".");
	if (ret == -EINVAL)
		return err_set (
			e, EINVAL,
			"pivot_root: the host's root is the initial ramfs, or '%s' is on a shared mount; use --no-pivot",
			plan->path);
	if (ret < 0)
		return err_set (e, -ret, "pivot_root");
	if (r->shared)
		TRY (isolate_old_root (r, old, e));
	return umount2 (".", MNT_DETACH) < 0 ? err_set (e, errno, "unmount the old root") : 0;
}

/*
 * A chroot can be left by who is privileged enough, and then there is the host's mount table: at
 * least no complete proc or sysfs may be in it, from which the kernel would conclude that the
 * container may mount its own unmasked. Where it cannot be unmounted it is covered.
 */
static int
hide_mount (const char *path, struct err *e)
{
	if (umount2 (path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return err_set (e, errno, "--no-pivot: unmount '%s' of the host", path);
	/* EINVAL, too, where it was below another that has just gone. */
	if (mount ("tmpfs", path, "tmpfs", MS_RDONLY, "nr_inodes=1,size=4k") < 0 &&
	    errno != ENOENT && errno != ENOTDIR)
		return err_set (e, errno, "--no-pivot: cover '%s' of the host", path);
	return 0;
}

static int
leave_mount (const char *path, const char *type, bool isolate, struct err *e)
{
	if (!isolate)
		return streq (type, "proc") || streq (type, "sysfs") ? hide_mount (path, e) : 0;
	if (mount (NULL, path, NULL, MS_SLAVE, NULL) < 0 && errno != EINVAL && errno != ENOENT)
		return err_set (e, errno, "--no-pivot: make '%s' a slave", path);
	return 0;
}

/* All that is not the container's own. */
static int
leave_mounts (struct rootfs *r, bool isolate, struct err *e)
{
	char root[PATH_MAX], *text, *path;
	const char *type;

	if (mountinfo_read (r, &text, e) < 0)
		return err_wrap (e, "--no-pivot");
	if (fchdir (r->root_fd) < 0 || sys_getcwd (root, sizeof root) < 0)
		return err_set (e, errno, "--no-pivot: path of the root directory");
	while (mountinfo_next (&text, &path, &type))
		if (!mountinfo_is_below (path, root))
			TRY (leave_mount (path, type, isolate, e));
	return 0;
}

static int
move_root (struct rootfs *r, struct err *e)
{
	procfs_forget (); /* that of the runtime, in another pid namespace */
	/* All of them before any: unmounting spreads by the mount that it happens on. */
	if (r->shared)
		TRY (leave_mounts (r, true, e));
	TRY (leave_mounts (r, false, e));
	if (fchdir (r->root_fd) < 0 || mount (".", "/", NULL, MS_MOVE, NULL) < 0)
		return err_set (e, errno, "--no-pivot: move the root directory");
	return chroot (".") < 0 ? err_set (e, errno, "--no-pivot: chroot") : 0;
}

/* Each of the three goes to the root directory first, and then makes it the root: the working
 * directory is it. */
int
rootfs_pivot (struct rootfs *r, const struct rootfs_plan *plan, struct err *e)
{
	if (!plan->own_mount_ns) {
		if (fchdir (r->root_fd) < 0 || chroot (".") < 0)
			return err_set (e, errno, "chroot to '%s'", plan->path);
	} else if (plan->no_pivot) {
		TRY (move_root (r, e));
	} else {
		TRY (pivot (r, plan, e));
	}
	return 0;
}

/* ---- the end */

/* A tmpfs that was asked to be read-only, now that all is mounted and made in it. */
static int
finish_mounts (struct rootfs *r, const struct rootfs_plan *plan, struct err *e)
{
	struct tree_change ro = { .set = MOUNT_ATTR_RDONLY };

	for (size_t i = 0; i < plan->n_mounts; i++) {
		int ret = r->tree_fds[i] < 0 ? 0 : tree_set (r, r->tree_fds[i], &ro);

		if (ret < 0)
			return err_set (e, -ret, "%s: make '/%s' read-only",
					plan->mounts[i].json_path, plan->mounts[i].dst);
		close_one (&r->tree_fds[i]);
	}
	return 0;
}

/*
 * Of the mounts below, those that say nothing of their own follow only "rshared" and "runbindable":
 * they are private and would stay so. "rslave" and "rprivate" are true of them already, and would
 * undo what volumes ask for.
 */
static int
finish_propagation (struct rootfs *r, const struct rootfs_plan *plan, struct err *e)
{
	struct tree_change c = {
		.propagation = plan->propagation & ~(unsigned long) MS_REC,
		.recursive = plan->propagation & MS_REC &&
			     plan->propagation & (MS_SHARED | MS_UNBINDABLE),
	};
	int ret = tree_set (r, r->root_fd, &c);

	return ret < 0 ? err_set (e, -ret, "linux.rootfsPropagation") : 0;
}

int
rootfs_finish (struct rootfs *r, const struct rootfs_plan *plan, struct err *e)
{
	struct tree_change ro = { .set = plan->readonly ? MOUNT_ATTR_RDONLY : 0 };
	int ret;

	if (plan->own_mount_ns) {
		TRY (finish_mounts (r, plan, e));
		ret = tree_set (r, r->root_fd, &ro);
		if (ret < 0)
			return err_set (e, -ret, "root.readonly: make the root read-only");
		TRY (finish_propagation (r, plan, e));
	}
	close_one (
		&r->self_fds); /* the host's /proc; all others are closed with what else is open */
	/* By now we were in what is covered, or in self_fds. */
	return chdir ("/") < 0 ? err_set (e, errno, "change to the root directory") : 0;
}
