/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Namespaces that clone3 does not make: those that init does, and a network namespace, made while
 * init mounts.
 *
 * To make that one takes the kernel as long as all the mounts of a container together (365 to 650
 * us), and neither needs the other until sysfs is mounted. So the runtime makes it once it has told
 * init to go on, and comes back into its own. (A thread that began before the clone was tried: no
 * sooner, and a tenth more of processor time.)
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/mem.h"
#include "container/launch.h"
#include "net/net.h"

#define OWN_NETNS "/proc/self/ns/net"

/*
 * What init makes itself. The cgroup namespace can only be made after the cgroup was entered, and
 * clone3 does it the other way round: the runtime's would become the root. Of the others those that
 * need not be made with the process; the runtime has that of the network to do meanwhile. What
 * belongs to a new user namespace is made with it.
 */
uint64_t
launch_unshares (const struct launch *l)
{
	const struct ns_plan *ns = &l->plan.ns;
	uint64_t others = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;

	if (ns->needs_stage || ns->create & CLONE_NEWUSER)
		others = 0;
	return ns->create & (CLONE_NEWCGROUP | others);
}

bool
launch_makes_netns (const struct launch *l)
{
	const struct ns_plan *ns = &l->plan.ns;

	/* That of a new user namespace belongs to it, and is made inside. */
	return ns->create & CLONE_NEWNET && !(ns->create & CLONE_NEWUSER) && !ns->needs_stage &&
	       l->host.privileged && !l->maker;
}

static int
make (struct launch *l, struct err *e)
{
	autofd ns = -1;

	if (unshare (CLONE_NEWNET) < 0)
		return err_set (e, errno, "make the network namespace");
	ns = open (OWN_NETNS, O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		return err_set (e, errno, "open the new network namespace");
	TRY (chan_send_fd (&l->chan, MSG_NETNS, 0, NULL, ns, e));
	return l->plan.loopback ? loopback_up (e) : 0; /* while init goes on */
}

int
launch_give_netns (struct launch *l, struct err *e)
{
	autofd own = open (OWN_NETNS, O_RDONLY | O_CLOEXEC);
	int r;

	if (own < 0)
		return err_set (e, errno, "open " OWN_NETNS);
	r = make (l, e);
	if (setns (own, CLONE_NEWNET) < 0)
		return err_set (e, errno, "return to the runtime's network namespace");
	return r;
}
