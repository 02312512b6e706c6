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
#define DATA_MAX 4096 /* the kernel's limit: one page */

static const struct {
	unsigned long flag;
	const char *name;
} sb_names[] = {
	{ MS_SYNCHRONOUS, "sync" },
	{ MS_DIRSYNC, "dirsync" },
	{ MS_MANDLOCK, "mand" },
	{ MS_LAZYTIME, "lazytime" },
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

/* One option: up to a comma that is not in double quotes. SELinux contexts are quoted for mount(2),
 * and must not be here. */
static int
config_option (int fs, char **next)
{
	char *key = *next, *out = key, *in = key, *value;
	bool quoted = false;

	for (; *in && (quoted || *in != ','); in++) {
		if (*in == '"')
			quoted = !quoted;
		else
			*out++ = *in;
	}
	*next = *in ? in + 1 : in;
	*out = '\0';
	if (!*key)
		return 0;
	value = strchr (key, '=');
	if (!value)
		return sys_fsconfig (fs, FSCONFIG_SET_FLAG, key, NULL, 0);
	*value++ = '\0';
	return sys_fsconfig (fs, FSCONFIG_SET_STRING, key, value, 0);
}

static int
config_all (int fs, const char *source, unsigned long sb_flags, const char *data)
{
	char copy[DATA_MAX], *next = copy;
	int ret = sys_fsconfig (fs, FSCONFIG_SET_STRING, "source", source, 0);

	for (size_t i = 0; ret == 0 && i < ARRAY_SIZE (sb_names); i++)
		if (sb_flags & sb_names[i].flag)
			ret = sys_fsconfig (fs, FSCONFIG_SET_FLAG, sb_names[i].name, NULL, 0);
	if (data && strlen (data) >= sizeof copy)
		return -ENAMETOOLONG;
	memcpy (copy, data ? data : "", data ? strlen (data) + 1 : 1);
	while (ret == 0 && *next)
		ret = config_option (fs, &next);
	return ret < 0 ? ret : sys_fsconfig (fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

int
fs_open (const char *fstype, const char *source, unsigned long sb_flags, const char *data,
	 uint64_t attr, char *why, size_t why_size)
{
	autofd fs = sys_fsopen (fstype, FSOPEN_CLOEXEC);
	int ret;

	if (why_size)
		*why = '\0';
	if (fs < 0)
		return fs;
	ret = config_all (fs, source, sb_flags, data);
	if (ret < 0) {
		read_why (fs, why, why_size);
		return ret;
	}
	return sys_fsmount (fs, FSMOUNT_CLOEXEC, (unsigned) attr);
}

/* ---- the error: what was refused, and why
 * ----------------------------------------------------------------------------- */

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
		fd = fs_open (op->fstype, op->src, op->sb_flags, data, 0, why, sizeof why);
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

/* ---- with a handle: content, id maps, propagation, labels come before anybody can see the mount
 * ----------------------- */

static bool
needs_handle (const struct plan *plan, const struct mount_op *op)
{
	return op->ext & (EXT_TMPCOPYUP | EXT_IDMAP | EXT_IDMAP_REC) || op->n_propagation ||
	       *op->dst == '\0' || (plan->rootfs.mount_label && strcmp (op->fstype, "mqueue") == 0);
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

/* Linux < 5.2: mount first, find it again; the directory is covered by then, but its fd still shows
 * what is below. */
static int
open_classic (struct rootfs *r, const struct mount_op *op, const char *data, int target)
{
	unsigned long flags = op->sb_flags | ms_flags ((op->attr_set | op->rec_set) &
						       ~(uint64_t) MOUNT_ATTR_RDONLY);
	struct stat below, above;
	int fd;

	if (fchdir (target) < 0 || mount (op->src, ".", op->fstype, flags, data) < 0)
		return -errno;
	fd = beneath_open (r->root_fd, op->dst, O_PATH);
	if (fd >= 0 && (fstat (target, &below) < 0 || fstat (fd, &above) < 0 ||
			below.st_dev == above.st_dev)) {
		close (fd);
		return -EXDEV;
	}
	return fd;
}

static int
mount_by_handle (struct rootfs *r, const struct plan *plan, const struct mount_op *op,
		 const char *data, int target, int userns_fd, struct err *e)
{
	struct tree_change idmap = { .set = MOUNT_ATTR_IDMAP, .userns_fd = userns_fd };
	struct tree_change c = { .set = op->attr_set | op->rec_set,
				 .clear = op->attr_clr | op->rec_clr };
	char why[512] = "";
	autofd mnt = -1;
	int ret;

	mnt = r->no_open_tree
		      ? open_classic (r, op, data, target)
		      : fs_open (op->fstype, op->src, op->sb_flags, data, 0, why, sizeof why);
	if (mnt < 0)
		return err_set (e, -mnt, "mount '%s' (type '%s', data '%s') on '/%s'%s%s", op->src,
				op->fstype, data ? data : "", op->dst, *why ? ": " : "", why);
	TRY (fill (plan, op, target, mnt, e));
	if (userns_fd >= 0) {
		ret = tree_set (r, mnt, &idmap);
		if (ret < 0)
			return err_set (e, -ret, "map the ids of '/%s' (type '%s')", op->dst,
					op->fstype);
	}
	if (r->no_open_tree || r->no_setattr) {
		ret = r->no_open_tree ? 0 : tree_attach (r, &mnt, false, target, op->dst);
		if (ret == 0)
			ret = tree_set (r, mnt, &c);
	} else {
		ret = tree_place (r, &mnt, false, &c, target, op->dst);
	}
	if (ret < 0)
		return err_set (e, -ret, "attach '%s' (type '%s') to '/%s'", op->src, op->fstype,
				op->dst);
	TRY (tree_propagate (r, op, mnt, e));
	if (*op->dst == '\0') { /* this is the root from now on */
		close (r->root_fd);
		r->root_fd = take_fd (&mnt);
	}
	return 0;
}

/* ---- one file system
 * ---------------------------------------------------------------------------------------------------
 */

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
	  struct err *e)
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
	if (needs_handle (plan, op))
		return mount_by_handle (r, plan, op, data, target, userns_fd, e);
	/* "." is the directory that was resolved, whatever its path means by now. */
	if (fchdir (target) == 0 && mount (op->src, ".", op->fstype, flags, data) == 0)
		return 0;
	if (errno == EPERM && instead && plan->ns.own & CLONE_NEWUSER) {
		log_info ("%s: no new '%s' may be mounted here: '%s' of the host is shown",
			  op->json_path, op->fstype, instead);
		return bind_instead (r, op, instead, target, e);
	}
	return refused (op, data, errno, e);
}
