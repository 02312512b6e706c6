/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "sys/clone.h"
#include "sys/syscalls.h"

struct clone_args_v2 { /* struct clone_args up to Linux 5.7 */
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

/* Linux < 5.3: flags and signal in one word; pidfd through the parent_tid argument (Linux 5.2),
 * else by pidfd_open. */
static int
clone_classic (const struct clone_request *req, int *pidfd)
{
	unsigned long flags = (unsigned long) req->flags | (unsigned long) req->exit_signal;
	long pid;

	if (req->cgroup_fd >= 0 ||
	    req->flags & CLONE_NEWTIME) /* NEWTIME's bit is part of clone's signal number */
		return -ENOSYS;
#if defined __s390x__
	pid = syscall (SYS_clone, 0, flags | (req->ret_pidfd ? CLONE_PIDFD : 0), pidfd, NULL, 0);
#else
	pid = syscall (SYS_clone, flags | (req->ret_pidfd ? CLONE_PIDFD : 0), 0, pidfd, NULL, 0);
#endif
	return pid < 0 ? -errno : (int) pid;
}

static long
clone3_once (const struct clone_request *req, struct clone_args_v2 *args)
{
	/* The size of the first version unless the cgroup is needed: Linux 5.3 to 5.6 know no more.
	 */
	return syscall (SYS_clone3, args, req->cgroup_fd >= 0 ? sizeof *args : 64);
}

int
sys_clone3_fork (struct clone_request *req)
{
	int pidfd = -1;
	struct clone_args_v2 args = {
		.flags = req->flags,
		.exit_signal = (uint64_t) req->exit_signal,
	};
	long pid;

	if (req->ret_pidfd) {
		args.flags |= CLONE_PIDFD;
		args.pidfd = (uint64_t) (uintptr_t) &pidfd;
	}
	if (req->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t) req->cgroup_fd;
	}
	pid = clone3_once (req, &args);
	if (pid < 0 && errno == ENOSYS)
		pid = clone_classic (req, &pidfd);
	else if (pid < 0)
		pid = errno == E2BIG ? -ENOSYS : -errno; /* Linux 5.3 to 5.6 know no cgroup */
	if (pid > 0 && req->ret_pidfd)
		*req->ret_pidfd = pidfd;
	return (int) pid;
}
