/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of compilation. Later parts may look at what earlier ones decided. */
#include <signal.h>

#include "base/err.h"
#include "plan/planner.h"

static int
stop_signal (struct planner *p)
{
	const char *name = oci_annotation (&p->spec->annotations,
					   "org.opencontainers.image.stopSignal");

	if (!name || !*name)
		return SIGTERM;
	int signal = signal_from_name (name);
	if (signal < 1) {
		WARN (p, "annotations.org.opencontainers.image.stopSignal",
		      "unknown signal '%s' ignored", name);
		return SIGTERM;
	}
	return signal;
}

int
plan_make (struct arena *a, const struct oci_config *spec, const struct host *host,
	   const struct plan_options *opt, struct oci_report *report, struct plan *plan,
	   struct err *e)
{
	struct planner planner = { a, spec, host, opt, report, plan }, *p = &planner;

	*plan = (struct plan) { .spec = spec,
				.container_id = host->container_id,
				.has_process = spec->process != NULL };
	plan_check (p);
	plan_namespaces (p);
	plan_mounts (p);
	plan_devices (p);
	plan_cgroup (p);
	plan_process (p, spec->process, "process", &plan->process);
	plan_hooks (p);
	plan_seccomp (p);
	plan_rdt (p);
	plan->stop_signal = stop_signal (p);
	if (oci_report_failed (report))
		return err_set (e, 0, "%s", oci_report_text (report));
	return 0;
}
