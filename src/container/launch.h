/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Bringing a container to "created": what create and run have in common.
 *
 *   launch_load     config.json → plan; reads only. Every error of the configuration ends here,
 * with nothing made launch_build    state directory, cgroup, clone, and the runtime's half of the
 * protocol, until init says DONE launch_abort    undo all of launch_build
 */
#include <stdbool.h>
#include <sys/types.h>

#include "cgroup/cgroup.h"
#include "container/container.h"
#include "init/init.h"
#include "net/net.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "rootfs/rootfs.h"
#include "sync/chan.h"

struct launch {
	const struct globals *g;
	const struct create_options *opt;
	const char *op;	    /* of the audit trail: "create", "run", "restore" */
	bool recorded;	    /* there: a failure from here on is not one of `op` */
	bool foreground;    /* run without --detach: the terminal is ours to relay */
	const char *config; /* text of config.json */
	size_t config_len;
	struct container c;
	struct host host;
	struct plan plan;
	struct cgroup cgroup;
	uint32_t rdt_owned; /* enum rdt_owned: what rdt_apply will make */
	struct init init;   /* what the child inherits */
	struct chan chan;   /* our end */
	bool files_kept;
	/* What makes the process in the place of the clone (restore), or NULL; with the state and
	 * the cgroup made. */
	int (*maker) (struct launch *l, struct err *e);
	void *maker_ctx;
	int console_socket; /* connected, or -1 */
	int console_master; /* foreground: the pty, else -1 */
	pid_t pid;	    /* init (for a moment: the stage), our child; 0: none */
	int pidfd;
	bool hooks_ran; /* a hook was started: poststop is owed on failure */
	bool pid_file_written;
	bool early;    /* run: init is told to start at READY, if nothing else comes in between */
	bool released; /* it was */
	int signal_fd; /* foreground: what is for the container, from the release on */
};

void launch_init (struct launch *l, const struct globals *g, const struct create_options *o,
		  bool foreground);
/* The audit record of what was done, or, if nothing was recorded before, of the failure. */
int launch_record (struct launch *l, struct err *e);
void launch_record_failure (struct launch *l, const char *id);
int launch_plan (struct launch *l, const char *id,
		 struct err *e); /* only reads and plans (`coracle plan`) */
int launch_load (struct launch *l, const char *id, struct err *e);
/* `wait_on_channel`: init waits for a byte on the channel itself (run), not on start.fifo (create).
 */
int launch_build (struct launch *l, bool wait_on_channel, struct err *e);
/* Keeps e. */
void launch_abort (struct launch *l);
/*
 * --pidfd-socket, then --pid-file, since engines wait for that one. Digits only, no newline,
 * atomically, mode 0644 (containerd's Atoi does not trim). launch_abort takes the file away again.
 */
int launch_announce (struct launch *l, struct err *e);
const char *launch_pidfd_receiver (const struct launch *l); /* the path of a socket, or NULL */

/* Steps of launch_build, for a maker: the cgroup around a process that was not born in it; prestart
 * and createRuntime hooks; limits on l->pid; the state "created". */
int launch_attach_cgroup (struct launch *l, pid_t pid, struct err *e);
int launch_runtime_hooks (struct launch *l, struct err *e);
/* netns.c: CLONE_NEW* that init makes. */
uint64_t launch_unshares (const struct launch *l);
/* For a namespace that the runtime makes. Between GO and what init asks for. */
bool launch_makes_netns (const struct launch *l);
int launch_give_netns (struct launch *l, struct err *e);
int launch_apply_limits (struct launch *l, struct err *e);
int launch_save_created (struct launch *l, struct err *e);

/* run.c: after READY, with `early`. */
int run_release_early (struct launch *l, struct err *e);
/* run.c: serve terminal and signals until the process ends, take the container away; its exit
 * status. */
int run_wait (struct launch *l, struct err *e);
