/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "sys/pidfd.h"

#define PIDFS_MAGIC 0x50494446

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
		r = poll (&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	return r > 0;
}
