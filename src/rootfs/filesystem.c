/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New file systems: one mount(2) in the normal case, the mount API where a handle is needed before
 * the mount is seen. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "plan/plan.h"
#include "rootfs/room.h"
#include "sys/beneath.h"
#include "sys/syscalls.h"

#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif
#define DATA_MAX  4096 /* the kernel's limit: one page */
#define VALUE_MAX 255  /* of one option given to fsconfig(2) */

static const struct {
	unsigned long flag;
	const char *name;
} sb_names[] = {
	{ MS_SYNCHRONOUS, "sync" },  { MS_DIRSYNC, "dirsync" }, { MS_MANDLOCK, "mand" },
	{ MS_LAZYTIME, "lazytime" }, { MS_RDONLY, "ro" },
};

/* What the kernel logged in the context, "e tmpfs: Unknown parameter 'x'"; without the level. */
static void
read_why (int fs, char *why, size_t size)
{
	ssize_t n = size ? read (fs, why, size - 1) : 0;

	if (n < 0)
		n = 0;
	while (n > 0 && why[n - 1] == '\n')
		n--;
	if (size)
		why[n] = '\0';
	if (n > 2 && why[1] == ' ')
		memmove (why, why + 2, (size_t) n - 1);
}

/* A value that fsconfig(2) does not take: layers of overlay, above all. mount(2) does: -E2BIG. */
static int
config_string (int fs, const char *key, const char *value)
{
	return strlen (value) > VALUE_MAX ? -E2BIG
					  : sys_fsconfig (fs, FSCONFIG_SET_STRING, key, value, 0);
}

/*
 * Where an option of the string for mount(2) ends: at a comma, unless it is in double quotes
 * (SELinux contexts; the quotes themselves go), behind a backslash (overlay: it stays, and is
 * overlay's to interpret) or before a digit (tmpfs: "mpol=bind:0,2").
 */
static char *
option_end (char *in)
{
	char *out = in;
	bool quoted = false;

	for (; *in && (quoted || *in != ',' || (in[1] >= '0' && in[1] <= '9')); in++) {
		if (*in == '"') {
			quoted = !quoted;
			continue;
		}
		if (*in == '\\' && in[1])
			*out++ = *in++;
		*out++ = *in;
	}
	in += *in == ',';
	*out = '\0';
	return in;
}

static int
config_option (int fs, char **next)
{
	char *key = *next, *value;

	*next = option_end (key);
	if (!*key)
		return 0;
	value = strchr (key, '=');
	if (!value)
		return sys_fsconfig (fs, FSCONFIG_SET_FLAG, key, NULL, 0);
	*value++ = '\0';
	return config_string (fs, key, value);
}

static int
config_all (int fs, unsigned long sb_flags, const char *data)
{
	char copy[DATA_MAX], *next = copy;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < ARRAY_SIZE (sb_names); i++)
		if (sb_flags & sb_names[i].flag)
			ret = sys_fsconfig (fs, FSCONFIG_SET_FLAG, sb_names[i].name, NULL, 0);
	if (data && strlen (data) >= sizeof copy)
		return -ENAMETOOLONG;
	memcpy (copy, data ? data : "", data ? strlen (data) + 1 : 1);
	while (ret == 0 && *next)
		ret = config_option (fs, &next);
	return ret;
}

int
fs_open (const struct fs_request *q, char *why, size_t why_size)
{
	autofd fs = sys_fsopen (q->fstype, FSOPEN_CLOEXEC);
	int ret;

	if (why_size)
		*why = '\0';
	if (fs < 0)
		return tree_is_missing (fs) ? -ENOSYS : fs;
	ret = config_string (fs, "source", q->source);
	if (ret == 0)
		ret = config_all (fs, q->sb_flags, q->data);
	if (ret == 0)
		ret = sys_fsconfig (fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (ret < 0) {
		read_why (fs, why, why_size);
		return ret;
	}
	return sys_fsmount (fs, FSMOUNT_CLOEXEC, (unsigned) q->attr);
}

/* Linux < 5.2: all that there is, again. */
static int
reconfigure_classic (const struct mount_op *op, int mnt, bool rw)
{
	unsigned long flags;
	int ret = tree_flags (mnt, &flags);

	if (ret < 0)
		return ret;
	if (rw)
		flags &= ~(unsigned long) MS_RDONLY;
	if (fchdir (mnt) < 0 ||
	    mount (NULL, ".", NULL, MS_REMOUNT | op->sb_flags | flags, op->data) < 0)
		return -errno;
	return 0;
}

int
fs_reconfigure (struct rootfs *r, const struct mount_op *op, int mnt, bool rw, struct err *e)
{
	char why[512] = "";
	autofd fs = r->no_open_tree ? -ENOSYS
				    : sys_fspick (mnt, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
	int ret = fs;

	if (fs >= 0) {
		ret = rw ? sys_fsconfig (fs, FSCONFIG_SET_FLAG, "rw", NULL, 0) : 0;
		if (ret == 0)
			ret = config_all (fs, op->sb_flags, op->data);
		if (ret == 0)
			ret = sys_fsconfig (fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
		if (ret < 0)
			read_why (fs, why, sizeof why);
	} else if (fs == -ENOSYS) {
		ret = reconfigure_classic (op, mnt, rw);
	}
	return ret < 0 ? err_set (e, -ret, "remount '/%s' with '%s'%s%s", op->dst,
				  op->data ? op->data : "", *why ? ": " : "", why)
		       : 0;
}

/* ---- the error: what was refused, and why */

static int
refused (const struct mount_op *op, const char *data, int num, struct err *e)
{
	char why[512] = "";
	int fd;

	if (num == ENODEV)
		return err_set (e, num,
				"mount '%s' on '/%s': the kernel has no file system type '%s'",
				op->src, op->dst, op->fstype);
	/* Only now, for the text: which option was it? */
	if (num == EINVAL) {
		struct fs_request again = { op->fstype, op->src, data, op->sb_flags, 0 };

		fd = fs_open (&again, why, sizeof why);
		if (fd >= 0)
			close (fd);
	}
	return err_set (e, num, "mount '%s' (type '%s', data '%s') on '/%s'%s%s", op->src,
			op->fstype, data ? data : "", op->dst, *why ? ": " : "", why);
}

/* What an ordinary user may not mount is shown from the host, where that is the same thing. */
static const char *
host_directory (const struct plan *plan, const struct mount_op *op)
{
	if (strcmp (op->fstype, "sysfs") == 0)
		return "/sys";
	if (strcmp (op->fstype, "mqueue") == 0)
		return "/dev/mqueue";
	if (strcmp (op->fstype, "proc") == 0 && !(plan->ns.own & CLONE_NEWPID))
		return "/proc";
	return NULL;
}

/* ---- with a handle: content, id maps and labels come before anybody can see it */

static bool
is_readonly (const struct mount_op *op)
{
	return (op->attr_set | op->rec_set) & MOUNT_ATTR_RDONLY;
}

static bool
is_late (const struct mount_op *op)
{
	return is_readonly (op) && (streq (op->fstype, "tmpfs") || streq (op->dst, "dev"));
}

static bool
has_propagation (const struct mount_op *op, unsigned long types)
{
	for (size_t i = 0; i < op->n_propagation; i++)
		if (op->propagation[i] & types)
			return true;
	return false;
}

/* Private, which podman asks for always, is what a new mount is anyway, unless it is mounted on a
 * shared one: a volume. */
static bool
needs_propagation (const struct rootfs_plan *plan, const struct mount_op *op)
{
	if (has_propagation (op, MS_SHARED | MS_SLAVE | MS_UNBINDABLE))
		return true;
	if (op->n_propagation == 0 || plan->propagation_before & MS_SHARED)
		return op->n_propagation;
	for (size_t i = 0; i < plan->n_mounts; i++)
		if (has_propagation (&plan->mounts[i], MS_SHARED))
			return true;
	return false;
}

static bool
needs_handle (const struct plan *plan, const struct mount_op *op)
{
	return op->ext & (EXT_TMPCOPYUP | EXT_IDMAP | EXT_IDMAP_REC) ||
	       needs_propagation (&plan->rootfs, op) || is_late (op) || *op->dst == '\0' ||
	       (plan->rootfs.mount_label && streq (op->fstype, "mqueue"));
}

static int
fill (const struct plan *plan, const struct mount_op *op, int target, int mnt, struct err *e)
{
	struct stat st;

	if (op->ext & EXT_TMPCOPYUP) {
		STEP ("tmpcopyup", copy_up (target, mnt, e));
		if (op->tmpfs_mode &&
		    (fstat (target, &st) < 0 ||
		     (fchownat (mnt, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0 &&
		      errno != EPERM && errno != EINVAL)))
			return err_set (e, errno, "take the owner of '/%s'", op->dst);
	}
	/* mqueue takes no context= option; without SELinux nothing happens. */
	if (plan->rootfs.mount_label && *plan->rootfs.mount_label &&
	    strcmp (op->fstype, "mqueue") == 0) {
		autofd dir = openat (mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (dir >= 0 &&
		    fsetxattr (dir, "security.selinux", plan->rootfs.mount_label,
			       strlen (plan->rootfs.mount_label), 0) < 0 &&
		    errno != ENOTSUP)
			return err_set (e, errno, "label the message queues '%s'",
					plan->rootfs.mount_label);
	}
	return 0;
}

/* Linux < 5.2, and options that are too long: mount first, find it again; the directory is covered
 * by then, but its fd still shows what is below. */
static int
open_classic (struct rootfs *r, const struct mount_op *op, const char *data, int target)
{
	uint64_t later = is_late (op) ? MOUNT_ATTR_RDONLY : 0;
	unsigned long flags = op->sb_flags | ms_flags ((op->attr_set | op->rec_set) & ~later);
	struct stat below, above;
	int fd;

	if (fchdir (target) < 0 || mount (op->src, ".", op->fstype, flags, data) < 0)
		return -errno;
	fd = tree_find (r, op->dst);
	if (fd >= 0 && (fstat (target, &below) < 0 || fstat (fd, &above) < 0 ||
			below.st_dev == above.st_dev)) {
		close (fd);
		return -EXDEV;
	}
	return fd;
}

static int
handle_refused (const struct mount_op *op, const char *data, int num, const char *why,
		struct err *e)
{
	return err_set (e, num, "mount '%s' (type '%s', data '%s') on '/%s'%s%s", op->src,
			op->fstype, data ? data : "", op->dst, *why ? ": " : "", why);
}

/* A file system in the making. */
struct making {
	struct rootfs *r;
	const struct plan *plan;
	const struct mount_op *op;
	const char *data;
	int target;
	int userns_fd; /* -1: no id map */
	bool attached; /* it is in its place already */
};

static int
open_by_handle (struct making *m, struct err *e)
{
	const struct mount_op *op = m->op;
	unsigned long ro = is_readonly (op) && !is_late (op) ? MS_RDONLY : 0;
	struct fs_request q = { op->fstype, op->src, m->data, op->sb_flags | ro, 0 };
	char why[512] = "";
	int mnt = m->r->no_open_tree ? -ENOSYS : fs_open (&q, why, sizeof why);

	m->attached = mnt == -ENOSYS || mnt == -E2BIG;
	if (m->attached)
		mnt = open_classic (m->r, op, m->data, m->target);
	return mnt < 0 ? handle_refused (op, m->data, -mnt, why, e) : mnt;
}

static int
map_ids (struct rootfs *r, const struct mount_op *op, int mnt, int userns_fd, struct err *e)
{
	struct tree_change c = { .set = MOUNT_ATTR_IDMAP, .userns_fd = userns_fd };
	int ret = userns_fd < 0 ? 0 : tree_set (r, mnt, &c);

	return ret < 0 ? err_set (e, -ret, "map the ids of '/%s' (type '%s')", op->dst, op->fstype)
		       : 0;
}

/* Attributes before anybody can see it, where that can be. */
static int
attach (const struct making *m, int *mnt)
{
	uint64_t later = is_late (m->op) ? MOUNT_ATTR_RDONLY : 0;
	struct tree_change c = { .set = (m->op->attr_set | m->op->rec_set) & ~later,
				 .clear = m->op->attr_clr | m->op->rec_clr };

	return m->attached ? tree_set (m->r, *mnt, &c)
			   : tree_place (m->r, mnt, &c, m->target, m->op->dst);
}

static int
mount_by_handle (struct making *m, int *ret_late, struct err *e)
{
	const struct mount_op *op = m->op;
	autofd mnt = open_by_handle (m, e);
	int ret;

	if (mnt < 0)
		return -1;
	TRY (fill (m->plan, op, m->target, mnt, e));
	TRY (map_ids (m->r, op, mnt, m->userns_fd, e));
	ret = attach (m, &mnt);
	if (ret < 0)
		return err_set (e, -ret, "attach '%s' (type '%s') to '/%s'", op->src, op->fstype,
				op->dst);
	TRY (tree_propagate (m->r, op, mnt, e));
	if (*op->dst == '\0') { /* this is the root from now on */
		close (m->r->root_fd);
		m->r->root_fd = fcntl (mnt, F_DUPFD_CLOEXEC, 3);
	}
	if (is_late (op))
		*ret_late = take_fd (&mnt);
	return 0;
}

/* ---- one file system */

static int
with_mode (const struct mount_op *op, int target, char *buf, size_t size, struct err *e)
{
	struct stat st;

	if (fstat (target, &st) < 0)
		return err_set (e, errno, "stat '/%s'", op->dst);
	if ((size_t) snprintf (buf, size, "mode=%04o%s%s", (unsigned) st.st_mode & 07777,
			       op->data ? "," : "", op->data ? op->data : "") >= size)
		return err_set (e, ENAMETOOLONG, "options for '/%s'", op->dst);
	return 0;
}

int
fs_mount (struct rootfs *r, const struct plan *plan, const struct mount_op *op, int userns_fd,
	  int *ret_late, struct err *e)
{
	unsigned long flags = op->sb_flags | ms_flags (op->attr_set | op->rec_set);
	char buf[DATA_MAX];
	const char *data = op->data, *instead = host_directory (plan, op);
	bool made = false;
	autofd target = target_open (r, op, true, &made, e);

	if (target < 0)
		return -1;
	if (op->ext & EXT_SYSFS_BIND)
		return bind_instead (r, op, instead, target, e);
	/* A directory of the image says who may write there; one that we had to make does not: the
	 * kernel's default, 1777. */
	if (op->tmpfs_mode && !made) {
		TRY (with_mode (op, target, buf, sizeof buf, e));
		data = buf;
	}
	if (needs_handle (plan, op)) {
		struct making m = { r, plan, op, data, target, userns_fd, false };

		return mount_by_handle (&m, ret_late, e);
	}
	/* "." is the directory that was resolved, whatever its path means by now. */
	if (fchdir (target) == 0 && mount (op->src, ".", op->fstype, flags, data) == 0)
		return 0;
	if (errno == EPERM && instead && plan->rootfs.in_userns) {
		log_info ("%s: no new '%s' may be mounted here: '%s' of the host is shown",
			  op->json_path, op->fstype, instead);
		return bind_instead (r, op, instead, target, e);
	}
	return refused (op, data, errno, e);
}
