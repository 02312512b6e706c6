/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits and scheduling: what prlimit, sched_setattr and their kin take. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "plan/plan.h"
#include "process/process.h"
#include "sys/syscalls.h"

#define IOPRIO_WHO_PGRP 2

bool
rlimits_of_memory (const struct process_plan *p)
{
	for (size_t i = 0; i < p->n_rlimits; i++)
		if (p->rlimits[i].resource == RLIMIT_AS || p->rlimits[i].resource == RLIMIT_DATA)
			return true;
	return false;
}

int
rlimits_apply (pid_t pid, const struct process_plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct rlimit_plan *l = &p->rlimits[i];
		struct rlimit rl = { (rlim_t) l->soft, (rlim_t) l->hard };

		if (prlimit (pid, l->resource, &rl, NULL) < 0)
			return err_set (e, errno, "process.rlimits: set %s to %llu:%llu%s", l->name,
					(unsigned long long) l->soft, (unsigned long long) l->hard,
					errno == EPERM
						? " (raising a hard limit needs CAP_SYS_RESOURCE)"
						: "");
	}
	return 0;
}

int
oom_score_adj_apply (const struct process_plan *p, pid_t pid, bool lenient, struct err *e)
{
	char text[16], path[40] = "self/oom_score_adj";
	int r;

	if (!p->oom_score_adj_set)
		return 0;
	snprintf (text, sizeof text, "%d", p->oom_score_adj);
	if (pid)
		snprintf (path, sizeof path, "%d/oom_score_adj", (int) pid);
	r = procfs_write (path, text);
	/* Without CAP_SYS_RESOURCE it cannot be lowered: for an ordinary user it stays what it was.
	 */
	if ((r == -EACCES || r == -EPERM) && lenient)
		return 0;
	return r < 0 ? err_set (e, -r, "process.oomScoreAdj: set to %s", text) : 0;
}

int
sched_apply (const struct process_plan *p, struct err *e)
{
	const struct sched_plan *s = &p->sched;
	struct sys_sched_attr attr = {
		.size = sizeof attr,
		.sched_policy = s->policy,
		.sched_flags = s->flags,
		.sched_nice = s->nice,
		.sched_priority = s->priority,
		.sched_runtime = s->runtime,
		.sched_deadline = s->deadline,
		.sched_period = s->period,
	};
	int r;

	if (!s->set)
		return 0;
	r = sys_sched_setattr (0, &attr);
	return r < 0 ? err_set (
			       e, -r,
			       "process.scheduler: sched_setattr (policy %u, nice %d, priority %u)",
			       s->policy, s->nice, s->priority)
		     : 0;
}

int
ioprio_apply (const struct process_plan *p, struct err *e)
{
	int r = p->ioprio_set ? sys_ioprio_set (IOPRIO_WHO_PGRP, 0, p->ioprio) : 0;

	return r < 0 ? err_set (e, -r, "process.ioPriority: ioprio_set") : 0;
}

int
mempolicy_apply (const struct process_plan *p, struct err *e)
{
	const struct mempolicy_plan *m = &p->mempolicy;
	int r = m->set ? sys_set_mempolicy (m->mode, m->nodes, m->max_node) : 0;

	return r < 0 ? err_set (e, -r, "linux.memoryPolicy: set_mempolicy") : 0;
}

int
personality_apply (const struct process_plan *p, struct err *e)
{
	if (p->personality_set && personality (p->personality) < 0)
		return err_set (e, errno, "linux.personality: set");
	return 0;
}

int
affinity_reset (struct err *e)
{
	unsigned char all[8192];

	/* The kernel takes the intersection with what there is and what the cpuset allows. */
	memset (all, 0xff, sizeof all);
	if (syscall (SYS_sched_setaffinity, 0, sizeof all, all) < 0)
		return err_set (e, errno, "reset the cpu affinity");
	return 0;
}

int
affinity_apply (const struct process_plan *p, bool final, struct err *e)
{
	const struct cpu_list *l = final ? &p->affinity_final : &p->affinity_initial;

	if (l->n_words &&
	    syscall (SYS_sched_setaffinity, 0, l->n_words * sizeof *l->mask, l->mask) < 0)
		return err_set (e, errno, "process.execCPUAffinity.%s: sched_setaffinity",
				final ? "final" : "initial");
	return 0;
}

int
sysctls_apply (const struct process_plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n_sysctls; i++) {
		const struct sysctl *s = &p->sysctls[i];
		int r = procfs_write_sys (s->key, s->value);

		if (r == -ENOENT)
			return err_set (
				e, 0,
				"%s: this kernel has no such sysctl in the container's namespaces",
				s->json_path);
		if (r < 0)
			return err_set (e, -r, "%s: write '%s'", s->json_path, s->value);
	}
	return 0;
}

#define KEYCTL_JOIN_SESSION_KEYRING 1
#define KEYCTL_SETPERM		    5
#define KEYCTL_DESCRIBE		    6
/* Possessor: everything; user: view, read, search. As runc has it, so that exec can join by name.
 */
#define KEYRING_PERMISSIONS 0x3f0b0000u

int
keyring_join (const char *name, struct err *e)
{
	long id = sys_keyctl (KEYCTL_JOIN_SESSION_KEYRING, (unsigned long) (uintptr_t) name, 0);

	if (id == -ENOSYS) {
		log_debug ("no session keyring: the kernel has no keyrings");
		return 0;
	}
	if (id == -EDQUOT)
		return err_set (
			e, EDQUOT,
			"join session keyring '%s': too many keys for this user (sysctl kernel.keys.maxkeys); --no-new-keyring does without",
			name);
	if (id < 0)
		return err_set (e, (int) -id,
				"join session keyring '%s' (--no-new-keyring does without)", name);
	(void) sys_keyctl (KEYCTL_SETPERM, (unsigned long) id, KEYRING_PERMISSIONS);
	return 0;
}
