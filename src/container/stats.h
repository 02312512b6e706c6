/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
struct arena;
struct cgroup;
struct container_state;
/* What a container uses, as the "data" of an event: the members of runc, in its order and with its
 * rules about zeros. `cg` is its cgroup, opened by cgroup_open; what cannot be read is left out or
 * zero. */
char *stats_json (struct arena *a, const struct cgroup *cg, const struct container_state *st);
