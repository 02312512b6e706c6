/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Between the files of this room. */
#include <linux/bpf.h>
#include <stdbool.h>

#include "cgroup/cgroup.h"
#include "plan/host.h"
#include "plan/plan.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* "/sys/fs/cgroup[/HIERARCHY]PATH" in the arena-free buffer; false: too long. */
bool cgroup_dir (const struct cgroup *cg, const char *hierarchy, char *buf, size_t size);
/* The hierarchy in which processes are counted, frozen and killed: "" for v2, "unified", or one of
 * v1. */
const char *cgroup_main (const struct cgroup *cg);

/* "cpu" is served by "cpu,cpuacct". */
bool v1_serves (const char *hierarchy, const char *controller, size_t len);
int v1_fd (const struct cgroup *cg, const char *controller); /* dir_fd, or -1 */
/* mkdir with parents: how many are new; 0: it was there. -errno. */
int cgroup_make_path (const char *path, size_t root_len);
/* rmdir of the n directories above `dir`, as long as nobody else uses them. */
void cgroup_remove_parents (char *dir, size_t root_len, unsigned n);

/* How many directories of the path are ours in this hierarchy: `made`. */
unsigned cgroup_made_in (const struct cgroup *cg, const char *hierarchy);
/* How many of them are not there. */
unsigned cgroup_missing_in (const struct cgroup *cg, const char *hierarchy);

int v1_create (struct arena *a, struct cgroup *cg, struct err *e);
const char *v1_made (struct arena *a, const struct cgroup *cg); /* for cg->made */
const char *v1_missing (struct arena *a,
			const struct cgroup *cg); /* what v1_made will say if all goes well */
int v1_apply (struct cgroup *cg, const struct cgroup_plan *plan, struct err *e);
int v1_apply_devices (struct cgroup *cg, const struct cgroup_plan *plan, struct err *e);
int v2_create (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan, struct err *e);
int v2_apply (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan, struct err *e);
/* One write with its fall-back, in an open cgroup directory. `where` names it in errors. */
int cgroup_write_one (int dir_fd, const struct cgroup_write *w, const char *where, struct err *e);
/* -EBUSY if there are processes in the directory or below. */
int cgroup_check_empty (int dir_fd);

/* The scope that systemd made around `pid` is there: what it lacks, and what is needed to enter it.
 */
int v1_adopt (struct arena *a, struct cgroup *cg, pid_t pid, struct err *e);
int v2_adopt (struct cgroup *cg, const struct cgroup_plan *plan, pid_t pid, struct err *e);

/*
 * systemd.c: make the scope around `pid`, and find where it is; tell it new limits; add a process;
 * stop it. The last one needs nothing but the name, and a scope that has ended is no error.
 */
int systemd_create_scope (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan,
			  pid_t pid, struct err *e);
int systemd_update_scope (struct arena *a, const struct cgroup *cg, const struct cgroup_plan *plan,
			  struct err *e);
int systemd_attach (struct arena *a, const struct cgroup *cg, pid_t pid, struct err *e);
int systemd_stop_scope (const struct cgroup *cg, struct err *e);
/* A scope that we perhaps made, if nobody is in it. */
void systemd_stop_empty (const struct cgroup *cg);

/* devices_bpf.c: the program that decides as the rules do, of which the last that matches counts.
 * -E2BIG. */
struct device_program {
	struct bpf_insn insns[500 * 8 + 16];
	size_t n;
};
int devices_compile (struct device_program *p, const struct device_rule *rules, size_t n);
