/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * start: one byte into start.fifo, then listen on report.fifo until the execve has happened or has
 * not.
 *
 * Survives a death at any point: init has the byte or it has not; if it has, it goes on without us;
 * if it has not, the container is still created. Whether it was started is told by init's hold on
 * start.fifo, not by anything that start writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "container/audit.h"
#include "container/container.h"
#include "container/notify.h"
#include "container/report.h"
#include "init/init.h"
#include "plan/plan.h"
#include "sys/pidfd.h"

static int
died (int dir_fd, struct err *e)
{
	bool filtered = faccessat (dir_fd, "seccomp.bpf", F_OK, 0) == 0;

	return err_set (e, 0, "%sthe container's init died before it could run its process",
			filtered ? "linux.seccomp: under this filter " : "");
}

static bool
is_readable (int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll (&p, 1, 0) > 0;
}

int
report_receive (int fd, bool ended, int pidfd, int dir_fd, struct err *e)
{
	/* The end only: to be woken by what comes before costs init 15 us. */
	struct pollfd p[2] = { { fd, 0, ended ? POLLHUP : 0 }, { pidfd, POLLIN, 0 } };
	bool running = false;
	struct report r;
	ssize_t n;

	for (;;) {
		while (!p[0].revents && pidfd_poll (p, pidfd >= 0 ? 2 : 1, -1) < 0)
			if (errno != EINTR)
				return err_set (e, errno, "wait for the container's process");
		/* The fd first: a process that is dead by now may have run before. */
		n = p[0].revents || is_readable (fd) ? read (fd, &r, sizeof r - 1) : -1;
		if (n > 0 && r.kind == REPORT_RUNNING) {
			running = true;
			/* A failure that follows comes in the same stream, perhaps in the same
			 * read. */
			if ((size_t) n > offsetof (struct report, text)) {
				memmove (&r, (char *) &r + offsetof (struct report, text),
					 (size_t) n - offsetof (struct report, text));
				n -= (ssize_t) offsetof (struct report, text);
			}
		}
		if (n > 0 && r.kind == REPORT_FAILED) {
			((char *) &r)[n] = '\0';
			return err_set (e, r.num, "%s", r.text);
		}
		if (n > 0)
			continue;
		return running ? 0 : died (dir_fd, e);
	}
}

/* Opens both FIFOs. Without a reader of start.fifo there is nobody left to be started. */
static int
open_fifos (const struct container *c, int *ret_start, int *ret_report, struct err *e)
{
	*ret_report = openat (c->dir_fd, "report.fifo",
			      O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	*ret_start = openat (c->dir_fd, "start.fifo",
			     O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (*ret_start >= 0 && *ret_report >= 0)
		return 0;
	return err_set (e, errno, "open the start FIFO of container '%s'", c->id);
}

/* runtime.md, lifecycle step 9: a failing poststart hook stops and destroys the container. */
static int
poststart_hooks (const struct globals *g, struct container *c, struct err *e)
{
	struct err ignored;
	int r;

	if (container_run_hooks (c, g->arena, HOOK_POSTSTART, "running", false, e) == 0)
		return 0;
	r = container_lock (c, &ignored);
	if (r > 0)
		r = container_destroy (c, &ignored) < 0 ? -1
							: container_save (c, g->arena, &ignored);
	if (r < 0)
		log_warn ("%s", err_full (&ignored));
	return -1;
}

/* --audit=require: what is not on record shall not be. */
static int
record (const struct globals *g, struct container *c, struct err *e)
{
	struct err ignored;

	if (audit_record (g, "start", c->id, (pid_t) c->st.pid, e) == 0)
		return 0;
	if (container_destroy (c, &ignored) < 0)
		log_warn ("%s", err_full (&ignored));
	return -1;
}

static int
start_locked (const struct globals *g, struct container *c, bool *ret_started, struct err *e)
{
	autofd pidfd = -1, start = -1, rep = -1, notify = -1;
	enum container_status st = container_status (c, &pidfd);

	if (st == STATUS_RUNNING || st == STATUS_PAUSED)
		return err_set (e, 0, "cannot start an already running container");
	if (st != STATUS_CREATED)
		return err_set (e, 0, "cannot start a container that has stopped");
	TRY (open_fifos (c, &start, &rep, e));
	if (c->st.notify && g->notify_socket)
		TRY (notify = notify_listen (c, g->arena, e));
	if (write (start, "", 1) != 1)
		return err_set (e, errno, "write to the start FIFO of container '%s'", c->id);
	TRY (report_receive (rep, false, pidfd, c->dir_fd, e));
	(void) unlinkat (c->dir_fd, "start.fifo", 0);
	(void) unlinkat (c->dir_fd, "report.fifo", 0);
	TRY (record (g, c, e));
	*ret_started = true;
	if (notify < 0 && !c->st.has_poststart)
		return 0;
	/* What follows may take its time, and the container may have to be deleted meanwhile. */
	container_unlock (c);
	if (notify >= 0)
		TRY (notify_forward_until_ready (notify, g->notify_socket, c, pidfd, e));
	return c->st.has_poststart ? poststart_hooks (g, c, e) : 0;
}

int
container_start (const struct globals *g, const char *id, struct err *e)
{
	bool started = false;
	struct container c;
	int r;

	TRY (audit_check (g, e));
	r = container_open (g, id, true, &c, e);
	if (r == 0) {
		r = start_locked (g, &c, &started, e);
		container_close (&c);
	}
	if (!started)
		audit_record_failure (g, "start", id);
	return r;
}
