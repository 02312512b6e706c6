/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stage: a short-lived process that puts itself into the right user, pid and time namespaces
 * and then clones init from there. Needed only when one of these steps must come between two others
 * (plan.h, struct ns_plan).
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "cgroup/cgroup.h"
#include "init/init.h"
#include "plan/plan.h"
#include "sys/clone.h"
#include "sys/syscalls.h"

/* The namespaces that clone3 makes for init; user is made before, time needs unshare, cgroup must
 * wait for the cgroup. */
#define NOT_BY_CLONE (CLONE_NEWUSER | CLONE_NEWTIME | CLONE_NEWCGROUP)

static int
make_user_namespace (struct init *in, struct err *e)
{
	if (unshare (CLONE_NEWUSER) < 0)
		return err_set (e, errno, "unshare the user namespace");
	TRY (chan_call (&in->chan, MSG_NEED_IDMAP, 0, e));
	return userns_become_root (&in->plan->userns, e);
}

static int
make_time_namespace (struct init *in, int offsets_fd, struct err *e)
{
	if (unshare (CLONE_NEWTIME) < 0)
		return err_set (e, errno, "unshare the time namespace");
	return timens_write_offsets (&in->plan->ns, offsets_fd, e);
}

/* Who is in the namespaces that we join, and may trace processes there, must not see what we bring
 * along: the host's root directory, files of the runtime (CVE-2016-9962). */
static int
enter_user_namespace (struct init *in, struct err *e)
{
	const struct ns_plan *ns = &in->plan->ns;

	if (ns->create & CLONE_NEWUSER) {
		/* What belongs to the host can only be joined from here, what belongs to the new
		 * one only from there. */
		STEP ("join namespaces", ns_join (&in->joins, ~(uint64_t) CLONE_NEWNS, true, e));
		STEP ("make the user namespace", make_user_namespace (in, e));
		STEP ("hide from others", enter_hide (e)); /* the maps are written */
		return 0;
	}
	STEP ("hide from others", enter_hide (e));
	/* Here it is allowed, if anywhere: in there setgroups may be denied, and the caller's
	 * groups must not come along (CVE-2022-2989). */
	if (!in->plan->process.keep_groups)
		(void) sys_setgroups (0, NULL);
	STEP ("join the user namespace", ns_join (&in->joins, CLONE_NEWUSER, false, e));
	if (ns->own & CLONE_NEWUSER)
		STEP ("become root", userns_become_root (&in->plan->userns, e));
	return 0;
}

static int
stage_run (struct init *in, struct err *e)
{
	const struct ns_plan *ns = &in->plan->ns;
	struct clone_request req = {
		.flags = (ns->create & ~NOT_BY_CLONE) |
			 CLONE_PARENT, /* init is the runtime's child, in both shapes */
		.cgroup_fd = -1,
	};
	autofd pidfd = -1, offsets = -1;
	int pid;

	STEP ("wait for the runtime", chan_expect (&in->chan, MSG_GO, NULL, e));
	STEP ("enter the cgroup", cgroup_enter_self (in->cgroup, e));
	if (ns->create & CLONE_NEWTIME)
		STEP ("time namespace", timens_open_offsets (ns, &offsets, e));
	TRY (enter_user_namespace (in, e));
	STEP ("join the pid namespace",
	      ns_join (&in->joins, CLONE_NEWPID, false, e)); /* takes effect for init */
	if (ns->create & CLONE_NEWTIME)
		STEP ("make the time namespace", make_time_namespace (in, offsets, e));
	if (offsets >= 0)
		close (take_fd (&offsets));
	req.ret_pidfd = &pidfd;
	pid = sys_clone3_fork (&req);
	if (pid < 0)
		return err_set (e, -pid, "clone init");
	if (pid == 0)
		init_main (in);
	return chan_send_fd (&in->chan, MSG_INIT_PID, pid, NULL, pidfd, e);
}

_Noreturn void
stage_main (struct init *in)
{
	if (stage_run (in, in->err) == 0)
		_exit (0);
	chan_send_error (&in->chan, in->err);
	_exit (1);
}
