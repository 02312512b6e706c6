/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <sys/types.h>

struct arena;
struct err;
struct host;
struct oci_config;
struct oci_process;

/* Asks the facts that a plan depends on, once; only those that cost little. `bundle` may be
 * relative to the current directory. */
int host_probe (struct arena *a, const char *bundle, const char *id, struct host *ret,
		struct err *e);
/* Of these, what the plan of a process depends on. */
void host_probe_process (struct host *ret);
/* Whether there is what gives the labels of `spec` and of its process `p` (or NULL) a meaning: only
 * asked where there is a label. */
void host_probe_labels (const struct oci_config *spec, const struct oci_process *p,
			struct host *ret);
/* The name of a user in /etc/passwd, or NULL. No NSS: this is a static program. */
const char *passwd_name (struct arena *a, uid_t uid);
