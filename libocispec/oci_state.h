/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The state of a container (runtime.md, "State"), as `state` shows it and as hooks get it. */
#include "libocispec/record.h"

struct oci_state {
	char *oci_version, *id, *status; /* creating, created, running, stopped; paused besides */
	int64_t pid;
	char *bundle;
	char *rootfs, *created, *owner; /* `state` and `list` */
	char *loginuid,
		*sessionid; /* of who created it: a number or "unset"; not of the specification */
	char *root;	    /* hooks: what older hooks expect */
	kvs annotations;
	opt_i32 exit_code; /* of a stopped container, where it is known; not of the specification */
};
extern const struct record oci_state_record, oci_hook_state_record;

/* What a seccomp agent gets with the listener's fd (config-linux.md, "The Container Process
 * State"). */
struct oci_process_state {
	char *oci_version;
	strs fds;
	int64_t pid;
	char *metadata;
	struct oci_state state;
};
extern const struct record oci_process_state_record;
