/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "sys/pidfd.h"

#define PIDFS_MAGIC 0x50494446

uint64_t
pidfd_inode (int pidfd)
{
	struct statfs sfs;
	struct stat st;

	/* Before pidfs all pidfds shared one anonymous inode. */
	if (fstatfs (pidfd, &sfs) < 0 || sfs.f_type != PIDFS_MAGIC || fstat (pidfd, &st) < 0)
		return 0;
	return st.st_ino;
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
