/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* For the parts of the planner only: saying what is wrong, and where. */
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/report.h"
#include "plan/host.h"
#include "plan/plan.h"

/* PATH may be a format with arguments in parentheses: BAD (p, PATH ("mounts[%zu].type", i),
 * "unknown …"). */
#define PATH(...)	   arena_printf (p->arena, __VA_ARGS__)
#define BAD(p, path, ...)  oci_report_add ((p)->report, path, __VA_ARGS__)
#define WARN(p, path, ...) oci_report_warn ((p)->report, path, __VA_ARGS__)

static inline bool
creates (const struct planner *p, uint64_t ns)
{
	return (p->plan->ns.create & ns) != 0;
}

/* Not shared with the runtime: made, or joined. */
static inline bool
owns (const struct planner *p, uint64_t ns)
{
	return (p->plan->ns.own & ns) != 0;
}

/* Mount options: mount_options.c. */
struct mount_option {
	const char *name;
	enum { MO_ATTR, MO_SB, MO_REC, MO_PROPAGATION, MO_BIND, MO_EXT, MO_NOTHING } what;
	uint64_t set, clear;
};
const struct mount_option *mount_option_find (const char *name);
extern const struct mount_option mount_options[];
extern const size_t n_mount_options;

/* caps.c */
int cap_from_name (const char *name); /* -1: unknown */
void plan_caps (struct planner *p, const struct oci_capabilities *c, const char *prefix,
		struct caps_plan *ret);

/* sched.c */
void plan_scheduler (struct planner *p, const struct oci_scheduler *s, const char *prefix,
		     struct sched_plan *ret);
void plan_io_priority (struct planner *p, const struct oci_io_priority *io, const char *prefix,
		       struct process_plan *pp);
void plan_memory_policy (struct planner *p, const struct oci_memory_policy *m,
			 struct mempolicy_plan *ret);
/* All that it understands. */
void memory_policy_names (struct arena *a, strs *ret_modes, strs *ret_flags);

/* systemd.c: slice, scope and properties, from linux.cgroupsPath and the annotations. */
void plan_systemd (struct planner *p, const char *path, struct cgroup_plan *ret);
