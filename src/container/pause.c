/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/stat.h>

#include "base/err.h"
#include "container/container.h"

/* The words are runc's; engines look for them. */
static int
check (const struct container *c, bool freeze, struct err *e)
{
	enum container_status st = container_status (c, NULL);

	if (st == STATUS_STOPPED)
		return err_set (e, ESRCH, "container not running");
	if (st == STATUS_CREATING)
		return err_set (e, 0, "container '%s' is still being created", c->id);
	if (freeze && st == STATUS_PAUSED)
		return err_set (e, 0, "container paused");
	if (!freeze && st != STATUS_PAUSED)
		return err_set (e, 0, "container not paused");
	if (!c->st.cgroup_created) /* others may be in it */
		return err_set (e, 0,
				"container '%s' has no cgroup of its own: it cannot be paused",
				c->id);
	return 0;
}

static int
change (const struct globals *g, const char *id, bool freeze, struct err *e)
{
	struct container c;
	struct cgroup cg;
	int r;

	TRY (container_open (g, id, true, &c, e));
	r = check (&c, freeze, e);
	if (r == 0) {
		container_cgroup (&c, &cg);
		r = cgroup_freeze (&cg, freeze, e);
		(void) futimens (c.dir_fd, NULL); /* for events: v1 tells nobody */
	}
	container_close (&c);
	return r;
}

int
container_pause (const struct globals *g, const char *id, struct err *e)
{
	return change (g, id, true, e);
}

int
container_resume (const struct globals *g, const char *id, struct err *e)
{
	return change (g, id, false, e);
}
