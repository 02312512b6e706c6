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

int
container_kill (const struct globals *g, const char *id, int signal, bool all, struct err *e)
{
	struct container c;
	struct cgroup cg;
	autofd pidfd = -1;
	enum container_status st;
	int r;

	TRY (container_open (g, id, false, &c, e));
	if (signal < 0)
		signal = c.st.stop_signal;
	container_cgroup (&c, &cg);
	st = container_status (&c, &pidfd);
	/* Without an own pid namespace init's death leaves the rest alive: SIGKILL then means all,
	 * as in runc. */
	if (all || (signal == SIGKILL && !c.st.own_pidns && c.st.cgroup_created)) {
		/* init itself first: it may be the only process when there is no cgroup */
		r = pidfd >= 0 ? sys_pidfd_send_signal (pidfd, signal) : 0;
		if (r == -ESRCH)
			r = 0;
		if (r == 0 && c.st.cgroup_created)
			return cgroup_kill (&cg, signal, e);
		if (r == 0 && (all || pidfd >= 0))
			return 0;
	} else {
		if (st == STATUS_STOPPED || pidfd < 0)
			return not_running (e);
		r = sys_pidfd_send_signal (pidfd, signal);
	}
	if (r == -ESRCH)
		return not_running (e);
	if (r < 0)
		return err_set (e, -r, "send signal %d to container '%s'", signal, id);
	thaw_after_kill (&c, &cg, signal);
	container_close (&c);
	return 0;
}
