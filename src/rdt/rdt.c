/* SPDX-License-Identifier: GPL-2.0-or-later */
/* linux.intelRdt: see Documentation/arch/x86/resctrl.rst of the kernel, and config-linux.md. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "plan/plan.h"
#include "rdt/rdt.h"

#ifndef RESCTRL			/* tests/unit/test_rdt.c includes this file, with a tree and a kernel of its own */
#define RESCTRL "/sys/fs/resctrl"
#endif
#define RESCTRL_MAGIC 0x7655821
#define SCHEMATA_MAX 65536
#define REASON_MAX 256
#define GROUP_PATH 300			/* "mon_groups/" and a container id */

/* ---- the tree ---------------------------------------------------------------------------------------------------------------- */

/* fd of the root, or -errno: -ENODEV when something else is there. */
static int
open_root (void)
{
	autofd fd = open (RESCTRL, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs (fd, &fs) < 0)
		return -errno;
	return fs.f_type == RESCTRL_MAGIC ? take_fd (&fd) : -ENODEV;
}

/* `lock`: LOCK_SH or LOCK_EX, until the fd is closed. The protocol of resctrl.rst, "Resource alloc and monitor groups locking". */
static int
require_root (const struct rdt_plan *r, int lock, struct err *e)
{
	autofd fd = open_root ();

	if (fd < 0)
		return err_set (e, 0, "%s: no resctrl file system is mounted at " RESCTRL, r->json_path);
	while (flock (fd, lock) < 0)
		if (errno != EINTR)
			return err_set (e, errno, "lock " RESCTRL);
	return take_fd (&fd);
}

/* fd or -errno. */
static int
open_group (int parent, const char *name)
{
	int fd = openat (parent, streq (name, "/") ? "." : name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static const char *
monitor_path (const char *container_id, char buf[GROUP_PATH])
{
	snprintf (buf, GROUP_PATH, "mon_groups/%s", container_id);
	return buf;
}

/* "Invalid argument" says little; the kernel keeps a line with the reason (Linux 4.15). " (REASON)", or "". Leaves errno alone. */
static const char *
kernel_reason (int root, char buf[REASON_MAX])
{
	char why[REASON_MAX - 4];
	int saved = errno;
	ssize_t n = read_small_at (root, "info/last_cmd_status", why, sizeof why);

	errno = saved;
	if (n <= 0 || streq (why, "ok"))
		return "";
	snprintf (buf, REASON_MAX, " (%s)", why);
	return buf;
}

/* ---- schemata ---------------------------------------------------------------------------------------------------------------- */

/* "L3:0=ff;1=f" is two of these. */
struct setting {
	const char *resource, *domain, *value;
};
typedef VEC (struct setting) settings;

/* In place. */
static char *
trim (char *s)
{
	char *end = s + strlen (s);

	while (end > s && strchr (" \t\r\n", end[-1]))
		*--end = '\0';
	return s + strspn (s, " \t");
}

/* Cuts `s` at the first `c`; what is behind it, or NULL. */
static char *
cut (char *s, char c)
{
	char *at = strchr (s, c);

	if (at)
		*at++ = '\0';
	return at;
}

/* The settings of one line are appended. -EINVAL: it is not RESOURCE:DOMAIN=VALUE;… */
static int
parse_line (struct arena *a, const char *line, settings *ret)
{
	char *resource = trim (arena_strdup (a, line)), *at = cut (resource, ':');

	if (!at)
		return *resource ? -EINVAL : 0;
	while (at) {
		char *domain = at, *value;

		at = cut (domain, ';');
		value = cut (domain, '=');
		if (!value)
			return -EINVAL;
		VEC_PUSH (a, *ret, ((struct setting) { trim (resource), trim (domain), trim (value) }));
	}
	return 0;
}

/* The last one of these: a later line of the configuration replaces an earlier one. */
static const struct setting *
find_setting (const settings *in, const struct setting *like)
{
	for (size_t i = in->n; i > 0; i--) {
		const struct setting *s = &in->v[i - 1];

		if (streq (s->resource, like->resource) && streq (s->domain, like->domain))
			return s;
	}
	return NULL;
}

/* Bandwidths are decimal, cache masks hexadecimal, and the kernel prints both in its own way: "00ff" may come back as "ff". */
static bool
same_value (const struct setting *a, const struct setting *b)
{
	int base = strstr (a->resource, "MB") ? 10 : 16;
	char *end_a, *end_b;
	unsigned long long va = strtoull (a->value, &end_a, base), vb = strtoull (b->value, &end_b, base);

	if (*end_a || *end_b || end_a == a->value || end_b == b->value)
		return streq (a->value, b->value);
	return va == vb;
}

static int
read_schemata (struct arena *a, int clos, settings *ret, struct err *e)
{
	strs lines;
	char *text;
	size_t len;

	TRY (read_file_at (a, clos, "schemata", SCHEMATA_MAX, &text, &len, e));
	lines = str_split (a, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		(void) parse_line (a, lines.v[i], ret);
	return 0;
}

static int
differs (const struct rdt_plan *r, const struct setting *asked, const struct setting *is, struct err *e)
{
	return err_set (e, 0, "%s: class of service '%s' exists already, with %s:%s=%s where %s is asked for", r->json_path, r->clos_id,
			asked->resource, asked->domain, is ? is->value : "nothing", asked->value);
}

/* config-linux.md: the schemata of an existing closID are compared, never written. */
static int
compare_schemata (struct arena *a, const struct rdt_plan *r, int clos, struct err *e)
{
	settings is = { 0 }, asked = { 0 };

	if (r->n_schemata == 0)
		return 0;
	if (read_schemata (a, clos, &is, e) < 0)
		return err_wrap (e, "%s: class of service '%s'", r->json_path, r->clos_id);
	for (size_t i = 0; i < r->n_schemata; i++)
		if (parse_line (a, r->schemata[i], &asked) < 0)
			return err_set (e, 0, "%s: '%s' is not of the form RESOURCE:DOMAIN=VALUE;…", r->json_path, r->schemata[i]);
	for (size_t i = 0; i < asked.n; i++) {
		const struct setting *last = find_setting (&asked, &asked.v[i]), *found = find_setting (&is, last);

		if (!found || !same_value (last, found))
			return differs (r, last, found, e);
	}
	return 0;
}

/* Line by line, as each write stands for itself: a resource may come again in a later line. The kernel wants the line break. */
static int
write_schemata (struct arena *a, const struct rdt_plan *r, int root, int clos, struct err *e)
{
	char why[REASON_MAX];

	for (size_t i = 0; i < r->n_schemata; i++) {
		int n = write_small_at (clos, "schemata", arena_printf (a, "%s\n", r->schemata[i]));

		if (n < 0)
			return err_set (e, -n, "%s: write '%s' to the schemata of class of service '%s'%s", r->json_path,
					r->schemata[i], r->clos_id, kernel_reason (root, why));
	}
	return 0;
}

/* ---- groups ------------------------------------------------------------------------------------------------------------------ */

static unsigned
owned_groups (const struct rdt_plan *r)
{
	return (r->clos_given ? 0 : RDT_OWN_CLOS) | (r->monitoring ? RDT_OWN_MONITOR : 0);
}

static int
refuse_existing (const struct rdt_plan *r, const char *what, const char *name, struct err *e)
{
	return err_set (e, EEXIST, "%s: %s '%s', which would be the container's own", r->json_path, what, name);
}

/* An existing CLOS that we may use. -1 with e, or 0 when it is not there and may be made. */
static int
check_clos (struct arena *a, const struct rdt_plan *r, int root, int *ret_clos, struct err *e)
{
	*ret_clos = open_group (root, r->clos_id);
	if (*ret_clos == -ENOENT)
		return r->clos_given && r->n_schemata == 0
			? err_set (e, ENOENT, "%s: class of service '%s' (and there are no schemata to make one)", r->json_path, r->clos_id) : 0;
	if (*ret_clos < 0)
		return err_set (e, -*ret_clos, "%s: class of service '%s'", r->json_path, r->clos_id);
	if (!r->clos_given)
		return refuse_existing (r, "class of service", r->clos_id, e);
	if (faccessat (*ret_clos, "schemata", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set (e, errno, "%s: '%s' is no class of service: its schemata", r->json_path, r->clos_id);
	return compare_schemata (a, r, *ret_clos, e);
}

int
rdt_check (struct arena *a, const struct rdt_plan *r, const char *container_id, uint32_t *ret_owned, struct err *e)
{
	autofd root = require_root (r, LOCK_SH, e);
	autofd clos = -1;
	char path[GROUP_PATH];

	if (root < 0)
		return -1;
	*ret_owned = owned_groups (r);
	TRY (check_clos (a, r, root, &clos, e));
	if (!r->monitoring)
		return 0;
	if (faccessat (root, "mon_groups", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set (e, errno, "%s.enableMonitoring: this machine cannot monitor: " RESCTRL "/mon_groups", r->json_path);
	if (clos >= 0 && faccessat (clos, monitor_path (container_id, path), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return refuse_existing (r, "monitoring group", container_id, e);
	return 0;
}

static int
make_clos (struct arena *a, const struct rdt_plan *r, int root, int *ret_clos, struct err *e)
{
	char why[REASON_MAX];

	if (mkdirat (root, r->clos_id, 0755) < 0)
		return err_set (e, errno, "%s: make class of service '%s'%s", r->json_path, r->clos_id, kernel_reason (root, why));
	*ret_clos = open_group (root, r->clos_id);
	if (*ret_clos >= 0 ? write_schemata (a, r, root, *ret_clos, e) == 0
			   : err_set (e, -*ret_clos, "%s: open class of service '%s'", r->json_path, r->clos_id) == 0)
		return 0;
	(void) unlinkat (root, r->clos_id, AT_REMOVEDIR);	/* an error leaves no trace, whosever name it has */
	return -1;
}

/* `tasks` takes one process id for each write; its threads have their own, but a container's init has one thread. */
static int
write_task (int root, int group, const char *kind, const char *name, pid_t pid, struct err *e)
{
	char text[16], why[REASON_MAX];
	int r;

	snprintf (text, sizeof text, "%d", (int) pid);
	r = write_small_at (group, "tasks", text);
	return r < 0 ? err_set (e, -r, "linux.intelRdt: move process %d to %s '%s'%s", (int) pid, kind, name, kernel_reason (root, why)) : 0;
}

static int
make_monitor (const struct rdt_plan *r, const char *container_id, int root, int clos, struct err *e)
{
	char path[GROUP_PATH], why[REASON_MAX];

	if (mkdirat (clos, monitor_path (container_id, path), 0755) < 0)
		return err_set (e, errno, "%s: make monitoring group '%s'%s", r->json_path, container_id, kernel_reason (root, why));
	return 0;
}

/* A monitoring group takes only processes of its CLOS: that comes first. */
static int
enter_groups (int root, int clos, const char *clos_id, const char *container_id, bool monitoring, pid_t pid, struct err *e)
{
	char path[GROUP_PATH];
	autofd group = -1;

	TRY (write_task (root, clos, "class of service", clos_id, pid, e));
	if (!monitoring)
		return 0;
	group = open_group (clos, monitor_path (container_id, path));
	if (group < 0)
		return err_set (e, -group, "linux.intelRdt: monitoring group '%s'", container_id);
	return write_task (root, group, "monitoring group", container_id, pid, e);
}

int
rdt_apply (struct arena *a, const struct rdt_plan *r, const char *container_id, pid_t pid, uint32_t *owned, struct err *e)
{
	autofd root = require_root (r, LOCK_EX, e);
	autofd clos = -1;

	*owned = 0;		/* until it is made: what exists by then is somebody else's */
	if (root < 0)
		return -1;
	TRY (check_clos (a, r, root, &clos, e));
	if (clos < 0)
		TRY (make_clos (a, r, root, &clos, e));
	*owned = owned_groups (r) & RDT_OWN_CLOS;
	if (r->monitoring)
		TRY (make_monitor (r, container_id, root, clos, e));
	*owned = owned_groups (r);
	return enter_groups (root, clos, r->clos_id, container_id, r->monitoring, pid, e);
}

int
rdt_enter (const char *clos_id, const char *container_id, uint32_t owned, pid_t pid, struct err *e)
{
	autofd root = open_root ();
	autofd clos = root < 0 ? root : open_group (root, clos_id);

	if (clos < 0)
		return err_set (e, -clos, "linux.intelRdt: class of service '%s'", clos_id);
	return enter_groups (root, clos, clos_id, container_id, owned & RDT_OWN_MONITOR, pid, e);
}

/* 0 or -errno; what is not there is removed. */
static int
remove_group (int parent, const char *path)
{
	return unlinkat (parent, path, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

int
rdt_destroy (const char *clos_id, const char *container_id, uint32_t owned, struct err *e)
{
	autofd root = owned ? open_root () : -ENOENT;
	autofd clos = root < 0 ? -ENOENT : open_group (root, clos_id);
	char path[GROUP_PATH];
	int r;

	if (clos < 0)		/* never made; or unmounted, and all groups with it */
		return 0;
	r = owned & RDT_OWN_MONITOR ? remove_group (clos, monitor_path (container_id, path)) : 0;
	if (r < 0)
		return err_set (e, -r, "remove monitoring group '%s' of resctrl", container_id);
	r = owned & RDT_OWN_CLOS ? remove_group (root, clos_id) : 0;
	return r < 0 ? err_set (e, -r, "remove class of service '%s' of resctrl", clos_id) : 0;
}
