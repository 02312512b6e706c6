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

/* A path that is, or leads to, the root of the hierarchy would make the machine the container (crun
 * kills every process there). */
static bool
check_path (struct planner *p, const char *path)
{
	const char *json = "linux.cgroupsPath";

	if (has_control_characters (path))
		BAD (p, json, "'%s' has control characters", path);
	else if (path_has_dotdot (path))
		BAD (p, json, "'%s' has '..'", path);
	else if (streq (path_clean_in_root (p->arena, path), "/"))
		BAD (p, json,
		     "'%s' is the root of the cgroup hierarchy, which cannot be a container's",
		     path);
	else
		return true;
	return false;
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
		r->path = path_clean_in_root (p->arena, path);
}

/* Is there a cgroup file system in the container that may be written to? */
static bool
has_writable_mount (const struct planner *p)
{
	bool writable = false;

	for (size_t i = 0; i < p->spec->mounts.n; i++) {
		const struct oci_mount *m = &p->spec->mounts.v[i];

		if (!m->type || (!streq (m->type, "cgroup") && !streq (m->type, "cgroup2")))
			continue;
		writable = true;
		for (size_t k = 0; k < m->options.n; k++)
			if (streq (m->options.v[k], "ro") || streq (m->options.v[k], "rro"))
				writable = false;
			else if (streq (m->options.v[k], "rw"))
				writable = true;
		if (writable)
			return true;
	}
	return false;
}

/*
 * Only with the v2 hierarchy in a namespace of the container, which can write to it, and to the
 * user who is root inside (config-linux.md, "Cgroup ownership").
 */
static void
plan_delegation (struct planner *p, struct cgroup_plan *r)
{
	const struct userns_plan *u = &p->plan->userns;

	r->delegate_uid = (uid_t) -1;
	r->delegate_gid = (gid_t) -1;
	if (!u->create || !creates (p, CLONE_NEWCGROUP) || p->host->cgroup_mode != CGROUP_V2 ||
	    !has_writable_mount (p))
		return;
	for (size_t i = 0; i < u->uid.n; i++)
		if (u->uid.v[i].inside == 0)
			r->delegate_uid = u->uid.v[i].outside;
	for (size_t i = 0; i < u->gid.n; i++)
		if (u->gid.v[i].inside == 0)
			r->delegate_gid = u->gid.v[i].outside;
}

/* A directory below the container's own, without limits of its own, that its processes start in. */
static const char *
plan_subgroup (struct planner *p, const char *annotation)
{
	const char *name = oci_annotation (&p->spec->annotations, annotation);

	if (!name || !*name)
		return NULL;
	if (strchr (name, '/') || name[0] == '.' || has_control_characters (name))
		BAD (p, PATH ("annotations.%s", annotation), "'%s' is not the name of a cgroup",
		     name);
	else if (startswith (name, "cgroup."))
		BAD (p, PATH ("annotations.%s", annotation), "'%s': the kernel has files like this",
		     name);
	else
		return name;
	return NULL;
}

/*
 * run.oci.systemd.subgroup and run.oci.delegate-cgroup: for a systemd in the container, which may
 * then move things about without touching what the host's has set. v1 has no delegation to speak
 * of.
 */
static void
plan_subgroups (struct planner *p, struct cgroup_plan *r)
{
	const char *sub = NULL, *delegate = plan_subgroup (p, "run.oci.delegate-cgroup");

	if (r->manager == CGROUP_MANAGER_SYSTEMD)
		sub = plan_subgroup (p, "run.oci.systemd.subgroup");
	if (r->manager == CGROUP_MANAGER_DISABLED || p->host->cgroup_mode != CGROUP_V2)
		return;
	r->subgroup = sub && delegate ? PATH ("%s/%s", sub, delegate) : sub ? sub : delegate;
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
	plan_subgroups (p, r);
	plan_resources (p, lnx ? lnx->resources : NULL, "linux.resources", r);
	if (r->manager == CGROUP_MANAGER_DISABLED && r->n_writes)
		BAD (p, r->writes[0].json_path, "cannot be set with --cgroup-manager=disabled");
}
