/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "container/container.h"
#include "container/stats.h"
#include "libocispec/arena.h"
#include "libocispec/json.h"
#include "plan/host.h"
#include "rdt/rdt.h"

#define TEXT_MAX 65536

struct stats {
	struct arena *arena;
	const struct cgroup *cg;
	bool v2;
	struct json_out o;
	char text[TEXT_MAX]; /* the file that was read last */
};

/* ---- reading ----------------------------------------------------------------------------------
 */

static bool
load (struct stats *s, const char *controller, const char *file)
{
	s->text[0] = '\0';
	return cgroup_read (s->cg, controller, file, s->text, sizeof s->text) >= 0;
}

/* "max" is the largest number, what cannot be read 0. */
static uint64_t
number (struct stats *s, const char *controller, const char *file)
{
	uint64_t v;

	if (!load (s, controller, file))
		return 0;
	if (streq (s->text, "max"))
		return UINT64_MAX;
	return parse_u64 (s->text, &v) < 0 ? 0 : v;
}

/* The value after a key in the text that was loaded: lines of "KEY VALUE". */
static uint64_t
value_of (const char *text, const char *key)
{
	size_t n = strlen (key);

	for (const char *line = text; line; line = strchr (line, '\n')) {
		line += *line == '\n';
		if (strncmp (line, key, n) == 0 && line[n] == ' ')
			return strtoull (line + n + 1, NULL, 10);
	}
	return 0;
}

/* ---- writing: the rules of encoding/json ------------------------------------------------------
 */

static void
always (struct stats *s, const char *key, uint64_t v)
{
	json_key (&s->o, key);
	json_uint (&s->o, v);
}

static void
unless_zero (struct stats *s, const char *key, uint64_t v)
{
	if (v)
		always (s, key, v);
}

static void
begin (struct stats *s, const char *key)
{
	json_key (&s->o, key);
	json_begin_object (&s->o);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", and a line "full …" */
static void
pressure (struct stats *s, const char *file)
{
	static const char *const kinds[] = { "some", "full" };
	static const char *const averages[] = { "avg10", "avg60", "avg300" };

	if (!s->v2 || !load (s, "", file))
		return;
	begin (s, "psi");
	for (size_t i = 0; i < ARRAY_SIZE (kinds); i++) {
		const char *line = strstr (s->text, kinds[i]), *total;

		total = line ? strstr (line, " total=") : NULL; /* the last of the line */
		if (!total)
			continue;
		begin (s, kinds[i]);
		for (size_t k = 0; k < ARRAY_SIZE (averages); k++) {
			const char *at = strstr (line, averages[k]);

			if (!at || at > total)
				continue;
			json_key (&s->o, averages[k]);
			/* As Go writes a float: no zeros at the end. */
			at += strlen (averages[k]) + strlen ("=");
			json_raw (&s->o, arena_printf (s->arena, "%.15g", atof (at)));
		}
		always (s, "total", strtoull (total + strlen (" total="), NULL, 10));
		json_end_object (&s->o);
	}
	json_end_object (&s->o);
}

/* ---- cpu --------------------------------------------------------------------------------------
 */

/* cpuacct.usage_all: "cpu user system", then a line for each cpu. */
static void
percpu (struct stats *s, const char *key, const char *file, unsigned column)
{
	char *line;
	bool any = false;

	if (!load (s, "cpuacct", file))
		return;
	line = s->text;
	if (column) { /* usage_all has a heading */
		line = strchr (line, '\n');
		line = line ? line + 1 : NULL;
	}
	while (line && *line) {
		char *end = line;

		for (unsigned i = 0; i < column; i++)
			(void) strtoull (end, &end, 10);
		line = end;
		uint64_t v = strtoull (line, &end, 10);

		if (end == line)
			break;
		if (!any) {
			json_key (&s->o, key);
			json_begin_array (&s->o);
		}
		any = true;
		json_uint (&s->o, v);
		line = column ? strchr (end, '\n') : end + strspn (end, " ");
		line = line && *line == '\n' ? line + 1 : line;
	}
	if (any)
		json_end_array (&s->o);
}

static void
usage_v1 (struct stats *s)
{
	uint64_t tick = 1000000000ull / (uint64_t) sysconf (_SC_CLK_TCK);

	unless_zero (s, "total", number (s, "cpuacct", "cpuacct.usage"));
	percpu (s, "percpu", "cpuacct.usage_percpu", 0);
	percpu (s, "percpu_kernel", "cpuacct.usage_all", 2);
	percpu (s, "percpu_user", "cpuacct.usage_all", 1);
	(void) load (s, "cpuacct", "cpuacct.stat");
	always (s, "kernel", value_of (s->text, "system") * tick);
	always (s, "user", value_of (s->text, "user") * tick);
}

static void
cpu (struct stats *s)
{
	begin (s, "cpu");
	begin (s, "usage");
	if (s->v2) {
		(void) load (s, "", "cpu.stat");
		unless_zero (s, "total", value_of (s->text, "usage_usec") * 1000);
		always (s, "kernel", value_of (s->text, "system_usec") * 1000);
		always (s, "user", value_of (s->text, "user_usec") * 1000);
	} else {
		usage_v1 (s);
	}
	json_end_object (&s->o);
	begin (s, "throttling");
	(void) load (s, "cpu", "cpu.stat");
	unless_zero (s, "periods", value_of (s->text, "nr_periods"));
	unless_zero (s, "throttledPeriods", value_of (s->text, "nr_throttled"));
	unless_zero (s, "throttledTime",
		     s->v2 ? value_of (s->text, "throttled_usec") * 1000
			   : value_of (s->text, "throttled_time"));
	json_end_object (&s->o);
	pressure (s, "cpu.pressure");
	json_end_object (&s->o);
}

static void
list (struct stats *s, const char *key, const char *file)
{
	uint64_t *mask;
	unsigned words;

	if (s->v2 || !load (s, "cpuset", file) || !*s->text ||
	    parse_list (s->arena, s->text, &mask, &words) < 0 || words == 0)
		return;
	json_key (&s->o, key);
	json_begin_array (&s->o);
	for (unsigned i = 0; i < 64 * words; i++)
		if (mask[i / 64] & 1ull << i % 64)
			json_uint (&s->o, i);
	json_end_array (&s->o);
}

static void
cpuset (struct stats *s)
{
	static const char *const flags[] = { "mem_hardwall",	   "mem_exclusive",
					     "memory_migrate",	   "memory_spread_page",
					     "memory_spread_slab", "memory_pressure",
					     "sched_load_balance" };
	int64_t level = 0;

	begin (s, "cpuset");
	list (s, "cpus", "cpuset.cpus");
	always (s, "cpu_exclusive", s->v2 ? 0 : number (s, "cpuset", "cpuset.cpu_exclusive"));
	list (s, "mems", "cpuset.mems");
	for (size_t i = 0; i < ARRAY_SIZE (flags); i++)
		always (s, flags[i],
			s->v2 ? 0
			      : number (s, "cpuset",
					arena_printf (s->arena, "cpuset.%s", flags[i])));
	if (!s->v2 && load (s, "cpuset", "cpuset.sched_relax_domain_level"))
		(void) parse_i64 (s->text, &level);
	json_key (&s->o, "sched_relax_domain_level");
	json_int (&s->o, level);
	json_end_object (&s->o);
}

/* ---- memory -----------------------------------------------------------------------------------
 */

struct memory_entry {
	uint64_t limit, usage, max, failcnt;
};

static void
entry (struct stats *s, const char *key, const struct memory_entry *m)
{
	begin (s, key);
	always (s, "limit", m->limit);
	unless_zero (s, "usage", m->usage);
	unless_zero (s, "max", m->max);
	always (s, "failcnt", m->failcnt);
	json_end_object (&s->o);
}

static struct memory_entry
entry_v1 (struct stats *s, const char *prefix)
{
#define READ(name) number (s, "memory", arena_printf (s->arena, "%s." name, prefix))
	return (struct memory_entry) { READ ("limit_in_bytes"), READ ("usage_in_bytes"),
				       READ ("max_usage_in_bytes"), READ ("failcnt") };
#undef READ
}

static struct memory_entry
plus (uint64_t limit, uint64_t usage, const struct memory_entry *m)
{
	/* v1 counts memory and swap together, and so does runc for both. */
	return (struct memory_entry) {
		.limit = limit == UINT64_MAX || m->limit == UINT64_MAX ? UINT64_MAX
								       : limit + m->limit,
		.usage = usage + m->usage,
	};
}

static int
by_name (const void *a, const void *b)
{
	return strcmp (*(char *const *) a, *(char *const *) b);
}

/* The lines of memory.stat, sorted as Go sorts maps. */
static void
raw (struct stats *s, const char *text)
{
	strs lines = str_split (s->arena, text, '\n');

	if (lines.n == 0 || !*text)
		return;
	for (size_t i = 0; i < lines.n; i++) {
		char *space = strchr (lines.v[i], ' ');

		if (space)
			*space = '\0';
	}
	qsort (lines.v, lines.n, sizeof *lines.v, by_name);
	begin (s, "raw");
	for (size_t i = 0; i < lines.n; i++)
		always (s, lines.v[i], strtoull (lines.v[i] + strlen (lines.v[i]) + 1, NULL, 10));
	json_end_object (&s->o);
}

static void
memory (struct stats *s)
{
	struct memory_entry m = { 0 }, swap = { 0 }, kernel = { 0 }, tcp = { 0 };
	char *stat;

	begin (s, "memory");
	(void) load (s, "memory", "memory.stat");
	stat = arena_strdup (s->arena, s->text);
	if (s->v2) {
		m.limit = number (s, "memory", "memory.max");
		m.usage = number (s, "memory", "memory.current");
		m.max = number (s, "memory", "memory.peak");
		if (load (s, "memory", "memory.swap.current"))
			swap = plus (number (s, "memory", "memory.swap.max"),
				     number (s, "memory", "memory.swap.current"), &m);
	} else {
		m = entry_v1 (s, "memory");
		swap = entry_v1 (s, "memory.memsw");
		kernel = entry_v1 (s, "memory.kmem");
		tcp = entry_v1 (s, "memory.kmem.tcp");
	}
	unless_zero (s, "cache", value_of (stat, s->v2 ? "file" : "cache"));
	entry (s, "usage", &m);
	entry (s, "swap", &swap);
	entry (s, "kernel", &kernel);
	entry (s, "kernelTCP", &tcp);
	raw (s, stat);
	pressure (s, "memory.pressure");
	json_end_object (&s->o);
}

/* ---- the rest ---------------------------------------------------------------------------------
 */

static void
pids (struct stats *s)
{
	uint64_t limit = number (s, "pids", "pids.max");

	begin (s, "pids");
	unless_zero (s, "current", number (s, "pids", "pids.current"));
	unless_zero (s, "limit", limit == UINT64_MAX ? 0 : limit);
	json_end_object (&s->o);
}

static void
blkio_entry (struct stats *s, const char *dev, const char *op, uint64_t v)
{
	const char *colon = strchr (dev, ':');

	json_begin_object (&s->o);
	unless_zero (s, "major", strtoull (dev, NULL, 10));
	unless_zero (s, "minor", colon ? strtoull (colon + 1, NULL, 10) : 0);
	if (op) {
		json_key (&s->o, "op");
		json_string (&s->o, op);
	}
	unless_zero (s, "value", v);
	json_end_object (&s->o);
}

/* "8:0 Read 123", "8:0 123"; the total over all devices has no number. */
static void
blkio_v1 (struct stats *s, const char *key, const char *const files[])
{
	bool any = false;
	strs lines;

	while (*files && !(load (s, "blkio", *files) && strchr (s->text, ':')))
		files++;
	if (!*files)
		return;
	lines = str_split (s->arena, s->text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		strs f = str_split (s->arena, lines.v[i], ' ');

		if (f.n < 2 || !strchr (f.v[0], ':'))
			continue;
		if (!any) {
			json_key (&s->o, key);
			json_begin_array (&s->o);
		}
		any = true;
		blkio_entry (s, f.v[0], f.n > 2 ? f.v[1] : NULL, strtoull (f.v[f.n - 1], NULL, 10));
	}
	if (any)
		json_end_array (&s->o);
}

/* io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void
blkio_v2 (struct stats *s, const char *key, const char *unit)
{
	static const char *const ops[] = { "Read", "Write", "Discard" };
	bool any = false;
	strs lines;

	(void) load (s, "io", "io.stat");
	lines = str_split (s->arena, s->text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE (ops); k++) {
			const char *name = arena_printf (s->arena, " %c%s=", "rwd"[k], unit);
			const char *found = strstr (lines.v[i], name);

			if (!found)
				continue;
			if (!any) {
				json_key (&s->o, key);
				json_begin_array (&s->o);
			}
			any = true;
			blkio_entry (s, lines.v[i], ops[k],
				     strtoull (found + strlen (name), NULL, 10));
		}
	if (any)
		json_end_array (&s->o);
}

static void
blkio (struct stats *s)
{
	static const struct {
		const char *key, *files[4];
	} v1[] = {
		{ "ioServiceBytesRecursive",
		  { "blkio.bfq.io_service_bytes_recursive", "blkio.io_service_bytes_recursive",
		    "blkio.throttle.io_service_bytes_recursive", NULL } },
		{ "ioServicedRecursive",
		  { "blkio.bfq.io_serviced_recursive", "blkio.io_serviced_recursive",
		    "blkio.throttle.io_serviced_recursive", NULL } },
		{ "ioQueueRecursive",
		  { "blkio.bfq.io_queued_recursive", "blkio.io_queued_recursive", NULL } },
		{ "ioServiceTimeRecursive",
		  { "blkio.bfq.io_service_time_recursive", "blkio.io_service_time_recursive",
		    NULL } },
		{ "ioWaitTimeRecursive",
		  { "blkio.bfq.io_wait_time_recursive", "blkio.io_wait_time_recursive", NULL } },
		{ "ioMergedRecursive",
		  { "blkio.bfq.io_merged_recursive", "blkio.io_merged_recursive", NULL } },
		{ "ioTimeRecursive", { "blkio.bfq.time_recursive", "blkio.time_recursive", NULL } },
		{ "sectorsRecursive",
		  { "blkio.bfq.sectors_recursive", "blkio.sectors_recursive", NULL } },
	};

	begin (s, "blkio");
	if (s->v2) {
		blkio_v2 (s, "ioServiceBytesRecursive", "bytes");
		blkio_v2 (s, "ioServicedRecursive", "ios");
	} else {
		for (size_t i = 0; i < ARRAY_SIZE (v1); i++)
			blkio_v1 (s, v1[i].key, v1[i].files);
	}
	pressure (s, "io.pressure");
	json_end_object (&s->o);
}

/* Named like the directories of /sys/kernel/mm/hugepages: hugepages-2048kB is 2MB. */
static void
hugetlb (struct stats *s)
{
	DIR *d = opendir ("/sys/kernel/mm/hugepages");
	const char *usage = s->v2 ? "current" : "usage_in_bytes";

	begin (s, "hugetlb");
	for (struct dirent *de; d && (de = readdir (d)) != NULL;) {
		unsigned long kb;
		char *size;

		if (!startswith (de->d_name, "hugepages-"))
			continue;
		kb = strtoul (de->d_name + strlen ("hugepages-"), NULL, 10); /* "2048kB" */
		size = kb >= 1048576 ? arena_printf (s->arena, "%luGB", kb / 1048576)
		       : kb >= 1024  ? arena_printf (s->arena, "%luMB", kb / 1024)
				     : arena_printf (s->arena, "%luKB", kb);
		if (!load (s, "hugetlb", arena_printf (s->arena, "hugetlb.%s.%s", size, usage)))
			continue;
		begin (s, size);
		unless_zero (s, "usage", strtoull (s->text, NULL, 10));
		if (s->v2) {
			(void) load (s, "", arena_printf (s->arena, "hugetlb.%s.events", size));
			always (s, "failcnt", value_of (s->text, "max"));
		} else {
			unless_zero (s, "max",
				     number (s, "hugetlb",
					     arena_printf (s->arena,
							   "hugetlb.%s.max_usage_in_bytes", size)));
			always (s, "failcnt",
				number (s, "hugetlb",
					arena_printf (s->arena, "hugetlb.%s.failcnt", size)));
		}
		json_end_object (&s->o);
	}
	if (d)
		closedir (d);
	json_end_object (&s->o);
}

char *
stats_json (struct arena *a, const struct cgroup *cg, const struct container_state *st)
{
	static LARGE struct stats s;

	s.arena = a;
	s.cg = cg;
	s.v2 = cg->mode == CGROUP_V2;
	json_out_init (&s.o, a, 0);
	json_begin_object (&s.o);
	cpu (&s);
	cpuset (&s);
	memory (&s);
	pids (&s);
	blkio (&s);
	hugetlb (&s);
	begin (&s, "intel_rdt");
	if (st->rdt_clos)
		rdt_stats (&s.o, st->rdt_clos, st->id, st->rdt_owned);
	json_end_object (&s.o);
	json_key (&s.o, "network_interfaces"); /* runc knows of those that it has made */
	json_null (&s.o);
	json_end_object (&s.o);
	return json_finish (&s.o, NULL);
}
