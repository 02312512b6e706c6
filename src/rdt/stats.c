/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a class of service may use and does use: the files of resctrl.rst, under the names of runc.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/json.h"
#include "rdt/rdt.h"

#define TEXT_MAX 4096

struct stats {
	struct json_out *o;
	struct arena *arena;
	int root, clos, monitor; /* monitor: the group whose mon_data counts */
};

static bool
load (int dir, const char *path, char text[TEXT_MAX])
{
	return read_small_at (dir, path, text, TEXT_MAX) >= 0;
}

/* encoding/json's omitempty: neither zeros nor what the hardware cannot tell ("Unavailable"). */
static void
number (struct stats *s, int dir, const char *path, const char *key)
{
	char text[TEXT_MAX];
	uint64_t v;

	if (!load (dir, path, text) || parse_u64 (text, &v) < 0 || v == 0)
		return;
	json_key (s->o, key);
	json_uint (s->o, v);
}

/* The last line of the schemata that is about `resource`, without its indentation. */
static void
schema (struct stats *s, int group, const char *resource, const char *key)
{
	char text[TEXT_MAX];
	const char *found = NULL;
	strs lines;

	if (!load (group, "schemata", text))
		return;
	lines = str_split (s->arena, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		if (strstr (lines.v[i], resource))
			found = lines.v[i] + strspn (lines.v[i], " \t");
	if (!found)
		return;
	json_key (s->o, key);
	json_string (s->o, found);
}

static void
l3_cache (struct stats *s)
{
	char text[TEXT_MAX];

	if (faccessat (s->root, "info/L3", F_OK, 0) < 0)
		return;
	json_key (s->o, "l3_cache_info");
	json_begin_object (s->o);
	if (load (s->root, "info/L3/cbm_mask", text) && *text) {
		json_key (s->o, "cbm_mask");
		json_string (s->o, text);
	}
	number (s, s->root, "info/L3/min_cbm_bits", "min_cbm_bits");
	number (s, s->root, "info/L3/num_closids", "num_closids");
	json_end_object (s->o);
	schema (s, s->root, "L3", "l3_cache_schema_root");
	schema (s, s->clos, "L3", "l3_cache_schema");
}

static void
memory_bandwidth (struct stats *s)
{
	if (faccessat (s->root, "info/MB", F_OK, 0) < 0)
		return;
	json_key (s->o, "mem_bw_info");
	json_begin_object (s->o);
	number (s, s->root, "info/MB/bandwidth_gran", "bandwidth_gran");
	number (s, s->root, "info/MB/delay_linear", "delay_linear");
	number (s, s->root, "info/MB/min_bandwidth", "min_bandwidth");
	number (s, s->root, "info/MB/num_closids", "num_closids");
	json_end_object (s->o);
	schema (s, s->root, "MB", "mem_bw_schema_root");
	schema (s, s->clos, "MB", "mem_bw_schema");
}

static int
compare (const void *a, const void *b)
{
	return strcmp (*(char *const *) a, *(char *const *) b);
}

/* mon_data has a directory for each cache, mon_L3_00 and so on. */
static strs
caches (struct stats *s)
{
	int fd = openat (s->monitor, "mon_data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir (fd);
	strs names = { NULL, 0 };

	if (!d) {
		if (fd >= 0)
			close (fd);
		return names;
	}
	for (struct dirent *de; (de = readdir (d)) != NULL;)
		if (startswith (de->d_name, "mon_"))
			VEC_PUSH (s->arena, names, arena_strdup (s->arena, de->d_name));
	closedir (d);
	if (names.n)
		qsort (names.v, names.n, sizeof names.v[0], compare);
	return names;
}

/* An array with an object for each cache: those of `files` that the machine has. */
static void
monitored (struct stats *s, const char *key, const char *const *files, const char *features)
{
	const char *in_array = NULL;
	strs names = caches (s);

	for (size_t i = 0; files[i] && !in_array; i++)
		in_array = strstr (features, files[i]);
	if (!in_array || names.n == 0)
		return;
	json_key (s->o, key);
	json_begin_array (s->o);
	for (size_t n = 0; n < names.n; n++) {
		json_begin_object (s->o);
		for (size_t i = 0; files[i]; i++)
			if (strstr (features, files[i]))
				number (s, s->monitor,
					arena_printf (s->arena, "mon_data/%s/%s", names.v[n],
						      files[i]),
					files[i]);
		json_end_object (s->o);
	}
	json_end_array (s->o);
}

static void
monitoring (struct stats *s)
{
	static const char *const mbm[] = { "mbm_total_bytes", "mbm_local_bytes", NULL };
	static const char *const cmt[] = { "llc_occupancy", NULL };
	char features[TEXT_MAX];

	if (!load (s->root, "info/L3_MON/mon_features", features))
		return;
	monitored (s, "mbm_stats", mbm, features);
	monitored (s, "cmt_stats", cmt, features);
}

void
rdt_stats (struct json_out *o, const char *clos_id, const char *container_id, uint32_t owned)
{
	autofd root = rdt_open_root (), clos = -1, monitor = -1;
	struct stats s = { .o = o, .arena = o->arena };

	if (root >= 0)
		clos = openat (root, streq (clos_id, "/") ? "." : clos_id,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (clos < 0)
		return;
	if (owned & RDT_OWN_MONITOR)
		monitor = openat (clos, arena_printf (o->arena, "mon_groups/%s", container_id),
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	s.root = root;
	s.clos = clos;
	s.monitor = monitor >= 0 ? monitor : clos;
	l3_cache (&s);
	memory_bandwidth (&s);
	monitoring (&s);
}
