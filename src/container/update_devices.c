/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "base/str.h"
#include "container/container.h"
#include "container/facts.h"
#include "container/inside.h"
#include "container/update.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/report.h"
#include "sys/beneath.h"

#define FILE_NAME   "devices.json"
#define DEVICES_MAX (16u << 20)

struct device {
	const char *source, *path, *access;
	struct stat st;
};

/* HOST-PATH[:PATH[:rwm]], as the engines' --device has it. */
static int
parse (struct arena *a, const char *text, struct device *d, struct err *e)
{
	strs f = str_split (a, text, ':');

	*d = (struct device) { .source = f.v[0], .path = f.v[0], .access = "rwm" };
	if (f.n > 1)
		d->path = f.v[1];
	if (f.n > 2)
		d->access = f.v[2];
	if (f.n > 3 || *d->source != '/' || *d->path != '/' || !*d->access ||
	    d->access[strspn (d->access, "rwm")])
		return err_set (e, 0, "--device-add: '%s' is not HOST-PATH[:PATH[:rwm]]", text);
	if (stat (d->source, &d->st) < 0)
		return err_set (e, errno, "--device-add: '%s'", d->source);
	return S_ISCHR (d->st.st_mode) || S_ISBLK (d->st.st_mode)
		       ? 0
		       : err_set (e, 0, "--device-add: '%s' is no device", d->source);
}

/* The directory of a path in the container. */
static int
open_parent (const struct container *c, const char *path, bool create, const char **ret_name,
	     struct err *e)
{
	autofd root = inside_open_root (c, NULL, e);
	int fd;

	if (root < 0)
		return -1;
	fd = beneath_parent (root, path, create, ret_name);
	return fd < 0 ? err_set (e, -fd, "open the directory of '%s' in the container", path) : fd;
}

/* The node as it is in the container; by its own name, never through a link. */
static int
find (const struct container *c, const char *path, struct device *d, struct err *e)
{
	const char *name;
	autofd parent = open_parent (c, path, false, &name, e);

	if (parent < 0)
		return err_wrap (e, "--device-rm");
	*d = (struct device) { .path = path, .access = "rwm" };
	if (fstatat (parent, name, &d->st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set (e, errno, "--device-rm: '%s'", path);
	return S_ISCHR (d->st.st_mode) || S_ISBLK (d->st.st_mode)
		       ? 0
		       : err_set (e, 0, "--device-rm: '%s' is no device", path);
}

static void
add_rule (struct arena *a, struct oci_linux_resources *r, const struct device *d, bool allow)
{
	struct oci_device_cgroup rule = {
		.allow = allow,
		.type = (char *) (S_ISCHR (d->st.st_mode) ? "c" : "b"),
		.access = (char *) (uintptr_t) d->access,
		.major = { true, major (d->st.st_rdev) },
		.minor = { true, minor (d->st.st_rdev) },
	};

	VEC_PUSH (a, r->devices, rule);
}

/* The rules that are in force: those of the last update, or of config.json. */
static int
load_rules (const struct globals *g, const struct container *c, struct oci_linux_resources *ret,
	    struct err *e)
{
	struct oci_linux_resources *kept = NULL;
	struct oci_config *spec;
	struct oci_report report;
	struct err ignored;
	size_t len;
	char *text;

	if (read_file_at (g->arena, c->dir_fd, FILE_NAME, DEVICES_MAX, &text, &len, &ignored) ==
	    0) {
		oci_report_init (&report, g->arena, FILE_NAME, text, len);
		if (oci_resources_read (g->arena, text, len, &report, &kept) < 0)
			return err_set (e, 0, "%s", oci_report_text (&report));
	} else {
		TRY (container_config (c, g->arena, &spec, e));
		if (spec->lnx)
			kept = spec->lnx->resources;
	}
	for (size_t i = 0; kept && i < kept->devices.n; i++)
		VEC_PUSH (g->arena, ret->devices, kept->devices.v[i]);
	return 0;
}

static bool
is_same (const struct stat *a, const struct stat *b)
{
	return (a->st_mode & S_IFMT) == (b->st_mode & S_IFMT) && a->st_rdev == b->st_rdev;
}

/* Found out before a rule is changed: is there something else where the node is to be made? */
static int
check_place (const struct container *c, const struct device *d, const struct text_list *removed,
	     struct err *e)
{
	const char *name;
	struct stat st;
	autofd parent = open_parent (c, d->path, false, &name, e);

	if (parent < 0) /* it will be made */
		return e->num == ENOENT ? 0 : err_wrap (e, "--device-add");
	if (fstatat (parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || is_same (&st, &d->st))
		return 0;
	for (size_t i = 0; i < removed->n; i++)
		if (streq (removed->v[i], d->path))
			return 0;
	return err_set (e, EEXIST, "--device-add: make '%s' in the container", d->path);
}

int
update_devices_list (const struct globals *g, const struct container *c,
		     const struct update_options *o, struct oci_linux_resources *r, struct err *e)
{
	struct oci_linux_resources all = { 0 };
	struct exec_facts facts;
	struct device d;
	bool ruled;

	if (o->device_add.n + o->device_rm.n + r->devices.n == 0)
		return 0;
	TRY (exec_facts_load (c, g->arena, &facts, e));
	/* In a user namespace there are no rules (plan_device_rules), and engines that send all
	 * that they know are not to bring any. */
	ruled = !(facts.namespaces & CLONE_NEWUSER) && !proc_in_userns ();
	if (o->device_add.n + o->device_rm.n == 0) {
		r->devices.n = ruled ? r->devices.n : 0;
		return 0;
	}
	if (r->devices.n)
		return err_set (
			e, 0,
			"--resources has devices: not together with --device-add, --device-rm");
	TRY (load_rules (g, c, &all, e));
	for (size_t i = 0; i < o->device_rm.n; i++) {
		TRY (find (c, o->device_rm.v[i], &d, e));
		add_rule (g->arena, &all, &d, false);
	}
	for (size_t i = 0; i < o->device_add.n; i++) {
		TRY (parse (g->arena, o->device_add.v[i], &d, e));
		if (!(facts.namespaces & CLONE_NEWUSER)) /* else it is covered */
			TRY (check_place (c, &d, &o->device_rm, e));
		add_rule (g->arena, &all, &d, true);
	}
	if (ruled)
		memcpy (&r->devices, &all.devices, sizeof all.devices);
	return 0;
}

static int
make_node (const struct container *c, const struct device *d, struct err *e)
{
	const char *name;
	autofd parent = open_parent (c, d->path, true, &name, e);
	struct stat there;
	mode_t old;
	int r;

	if (parent < 0)
		return err_wrap (e, "--device-add");
	old = umask (0);
	r = mknodat (parent, name, d->st.st_mode, d->st.st_rdev);
	umask (old);
	if (r < 0 && errno == EEXIST && fstatat (parent, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    is_same (&there, &d->st))
		return 0; /* of the image: it was only to be allowed */
	if (r < 0 || fchownat (parent, name, d->st.st_uid, d->st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set (e, errno, "--device-add: make '%s' in the container", d->path);
	return 0;
}

static int
remove_node (const struct container *c, const char *path, struct err *e)
{
	const char *name;
	autofd parent = open_parent (c, path, false, &name, e);

	if (parent < 0)
		return err_wrap (e, "--device-rm");
	return unlinkat (parent, name, 0) < 0 ? err_set (e, errno, "--device-rm: '%s'", path) : 0;
}

static int
keep_rules (const struct globals *g, const struct container *c, const struct oci_linux_resources *r,
	    struct err *e)
{
	struct oci_linux_resources only = { 0 };
	size_t len;
	char *text;
	int ret;

	if (r->devices.n == 0)
		return 0;
	memcpy (&only.devices, &r->devices, sizeof only.devices);
	text = oci_record_write (&oci_linux_resources_record, &only, g->arena, OCI_COMPACT, &len);
	ret = file_replace_at (c->dir_fd, FILE_NAME, text, len, 0600);
	return ret < 0 ? err_set (e, -ret, "write '" FILE_NAME "' in the state directory") : 0;
}

int
update_devices_nodes (const struct globals *g, struct container *c, const struct update_options *o,
		      const struct oci_linux_resources *r, struct err *e)
{
	struct exec_facts facts;
	struct device d;
	bool bind;

	TRY (keep_rules (g, c, r, e));
	if (o->device_add.n + o->device_rm.n == 0)
		return 0;
	TRY (exec_facts_load (c, g->arena, &facts, e));
	bind = facts.namespaces & CLONE_NEWUSER;
	for (size_t i = 0; i < o->device_rm.n; i++) {
		if (bind)
			TRY (mounts_remove_device (g, c, o->device_rm.v[i], e));
		TRY (remove_node (c, o->device_rm.v[i], e));
	}
	for (size_t i = 0; i < o->device_add.n; i++) {
		TRY (parse (g->arena, o->device_add.v[i], &d, e));
		TRY (bind ? mounts_add_device (g, c, d.source, d.path, e) : make_node (c, &d, e));
	}
	return 0;
}
