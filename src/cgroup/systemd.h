/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What systemd is told about a scope: systemd_properties.c, for systemd.c and its tests. */
#include <sys/types.h>

#include "cgroup/dbus.h"
#include "libocispec/arena.h"
#include "plan/plan.h"

typedef VEC (struct unit_property) unit_properties;

/* All that a new scope around `pid` begins with. */
unit_properties systemd_scope_properties (struct arena *a, const struct cgroup_plan *plan, int mode,
					  pid_t pid);
/* Limits and, on v1, device rules: what `update` tells. */
unit_properties systemd_limit_properties (struct arena *a, const struct cgroup_plan *plan,
					  int mode);
/* As a(sv). */
void systemd_put_properties (struct dbus_out *o, const unit_properties *properties);
