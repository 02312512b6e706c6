/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing the plan of a process. */
#include "plan/dump_out.h"
#include "plan/planner.h"

#define PRINT(...) arena_printf (d->arena, __VA_ARGS__)

static strs
until_null (char **v)
{
	strs s = { v, 0 };

	while (v && v[s.n])
		s.n++;
	return s;
}

static void
dump_cap_set (struct dump *d, const char *name, uint64_t set)
{
	strs words = { 0 };

	for (unsigned i = 0; i < 64; i++)
		if (set & 1ull << i)
			VEC_PUSH (d->arena, words, (char *) (size_t) cap_name (i));
	dump_strings (d, name, &words);
}

/* Most often they are all the same: said once. */
static void
dump_caps (struct dump *d, const struct caps_plan *c)
{
	if (!(c->bounding | c->effective | c->permitted | c->inheritable | c->ambient)) {
		dump_string (d, "capabilities", "none");
		return;
	}
	dump_enter (d, "capabilities");
	if (c->bounding == c->effective && c->bounding == c->permitted) {
		dump_cap_set (d, "boundingEffectivePermitted", c->bounding);
	} else {
		dump_cap_set (d, "bounding", c->bounding);
		dump_cap_set (d, "effective", c->effective);
		dump_cap_set (d, "permitted", c->permitted);
	}
	dump_cap_set (d, "inheritable", c->inheritable);
	dump_cap_set (d, "ambient", c->ambient);
	dump_leave (d);
}

static const char *
limit_text (struct dump *d, uint64_t value)
{
	return value == UINT64_MAX ? "unlimited" : PRINT ("%llu", (unsigned long long) value);
}

static void
dump_lists (struct dump *d, const struct process_plan *r)
{
	dump_items (d, "rlimits");
	for (size_t i = 0; i < r->n_rlimits; i++) {
		dump_item (d);
		dump_string (d, "type", r->rlimits[i].name);
		dump_string (d, "soft", limit_text (d, r->rlimits[i].soft));
		dump_string (d, "hard", limit_text (d, r->rlimits[i].hard));
		dump_item_end (d);
	}
	dump_items_end (d);
	dump_items (d, "sysctls");
	for (size_t i = 0; i < r->n_sysctls; i++) {
		dump_item (d);
		dump_string (d, "file", r->sysctls[i].key);
		dump_string (d, "value", r->sysctls[i].value);
		dump_item_end (d);
	}
	dump_items_end (d);
}

static void
dump_mask (struct dump *d, const char *name, const uint64_t *mask, unsigned words)
{
	strs out = { 0 };

	for (unsigned i = 0; i < words; i++)
		VEC_PUSH (d->arena, out, PRINT ("%016llx", (unsigned long long) mask[i]));
	dump_strings (d, name, &out);
}

static void
dump_scheduling (struct dump *d, const struct process_plan *r)
{
	if (r->sched.set) {
		dump_enter (d, "scheduler");
		dump_uint (d, "policy", r->sched.policy);
		dump_uint (d, "flags", r->sched.flags);
		dump_int (d, "nice", r->sched.nice);
		dump_uint (d, "priority", r->sched.priority);
		if (r->sched.deadline)
			dump_string (d, "deadline",
				     PRINT ("%llu/%llu/%llu", (unsigned long long) r->sched.runtime,
					    (unsigned long long) r->sched.deadline,
					    (unsigned long long) r->sched.period));
		dump_leave (d);
	}
	if (r->ioprio_set)
		dump_string (d, "ioPriority",
			     PRINT ("class %d level %d", r->ioprio >> 13, r->ioprio & 0x1fff));
	if (r->mempolicy.set) {
		dump_enter (d, "memoryPolicy");
		dump_string (d, "mode", PRINT ("0x%x", (unsigned) r->mempolicy.mode));
		dump_mask (d, "nodes", r->mempolicy.nodes, r->mempolicy.max_node / 64);
		dump_leave (d);
	}
	dump_mask (d, "affinityInitial", r->affinity_initial.mask, r->affinity_initial.n_words);
	dump_mask (d, "affinityFinal", r->affinity_final.mask, r->affinity_final.n_words);
}

static void
dump_ids (struct dump *d, const struct process_plan *r)
{
	strs groups = { 0 };

	dump_string (d, "user", PRINT ("%u:%u", (unsigned) r->uid, (unsigned) r->gid));
	for (size_t i = 0; i < r->n_groups; i++)
		VEC_PUSH (d->arena, groups, PRINT ("%u", (unsigned) r->groups[i]));
	dump_strings (d, "additionalGids", &groups);
	dump_flag (d, "keepGroups", r->keep_groups);
	dump_mode (d, "umask", r->umask);
}

void
dump_process (struct dump *d, const struct process_plan *r)
{
	strs args = until_null (r->args), env = until_null (r->env);

	dump_enter (d, "process");
	dump_strings (d, "args", &args);
	dump_strings (d, "env", &env);
	dump_flag (d, "homeFromPasswd", r->needs_home);
	dump_string (d, "cwd", r->cwd);
	dump_ids (d, r);
	dump_caps (d, &r->caps);
	dump_flag (d, "noNewPrivileges", r->no_new_privs);
	dump_lists (d, r);
	if (r->oom_score_adj_set)
		dump_int (d, "oomScoreAdj", r->oom_score_adj);
	dump_string (d, "selinuxLabel", r->selinux_label);
	dump_string (d, "apparmorProfile", r->apparmor_profile);
	dump_scheduling (d, r);
	if (r->personality_set)
		dump_uint (d, "personality", r->personality);
	if (r->builtin_init)
		dump_flag (d, "builtinInit", true);
	dump_flag (d, "terminal", r->terminal);
	if (r->console_rows || r->console_cols)
		dump_string (d, "consoleSize",
			     PRINT ("%ux%u", (unsigned) r->console_rows,
				    (unsigned) r->console_cols));
	dump_string (d, "keyring", r->keyring);
	dump_leave (d);
}
