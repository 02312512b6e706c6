/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "container/audit.h"
#include "container/interrupt.h"
#include "container/launch.h"
#include "container/notify.h"
#include "container/report.h"
#include "plan/plan.h"
#include "sys/pidfd.h"
#include "terminal/terminal.h"

/* What the foreground loop serves besides the terminal. */
struct notify_relay {
	struct launch *l;
	int fd;
	bool deaf;
};

static int
on_notify (void *ctx, int fd)
{
	struct notify_relay *n = ctx;

	return notify_forward (fd, &n->deaf, n->l->g->notify_socket, &n->l->c);
}

/* From here on signals are the container's. */
static int
tell_init (struct launch *l, struct err *e)
{
	if (l->foreground)
		l->signal_fd = relay_block_signals ();
	return write (l->chan.fd, "", 1) == 1
		       ? 0
		       : err_set (e, errno, "tell the container's init to start");
}

static int
release (struct launch *l, struct err *e)
{
	const struct hook_list *hooks = l->plan.hooks;

	if (hooks[HOOK_START_CONTAINER].n || hooks[HOOK_POSTSTART].n) {
		l->hooks_ran = true;
		if (l->foreground)
			interrupt_listen ();
	}
	if (!l->released)
		TRY (tell_init (l, e));
	return report_receive (l->chan.fd, l->released, interrupt_fd (), l->c.dir_fd, e);
}

/* Nothing that the caller asked for lies between "created" and the start. */
static bool
starts_at_once (const struct launch *l)
{
	const struct hook_list *hooks = l->plan.hooks;

	return l->plan.has_process && !hooks[HOOK_START_CONTAINER].n && !hooks[HOOK_POSTSTART].n &&
	       !l->g->notify_socket && !l->opt->pid_file && !launch_pidfd_receiver (l);
}

/*
 * Init finds the byte when it looks for it: to wait for it is 0.1 ms, in which two processors go to
 * sleep and are woken. Nor are we woken before it has executed the program or ended. Until then the
 * three signals end us; those that come later are for the container.
 */
int
run_release_early (struct launch *l, struct err *e)
{
	struct pollfd p[2] = { { l->chan.fd, 0, 0 }, { -1, POLLIN, 0 } };

	if (l->init.filter.notify) /* there is more to come */
		return 0;
	if (tell_init (l, e) < 0 && e->num != EPIPE) /* EPIPE: it has ended, and said why */
		return -1;
	l->released = true;
	p[1].fd = l->signal_fd; /* none with --detach: a handler hangs up */
	while (poll (p, 2, -1) < 0 && errno == EINTR)
		;
	if (!p[0].revents) { /* a signal: one of the three? */
		interrupt_listen ();
		p[1].fd = interrupt_fd ();
		while (poll (p, 2, -1) < 0 && errno == EINTR)
			;
	}
	return p[0].revents ? 0 : interrupt_check (e);
}

static int
poststart_hooks (struct launch *l, struct err *e)
{
	if (!l->c.st.has_poststart)
		return 0;
	return container_run_hooks (&l->c, l->g->arena, HOOK_POSTSTART, "running", false, e);
}

static int
wait_status (pid_t pid, struct err *e)
{
	int status;

	while (waitpid (pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set (e, errno, "wait for the container's process");
	return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

/* After the end: what the process left running, the cgroup, the state; poststop hooks. */
static int
clean_up (struct launch *l, int status, struct err *e)
{
	int64_t pid = l->c.st.pid;
	int r = container_lock (&l->c, e);

	if (r <= 0) /* 0: somebody else has deleted it */
		return r;
	l->c.st.pid = 0; /* reaped: nobody to look for, nor any need of pidfds (Linux < 5.3) */
	TRY (container_destroy (&l->c, e));
	l->c.st.pid = pid;
	if (l->opt->keep) {
		l->c.st.exit_code.set = true;
		l->c.st.exit_code.v = status;
		return container_save (&l->c, l->g->arena, e);
	}
	if (l->c.st.has_poststop) {
		interrupt_listen ();
		interrupt_forget (); /* these came for the process, and too late */
		container_run_poststop (&l->c, l->g->arena);
	}
	TRY (audit_record (l->g, "delete", l->c.id, (pid_t) l->c.st.pid, e));
	return container_remove_state (&l->c, e);
}

/* Until the container says that it is ready, where somebody wants to know. */
static int
run_detached (struct launch *l, struct err *e)
{
	autofd notify = -1;

	if (l->c.st.notify)
		TRY (notify = notify_listen (&l->c, l->g->arena, e));
	TRY (release (l, e));
	TRY (launch_record (l, e));
	interrupt_disarm ();
	container_unlock (&l->c);
	if (notify >= 0)
		TRY (notify_forward_until_ready (notify, l->g->notify_socket, &l->c, l->pidfd, e));
	return poststart_hooks (l, e);
}

int
run_wait (struct launch *l, struct err *e)
{
	struct notify_relay notify = { l, -1, false };
	struct relay relay = {
		.pidfd = l->pidfd,
		.master = l->console_master,
		.extra_fd = -1,
		.on_extra = on_notify,
		.ctx = &notify,
	};
	struct err late;
	int status;

	if (l->maker)
		l->signal_fd = relay_block_signals (); /* it runs already */
	if (l->c.st.notify) {
		TRY (notify.fd = notify_listen (&l->c, l->g->arena, e));
		relay.extra_fd = notify.fd;
	}
	if (!l->maker)
		TRY (release (l, e));
	TRY (launch_record (l, e));
	container_unlock (&l->c); /* we may wait for years */
	if (!l->maker)
		TRY (poststart_hooks (l, e));
	TRY (relay_run (&relay, l->signal_fd, e));
	TRY (status = wait_status (l->pid, e));
	l->pid = 0;
	/* The process's status is the result, whatever happens to what it leaves behind. */
	if (clean_up (l, status, &late) < 0)
		log_warn ("%s", err_full (&late));
	return status;
}

static int
run (struct launch *l, const char *id, struct err *e)
{
	int r;

	TRY (launch_load (l, id, e));
	l->early = starts_at_once (l);
	TRY (launch_build (l, true, e));
	r = l->released ? 0 : launch_announce (l, e);
	if (r == 0)
		r = l->opt->detach ? run_detached (l, e) : run_wait (l, e);
	if (r >= 0)
		return r;
	(void) interrupt_check (e); /* before poststop hooks, which only the next signal ends */
	interrupt_forget ();
	launch_abort (l);
	return r;
}

int
container_run (const struct globals *g, const char *id, const struct create_options *o,
	       struct err *e)
{
	struct launch l;
	int r;

	launch_init (&l, g, o, !o->detach);
	l.op = "run";
	TRY (audit_check (g, e));
	r = run (&l, id, e);
	if (r < 0)
		launch_record_failure (&l, id);
	return r;
}
