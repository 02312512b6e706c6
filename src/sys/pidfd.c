/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/io.h"
#include "sys/pidfd.h"
#include "sys/syscalls.h"

#define PIDFS_MAGIC 0x50494446
#define ASK_MS	    10

/* ---- Linux < 5.3 */

static bool by_proc; /* some pidfd is /proc/PID */

static bool
is_missing (int ret)
{
	return ret == -ENOSYS || ret == -EPERM;
}

bool
pidfd_open_is_missing (void)
{
	static bool there; /* list asks once for all of its containers */

	there = there || !is_missing (sys_pidfd_open (0, 0)); /* EINVAL */
	return !there;
}

int
pidfd_open (pid_t pid)
{
	int fd = sys_pidfd_open (pid, 0);
	char path[24];

	if (!is_missing (fd))
		return fd;
	by_proc = true;
	(void) snprintf (path, sizeof path, "/proc/%d", (int) pid);
	fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : errno == ENOENT ? -ESRCH : -errno;
}

static bool
is_proc (int fd)
{
	struct statfs sfs;

	return fd >= 0 && fstatfs (fd, &sfs) == 0 && sfs.f_type == PROC_SUPER_MAGIC;
}

/* As a pidfd says it: a zombie has ended, but not the first thread before the others. */
static bool
has_ended (int proc)
{
	char text[1024], *p;

	if (read_small_at (proc, "stat", text, sizeof text) < 0)
		return true;
	p = strrchr (text, ')'); /* the name may contain anything */
	if (!p || (p[2] != 'Z' && p[2] != 'X'))
		return false;
	for (int field = 2; p && field < 20; field++)
		p = strchr (p + 1, ' ');
	return !p || p[1] == '0' || (p[1] == '1' && p[2] == ' ');
}

/* There is no event for it. */
static int
ask (struct pollfd *p, unsigned n, const bool *proc, int timeout_ms)
{
	int r = 0;

	for (int left = timeout_ms; r == 0;) {
		int step = left < 0 || left > ASK_MS ? ASK_MS : left;

		for (unsigned i = 0; i < n; i++)
			p[i].fd = proc[i] ? ~p[i].fd : p[i].fd; /* negative: not looked at */
		r = poll (p, n, step);
		for (unsigned i = 0; i < n; i++) {
			if (!proc[i])
				continue;
			p[i].fd = ~p[i].fd;
			p[i].revents = has_ended (p[i].fd) ? POLLIN : 0;
			r += r >= 0 && p[i].revents;
		}
		if (left >= 0 && (left -= step) == 0)
			break;
	}
	return r;
}

int
pidfd_poll (struct pollfd *p, unsigned n, int timeout_ms)
{
	bool proc[4] = { false }, any = false;

	for (unsigned i = 0; by_proc && i < n && i < 4; i++)
		any |= proc[i] = is_proc (p[i].fd);
	return any ? ask (p, n, proc, timeout_ms) : poll (p, n, timeout_ms);
}

/* ---- */

int
pidfd_inode (int pidfd, uint64_t *ret)
{
	struct statfs sfs;
	struct stat st;

	if (fstatfs (pidfd, &sfs) < 0)
		return -errno;
	if (sfs.f_type != PIDFS_MAGIC) /* before pidfs all pidfds shared one anonymous inode */
		return -EOPNOTSUPP;
	if (fstat (pidfd, &st) < 0)
		return -errno;
	*ret = st.st_ino;
	return 0;
}

struct sys_pidfd_info { /* struct pidfd_info, as it was in Linux 6.13 */
	uint64_t mask, cgroup_id;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};
#define SYS_PIDFD_GET_INFO  _IOWR (0xff, 11, struct sys_pidfd_info)
#define SYS_PIDFD_INFO_EXIT 8

int
pidfd_exit_status (int pidfd, int *ret)
{
	struct sys_pidfd_info info = { .mask = SYS_PIDFD_INFO_EXIT };

	if (ioctl (pidfd, SYS_PIDFD_GET_INFO, &info) < 0)
		return -errno;
	if (!(info.mask & SYS_PIDFD_INFO_EXIT))
		return -EAGAIN;
	*ret = info.exit_code;
	return 0;
}

int
pidfd_wait (int pidfd, int timeout_ms)
{
	struct pollfd p = { pidfd, POLLIN, 0 };
	int r;

	do
		r = pidfd_poll (&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	return r > 0;
}
