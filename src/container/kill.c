/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>

#include "base/err.h"
#include "base/mem.h"
#include "container/container.h"
#include "plan/host.h"
#include "sys/syscalls.h"

/* The words that engines know: containerd "container not running", CRI-O and podman "no such
 * process". */
static int
not_running (struct err *e)
{
	return err_set (e, ESRCH, "container not running");
}

/* A frozen v1 process does not even die before it is thawed. */
static void
thaw_after_kill (const struct container *c, const struct cgroup *cg, int signal)
{
	struct err ignored;

	if (signal == SIGKILL && c->st.cgroup_mode != CGROUP_V2 && cgroup_is_frozen (cg) == 1)
		(void) cgroup_freeze (cg, false, &ignored);
}

/* Every process once. `all` is content with nobody; a plain SIGKILL is not. */
static int
signal_everybody (const struct globals *g, const struct container *c, int pidfd, int signal,
		  bool all, struct err *e)
{
	struct cgroup cg;
	size_t n = 0;
	pid_t *pids;
	int r = 0;

	container_cgroup (c, &cg);
	if (c->st.cgroup_created) {
		TRY (cgroup_pids (g->arena, &cg, &pids, &n, e));
		if (n > 0)
			return cgroup_kill (&cg, signal, e);
	}
	/* No cgroup of ours: init is all that we know. */
	if (pidfd >= 0)
		r = sys_pidfd_send_signal (pidfd, signal);
	if ((pidfd < 0 || r == -ESRCH) && !all)
		return not_running (e);
	return r < 0 && r != -ESRCH
		       ? err_set (e, -r, "send signal %d to container '%s'", signal, c->id)
		       : 0;
}

static int
signal_init (const struct container *c, int pidfd, int signal, struct err *e)
{
	struct cgroup cg;
	int r = pidfd < 0 ? -ESRCH : sys_pidfd_send_signal (pidfd, signal);

	if (r == -ESRCH)
		return not_running (e);
	if (r < 0)
		return err_set (e, -r, "send signal %d to container '%s'", signal, c->id);
	container_cgroup (c, &cg);
	thaw_after_kill (c, &cg, signal);
	return 0;
}

int
container_kill (const struct globals *g, const char *id, int signal, bool all, struct err *e)
{
	struct container c;
	autofd pidfd = -1;
	int r;

	TRY (container_open (g, id, false, &c, e));
	if (signal < 0)
		signal = c.st.stop_signal;
	(void) container_status (&c, &pidfd);
	/* Without an own pid namespace init's death leaves the rest alive: SIGKILL then means all,
	 * as in runc. */
	if (all || (signal == SIGKILL && !c.st.own_pidns && c.st.cgroup_created))
		r = signal_everybody (g, &c, pidfd, signal, all, e);
	else
		r = signal_init (&c, pidfd, signal, e);
	container_close (&c);
	return r;
}
