/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In the place of the other systemd files with `make WITH_SYSTEMD=no`. */
#include "base/err.h"
#include "cgroup/internal.h"

static int
is_missing (struct err *e)
{
	return err_set (e, 0,
			"this coracle was built without systemd; use --cgroup-manager=cgroupfs");
}

int
systemd_create_scope (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan, pid_t pid,
		      struct err *e)
{
	return is_missing (e);
}

int
systemd_update_scope (struct arena *a, const struct cgroup *cg, const struct cgroup_plan *plan,
		      struct err *e)
{
	return is_missing (e);
}

int
systemd_attach (struct arena *a, const struct cgroup *cg, pid_t pid, struct err *e)
{
	return is_missing (e);
}

/* A container of another build: its cgroup is removed, which ends the scope as well. */
int
systemd_stop_scope (const struct cgroup *cg, struct err *e)
{
	return 0;
}

void
systemd_stop_empty (const struct cgroup *cg)
{
}
