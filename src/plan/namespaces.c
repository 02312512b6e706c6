/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <time.h>

#include "plan/planner.h"
#include "sys/syscalls.h"

#define MAPS_MAX      340  /* UID_GID_MAP_MAX_EXTENTS */
#define NAME_MAX_UTS  64   /* __NEW_UTS_LEN */
#define INTERFACE_MAX 15   /* IFNAMSIZ - 1 */
#define DEVICES_MAX   1024 /* nobody has so many; they are compared pairwise */

static void
read_namespaces (struct planner *p, const struct oci_linux *lnx)
{
	struct ns_plan *ns = &p->plan->ns;

	ns->join = arena_alloc (p->arena, (lnx->namespaces.n + 1) * sizeof *ns->join);
	for (size_t i = 0; i < lnx->namespaces.n; i++) {
		const struct oci_namespace *n = &lnx->namespaces.v[i];

		if (ns->own & n->type) {
			BAD (p, PATH ("linux.namespaces[%zu].type", i),
			     "namespace \"%s\" is given twice",
			     oci_name_of (oci_namespace_types, n->type));
			continue;
		}
		ns->own |= n->type;
		if (!n->path || !*n->path) {
			ns->create |= n->type;
			continue;
		}
		if (*n->path != '/')
			BAD (p, PATH ("linux.namespaces[%zu].path", i),
			     "'%s' is not an absolute path", n->path);
		ns->join[ns->n_join++] = (struct ns_join) {
			n->type, n->path, PATH ("linux.namespaces[%zu].path", i)
		};
	}
}

/* ---- user namespace */

static bool
overlap (uint32_t a, uint32_t b, uint32_t count_a, uint32_t count_b)
{
	return a < (uint64_t) b + count_b && b < (uint64_t) a + count_a;
}

static void
check_map (struct planner *p, const struct id_maps *m, size_t i, const char *json)
{
	const struct id_map *x = &m->v[i];

	if (x->count == 0)
		BAD (p, PATH ("%s[%zu].size", json, i), "must not be 0");
	if ((uint64_t) x->inside + x->count > 4294967295u ||
	    (uint64_t) x->outside + x->count > 4294967295u)
		BAD (p, PATH ("%s[%zu]", json, i), "%u ids from %u go beyond 4294967294", x->count,
		     MAX (x->inside, x->outside));
	for (size_t k = 0; k < i; k++) {
		if (overlap (x->inside, m->v[k].inside, x->count, m->v[k].count))
			BAD (p, PATH ("%s[%zu].containerID", json, i), "overlaps with %s[%zu]",
			     json, k);
		else if (overlap (x->outside, m->v[k].outside, x->count, m->v[k].count))
			BAD (p, PATH ("%s[%zu].hostID", json, i), "overlaps with %s[%zu]", json, k);
	}
}

static struct id_maps
read_maps (struct planner *p, const struct oci_id_mapping *v, size_t n, const char *json)
{
	struct id_maps m = { arena_alloc (p->arena, (n + 1) * sizeof *m.v), n };

	if (n > MAPS_MAX)
		BAD (p, json, "%zu mappings: the kernel takes at most %d", n, MAPS_MAX);
	for (size_t i = 0; i < n; i++)
		m.v[i] = (struct id_map) { v[i].container_id, v[i].host_id, v[i].size };
	for (size_t i = 0; i < n && n <= MAPS_MAX; i++)
		check_map (p, &m, i, json);
	return m;
}

static struct id_maps
automatic_map (struct planner *p, uint32_t own, uint32_t start, uint32_t count)
{
	struct id_maps m = { arena_alloc (p->arena, 2 * sizeof *m.v), 1 };

	m.v[0] = (struct id_map) { 0, own, 1 };
	if (count)
		m.v[m.n++] = (struct id_map) { 1, start, count };
	return m;
}

/* An ordinary user gets a user namespace also without asking, as with crun: nothing else would
 * work. */
static void
add_user_namespace (struct planner *p)
{
	const struct host *h = p->host;
	struct userns_plan *u = &p->plan->userns;

	p->plan->ns.create |= CLONE_NEWUSER;
	p->plan->ns.own |= CLONE_NEWUSER;
	u->automatic = true;
	u->uid = automatic_map (p, h->euid, h->subuid_start, h->subuid_count);
	u->gid = automatic_map (p, h->egid, h->subgid_start, h->subgid_count);
}

static bool
is_just (const struct id_maps *m, uint32_t own)
{
	return m->n == 1 && m->v[0].count == 1 && m->v[0].outside == own;
}

static void
plan_userns (struct planner *p, const struct oci_linux *lnx)
{
	struct userns_plan *u = &p->plan->userns;
	bool mapped = lnx && (lnx->uid_mappings.n || lnx->gid_mappings.n);

	if (!owns (p, CLONE_NEWUSER) && p->host->euid != 0)
		add_user_namespace (p);
	u->create = creates (p, CLONE_NEWUSER);
	if (mapped && (!owns (p, CLONE_NEWUSER) || u->automatic))
		WARN (p, lnx->uid_mappings.n ? "linux.uidMappings" : "linux.gidMappings",
		      "ignored: there is no user namespace in linux.namespaces");
	else if (mapped && !u->automatic) {
		/* With a path as well (CRI): they describe the namespace that is joined, and
		 * idmapped mounts may need them. */
		u->uid = read_maps (p, lnx->uid_mappings.v, lnx->uid_mappings.n,
				    "linux.uidMappings");
		u->gid = read_maps (p, lnx->gid_mappings.v, lnx->gid_mappings.n,
				    "linux.gidMappings");
	}
	if (u->create && u->uid.n == 0)
		BAD (p, "linux.uidMappings",
		     "required: a new user namespace without mappings has no ids");
	if (u->create && u->gid.n == 0)
		BAD (p, "linux.gidMappings",
		     "required: a new user namespace without mappings has no ids");
	if (!u->create || p->host->euid == 0)
		return;
	/* user_namespaces(7): without privilege only one's own id, and setgroups denied; more by
	 * newuidmap. */
	u->use_helpers = !is_just (&u->uid, p->host->euid) || !is_just (&u->gid, p->host->egid);
	u->deny_setgroups = is_just (&u->gid, p->host->egid); /* newgidmap denies it too */
}

/* ---- the rest */

static void
plan_names (struct planner *p)
{
	const struct {
		const char *json, *name;
		const char **to;
	} names[] = {
		{ "hostname", p->spec->hostname, &p->plan->ns.hostname },
		{ "domainname", p->spec->domainname, &p->plan->ns.domainname },
	};

	for (size_t i = 0; i < ARRAY_SIZE (names); i++) {
		if (!names[i].name || !*names[i].name)
			continue;
		if (!owns (p, CLONE_NEWUTS))
			BAD (p, names[i].json,
			     "needs a uts namespace (linux.namespaces): it would be the host's name");
		if (strlen (names[i].name) > NAME_MAX_UTS)
			BAD (p, names[i].json, "%zu characters: at most %d", strlen (names[i].name),
			     NAME_MAX_UTS);
		p->plan->ns.must_differ |= CLONE_NEWUTS;
		*names[i].to = names[i].name;
	}
}

static void
plan_offsets (struct planner *p, const struct oci_time_offsets *t)
{
	struct ns_plan *ns = &p->plan->ns;
	const struct {
		const struct oci_time_offset *o;
		int clock;
	} all[] = { { t->monotonic, CLOCK_MONOTONIC }, { t->boottime, CLOCK_BOOTTIME } };

	for (size_t i = 0; i < ARRAY_SIZE (all); i++)
		if (all[i].o && (all[i].o->secs.v || all[i].o->nanosecs.v))
			ns->offsets[ns->n_offsets++] = (struct time_offset) {
				all[i].clock, all[i].o->secs.v, all[i].o->nanosecs.v
			};
	if (ns->n_offsets && !creates (p, CLONE_NEWTIME))
		BAD (p, "linux.timeOffsets", "needs a new time namespace in linux.namespaces");
}

static bool
good_interface_name (const char *name)
{
	return *name && strlen (name) <= INTERFACE_MAX && !streq (name, ".") &&
	       !streq (name, "..") && !strpbrk (name, "/: \t\n\v\f\r");
}

/* A '%' is a pattern for the kernel: one "%d", and only for the new name. */
static bool
good_pattern (const char *name)
{
	const char *percent = strchr (name, '%');

	return !percent || (percent[1] == 'd' && !strchr (percent + 1, '%'));
}

static void
plan_net_devices (struct planner *p, const struct oci_linux *lnx)
{
	size_t n = lnx->net_devices.n;
	struct net_device *v = arena_alloc (p->arena, (n + 1) * sizeof *v);

	if (n > DEVICES_MAX) {
		BAD (p, "linux.netDevices", "%zu devices: at most %d", n, DEVICES_MAX);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct oci_net_device *d = &lnx->net_devices.v[i];

		v[i] = (struct net_device) { d->host_name,
					     d->name && *d->name ? d->name : d->host_name,
					     PATH ("linux.netDevices.%s", d->host_name) };
		if (!good_interface_name (d->host_name) || strchr (d->host_name, '%'))
			BAD (p, v[i].json_path, "'%s' cannot be the name of a network device",
			     d->host_name);
		else if (!good_interface_name (v[i].new_name) || !good_pattern (v[i].new_name))
			BAD (p, PATH ("%s.name", v[i].json_path),
			     "'%s' cannot be the name of a network device", v[i].new_name);
		for (size_t k = 0; k < i; k++)
			if (streq (v[k].new_name, v[i].new_name) && !strchr (v[i].new_name, '%'))
				BAD (p, v[i].json_path, "two devices cannot both be called '%s'",
				     v[i].new_name);
	}
	if (n && !owns (p, CLONE_NEWNET))
		BAD (p, "linux.netDevices", "needs a network namespace in linux.namespaces");
	if (n && !p->host->privileged)
		BAD (p, "linux.netDevices", "only root can move network devices");
	p->plan->net_devices = v;
	p->plan->n_net_devices = n;
}

void
plan_namespaces (struct planner *p)
{
	struct ns_plan *ns = &p->plan->ns;
	const struct oci_linux *lnx = p->spec->lnx;
	uint64_t joined;

	if (lnx)
		read_namespaces (p, lnx);
	plan_userns (p, lnx);
	plan_names (p);
	if (lnx && lnx->time_offsets)
		plan_offsets (p, lnx->time_offsets);
	if (lnx)
		plan_net_devices (p, lnx);
	p->plan->loopback = creates (p, CLONE_NEWNET);
	joined = ns->own & ~ns->create;
	ns->needs_stage = (joined & (CLONE_NEWUSER | CLONE_NEWPID)) ||
			  (creates (p, CLONE_NEWUSER) && ns->n_join > 0) ||
			  creates (p, CLONE_NEWTIME);
}
