/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <sys/types.h>

struct arena;
struct err;
struct host;

/* Asks the facts that a plan depends on, once; only those that cost little. `bundle` may be
 * relative to the current directory. */
int host_probe (struct arena *a, const char *bundle, const char *id, struct host *ret,
		struct err *e);
/* Of these, what the plan of a process depends on. */
void host_probe_process (struct host *ret);
/* The name of a user in /etc/passwd, or NULL. No NSS: this is a static program. */
const char *passwd_name (struct arena *a, uid_t uid);
