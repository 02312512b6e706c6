/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clone3 used like fork, with and without the system call; pidfds. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/clone.h"
#include "sys/pidfd.h"
#include "sys/syscalls.h"
#include "refuse_call.h"
#include "tap.h"

/* The structures are what the kernel reads. */
_Static_assert(sizeof (struct sys_statx) == 256, "struct statx");
_Static_assert(offsetof (struct sys_statx, stx_mnt_id) == 144, "struct statx");
_Static_assert(sizeof (struct sys_mount_attr) == 32, "struct mount_attr");
_Static_assert(sizeof (struct open_how) == 24, "struct open_how");
_Static_assert(sizeof (struct sys_sched_attr) == 48, "struct sched_attr");

static int
apart (int (*body) (void))
{
	int status = 0;
	pid_t pid;

	fflush (stdout);
	pid = fork ();
	if (pid == 0) {
		alarm (10);
		_exit (body ());
	}
	waitpid (pid, &status, 0);
	return WIFEXITED (status) ? WEXITSTATUS (status) : 1000 + WTERMSIG (status);
}

static int
like_fork (void)
{
	autofd pidfd = -1;
	struct clone_request req = { .exit_signal = SIGCHLD, .cgroup_fd = -1, .ret_pidfd = &pidfd };
	int local = 5, pid, status;

	pid = sys_clone3_fork (&req);
	if (pid == 0) {
		local = 7; /* a copy */
		_exit (local);
	}
	if (pid < 0 || pidfd < 0 || !(fcntl (pidfd, F_GETFD) & FD_CLOEXEC))
		return 1;
	if (pidfd_wait (pidfd, 5000) != 1)
		return 2;
	if (waitpid (pid, &status, 0) != pid || !WIFEXITED (status) || WEXITSTATUS (status) != 7 ||
	    local != 5)
		return 3;
	return 0;
}

static int
like_fork_classic (void)
{
	refuse_call (SYS_clone3, ENOSYS);
	return like_fork ();
}

TEST (clone3_is_like_fork)
{
	EQ (apart (like_fork), 0);
	EQ (apart (like_fork_classic), 0);
}

static int
namespaces (void)
{
	struct clone_request req = { .flags = CLONE_NEWPID | CLONE_NEWUTS,
				     .exit_signal = SIGCHLD,
				     .cgroup_fd = -1 };
	int pid = sys_clone3_fork (&req), status;

	if (pid == 0)
		_exit (syscall (SYS_getpid) == 1 ? 0 : 9);
	return pid > 0 && waitpid (pid, &status, 0) == pid ? WEXITSTATUS (status) : 1;
}

static int
namespaces_classic (void)
{
	refuse_call (SYS_clone3, ENOSYS);
	return namespaces ();
}

TEST (clone3_makes_namespaces)
{
	if (geteuid () != 0)
		SKIP ("needs root");
	EQ (apart (namespaces), 0);
	EQ (apart (namespaces_classic), 0);
}

static int
parent_flag (void)
{
	struct clone_request req = { .flags = CLONE_PARENT, .exit_signal = 0, .cgroup_fd = -1 };
	pid_t middle = fork ();
	int status;

	if (middle == 0) {
		int pid = sys_clone3_fork (&req);

		_exit (pid == 0	 ? 42
		       : pid < 0 ? 1
				 : 0); /* the grandchild is a child of the first process */
	}
	if (waitpid (middle, &status, 0) != middle || status != 0)
		return 1;
	while (waitpid (-1, &status, 0) > 0)
		if (WIFEXITED (status) && WEXITSTATUS (status) == 42)
			return 0;
	return 2;
}

TEST (clone_parent)
{
	EQ (apart (parent_flag), 0);
}

static int
errors (void)
{
	autofd null = open ("/dev/null", O_RDONLY);
	struct clone_request req = { .exit_signal = SIGCHLD, .cgroup_fd = null };
	int r = sys_clone3_fork (&req);

	if (r == 0)
		_exit (0);
	if (r != -EBADF && r != -EINVAL && r != -ENOSYS) /* not a cgroup */
		return 1;
	refuse_call (SYS_clone3, ENOSYS);
	r = sys_clone3_fork (&req);
	if (r == 0)
		_exit (0);
	return r == -ENOSYS ? 0 : 2; /* never silently outside of the cgroup */
}

static int
old_cgroup (void)
{
	struct clone_request req = { .exit_signal = SIGCHLD, .cgroup_fd = 0 };

	refuse_call (SYS_clone3, E2BIG);
	return sys_clone3_fork (&req) == -ENOSYS ? 0 : 1;
}

TEST (a_cgroup_is_never_forgotten)
{
	EQ (apart (errors), 0);
	EQ (apart (old_cgroup), 0);
}

static int64_t
milliseconds (void)
{
	struct timespec ts;

	clock_gettime (CLOCK_MONOTONIC, &ts);
	return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

TEST (pidfds)
{
	pid_t pid = fork (), other;
	int64_t start;
	uint64_t inode = 0, another = 0;
	int r;

	if (pid == 0) {
		pause ();
		_exit (0);
	}
	autofd fd = sys_pidfd_open (pid, 0);
	autofd again = sys_pidfd_open (pid, 0);
	OK (fd >= 0 && again >= 0);
	r = pidfd_inode (fd, &inode);
	EQ (pidfd_inode (again, &another), r);
	EQ (another, inode);
	start = milliseconds ();
	EQ (pidfd_wait (fd, 50), 0);
	OK (milliseconds () - start >= 50);
	EQ (sys_pidfd_send_signal (fd, 0), 0);
	EQ (sys_pidfd_send_signal (fd, SIGKILL), 0);
	EQ (pidfd_wait (fd, 5000), 1);
	EQ (waitpid (pid, NULL, 0), pid);
	EQ (sys_pidfd_send_signal (fd, 0), -ESRCH);
	EQ (pidfd_wait (fd, 0), 1);
	EQ (sys_pidfd_open (pid, 0), -ESRCH);
	if (r == -EOPNOTSUPP)
		SKIP ("no pidfs (Linux < 6.9)");
	other = fork ();
	if (other == 0)
		_exit (0);
	autofd third = sys_pidfd_open (other, 0);
	EQ (pidfd_inode (third, &another), 0);
	OK (another != inode);
	waitpid (other, NULL, 0);
}

TEST (inode_of_something_else)
{
	autofd fd = open ("/dev/null", O_RDONLY);
	uint64_t inode;

	EQ (pidfd_inode (fd, &inode), -EOPNOTSUPP);
	EQ (pidfd_inode (-1, &inode), -EBADF);
}

static int
pidfds_by_proc (void)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int ends[2], fd;
	pid_t pid = fork ();

	if (pid == 0)
		for (;;)
			pause ();
	refuse_call (SYS_pidfd_open, ENOSYS);
	fd = pidfd_open (pid);
	if (!pidfd_open_is_missing () || fd < 0 || pipe (ends) < 0)
		return 1;
	p[0].fd = fd;
	p[1].fd = ends[0];
	if (pidfd_wait (fd, 0) || pidfd_wait (fd, 25) || pidfd_poll (p, 2, 0) != 0)
		return 2;
	if (write (ends[1], "x", 1) != 1 || pidfd_poll (p, 2, -1) != 1 || p[0].revents ||
	    !p[1].revents || p[0].fd != fd)
		return 3;
	if (sys_pidfd_send_signal (fd, SIGKILL) < 0 || !pidfd_wait (fd, -1)) /* a zombie */
		return 4;
	if (pidfd_poll (p, 2, -1) != 2 || !p[0].revents || waitpid (pid, NULL, 0) != pid)
		return 5;
	if (!pidfd_wait (fd, 0) || sys_pidfd_send_signal (fd, 0) != -ESRCH ||
	    pidfd_open (pid) != -ESRCH)
		return 6;
	return 0;
}

TEST (without_pidfd_open_a_process_is_its_directory_in_proc)
{
	EQ (apart (pidfds_by_proc), 0);
}
