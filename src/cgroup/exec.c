/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cgroup of a container that runs: entering and changing it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "cgroup/internal.h"
#include "libocispec/arena.h"

/* The path of --cgroup that is meant for a hierarchy ("cpu,cpuacct"; "" for v2): the last that
 * fits. */
static const char *
sub_for (const char *hierarchy, const char *const *subs, size_t n)
{
	const char *found = "";

	for (size_t i = 0; i < n; i++) {
		const char *colon = strchr (subs[i], ':');

		if (!colon)
			found = subs[i];
		for (const char *s = subs[i]; colon && s < colon; s += strcspn (s, ",:") + 1)
			if (v1_serves (hierarchy, s, strcspn (s, ",:")))
				found = colon + 1;
	}
	return found;
}

static int
check_subs (const struct cgroup *cg, const char *const *subs, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const char *colon = strchr (subs[i], ':');

		if (path_has_dotdot (colon ? colon + 1 : subs[i]))
			return err_set (e, 0, "--cgroup '%s': it may not have '..'", subs[i]);
		if (colon && cg->mode == CGROUP_V2)
			return err_set (
				e, 0,
				"--cgroup '%s': only cgroup v1 has controllers to choose from",
				subs[i]);
	}
	return 0;
}

static int
cannot_open (const char *dir, const char *sub, struct err *e)
{
	/* Not "no such file or directory": engines take those words for a missing executable. */
	if (errno == ENOENT)
		return err_set (e, 0, "%s: there is no cgroup '%s'",
				*sub ? "--cgroup" : "container not running", dir);
	return err_set (e, errno, "open the cgroup '%s'", dir);
}

static int
open_hierarchy (struct arena *a, struct cgroup *cg, const char *name, const char *sub,
		struct err *e)
{
	char *dir = arena_printf (a, CGROUP_ROOT "/%s%s%s%s", name, cg->path, *sub ? "/" : "", sub);

	if (streq (name, "unified")) {
		cg->into_fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return cg->into_fd < 0 && (errno != ENOENT || *sub) ? cannot_open (dir, sub, e) : 0;
	}
	cg->v1[cg->n_v1].dir = dir;
	cg->v1[cg->n_v1].dir_fd = -1;
	cg->v1[cg->n_v1].tasks_fd = open (arena_printf (a, "%s/tasks", dir), O_WRONLY | O_CLOEXEC);
	/* A hierarchy that was mounted after create, say. */
	if (cg->v1[cg->n_v1++].tasks_fd < 0 && (errno != ENOENT || *sub))
		return cannot_open (dir, sub, e);
	return 0;
}

static int
open_v1 (struct arena *a, struct cgroup *cg, const char *const *subs, size_t n, struct err *e)
{
	DIR *d = opendir (CGROUP_ROOT);
	int r = 0;

	if (!d)
		return err_set (e, errno, "read " CGROUP_ROOT);
	for (struct dirent *de; r == 0 && cg->n_v1 < CGROUP_MAX_V1 && (de = readdir (d)) != NULL;)
		if (de->d_type == DT_DIR && de->d_name[0] != '.')
			r = open_hierarchy (a, cg, arena_strdup (a, de->d_name),
					    sub_for (de->d_name, subs, n), e);
	closedir (d);
	return r;
}

int
cgroup_open_for_exec (struct arena *a, struct cgroup *cg, const char *const *subs, size_t n,
		      struct err *e)
{
	const char *sub = sub_for ("", subs, n);
	char *dir;

	if (!cg->path)
		return n ? err_set (e, 0, "--cgroup '%s': the container has no cgroup", subs[0])
			 : 0;
	TRY (check_subs (cg, subs, n, e));
	if (cg->mode != CGROUP_V2)
		return open_v1 (a, cg, subs, n, e);
	dir = arena_printf (a, CGROUP_ROOT "%s%s%s", cg->path, *sub ? "/" : "", sub);
	cg->into_fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cg->into_fd < 0 ? cannot_open (dir, sub, e) : 0;
}

int
cgroup_admit (struct arena *a, const struct cgroup *cg, pid_t pid, struct err *e)
{
	char text[16];
	int r;

	snprintf (text, sizeof text, "%d", (int) pid);
	r = write_small_at (cg->into_fd, "cgroup.procs", text);
	if ((r == -EACCES || r == -EPERM) && cg->manager == CGROUP_MANAGER_SYSTEMD)
		return systemd_attach (a, cg, pid, e);
	return r < 0 ? err_set (e, -r, "move the process into the container's cgroup") : 0;
}

int
cgroup_open_of_process (struct cgroup *cg, pid_t pid, struct err *e)
{
	char text[PATH_MAX + 64], path[64], dir[PATH_MAX + 64], *s;
	ssize_t n;

	snprintf (path, sizeof path, "/proc/%d/cgroup", (int) pid);
	n = read_small_at (AT_FDCWD, path, text, sizeof text);
	s = n < 0 ? NULL : startswith (text, "0::/") ? text : strstr (text, "\n0::/");
	if (!s)
		return err_set (e, n < 0 ? (int) -n : 0, "find the cgroup of process %d",
				(int) pid);
	s = strchr (s, '/');
	s[strcspn (s, "\n")] = '\0';
	if (path_has_dotdot (s)) /* outside of our own cgroup namespace */
		return err_set (e, 0, "the cgroup '%s' of process %d is not visible here", s,
				(int) pid);
	snprintf (dir, sizeof dir, CGROUP_ROOT "%s%s", cg->mode == CGROUP_V2 ? "" : "/unified", s);
	if (cg->into_fd >= 0)
		close (cg->into_fd);
	cg->into_fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cg->into_fd < 0 ? err_set (e, errno, "open the cgroup '%s'", dir) : 0;
}

/* ---- update -----------------------------------------------------------------------------------
 */

static int
open_existing_v1 (struct arena *a, struct cgroup *cg, struct err *e)
{
	DIR *d = opendir (CGROUP_ROOT);

	if (!d)
		return err_set (e, errno, "read " CGROUP_ROOT);
	for (struct dirent *de; cg->n_v1 < CGROUP_MAX_V1 && (de = readdir (d)) != NULL;) {
		char *dir;

		if (de->d_type != DT_DIR || de->d_name[0] == '.')
			continue;
		dir = arena_printf (a, CGROUP_ROOT "/%s%s", de->d_name, cg->path);
		cg->v1[cg->n_v1].dir_fd = open (dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (cg->v1[cg->n_v1].dir_fd < 0)
			continue; /* mounted after create */
		cg->v1[cg->n_v1].tasks_fd = -1;
		cg->v1[cg->n_v1].dir = dir;
		cg->v1[cg->n_v1++].name = arena_strdup (a, de->d_name);
	}
	closedir (d);
	return 0;
}

int
cgroup_open (struct arena *a, struct cgroup *cg, struct err *e)
{
	char *dir;

	if (!cg->path)
		return err_set (e, 0, "the container has no cgroup");
	if (cg->mode != CGROUP_V2)
		return open_existing_v1 (a, cg, e);
	dir = arena_printf (a, CGROUP_ROOT "%s", cg->path);
	cg->into_fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cg->into_fd < 0 ? cannot_open (dir, "", e) : 0;
}

static int
update_devices_v1 (struct cgroup *cg, const struct cgroup_plan *plan, struct err *e)
{
	bool frozen = !plan->devices_allow_all && cgroup_is_frozen (cg) == 0;
	struct err ignored;
	int r;

	if (frozen)
		TRY (cgroup_freeze (cg, true, e));
	r = v1_apply_devices (cg, plan, e);
	if (frozen && cgroup_freeze (cg, false, r < 0 ? &ignored : e) < 0)
		r = -1;
	return r;
}

int
cgroup_update (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan, struct err *e)
{
	TRY (cgroup_apply (a, cg, plan, e));
	return cg->mode == CGROUP_V2 ? 0 : update_devices_v1 (cg, plan, e);
}

int
cgroup_read (const struct cgroup *cg, const char *controller, const char *file, char *buf,
	     size_t size)
{
	int fd = cg->mode == CGROUP_V2 ? cg->into_fd : v1_fd (cg, controller);

	return fd < 0 ? -ENOENT : (int) read_small_at (fd, file, buf, size);
}
