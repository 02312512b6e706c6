/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * linux.cgroupsPath, and the path that a state file says: whatever is in them, it is either refused
 * or stays below /sys/fs/cgroup. The first byte of the input chooses the manager and the host.
 */
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/oci_linux.h"
#include "libocispec/report.h"
#include "plan/host.h"
#include "plan/plan.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
check_path (const char *path)
{
	if (!path || *path != '/' || path_has_dotdot (path) || strchr (path, '\n'))
		abort ();
}

static void
check_scope (const char *scope)
{
	if (!scope || !*scope || strchr (scope, '/') || strchr (scope, '\n'))
		abort ();
}

/* A state file is ours, and yet: what it names must not make delete kill in the root. */
static void
check_state (const char *path)
{
	struct cgroup cg = {
		.manager = CGROUP_MANAGER_CGROUPFS,
		.mode = CGROUP_V2,
		.path = path,
		.created = true,
		.made = ":3",
	};

	cgroup_from_state (&cg);
	if ((cg.created || cg.made) && (*path != '/' || !path[1] || path_has_dotdot (path)))
		abort ();
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	unsigned first = size ? *data : 0;
	struct oci_linux lnx = {
		.cgroups_path = size ? arena_strndup (&a, (const char *) data + 1, size - 1) : NULL
	};
	struct oci_config spec = { .lnx = &lnx };
	const struct host host = { .privileged = !(first & 4),
				   .euid = first & 4 ? 1000 : 0,
				   .cgroup_mode = (enum cgroup_mode) (first >> 4 & 3),
				   .cgroup_own = "/user.slice/a.scope",
				   .bundle = "/bundle",
				   .container_id = "fuzz" };
	const struct plan_options options = { .cgroup_manager = (enum cgroup_manager) (first % 3) };
	struct plan plan = { .spec = &spec, .container_id = "fuzz" };
	struct oci_report report;
	struct planner p = { .arena = &a,
			     .spec = &spec,
			     .host = &host,
			     .opt = &options,
			     .report = &report,
			     .plan = &plan };

	oci_report_init (&report, &a, "fuzz", NULL, 0);
	plan_cgroup (&p);
	if (*oci_report_text (&report) == '\0') {
		if (plan.cgroup.manager == CGROUP_MANAGER_CGROUPFS)
			check_path (plan.cgroup.path);
		if (plan.cgroup.manager == CGROUP_MANAGER_SYSTEMD)
			check_scope (plan.cgroup.scope);
	}
	if (lnx.cgroups_path)
		check_state (lnx.cgroups_path);
	arena_free (&a);
	return 0;
}
