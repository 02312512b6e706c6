/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "plan/planner.h"

static void
add_line (struct planner *p, strs *lines, char *line)
{
	if (*line) /* "" is what some engines write for "nothing" */
		VEC_PUSH (p->arena, *lines, line);
}

static void
one_line (struct planner *p, const char *line, const char *json)
{
	if (strchr (line, '\n'))
		BAD (p, json, "must be one line");
}

/* config-linux.md: of an l3CacheSchema of several lines those of MB are dropped in favour of
 * memBwSchema. */
static void
l3_lines (struct planner *p, const struct oci_intel_rdt *in, strs *lines)
{
	strs v = str_split (p->arena, in->l3_cache_schema, '\n');

	for (size_t i = 0; i < v.n; i++)
		if (!in->mem_bw_schema || !*in->mem_bw_schema ||
		    !startswith (v.v[i] + strspn (v.v[i], " \t"), "MB:"))
			add_line (p, lines, v.v[i]);
}

/* In the order of writing: config-linux.md has schemata last. */
static strs
schemata_lines (struct planner *p, const struct oci_intel_rdt *in)
{
	strs lines = { 0 };

	if (in->l3_cache_schema)
		l3_lines (p, in, &lines);
	if (in->mem_bw_schema && *in->mem_bw_schema) {
		one_line (p, in->mem_bw_schema, "linux.intelRdt.memBwSchema");
		if (!startswith (in->mem_bw_schema, "MB:"))
			BAD (p, "linux.intelRdt.memBwSchema",
			     "'%s' does not begin with MB:", in->mem_bw_schema);
		add_line (p, &lines, in->mem_bw_schema);
	}
	for (size_t i = 0; i < in->schemata.n; i++) {
		one_line (p, in->schemata.v[i], PATH ("linux.intelRdt.schemata[%zu]", i));
		add_line (p, &lines, in->schemata.v[i]);
	}
	return lines;
}

void
plan_rdt (struct planner *p)
{
	const struct oci_intel_rdt *in = p->spec->lnx ? p->spec->lnx->intel_rdt : NULL;
	struct rdt_plan *r = &p->plan->rdt;
	strs lines;

	if (!in)
		return;
	*r = (struct rdt_plan) { .set = true,
				 .json_path = "linux.intelRdt",
				 .monitoring = in->enable_monitoring };
	r->clos_given = in->clos_id && *in->clos_id;
	r->clos_id = r->clos_given ? in->clos_id : p->plan->container_id;
	if (r->clos_given && !streq (r->clos_id, "/") &&
	    (strpbrk (r->clos_id, "/\n") || streq (r->clos_id, ".") || streq (r->clos_id, "..")))
		BAD (p, "linux.intelRdt.closID", "'%s' is not the name of a directory", r->clos_id);
	lines = schemata_lines (p, in);
	r->schemata = (const char **) lines.v;
	r->n_schemata = lines.n;
}
