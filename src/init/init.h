/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The child's side: from the clone to the user's execve.
 *
 * init.c   the spine: every step of building the container, in order, in one function
 * stage.c  the process between runtime and init, where one is needed (plan->ns.needs_stage)
 * join.c   exec: into a container that runs
 * reaper.c the built-in init, for who asks for one
 * enter.c  the tail: from a finished container to the user's process; shared with exec
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ns/ns.h"
#include "rootfs/rootfs.h"
#include "security/security.h"
#include "sync/chan.h"

struct arena;
struct cgroup;
struct err;
struct host;
struct plan;
struct process_plan;

/* exec: the container's init, through which it is entered. */
struct join {
	pid_t pid;
	int pidfd;
	int root_fd;	/* its root directory, O_PATH */
	uint64_t types; /* CLONE_NEW*: its namespaces that are not the runtime's own */
};

/*
 * All that the child needs, prepared by the runtime before the clone and inherited by fork: plan,
 * fds, compiled filter.
 */
struct init {
	struct arena *arena;
	const struct plan *plan;
	const struct host *host;
	struct chan chan;
	struct ns_fds joins;
	struct rootfs rootfs;
	struct cgroup *cgroup;
	struct seccomp_filter filter;
	struct selfexe *exe;   /* to be exchanged after READY, or NULL */
	bool netns;	       /* the network namespace comes from the runtime */
	uint64_t unshares;     /* CLONE_NEW*: what init makes itself, once it is in its cgroup */
	unsigned preserve_fds; /* 3 .. 3+n-1 stay open for the user's process */
	/*
	 * `create`: two FIFOs in the state directory, both open for reading and writing so that
	 * neither end's death makes the other spin; `run`: both are the channel itself. exec does
	 * not wait: -1, and it reports through the channel.
	 */
	int start_fd;		  /* one byte read from here starts the process */
	int report_fd;		  /* struct report comes out here; then EOF by close-on-exec */
	int hook_output[2];	  /* of startContainer hooks: files of the host, or -1 */
	uint64_t ignored_signals; /* by the runtime, and so by its child */
	pid_t host_pid;		  /* own pid as the host sees it; from GO */
	struct join join;
	bool alone;  /* the process sets its limits itself, and goes on after READY */
	char **env;  /* of the user's process; from enter_set_process */
	char **argv; /* of the runtime: the built-in init must not show them */
	int failure; /* exit status of a child that failed; 126, 127: nothing to execute */
	struct err *err;
};

/*
 * What `start` reads. One write of at most PIPE_BUF bytes: RUNNING is followed by EOF when the
 * execve has happened, and by FAILED when it has not.
 */
enum report_kind { REPORT_RUNNING = 'R', REPORT_FAILED = 'F' };
struct report {
	char kind;
	int num; /* errno */
	char text[1016];
};

/* In the child of the clone; neither returns. */
_Noreturn void stage_main (struct init *in);
_Noreturn void init_main (struct init *in);
_Noreturn void join_main (struct init *in);

/*
 * create, alone: that the state is 'created' is heard after DONE. Who outlives a runtime that was
 * killed before would be known to nobody. (Under a filter with a listener RUN comes before it, or
 * not at all: the answer to the listener is the word then.)
 */
bool enter_hears_run_last (const struct init *in);
/* The tail. Only returns on error. */
int enter_user_process (struct init *in, struct err *e);
/* Its predecessors, which init and exec share: standard streams, labels, scheduling. */
int enter_keyring (const struct process_plan *p, struct err *e);
int enter_set_process (struct init *in, struct err *e);
int enter_hide (struct err *e);
/* Of the child, before it hears GO: by then it may be in a user namespace, and may not. pid 0: of
 * the caller. */
int enter_oom_score (const struct init *in, pid_t pid, struct err *e);
/* What can be given up before the ids change, while the runtime works: the bounding set. */
int enter_lose (struct init *in, struct err *e);
/* The built-in init: returns 0 in a child that goes on to the user's process; pid 1 does not
 * return.
 */
int reaper_split (struct init *in, struct err *e);
void enter_log_through_channel (struct init *in);

/* OCI state for hooks, compact JSON, made in the arena ("creating", "created", "running",
 * "stopped"). pid 0: left out. */
char *init_state_json (struct arena *a, const struct plan *plan, const char *bundle,
		       const char *status, pid_t pid);
