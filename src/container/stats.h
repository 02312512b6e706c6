/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
struct arena;
struct cgroup;
/* What a container uses, as the "data" of an event: the members of runc, in its order and with its
 * rules about zeros. `cg` was opened by cgroup_open; what cannot be read is left out or zero. */
char *stats_json (struct arena *a, const struct cgroup *cg);
