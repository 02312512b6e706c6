/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>
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
	unsigned long flags = (unsigned long) (req->flags & ~CLONE_CLEAR_SIGHAND) |
			      (unsigned long) req->exit_signal;
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

/* Linux < 5.5: in the child. */
static void
clear_handlers (void)
{
	struct sigaction now;

	for (int sig = 1; sig <= 64; sig++)
		if (sigaction (sig, NULL, &now) == 0 && now.sa_handler != SIG_DFL &&
		    now.sa_handler != SIG_IGN)
			(void) signal (sig, SIG_DFL);
}

static long
clone3 (struct clone_args_v2 *args, size_t size)
{
	long pid = syscall (SYS_clone3, args, size);

	if (pid >= 0 || errno != EINVAL || !(args->flags & CLONE_CLEAR_SIGHAND))
		return pid;
	args->flags &= ~CLONE_CLEAR_SIGHAND;
	pid = syscall (SYS_clone3, args, size);
	if (pid == 0)
		clear_handlers ();
	return pid;
}

int
sys_clone3_fork (const struct clone_request *req)
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
	/* The size of the first version unless the cgroup is needed: Linux 5.3 to 5.6 know no more.
	 */
	pid = clone3 (&args, req->cgroup_fd >= 0 ? sizeof args : 64);
	if (pid < 0 && errno == ENOSYS) {
		pid = clone_classic (req, &pidfd);
		if (pid == 0 && req->flags & CLONE_CLEAR_SIGHAND)
			clear_handlers ();
	} else if (pid < 0)
		pid = errno == E2BIG ? -ENOSYS : -errno; /* Linux 5.3 to 5.6 know no cgroup */
	if (pid > 0 && req->ret_pidfd)
		*req->ret_pidfd = pidfd;
	return (int) pid;
}
