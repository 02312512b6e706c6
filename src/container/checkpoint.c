/* SPDX-License-Identifier: GPL-2.0-or-later */
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
#include "base/mem.h"
#include "base/path.h"
#include "base/procfs.h"
#include "base/str.h"
#include "container/audit.h"
#include "container/checkpoint.h"
#include "container/criu.h"
#include "container/inside.h"
#include "libocispec/arena.h"
#include "libocispec/json.h"
#include "libocispec/oci_config.h"
#include "plan/host.h"
#include "plan/plan.h"

#define MOUNTINFO_MAX (16u << 20)

/* ---- for both directions */

static int
open_dir (const char *path, bool create, const char *option, struct err *e)
{
	int fd, r = create ? make_directories (path, 0700) : 0;

	if (r < 0)
		return err_set (e, -r, "%s: make '%s'", option, path);
	fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set (e, errno, "%s: open '%s'", option, path) : fd;
}

int
criu_open_dirs (struct arena *a, const struct criu_options *o, bool create, struct criu_dirs *d,
		struct err *e)
{
	char cwd[PATH_MAX];

	if (!getcwd (cwd, sizeof cwd))
		return err_set (e, errno, "the current directory");
	d->images = path_absolute (a, cwd, o->image_path ? o->image_path : "checkpoint");
	d->work = o->work_path ? path_absolute (a, cwd, o->work_path) : d->images;
	TRY (d->images_fd = open_dir (d->images, create, "--image-path", e));
	TRY (d->work_fd = open_dir (d->work, true, "--work-path", e));
	return 0;
}

/* A word of a list, as its number. */
static int
word (const char *option, const char *value, const char *const *names, const char *allowed,
      struct err *e)
{
	for (int i = 0; names[i]; i++)
		if (streq (names[i], value))
			return i;
	return err_set (e, 0, "option --%s: '%s' is not %s", option, value, allowed);
}

static int
empty_namespaces (struct pb *opts, const struct criu_options *o, struct err *e)
{
	for (unsigned i = 0; i < o->n_empty_ns; i++)
		if (!streq (o->empty_ns[i], "network"))
			return err_set (e, 0, "option --empty-ns: '%s' is not network",
					o->empty_ns[i]);
	if (o->n_empty_ns)
		pb_int (opts, CRIU_EMPTY_NS, CLONE_NEWNET);
	return 0;
}

static int
choices (struct pb *opts, const struct criu_options *o, struct err *e)
{
	/* enum criu_cg_mode, enum criu_network_lock_method; "skip" came with CRIU 4 */
	static const char *const modes[] = { "ignore", "none",	 "props", "soft",
					     "full",   "strict", NULL };
	static const char *const locks[] = { "", "iptables", "nftables", "skip", NULL };
	const char *mode = o->manage_cgroups_mode ? o->manage_cgroups_mode : "soft";
	int n;

	TRY (n = word ("manage-cgroups-mode", mode, modes, "soft, full, strict or ignore", e));
	pb_int (opts, CRIU_MANAGE_CGROUPS_MODE, (uint64_t) n);
	pb_bool (opts, CRIU_MANAGE_CGROUPS, n != 0);
	if (o->network_lock) {
		TRY (n = word ("network-lock", o->network_lock, locks, "iptables, nftables or skip",
			       e));
		pb_int (opts, CRIU_NETWORK_LOCK, (uint64_t) n);
	}
	return empty_namespaces (opts, o, e);
}

int
criu_common_options (struct pb *opts, const struct criu_options *o, const struct criu_dirs *d,
		     const struct oci_config *spec, const char *log, struct err *e)
{
	const char *config = oci_annotation (&spec->annotations, "org.criu.config");

	pb_int (opts, CRIU_IMAGES_DIR_FD, (uint64_t) d->images_fd);
	pb_int (opts, CRIU_WORK_DIR_FD, (uint64_t) d->work_fd);
	pb_int (opts, CRIU_LOG_LEVEL, 4);
	pb_string (opts, CRIU_LOG_FILE, log);
	pb_bool (opts, CRIU_NOTIFY_SCRIPTS, true);
	pb_bool (opts, CRIU_EXT_UNIX_SK, o->ext_unix_sk);
	pb_bool (opts, CRIU_TCP_ESTABLISHED, o->tcp_established);
	pb_bool (opts, CRIU_TCP_CLOSE, o->tcp_close);
	pb_bool (opts, CRIU_SHELL_JOB, o->shell_job);
	pb_bool (opts, CRIU_FILE_LOCKS, o->file_locks);
	pb_bool (opts, CRIU_LAZY_PAGES, o->lazy_pages);
	pb_bool (opts, CRIU_AUTO_DEDUP, o->auto_dedup);
	pb_bool (opts, CRIU_ORPHAN_PTS_MASTER, true);
	if (config && *config != '/')
		return err_set (e, 0, "annotations.org.criu.config: '%s' is not an absolute path",
				config);
	/* Of the administrator, as with the other runtimes; CRIU reads it before these options. */
	if (!config && access ("/etc/criu/runc.conf", F_OK) == 0)
		config = "/etc/criu/runc.conf";
	pb_string (opts, CRIU_CONFIG_FILE, config);
	return choices (opts, o, e);
}

bool
criu_is_bind (const struct oci_mount *m)
{
	for (size_t i = 0; i < m->options.n; i++)
		if (streq (m->options.v[i], "bind") || streq (m->options.v[i], "rbind"))
			return true;
	return m->type && (streq (m->type, "bind") || streq (m->type, "rbind"));
}

/* ---- what comes from outside */

struct dump {
	const struct globals *g;
	const struct criu_options *o;
	struct container *c;
	struct oci_config *spec;
	strs volumes; /* where they are */
	struct pb opts;
};

static int
find_volumes (struct dump *d, struct err *e)
{
	autofd root = inside_open_root (d->c, NULL, e);

	if (root < 0)
		return -1;
	for (size_t i = 0; i < d->spec->mounts.n; i++) {
		const struct oci_mount *m = &d->spec->mounts.v[i];

		if (criu_is_bind (m))
			VEC_PUSH (d->g->arena, d->volumes,
				  (char *) inside_resolve (d->g->arena, root, m->destination));
	}
	return 0;
}

static bool
is_volume (const struct dump *d, const char *mountpoint)
{
	for (size_t i = 0; i < d->volumes.n; i++)
		if (streq (d->volumes.v[i], mountpoint))
			return true;
	return false;
}

/*
 * One line of mountinfo: "36 35 98:0 ROOT MOUNTPOINT options - fstype source super". The kernel's
 * view of the container, not the configuration's: a volume may have been reached through a link of
 * the image, masks cover only what exists, and devices are binds in a user namespace.
 */
static void
add_mount (struct dump *d, const char *line)
{
	struct arena *a = d->g->arena;
	strs f = str_split (a, line, ' ');
	const char *root, *at, *fstype = "", *name = NULL;
	bool cgroup;

	if (f.n < 10)
		return;
	root = f.v[3];
	at = f.v[4];
	str_unescape (f.v[4]);
	for (size_t i = 6; i + 1 < f.n; i++)
		if (streq (f.v[i], "-"))
			fstype = f.v[i + 1];
	if (streq (at, "/"))
		return;
	/* Hierarchies of v1, and the unified tree beside them, are bound. */
	cgroup = streq (fstype, "cgroup") ||
		 (streq (fstype, "cgroup2") && d->c->st.cgroup_mode != CGROUP_V2);
	if (is_volume (d, at) || streq (at, NOTIFY_DIR) || cgroup)
		name = at;
	else if (streq (fstype, "devtmpfs") && !streq (root, "/"))
		name = arena_printf (a, "/dev%s", root);
	if (name)
		pb_string (&d->opts, CRIU_EXTERNAL, arena_printf (a, "mnt[%s]:%s", at, name));
}

static int
add_mounts (struct dump *d, struct err *e)
{
	char path[40];
	char *text, *line, *end;
	size_t len;
	autofd fd = -1;

	snprintf (path, sizeof path, "%d/mountinfo", (int) d->c->st.pid);
	fd = procfs_open (path, O_RDONLY);
	if (fd < 0)
		return err_set (e, -fd, "open the mount table of container '%s'", d->c->id);
	TRY (read_fd (d->g->arena, fd, path, MOUNTINFO_MAX, &text, &len, e));
	for (line = text; *line; line = end) {
		end = line + strcspn (line, "\n");
		if (*end)
			*end++ = '\0';
		add_mount (d, line);
	}
	return 0;
}

/* A namespace that was given by path belongs to somebody else, who will bring it back. */
static int
add_namespace (struct dump *d, const char *type, const char *name, const char *key, struct err *e)
{
	const struct oci_linux *lnx = d->spec->lnx;
	struct stat st;

	for (size_t i = 0; lnx && i < lnx->namespaces.n; i++) {
		const struct oci_namespace *n = &lnx->namespaces.v[i];

		if (!n->path || !*n->path ||
		    n->type != (streq (type, "net") ? CLONE_NEWNET : CLONE_NEWPID))
			continue;
		if (stat (n->path, &st) < 0)
			return err_set (e, errno, "linux.namespaces[%zu].path: '%s'", i, n->path);
		pb_string (&d->opts, CRIU_EXTERNAL,
			   arena_printf (d->g->arena, "%s[%llu]:%s", name,
					 (unsigned long long) st.st_ino, key));
	}
	return 0;
}

static void
add_freezer (struct dump *d)
{
	const struct container_state *st = &d->c->st;

	if (!st->cgroup_created || !st->cgroup_path)
		return;
	if (st->cgroup_mode == CGROUP_V2)
		pb_string (&d->opts, CRIU_FREEZE_CGROUP,
			   arena_printf (d->g->arena, "/sys/fs/cgroup%s", st->cgroup_path));
	else if (access ("/sys/fs/cgroup/freezer", F_OK) == 0)
		pb_string (&d->opts, CRIU_FREEZE_CGROUP,
			   arena_printf (d->g->arena, "/sys/fs/cgroup/freezer%s", st->cgroup_path));
}

/* ---- options of the dump alone */

static int
add_page_server (struct dump *d, struct err *e)
{
	struct pb inner = { .arena = d->g->arena };
	const char *value = d->o->page_server, *colon = value ? strrchr (value, ':') : NULL;
	uint32_t port;

	if (!value)
		return 0;
	if (!colon || parse_u32 (colon + 1, &port) < 0 || port > 65535)
		return err_set (e, 0, "option --page-server: '%s' is not ADDRESS:PORT", value);
	pb_string (&inner, 1, arena_strndup (d->g->arena, value, (size_t) (colon - value)));
	pb_int (&inner, 2, port);
	pb_message (&d->opts, CRIU_PAGE_SERVER, &inner);
	return 0;
}

static int
add_dump_options (struct dump *d, struct err *e)
{
	const struct criu_options *o = d->o;
	uint32_t fd;

	if (o->parent_path && *o->parent_path == '/')
		return err_set (e, 0, "option --parent-path: '%s' must be relative to --image-path",
				o->parent_path);
	pb_int (&d->opts, CRIU_PID, (uint64_t) d->c->st.pid);
	pb_string (&d->opts, CRIU_ROOT, d->c->st.rootfs);
	pb_bool (&d->opts, CRIU_LEAVE_RUNNING, o->leave_running || o->pre_dump);
	pb_bool (&d->opts, CRIU_TCP_SKIP_IN_FLIGHT, o->tcp_skip_in_flight);
	pb_bool (&d->opts, CRIU_LINK_REMAP, o->link_remap);
	pb_string (&d->opts, CRIU_PARENT_IMG, o->parent_path);
	pb_bool (&d->opts, CRIU_TRACK_MEM, o->pre_dump || o->parent_path);
	if (o->status_fd) {
		if (parse_u32 (o->status_fd, &fd) < 0 || fcntl ((int) fd, F_GETFD) < 0)
			return err_set (e, 0,
					"option --status-fd: '%s' is not an open file descriptor",
					o->status_fd);
		pb_int (&d->opts, CRIU_STATUS_FD, fd);
	}
	TRY (add_page_server (d, e));
	TRY (find_volumes (d, e));
	TRY (add_mounts (d, e));
	TRY (add_namespace (d, "net", "net", "extRootNetNS", e));
	TRY (add_namespace (d, "pid", "pid", "extRootPidNS", e));
	add_freezer (d);
	return 0;
}

/* ["/dev/null","pipe:[1234]",…]: what 0, 1 and 2 are. */
static int
write_descriptors (const struct dump *d, int images_fd, struct err *e)
{
	struct json_out o;
	char *text;
	size_t len;
	int r;

	json_out_init (&o, d->g->arena, 0);
	json_begin_array (&o);
	for (int i = 0; i < 3; i++) {
		char path[48], target[PATH_MAX] = "";

		snprintf (path, sizeof path, "/proc/%d/fd/%d", (int) d->c->st.pid, i);
		if (readlink (path, target, sizeof target - 1) < 0)
			target[0] = '\0';
		json_string (&o, target);
	}
	json_end_array (&o);
	text = json_finish (&o, &len);
	r = file_replace_at (images_fd, DESCRIPTORS, text, len, 0600);
	return r < 0 ? err_set (e, -r, "write " DESCRIPTORS " to --image-path") : 0;
}

/* ---- checkpoint */

/* containerd deletes it once more, and is told that it does not exist. */
static int
gone (struct dump *d, struct err *e)
{
	TRY (container_destroy (d->c, e));
	container_run_poststop (d->c, d->g->arena);
	TRY (audit_record (d->g, "delete", d->c->id, (pid_t) d->c->st.pid, e));
	return container_remove_state (d->c, e);
}

static int
checkpoint_locked (struct dump *d, struct err *e)
{
	struct criu_dirs dirs = { .images_fd = -1, .work_fd = -1 };
	struct criu_response r;
	struct criu_session s = { .arena = d->g->arena, .log = "dump.log" };
	enum container_status st = container_status (d->c, NULL);
	bool stays = d->o->leave_running || d->o->pre_dump;
	int ret;

	if (st != STATUS_RUNNING && st != STATUS_PAUSED)
		return err_set (
			e, ESRCH,
			"cannot checkpoint container '%s' that is %s: container not running",
			d->c->id, container_status_names[st]);
	if (!stays)
		TRY (audit_check (d->g, e));
	TRY (container_config (d->c, d->g->arena, &d->spec, e));
	TRY (criu_open_dirs (d->g->arena, d->o, true, &dirs, e));
	s.work_dir = dirs.work;
	s.images_fd = dirs.images_fd;
	s.work_fd = dirs.work_fd;
	d->opts.arena = d->g->arena;
	ret = criu_common_options (&d->opts, d->o, &dirs, d->spec, s.log, e);
	if (ret == 0)
		ret = add_dump_options (d, e);
	if (ret == 0 && !d->o->pre_dump)
		ret = write_descriptors (d, dirs.images_fd, e);
	if (ret == 0)
		ret = criu_run (&s, d->o->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP, &d->opts, &r, e);
	close (dirs.images_fd);
	close (dirs.work_fd);
	if (ret < 0)
		return err_wrap (e, "checkpoint of container '%s'", d->c->id);
	return stays ? 0 : gone (d, e);
}

int
container_checkpoint (const struct globals *g, const char *id, const struct criu_options *o,
		      struct err *e)
{
	struct container c;
	struct dump d = { .g = g, .o = o, .c = &c };
	int r;

	TRY (container_open (g, id, true, &c, e));
	r = checkpoint_locked (&d, e);
	container_close (&c);
	return r;
}
