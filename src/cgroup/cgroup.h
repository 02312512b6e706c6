/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Control groups: v1, hybrid and v2 by cgroupfs, systemd scopes, or none.
 *
 * A cgroup that we did not create is never killed in and never removed; the root, the runtime's own
 * cgroup, and one that has processes or is frozen at create are refused (security.md T-cgroot).
 *
 *   runtime  cgroup_create    make the directories (remember which are ours), open what is needed
 * to enter; v1: device rules kernel   clone3 (CLONE_INTO_CGROUP) with into_fd, where that is ≥ 0
 * (v2, or the unified tree of hybrid) init     cgroup_enter_self   v1: writes "0" to the inherited
 * `tasks` fds: moving oneself as a thread costs 0.3 ms, cgroup.procs by the parent 12 ms (a grace
 * period) runtime  cgroup_attach    where clone3 could not: cgroup.procs / systemd scope around the
 * pid runtime  cgroup_adopt     systemd: what its scope lacks, after the state file knows where it
 * is runtime  cgroup_apply     limits, while init mounts; v2: device rules, which come into force
 * all at once
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct err;
struct host;
struct cgroup_plan;

#define CGROUP_MAX_V1 16

struct cgroup {
	int manager;	   /* enum cgroup_manager */
	int mode;	   /* enum cgroup_mode */
	const char *path;  /* "/a/b", below each hierarchy; what the state file keeps */
	const char *scope; /* systemd unit, or NULL */
	int into_fd;	   /* directory for CLONE_INTO_CGROUP, or -1 */
	bool entered;	   /* clone3 put the child there */
	bool only_wait; /* destroy: no process that is in there is ours to kill; with any the cgroup
			   stays */
	bool created;	/* at least the leaf is ours; otherwise never killed or removed */
	bool fresh;	/* v2: made by this process, and no device program is attached yet */
	bool told;	/* systemd knows the limits: the scope was made with them */
	struct {
		const char *name;
		char *dir;
		int dir_fd, tasks_fd;
		unsigned made;
	} v1[CGROUP_MAX_V1]; /* hybrid: "unified" is into_fd */
	unsigned n_v1;
	/*
	 * How many directories at the end of the path were made, in each hierarchy: "cpu:1
	 * memory:0", ":2" for v2. So many are removed (parents if nobody else uses them). NULL: not
	 * known, then the leaf is removed if it is `created`.
	 */
	const char *made;
};

/* Facts: mode of /sys/fs/cgroup by statfs magic (3 system calls), no parsing of mountinfo. */
int cgroup_probe_mode (void);
/* Own cgroup of the calling process ("/a/b"; v2 line, else name=systemd or first v1 line). */
const char *cgroup_probe_own (struct arena *a);
/* That of a process, 0: our own, in the hierarchy that systemd keeps. NULL: it has ended. */
const char *cgroup_of_process (struct arena *a, int mode, pid_t pid);

/*
 * The path that cgroup_create will use, fully resolved; known before anything exists so that the
 * state file can name it first (rule 2 of life and death: a killed create must leave something that
 * delete can find).
 */
int cgroup_resolve (struct arena *a, const struct cgroup_plan *plan, const struct host *host,
		    struct cgroup *ret, struct err *e);
int cgroup_create (struct arena *a, const struct cgroup_plan *plan, struct cgroup *cg,
		   struct err *e);
/* Has cgroup_create made what cgroup_resolve foretold? */
bool cgroup_is_as_guessed (const struct cgroup *cg, const struct cgroup *guess);
int cgroup_enter_self (const struct cgroup *cg, struct err *e);
/*
 * systemd: cg->path is known, and cg->created true, only afterwards. A scope whose creator is
 * killed before it could tell anybody ends by itself, together with the waiting child.
 */
int cgroup_attach (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan, pid_t pid,
		   struct err *e);
int cgroup_adopt (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan, pid_t pid,
		  struct err *e);
int cgroup_apply (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan,
		  struct err *e);
void cgroup_close (struct cgroup *cg); /* the fds */

/* manager, mode, path, scope, created and made come from a state file: what a damaged one must not
 * say is taken back. */
void cgroup_from_state (struct cgroup *cg);

/*
 * Opens what exec needs to enter the container's cgroup: into_fd, and the tasks files of v1. Each
 * of `subs` is --cgroup:
 * "[CONTROLLER[,CONTROLLER]:]PATH", an existing cgroup below it; controllers are of v1 only.
 */
int cgroup_open_for_exec (struct arena *a, struct cgroup *cg, const char *const *subs,
			  size_t n_subs, struct err *e);
/*
 * exec, where clone3 could not: a process into into_fd. An ordinary user may not move it out of his
 * session by himself; systemd, whose scope it is, may.
 */
int cgroup_admit (struct arena *a, const struct cgroup *cg, pid_t pid, struct err *e);
/* v2: where the process `pid` is now; for a container that has moved below its cgroup, which then
 * takes no process (EBUSY). */
int cgroup_open_of_process (struct cgroup *cg, pid_t pid, struct err *e);

/*
 * update: opens the container's cgroup, then cgroup_update as often as needed. plan->devices,
 * unless devices_allow_all, replace the rules that are there: atomically on v2, on v1 while the
 * container is frozen.
 */
int cgroup_open (struct arena *a, struct cgroup *cg, struct err *e);
int cgroup_update (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan,
		   struct err *e);
/* One file of it ("memory", "memory.max"; v2: controller unused), as read_small_at does; -ENOENT.
 */
int cgroup_read (const struct cgroup *cg, const char *controller, const char *file, char *buf,
		 size_t size);

int cgroup_freeze (const struct cgroup *cg, bool freeze, struct err *e);
int cgroup_is_frozen (const struct cgroup *cg); /* 1, 0; 0 when it cannot be told */
int cgroup_kill (const struct cgroup *cg, int signal,
		 struct err *e); /* all processes, recursively; cgroup.kill for SIGKILL */
int cgroup_pids (struct arena *a, const struct cgroup *cg, pid_t **ret, size_t *ret_n,
		 struct err *e); /* recursively */
/* Depth first; missing is fine; waits for dying processes by events, never sleeps. 1: with
 * only_wait, it stays for the processes that are in there. */
int cgroup_destroy (const struct cgroup *cg, struct err *e);
bool cgroup_saw_oom (const struct cgroup *cg); /* an OOM kill happened: for hints in errors */

/* Device rules as a BPF program on a v2 directory: replaces what we attached before, if it is not
 * `fresh`. */
struct device_rule;
int cgroup_devices_bpf (int dir_fd, const struct device_rule *rules, size_t n, bool fresh,
			struct err *e);
