/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is the same for all kinds: finding, entering, the order of creation. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/procfs.h"
#include "base/str.h"
#include "cgroup/internal.h"
#include "libocispec/arena.h"

static long
magic (const char *path)
{
	struct statfs sfs;

	return statfs (path, &sfs) < 0 ? 0 : (long) sfs.f_type;
}

int
cgroup_probe_mode (void)
{
	long top = magic (CGROUP_ROOT);

	if (top == CGROUP2_SUPER_MAGIC)
		return CGROUP_V2;
	if (top != TMPFS_MAGIC && top != 0x858458f6) /* ramfs, of a few initrds */
		return CGROUP_NONE;
	return magic (CGROUP_ROOT "/unified") == CGROUP2_SUPER_MAGIC ? CGROUP_HYBRID : CGROUP_V1;
}

/* "0::/path" is v2, "1:name=systemd:/path" and "4:memory:/path" are v1: the path in the hierarchy
 * of these controllers. */
static const char *
path_in (struct arena *a, const char *text, const char *controllers)
{
	size_t n = strlen (controllers);

	for (const char *line = text; *line; line += strcspn (line, "\n"), line += *line == '\n') {
		const char *name = line + strspn (line, "0123456789") + 1;

		if (name[-1] == ':' && strncmp (name, controllers, n) == 0 && name[n] == ':')
			return arena_strndup (a, name + n + 1, strcspn (name + n + 1, "\n"));
	}
	return NULL;
}

const char *
cgroup_of_process (struct arena *a, int mode, pid_t pid)
{
	char name[40] = "/proc/self/cgroup", text[8192];

	if (pid > 0)
		snprintf (name, sizeof name, "/proc/%d/cgroup", (int) pid);
	if (read_small_at (AT_FDCWD, name, text, sizeof text) < 0)
		return NULL;
	return path_in (a, text, mode == CGROUP_V2 ? "" : "name=systemd");
}

const char *
cgroup_probe_own (struct arena *a)
{
	char text[8192], *line, *found = NULL;

	if (read_small_at (AT_FDCWD, "/proc/self/cgroup", text, sizeof text) < 0)
		return NULL;
	/* "0::/path" is v2; "1:name=systemd:/path" and "4:memory:/path" are v1. */
	for (line = text; line && *line;
	     line = strchr (line, '\n') ? strchr (line, '\n') + 1 : NULL) {
		char *first = strchr (line, ':'), *second = first ? strchr (first + 1, ':') : NULL;

		if (second && (startswith (line, "0::") || !found))
			found = second + 1;
	}
	if (!found)
		return NULL;
	return arena_strndup (a, found, strcspn (found, "\n"));
}

bool
cgroup_dir (const struct cgroup *cg, const char *hierarchy, char *buf, size_t size)
{
	return snprintf (buf, size, CGROUP_ROOT "%s%s%s", *hierarchy ? "/" : "", hierarchy,
			 cg->path) < (int) size;
}

const char *
cgroup_main (const struct cgroup *cg)
{
	/* v1: every process is in every hierarchy; freezer can freeze, and the others serve where
	 * it is missing. */
	static const char *const v1[] = { "freezer", "pids",	    "devices", "memory",
					  "systemd", "cpu,cpuacct", "cpu",     "cpuset" };
	char path[64];

	if (cg->mode == CGROUP_V2)
		return "";
	for (size_t i = 0; i < ARRAY_SIZE (v1); i++) {
		snprintf (path, sizeof path, CGROUP_ROOT "/%s", v1[i]);
		if (access (path, F_OK) == 0)
			return v1[i];
	}
	return "unified";
}

/* ---- before it exists */

unsigned
cgroup_missing_in (const struct cgroup *cg, const char *hierarchy)
{
	char dir[PATH_MAX], *path;
	unsigned n = 0;

	if (!cgroup_dir (cg, hierarchy, dir, sizeof dir))
		return 0;
	for (path = dir + strlen (dir) - strlen (cg->path); *path && access (dir, F_OK) < 0; n++)
		*strrchr (path, '/') = '\0';
	return n;
}

static const char *
default_path (struct arena *a, const struct cgroup_plan *plan, const struct host *host)
{
	const char *own = host->cgroup_own, *slash;

	if (!plan->path_is_relative || host->cgroup_mode != CGROUP_V2 || !own || streq (own, "/") ||
	    path_has_dotdot (own))
		return plan->path;
	/* Beside our own: below it would break the rule that inner v2 cgroups have no processes. */
	slash = strrchr (own, '/');
	return arena_printf (a, "%.*s%s", (int) (slash - own), own, plan->path);
}

int
cgroup_resolve (struct arena *a, const struct cgroup_plan *plan, const struct host *host,
		struct cgroup *cg, struct err *e)
{
	char dir[PATH_MAX];
	unsigned missing;

	*cg = (struct cgroup) { .manager = (int) plan->manager,
				.mode = (int) host->cgroup_mode,
				.into_fd = -1 };
	if (host->cgroup_mode == CGROUP_NONE && plan->manager != CGROUP_MANAGER_DISABLED) {
		if (plan->has_limits)
			return err_set (e, 0,
					"%s: no cgroup file system is mounted at " CGROUP_ROOT,
					plan->writes[0].json_path);
		cg->manager = CGROUP_MANAGER_DISABLED;
	}
	if (cg->manager == CGROUP_MANAGER_DISABLED)
		return 0;
	if (cg->manager == CGROUP_MANAGER_SYSTEMD) {
		cg->scope = plan->scope;
		return 0;
	}
	cg->path = default_path (a, plan, host);
	if (host->cgroup_own && streq (cg->path, host->cgroup_own) &&
	    !streq (host->cgroup_own, "/"))
		return err_set (e, 0, "linux.cgroupsPath: '%s' is the runtime's own cgroup",
				cg->path);
	if (!cgroup_dir (cg, cgroup_main (cg), dir, sizeof dir))
		return err_set (e, ENAMETOOLONG, "linux.cgroupsPath");
	missing = cgroup_missing_in (cg, cgroup_main (cg));
	cg->created = missing > 0; /* will be ours */
	if (missing > 1)
		cg->made = cg->mode == CGROUP_V2 ? arena_printf (a, ":%u", missing)
						 : v1_missing (a, cg);
	return 0;
}

/* ---- making and entering */

/* How many were made, or -errno, and then none is left. */
static int
make_parts (const char *path, size_t root_len)
{
	size_t len = strlen (path);
	char part[PATH_MAX];
	unsigned made = 0;

	if (len >= sizeof part)
		return -ENAMETOOLONG;
	for (size_t i = root_len + 1; i <= len; i++)
		if (path[i] == '/' || path[i] == '\0') {
			memcpy (part, path, i);
			part[i] = '\0';
			if (mkdir (part, 0755) == 0)
				made++;
			else if (errno != EEXIST) {
				int num = errno;

				cgroup_remove_parents (part, root_len, made);
				return -num;
			}
		}
	return (int) made;
}

int
cgroup_make_path (const char *path, size_t root_len)
{
	int r = mkdir (path, 0755) == 0 ? 1 : errno == EEXIST ? 0 : -errno;

	/* ENOENT again: a container that ends takes with it the parent that it made. */
	for (int tries = 0; r == -ENOENT && tries < 10; tries++)
		r = make_parts (path, root_len);
	return r;
}

int
cgroup_check_empty (int dir_fd)
{
	char buf[32];
	ssize_t n = read_small_at (dir_fd, "cgroup.procs", buf, sizeof buf);

	if (n == -EOPNOTSUPP) /* a threaded v2 cgroup */
		return 0;
	return n < 0 ? (int) n : n > 0 ? -EBUSY : 0;
}

/*
 * An ordinary user without a delegated cgroup, or without a session, who asked for nothing: without
 * one. Below podman he looks like root, in a user namespace that podman made.
 */
static int
go_without (struct cgroup *cg, const struct cgroup_plan *plan, struct err *e)
{
	if (!plan->path_is_default || plan->has_limits || (geteuid () == 0 && !proc_in_userns ()))
		return -1;
	log_debug ("without a cgroup: %s", err_full (e));
	cgroup_close (cg);
	if (cg->manager == CGROUP_MANAGER_CGROUPFS)
		(void) cgroup_destroy (cg, e); /* what could be made before the refusal */
	cg->manager = CGROUP_MANAGER_DISABLED;
	cg->created = false;
	cg->made = NULL;
	return 0;
}

int
cgroup_create (struct arena *a, const struct cgroup_plan *plan, struct cgroup *cg, struct err *e)
{
	int r;

	if (cg->manager != CGROUP_MANAGER_CGROUPFS)
		return 0; /* systemd: around the process, in cgroup_attach */
	r = cg->mode == CGROUP_V2 ? v2_create (a, cg, plan, e) : v1_create (a, cg, e);
	if (cg->mode != CGROUP_V2) {
		cg->made = v1_made (a, cg);
		cg->created = cgroup_made_in (cg, cgroup_main (cg)) > 0;
	}
	if (r == 0)
		return cg->mode == CGROUP_V2 ? 0 : v1_apply_devices (cg, plan, e);
	return e->num == EACCES || e->num == EPERM || e->num == EROFS ? go_without (cg, plan, e)
								      : -1;
}

int
cgroup_enter_self (const struct cgroup *cg, struct err *e)
{
	for (unsigned i = 0; i < cg->n_v1; i++)
		if (cg->v1[i].tasks_fd >= 0 && write (cg->v1[i].tasks_fd, "0", 1) < 0)
			return err_set (e, errno, "enter the cgroup '%s'", cg->v1[i].dir);
	return 0;
}

int
cgroup_attach (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan, pid_t pid,
	       struct err *e)
{
	char text[16];
	int r;

	if (cg->manager == CGROUP_MANAGER_SYSTEMD)
		return systemd_create_scope (a, cg, plan, pid, e) < 0 ? go_without (cg, plan, e)
								      : 0;
	if (cg->into_fd < 0)
		return 0; /* v1: the child enters by itself */
	snprintf (text, sizeof text, "%d", (int) pid);
	r = write_small_at (cg->into_fd, "cgroup.procs", text);
	return r < 0 ? err_set (e, -r, "move the container's process into the cgroup '%s'",
				cg->path)
		     : 0;
}

int
cgroup_adopt (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan, pid_t pid,
	      struct err *e)
{
	if (cg->manager != CGROUP_MANAGER_SYSTEMD)
		return 0;
	if (cg->mode == CGROUP_V2)
		return v2_adopt (cg, plan, pid, e);
	TRY (v1_adopt (a, cg, pid, e));
	cg->made = v1_made (a, cg);
	return v1_apply_devices (cg, plan, e);
}

/* ---- limits */

int
cgroup_write_one (int dir_fd, const struct cgroup_write *w, const char *where, struct err *e)
{
	int r = write_small_at (dir_fd, w->file, w->value);

	if (r == -ENOENT && w->fallback_file)
		r = write_small_at (dir_fd, w->fallback_file, w->fallback_value);
	if (r == 0 || (w->optional && (r == -ENOENT || r == -EINVAL || r == -EOPNOTSUPP)))
		return 0;
	/* Not "no such file or directory": engines take those words for a missing executable. */
	if (r == -ENOENT)
		return err_set (
			e, 0,
			"%s: there is no '%s' in the cgroup '%s': the controller is not available, or the kernel does not know it",
			w->json_path, w->file, where);
	return err_set (e, -r, "%s: write '%s' to '%s' of the cgroup '%s'", w->json_path, w->value,
			w->file, where);
}

static int
check_memory (const struct cgroup *cg, const struct cgroup_plan *plan, struct err *e)
{
	const char *file = cg->mode == CGROUP_V2 ? "memory.current" : "memory.usage_in_bytes";
	char dir[4400], text[32];
	uint64_t used;
	int64_t wanted;

	if (!plan->check_memory ||
	    !cgroup_dir (cg, cg->mode == CGROUP_V2 ? "" : "memory", dir, sizeof dir))
		return 0;
	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *w = &plan->writes[i];
		autofd fd = -1;

		if (!streq (w->file, "memory.max") && !streq (w->file, "memory.limit_in_bytes"))
			continue;
		fd = open (dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && read_small_at (fd, file, text, sizeof text) > 0 &&
		    parse_u64 (text, &used) == 0 && parse_i64 (w->value, &wanted) == 0 &&
		    wanted >= 0 && used > (uint64_t) wanted)
			return err_set (
				e, 0, "%s: %s is below the current usage of %s (checkBeforeUpdate)",
				w->json_path, w->value, text);
	}
	return 0;
}

int
cgroup_apply (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan, struct err *e)
{
	if (cg->manager == CGROUP_MANAGER_DISABLED)
		return 0;
	TRY (check_memory (cg, plan, e));
	/* First: systemd knows fewer limits, and rounds some; what is exact is written over it. */
	if (cg->manager == CGROUP_MANAGER_SYSTEMD && !cg->told)
		TRY (systemd_update_scope (a, cg, plan, e));
	return cg->mode == CGROUP_V2 ? v2_apply (a, cg, plan, e) : v1_apply (cg, plan, e);
}

void
cgroup_close (struct cgroup *cg)
{
	if (cg->into_fd >= 0)
		close (take_fd (&cg->into_fd));
	for (unsigned i = 0; i < cg->n_v1; i++) {
		if (cg->v1[i].dir_fd >= 0)
			close (take_fd (&cg->v1[i].dir_fd));
		if (cg->v1[i].tasks_fd >= 0)
			close (take_fd (&cg->v1[i].tasks_fd));
	}
}

/* As the plan writes them: "/a/b", without any component that would lead elsewhere or nowhere, as
 * in "//" and "/.". */
static bool
is_below_root (const char *path)
{
	if (*path != '/')
		return false;
	while (*path == '/') {
		size_t n = strcspn (++path, "/");

		if (n == 0 || (n == 1 && path[0] == '.') ||
		    (n == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += n;
	}
	return true;
}

void
cgroup_from_state (struct cgroup *cg)
{
	cg->into_fd = -1;
	/* A damaged or forged state must not make us kill or remove in the root. */
	if (!cg->path || is_below_root (cg->path))
		return;
	cg->created = false;
	cg->made = NULL;
}
