/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpcopyup: a tmpfs starts with what it covers. The tree that is copied comes from an image:
 * nothing in it is followed, opened in a way that could block, or trusted to be what it was when it
 * was looked at.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/mem.h"
#include "rootfs/room.h"

#define DEPTH_MAX 128
#define COPY_MAX  (1u << 30) /* for one sendfile(2) */

static int copy_directory (int from, int to, unsigned depth, struct err *e);

/* Capabilities of files, ACLs; what the target cannot hold is left out, as cp -a does. */
static void
copy_xattrs (int from, int to)
{
	char names[4096], value[4096];
	ssize_t len = flistxattr (from, names, sizeof names);

	for (char *name = names; len > 0 && name < names + len; name += strlen (name) + 1) {
		ssize_t n = fgetxattr (from, name, value, sizeof value);

		if (n >= 0)
			(void) fsetxattr (to, name, value, (size_t) n, 0);
	}
}

/* Owner before mode: chown(2) clears set-id bits. */
static int
copy_attributes (int from, int to, const struct stat *st, const char *name, struct err *e)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown (to, st->st_uid, st->st_gid) < 0 && errno != EPERM && errno != EINVAL)
		return err_set (e, errno, "owner of '%s'", name);
	if (fchmod (to, st->st_mode & 07777) < 0)
		return err_set (e, errno, "mode of '%s'", name);
	copy_xattrs (from, to);
	if (futimens (to, times) < 0)
		return err_set (e, errno, "times of '%s'", name);
	return 0;
}

static int
copy_file (int from_dir, int to_dir, const char *name, struct err *e)
{
	autofd from = openat (from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	autofd to = -1;
	struct stat st;
	ssize_t n;

	if (from < 0 || fstat (from, &st) < 0 || !S_ISREG (st.st_mode))
		return err_set (e, from < 0 ? errno : EINVAL, "open '%s'", name);
	to = openat (to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return err_set (e, errno, "make '%s'", name);
	while ((n = sendfile (to, from, NULL, COPY_MAX)) > 0)
		;
	if (n < 0)
		return err_set (e, errno, "copy '%s'", name);
	return copy_attributes (from, to, &st, name, e);
}

static int
copy_link (int from_dir, int to_dir, const char *name, const struct stat *st, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat (from_dir, name, target, sizeof target - 1);

	if (n < 0)
		return err_set (e, errno, "read the link '%s'", name);
	target[n] = '\0';
	if (symlinkat (target, to_dir, name) < 0)
		return err_set (e, errno, "make the link '%s'", name);
	if (fchownat (to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != EPERM && errno != EINVAL)
		return err_set (e, errno, "owner of '%s'", name);
	return 0;
}

static int
copy_subdirectory (int from_dir, int to_dir, const char *name, unsigned depth, struct err *e)
{
	autofd from = openat (from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autofd to = -1;
	struct stat st;

	if (from < 0 || fstat (from, &st) < 0)
		return err_set (e, errno, "open '%s'", name);
	if (mkdirat (to_dir, name, 0700) < 0)
		return err_set (e, errno, "make '%s'", name);
	to = openat (to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return err_set (e, errno, "open the copy of '%s'", name);
	TRY (copy_directory (from, to, depth + 1, e));
	return copy_attributes (from, to, &st, name, e);
}

/* FIFOs and sockets; devices where they may be made, which is not in a user namespace. */
static int
copy_node (int to_dir, const char *name, const struct stat *st, struct err *e)
{
	if (mknodat (to_dir, name, st->st_mode, st->st_rdev) < 0)
		return errno == EPERM ? 0 : err_set (e, errno, "make '%s'", name);
	if (fchownat (to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != EPERM && errno != EINVAL)
		return err_set (e, errno, "owner of '%s'", name);
	return 0;
}

static int
copy_entry (int from, int to, const char *name, unsigned depth, struct err *e)
{
	struct stat st;

	if (fstatat (from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set (e, errno, "stat '%s'", name);
	if (S_ISREG (st.st_mode))
		return copy_file (from, to, name, e);
	if (S_ISDIR (st.st_mode))
		return copy_subdirectory (from, to, name, depth, e);
	if (S_ISLNK (st.st_mode))
		return copy_link (from, to, name, &st, e);
	return copy_node (to, name, &st, e);
}

static int
copy_directory (int from, int to, unsigned depth, struct err *e)
{
	int fd = openat (from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0;
	DIR *d = fd < 0 ? NULL : fdopendir (fd);
	struct dirent *de;

	if (!d) {
		err_set (e, errno, "read a directory");
		if (fd >= 0)
			close (fd);
		return -1;
	}
	if (depth > DEPTH_MAX)
		ret = err_set (e, ELOOP, "directories more than %d deep", DEPTH_MAX);
	while (ret == 0 && (errno = 0, de = readdir (d)) != NULL)
		if (!streq (de->d_name, ".") && !streq (de->d_name, ".."))
			ret = copy_entry (from, to, de->d_name, depth, e);
	if (ret == 0 && errno)
		ret = err_set (e, errno, "read a directory");
	closedir (d);
	return ret;
}

int
copy_up (int from, int to, struct err *e)
{
	return copy_directory (from, to, 0, e);
}
