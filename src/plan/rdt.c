/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "plan/planner.h"

static void
check_line (struct planner *p, const char *line, const char *json)
{
	if (strchr (line, '\n'))
		BAD (p, json, "must be one line");
}

void
plan_rdt (struct planner *p)
{
	const struct oci_intel_rdt *in = p->spec->lnx ? p->spec->lnx->intel_rdt : NULL;
	struct rdt_plan *r = &p->plan->rdt;
	const char **v;

	if (!in)
		return;
	*r = (struct rdt_plan) { .set = true, .json_path = "linux.intelRdt", .monitoring = in->enable_monitoring };
	r->clos_given = in->clos_id && *in->clos_id;
	r->clos_id = r->clos_given ? in->clos_id : p->plan->container_id;
	if (r->clos_given && !streq (r->clos_id, "/") && (strpbrk (r->clos_id, "/\n") || streq (r->clos_id, ".") || streq (r->clos_id, "..")))
		BAD (p, "linux.intelRdt.closID", "'%s' is not the name of a directory", r->clos_id);
	/* config-linux.md: L3 first, memory bandwidth next, schemata last. */
	v = arena_alloc (p->arena, (in->schemata.n + 3) * sizeof *v);
	if (in->l3_cache_schema) {
		check_line (p, in->l3_cache_schema, "linux.intelRdt.l3CacheSchema");
		v[r->n_schemata++] = in->l3_cache_schema;
	}
	if (in->mem_bw_schema) {
		check_line (p, in->mem_bw_schema, "linux.intelRdt.memBwSchema");
		if (!startswith (in->mem_bw_schema, "MB:"))
			BAD (p, "linux.intelRdt.memBwSchema", "'%s' does not begin with MB:", in->mem_bw_schema);
		v[r->n_schemata++] = in->mem_bw_schema;
	}
	for (size_t i = 0; i < in->schemata.n; i++) {
		check_line (p, in->schemata.v[i], PATH ("linux.intelRdt.schemata[%zu]", i));
		v[r->n_schemata++] = in->schemata.v[i];
	}
	r->schemata = v;
}
