/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes of a cgroup: listing, freezing, killing; and its end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cgroup/internal.h"
#include "libocispec/arena.h"
#include "sys/pidfd.h"
#include "sys/syscalls.h"

#define PROCS_MAX  (16u << 20)
#define WAIT_MS	   10000
#define SYSTEMD_MS 2000 /* it comes at once, if at all */

static int
open_main (const struct cgroup *cg)
{
	char dir[PATH_MAX];
	int fd;

	if (!cg->path || !cgroup_dir (cg, cgroup_main (cg), dir, sizeof dir))
		return -ENOENT;
	fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* ---- going through a tree, of which a container may have made more levels than there are
 * descriptors, or room in a path or on the stack */

struct level {
	const char *name;
	strs below;
	size_t next;
};

struct walk {
	struct arena *arena;
	/* Each may be NULL. What is not 0 ends the walk, and is its result. */
	int (*enter) (void *ctx, int dir);
	int (*leave) (void *ctx, int parent, const char *name); /* not the top itself */
	void *ctx;
	int dir; /* where we are */
	VEC (struct level) levels;
};

static int
open_sub (int dir, const char *name)
{
	int fd = openat (dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Takes `dir` over. */
static int
go_down (struct walk *w, int dir, const char *name)
{
	struct level l = { .name = name };
	int fd = open_sub (dir, "."), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir (fd);

	if (w->dir >= 0)
		close (w->dir);
	w->dir = dir;
	if (!d) {
		r = -errno;
		if (fd >= 0)
			close (fd);
		return r;
	}
	for (struct dirent *de; (errno = 0, de = readdir (d)) != NULL;)
		if (de->d_type == DT_DIR && de->d_name[0] != '.')
			VEC_PUSH (w->arena, l.below, arena_strdup (w->arena, de->d_name));
	r = -errno;
	closedir (d);
	VEC_PUSH (w->arena, w->levels, l);
	return r == 0 && w->enter ? w->enter (w->ctx, w->dir) : r;
}

/* The next below that is there. 0: none. */
static int
next_below (struct walk *w, int *ret)
{
	struct level *l = &w->levels.v[w->levels.n - 1];
	const char *name;
	int fd;

	if (l->next == l->below.n)
		return 0;
	name = l->below.v[l->next++];
	fd = open_sub (w->dir, name);
	*ret = fd == -ENOENT ? 0 : fd < 0 ? fd : go_down (w, fd, name);
	return 1;
}

/* Depth first. `top` is taken over. */
static int
walk (struct walk *w, int top)
{
	int r;

	w->dir = -1;
	r = go_down (w, top, NULL);
	while (r == 0 && w->levels.n) {
		if (next_below (w, &r) || --w->levels.n == 0)
			continue;
		r = open_sub (w->dir, "..");
		if (r < 0)
			break;
		close (w->dir);
		w->dir = r;
		r = w->leave ? w->leave (w->ctx, w->dir, w->levels.v[w->levels.n].name) : 0;
	}
	close (w->dir);
	return r;
}

struct pids {
	struct arena *arena;
	VEC (pid_t) all;
	struct err *e;
	bool said; /* what is wrong, in e */
};

static int
collect (void *ctx, int dir)
{
	struct pids *p = ctx;
	char *text;
	size_t len;

	if (read_file_at (p->arena, dir, "cgroup.procs", PROCS_MAX, &text, &len, p->e) < 0) {
		/* A threaded one: its processes are listed further up. */
		p->said = p->e->num != EOPNOTSUPP;
		return p->said ? -1 : 0;
	}
	for (char *s = text; *s; s += strcspn (s, "\n"), s += *s == '\n') {
		int pid = (int) strtol (s, NULL, 10);

		if (pid > 0) /* 0: of a pid namespace that we do not see */
			VEC_PUSH (p->arena, p->all, pid);
	}
	return 0;
}

int
cgroup_pids (struct arena *a, const struct cgroup *cg, pid_t **ret, size_t *ret_n, struct err *e)
{
	struct pids p = { .arena = a, .e = e };
	struct walk w = { .arena = a, .enter = collect, .ctx = &p };
	int fd = open_main (cg), r;

	*ret = NULL;
	*ret_n = 0;
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_set (e, -fd, "open the cgroup '%s'", cg->path);
	r = walk (&w, fd);
	if (r < 0)
		return p.said ? -1 : err_set (e, -r, "read the cgroup '%s'", cg->path);
	*ret = p.all.v;
	*ret_n = p.all.n;
	return 0;
}

/* ---- freezing */

int
cgroup_is_frozen (const struct cgroup *cg)
{
	bool v2 = cg->mode == CGROUP_V2;
	char dir[PATH_MAX], file[PATH_MAX + 16], text[32];

	if (!cg->path || !cgroup_dir (cg, cgroup_main (cg), dir, sizeof dir))
		return 0;
	(void) snprintf (file, sizeof file, "%s/%s", dir, v2 ? "cgroup.freeze" : "freezer.state");
	return read_small_at (AT_FDCWD, file, text, sizeof text) > 0 &&
	       text[0] == (v2 ? '1' : 'F'); /* FROZEN, FREEZING */
}

/* The kernel says when it is done: cgroup.events changes, and poll hears of it. */
static int
wait_frozen_v2 (int dir_fd, const char *want)
{
	struct pollfd p = { openat (dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC), POLLPRI, 0 };
	char text[128];
	int r = -ETIMEDOUT;

	if (p.fd < 0)
		return -errno;
	for (int rounds = 0; rounds < 100; rounds++) {
		ssize_t n = pread (p.fd, text, sizeof text - 1, 0);

		text[n > 0 ? n : 0] = '\0';
		if (strstr (text, want)) {
			r = 0;
			break;
		}
		(void) poll (&p, 1, WAIT_MS / 100);
	}
	close (p.fd);
	return r;
}

/* v1 has no event: FREEZING stays until the last task has stopped, and writing again makes the
 * kernel look again. */
static int
wait_frozen_v1 (int dir_fd, const char *want)
{
	char text[32];

	for (int rounds = 0; rounds < 1000; rounds++) {
		if (read_small_at (dir_fd, "freezer.state", text, sizeof text) > 0 &&
		    streq (text, want))
			return 0;
		(void) poll (NULL, 0, 1);
		(void) write_small_at (dir_fd, "freezer.state", want);
	}
	return -ETIMEDOUT;
}

int
cgroup_freeze (const struct cgroup *cg, bool freeze, struct err *e)
{
	const char *v1 = freeze ? "FROZEN" : "THAWED";
	autofd fd = open_main (cg);
	int r;

	if (fd < 0)
		return err_set (e, -fd, "open the cgroup '%s'", cg->path ? cg->path : "");
	if (cg->mode == CGROUP_V2) {
		r = write_small_at (fd, "cgroup.freeze", freeze ? "1" : "0");
		if (r == 0)
			r = wait_frozen_v2 (fd, freeze ? "frozen 1" : "frozen 0");
	} else {
		r = write_small_at (fd, "freezer.state", v1);
		if (r == 0)
			r = wait_frozen_v1 (fd, v1);
	}
	return r < 0 ? err_set (e, -r, "%s the cgroup '%s'", freeze ? "freeze" : "thaw", cg->path)
		     : 0;
}

/* ---- killing */

static int
signal_all (const struct cgroup *cg, int signal, struct err *e)
{
	struct arena a = { 0 };
	pid_t *pids;
	size_t n;
	int r = cgroup_pids (&a, cg, &pids, &n, e);

	/* Whatever led us here: where we are ourselves there is no container of ours. */
	for (size_t i = 0; r == 0 && i < n; i++)
		if (pids[i] == getpid ())
			r = err_set (
				e, EBUSY,
				"the cgroup '%s' is the runtime's own: nothing is killed in it",
				cg->path);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (kill (pids[i], signal) < 0 && errno != ESRCH)
			r = err_set (e, errno, "send signal %d to process %d", signal,
				     (int) pids[i]);
	arena_free (&a);
	return r;
}

int
cgroup_kill (const struct cgroup *cg, int signal, struct err *e)
{
	autofd fd = open_main (cg);
	struct err ignored;
	bool frozen, thaw;
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_set (e, -fd, "open the cgroup '%s'", cg->path);
	if (signal == SIGKILL && write_small_at (fd, "cgroup.kill", "1") == 0) /* v2, Linux 5.14 */
		return 0;
	/*
	 * Frozen they cannot fork away from us while we go through the list. Who was frozen before
	 * stays so, unless he shall die: on v1 that needs a thaw.
	 */
	frozen = cgroup_is_frozen (cg) == 1;
	thaw = (!frozen && cgroup_freeze (cg, true, &ignored) == 0) ||
	       (frozen && signal == SIGKILL);
	r = signal_all (cg, signal, e);
	if (thaw)
		(void) cgroup_freeze (cg, false, &ignored);
	return r;
}

/* ---- the end */

static int
remove_one (void *ctx, int parent, const char *name)
{
	(void) ctx;
	return unlinkat (parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

static int
remove_top (const char *dir)
{
	return rmdir (dir) < 0 && errno != ENOENT ? -errno : 0;
}

/* 0, -EBUSY or another -errno; what is gone already is fine. */
static int
remove_all (const char *dir)
{
	struct arena a = { 0 };
	struct walk w = { .arena = &a, .leave = remove_one };
	int r = remove_top (dir);

	if (r != -EBUSY && r != -ENOTEMPTY)
		return r;
	r = open_sub (AT_FDCWD, dir);
	if (r >= 0)
		r = walk (&w, r);
	arena_free (&a);
	return r < 0 && r != -ENOENT ? r : remove_top (dir);
}

/* Somebody is still in there: kill, and wait for each by its pidfd. */
static void
wait_for_processes (const struct cgroup *cg)
{
	struct arena a = { 0 };
	struct err ignored;
	pid_t *pids;
	size_t n;

	if (cg->created && !cg->only_wait)
		(void) cgroup_kill (cg, SIGKILL, &ignored);
	if (cgroup_pids (&a, cg, &pids, &n, &ignored) == 0) {
		for (size_t i = 0; i < n; i++) {
			autofd fd = pidfd_open (pids[i]);

			if (fd >= 0)
				(void) pidfd_wait (fd, cg->only_wait ? WAIT_MS / 100 : WAIT_MS);
		}
		/* Nobody there, yet busy: a dead task is leaving this instant; there is no event
		 * for that. */
		if (n == 0)
			(void) poll (NULL, 0, 1);
	}
	arena_free (&a);
}

unsigned
cgroup_made_in (const struct cgroup *cg, const char *hierarchy)
{
	size_t n = strlen (hierarchy);

	if (!cg->made)
		return cg->created;
	for (const char *s = cg->made; *s; s += strcspn (s, " "), s += *s == ' ')
		if (strncmp (s, hierarchy, n) == 0 && s[n] == ':')
			return (unsigned) strtoul (s + n + 1, NULL, 10);
	return 0;
}

bool
cgroup_is_as_guessed (const struct cgroup *cg, const struct cgroup *guess)
{
	if (cg->created != guess->created)
		return false;
	if (cg->mode == CGROUP_V2)
		return cgroup_made_in (cg, "") == cgroup_made_in (guess, "");
	for (unsigned i = 0; i < cg->n_v1; i++)
		if (cg->v1[i].made != cgroup_made_in (guess, cg->v1[i].name))
			return false;
	return true;
}

void
cgroup_remove_parents (char *dir, size_t root_len, unsigned n)
{
	while (n-- > 0) {
		char *slash = strrchr (dir, '/');

		if (!slash || slash <= dir + root_len)
			return;
		*slash = '\0';
		if (rmdir (dir) < 0)
			return;
	}
}

/* 0 in cgroup.procs is one of a pid namespace that we do not see. */
static int
has_process (void *ctx, int dir)
{
	char buf[32];

	(void) ctx;
	return read_small_at (dir, "cgroup.procs", buf, sizeof buf) > 0;
}

/* In there, or below. */
static bool
is_populated (const char *dir)
{
	struct arena a = { 0 };
	struct walk w = { .arena = &a, .enter = has_process };
	int fd = open_sub (AT_FDCWD, dir);
	bool populated = fd >= 0 && walk (&w, fd) > 0;

	arena_free (&a);
	return populated;
}

static int
destroy_in (const struct cgroup *cg, const char *hierarchy, struct err *e)
{
	unsigned made = cgroup_made_in (cg, hierarchy);
	char dir[PATH_MAX];
	int r = -EBUSY;

	if (made == 0)
		return 0;
	if (!cgroup_dir (cg, hierarchy, dir, sizeof dir))
		return err_set (e, ENAMETOOLONG, "cgroup path");
	for (int rounds = 0; r == -EBUSY && rounds < 100; rounds++) {
		r = remove_all (dir);
		if (r == -EBUSY && cg->only_wait && rounds > 3 && is_populated (dir))
			return 1;
		if (r == -EBUSY)
			wait_for_processes (cg);
	}
	if (r < 0)
		return err_set (e, -r, "remove the cgroup '%s'", dir);
	cgroup_remove_parents (dir, strlen (dir) - strlen (cg->path), made - 1);
	return 0;
}

static int
destroy_v1 (const struct cgroup *cg, struct err *e)
{
	DIR *d = opendir (CGROUP_ROOT);
	bool stays = false;
	int r = 0;

	if (!d)
		return err_set (e, errno, "read " CGROUP_ROOT);
	for (struct dirent *de; r >= 0 && (errno = 0, de = readdir (d)) != NULL;)
		if (de->d_type == DT_DIR && de->d_name[0] != '.') {
			r = destroy_in (cg, de->d_name, e);
			stays |= r > 0;
		}
	if (r >= 0 && errno)
		r = err_set (e, errno, "read " CGROUP_ROOT);
	closedir (d);
	return r < 0 ? r : stays;
}

/*
 * systemd could not be told, but may well be there: it stops a scope whose last process has ended,
 * and removes the cgroup. Were we faster it would not read any more that the cgroup is empty, and
 * show the scope as running for ever.
 */
static void
let_systemd_remove (const struct cgroup *cg)
{
	autofd fd = inotify_init1 (IN_CLOEXEC);
	struct pollfd p = { fd, POLLIN, 0 };
	char dir[PATH_MAX];

	if (fd >= 0 && cgroup_dir (cg, cg->mode == CGROUP_V2 ? "" : "systemd", dir, sizeof dir) &&
	    inotify_add_watch (fd, dir, IN_DELETE_SELF | IN_ONLYDIR) >= 0 && !is_populated (dir))
		(void) poll (&p, 1, SYSTEMD_MS);
}

int
cgroup_destroy (const struct cgroup *cg, struct err *e)
{
	if (cg->manager == CGROUP_MANAGER_SYSTEMD && !cg->created && cg->scope)
		systemd_stop_empty (cg);
	if (!(cg->created || cg->made) || cg->manager == CGROUP_MANAGER_DISABLED)
		return 0;
	if (cg->manager == CGROUP_MANAGER_SYSTEMD && systemd_stop_scope (cg, e) < 0) {
		log_warn ("%s; its cgroup is removed all the same", err_full (e));
		let_systemd_remove (cg);
	}
	if (!cg->path || streq (cg->path, "/"))
		return 0;
	return cg->mode == CGROUP_V2 ? destroy_in (cg, "", e) : destroy_v1 (cg, e);
}

bool
cgroup_saw_oom (const struct cgroup *cg)
{
	char dir[PATH_MAX], text[512], *s;
	autofd fd = -1;

	if (!cg->path || !cgroup_dir (cg, cg->mode == CGROUP_V2 ? "" : "memory", dir, sizeof dir))
		return false;
	fd = open (dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 ||
	    read_small_at (fd, cg->mode == CGROUP_V2 ? "memory.events" : "memory.oom_control", text,
			   sizeof text) < 0)
		return false;
	s = strstr (text, "oom_kill ");
	return s && s[9] != '0';
}
