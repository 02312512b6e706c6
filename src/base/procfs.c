/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "base/str.h"
#include "sys/syscalls.h"

#define PROCFS_ROOT_INO 1

static int cached_handle = -1;

static int
check_procfs (int fd)
{
	struct statfs sfs;
	struct stat st;

	if (fstatfs (fd, &sfs) < 0 || fstat (fd, &st) < 0)
		return -errno;
	return sfs.f_type == PROC_SUPER_MAGIC && st.st_ino == PROCFS_ROOT_INO ? 0 : -EXDEV;
}

static int
mount_detached (bool pid_only)
{
	autofd fs = sys_fsopen ("proc", FSOPEN_CLOEXEC);

	if (fs < 0)
		return fs;
	if (pid_only && sys_fsconfig (fs, FSCONFIG_SET_STRING, "subset", "pid", 0) < 0)
		return -EINVAL;
	if (sys_fsconfig (fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -EPERM;
	return sys_fsmount (fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

static int
open_handle (bool pid_only)
{
	int fd = mount_detached (pid_only), r;

	if (fd >= 0)
		return fd;
	fd = sys_open_tree (AT_FDCWD, "/proc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		fd = open ("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = check_procfs (fd);
	if (r < 0) {
		close (fd);
		return r;
	}
	return fd;
}

static int
open_below (int handle, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned) flags | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	int fd = sys_openat2 (handle, path, &how, sizeof how);
	struct statfs sfs;

	if (fd != -ENOSYS)
		return fd;
	/* Linux < 5.6. "self" is a symlink, so only the last component is kept from being one. */
	fd = openat (handle, path, flags | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (fstatfs (fd, &sfs) == 0 && sfs.f_type == PROC_SUPER_MAGIC)
		return fd;
	close (fd);
	return -EXDEV;
}

int
procfs_open (const char *path, int flags)
{
	if (cached_handle < 0)
		cached_handle = open_handle (true);
	return cached_handle < 0 ? cached_handle : open_below (cached_handle, path, flags);
}

void
procfs_forget (void)
{
	if (cached_handle >= 0)
		close (cached_handle);
	cached_handle = -1;
}

static int
write_to (int fd, const char *text)
{
	size_t len = strlen (text);
	ssize_t n = write (fd, text, len);

	return n < 0 ? -errno : (size_t) n == len ? 0 : -EIO;
}

int
procfs_write (const char *path, const char *text)
{
	autofd fd = procfs_open (path, O_WRONLY);

	return fd < 0 ? fd : write_to (fd, text);
}

int
procfs_write_sys (const char *key, const char *text)
{
	autofd handle = open_handle (false);
	autofd sys = handle < 0 ? handle : open_below (handle, "sys", O_PATH | O_DIRECTORY);
	autofd fd = sys < 0 ? sys : open_below (sys, key, O_WRONLY);

	return fd < 0 ? fd : write_to (fd, text);
}

int
proc_starttime (pid_t pid, uint64_t *ret)
{
	char path[40], buf[1024], *p;
	ssize_t n;

	snprintf (path, sizeof path, "/proc/%d/stat", (int) pid);
	n = read_small_at (AT_FDCWD, path, buf, sizeof buf);
	if (n < 0)
		return (int) n;
	p = strrchr (buf, ')');		/* the name may contain anything */
	for (int field = 2; p && field < 22; field++)
		p = strchr (p + 1, ' ');
	if (!p)
		return -EINVAL;
	p++;
	p[strcspn (p, " ")] = '\0';
	return parse_u64 (p, ret);
}

bool
proc_in_userns (void)
{
	char buf[256];
	unsigned inside, outside, count;

	if (read_small_at (AT_FDCWD, "/proc/self/uid_map", buf, sizeof buf) < 0)
		return false;	/* no user namespaces in this kernel */
	return !(sscanf (buf, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 && outside == 0 && count == 4294967295u);
}
