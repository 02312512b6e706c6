/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * linux.resources: to an ordered list of writes, and the device rules.
 *
 * Zero means "unset" wherever the kernel has no use for a zero: docker sends zeros for all that its
 * user did not give.
 */
#include <math.h>
#include <string.h>

#include "plan/planner.h"
#include "sys/syscalls.h"

struct sink {
	struct planner *p;
	const char *prefix;
	struct cgroup_plan *out;
	bool v2;
};

static void
add (struct sink *s, const char *controller, const char *file, const char *value,
     const char *member)
{
	struct planner *p = s->p;
	VEC (struct cgroup_write) v = { s->out->writes, s->out->n_writes };

	VEC_PUSH (p->arena, v,
		  ((struct cgroup_write) { .controller = controller,
					   .file = file,
					   .value = value,
					   .json_path = PATH ("%s.%s", s->prefix, member) }));
	s->out->writes = v.v;
	s->out->n_writes = v.n;
}

static const char *
number (struct sink *s, int64_t n)
{
	struct planner *p = s->p;

	return PATH ("%lld", (long long) n);
}

static const char *
unsigned_number (struct sink *s, uint64_t n)
{
	struct planner *p = s->p;

	return PATH ("%llu", (unsigned long long) n);
}

/* -1 is "max" in v2, and -1 in v1. */
static const char *
limit (struct sink *s, int64_t n)
{
	return n == -1 ? s->v2 ? "max" : "-1" : number (s, n);
}

/* A property of v1 that v2 has no file for. */
static void
only_v1 (struct sink *s, const char *controller, const char *file, const char *value,
	 const char *member)
{
	struct planner *p = s->p;

	if (s->v2)
		BAD (p, PATH ("%s.%s", s->prefix, member), "does not exist in cgroup v2");
	else
		add (s, controller, file, value, member);
}

/* ---- memory */

static void
memory_swap (struct sink *s, const struct oci_memory *m)
{
	struct planner *p = s->p;
	const char *json = PATH ("%s.memory.swap", s->prefix);

	if (!m->swap.set || m->swap.v == 0) {
		/* An unlimited memory without a word about swap: swap unlimited as well, or memsw
		 * would stay in the way. */
		if (m->limit.set && m->limit.v == -1)
			add (s, "memory", s->v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
			     s->v2 ? "max" : "-1", "memory.swap");
		else
			return;
		s->out->writes[s->out->n_writes - 1].optional = true;
		return;
	}
	if (m->swap.v != -1 && m->limit.set && m->limit.v > 0 && m->swap.v < m->limit.v) {
		BAD (p, json, "%lld is less than limit %lld: it is the sum of memory and swap",
		     (long long) m->swap.v, (long long) m->limit.v);
		return;
	}
	if (!s->v2) {
		add (s, "memory", "memory.memsw.limit_in_bytes", limit (s, m->swap.v),
		     "memory.swap");
		return;
	}
	if (m->swap.v != -1 && !(m->limit.set && m->limit.v > 0)) {
		BAD (p, json,
		     "needs memory.limit: cgroup v2 limits swap alone, and this is the sum of both");
		return;
	}
	add (s, "memory", "memory.swap.max",
	     m->swap.v == -1 ? "max" : number (s, m->swap.v - m->limit.v), "memory.swap");
}

static void
plan_memory (struct sink *s, const struct oci_memory *m)
{
	bool limited = m->limit.set && m->limit.v != 0;

	s->out->check_memory = m->check_before_update;
	/* v1 demands limit <= memsw at every moment: an unlimited memsw first when memory is to be
	 * unlimited. */
	if (!s->v2 && limited && m->limit.v == -1)
		memory_swap (s, m);
	if (limited)
		add (s, "memory", s->v2 ? "memory.max" : "memory.limit_in_bytes",
		     limit (s, m->limit.v), "memory.limit");
	if (s->v2 || !(limited && m->limit.v == -1))
		memory_swap (s, m);
	if (m->reservation.set && m->reservation.v != 0)
		add (s, "memory", s->v2 ? "memory.low" : "memory.soft_limit_in_bytes",
		     limit (s, m->reservation.v), "memory.reservation");
	if (m->kernel.set && m->kernel.v != 0)
		only_v1 (s, "memory", "memory.kmem.limit_in_bytes", number (s, m->kernel.v),
			 "memory.kernel");
	if (m->kernel_tcp.set && m->kernel_tcp.v != 0)
		only_v1 (s, "memory", "memory.kmem.tcp.limit_in_bytes", number (s, m->kernel_tcp.v),
			 "memory.kernelTCP");
	/* Zero is a value here: no swapping as long as it can be helped. v2 has no such file, and
	 * nothing to say to docker's zero. */
	if (m->swappiness.set && (m->swappiness.v != 0 || !s->v2))
		only_v1 (s, "memory", "memory.swappiness", unsigned_number (s, m->swappiness.v),
			 "memory.swappiness");
	if (m->disable_oom_killer)
		only_v1 (s, "memory", "memory.oom_control", "1", "memory.disableOOMKiller");
	if (m->use_hierarchy.set && !s->v2) {
		add (s, "memory", "memory.use_hierarchy", m->use_hierarchy.v ? "1" : "0",
		     "memory.useHierarchy");
		s->out->writes[s->out->n_writes - 1].optional =
			true; /* gone since Linux 5.11: always on */
	}
}

/* ---- cpu */

/* 2 .. 262144 to 1 .. 10000 so that 1024 becomes 100: 10^((l² + 125 l) / 612 - 7/34), l = log2
 * (shares). */
static uint64_t
weight_of_shares (uint64_t shares)
{
	double l;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2 ((double) shares);
	return (uint64_t) ceil (pow (10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

static void
cpu_bandwidth (struct sink *s, const struct oci_cpu *c)
{
	struct planner *p = s->p;
	bool quota = c->quota.set && c->quota.v != 0, period = c->period.set && c->period.v != 0;

	if (!s->v2) {
		if (period)
			add (s, "cpu", "cpu.cfs_period_us", unsigned_number (s, c->period.v),
			     "cpu.period");
		if (quota)
			add (s, "cpu", "cpu.cfs_quota_us", number (s, c->quota.v), "cpu.quota");
	} else if (quota || period) {
		const char *max = quota && c->quota.v > 0 ? number (s, c->quota.v) : "max";

		add (s, "cpu", "cpu.max",
		     PATH ("%s %llu", max, (unsigned long long) (period ? c->period.v : 100000)),
		     quota ? "cpu.quota" : "cpu.period");
	}
	if (c->burst.set && c->burst.v != 0)
		add (s, "cpu", s->v2 ? "cpu.max.burst" : "cpu.cfs_burst_us",
		     unsigned_number (s, c->burst.v), "cpu.burst");
}

static void
cpu_list (struct sink *s, const char *list, const char *file, const char *member)
{
	struct planner *p = s->p;
	uint64_t *mask;
	unsigned words;

	if (!list || !*list)
		return;
	if (parse_list (p->arena, list, &mask, &words) < 0)
		BAD (p, PATH ("%s.%s", s->prefix, member), "'%s' is not a list like 0-3,7", list);
	else
		add (s, "cpuset", file, list, member);
}

static void
plan_cpu (struct sink *s, const struct oci_cpu *c)
{
	if (c->shares.set && c->shares.v != 0)
		add (s, "cpu", s->v2 ? "cpu.weight" : "cpu.shares",
		     unsigned_number (s, s->v2 ? weight_of_shares (c->shares.v) : c->shares.v),
		     "cpu.shares");
	cpu_bandwidth (s, c);
	if (c->realtime_period.set && c->realtime_period.v != 0)
		only_v1 (s, "cpu", "cpu.rt_period_us", unsigned_number (s, c->realtime_period.v),
			 "cpu.realtimePeriod");
	if (c->realtime_runtime.set && c->realtime_runtime.v != 0)
		only_v1 (s, "cpu", "cpu.rt_runtime_us", number (s, c->realtime_runtime.v),
			 "cpu.realtimeRuntime");
	if (c->idle.set)
		add (s, "cpu", "cpu.idle", number (s, c->idle.v), "cpu.idle");
	cpu_list (s, c->cpus, "cpuset.cpus", "cpu.cpus");
	cpu_list (s, c->mems, "cpuset.mems", "cpu.mems");
}

/* ---- block I/O */

static void
io_weight (struct sink *s, unsigned weight, const char *device, const char *member)
{
	struct planner *p = s->p;
	struct cgroup_write *w;

	if (weight < 10) {
		BAD (p, PATH ("%s.%s", s->prefix, member), "%u is out of range: 10 to 1000",
		     weight);
		return;
	}
	add (s, s->v2 ? "io" : "blkio",
	     s->v2     ? "io.bfq.weight"
	     : *device ? "blkio.bfq.weight_device"
		       : "blkio.bfq.weight",
	     PATH ("%s%u", device, weight), member);
	w = &s->out->writes[s->out->n_writes - 1];
	w->fallback_file = s->v2 ? "io.weight" : *device ? "blkio.weight_device" : "blkio.weight";
	w->fallback_value = s->v2 ? PATH ("%s%u", device, 1 + (weight - 10) * 9999 / 990)
				  : w->value;
}

static void
io_throttle (struct sink *s, const oci_throttle_vec *v, const char *v1_file, const char *v2_key,
	     const char *member)
{
	struct planner *p = s->p;

	for (size_t i = 0; i < v->n; i++) {
		const struct oci_throttle_device *d = &v->v[i];
		const char *dev = PATH ("%lld:%lld", (long long) d->major.v,
					(long long) d->minor.v);

		if (s->v2)
			add (s, "io", "io.max",
			     d->rate.v ? PATH ("%s %s=%llu", dev, v2_key,
					       (unsigned long long) d->rate.v)
				       : PATH ("%s %s=max", dev, v2_key),
			     PATH ("blockIO.%s[%zu]", member, i));
		else
			add (s, "blkio", v1_file,
			     PATH ("%s %llu", dev, (unsigned long long) d->rate.v),
			     PATH ("blockIO.%s[%zu]", member, i));
	}
}

static void
plan_block_io (struct sink *s, const struct oci_block_io *b)
{
	struct planner *p = s->p;

	if (b->weight.set && b->weight.v != 0)
		io_weight (s, b->weight.v, "", "blockIO.weight");
	if (b->leaf_weight.set && b->leaf_weight.v != 0)
		only_v1 (s, "blkio", "blkio.leaf_weight", unsigned_number (s, b->leaf_weight.v),
			 "blockIO.leafWeight");
	for (size_t i = 0; i < b->weight_device.n; i++) {
		const struct oci_weight_device *d = &b->weight_device.v[i];
		const char *dev = PATH ("%lld:%lld ", (long long) d->major.v,
					(long long) d->minor.v);

		if (d->weight.set && d->weight.v != 0)
			io_weight (s, d->weight.v, dev,
				   PATH ("blockIO.weightDevice[%zu].weight", i));
		if (d->leaf_weight.set && d->leaf_weight.v != 0)
			only_v1 (s, "blkio", "blkio.leaf_weight_device",
				 PATH ("%s%u", dev, d->leaf_weight.v),
				 PATH ("blockIO.weightDevice[%zu].leafWeight", i));
	}
	io_throttle (s, &b->read_bps, "blkio.throttle.read_bps_device", "rbps",
		     "throttleReadBpsDevice");
	io_throttle (s, &b->write_bps, "blkio.throttle.write_bps_device", "wbps",
		     "throttleWriteBpsDevice");
	io_throttle (s, &b->read_iops, "blkio.throttle.read_iops_device", "riops",
		     "throttleReadIOPSDevice");
	io_throttle (s, &b->write_iops, "blkio.throttle.write_iops_device", "wiops",
		     "throttleWriteIOPSDevice");
}

/* ---- the rest */

static bool
good_page_size (const char *s)
{
	size_t n = strspn (s, "0123456789");

	return n > 0 && s[0] != '0' && (s[n] == 'K' || s[n] == 'M' || s[n] == 'G') &&
	       streq (s + n + 1, "B");
}

static void
plan_hugepages (struct sink *s, const struct oci_linux_resources *r)
{
	struct planner *p = s->p;

	for (size_t i = 0; i < r->hugepage_limits.n; i++) {
		const struct oci_hugepage_limit *h = &r->hugepage_limits.v[i];
		const char *member = PATH ("hugepageLimits[%zu]", i),
			   *value = unsigned_number (s, h->limit);

		if (!good_page_size (h->page_size)) {
			BAD (p, PATH ("%s.%s.pageSize", s->prefix, member),
			     "'%s' is not a page size like 2MB", h->page_size);
			continue;
		}
		/* Reservations as well where the kernel counts them (Linux 5.7): a mapping beyond
		 * the limit then fails at once. */
		add (s, "hugetlb",
		     PATH ("hugetlb.%s.%s", h->page_size, s->v2 ? "max" : "limit_in_bytes"), value,
		     member);
		add (s, "hugetlb",
		     PATH ("hugetlb.%s.rsvd.%s", h->page_size, s->v2 ? "max" : "limit_in_bytes"),
		     value, member);
		s->out->writes[s->out->n_writes - 1].optional = true;
	}
}

static void
plan_network (struct sink *s, const struct oci_network *n)
{
	struct planner *p = s->p;

	if (n->class_id.set && n->class_id.v != 0)
		only_v1 (s, "net_cls", "net_cls.classid", unsigned_number (s, n->class_id.v),
			 "network.classID");
	for (size_t i = 0; i < n->priorities.n; i++)
		only_v1 (s, "net_prio", "net_prio.ifpriomap",
			 PATH ("%s %u", n->priorities.v[i].name, n->priorities.v[i].priority),
			 PATH ("network.priorities[%zu]", i));
}

static void
plan_rdma (struct sink *s, const struct oci_linux_resources *r)
{
	struct planner *p = s->p;

	for (size_t i = 0; i < r->rdma.n; i++) {
		const struct oci_rdma *d = &r->rdma.v[i];
		const char *handles = d->hca_handles.set ? PATH (" hca_handle=%u", d->hca_handles.v)
							 : "";
		const char *objects = d->hca_objects.set ? PATH (" hca_object=%u", d->hca_objects.v)
							 : "";

		add (s, "rdma", "rdma.max", PATH ("%s%s%s", d->device, handles, objects),
		     PATH ("rdma.%s", d->device));
	}
}

static void
plan_unified (struct sink *s, const kvs *u)
{
	struct planner *p = s->p;

	for (size_t i = 0; i < u->n; i++) {
		const char *key = u->v[i].key, *member = PATH ("unified.%s", key);
		size_t n = strcspn (key, ".");

		if (strchr (key, '/') || streq (key, "..") || streq (key, ".") || !*key)
			BAD (p, PATH ("%s.%s", s->prefix, member), "'%s' is not the name of a file",
			     key);
		else if (!s->v2)
			BAD (p, PATH ("%s.unified", s->prefix),
			     "needs cgroup v2, this host has v1");
		else if (startswith (key, "cgroup.procs") || startswith (key, "cgroup.threads") ||
			 startswith (key, "cgroup.kill"))
			BAD (p, PATH ("%s.%s", s->prefix, member), "is no limit");
		else
			add (s,
			     startswith (key, "cgroup.") || !key[n] ? NULL
								    : PATH ("%.*s", (int) n, key),
			     key, u->v[i].value, member);
	}
}

/* ---- devices */

#define ACCESS_ALL (ACCESS_READ | ACCESS_WRITE | ACCESS_MKNOD)
enum { ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_MKNOD = 4 };

/* What every container may use, whatever its list says: nodes of all kinds may be made, these may
 * be opened. */
/* clang-format off */
static const struct device_rule always[] = {
	{ true, 'c', -1, -1, ACCESS_MKNOD }, { true, 'b', -1, -1, ACCESS_MKNOD },
	{ true, 'c', 1, 3, ACCESS_ALL }, { true, 'c', 1, 5, ACCESS_ALL },
	{ true, 'c', 1, 7, ACCESS_ALL }, { true, 'c', 1, 8, ACCESS_ALL },
	{ true, 'c', 1, 9, ACCESS_ALL }, { true, 'c', 5, 0, ACCESS_ALL },
	{ true, 'c', 5, 1, ACCESS_ALL }, { true, 'c', 5, 2, ACCESS_ALL },
	{ true, 'c', 136, -1, ACCESS_ALL }, { true, 'c', 10, 200, ACCESS_ALL },
};
/* clang-format on */

static unsigned
read_access (struct sink *s, const char *text, const char *json)
{
	struct planner *p = s->p;
	unsigned access = 0;

	if (!text || !*text)
		return ACCESS_ALL;
	for (const char *c = text; *c; c++) {
		if (*c != 'r' && *c != 'w' && *c != 'm') {
			BAD (p, PATH ("%s.access", json), "\"%s\" is not made of r, w and m", text);
			break;
		}
		access |= *c == 'r' ? ACCESS_READ : *c == 'w' ? ACCESS_WRITE : ACCESS_MKNOD;
	}
	return access;
}

static int64_t
rule_number (struct sink *s, opt_i64 n, const char *json, const char *member)
{
	struct planner *p = s->p;

	if (n.set && n.v < -1)
		BAD (p, PATH ("%s.%s", json, member),
		     "%lld is out of range: -1 (all) or a device number", (long long) n.v);
	return n.set ? n.v : -1;
}

static struct device_rule
read_rule (struct sink *s, const struct oci_device_cgroup *d, size_t i)
{
	struct planner *p = s->p;
	const char *json = PATH ("%s.devices[%zu]", s->prefix, i),
		   *type = d->type && *d->type ? d->type : "a";
	struct device_rule r = { .allow = d->allow };

	if (type[1] || !strchr ("abc", type[0]))
		BAD (p, PATH ("%s.type", json), "unknown type \"%s\"; allowed are a, b, c", type);
	r.type = type[0];
	r.major = rule_number (s, d->major, json, "major");
	r.minor = rule_number (s, d->minor, json, "minor");
	r.access = read_access (s, d->access, json);
	return r;
}

static bool
is_everything (const struct device_rule *r)
{
	return r->type == 'a' && r->major == -1 && r->minor == -1 && r->access == ACCESS_ALL;
}

static void
plan_device_rules (struct sink *s, const struct oci_linux_resources *r, bool update)
{
	struct planner *p = s->p;
	struct cgroup_plan *out = s->out;
	size_t n = r ? r->devices.n : 0;

	if (update && n == 0) { /* nothing said: nothing changed */
		out->devices_allow_all = true;
		return;
	}
	out->devices = arena_alloc (p->arena, (n + 1 + ARRAY_SIZE (always)) * sizeof *out->devices);
	out->devices[out->n_devices++] =
		(struct device_rule) { false, 'a', -1, -1, ACCESS_ALL }; /* deny unless allowed */
	for (size_t i = 0; i < n; i++) {
		struct device_rule rule = read_rule (s, &r->devices.v[i], i);

		if (is_everything (&rule)) /* what came before no longer matters */
			out->n_devices = 0;
		out->devices[out->n_devices++] = rule;
	}
	out->devices_allow_all = out->n_devices == 1 && out->devices[0].allow;
	/* The kernel does not let a user namespace's devices be more than its owner's: rules there
	 * only get in the way, as runc found. */
	if (p->plan && (owns (p, CLONE_NEWUSER) || p->host->in_userns))
		out->devices_allow_all = true;
	memcpy (out->devices + out->n_devices, always, sizeof always);
	out->n_devices += ARRAY_SIZE (always);
}

void
plan_resources (struct planner *p, const struct oci_linux_resources *r, const char *prefix,
		struct cgroup_plan *ret)
{
	struct sink s = { p, prefix, ret, p->host->cgroup_mode == CGROUP_V2 };

	plan_device_rules (&s, r, p->plan == NULL);
	if (!r)
		return;
	if (r->memory)
		plan_memory (&s, r->memory);
	if (r->cpu)
		plan_cpu (&s, r->cpu);
	if (r->pids && r->pids->limit.set)
		add (&s, "pids", "pids.max",
		     r->pids->limit.v < 0 ? "max" : number (&s, r->pids->limit.v), "pids.limit");
	if (r->block_io)
		plan_block_io (&s, r->block_io);
	plan_hugepages (&s, r);
	if (r->network)
		plan_network (&s, r->network);
	plan_rdma (&s, r);
	plan_unified (&s, &r->unified);
	ret->has_limits = ret->n_writes > 0;
}
