/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Intel RDT (resctrl): one class of service per container, or a shared one (linux.intelRdt). */
#include <stdbool.h>
#include <sys/types.h>

struct arena;
struct err;
struct rdt_plan;

/* Makes or checks the CLOS (and the monitoring group), writes the schemata, moves `pid` there. ret_created: ours to remove. */
int rdt_apply (struct arena *a, const struct rdt_plan *plan, const char *container_id, pid_t pid, bool *ret_created, struct err *e);
/* Removes what rdt_apply made; an explicitly given closID directory is never removed (config-linux.md MUST NOT). */
int rdt_destroy (const char *clos_id, const char *container_id, bool created, struct err *e);
bool rdt_available (void);
