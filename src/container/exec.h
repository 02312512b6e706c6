/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Another process in a container that runs. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "container/facts.h"
#include "plan/host.h"

struct container;
struct err;
struct globals;
struct plan;

struct exec_list {
	const char **v;
	size_t n;
};

struct exec_options {
	const char *process;			       /* a JSON file, or "-" */
	const char *user, *cwd, *label, *apparmor;     /* NULL: as the container's process */
	struct exec_list env, groups, caps, cgroups;   /* added to the container's process' */
	bool tty, no_new_privs, detach, ignore_paused; /* no_new_privs is inherited in any case */
	bool only_caps;				       /* caps instead of the container's */
	const char *console_socket, *pid_file, *pidfd_socket;
	uint32_t preserve_fds;
	char **args;
};

/*
 * Returns the exit status of the process (128 + signal), 0 when detached, -1 on error; then
 * *ret_failure is what the command shall end with: 126, 127 (cannot be executed, not found), 255.
 */
int container_exec (const struct globals *g, const char *id, const struct exec_options *o,
		    int *ret_failure, struct err *e);

/* What the plan of the process is made of. */
struct exec_request {
	const struct globals *g;
	const struct exec_options *o;
	const struct container *c;
	struct exec_facts facts;
	struct host host; /* of it, what host_probe_process asks */
};
/* The process part of the plan: the container's process, or --process, with the options. */
int exec_plan_process (struct exec_request *r, struct plan *ret, struct err *e);
