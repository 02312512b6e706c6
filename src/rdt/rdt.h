/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Intel RDT (linux.intelRdt) by way of resctrl: one class of service (CLOS) per container, or a shared one.
 *
 *   closID            schemata   the CLOS directory
 *   absent            any        is made, named after the container; an existing one is an error. Ours: removed with the container
 *   given             none       must exist
 *   given             some       is made when it does not exist, else must have these schemata. Never removed: others may have joined it
 *   "/"               any        the root, which always exists
 *
 * With enableMonitoring a monitoring group, named after the container, is made in it and removed with the container.
 */
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct err;
struct rdt_plan;

enum rdt_owned {			/* directories that exist for one container only; kept in its state */
	RDT_OWN_CLOS = 1 << 0,
	RDT_OWN_MONITOR = 1 << 1,
};

/*
 * What can be said before anything is created: is resctrl mounted, are the groups there or not, do the schemata agree? *ret_owned is
 * what rdt_apply is going to make: it belongs into the state before rdt_apply is called, so that a kill at any instant leaves nothing.
 */
int rdt_check (struct arena *a, const struct rdt_plan *plan, const char *container_id, uint32_t *ret_owned, struct err *e);
/* Makes or checks the groups, writes the schemata, moves `pid` there. *owned: what was made, also when it fails. */
int rdt_apply (struct arena *a, const struct rdt_plan *plan, const char *container_id, pid_t pid, uint32_t *owned, struct err *e);
/* One more process of the container (exec). */
int rdt_enter (const char *clos_id, const char *container_id, uint32_t owned, pid_t pid, struct err *e);
/* Removes the groups of `owned` that exist. */
int rdt_destroy (const char *clos_id, const char *container_id, uint32_t owned, struct err *e);
