/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * update: what is given becomes a linux.resources, is planned as that of a config.json, and only
 * what is planned is written: changes that others made to the rest stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "container/container.h"
#include "container/update.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/report.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "rdt/rdt.h"

#define RESOURCES_MAX (16u << 20)

/* All that options can name, in one piece. */
struct wanted {
	struct oci_linux_resources r;
	struct oci_cpu cpu;
	struct oci_memory memory;
	struct oci_pids pids;
	struct oci_block_io block_io;
};

enum value_kind { U16, U64, I64, SIZE, TEXT };

static const struct {
	const char *name;
	size_t from, to; /* in struct update_options, struct wanted */
	enum value_kind kind;
} values[] = {
/* clang-format off */
#define ROW(name, from, kind, to) \
	{ name, offsetof (struct update_options, from), offsetof (struct wanted, to), kind }
	ROW ("blkio-weight", blkio_weight, U16, block_io.weight),
	ROW ("cpu-period", cpu_period, U64, cpu.period),
	ROW ("cpu-quota", cpu_quota, I64, cpu.quota),
	ROW ("cpu-share", cpu_share, U64, cpu.shares),
	ROW ("cpu-burst", cpu_burst, U64, cpu.burst),
	ROW ("cpu-idle", cpu_idle, I64, cpu.idle),
	ROW ("cpu-rt-period", cpu_rt_period, U64, cpu.realtime_period),
	ROW ("cpu-rt-runtime", cpu_rt_runtime, I64, cpu.realtime_runtime),
	ROW ("cpuset-cpus", cpuset_cpus, TEXT, cpu.cpus),
	ROW ("cpuset-mems", cpuset_mems, TEXT, cpu.mems),
	ROW ("memory", memory, SIZE, memory.limit),
	ROW ("memory-reservation", memory_reservation, SIZE, memory.reservation),
	ROW ("memory-swap", memory_swap, SIZE, memory.swap),
	ROW ("kernel-memory", kernel_memory, SIZE, memory.kernel),
	ROW ("kernel-memory-tcp", kernel_memory_tcp, SIZE, memory.kernel_tcp),
	ROW ("pids-limit", pids_limit, I64, pids.limit),
#undef ROW
	/* clang-format on */
};

static int
set_value (enum value_kind kind, const char *text, void *to)
{
	uint64_t u;
	int64_t i;
	int r;

	switch (kind) {
	case TEXT: *(char **) to = (char *) (uintptr_t) text; return 0;
	case U16:
	case U64:
		r = parse_u64 (text, &u);
		if (r < 0 || (kind == U16 && u > UINT16_MAX))
			return -EINVAL;
		if (kind == U16)
			*(opt_u16 *) to = (opt_u16) { true, (uint16_t) u };
		else
			*(opt_u64 *) to = (opt_u64) { true, u };
		return 0;
	default:
		r = kind == SIZE ? parse_size (text, &i) : parse_i64 (text, &i);
		if (r < 0 || i < -1)
			return -EINVAL;
		*(opt_i64 *) to = (opt_i64) { true, i };
		return 0;
	}
}

static int
read_options (const struct update_options *o, struct wanted *w, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE (values); i++) {
		const char *text = *(const char *const *) ((const char *) o + values[i].from);

		if (text && set_value (values[i].kind, text, (char *) w + values[i].to) < 0)
			return err_set (e, 0, "option --%s: '%s' is not a %s", values[i].name, text,
					values[i].kind == SIZE ? "size like 512M, or -1"
							       : "number");
	}
	return 0;
}

static int
read_file (struct arena *a, const char *file, struct wanted *w, struct err *e)
{
	struct oci_linux_resources *r;
	struct oci_report report;
	size_t len;
	char *text;

	if (streq (file, "-")) {
		file = "standard input";
		TRY (read_fd (a, 0, file, RESOURCES_MAX, &text, &len, e));
	} else if (read_file_at (a, AT_FDCWD, file, RESOURCES_MAX, &text, &len, e) < 0) {
		return err_wrap (e, "--resources");
	}
	oci_report_init (&report, a, file, text, len);
	if (oci_resources_read (a, text, len, &report, &r) < 0)
		return err_set (e, 0, "%s", oci_report_text (&report));
	w->r = *r;
	if (r->cpu)
		w->cpu = *r->cpu;
	if (r->memory)
		w->memory = *r->memory;
	if (r->pids)
		w->pids = *r->pids;
	if (r->block_io)
		w->block_io = *r->block_io;
	return 0;
}

/*
 * v2 has one file where there are two properties, or the sum of two files where there is one: what
 * is not given stays what it is.
 */
static void
complete_v2 (const struct cgroup *cg, struct wanted *w)
{
	char text[64], *space;
	uint64_t period;
	int64_t n;

	if (w->cpu.quota.set != w->cpu.period.set &&
	    cgroup_read (cg, "cpu", "cpu.max", text, sizeof text) > 0 &&
	    (space = strchr (text, ' ')) != NULL) {
		*space = '\0';
		if (!w->cpu.period.set && parse_u64 (space + 1, &period) == 0)
			w->cpu.period = (opt_u64) { true, period };
		if (!w->cpu.quota.set)
			w->cpu.quota = (opt_i64) { true, parse_i64 (text, &n) == 0 ? n : -1 };
	}
	if (w->memory.swap.set && w->memory.swap.v > 0 && !w->memory.limit.set &&
	    cgroup_read (cg, "memory", "memory.max", text, sizeof text) > 0 &&
	    parse_i64 (text, &n) == 0)
		w->memory.limit = (opt_i64) { true, n };
	/* Not there at all; runc accepts and ignores them. */
	w->memory.kernel.set = w->memory.kernel_tcp.set = false;
}

static int
plan_update (const struct globals *g, const struct container *c, struct wanted *w,
	     struct cgroup_plan *plan, struct err *e)
{
	struct host host = { .cgroup_mode = (enum cgroup_mode) c->st.cgroup_mode };
	struct oci_report report;
	struct planner p = { .arena = g->arena, .host = &host, .report = &report };

	w->r.cpu = &w->cpu;
	w->r.memory = &w->memory;
	w->r.pids = &w->pids;
	w->r.block_io = &w->block_io;
	if (w->pids.limit.v == 0) /* of engines that send all that they know */
		w->pids.limit.set = false;
	oci_report_init (&report, g->arena, "update", NULL, 0);
	*plan = (struct cgroup_plan) { .manager = (enum cgroup_manager) c->st.cgroup_manager,
				       .path = c->st.cgroup_path,
				       .scope = c->st.cgroup_scope,
				       .delegate_uid = (uid_t) -1,
				       .delegate_gid = (gid_t) -1 };
	plan_resources (&p, &w->r, "resources", plan);
	if (oci_report_failed (&report))
		return err_set (e, 0, "%s", oci_report_text (&report));
	log_warnings (oci_report_warnings (&report));
	/* "All" is a rule as well, where there were others. */
	plan->devices_allow_all = w->r.devices.n == 0;
	return 0;
}

static int
update_rdt (const struct globals *g, const struct container *c, const struct update_options *o,
	    struct err *e)
{
	struct oci_intel_rdt rdt = { .clos_id = c->st.rdt_clos,
				     .l3_cache_schema = (char *) (uintptr_t) o->l3_cache_schema,
				     .mem_bw_schema = (char *) (uintptr_t) o->mem_bw_schema };
	struct oci_linux lnx = { .intel_rdt = &rdt };
	struct oci_config spec = { .lnx = &lnx };
	struct plan plan = { .container_id = c->id };
	struct oci_report report;
	struct planner p = { .arena = g->arena, .spec = &spec, .report = &report, .plan = &plan };

	if (!o->l3_cache_schema && !o->mem_bw_schema)
		return 0;
	if (!c->st.rdt_clos)
		return err_set (e, 0, "container '%s' was made without linux.intelRdt", c->id);
	oci_report_init (&report, g->arena, "update", NULL, 0);
	plan_rdt (&p);
	if (oci_report_failed (&report))
		return err_set (e, 0, "%s", oci_report_text (&report));
	return rdt_update (g->arena, &plan.rdt, c->id, e);
}

static int
update_locked (const struct globals *g, struct container *c, const struct update_options *o,
	       struct err *e)
{
	struct wanted *w = arena_alloc (g->arena, sizeof *w);
	struct cgroup_plan plan;
	struct cgroup cg;

	if (container_status (c, NULL) == STATUS_STOPPED)
		return err_set (e, ESRCH, "container not running");
	if (o->resources)
		TRY (read_file (g->arena, o->resources, w, e));
	TRY (read_options (o, w, e));
	container_cgroup (c, &cg);
	if (cg.path)
		TRY (cgroup_open (g->arena, &cg, e));
	if (cg.path && cg.mode == CGROUP_V2)
		complete_v2 (&cg, w);
	TRY (update_devices_list (g, c, o, &w->r, e));
	TRY (plan_update (g, c, w, &plan, e));
	if (!cg.path && (plan.n_writes || !plan.devices_allow_all))
		return err_set (e, 0, "container '%s' has no cgroup: its limits cannot be changed",
				c->id);
	if (cg.path)
		TRY (cgroup_update (g->arena, &cg, &plan, e));
	cgroup_close (&cg);
	TRY (update_devices_nodes (g, c, o, &w->r, e));
	return update_rdt (g, c, o, e);
}

int
container_update (const struct globals *g, const char *id, const struct update_options *o,
		  struct err *e)
{
	struct container c;
	int r;

	TRY (container_open (g, id, true, &c, e));
	r = update_locked (g, &c, o, e);
	container_close (&c);
	return r;
}
