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

#ifndef RESCTRL /* tests/unit/test_rdt.c includes this file, with a tree of its own */
#define RESCTRL "/sys/fs/resctrl"
#endif
#define RESCTRL_MAGIC 0x7655821
#define SCHEMATA_MAX  65536
#define REASON_MAX    256
#define GROUP_PATH    300 /* "mon_groups/" and a container id */

struct groups {
	const struct rdt_plan *plan; /* NULL: exec, delete */
	const char *clos_id, *container_id;
	char monitor[GROUP_PATH]; /* below the CLOS; "": none */
	int root, clos;		  /* directories; the CLOS may be missing: -1 */
};

/* ---- the tree */

int
rdt_open_root (void)
{
	autofd fd = open (RESCTRL, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs (fd, &fs) < 0)
		return -errno;
	return fs.f_type == RESCTRL_MAGIC ? take_fd (&fd) : -ENODEV;
}

/* fd or -errno. */
static int
open_group (int parent, const char *name)
{
	int fd = openat (parent, streq (name, "/") ? "." : name,
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void
init_groups (struct groups *g, const char *clos_id, const char *container_id, bool monitoring)
{
	*g = (struct groups) {
		.clos_id = clos_id, .container_id = container_id, .root = -1, .clos = -1
	};
	if (monitoring)
		snprintf (g->monitor, sizeof g->monitor, "mon_groups/%s", container_id);
}

/*
 * The root, locked: LOCK_SH to look, LOCK_EX to change. This is the protocol of resctrl.rst
 * ("Examples on working with RDT group locking"); it ends with the descriptor.
 */
static int
open_locked (struct groups *g, int lock, struct err *e)
{
	g->root = rdt_open_root ();
	if (g->root < 0)
		return err_set (e, 0, "%s: no resctrl file system is mounted at " RESCTRL,
				g->plan->json_path);
	while (flock (g->root, lock) < 0)
		if (errno != EINTR)
			return err_set (e, errno, "lock " RESCTRL);
	return 0;
}

static void
close_groups (struct groups *g)
{
	autofd_close (&g->clos);
	autofd_close (&g->root);
}

/*
 * "Invalid argument" says little; the kernel keeps a line with the reason (Linux 4.15).
 * " (REASON)", or "". Leaves errno alone.
 */
static const char *
kernel_reason (const struct groups *g, char buf[REASON_MAX])
{
	char why[REASON_MAX - 4];
	int saved = errno;
	ssize_t n = read_small_at (g->root, "info/last_cmd_status", why, sizeof why);

	errno = saved;
	if (n <= 0 || streq (why, "ok"))
		return "";
	snprintf (buf, REASON_MAX, " (%s)", why);
	return buf;
}

/* ---- schemata */

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
	/* As for the kernel, nothing may follow the last semicolon. */
	for (bool first = true; at && (first || *trim (at)); first = false) {
		char *domain = at, *value;

		at = cut (domain, ';');
		value = cut (domain, '=');
		if (!value)
			return -EINVAL;
		VEC_PUSH (a, *ret,
			  ((struct setting) { trim (resource), trim (domain), trim (value) }));
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

/* Bandwidths are decimal, cache masks hexadecimal, and the kernel prints both in its own way:
 * "00ff" may come back as "ff". */
static bool
same_value (const struct setting *a, const struct setting *b)
{
	int base = strstr (a->resource, "MB") ? 10 : 16;
	char *end_a, *end_b;
	unsigned long long va = strtoull (a->value, &end_a, base);
	unsigned long long vb = strtoull (b->value, &end_b, base);

	if (*end_a || *end_b || end_a == a->value || end_b == b->value)
		return streq (a->value, b->value);
	return va == vb;
}

static int
read_schemata (struct arena *a, const struct groups *g, settings *ret, struct err *e)
{
	strs lines;
	char *text;
	size_t len;

	if (read_file_at (a, g->clos, "schemata", SCHEMATA_MAX, &text, &len, e) < 0)
		return err_wrap (e, "%s: class of service '%s'", g->plan->json_path, g->clos_id);
	lines = str_split (a, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		(void) parse_line (a, lines.v[i], ret);
	return 0;
}

/* config-linux.md: the schemata of an existing closID are compared, never written. */
static int
compare_schemata (struct arena *a, const struct groups *g, struct err *e)
{
	const struct rdt_plan *p = g->plan;
	settings is = { 0 }, asked = { 0 };

	TRY (read_schemata (a, g, &is, e));
	for (size_t i = 0; i < p->n_schemata; i++)
		if (parse_line (a, p->schemata[i], &asked) < 0)
			return err_set (e, 0, "%s: '%s' is not of the form RESOURCE:DOMAIN=VALUE;…",
					p->json_path, p->schemata[i]);
	for (size_t i = 0; i < asked.n; i++) {
		const struct setting *want = find_setting (&asked, &asked.v[i]);
		const struct setting *found = find_setting (&is, want);

		if (!found || !same_value (want, found))
			return err_set (e, 0,
					"%s: class of service '%s' exists already, with %s:%s=%s "
					"where %s is asked for",
					p->json_path, g->clos_id, want->resource, want->domain,
					found ? found->value : "nothing", want->value);
	}
	return 0;
}

/* Line by line: a resource may come again in a later one. The kernel wants the line break. */
static int
write_schemata (struct arena *a, const struct groups *g, struct err *e)
{
	const struct rdt_plan *p = g->plan;
	char why[REASON_MAX];

	for (size_t i = 0; i < p->n_schemata; i++) {
		const char *line = arena_printf (a, "%s\n", p->schemata[i]);
		int r = write_small_at (g->clos, "schemata", line);

		if (r < 0)
			return err_set (e, -r, "%s: write '%s' to the schemata of class '%s'%s",
					p->json_path, p->schemata[i], g->clos_id,
					kernel_reason (g, why));
	}
	return 0;
}

/* ---- groups */

static unsigned
owned_groups (const struct rdt_plan *p)
{
	return (p->clos_given ? 0 : RDT_OWN_CLOS) | (p->monitoring ? RDT_OWN_MONITOR : 0);
}

static int
refuse_existing (const struct groups *g, const char *what, struct err *e)
{
	return err_set (e, EEXIST, "%s: %s '%s', which would be the container's own",
			g->plan->json_path, what, g->container_id);
}

/* Opens the CLOS, if it is there; then it must be one that we may use. */
static int
check_clos (struct arena *a, struct groups *g, struct err *e)
{
	const struct rdt_plan *p = g->plan;
	int fd = open_group (g->root, g->clos_id);

	if (fd == -ENOENT && (p->n_schemata > 0 || !p->clos_given))
		return 0;
	if (fd < 0)
		return err_set (e, -fd, "%s: class of service '%s'", p->json_path, g->clos_id);
	g->clos = fd;
	if (!p->clos_given)
		return refuse_existing (g, "class of service", e);
	if (faccessat (fd, "schemata", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set (e, errno, "%s: '%s' is no class of service: its schemata",
				p->json_path, g->clos_id);
	return compare_schemata (a, g, e);
}

static int
check_monitor (const struct groups *g, struct err *e)
{
	if (faccessat (g->root, "mon_groups", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set (e, errno, "%s.enableMonitoring: this machine cannot: " RESCTRL "%s",
				g->plan->json_path, "/mon_groups");
	if (g->clos >= 0 && faccessat (g->clos, g->monitor, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return refuse_existing (g, "monitoring group", e);
	return 0;
}

int
rdt_check (struct arena *a, const struct rdt_plan *plan, const char *container_id,
	   uint32_t *ret_owned, struct err *e)
{
	struct groups g;
	int r;

	init_groups (&g, plan->clos_id, container_id, plan->monitoring);
	g.plan = plan;
	*ret_owned = owned_groups (plan);
	r = open_locked (&g, LOCK_SH, e);
	if (r == 0)
		r = check_clos (a, &g, e);
	if (r == 0 && plan->monitoring)
		r = check_monitor (&g, e);
	close_groups (&g);
	return r;
}

static int
make_clos (struct arena *a, struct groups *g, struct err *e)
{
	const char *path = g->plan->json_path;
	char why[REASON_MAX];

	if (mkdirat (g->root, g->clos_id, 0755) < 0)
		return err_set (e, errno, "%s: make class of service '%s'%s", path, g->clos_id,
				kernel_reason (g, why));
	g->clos = open_group (g->root, g->clos_id);
	if (g->clos < 0)
		return err_set (e, -g->clos, "%s: class of service '%s'", path, g->clos_id);
	return write_schemata (a, g, e);
}

static int
make_monitor (const struct groups *g, struct err *e)
{
	char why[REASON_MAX];

	if (mkdirat (g->clos, g->monitor, 0755) < 0)
		return err_set (e, errno, "%s: make monitoring group '%s'%s", g->plan->json_path,
				g->container_id, kernel_reason (g, why));
	return 0;
}

static int
move_process (const struct groups *g, const char *tasks, pid_t pid, struct err *e)
{
	char text[16], why[REASON_MAX];
	int r;

	snprintf (text, sizeof text, "%d", (int) pid);
	r = write_small_at (g->clos, tasks, text);
	return r < 0 ? err_set (e, -r, "linux.intelRdt: write %s to '%s' of class '%s'%s", text,
				tasks, g->clos_id, kernel_reason (g, why))
		     : 0;
}

/* A monitoring group takes only processes of its CLOS: that comes first. */
static int
enter_groups (const struct groups *g, pid_t pid, struct err *e)
{
	char tasks[GROUP_PATH + sizeof "/tasks"];

	TRY (move_process (g, "tasks", pid, e));
	if (!*g->monitor)
		return 0;
	snprintf (tasks, sizeof tasks, "%s/tasks", g->monitor);
	return move_process (g, tasks, pid, e);
}

/* What rdt_apply has made so far goes again, also a CLOS with a given name: we have the lock. */
static void
undo (const struct groups *g, bool made_clos, bool made_monitor)
{
	if (made_monitor)
		(void) unlinkat (g->clos, g->monitor, AT_REMOVEDIR);
	if (made_clos)
		(void) unlinkat (g->root, g->clos_id, AT_REMOVEDIR);
}

static int
make_and_enter (struct arena *a, struct groups *g, pid_t pid, struct err *e)
{
	bool make = g->clos < 0, made_monitor = false;
	int r = make ? make_clos (a, g, e) : 0;

	if (r == 0 && *g->monitor) {
		r = make_monitor (g, e);
		made_monitor = r == 0;
	}
	if (r == 0)
		r = enter_groups (g, pid, e);
	if (r < 0)
		undo (g, make && g->clos >= 0, made_monitor);
	return r;
}

int
rdt_apply (struct arena *a, const struct rdt_plan *plan, const char *container_id, pid_t pid,
	   uint32_t *owned, struct err *e)
{
	struct groups g;
	int r;

	init_groups (&g, plan->clos_id, container_id, plan->monitoring);
	g.plan = plan;
	r = open_locked (&g, LOCK_EX, e);
	if (r == 0)
		r = check_clos (a, &g, e);
	if (r == 0)
		r = make_and_enter (a, &g, pid, e);
	*owned = r == 0 ? owned_groups (plan) : 0;
	close_groups (&g);
	return r;
}

int
rdt_update (struct arena *a, const struct rdt_plan *plan, const char *container_id, struct err *e)
{
	struct groups g;
	int r;

	init_groups (&g, plan->clos_id, container_id, false);
	g.plan = plan;
	r = open_locked (&g, LOCK_EX, e);
	if (r == 0) {
		g.clos = open_group (g.root, plan->clos_id);
		r = g.clos < 0 ? err_set (e, 0, "%s: there is no class of service '%s'",
					  plan->json_path, plan->clos_id)
			       : write_schemata (a, &g, e);
	}
	close_groups (&g);
	return r;
}

int
rdt_enter (const char *clos_id, const char *container_id, uint32_t owned, pid_t pid, struct err *e)
{
	struct groups g;
	int r;

	init_groups (&g, clos_id, container_id, owned & RDT_OWN_MONITOR);
	g.root = rdt_open_root ();
	g.clos = g.root < 0 ? g.root : open_group (g.root, clos_id);
	r = g.clos < 0 ? err_set (e, -g.clos, "linux.intelRdt: class of service '%s'", clos_id)
		       : enter_groups (&g, pid, e);
	close_groups (&g);
	return r;
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
	struct groups g;
	int r = 0;

	if (!owned)
		return 0;
	init_groups (&g, clos_id, container_id, owned & RDT_OWN_MONITOR);
	g.root = rdt_open_root ();
	g.clos = g.root < 0 ? g.root : open_group (g.root, clos_id);
	if (g.clos >= 0 && *g.monitor) /* else: never made, or unmounted with all groups */
		r = remove_group (g.clos, g.monitor);
	if (g.clos >= 0 && r == 0 && (owned & RDT_OWN_CLOS))
		r = remove_group (g.root, clos_id);
	close_groups (&g);
	return r < 0 ? err_set (e, -r, "remove '%s' of class of service '%s' of resctrl",
				container_id, clos_id)
		     : 0;
}
