/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Intel RDT (linux.intelRdt) by way of resctrl: a class of service (CLOS) for one container, or a
 * shared one. What becomes of the directory of the CLOS:
 *
 *   closID       schemata
 *   absent       any        made, named after the container; removed with it. One that exists is an
 *                           error
 *   given        none       must exist
 *   given        some       if it exists it must have these, else it is made. Never removed: others
 *                           may have joined it
 *   "/"          any        the root, which exists
 *
 * With enableMonitoring a monitoring group, named after the container, is made in the CLOS and
 * removed with the container.
 */
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct err;
struct json_out;
struct rdt_plan;

/* Directories that exist for one container only; kept in its state. */
enum rdt_owned { RDT_OWN_CLOS = 1 << 0, RDT_OWN_MONITOR = 1 << 1 };

/*
 * What can be said before anything is created: is resctrl mounted, are the groups there or not, do
 * the schemata agree? *ret_owned is what rdt_apply is going to make: it belongs into the state
 * before rdt_apply is called, so that a kill at any instant leaves nothing.
 */
int rdt_check (struct arena *a, const struct rdt_plan *plan, const char *container_id,
	       uint32_t *ret_owned, struct err *e);
/* Makes or checks the groups, writes the schemata, moves `pid` there. *owned: what is to be
 * removed one day; nothing after an error. */
int rdt_apply (struct arena *a, const struct rdt_plan *plan, const char *container_id, pid_t pid,
	       uint32_t *owned, struct err *e);
/* update: other schemata for the class that the container is in. */
int rdt_update (struct arena *a, const struct rdt_plan *plan, const char *container_id,
		struct err *e);
/* One more process of the container (exec). */
int rdt_enter (const char *clos_id, const char *container_id, uint32_t owned, pid_t pid,
	       struct err *e);
/*
 * What the class allows and what was measured, as members of the object that `o` is in: those of
 * runc's events, in its order. Measured is the container's own monitoring group, where it has one,
 * else all of the class. What cannot be read is left out.
 */
void rdt_stats (struct json_out *o, const char *clos_id, const char *container_id, uint32_t owned);
/* fd of the root of resctrl, or -errno: -ENODEV when something else is there. */
int rdt_open_root (void);
/* Removes the groups of `owned` that exist. */
int rdt_destroy (const char *clos_id, const char *container_id, uint32_t owned, struct err *e);
