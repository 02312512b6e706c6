/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
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
#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

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
	return sys_fsmount (fs, FSMOUNT_CLOEXEC,
			    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
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

/*
 * Without openat2 (Linux < 5.6, or a seccomp profile that knows no better): the file must be on a
 * procfs, and where the kernel tells (5.8), on the mount of the handle. "self" is a symlink, so
 * only the last component is kept from being one.
 */
static int
open_below_classic (int handle, const char *path, int flags)
{
	autofd fd = openat (handle, path, flags | O_CLOEXEC | O_NOFOLLOW);
	struct sys_statx root, file;
	struct statfs sfs;

	if (fd < 0)
		return -errno;
	if (fstatfs (fd, &sfs) < 0 || sfs.f_type != PROC_SUPER_MAGIC)
		return -EXDEV;
	if (sys_statx (handle, "", AT_EMPTY_PATH, STATX_MNT_ID, &root) == 0 &&
	    sys_statx (fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &file) == 0 &&
	    root.stx_mask & STATX_MNT_ID && root.stx_mnt_id != file.stx_mnt_id)
		return -EXDEV;
	return take_fd (&fd);
}

static int
open_below (int handle, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned) flags | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	int fd = sys_openat2 (handle, path, &how, sizeof how);

	return fd == -ENOSYS || fd == -EPERM ? open_below_classic (handle, path, flags) : fd;
}

int
procfs_open (const char *path, int flags)
{
	if (cached_handle < 0)
		cached_handle = open_handle (true);
	return cached_handle < 0 ? cached_handle : open_below (cached_handle, path, flags);
}

int
procfs_open_ns (const char *path)
{
	const char *name = strrchr (path, '/');
	struct statfs sfs;
	char dir[64];
	autofd parent = -1, fd = -1;

	if (!name || name - path >= (ptrdiff_t) sizeof dir)
		return -EINVAL;
	memcpy (dir, path, (size_t) (name - path));
	dir[name - path] = '\0';
	parent = procfs_open (dir, O_PATH | O_DIRECTORY);
	if (parent < 0)
		return parent;
	fd = openat (parent, name + 1, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatfs (fd, &sfs) < 0 || sfs.f_type != NSFS_MAGIC)
		return -EXDEV;
	return take_fd (&fd);
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
	autofd own = open_handle (false);
	/* Linux < 5.2, and an image without a proc: the handle is of a time when there was one.
	 * What a sysctl is of is asked of who opens it, not of the procfs. */
	int handle = own < 0 && cached_handle >= 0 ? cached_handle : own;
	autofd sys = handle < 0 ? handle : open_below (handle, "sys", O_PATH | O_DIRECTORY);
	autofd fd = sys < 0 ? sys : open_below (sys, key, O_WRONLY);

	return fd < 0 ? fd : write_to (fd, text);
}

int
proc_stat_field (pid_t pid, int number, uint64_t *ret)
{
	char path[40], buf[1024], *p;
	ssize_t n;

	snprintf (path, sizeof path, "/proc/%d/stat", (int) pid);
	n = read_small_at (AT_FDCWD, path, buf, sizeof buf);
	if (n < 0)
		return (int) n;
	p = strrchr (buf, ')'); /* the name may contain anything */
	for (int field = 2; p && field < number; field++)
		p = strchr (p + 1, ' ');
	if (!p)
		return -EINVAL;
	p++;
	p[strcspn (p, " ")] = '\0';
	return parse_u64 (p, ret);
}

int
proc_starttime (pid_t pid, uint64_t *ret)
{
	return proc_stat_field (pid, 22, ret);
}

int
proc_self_audit (const char *file, uint32_t *ret)
{
	char path[40], buf[16];
	uint64_t id;
	ssize_t n;

	snprintf (path, sizeof path, "/proc/self/%s", file);
	n = read_small_at (AT_FDCWD, path, buf, sizeof buf);
	if (n < 0)
		return (int) n;
	buf[strcspn (buf, "\n")] = '\0';
	n = parse_u64 (buf, &id);
	if (n < 0 || id > UINT32_MAX)
		return -EINVAL;
	*ret = (uint32_t) id;
	return 0;
}

uint64_t
proc_ignored_signals (void)
{
	char buf[4096];
	const char *line;
	uint64_t mask = ~0ull;
	ssize_t n = read_small_at (AT_FDCWD, "/proc/self/status", buf, sizeof buf);

	line = n < 0 ? NULL : strstr (buf, "\nSigIgn:");
	if (line)
		mask = strtoull (line + strlen ("\nSigIgn:"), NULL, 16);
	return mask;
}

/* The kernel's PROC_USER_INIT_INO, since Linux 3.8. */
#define INITIAL_USERNS 0xeffffffdu

bool
proc_in_userns (void)
{
	struct stat st;

	if (stat ("/proc/self/ns/user", &st) < 0)
		return false; /* no user namespaces in this kernel */
	return st.st_ino != INITIAL_USERNS;
}
