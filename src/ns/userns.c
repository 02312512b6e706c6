/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "base/spawn.h"
#include "libocispec/arena.h"
#include "ns/ns.h"
#include "plan/plan.h"
#include "sys/clone.h"
#include "sys/syscalls.h"

#define MAP_LINE 36 /* "4294967295 4294967295 4294967295\n" and some */
#define MAPS_MAX 340

/* All lines in one buffer: the kernel takes one write, of at most a page; 340 lines of the longest
 * numbers are more. */
static size_t
map_text (const struct id_maps *m, char *text, size_t size)
{
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < m->n && len + MAP_LINE < size; i++)
		len += (size_t) snprintf (text + len, size - len, "%u %u %u\n", m->v[i].inside,
					  m->v[i].outside, m->v[i].count);
	return len;
}

static int
write_map (pid_t pid, const char *file, const struct id_maps *m, struct err *e)
{
	char text[MAPS_MAX * MAP_LINE], path[40];
	int r;

	if (m->n > MAPS_MAX)
		return err_set (e, EINVAL, "%zu mappings: the kernel takes at most %d", m->n,
				MAPS_MAX);
	map_text (m, text, sizeof text);
	snprintf (path, sizeof path, "%d/%s", (int) pid, file);
	r = procfs_write (path, text);
	if (r == -EPERM)
		return err_set (
			e, EPERM,
			"write `/proc/%s` (%zu mappings): not all of these ids are yours to map",
			path, m->n);
	if (r == -EINVAL && strlen (text) >= 4096)
		return err_set (
			e, EINVAL,
			"write `/proc/%s`: %zu bytes of mappings, the kernel takes less than a page",
			path, strlen (text));
	return r < 0 ? err_set (e, -r, "write `/proc/%s`", path) : 0;
}

/* In $PATH, or where distributions have it: engines may start us without a PATH. */
static bool
find_helper (const char *name, char *path, size_t size)
{
	const char *const lists[] = { getenv ("PATH"),
				      "/usr/bin:/bin:/usr/sbin:/usr/local/bin:/run/wrappers/bin" };

	for (size_t i = 0; i < ARRAY_SIZE (lists); i++)
		for (const char *dir = lists[i]; dir;
		     dir = strchr (dir, ':') ? strchr (dir, ':') + 1 : NULL) {
			int n = snprintf (path, size, "%.*s/%s", (int) strcspn (dir, ":"), dir,
					  name);

			if (*path == '/' && n > 0 && (size_t) n < size && access (path, X_OK) == 0)
				return true;
		}
	return false;
}

/* newuidmap(1): PID, then three numbers a line. */
static int
run_map_helper (pid_t pid, const char *name, const struct id_maps *m, struct err *e)
{
	char path[PATH_MAX], numbers[3 * MAPS_MAX + 1][12], pid_text[12], why[64];
	char *argv[3 * MAPS_MAX + 3];
	struct spawn s = { .path = path,
			   .argv = argv,
			   .envp = environ,
			   .stdout_fd = -1,
			   .stderr_fd = -1,
			   .timeout_ms = 30000 };
	struct spawn_result r;
	size_t n = 0;

	if (!find_helper (name, path, sizeof path))
		return err_set (e, ENOENT,
				"%s, which maps several ids for an ordinary user, is not installed",
				name);
	snprintf (pid_text, sizeof pid_text, "%d", (int) pid);
	argv[0] = (char *) (size_t) name;
	argv[1] = pid_text;
	for (size_t i = 0; i < m->n; i++) {
		snprintf (numbers[n], sizeof numbers[n], "%u", m->v[i].inside);
		snprintf (numbers[n + 1], sizeof numbers[n], "%u", m->v[i].outside);
		snprintf (numbers[n + 2], sizeof numbers[n], "%u", m->v[i].count);
		for (int k = 0; k < 3; k++, n++)
			argv[2 + n] = numbers[n];
	}
	argv[2 + n] = NULL;
	TRY (spawn_run (&s, &r, e));
	if (*spawn_describe (&s, &r, why, sizeof why))
		return err_set (
			e, EPERM,
			"%s: %s: %s; /etc/subuid and /etc/subgid say which ids a user may map",
			name, why, r.tail);
	return 0;
}

static int
deny_setgroups (pid_t pid, struct err *e)
{
	char path[40];
	int r;

	snprintf (path, sizeof path, "%d/setgroups", (int) pid);
	r = procfs_write (path, "deny");
	return r < 0 && r != -ENOENT ? err_set (e, -r, "write `/proc/%s`", path)
				     : 0; /* ENOENT: Linux < 3.19 */
}

int
userns_write_maps (pid_t pid, const struct userns_plan *plan, struct err *e)
{
	if (plan->use_helpers) {
		TRY (run_map_helper (pid, "newuidmap", &plan->uid, e));
		return run_map_helper (pid, "newgidmap", &plan->gid, e);
	}
	if (plan->deny_setgroups)
		TRY (deny_setgroups (pid, e));
	TRY (write_map (pid, "gid_map", &plan->gid, e));
	return write_map (pid, "uid_map", &plan->uid, e);
}

/* Root, or where there is none the first id there is: what is made must belong to somebody. */
static uint32_t
first_id (const struct id_maps *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].inside == 0)
			return 0;
	return m->n ? m->v[0].inside : 0;
}

int
userns_become_root (const struct userns_plan *plan, struct err *e)
{
	uid_t uid = first_id (&plan->uid);
	gid_t gid = first_id (&plan->gid);
	int r;

	/* Groups of the caller mean nothing inside; where they cannot be dropped, they cannot be
	 * gained either. */
	if (!plan->deny_setgroups)
		(void) sys_setgroups (0, NULL);
	r = sys_setresgid (gid, gid, gid);
	if (r == 0)
		r = sys_setresuid (uid, uid, uid);
	return r < 0 ? err_set (e, -r, "become id %u of the user namespace", uid) : 0;
}

/* ---- for idmapped mounts: a namespace without anybody in it */

static int
open_user_ns (pid_t pid, const struct id_maps *uid, const struct id_maps *gid, struct err *e)
{
	char path[40];
	int fd;

	TRY (write_map (pid, "gid_map", gid, e));
	TRY (write_map (pid, "uid_map", uid, e));
	/* A magic link: not through the procfs handle, which refuses them. Our own child, our own
	 * /proc. */
	snprintf (path, sizeof path, "/proc/%d/ns/user", (int) pid);
	fd = open (path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_set (e, errno, "open `%s`", path) : fd;
}

int
userns_open_mapped (const struct id_maps *uid, const struct id_maps *gid, struct err *e)
{
	struct clone_request req = { .flags = CLONE_NEWUSER,
				     .exit_signal = SIGCHLD,
				     .cgroup_fd = -1 };
	int hold[2], fd, pid;

	if (pipe2 (hold, O_CLOEXEC) < 0)
		return err_set (e, errno, "pipe");
	pid = sys_clone3_fork (&req);
	if (pid == 0) {
		char c;

		close (hold[1]);
		(void) !read (hold[0], &c, 1); /* until the parent is done with us, or gone */
		_exit (0);
	}
	close (hold[0]);
	fd = pid < 0 ? err_set (e, -pid, "clone into a user namespace")
		     : open_user_ns (pid, uid, gid, e);
	close (hold[1]);
	if (pid > 0)
		while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
			;
	return fd;
}
