/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A function of ours in the mount namespace of a container that runs, with its root directory as
 * "/", and as root of its user namespace. It runs in a process of its own, which stays outside of
 * the container's pid namespace, so that nobody in there can see it.
 */
#include <stdbool.h>
#include <sys/types.h>

struct arena;
struct container;
struct err;
struct exec_facts;

struct inside {
	const struct container *c;
	const struct exec_facts *facts;
	int (*run) (void *ctx, struct err *e);
	void *ctx;
};
/* O_PATH of init's root directory; pidfd says that it is init's. */
int container_open_init_root (const struct container *c, int pidfd, struct err *e);
/* The same of one that has to run; its pidfd too, if ret_pidfd is not NULL. */
int inside_open_root (const struct container *c, int *ret_pidfd, struct err *e);
/* Where the links below `root` lead a destination: mounts are known by that name (/var/run is /run
 * in most images). */
const char *inside_resolve (struct arena *a, int root, const char *destination);
bool container_shares_userns (pid_t pid);
/* The child's fds are all of ours. Fails with "container not running" if it is not. */
int inside_run (const struct inside *in, struct err *e);
