/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the plan's writes to properties of a unit.
 *
 * systemd must know the limits because it writes the files anew whenever it likes (daemon-reload,
 * a neighbour that changes). It knows fewer of them, and less exactly: the runtime therefore writes
 * everything itself as well, after systemd.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "cgroup/systemd.h"
#include "plan/host.h"

#define INFINITE       UINT64_MAX
#define SECOND	       1000000u /* µs */
#define PERIOD_DEFAULT 100000u	/* µs, the kernel's */
#define QUOTA_STEP     10000u	/* µs per second: one percent */

/* ---- building */

struct list {
	struct arena *arena;
	unit_properties v;
	uint64_t quota, period; /* of the cpu, µs; 0: not given */
};

/* What comes later wins: systemd would take it as an addition to a list. */
static struct unit_property *
set (struct list *l, const char *name, const char *signature)
{
	struct unit_property *p = NULL;

	for (size_t i = 0; i < l->v.n; i++)
		if (streq (l->v.v[i].name, name))
			p = &l->v.v[i];
	if (!p) {
		VEC_PUSH (l->arena, l->v, ((struct unit_property) { .name = name }));
		p = &l->v.v[l->v.n - 1];
	}
	*p = (struct unit_property) { .name = name, .signature = signature };
	return p;
}

static void
set_number (struct list *l, const char *name, const char *signature, uint64_t value)
{
	set (l, name, signature)->number = value;
}

static void
set_string (struct list *l, const char *name, const char *value)
{
	struct unit_property *p = set (l, name, "s");
	char *copy = arena_strdup (l->arena, value);

	p->strings = arena_memdup (l->arena, &copy, sizeof copy);
	p->n_strings = 1;
}

/* ---- limits */

enum kind { NUMBER, LIST, OOM, IDLE, QUOTA, PERIOD, BANDWIDTH };

/* Values beyond these bounds systemd would refuse; the kernel may still take them. */
static const struct known {
	const char *file, *property;
	enum kind kind;
	uint64_t min, max;
} known_v2[] = {
	{ "cpu.weight", "CPUWeight", NUMBER, 1, 10000 },
	{ "cpu.idle", "CPUWeight", IDLE, 0, 0 },
	{ "cpu.max", NULL, BANDWIDTH, 0, 0 },
	{ "cpuset.cpus", "AllowedCPUs", LIST, 0, 0 },
	{ "cpuset.mems", "AllowedMemoryNodes", LIST, 0, 0 },
	{ "memory.min", "MemoryMin", NUMBER, 0, INFINITE },
	{ "memory.low", "MemoryLow", NUMBER, 0, INFINITE },
	{ "memory.high", "MemoryHigh", NUMBER, 1, INFINITE },
	{ "memory.max", "MemoryMax", NUMBER, 1, INFINITE },
	{ "memory.swap.max", "MemorySwapMax", NUMBER, 0, INFINITE },
	{ "memory.zswap.max", "MemoryZSwapMax", NUMBER, 0, INFINITE },
	{ "memory.oom.group", "OOMPolicy", OOM, 0, 0 },
	{ "io.weight", "IOWeight", NUMBER, 1, 10000 },
	{ "pids.max", "TasksMax", NUMBER, 1, INFINITE },
	{ NULL },
}, known_v1[] = {
	{ "cpu.shares", "CPUShares", NUMBER, 2, 262144 },
	{ "cpu.cfs_quota_us", NULL, QUOTA, 0, 0 },
	{ "cpu.cfs_period_us", NULL, PERIOD, 0, 0 },
	{ "memory.limit_in_bytes", "MemoryLimit", NUMBER, 1, INFINITE },
	{ "blkio.weight", "BlockIOWeight", NUMBER, 10, 1000 },
	{ "pids.max", "TasksMax", NUMBER, 1, INFINITE },
	{ NULL },
};

/* "max" of v2, "-1" of v1: no limit. false: a form that only the kernel understands. */
static bool
read_limit (const char *s, uint64_t *ret)
{
	*ret = INFINITE;
	return streq (s, "max") || streq (s, "-1") || parse_u64 (s, ret) == 0;
}

/* The mask byte by byte, cpu 0 first. */
static void
set_list (struct list *l, const char *name, const char *value)
{
	struct unit_property *p;
	uint64_t *mask;
	unsigned words;
	uint8_t *bytes;

	if (parse_list (l->arena, value, &mask, &words) < 0 || words == 0)
		return;
	bytes = arena_alloc (l->arena, words * 8);
	for (unsigned i = 0; i < words * 8; i++)
		bytes[i] = (uint8_t) (mask[i / 8] >> i % 8 * 8);
	p = set (l, name, "ay");
	p->bytes = bytes;
	p->n_bytes = words * 8;
	while (p->n_bytes > 1 && bytes[p->n_bytes - 1] == 0)
		p->n_bytes--;
}

/* "50000 100000", "max", … of cpu.max */
static void
read_cpu_max (struct list *l, const char *value)
{
	size_t n = strcspn (value, " ");
	char *quota = arena_strndup (l->arena, value, n);

	if (!read_limit (quota, &l->quota))
		l->quota = 0;
	if (value[n] && parse_u64 (value + n + 1, &l->period) < 0)
		l->quota = l->period = 0;
}

/* Idle is a weight of its own: 0 (systemd 252). Not idle: the weight that was given, or none. */
static void
set_idle (struct list *l, const struct known *k, uint64_t idle)
{
	bool has_weight = false;

	for (size_t i = 0; i < l->v.n; i++)
		has_weight |= streq (l->v.v[i].name, k->property);
	if (idle == 1)
		set_number (l, k->property, "t", 0);
	else if (idle == 0 && !has_weight)
		set_number (l, k->property, "t", UINT64_MAX);
}

static void
set_limit (struct list *l, const struct known *k, uint64_t v)
{
	if (k->kind == QUOTA)
		l->quota = v;
	else if (k->kind == PERIOD)
		l->period = v;
	else if (k->kind == IDLE)
		set_idle (l, k, v);
	else if (v <= k->max)
		set_number (l, k->property, "t", MAX (v, k->min));
}

static void
set_known (struct list *l, const struct known *k, const char *value)
{
	uint64_t v;

	if (k->kind == LIST)
		set_list (l, k->property, value);
	else if (k->kind == OOM)
		set_string (l, k->property, streq (value, "1") ? "kill" : "continue");
	else if (k->kind == BANDWIDTH)
		read_cpu_max (l, value);
	else if (read_limit (value, &v))
		set_limit (l, k, v);
}

/*
 * systemd keeps the quota in its files as whole percents, rounded down; of 0 % it makes no limit at
 * all. Up, then, so that a reload can only give a little more than was asked.
 */
static void
set_bandwidth (struct list *l)
{
	uint64_t period = l->period ? l->period : PERIOD_DEFAULT, per_second = INFINITE;

	if (!l->quota && !l->period)
		return;
	if (l->quota && l->quota < INFINITE / SECOND)
		per_second = (l->quota * SECOND / period + QUOTA_STEP - 1) / QUOTA_STEP *
			     QUOTA_STEP;
	set_number (l, "CPUQuotaPerSecUSec", "t", per_second);
	set_number (l, "CPUQuotaPeriodUSec", "t", period);
}

static void
set_write (struct list *l, const struct known *table, const struct cgroup_write *w)
{
	/* Weights of BFQ have another scale on v2: the fall-back is what systemd means. */
	const char *file = w->fallback_file ? w->fallback_file : w->file;

	for (const struct known *k = table; k->file; k++)
		if (streq (k->file, file))
			set_known (l, k, w->fallback_file ? w->fallback_value : w->value);
}

/* ---- devices */

/* "char-pts" for 136: systemd before 240 knows no "char-136". */
static const char *
group_name (struct arena *a, const char *devices, char type, int64_t major)
{
	const char *kind = type == 'b' ? "block" : "char";
	const char *s = strstr (devices, type == 'b' ? "Block devices:\n" : "Character devices:\n");
	long long wanted = major;

	for (s = s ? strchr (s, '\n') + 1 : ""; *s && *s != '\n';
	     s += strcspn (s, "\n"), s += *s == '\n') {
		char *name;

		if (strtoll (s, &name, 10) == wanted && *name == ' ')
			return arena_printf (a, "%s-%.*s", kind, (int) strcspn (name + 1, "\n"),
					     name + 1);
	}
	return arena_printf (a, "%s-%lld", kind, wanted);
}

static void
add_device (struct list *l, strs *out, const char *devices, const struct device_rule *r, char type)
{
	const char *kind = type == 'b' ? "block" : "char", *name;

	if (r->major < 0)
		name = arena_printf (l->arena, "%s-*", kind);
	else if (r->minor < 0)
		name = group_name (l->arena, devices, type, r->major);
	else
		name = arena_printf (l->arena, "/dev/%s/%lld:%lld", kind, (long long) r->major,
				     (long long) r->minor);
	VEC_PUSH (l->arena, *out, (char *) (size_t) name);
	VEC_PUSH (l->arena, *out,
		  arena_printf (l->arena, "%s%s%s", r->access & 1 ? "r" : "",
				r->access & 2 ? "w" : "", r->access & 4 ? "m" : ""));
}

/* Can systemd say it? It has a list of what is allowed, nothing else. */
static bool
is_allow_list (const struct cgroup_plan *plan)
{
	if (plan->devices_allow_all || plan->n_devices == 0 || plan->devices[0].allow)
		return false;
	for (size_t i = 1; i < plan->n_devices; i++)
		if (!plan->devices[i].allow ||
		    (plan->devices[i].major < 0 && plan->devices[i].minor >= 0))
			return false;
	return true;
}

/*
 * Only on v1, where systemd would open all devices on its next reload. On v2 the runtime's own BPF
 * program is enough and stays, and so does what a hook added to it (the GPUs that used to vanish on
 * daemon-reload).
 */
static void
set_devices (struct list *l, const struct cgroup_plan *plan, int mode)
{
	struct unit_property *p;
	strs pairs = { 0 };
	struct err ignored;
	char *devices;
	size_t len;

	if (mode == CGROUP_V2 || !is_allow_list (plan))
		return;
	if (read_file_at (l->arena, AT_FDCWD, "/proc/devices", 1u << 20, &devices, &len, &ignored) <
	    0)
		devices = arena_strdup (l->arena, "");
	for (size_t i = 1; i < plan->n_devices; i++) {
		const struct device_rule *r = &plan->devices[i];

		for (const char *type = "bc"; *type; type++)
			if (r->type == *type || r->type == 'a')
				add_device (l, &pairs, devices, r, *type);
	}
	/* An empty list first: what was there before goes. In this order, or systemd wants a
	 * reload. */
	VEC_PUSH (l->arena, l->v,
		  ((struct unit_property) { .name = "DeviceAllow", .signature = "a(ss)" }));
	set_string (l, "DevicePolicy", "strict");
	VEC_PUSH (l->arena, l->v,
		  ((struct unit_property) { .name = "DeviceAllow", .signature = "a(ss)" }));
	p = &l->v.v[l->v.n - 1];
	p->strings = pairs.v;
	p->n_strings = pairs.n;
}

/* ---- all of it */

static void
set_limits (struct list *l, const struct cgroup_plan *plan, int mode)
{
	for (size_t i = 0; i < plan->n_writes; i++)
		set_write (l, mode == CGROUP_V2 ? known_v2 : known_v1, &plan->writes[i]);
	set_bandwidth (l);
	set_devices (l, plan, mode);
}

unit_properties
systemd_limit_properties (struct arena *a, const struct cgroup_plan *plan, int mode)
{
	struct list l = { .arena = a };

	set_limits (&l, plan, mode);
	return l.v;
}

unit_properties
systemd_scope_properties (struct arena *a, const struct cgroup_plan *plan, int mode, pid_t pid)
{
	static const char *const flags[] = { "Delegate", "CPUAccounting", "MemoryAccounting",
					     "TasksAccounting" };
	struct list l = { .arena = a };

	set_string (&l, "Description", plan->description);
	set_string (&l, "Slice", plan->slice);
	set_number (&l, "PIDs", "au", (uint64_t) pid);
	for (size_t i = 0; i < ARRAY_SIZE (flags); i++)
		set_number (&l, flags[i], "b", 1);
	set_number (&l, mode == CGROUP_V2 ? "IOAccounting" : "BlockIOAccounting", "b", 1);
	/* Its order at shutdown is its engine's business. */
	set_number (&l, "DefaultDependencies", "b", 0);
	/* A container that was killed is no failed unit that somebody has to reset (systemd 236).
	 */
	set_string (&l, "CollectMode", "inactive-or-failed");
	set_limits (&l, plan, mode);
	for (size_t i = 0; i < plan->n_properties; i++)
		*set (&l, plan->properties[i].name, "") = plan->properties[i];
	return l.v;
}

/* ---- on the wire */

static void
put_strings (struct dbus_out *o, const struct unit_property *p)
{
	bool pairs = streq (p->signature, "a(ss)");
	size_t align = pairs ? 8 : 4, begin = dbus_array_begin (o, align);

	for (size_t i = 0; i < p->n_strings; i++) {
		if (pairs && i % 2 == 0)
			dbus_align (o, 8);
		dbus_put_string (o, p->strings[i]);
	}
	dbus_array_end (o, begin, align);
}

static void
put_bytes (struct dbus_out *o, const struct unit_property *p)
{
	size_t begin = dbus_array_begin (o, 1);

	for (size_t i = 0; i < p->n_bytes; i++)
		dbus_put_byte (o, p->bytes[i]);
	dbus_array_end (o, begin, 1);
}

static void
put_value (struct dbus_out *o, const struct unit_property *p)
{
	static const struct {
		char type;
		size_t size;
	} sizes[] = {
		{ 'n', 2 }, { 'q', 2 }, { 'x', 8 }, { 't', 8 }, { 'b', 4 }, { 'i', 4 }, { 'u', 4 },
	};
	const char *s = p->signature;

	dbus_put_signature (o, s);
	if (streq (s, "s"))
		dbus_put_string (o, p->strings[0]);
	else if (streq (s, "y"))
		dbus_put_byte (o, (uint8_t) p->number);
	else if (streq (s, "ay"))
		put_bytes (o, p);
	else if (streq (s, "au")) {
		dbus_put_u32 (o, 4); /* bytes: one process */
		dbus_put_u32 (o, p->number);
	} else if (*s == 'a')
		put_strings (o, p);
	else
		for (size_t i = 0; i < ARRAY_SIZE (sizes); i++)
			if (sizes[i].type == *s)
				dbus_put_number (o, p->number, sizes[i].size);
}

void
systemd_put_properties (struct dbus_out *o, const unit_properties *properties)
{
	size_t begin = dbus_array_begin (o, 8);

	for (size_t i = 0; i < properties->n; i++) {
		dbus_align (o, 8);
		dbus_put_string (o, properties->v[i].name);
		put_value (o, &properties->v[i]);
	}
	dbus_array_end (o, begin, 8);
}
