/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events: runc's stream, a JSON object a line. Usage comes by the clock, as asked for; everything
 * else when the kernel says so: out of memory by an eventfd (v1) or inotify on memory.events (v2),
 * states by inotify on the state directory, which every command that changes one touches, and on
 * cgroup.events; the end by the pidfd.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "container/container.h"
#include "container/stats.h"
#include "libocispec/arena.h"
#include "plan/host.h"
#include "sys/pidfd.h"

struct events {
	const struct globals *g;
	struct container c;
	struct cgroup cg;
	int pidfd, oom_fd, inotify_fd;
	enum container_status status; /* as last said */
	uint64_t oom_kills;
	int64_t interval_ms, next_ms;
};

static int
emit (const struct events *x, const char *type, const char *data, struct err *e)
{
	printf ("{\"type\":\"%s\",\"id\":\"%s\"%s%s}\n", type, x->c.id, data ? ",\"data\":" : "",
		data ? data : "");
	return fflush (stdout) == 0 ? 0 : err_set (e, errno, "write to standard output");
}

static int
emit_stats (const struct events *x, struct err *e)
{
	struct arena once = { 0 };
	int r = emit (x, "stats", stats_json (&once, &x->cg, &x->c.st), e);

	arena_free (&once);
	return r;
}

/* ---- what to watch ----------------------------------------------------------------------------
 */

/* cgroups.rst, "Memory": an eventfd, the control file's fd, and here they meet. */
static void
watch_oom_v1 (struct events *x)
{
	char text[64];
	autofd control = -1;

	for (unsigned i = 0; i < x->cg.n_v1; i++) {
		if (!streq (x->cg.v1[i].name, "memory"))
			continue;
		control = openat (x->cg.v1[i].dir_fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
		x->oom_fd = control < 0 ? -1 : eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (x->oom_fd < 0)
			return;
		snprintf (text, sizeof text, "%d %d", x->oom_fd, control);
		if (write_small_at (x->cg.v1[i].dir_fd, "cgroup.event_control", text) < 0)
			close (take_fd (&x->oom_fd));
	}
}

static uint64_t
oom_kills (const struct events *x)
{
	char text[512], *s;

	if (cgroup_read (&x->cg, "memory", "memory.events", text, sizeof text) < 0)
		return 0;
	s = strstr (text, "oom_kill ");
	return s ? strtoull (s + 9, NULL, 10) : 0;
}

static void
watch_file (const struct events *x, int dir_fd, const char *name, uint32_t mask)
{
	char path[64];

	snprintf (path, sizeof path, "/proc/self/fd/%d/%s", dir_fd, name);
	if (inotify_add_watch (x->inotify_fd, path, mask) < 0)
		log_debug ("no events from '%s'", name);
}

static int
watch (struct events *x, struct err *e)
{
	x->inotify_fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
	if (x->inotify_fd < 0)
		return err_set (e, errno, "inotify_init");
	watch_file (x, x->c.dir_fd, ".", IN_ATTRIB | IN_DELETE | IN_MOVED_TO | IN_ONLYDIR);
	if (x->cg.mode != CGROUP_V2) {
		watch_oom_v1 (x);
		return 0;
	}
	watch_file (x, x->cg.into_fd, "cgroup.events", IN_MODIFY);
	watch_file (x, x->cg.into_fd, "memory.events", IN_MODIFY);
	x->oom_kills = oom_kills (x);
	return 0;
}

/* ---- what has happened ------------------------------------------------------------------------
 */

static int
say_status (struct events *x, enum container_status st, struct err *e)
{
	char data[64];

	if (st == x->status)
		return 0;
	x->status = st;
	snprintf (data, sizeof data, "{\"status\":\"%s\"}", container_status_names[st]);
	return emit (x, "state", data, e);
}

static int
on_inotify (struct events *x, struct err *e)
{
	_Alignas(struct inotify_event) char buf[4096];
	enum container_status st;
	uint64_t kills;

	while (read (x->inotify_fd, buf, sizeof buf) > 0)
		;
	kills = x->cg.mode == CGROUP_V2 ? oom_kills (x) : 0;
	if (kills > x->oom_kills) {
		x->oom_kills = kills;
		TRY (emit (x, "oom", NULL, e));
	}
	st = container_status (&x->c, NULL);
	return st == STATUS_STOPPED ? 0 : say_status (x, st, e); /* the end: by the pidfd */
}

static int
on_oom_v1 (struct events *x, struct err *e)
{
	uint64_t n;

	if (read (x->oom_fd, &n, sizeof n) != sizeof n)
		return 0;
	/* It also fires when the cgroup is removed. */
	if (pidfd_wait (x->pidfd, 0) && container_status (&x->c, NULL) == STATUS_STOPPED &&
	    !cgroup_saw_oom (&x->cg))
		return 0;
	return emit (x, "oom", NULL, e);
}

static int
on_end (struct events *x, struct err *e)
{
	char data[48] = "{}";
	int status;
	int32_t code;

	TRY (say_status (x, STATUS_STOPPED, e));
	if (container_exit_code (&x->c, &code))
		snprintf (data, sizeof data, "{\"exitCode\":%d}", code);
	else if (pidfd_exit_status (x->pidfd, &status) == 0)
		snprintf (data, sizeof data, "{\"exitCode\":%d}", container_code_of (status));
	return emit (x, "exit", data, e);
}

static int64_t
now_ms (void)
{
	struct timespec ts;

	(void) clock_gettime (CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
loop (struct events *x, struct err *e)
{
	for (;;) {
		struct pollfd p[3] = { { x->pidfd, POLLIN, 0 },
				       { x->inotify_fd, POLLIN, 0 },
				       { x->oom_fd, POLLIN, 0 } };
		int64_t left = x->next_ms - now_ms ();

		if (pidfd_poll (p, 3, (int) MIN (MAX (left, 0), INT32_MAX)) < 0 && errno != EINTR)
			return err_set (e, errno, "wait for events");
		if (p[2].revents)
			TRY (on_oom_v1 (x, e));
		if (p[1].revents)
			TRY (on_inotify (x, e));
		if (p[0].revents)
			return on_end (x, e);
		if (now_ms () >= x->next_ms) {
			TRY (emit_stats (x, e));
			x->next_ms += x->interval_ms;
		}
	}
}

int
container_events (const struct globals *g, const char *id, bool once, int64_t interval_ms,
		  struct err *e)
{
	struct events x = { .g = g,
			    .pidfd = -1,
			    .oom_fd = -1,
			    .inotify_fd = -1,
			    .interval_ms = interval_ms,
			    .next_ms = now_ms () + interval_ms };

	TRY (container_open (g, id, false, &x.c, e));
	x.status = container_status (&x.c, &x.pidfd);
	if (x.pidfd < 0)
		return err_set (e, ESRCH, "container not running");
	container_cgroup (&x.c, &x.cg);
	TRY (cgroup_open (g->arena, &x.cg, e));
	if (once)
		return emit_stats (&x, e);
	TRY (watch (&x, e));
	TRY (on_inotify (&x, e)); /* what has happened before it listened */
	return loop (&x, e);
}
