/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the cgroup is. What is written to it: resources.c. */
#include <string.h>

#include "plan/planner.h"
#include "sys/syscalls.h"

static bool
has_control_characters (const char *s)
{
	for (; *s; s++)
		if ((unsigned char) *s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

/* A path that is, or leads to, the root of the hierarchy would make the machine the container (crun kills every process there). */
static bool
check_path (struct planner *p, const char *path)
{
	const char *json = "linux.cgroupsPath";

	if (has_control_characters (path))
		BAD (p, json, "'%s' has control characters", path);
	else if (path_has_dotdot (path))
		BAD (p, json, "'%s' has '..'", path);
	else if (streq (path_clean (p->arena, PATH ("/%s", path)), "/"))
		BAD (p, json, "'%s' is the root of the cgroup hierarchy, which cannot be a container's", path);
	else
		return true;
	return false;
}

/* slice:prefix:name. An empty prefix leaves just the name. */
static void
plan_systemd (struct planner *p, const char *path, struct cgroup_plan *r)
{
	const char *json = "linux.cgroupsPath", *slice = "", *prefix = "coracle", *name = p->plan->container_id;
	strs parts;

	if (path && *path) {
		parts = str_split (p->arena, path, ':');
		if (parts.n != 3 || strchr (path, '/')) {
			BAD (p, json, "'%s' is not slice:prefix:name, as the systemd cgroup manager needs it", path);
			return;
		}
		slice = parts.v[0];
		prefix = parts.v[1];
		name = parts.v[2];
		if (!*name || has_control_characters (path))
			BAD (p, json, "'%s' has no usable name", path);
	}
	if (!*slice)
		slice = p->host->privileged ? "system.slice" : "user.slice";
	if (strlen (slice) <= 6 || !streq (slice + strlen (slice) - 6, ".slice"))
		BAD (p, json, "'%s' is not the name of a slice", slice);
	r->slice = slice;
	if (strlen (name) > 6 && streq (name + strlen (name) - 6, ".slice"))
		r->scope = name;
	else
		r->scope = *prefix ? PATH ("%s-%s.scope", prefix, name) : PATH ("%s.scope", name);
	r->path_is_default = !(path && *path);
}

static void
plan_cgroupfs (struct planner *p, const char *path, struct cgroup_plan *r)
{
	if (!path || !*path) {
		/* As runc: beside (v2) or below (v1) the caller's own cgroup. */
		r->path = PATH ("/%s", p->plan->container_id);
		r->path_is_default = true;
		r->path_is_relative = true;
		return;
	}
	if (check_path (p, path))
		r->path = path_clean (p->arena, PATH ("/%s", path));
}

/* Only with the v2 hierarchy, and to the user who is root inside (config-linux.md, "Cgroup ownership"). */
static void
plan_delegation (struct planner *p, struct cgroup_plan *r)
{
	const struct userns_plan *u = &p->plan->userns;

	r->delegate_uid = (uid_t) -1;
	r->delegate_gid = (gid_t) -1;
	if (!u->create || !creates (p, CLONE_NEWCGROUP) || p->host->cgroup_mode != CGROUP_V2)
		return;
	for (size_t i = 0; i < u->uid.n; i++)
		if (u->uid.v[i].inside == 0)
			r->delegate_uid = u->uid.v[i].outside;
	for (size_t i = 0; i < u->gid.n; i++)
		if (u->gid.v[i].inside == 0)
			r->delegate_gid = u->gid.v[i].outside;
}

void
plan_cgroup (struct planner *p)
{
	const struct oci_linux *lnx = p->spec->lnx;
	const char *path = lnx ? lnx->cgroups_path : NULL;
	struct cgroup_plan *r = &p->plan->cgroup;

	r->manager = p->opt->cgroup_manager;
	if (r->manager == CGROUP_MANAGER_SYSTEMD)
		plan_systemd (p, path, r);
	else if (r->manager == CGROUP_MANAGER_CGROUPFS)
		plan_cgroupfs (p, path, r);
	plan_delegation (p, r);
	plan_resources (p, lnx ? lnx->resources : NULL, "linux.resources", r);
	if (r->manager == CGROUP_MANAGER_DISABLED && r->n_writes)
		BAD (p, r->writes[0].json_path, "cannot be set with --cgroup-manager=disabled");
}
