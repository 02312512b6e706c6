/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup v1, and the unified tree beside it (hybrid). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "cgroup/internal.h"
#include "libocispec/arena.h"

/* A new cpuset has no cpus and no memory nodes, and takes no process until it has: those of the
 * parent, from the top down. */
static int
fill_cpuset (int parent_fd, int dir_fd, struct err *e)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	char text[4096];

	for (size_t i = 0; i < ARRAY_SIZE (files); i++) {
		ssize_t n = read_small_at (dir_fd, files[i], text, sizeof text);
		int r;

		if (n != 0)
			continue;
		n = read_small_at (parent_fd, files[i], text, sizeof text);
		r = n <= 0 ? (int) n : write_small_at (dir_fd, files[i], text);
		if (r < 0)
			return err_set (e, -r, "copy '%s' from the parent cgroup", files[i]);
	}
	return 0;
}

static int
prepare_cpuset (const struct cgroup *cg, const char *hierarchy_dir, struct err *e)
{
	autofd parent = open (hierarchy_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char rest[PATH_MAX];

	snprintf (rest, sizeof rest, "%s", cg->path + 1);
	for (char *name = rest, *end; parent >= 0 && *name; name = end) {
		int fd;

		end = name + strcspn (name, "/");
		if (*end)
			*end++ = '\0';
		fd = openat (parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_set (e, errno, "open the cgroup '%s'", cg->path);
		if (fill_cpuset (parent, fd, e) < 0) {
			close (fd);
			return -1;
		}
		close (parent);
		parent = fd;
	}
	return 0;
}

static int
create_in (struct arena *a, struct cgroup *cg, const char *name, struct err *e)
{
	char *top = arena_printf (a, CGROUP_ROOT "/%s", name),
	     *dir = arena_printf (a, "%s%s", top, cg->path);
	bool unified = streq (name, "unified");
	int fresh = cgroup_make_path (dir, strlen (top)), r, fd;

	/* systemd gives the users' managers only its own hierarchy; limits in the others fail
	 * later. */
	if ((fresh == -EACCES || fresh == -EPERM || fresh == -EROFS) &&
	    cg->manager == CGROUP_MANAGER_SYSTEMD)
		return 0;
	if (fresh < 0)
		return err_set (e, -fresh, "make the cgroup '%s'", dir);
	fd = open (dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? errno : 0;
	/* Known from here on, so that a failure below removes it again. */
	cg->v1[cg->n_v1].name = arena_strdup (a, name);
	cg->v1[cg->n_v1].dir = dir;
	cg->v1[cg->n_v1].dir_fd = fd;
	cg->v1[cg->n_v1].tasks_fd = -1;
	cg->v1[cg->n_v1++].made = (unsigned) fresh;
	if (fd < 0)
		return err_set (e, r, "open the cgroup '%s'", dir);
	if (!fresh && cg->manager != CGROUP_MANAGER_SYSTEMD) {
		r = cgroup_check_empty (fd);
		if (r == -EBUSY)
			return err_set (e, 0, "container's cgroup is not empty: '%s' has processes",
					dir);
	}
	if (startswith (name, "cpuset") || strstr (name, ",cpuset"))
		TRY (prepare_cpuset (cg, top, e));
	if (unified) {
		cg->into_fd = openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return cg->into_fd < 0 ? err_set (e, errno, "open the cgroup '%s'", dir) : 0;
	}
	cg->v1[cg->n_v1 - 1].tasks_fd = openat (fd, "tasks", O_WRONLY | O_CLOEXEC);
	return cg->v1[cg->n_v1 - 1].tasks_fd < 0
		       ? err_set (e, errno, "open 'tasks' of the cgroup '%s'", dir)
		       : 0;
}

int
v1_create (struct arena *a, struct cgroup *cg, struct err *e)
{
	DIR *d = opendir (CGROUP_ROOT);
	int r = 0;

	if (!d)
		return err_set (e, errno, "read " CGROUP_ROOT);
	/* Every directory is a hierarchy; the symbolic links beside them name the same ones ("cpu"
	 * for "cpu,cpuacct"). */
	for (struct dirent *de;
	     r == 0 && cg->n_v1 < CGROUP_MAX_V1 && (errno = 0, de = readdir (d)) != NULL;)
		if (de->d_type == DT_DIR && de->d_name[0] != '.')
			r = create_in (a, cg, de->d_name, e);
	if (r == 0 && cg->n_v1 < CGROUP_MAX_V1 && errno)
		r = err_set (e, errno, "read " CGROUP_ROOT);
	closedir (d);
	return r;
}

const char *
v1_made (struct arena *a, const struct cgroup *cg)
{
	const char *made = "";

	for (unsigned i = 0; i < cg->n_v1; i++)
		made = arena_printf (a, "%s%s%s:%u", made, i ? " " : "", cg->v1[i].name,
				     cg->v1[i].made);
	return made;
}

const char *
v1_missing (struct arena *a, const struct cgroup *cg)
{
	DIR *d = opendir (CGROUP_ROOT);
	const char *missing = "";

	if (!d)
		return NULL;
	for (struct dirent *de; (de = readdir (d)) != NULL;)
		if (de->d_type == DT_DIR && de->d_name[0] != '.')
			missing = arena_printf (a, "%s%s%s:%u", missing, *missing ? " " : "",
						de->d_name, cgroup_missing_in (cg, de->d_name));
	closedir (d);
	return missing;
}

/* systemd 252 knows blkio, cpu, devices, memory and pids; a process in its scope is still in the
 * root of the other hierarchies. */
int
v1_adopt (struct arena *a, struct cgroup *cg, pid_t pid, struct err *e)
{
	char text[16];
	int r;

	snprintf (text, sizeof text, "%d", (int) pid);
	TRY (v1_create (a, cg, e));
	for (unsigned i = 0; i < cg->n_v1; i++) {
		/* The scope's own directories are ours as well, should systemd not remove them. */
		cg->v1[i].made = MAX (cg->v1[i].made, 1);
		/* Only where it is not yet: each move costs a grace period. */
		if (cgroup_check_empty (cg->v1[i].dir_fd) == -EBUSY)
			continue;
		r = write_small_at (cg->v1[i].dir_fd, "cgroup.procs", text);
		if (r < 0)
			return err_set (e, -r, "move the container's process into the cgroup '%s'",
					cg->v1[i].dir);
	}
	return 0;
}

/* ---- limits */

bool
v1_serves (const char *hierarchy, const char *controller, size_t n)
{
	for (const char *s = hierarchy; *s; s += strcspn (s, ","), s += *s == ',')
		if (strncmp (s, controller, n) == 0 && (s[n] == ',' || s[n] == '\0'))
			return true;
	return false;
}

static int
hierarchy_fd (const struct cgroup *cg, const char *controller, const char **ret_name)
{
	for (unsigned i = 0; i < cg->n_v1; i++)
		if (v1_serves (cg->v1[i].name, controller, strlen (controller))) {
			*ret_name = cg->v1[i].dir;
			return cg->v1[i].dir_fd;
		}
	return -1;
}

static int
write_rule (int fd, const struct device_rule *r, struct err *e)
{
	char text[80], major[24] = "*", minor[24] = "*";
	int status;

	if (r->major >= 0)
		snprintf (major, sizeof major, "%lld", (long long) r->major);
	if (r->minor >= 0)
		snprintf (minor, sizeof minor, "%lld", (long long) r->minor);
	if (r->type == 'a' && r->major < 0 && r->minor < 0 && r->access == 7)
		snprintf (text, sizeof text, "a");
	else
		snprintf (text, sizeof text, "%c %s:%s %s%s%s", r->type, major, minor,
			  r->access & 1 ? "r" : "", r->access & 2 ? "w" : "",
			  r->access & 4 ? "m" : "");
	status = write_small_at (fd, r->allow ? "devices.allow" : "devices.deny", text);
	return status < 0
		       ? err_set (e, -status, "linux.resources.devices: write '%s' to 'devices.%s'",
				  text, r->allow ? "allow" : "deny")
		       : 0;
}

/* A rule for all types with numbers is two rules: the kernel takes "a" only alone. */
static int
write_rules (int fd, const struct cgroup_plan *plan, struct err *e)
{
	for (size_t i = 0; i < plan->n_devices; i++) {
		struct device_rule r = plan->devices[i];

		if (r.type != 'a' || (r.major < 0 && r.minor < 0 && r.access == 7)) {
			TRY (write_rule (fd, &r, e));
			continue;
		}
		for (const char *t = "bc"; *t; t++) {
			r.type = *t;
			TRY (write_rule (fd, &r, e));
		}
	}
	return 0;
}

int
v1_apply (struct cgroup *cg, const struct cgroup_plan *plan, struct err *e)
{
	const char *where = "";
	int fd;

	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *w = &plan->writes[i];

		fd = hierarchy_fd (cg, w->controller, &where);
		if (fd < 0 && w->optional)
			continue;
		if (fd < 0)
			return err_set (e, 0, "%s: the %s controller is not available on this host",
					w->json_path, w->controller);
		if (cgroup_write_one (fd, w, where, e) == 0)
			continue;
		/* Memory and memory with swap, or quota and period, bound each other: which is
		 * first depends on what is there now. */
		if (e->num != EINVAL || i + 1 == plan->n_writes ||
		    !streq (w[1].controller, w->controller))
			return -1;
		TRY (cgroup_write_one (fd, &w[1], where, e));
		TRY (cgroup_write_one (fd, w, where, e));
		i++;
	}
	return 0;
}

int
v1_fd (const struct cgroup *cg, const char *controller)
{
	const char *ignored;

	return hierarchy_fd (cg, controller, &ignored);
}

/*
 * One write per rule, and the first denies all: who makes device nodes between two of them gets
 * EPERM. So before anybody is in the cgroup, or while he waits.
 */
int
v1_apply_devices (struct cgroup *cg, const struct cgroup_plan *plan, struct err *e)
{
	const char *where;
	int fd = hierarchy_fd (cg, "devices", &where);

	if (plan->devices_allow_all || fd < 0)
		return 0;
	return write_rules (fd, plan, e);
}
