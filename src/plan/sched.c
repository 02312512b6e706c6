/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scheduling policy, I/O priority, memory policy: names to the kernel's numbers, and the rules that
 * the kernel would answer with EINVAL. */
#include "plan/planner.h"

struct constant {
	const char *name;
	uint64_t value;
};

static bool
lookup (const struct constant *table, size_t n, const char *name, uint64_t *ret)
{
	for (size_t i = 0; i < n; i++)
		if (streq (table[i].name, name)) {
			*ret = table[i].value;
			return true;
		}
	return false;
}

static const char *
all_names (struct planner *p, const struct constant *table, size_t n)
{
	strs v = { 0 };

	for (size_t i = 0; i < n; i++)
		VEC_PUSH (p->arena, v, (char *) (size_t) table[i].name);
	return str_join (p->arena, v.v, v.n, ", ");
}

#define LOOKUP(p, table, text, json, what, ret)                        \
	(lookup (table, ARRAY_SIZE (table), text, ret) ||              \
	 (BAD (p, json, "unknown " what " '%s'; allowed are %s", text, \
	       all_names (p, table, ARRAY_SIZE (table))),              \
	  false))

enum { OTHER = 0, FIFO = 1, RR = 2, BATCH = 3, ISO = 4, IDLE = 5, DEADLINE = 6 };
static const struct constant policies[] = {
	{ "SCHED_OTHER", OTHER },	{ "SCHED_FIFO", FIFO }, { "SCHED_RR", RR },
	{ "SCHED_BATCH", BATCH },	{ "SCHED_ISO", ISO },	{ "SCHED_IDLE", IDLE },
	{ "SCHED_DEADLINE", DEADLINE },
};
static const struct constant sched_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
};

static void
check_deadline (struct planner *p, const struct oci_scheduler *s, const char *prefix, bool deadline)
{
	if (!deadline) {
		if (s->runtime.v || s->deadline.v || s->period.v)
			BAD (p, PATH ("%s.scheduler.runtime", prefix),
			     "runtime, deadline and period are for SCHED_DEADLINE only");
		return;
	}
	/* sched(7): runtime <= deadline <= period */
	if (s->runtime.v == 0 || s->deadline.v == 0)
		BAD (p, PATH ("%s.scheduler.runtime", prefix),
		     "SCHED_DEADLINE needs runtime and deadline");
	else if (s->runtime.v > s->deadline.v)
		BAD (p, PATH ("%s.scheduler.runtime", prefix), "%llu exceeds deadline %llu",
		     (unsigned long long) s->runtime.v, (unsigned long long) s->deadline.v);
	else if (s->period.v && s->deadline.v > s->period.v)
		BAD (p, PATH ("%s.scheduler.deadline", prefix), "%llu exceeds period %llu",
		     (unsigned long long) s->deadline.v, (unsigned long long) s->period.v);
}

void
plan_scheduler (struct planner *p, const struct oci_scheduler *s, const char *prefix,
		struct sched_plan *r)
{
	uint64_t policy = OTHER, flag;

	if (!s)
		return;
	(void) LOOKUP (p, policies, s->policy, PATH ("%s.scheduler.policy", prefix),
		       "scheduling policy", &policy);
	r->set = true;
	r->policy = (uint32_t) policy;
	for (size_t i = 0; i < s->flags.n; i++)
		if (LOOKUP (p, sched_flags, s->flags.v[i],
			    PATH ("%s.scheduler.flags[%zu]", prefix, i), "scheduler flag", &flag))
			r->flags |= flag;
	if (s->nice.set && (s->nice.v < -20 || s->nice.v > 19))
		BAD (p, PATH ("%s.scheduler.nice", prefix), "%d is out of range: -20 to 19",
		     s->nice.v);
	if (s->priority.v && policy != FIFO && policy != RR)
		BAD (p, PATH ("%s.scheduler.priority", prefix),
		     "a priority is for SCHED_FIFO and SCHED_RR only");
	if ((policy == FIFO || policy == RR) && (s->priority.v < 1 || s->priority.v > 99))
		BAD (p, PATH ("%s.scheduler.priority", prefix), "%d is out of range: 1 to 99",
		     s->priority.v);
	check_deadline (p, s, prefix, policy == DEADLINE);
	r->nice = s->nice.v;
	r->priority = (uint32_t) s->priority.v;
	r->runtime = s->runtime.v;
	r->deadline = s->deadline.v;
	r->period = s->period.v;
}

static const struct constant io_classes[] = { { "IOPRIO_CLASS_RT", 1 },
					      { "IOPRIO_CLASS_BE", 2 },
					      { "IOPRIO_CLASS_IDLE", 3 } };

void
plan_io_priority (struct planner *p, const struct oci_io_priority *io, const char *prefix,
		  struct process_plan *pp)
{
	uint64_t class_ = 2;

	if (!io)
		return;
	(void) LOOKUP (p, io_classes, io->class_, PATH ("%s.ioPriority.class", prefix),
		       "I/O priority class", &class_);
	if (io->priority.v < 0 || io->priority.v > 7)
		BAD (p, PATH ("%s.ioPriority.priority", prefix), "%d is out of range: 0 to 7",
		     io->priority.v);
	pp->ioprio_set = true;
	pp->ioprio = (int) (class_ << 13) | io->priority.v;
}

static const struct constant modes[] = {
	{ "MPOL_DEFAULT", 0 },
	{ "MPOL_PREFERRED", 1 },
	{ "MPOL_BIND", 2 },
	{ "MPOL_INTERLEAVE", 3 },
	{ "MPOL_LOCAL", 4 },
	{ "MPOL_PREFERRED_MANY", 5 },
	{ "MPOL_WEIGHTED_INTERLEAVE", 6 },
};
static const struct constant mode_flags[] = {
	{ "MPOL_F_STATIC_NODES", 1 << 15 },
	{ "MPOL_F_RELATIVE_NODES", 1 << 14 },
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 },
};

void
memory_policy_names (struct arena *a, strs *ret_modes, strs *ret_flags)
{
	for (size_t i = 0; i < ARRAY_SIZE (modes); i++)
		VEC_PUSH (a, *ret_modes, (char *) (size_t) modes[i].name);
	for (size_t i = 0; i < ARRAY_SIZE (mode_flags); i++)
		VEC_PUSH (a, *ret_flags, (char *) (size_t) mode_flags[i].name);
}

void
plan_memory_policy (struct planner *p, const struct oci_memory_policy *m, struct mempolicy_plan *r)
{
	uint64_t mode = 0, flag;
	unsigned words;

	if (!m)
		return;
	if (!m->mode) {
		BAD (p, "linux.memoryPolicy.mode", "required, but missing");
		return;
	}
	if (!LOOKUP (p, modes, m->mode, "linux.memoryPolicy.mode", "memory policy", &mode))
		return;
	r->set = true;
	r->mode = (int) mode;
	for (size_t i = 0; i < m->flags.n; i++)
		if (LOOKUP (p, mode_flags, m->flags.v[i], PATH ("linux.memoryPolicy.flags[%zu]", i),
			    "memory policy flag", &flag))
			r->mode |= (int) flag;
	if ((r->mode & (1 << 15)) && (r->mode & (1 << 14)))
		BAD (p, "linux.memoryPolicy.flags",
		     "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
	if (m->nodes && *m->nodes && parse_list (p->arena, m->nodes, &r->nodes, &words) < 0)
		BAD (p, "linux.memoryPolicy.nodes", "'%s' is not a list of nodes like 0-3,7",
		     m->nodes);
	else if (m->nodes && *m->nodes)
		r->max_node = words * 64 + 1; /* get_nodes() takes one off */
	if ((mode == 0 || mode == 4) && m->nodes && *m->nodes)
		BAD (p, "linux.memoryPolicy.nodes", "%s takes no nodes", m->mode);
	if ((mode == 2 || mode == 3 || mode == 5 || mode == 6) && !(m->nodes && *m->nodes))
		BAD (p, "linux.memoryPolicy.nodes", "%s needs nodes", m->mode);
}
