/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What golden files (tests/plan) are too clumsy for: large configurations, and that a plan is the
 * same every time. */
#include <time.h>

#include "base/err.h"
#include "base/mem.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/report.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "tap.h"

static const struct host root = { .privileged = true,
				  .cap_last = 40,
				  .cgroup_mode = CGROUP_V2,
				  .bundle = "/b",
				  .container_id = "c" };
static const struct plan_options none;

static int
plan (struct arena *a, const char *json, struct plan *ret, struct err *e)
{
	struct oci_config *spec;
	struct oci_report report;

	oci_report_init (&report, a, "config.json", json, strlen (json));
	if (oci_config_read (a, json, strlen (json), &report, &spec) < 0)
		return err_set (e, 0, "%s", oci_report_text (&report));
	return plan_make (a, spec, &root, &none, &report, ret, e);
}

/* "head" + n times "item", separated by commas, + "tail" */
static char *
repeat (struct arena *a, const char *head, const char *item, size_t n, const char *tail)
{
	size_t size = strlen (head) + n * (strlen (item) + 16) + strlen (tail) + 1, len;
	char *text = arena_alloc (a, size);

	len = (size_t) snprintf (text, size, "%s", head);
	for (size_t i = 0; i < n; i++) {
		char number[24];
		const char *hash = strchr (item, '#');

		snprintf (number, sizeof number, "%zu", i);
		len += (size_t) snprintf (text + len, size - len, "%s%.*s%s%s", i ? "," : "",
					  (int) (hash ? hash - item : (long) strlen (item)), item,
					  hash ? number : "", hash ? hash + 1 : "");
	}
	snprintf (text + len, size - len, "%s", tail);
	return text;
}

static double
seconds (void)
{
	struct timespec t;

	clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

#define PROCESS \
	"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],\"user\":{\"uid\":0,\"gid\":0},"

TEST (a_hundred_thousand_variables)
{
	struct arena a = { 0 };
	struct plan p;
	struct err e;
	size_t n = 0;
	double start = seconds ();

	EQ (plan (&a,
		  repeat (&a, PROCESS "\"env\":[", "\"NAME_#=x\"", 100000,
			  ",\"NAME_5=last\",\"HOME=/\"]}}"),
		  &p, &e),
	    0);
	while (p.process.env[n])
		n++;
	EQ (n, 100001);
	STREQ (p.process.env[5], "NAME_5=last");
	STREQ (p.process.env[99999], "NAME_99999=x");
	OK (!p.process.needs_home);
	OK (seconds () - start < 10); /* pairwise it would be minutes */
	arena_free (&a);
}

TEST (a_hundred_thousand_times_the_same_limit)
{
	struct arena a = { 0 };
	struct plan p;
	struct err e = { 0 };
	double start = seconds ();

	FAILS_WITH (plan (&a,
			  repeat (&a, PROCESS "\"rlimits\":[",
				  "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}", 100000, "]}}"),
			  &p, &e),
		    &e, "process.rlimits[1].type: RLIMIT_CPU is given twice");
	OK (seconds () - start < 30);
	arena_free (&a);
}

TEST (mappings_are_never_cut) /* CVE-2021-43784: lengths that wrapped */
{
	struct arena a = { 0 };
	struct plan p;
	struct err e = { 0 };
	const char *head =
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":[{\"type\":\"user\"}],"
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}],\"uidMappings\":[";

	FAILS_WITH (plan (&a,
			  repeat (&a, head, "{\"containerID\":#,\"hostID\":5,\"size\":1}", 4200,
				  "]}}"),
			  &p, &e),
		    &e, "4200 mappings: the kernel takes at most 340");
	EQ (plan (&a, "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}}", &p, &e), 0);
	arena_free (&a);
}

TEST (too_many_groups)
{
	struct arena a = { 0 };
	struct plan p;
	struct err e = { 0 };
	const char *head =
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[";

	FAILS_WITH (plan (&a, repeat (&a, head, "#", 70000, "]}}}"), &p, &e), &e,
		    "70000 groups: the kernel takes at most 65536");
	EQ (plan (&a, repeat (&a, head, "#", 60000, "]}}}"), &p, &e), 0);
	EQ (p.process.n_groups, 60000);
	EQ (p.process.groups[59999], 59999);
	arena_free (&a);
}

TEST (the_same_every_time)
{
	struct arena a = { 0 }, b = { 0 };
	const char *json = PROCESS
		"\"env\":[\"B=1\",\"A=2\"],\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":2}]}}";
	struct plan p, q;
	struct err e;

	EQ (plan (&a, json, &p, &e), 0);
	EQ (plan (&b, json, &q, &e), 0);
	STREQ (plan_dump_text (&a, &p), plan_dump_text (&b, &q));
	STREQ (plan_dump_json (&a, &p), plan_dump_json (&b, &q));
	arena_free (&a);
	arena_free (&b);
}

TEST (an_output_line_is_one_decision)
{
	struct arena a = { 0 };
	struct plan p;
	struct err e;

	EQ (plan (&a, PROCESS "\"env\":[\"A=1\\nprocess.cwd: /evil\"]}}", &p, &e), 0);
	CONTAINS (plan_dump_text (&a, &p), "process.env: \"A=1\\nprocess.cwd: /evil\"\n");
	arena_free (&a);
}
