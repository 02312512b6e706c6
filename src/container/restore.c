/* SPDX-License-Identifier: GPL-2.0-or-later */
/* restore: a container whose processes come from an image. State, cgroup, limits and the end are
 * those of create and run. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "container/audit.h"
#include "container/checkpoint.h"
#include "container/criu.h"
#include "container/inside.h"
#include "container/launch.h"
#include "container/notify.h"
#include "libocispec/arena.h"
#include "libocispec/json.h"
#include "libocispec/oci_config.h"
#include "libocispec/report.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "sys/beneath.h"
#include "sys/syscalls.h"
#include "terminal/terminal.h"

struct restore {
	struct launch *l;
	const struct criu_options *o;
	struct criu_dirs dirs;
	struct criu_session session;
	struct pb opts;
};

/* ---- what was outside of the image comes back */

static void
external_mount (struct restore *r, const char *name, const char *source)
{
	pb_string (&r->opts, CRIU_EXTERNAL,
		   arena_printf (r->opts.arena, "mnt[%s]:%s", name, source));
}

static int
add_volumes (struct restore *r, struct err *e)
{
	struct arena *a = r->opts.arena;
	const struct oci_config *spec = r->l->plan.spec;
	autofd root = open (r->l->plan.rootfs.path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return err_set (e, errno, "root.path: open '%s'", r->l->plan.rootfs.path);
	for (size_t i = 0; i < spec->mounts.n; i++) {
		const struct oci_mount *m = &spec->mounts.v[i];

		if (criu_is_bind (m) && m->source)
			external_mount (r, inside_resolve (a, root, m->destination),
					path_absolute (a, r->l->host.bundle, m->source));
	}
	return 0;
}

/* In a mount of the container's own: its mount point is in there, or CRIU brings it back. */
static bool
is_below_another (const struct rootfs_plan *p, size_t which)
{
	for (size_t i = 0; i < which; i++)
		if (*p->mounts[i].dst && path_is_below (p->mounts[which].dst, p->mounts[i].dst))
			return true;
	return false;
}

/* Those that create made in the root file system, should this be another one (podman restore
 * --import): CRIU expects them to be there. */
static int
make_mount_points (const struct launch *l, struct err *e)
{
	const struct rootfs_plan *p = &l->plan.rootfs;
	autofd root = open (p->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (root < 0)
		return err_set (e, errno, "root.path: open '%s'", p->path);
	for (size_t i = 0; i < p->n_mounts; i++) {
		const struct mount_op *op = &p->mounts[i];
		autofd at = -1;

		if (!*op->dst || op->kind == MOUNT_REMOUNT || (op->ext & EXT_COPY_SYMLINK) ||
		    is_below_another (p, i))
			continue;
		if (op->kind == MOUNT_BIND && stat (op->src, &st) == 0 && !S_ISDIR (st.st_mode))
			at = beneath_touch (root, op->dst);
		else
			at = beneath_mkdir_p (root, op->dst, 0755);
		if (at < 0)
			return err_set (e, -at, "%s: make the mount point '/%s'", op->json_path,
					op->dst);
	}
	return 0;
}

/* Masks, and in a user namespace the devices: files of the host's /dev under their own names. */
static void
add_devices (struct restore *r)
{
	const struct rootfs_plan *p = &r->l->plan.rootfs;

	external_mount (r, "/dev/null", "/dev/null");
	for (size_t i = 0; i < p->n_devices; i++) {
		const char *path = arena_printf (r->opts.arena, "/%s", p->devices[i].path);

		if (!streq (path, "/dev/null") && access (path, F_OK) == 0)
			external_mount (r, path, path);
	}
}

/* v1: each hierarchy was bound where the configuration has its mount of type cgroup. */
static void
add_cgroup_mounts (struct restore *r)
{
	struct arena *a = r->opts.arena;
	const struct launch *l = r->l;

	for (size_t i = 0; i < l->plan.rootfs.n_mounts; i++) {
		const struct mount_op *op = &l->plan.rootfs.mounts[i];

		for (unsigned k = 0; op->kind == MOUNT_CGROUP && k < l->cgroup.n_v1; k++)
			external_mount (r,
					arena_printf (a, "/%s/%s", op->dst, l->cgroup.v1[k].name),
					l->cgroup.v1[k].dir);
	}
}

static int
add_notify (struct restore *r, struct err *e)
{
	char path[40], dir[PATH_MAX];
	const char *ignored;
	ssize_t n;

	TRY (notify_make_directory (&r->l->c, r->opts.arena, &r->l->plan, &ignored, e));
	snprintf (path, sizeof path, "/proc/self/fd/%d", r->l->c.dir_fd);
	n = readlink (path, dir, sizeof dir - 1);
	if (n < 0)
		return err_set (e, errno, "the state directory of container '%s'", r->l->c.id);
	dir[n] = '\0';
	external_mount (r, NOTIFY_DIR, arena_printf (r->opts.arena, "%s/notify", dir));
	return 0;
}

static void
inherit (struct restore *r, const char *key, int fd)
{
	pb_named_fd (&r->opts, CRIU_INHERIT_FD, key, fd);
	if (r->session.n_keep < ARRAY_SIZE (r->session.keep))
		r->session.keep[r->session.n_keep++] = fd;
}

static void
add_namespaces (struct restore *r)
{
	const struct ns_fds *joins = &r->l->init.joins;

	for (unsigned i = 0; i < joins->n; i++)
		if (joins->v[i].type == CLONE_NEWNET)
			inherit (r, "extRootNetNS", joins->v[i].fd);
		else if (joins->v[i].type == CLONE_NEWPID)
			inherit (r, "extRootPidNS", joins->v[i].fd);
}

/* The pipes of then are our standard streams of now. */
static int
add_streams (struct restore *r, struct err *e)
{
	struct arena *a = r->opts.arena;
	char *text;
	size_t len;
	strs names;

	TRY (read_file_at (a, r->dirs.images_fd, DESCRIPTORS, 65536, &text, &len, e));
	names = str_split (a, text,
			   '"'); /* ["x","y","z"]: what is between the quotes is every second one */
	for (int i = 0; i < 3 && 2 * (size_t) i + 1 < names.n; i++) {
		const char *name = names.v[2 * i + 1];

		if (startswith (name, "pipe:") || startswith (name, "socket:"))
			inherit (r, name, i);
	}
	return 0;
}

/* One for all hierarchies, so that none is forgotten: in the unified tree beside v1 systemd looks
 * whether anybody is left in a scope. */
static void
add_cgroup_roots (struct restore *r)
{
	const struct cgroup *cg = &r->l->cgroup;

	if (cg->manager != CGROUP_MANAGER_DISABLED && cg->path)
		pb_pair (&r->opts, CRIU_CG_ROOT, NULL, cg->path);
}

static void
add_cgroup (struct restore *r)
{
	add_cgroup_mounts (r);
	add_cgroup_roots (r);
}

/* criu itself goes into the scope, and all that it makes is born there. */
static int
on_start (void *ctx, pid_t pid, struct err *e)
{
	struct restore *r = ctx;

	TRY (launch_attach_cgroup (r->l, pid, e));
	add_cgroup (r);
	return 0;
}

/* ---- the conversation */

static int
on_notify (void *ctx, const struct criu_response *n, int fd, struct err *e)
{
	struct restore *r = ctx;
	struct launch *l = r->l;
	autofd master = fd;

	if (streq (n->script, "setup-namespaces")) {
		l->pid = n->pid;
		TRY (launch_runtime_hooks (l, e));
		l->pid = 0; /* not yet ours to kill by number */
	} else if (streq (n->script, "orphan-pts-master") && master >= 0) {
		if (l->console_socket >= 0)
			return console_send (l->console_socket, master, "ptmx", e);
		l->console_master = take_fd (&master);
	}
	return 0;
}

static int
request (struct restore *r, struct err *e)
{
	struct launch *l = r->l;
	bool systemd = l->cgroup.manager == CGROUP_MANAGER_SYSTEMD;

	r->session = (struct criu_session) {
		.arena = r->opts.arena,
		.work_dir = r->dirs.work,
		.images_dir = r->dirs.images,
		.images_fd = r->dirs.images_fd,
		.work_fd = r->dirs.work_fd,
		.log = "restore.log",
		.root = l->plan.rootfs.path,
		.readonly = l->plan.rootfs.readonly,
		.cgroup = l->cgroup.manager == CGROUP_MANAGER_CGROUPFS ? &l->cgroup : NULL,
		.on_notify = on_notify,
		.on_start = systemd ? on_start : NULL,
		.ctx = r,
	};
	TRY (criu_common_options (&r->opts, r->o, &r->dirs, l->plan.spec, r->session.log, e));
	pb_string (&r->opts, CRIU_ROOT, l->plan.rootfs.path);
	pb_bool (&r->opts, CRIU_RST_SIBLING, true); /* our child, not criu's */
	pb_string (&r->opts, CRIU_LSM_PROFILE, r->o->lsm_profile);
	pb_string (&r->opts, CRIU_LSM_MOUNT_CONTEXT, r->o->lsm_mount_context);
	TRY (add_volumes (r, e));
	add_devices (r);
	if (!systemd)
		add_cgroup (r);
	TRY (add_notify (r, e));
	add_namespaces (r);
	return add_streams (r, e);
}

/* In the place of the clone: launch_build has made state and cgroup, and undoes them if this fails.
 */
static int
by_criu (struct launch *l, struct err *e)
{
	struct restore *r = l->maker_ctx;
	struct criu_response answer;

	r->opts.arena = l->g->arena;
	TRY (make_mount_points (l, e));
	TRY (request (r, e));
	if (criu_run (&r->session, CRIU_RESTORE, &r->opts, &answer, e) < 0)
		return err_wrap (e, "restore of container '%s'", l->c.id);
	l->pid = answer.pid;
	l->pidfd = sys_pidfd_open (l->pid, 0);
	if (l->pidfd < 0)
		return err_set (e, -l->pidfd, "the restored process %d", (int) l->pid);
	TRY (launch_apply_limits (l, e));
	return launch_save_created (l, e);
}

static int
restore (struct restore *r, const char *id, struct err *e)
{
	struct launch *l = r->l;
	int ret;

	TRY (launch_load (l, id, e));
	TRY (criu_open_dirs (l->g->arena, r->o, false, &r->dirs, e));
	TRY (launch_build (l, true, e));
	ret = launch_announce (l, e);
	if (ret == 0)
		ret = l->opt->detach ? launch_record (l, e) : run_wait (l, e);
	if (ret < 0)
		launch_abort (l);
	else
		container_close (&l->c);
	return ret;
}

int
container_restore (const struct globals *g, const char *id, const struct create_options *c,
		   const struct criu_options *o, struct err *e)
{
	struct launch l;
	struct restore r = { .l = &l, .o = o, .dirs = { .images_fd = -1, .work_fd = -1 } };
	int ret;

	launch_init (&l, g, c, !c->detach);
	l.op = "restore";
	l.maker = by_criu;
	l.maker_ctx = &r;
	TRY (audit_check (g, e));
	ret = restore (&r, id, e);
	if (ret < 0)
		launch_record_failure (&l, id);
	return ret;
}
