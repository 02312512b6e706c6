/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mounts[] and what else concerns the file system: from options to mount operations. */
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "plan/planner.h"
#include "sys/syscalls.h"

/* What lxcfs and engines may put over files of /proc; anything else there would deceive the
 * container or us (CVE-2019-16884). */
static const char *const proc_files[] = {
	"proc/cpuinfo",
	"proc/diskstats",
	"proc/meminfo",
	"proc/stat",
	"proc/swaps",
	"proc/uptime",
	"proc/loadavg",
	"proc/slabinfo",
	"proc/sys/kernel/ns_last_pid",
	"proc/sys/crypto/fips_enabled",
};

struct mount_reader {
	struct planner *p;
	const struct oci_mount *in;
	struct mount_op *op;
	size_t index;
	bool bind, remount;
	strs data;
};

static void
set_bits (uint64_t *set, uint64_t *clear, const struct mount_option *o)
{
	*set = (*set & ~o->clear) | o->set;
	*clear = (*clear & ~o->set) | o->clear;
}

static void
add_propagation (struct mount_reader *r, unsigned long flag)
{
	VEC (unsigned long) v = { r->op->propagation, r->op->n_propagation };

	VEC_PUSH (r->p->arena, v, flag);
	r->op->propagation = v.v;
	r->op->n_propagation = v.n;
}

/* For all of the tree, its top included: what an earlier option said of that is over. */
static void
set_recursive (struct mount_op *op, const struct mount_option *o)
{
	uint64_t said = o->set | o->clear;

	op->attr_set &= ~said;
	op->attr_clr &= ~said;
	set_bits (&op->rec_set, &op->rec_clr, o);
}

static void
apply_option (struct mount_reader *r, const struct mount_option *o)
{
	struct mount_op *op = r->op;

	switch (o->what) {
	case MO_ATTR: set_bits (&op->attr_set, &op->attr_clr, o); break;
	case MO_REC: set_recursive (op, o); break;
	case MO_SB:
		if (o->set == MS_REMOUNT)
			r->remount = true;
		else
			op->sb_flags = (op->sb_flags & ~o->clear) | o->set;
		break;
	case MO_PROPAGATION: add_propagation (r, o->set); break;
	case MO_BIND:
		r->bind = true;
		op->recursive = o->set & MS_REC;
		break;
	case MO_EXT: op->ext = (op->ext & ~(unsigned) o->clear) | (unsigned) o->set; break;
	case MO_NOTHING: break;
	}
}

/* ---- idmapped mounts */

static const struct id_maps *
copy_maps (struct planner *p, const struct oci_id_mapping *v, size_t n)
{
	struct id_maps *m = arena_alloc (p->arena, sizeof *m);

	m->v = arena_alloc (p->arena, n * sizeof *m->v);
	m->n = n;
	for (size_t i = 0; i < n; i++)
		m->v[i] = (struct id_map) { v[i].container_id, v[i].host_id, v[i].size };
	return m;
}

/* "@": the first id of the mapping is one of the container: the host's id behind it. */
static bool
to_host (const struct id_maps *maps, uint32_t *id)
{
	for (size_t i = 0; i < maps->n; i++)
		if (*id >= maps->v[i].inside && *id - maps->v[i].inside < maps->v[i].count) {
			*id = *id - maps->v[i].inside + maps->v[i].outside;
			return true;
		}
	return false;
}

/* crun's syntax: "0-1000-10#10-2000-5", an optional '@' before an entry. */
static const struct id_maps *
parse_maps (struct planner *p, const char *text, const struct id_maps *own)
{
	struct id_maps *m = arena_alloc (p->arena, sizeof *m);
	strs parts = str_split (p->arena, text, '#');

	m->v = arena_alloc (p->arena, parts.n * sizeof *m->v);
	for (size_t i = 0; i < parts.n; i++) {
		bool relative = parts.v[i][0] == '@';
		strs n = str_split (p->arena, parts.v[i] + relative, '-');
		struct id_map *id = &m->v[m->n++];

		if (n.n != 3 || parse_u32 (n.v[0], &id->inside) < 0 ||
		    parse_u32 (n.v[1], &id->outside) < 0 || parse_u32 (n.v[2], &id->count) < 0 ||
		    id->count == 0 || (relative && !to_host (own, &id->outside)))
			return NULL;
	}
	return m;
}

static void
idmap_option (struct mount_reader *r, const char *value, const char *path)
{
	struct planner *p = r->p;
	strs parts = str_split (p->arena, value, ';');

	for (size_t i = 0; i < parts.n; i++) {
		const char *s = parts.v[i];
		bool uids = startswith (s, "uids=");
		const struct id_maps *m = NULL;

		if (uids || startswith (s, "gids="))
			m = parse_maps (p, s + 5,
					uids ? &p->plan->userns.uid : &p->plan->userns.gid);
		if (!m)
			BAD (p, path, "'%s' is not uids=CONTAINER-HOST-SIZE[#…] or gids=…", s);
		else if (uids)
			r->op->idmap_uid = m;
		else
			r->op->idmap_gid = m;
	}
}

/* config.md: both mappings or none; none means the container's own; without a user namespace there
 * are none. */
static void
check_idmap (struct mount_reader *r)
{
	struct planner *p = r->p;
	struct mount_op *op = r->op;
	bool asked = op->ext & (EXT_IDMAP | EXT_IDMAP_REC);

	if (r->in->uid_mappings.n)
		op->idmap_uid = copy_maps (p, r->in->uid_mappings.v, r->in->uid_mappings.n);
	if (r->in->gid_mappings.n)
		op->idmap_gid = copy_maps (p, r->in->gid_mappings.v, r->in->gid_mappings.n);
	if (!op->idmap_uid != !op->idmap_gid) {
		BAD (p,
		     PATH ("mounts[%zu].%s", r->index,
			   op->idmap_uid ? "gidMappings" : "uidMappings"),
		     "required, since %s is given", op->idmap_uid ? "uidMappings" : "gidMappings");
		return;
	}
	if (op->idmap_uid && !asked)
		op->ext |= EXT_IDMAP;
	if (!asked || op->idmap_uid)
		return;
	if (!p->plan->userns.uid.n || !p->plan->userns.gid.n) {
		BAD (p, PATH ("mounts[%zu].options", r->index),
		     "an idmapped mount needs uidMappings and gidMappings, or a user namespace whose mappings it can take");
		return;
	}
	op->idmap_uid = &p->plan->userns.uid;
	op->idmap_gid = &p->plan->userns.gid;
}

/* ---- one mount */

static bool
is_security_option (const char *o)
{
	return startswith (o, "context=") || startswith (o, "fscontext=") ||
	       startswith (o, "defcontext=") || startswith (o, "rootcontext=");
}

static void
read_options (struct mount_reader *r)
{
	struct planner *p = r->p;

	for (size_t i = 0; i < r->in->options.n; i++) {
		const char *o = r->in->options.v[i];
		const struct mount_option *known = mount_option_find (o);
		bool recursive = startswith (o, "ridmap=");

		if (*o == '\0') /* podman 5 sends them */
			continue;
		if (known) {
			apply_option (r, known);
		} else if (recursive || startswith (o, "idmap=")) {
			r->op->ext |= recursive ? EXT_IDMAP_REC : EXT_IDMAP;
			idmap_option (r, strchr (o, '=') + 1,
				      PATH ("mounts[%zu].options[%zu]", r->index, i));
		} else {
			VEC_PUSH (p->arena, r->data, r->in->options.v[i]);
		}
	}
}

/* What is no option of ours is one of the file system; a bind mount has none. */
static void
check_data (struct mount_reader *r)
{
	struct planner *p = r->p;

	if (r->op->kind != MOUNT_BIND) {
		r->op->data = r->data.n ? str_join (p->arena, r->data.v, r->data.n, ",") : NULL;
		return;
	}
	for (size_t i = 0; i < r->in->options.n; i++) {
		const char *o = r->in->options.v[i], *names[128], *nearest;
		size_t n = 0;

		if (!*o || mount_option_find (o) || startswith (o, "idmap=") ||
		    startswith (o, "ridmap=") || is_security_option (o) || startswith (o, "x-"))
			continue;
		for (size_t k = 0; k < n_mount_options && n < ARRAY_SIZE (names); k++)
			names[n++] = mount_options[k].name;
		nearest = str_nearest (o, names, n);
		/* size=, mode=, … are of tmpfs: engines leave them on binds of it; the kernel never
		 * sees them. */
		if (strchr (o, '='))
			WARN (p, PATH ("mounts[%zu].options[%zu]", r->index, i),
			      "'%s' has no effect on a bind mount", o);
		else
			BAD (p, PATH ("mounts[%zu].options[%zu]", r->index, i),
			     "unknown option '%s' for a bind mount%s%s%s", o,
			     nearest ? "; did you mean '" : "", nearest ? nearest : "",
			     nearest ? "'?" : "");
	}
}

static void
add_label (struct mount_reader *r)
{
	static const char *const kinds[] = { "context", "fscontext", "defcontext", "rootcontext" };
	struct planner *p = r->p;
	const char *label = p->spec->lnx ? p->spec->lnx->mount_label : NULL;
	const char *kind = oci_annotation (&p->spec->annotations, "run.oci.mount_context_type");
	bool known = false;

	if (!label || !*label || !p->host->selinux || r->op->kind != MOUNT_FS ||
	    streq (r->op->fstype, "proc") || streq (r->op->fstype, "sysfs") ||
	    streq (r->op->fstype, "mqueue"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE (kinds); i++)
		known |= kind && streq (kind, kinds[i]);
	if (kind && !known)
		BAD (p, "annotations.run.oci.mount_context_type",
		     "'%s' is not context, fscontext, defcontext or rootcontext", kind);
	r->op->data = PATH ("%s%s%s=\"%s\"", r->op->data ? r->op->data : "", r->op->data ? "," : "",
			    known ? kind : "context", label);
}

static void
choose_kind (struct mount_reader *r)
{
	struct planner *p = r->p;
	const char *type = r->in->type ? r->in->type : "";

	r->op->fstype = type;
	if (r->bind || streq (type, "bind") || streq (type, "rbind")) {
		r->op->kind = r->remount ? MOUNT_REMOUNT : MOUNT_BIND;
		r->op->recursive |= streq (type, "rbind");
	} else if (r->remount) {
		r->op->kind = MOUNT_REMOUNT;
		r->op->ext |= EXT_REMOUNT_FS;
	} else if (streq (type, "cgroup") || streq (type, "cgroup2")) {
		r->op->kind = MOUNT_CGROUP;
	} else if (!*type || streq (type, "none")) {
		/* Only a change of what is mounted there: propagation, say. */
		if (r->op->n_propagation == 0)
			BAD (p, PATH ("mounts[%zu].type", r->index),
			     "required, unless the options have bind or rbind");
		r->op->kind = MOUNT_REMOUNT;
	} else {
		r->op->kind = MOUNT_FS;
	}
}

static void
check_source (struct mount_reader *r)
{
	struct planner *p = r->p;
	const char *src = r->in->source;

	if (r->op->kind != MOUNT_BIND) {
		r->op->src = src && *src ? src : r->op->fstype;
		return;
	}
	if (!src || !*src) {
		BAD (p, PATH ("mounts[%zu].source", r->index), "required for a bind mount");
		src = "/";
	}
	r->op->src = path_absolute (p->arena, p->host->bundle, src);
}

/* An overlay, a disk, a tmpfs with a copy can be the root instead of root.path, and so can a bind
 * mount; what is new and empty cannot. */
static bool
hides_root (const struct mount_op *op)
{
	static const char *const empty[] = { "tmpfs",  "ramfs",	 "proc",   "sysfs",
					     "devpts", "mqueue", "cgroup", "cgroup2" };

	if (*op->dst || op->ext & EXT_TMPCOPYUP ||
	    (op->kind != MOUNT_FS && op->kind != MOUNT_CGROUP))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE (empty); i++)
		if (streq (op->fstype, empty[i]))
			return true;
	return false;
}

static void
check_destination (struct mount_reader *r)
{
	struct planner *p = r->p;
	const char *dst = r->in->destination;
	bool listed = false;

	if (*dst != '/')
		WARN (p, PATH ("mounts[%zu].destination", r->index),
		      "'%s' is relative: taken as '/%s'", dst, dst);
	r->op->dst = path_clean_in_root (p->arena, dst) + 1;
	for (size_t i = 0; i < ARRAY_SIZE (proc_files); i++)
		listed |= streq (r->op->dst, proc_files[i]);
	if (startswith (r->op->dst, "proc/") && !listed && r->op->kind != MOUNT_REMOUNT)
		BAD (p, PATH ("mounts[%zu].destination", r->index),
		     "nothing may be mounted on '/%s': only a few files of /proc may be covered",
		     r->op->dst);
	if (hides_root (r->op))
		BAD (p, PATH ("mounts[%zu].destination", r->index),
		     "a new %s on '/' would hide the root file system", r->op->fstype);
	if (streq (r->op->dst, "proc") &&
	    (r->op->kind == MOUNT_CGROUP ||
	     (r->op->kind == MOUNT_FS && !streq (r->op->fstype, "proc"))))
		BAD (p, PATH ("mounts[%zu].destination", r->index),
		     "only a proc file system may be mounted on /proc, not '%s'", r->op->fstype);
}

static void
read_mount (struct planner *p, size_t i)
{
	struct mount_reader r = {
		.p = p, .in = &p->spec->mounts.v[i], .op = &p->plan->rootfs.mounts[i], .index = i
	};

	r.op->json_path = PATH ("mounts[%zu]", i);
	read_options (&r);
	choose_kind (&r);
	check_source (&r);
	check_destination (&r);
	check_data (&r);
	check_idmap (&r);
	if (r.op->kind == MOUNT_FS &&
	    (streq (r.op->fstype, "proc") || streq (r.op->fstype, "sysfs")))
		r.op->ext |= EXT_PROC_OR_SYS;
	/* A new sysfs shows the network devices of the user namespace's owner: it needs an own
	 * network namespace. */
	if (r.op->kind == MOUNT_FS && streq (r.op->fstype, "sysfs") && owns (p, CLONE_NEWUSER) &&
	    !owns (p, CLONE_NEWNET))
		r.op->ext |= EXT_SYSFS_BIND;
	if (r.op->kind == MOUNT_FS && streq (r.op->fstype, "tmpfs") &&
	    !(r.op->data && strstr (r.op->data, "mode=")))
		r.op->tmpfs_mode = "";
	add_label (&r);
}

/* ---- all of it */

static const char **
absolute_paths (struct planner *p, const strs *in, const char *json)
{
	const char **v = arena_alloc (p->arena, (in->n + 1) * sizeof *v);

	for (size_t i = 0; i < in->n; i++) {
		if (in->v[i][0] != '/')
			WARN (p, PATH ("%s[%zu]", json, i), "'%s' is relative: taken as '/%s'",
			      in->v[i], in->v[i]);
		v[i] = path_clean_in_root (p->arena, in->v[i]);
	}
	return v;
}

static void
plan_paths (struct planner *p, const struct oci_linux *lnx)
{
	struct rootfs_plan *r = &p->plan->rootfs;

	r->masked = absolute_paths (p, &lnx->masked_paths, "linux.maskedPaths");
	r->n_masked = lnx->masked_paths.n;
	r->readonly_paths = absolute_paths (p, &lnx->readonly_paths, "linux.readonlyPaths");
	r->n_readonly_paths = lnx->readonly_paths.n;
	for (size_t i = 0; i < r->n_masked; i++)
		if (streq (r->masked[i], "/"))
			BAD (p, PATH ("linux.maskedPaths[%zu]", i), "the root cannot be masked");
	if (!r->own_mount_ns && r->n_masked + r->n_readonly_paths > 0)
		BAD (p, r->n_masked ? "linux.maskedPaths" : "linux.readonlyPaths",
		     "needs a mount namespace: on the host these paths would be hidden for all");
}

/* sysfs shows the devices of its maker's network namespace; what we do not know (nfs, 9p …) may
 * want one as well. */
static bool
needs_net (const struct mount_op *op)
{
	static const char *const without[] = { "proc",	 "tmpfs", "devpts",
					       "mqueue", "ramfs", "overlay" };

	if (op->kind != MOUNT_FS)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE (without); i++)
		if (streq (op->fstype, without[i]))
			return false;
	return true;
}

static bool
is_in_dev (const struct mount_op *op)
{
	return op->dst[0] == '\0' ||
	       (strncmp (op->dst, "dev", 3) == 0 && (op->dst[3] == '\0' || op->dst[3] == '/'));
}

void
plan_mounts (struct planner *p)
{
	struct rootfs_plan *r = &p->plan->rootfs;
	const struct oci_config *spec = p->spec;
	const struct oci_linux *lnx = spec->lnx;

	r->path = spec->root ? path_absolute (p->arena, p->host->bundle, spec->root->path) : "/";
	r->readonly = spec->root && spec->root->readonly;
	r->no_pivot = p->opt->no_pivot;
	r->own_mount_ns = owns (p, CLONE_NEWNS);
	r->in_userns = owns (p, CLONE_NEWUSER) || p->host->in_userns;
	r->n_mounts = spec->mounts.n;
	r->mounts = arena_alloc (p->arena, (spec->mounts.n + 1) * sizeof *r->mounts);
	for (size_t i = 0; i < spec->mounts.n; i++)
		read_mount (p, i);
	while (r->n_before_net < r->n_mounts && !needs_net (&r->mounts[r->n_before_net]))
		r->n_before_net++;
	r->dev_before_net = true;
	for (size_t i = r->n_before_net; i < r->n_mounts; i++)
		r->dev_before_net &= !is_in_dev (&r->mounts[i]);
	if (!r->own_mount_ns && spec->mounts.n)
		BAD (p, "mounts",
		     "needs a mount namespace (linux.namespaces): these would be mounts of the host");
	if (!r->own_mount_ns && r->readonly)
		BAD (p, "root.readonly",
		     "needs a mount namespace (linux.namespaces): there is no mount that could be read-only");
	if (!r->own_mount_ns && spec->process && spec->process->terminal)
		BAD (p, "process.terminal",
		     "needs a mount namespace (linux.namespaces): /dev/console would be a mount of the host");
	p->plan->ns.must_differ |= CLONE_NEWNS; /* we change its root */
	if (!r->own_mount_ns && lnx && lnx->rootfs_propagation)
		BAD (p, "linux.rootfsPropagation",
		     "needs a mount namespace (linux.namespaces): it would be that of the host's mounts");
	if (lnx) {
		r->propagation = lnx->rootfs_propagation;
		r->mount_label = lnx->mount_label;
		plan_paths (p, lnx);
	}
	/*
	 * Nothing that we mount may show up on the host, unless "shared" asks for just that
	 * (Bidirectional volumes); whether what the host mounts later shows up here is what was
	 * asked for. slave is the default of runc, and what engines rely on for HostToContainer
	 * volumes.
	 */
	r->propagation_before = MS_REC | (r->propagation & (MS_PRIVATE | MS_SHARED)
						  ? r->propagation & (MS_PRIVATE | MS_SHARED)
						  : MS_SLAVE);
	/* init could not open all that root can; and where volumes are to be peers of the host's,
	 * theirs must be the mounts that the runtime sees: in init's view, the one that the root is
	 * on is private. */
	r->sources_from_runtime = creates (p, CLONE_NEWNS) &&
				  (creates (p, CLONE_NEWUSER) ? p->host->privileged
							      : r->propagation_before & MS_SHARED);
}
