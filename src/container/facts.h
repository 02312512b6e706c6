/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * exec.json in the state directory: what exec and update need to know of the configuration and of
 * the plan that was made of it. Written at create, so that they need not read and plan a
 * config.json of which most (mounts, the seccomp profile) is of no use to them.
 */
#include <stdbool.h>
#include <stdint.h>

#include "libocispec/oci_config.h"

struct arena;
struct container;
struct err;
struct plan;

struct exec_facts {
	uint64_t namespaces; /* CLONE_NEW*: made or joined, not the runtime's own */
	bool keyring, deny_setgroups;
	char *listener_path, *listener_metadata; /* linux.seccomp */
	struct oci_process *process;		 /* as in config.json; NULL: it has none */
	struct oci_linux *lnx;			 /* personality, memoryPolicy, the id mappings */
};

int exec_facts_save (const struct container *c, struct arena *a, const struct plan *plan,
		     struct err *e);
int exec_facts_load (const struct container *c, struct arena *a, struct exec_facts *ret,
		     struct err *e);
