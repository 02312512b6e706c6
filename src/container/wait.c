/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How init ended. Its status is for its parent, which we are not; but the kernel tells others as
 * well: of a zombie in /proc/PID/stat, and of a process that was reaped while we held its pidfd
 * (Linux 6.15).
 */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "container/container.h"
#include "sys/pidfd.h"
#include "sys/syscalls.h"

int
container_code_of (int status)
{
	return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

/*
 * Who may not ptrace a process is shown 0 in the place of its exit status. The link to its user
 * namespace asks for the same right; of a zombie it is the only one that still leads somewhere.
 */
static bool
may_see_status (pid_t pid)
{
	char path[40], target[40];

	snprintf (path, sizeof path, "/proc/%d/ns/user", (int) pid);
	return readlink (path, target, sizeof target) >= 0 ||
	       errno == ENOENT; /* a kernel without user namespaces: nobody knows */
}

/* Field 52 of a zombie's stat, if it is the zombie that is meant. */
static bool
zombie_status (const struct container *c, int pidfd, int *ret)
{
	uint64_t status;

	if (container_is_init (c, (pid_t) c->st.pid, pidfd) <= 0 ||
	    proc_stat_field ((pid_t) c->st.pid, 52, &status) < 0)
		return false;
	if (status == 0 && !may_see_status ((pid_t) c->st.pid))
		return false;
	/* Once more: the pid may have been given to another while we read. */
	if (sys_pidfd_send_signal (pidfd, 0) < 0)
		return false;
	*ret = (int) status;
	return true;
}

bool
container_exit_code (const struct container *c, int32_t *ret)
{
	autofd pidfd = -1;
	int status;

	if (c->st.exit_code.set) {
		*ret = c->st.exit_code.v;
		return true;
	}
	if (c->st.pid <= 0)
		return false;
	pidfd = pidfd_open ((pid_t) c->st.pid);
	if (pidfd < 0 || !pidfd_wait (pidfd, 0) || !zombie_status (c, pidfd, &status))
		return false;
	*ret = container_code_of (status);
	return true;
}

static int
wait_end (const struct container *c, int pidfd, int *ret_code, struct err *e)
{
	int status;

	(void) pidfd_wait (pidfd, -1);
	/* A zombie that is reaped between the first two questions is known to the second. */
	if (pidfd_exit_status (pidfd, &status) < 0 && !zombie_status (c, pidfd, &status) &&
	    pidfd_exit_status (pidfd, &status) < 0)
		return err_set (
			e, 0,
			"container '%s' has ended, but its exit status went to its parent alone",
			c->id);
	*ret_code = container_code_of (status);
	return 0;
}

/* For state, and for the next wait; not if it was deleted meanwhile. */
static void
keep_code (const struct globals *g, const char *id, int64_t pid, int code)
{
	struct container c;
	struct err ignored;

	if (container_open (g, id, true, &c, &ignored) < 0)
		return;
	if (c.st.pid == pid && !c.st.exit_code.set) {
		c.st.exit_code.set = true;
		c.st.exit_code.v = code;
		(void) container_save (&c, g->arena, &ignored);
	}
	container_close (&c);
}

int
container_wait (const struct globals *g, const char *id, int *ret_code, struct err *e)
{
	struct container c;
	autofd pidfd = -1;
	enum container_status st;
	int32_t known;

	TRY (container_open (g, id, false, &c, e));
	st = container_status (&c, &pidfd);
	if (st == STATUS_CREATING)
		return err_set (e, 0, "container '%s' is still being created", id);
	if (st == STATUS_STOPPED && container_exit_code (&c, &known))
		*ret_code = known;
	else if (st == STATUS_STOPPED)
		return err_set (e, 0, "container '%s' has ended, and nobody kept its exit status",
				id);
	else
		TRY (wait_end (&c, pidfd, ret_code, e));
	container_close (&c);
	keep_code (g, id, c.st.pid, *ret_code);
	return 0;
}
