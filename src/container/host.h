/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
struct arena;
struct err;
struct host;

/* Asks the facts that a plan depends on, once; only those that cost little. `bundle` may be
 * relative to the current directory. */
int host_probe (struct arena *a, const char *bundle, const char *id, struct host *ret,
		struct err *e);
