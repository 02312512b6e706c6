/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mounts: more of them, or fewer, in a container that runs. They are planned and made as those of
 * config.json are; sources are of the caller's mount namespace. What was added is in mounts.json.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "container/container.h"
#include "container/facts.h"
#include "container/inside.h"
#include "container/update.h"
#include "libocispec/arena.h"
#include "libocispec/json.h"
#include "libocispec/oci_config.h"
#include "libocispec/report.h"
#include "ns/ns.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "rootfs/rootfs.h"
#include "sys/beneath.h"
#include "sys/syscalls.h"

#define FILE_NAME  "mounts.json"
#define MOUNTS_MAX (16u << 20)

typedef VEC (struct oci_mount) mount_vec;

static int
parse (struct arena *a, const char *name, const char *text, size_t len, mount_vec *ret,
       struct err *e)
{
	struct oci_report report;
	struct vec_any any;

	oci_report_init (&report, a, name, text, len);
	if (oci_records_read (&oci_mount_record, a, text, len, &report, &any) < 0)
		return err_set (e, 0, "%s", oci_report_text (&report));
	ret->v = any.v;
	ret->n = any.n;
	return 0;
}

static int
read_list (struct arena *a, const char *file, mount_vec *ret, struct err *e)
{
	size_t len;
	char *text;

	if (streq (file, "-"))
		TRY (read_fd (a, 0, "standard input", MOUNTS_MAX, &text, &len, e));
	else
		TRY (read_file_at (a, AT_FDCWD, file, MOUNTS_MAX, &text, &len, e));
	return parse (a, file, text, len, ret, e);
}

static int
read_added (struct arena *a, const struct container *c, mount_vec *ret, struct err *e)
{
	size_t len;
	char *text;

	*ret = (mount_vec) { NULL, 0 };
	if (faccessat (c->dir_fd, FILE_NAME, F_OK, 0) < 0 && errno == ENOENT)
		return 0;
	TRY (read_file_at (a, c->dir_fd, FILE_NAME, MOUNTS_MAX, &text, &len, e));
	return parse (a, FILE_NAME, text, len, ret, e);
}

static char *
write_list (struct arena *a, const mount_vec *list, unsigned style, size_t *len)
{
	struct json_out o;

	json_out_init (&o, a, style == OCI_PRETTY ? 2 : 0);
	json_begin_array (&o);
	for (size_t i = 0; i < list->n; i++)
		json_raw (&o,
			  oci_record_write (&oci_mount_record, &list->v[i], a, OCI_COMPACT, NULL));
	json_end_array (&o);
	return json_finish (&o, len);
}

static int
keep_added (struct arena *a, const struct container *c, const mount_vec *list, struct err *e)
{
	size_t len;
	char *text = write_list (a, list, OCI_COMPACT, &len);
	int r = file_replace_at (c->dir_fd, FILE_NAME, text, len, 0600);

	return r < 0 ? err_set (e, -r, "write '" FILE_NAME "' in the state directory") : 0;
}

/* By a name that no symbolic link can lead elsewhere: the last component, in its directory. */
static int
unmount (struct arena *a, int root, const char *destination, struct err *e)
{
	const char *path = path_clean_in_root (a, destination) + 1, *name;
	autofd parent = beneath_parent (root, path, false, &name);

	if (parent < 0)
		return err_set (e, -parent, "'%s'", destination);
	if (fchdir (parent) < 0 || umount2 (name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return errno == EINVAL
			       ? err_set (e, 0, "'%s': nothing is mounted there", destination)
			       : err_set (e, errno, "unmount '%s'", destination);
	return 0;
}

/* ---- add --------------------------------------------------------------------------------------
 */

struct adding {
	struct arena *arena;
	struct plan plan;
	struct rootfs rootfs;
};

static int
plan_list (const struct globals *g, const struct container *c, const struct exec_facts *f,
	   const mount_vec *list, struct plan *plan, struct err *e)
{
	struct oci_config *spec = arena_alloc (g->arena, sizeof *spec);
	struct host *host = arena_alloc (g->arena, sizeof *host);
	static const struct plan_options opt;
	struct oci_report report;
	struct planner p = { g->arena, spec, host, &opt, &report, plan };
	char cwd[PATH_MAX];

	if (!getcwd (cwd, sizeof cwd))
		return err_set (e, errno, "the current directory cannot be named");
	*host = (struct host) { .euid = geteuid (),
				.egid = getegid (),
				.privileged = geteuid () == 0,
				.cgroup_mode = (enum cgroup_mode) c->st.cgroup_mode,
				.bundle = arena_strdup (g->arena, cwd),
				.container_id = c->id };
	memcpy (&spec->mounts, list, sizeof *list);
	*plan = (struct plan) { .spec = spec, .container_id = c->id };
	plan->ns.own = f->namespaces;
	oci_report_init (&report, g->arena, "mounts", NULL, 0);
	plan_mounts (&p);
	if (oci_report_failed (&report))
		return err_set (e, 0, "%s", oci_report_text (&report));
	log_warnings (oci_report_warnings (&report));
	plan->rootfs.path = c->st.rootfs;
	plan->rootfs.sources_from_runtime = true;
	return 0;
}

/* Of the first `n`, the last first. */
static void
take_back (struct adding *x, size_t n)
{
	struct err ignored;

	while (n-- > 0) {
		const struct mount_op *op = &x->plan.rootfs.mounts[n];

		if (op->kind != MOUNT_REMOUNT && !(op->ext & EXT_COPY_SYMLINK))
			(void) unmount (x->arena, x->rootfs.root_fd, op->dst, &ignored);
	}
}

/* All of them or none: what is not listed would be there for ever. */
static int
add_inside (void *ctx, struct err *e)
{
	struct adding *x = ctx;

	TRY (rootfs_join (&x->rootfs, e));
	for (size_t i = 0; i < x->plan.rootfs.n_mounts; i++)
		if (mounts_apply (&x->rootfs, &x->plan, i, i + 1, e) < 0) {
			take_back (x, i);
			return -1;
		}
	return 0;
}

static int
add (const struct globals *g, struct container *c, const mount_vec *list, struct err *e)
{
	struct exec_facts facts;
	struct adding x = { .arena = g->arena };
	struct inside in = { c, &facts, add_inside, &x };
	mount_vec all = { NULL, 0 }, before;
	int r;

	TRY (exec_facts_load (c, g->arena, &facts, e));
	TRY (plan_list (g, c, &facts, list, &x.plan, e));
	TRY (read_added (g->arena, c, &before, e));
	TRY (rootfs_prepare (g->arena, &x.plan, NULL, userns_open_mapped, &x.rootfs, e));
	r = inside_run (&in, e);
	rootfs_close (&x.rootfs, list->n);
	if (r < 0)
		return -1;
	for (size_t i = 0; i < before.n; i++)
		VEC_PUSH (g->arena, all, before.v[i]);
	for (size_t i = 0; i < list->n; i++)
		VEC_PUSH (g->arena, all, list->v[i]);
	return keep_added (g->arena, c, &all, e);
}

/* ---- remove -----------------------------------------------------------------------------------
 */

struct removing {
	struct arena *arena;
	const char *destination;
};

static int
remove_inside (void *ctx, struct err *e)
{
	struct removing *x = ctx;
	autofd root = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return err_set (e, errno, "open the container's root");
	return unmount (x->arena, root, x->destination, e);
}

/* Its real place is found out before, as in there no /proc would tell. */
static int
remove_one (const struct globals *g, const struct inside *in, const char *destination,
	    struct err *e)
{
	struct removing *x = in->ctx;
	autofd root = inside_open_root (in->c, NULL, e);

	if (root < 0)
		return -1;
	x->destination = inside_resolve (g->arena, root, destination);
	return inside_run (in, e);
}

/* `destination`, from number `from` on? */
static bool
lists (struct arena *a, const mount_vec *list, size_t from, const char *destination)
{
	const char *path = path_clean_in_root (a, destination);

	for (size_t i = from; i < list->n; i++)
		if (streq (path, path_clean_in_root (a, list->v[i].destination)))
			return true;
	return false;
}

static int
remove_mounts (const struct globals *g, struct container *c, const mount_vec *list, struct err *e)
{
	struct exec_facts facts;
	struct removing x = { g->arena, NULL };
	struct inside in = { c, &facts, remove_inside, &x };
	mount_vec before, after = { NULL, 0 };
	size_t left = list->n;
	struct err late;
	int r = 0;

	TRY (exec_facts_load (c, g->arena, &facts, e));
	if (!(facts.namespaces & CLONE_NEWNS))
		return err_set (e, 0, "container '%s' has no mount namespace of its own", c->id);
	TRY (read_added (g->arena, c, &before, e));
	while (r == 0 && left > 0) { /* what was mounted last goes first */
		r = remove_one (g, &in, list->v[left - 1].destination, e);
		left -= r == 0;
	}
	/* What is gone is not listed any more, also if the next one is not to be had. */
	for (size_t i = 0; i < before.n; i++)
		if (!lists (g->arena, list, left, before.v[i].destination))
			VEC_PUSH (g->arena, after, before.v[i]);
	if (keep_added (g->arena, c, &after, &late) < 0 && r == 0) {
		*e = late;
		r = -1;
	}
	return r;
}

/* ---- the verbs --------------------------------------------------------------------------------
 */

static int
change (const struct globals *g, const char *id, const char *file,
	int (*verb) (const struct globals *, struct container *, const mount_vec *, struct err *),
	struct err *e)
{
	struct container c;
	mount_vec list;
	int r;

	TRY (read_list (g->arena, file, &list, e));
	TRY (container_open (g, id, true, &c, e));
	r = verb (g, &c, &list, e);
	container_close (&c);
	return r;
}

int
container_mounts_add (const struct globals *g, const char *id, const char *file, struct err *e)
{
	return change (g, id, file, add, e);
}

int
container_mounts_remove (const struct globals *g, const char *id, const char *file, struct err *e)
{
	return change (g, id, file, remove_mounts, e);
}

int
container_mounts_list (const struct globals *g, const char *id, char **ret, struct err *e)
{
	struct container c;
	mount_vec list;
	int r;

	TRY (container_open (g, id, false, &c, e));
	r = read_added (g->arena, &c, &list, e);
	container_close (&c);
	if (r == 0)
		*ret = write_list (g->arena, &list, OCI_PRETTY, NULL);
	return r;
}

/* ---- devices, in user namespaces --------------------------------------------------------------
 */

static mount_vec
one_device (struct arena *a, const char *source, const char *path)
{
	static char *const options[] = { (char *) "bind", (char *) "nosuid", (char *) "noexec" };
	struct oci_mount *m = arena_alloc (a, sizeof *m);

	*m = (struct oci_mount) { .destination = (char *) (uintptr_t) path,
				  .type = (char *) "bind",
				  .source = (char *) (uintptr_t) source,
				  .options = { (char **) (uintptr_t) options,
					       ARRAY_SIZE (options) } };
	return (mount_vec) { m, 1 };
}

int
mounts_add_device (const struct globals *g, struct container *c, const char *source,
		   const char *path, struct err *e)
{
	mount_vec list = one_device (g->arena, source, path);

	return add (g, c, &list, e);
}

int
mounts_remove_device (const struct globals *g, struct container *c, const char *path, struct err *e)
{
	mount_vec list = one_device (g->arena, path, path);

	return remove_mounts (g, c, &list, e);
}
