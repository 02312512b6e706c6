/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and joining namespaces. Needs root; everything happens in children. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"
#include "ns/ns.h"
#include "plan/plan.h"
#include "sys/syscalls.h"
#include "tap.h"

#include "in_child.h"

static struct err e;

static int
open_one (uint64_t type, const char *path, uint64_t must_differ, struct ns_fds *ret)
{
	struct ns_join j = { type, path, "linux.namespaces[1].path" };
	const struct ns_plan plan = { .join = &j, .n_join = 1, .must_differ = must_differ };

	return ns_open_joins (&plan, ret, &e);
}

/* A child that is in new namespaces and waits; its pid. */
static pid_t
holder (int flags)
{
	int ready[2];
	char c;
	pid_t pid;

	if (pipe2 (ready, O_CLOEXEC) < 0)
		return -1;
	pid = fork ();
	if (pid == 0) {
		c = unshare (flags) == 0;
		if (write (ready[1], &c, 1) == 1)
			pause ();
		_exit (1);
	}
	if (read (ready[0], &c, 1) != 1 || !c)
		pid = -1;
	close (ready[0]);
	close (ready[1]);
	return pid;
}

static void
end (pid_t pid)
{
	kill (pid, SIGKILL);
	waitpid (pid, NULL, 0);
}

TEST (what_is_no_namespace)
{
	char dir[] = "/tmp/coracle-test-XXXXXX", fifo[64];
	struct ns_fds fds;

	FAILS_WITH (open_one (CLONE_NEWNET, "/nonexistent", 0, &fds), &e,
		    "linux.namespaces[1].path: open '/nonexistent'");
	EQ (e.num, ENOENT);
	FAILS_WITH (open_one (CLONE_NEWNET, "/etc/passwd", 0, &fds), &e,
		    "'/etc/passwd' is not a namespace");
	FAILS_WITH (open_one (CLONE_NEWNET, "/proc/self/ns/ipc", 0, &fds), &e,
		    "is a namespace of type ipc, not network");
	OK (mkdtemp (dir) != NULL);
	snprintf (fifo, sizeof fifo, "%s/fifo", dir);
	EQ (mkfifo (fifo, 0600), 0);
	FAILS_WITH (open_one (CLONE_NEWNET, fifo, 0, &fds), &e,
		    "is not a namespace"); /* and does not hang */
	unlink (fifo);
	rmdir (dir);
}

TEST (the_own_namespace_is_left_out)
{
	struct ns_fds fds;

	EQ (open_one (CLONE_NEWNET, "/proc/self/ns/net", 0, &fds), 0);
	EQ (fds.n, 0);
	EQ (open_one (CLONE_NEWPID, "/proc/self/ns/pid", 0, &fds), 0);
	EQ (fds.n, 0);
	EQ (open_one (CLONE_NEWUSER, "/proc/self/ns/user", 0, &fds), 0);
	EQ (fds.n, 0);
	FAILS_WITH (open_one (CLONE_NEWUTS, "/proc/self/ns/uts", CLONE_NEWUTS, &fds), &e,
		    "is the runtime's own uts namespace");
	EQ (open_one (CLONE_NEWUTS, "/proc/self/ns/uts", CLONE_NEWNET, &fds), 0);
}

static void
join_two (void)
{
	pid_t pid = holder (CLONE_NEWUTS | CLONE_NEWIPC);
	char uts[64], ipc[64];
	struct ns_join j[2] = { { CLONE_NEWUTS, uts, "u" }, { CLONE_NEWIPC, ipc, "i" } };
	const struct ns_plan plan = { .join = j, .n_join = 2 };
	struct stat own, joined;
	struct ns_fds fds;

	OK (pid > 0);
	snprintf (uts, sizeof uts, "/proc/%d/ns/uts", (int) pid);
	snprintf (ipc, sizeof ipc, "/proc/%d/ns/ipc", (int) pid);
	EQ (ns_open_joins (&plan, &fds, &e), 0);
	EQ (fds.n, 2);
	EQ (fcntl (fds.v[0].fd, F_GETFD), FD_CLOEXEC);
	EQ (ns_join (&fds, CLONE_NEWIPC, false, &e), 0);
	OK (fds.v[1].joined && !fds.v[0].joined);
	stat (uts, &joined);
	stat ("/proc/self/ns/uts", &own);
	OK (own.st_ino != joined.st_ino);
	EQ (ns_join (&fds, ~0ull, false, &e), 0);
	stat ("/proc/self/ns/uts", &own);
	EQ (own.st_ino, joined.st_ino);
	end (pid);
}

TEST (join)
{
	if (geteuid () != 0)
		SKIP ("needs root");
	in_child (join_two);
}

/* From inside a new user namespace the host's cannot be joined: EPERM is an error, or left for
 * later. */
static void
join_without_right (void)
{
	pid_t pid = holder (CLONE_NEWUTS);
	char uts[64];
	struct ns_fds fds;

	snprintf (uts, sizeof uts, "/proc/%d/ns/uts", (int) pid);
	EQ (open_one (CLONE_NEWUTS, uts, 0, &fds), 0);
	EQ (unshare (CLONE_NEWUSER), 0);
	EQ (ns_join (&fds, CLONE_NEWUTS, true, &e), 0);
	OK (!fds.v[0].joined);
	FAILS_WITH (ns_join (&fds, CLONE_NEWUTS, false, &e), &e, "join the uts namespace");
	EQ (e.num, EPERM);
	end (pid);
}

TEST (join_is_tried)
{
	if (geteuid () != 0)
		SKIP ("needs root");
	in_child (join_without_right);
}

static void
names (void)
{
	const struct ns_plan plan = { .hostname = "a-host", .domainname = "a.domain" };
	char host[65], domain[65];

	EQ (unshare (CLONE_NEWUTS), 0);
	EQ (ns_set_names (&plan, &e), 0);
	EQ (gethostname (host, sizeof host), 0);
	STREQ (host, "a-host");
	EQ (getdomainname (domain, sizeof domain), 0);
	STREQ (domain, "a.domain");
}

TEST (set_names)
{
	if (geteuid () != 0)
		SKIP ("needs root");
	in_child (names);
}

static void
offsets (void)
{
	const struct ns_plan plan = { .offsets = { { CLOCK_MONOTONIC, 1000000, 5 },
						   { CLOCK_BOOTTIME, -1, 0 } },
				      .n_offsets = 2 };
	struct timespec before, after;
	int status, fd = -1;

	EQ (timens_open_offsets (&plan, &fd, &e), 0);
	if (unshare (CLONE_NEWTIME) < 0)
		_exit (0); /* Linux < 5.6 */
	clock_gettime (CLOCK_MONOTONIC, &before);
	EQ (timens_write_offsets (&plan, fd, &e), 0);
	fflush (stdout);
	if (fork () == 0) {
		clock_gettime (CLOCK_MONOTONIC, &after);
		_exit (after.tv_sec - before.tv_sec >= 1000000 ? 0 : 1);
	}
	wait (&status);
	EQ (status, 0);
}

TEST (time_offsets)
{
	if (geteuid () != 0)
		SKIP ("needs root");
	in_child (offsets);
}
