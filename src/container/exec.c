/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec: the runtime's side. The child's is src/init/join.c. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "base/sock.h"
#include "container/audit.h"
#include "container/container.h"
#include "container/exec.h"
#include "container/host.h"
#include "container/inside.h"
#include "container/report.h"
#include "init/init.h"
#include "libocispec/oci_state.h"
#include "plan/plan.h"
#include "process/process.h"
#include "rdt/rdt.h"
#include "security/selfexe.h"
#include "sys/clone.h"
#include "sys/pidfd.h"
#include "sys/syscalls.h"
#include "terminal/terminal.h"

struct exec {
	struct exec_request req;
	struct container c;
	struct plan plan;
	struct cgroup cgroup;
	struct init init; /* what the child inherits */
	struct chan chan; /* our end */
	int console_socket, pidfd_socket, console_master, signal_fd;
	pid_t pid; /* our child; 0: none */
	int pidfd;
	int failure;
	bool paused;   /* until somebody resumes it, nothing comes from our child */
	bool recorded; /* in the audit trail */
};

/* ---- before there is a child ------------------------------------------------------------------
 */

static int
not_running (struct err *e)
{
	return err_set (e, ESRCH, "container not running");
}

static int
open_container (struct exec *x, const char *id, struct err *e)
{
	enum container_status st;

	TRY (container_open (x->req.g, id, false, &x->c, e));
	st = container_status (&x->c, &x->init.join.pidfd);
	if (st == STATUS_STOPPED)
		return not_running (e);
	if (st == STATUS_CREATING)
		return err_set (e, 0, "cannot exec in a container that is still being created");
	if (st == STATUS_PAUSED && !x->req.o->ignore_paused)
		return err_set (
			e, 0,
			"cannot exec in a paused container (use --ignore-paused to override)");
	x->paused = st == STATUS_PAUSED;
	x->init.join.pid = (pid_t) x->c.st.pid;
	return exec_facts_load (&x->c, x->req.g->arena, &x->req.facts, e);
}

/* Its root directory and namespaces. */
static int
open_target (struct exec *x, struct err *e)
{
	struct join *j = &x->init.join;

	TRY (j->root_fd = container_open_init_root (&x->c, j->pidfd, e));
	j->types = x->req.facts.namespaces;
	/* setns into the user namespace that one is in already is refused. */
	if (j->types & CLONE_NEWUSER && container_shares_userns (j->pid))
		j->types &= ~(uint64_t) CLONE_NEWUSER;
	return 0;
}

/* As for create and run; engines parse these. */
static int
check_terminal (const struct exec *x, struct err *e)
{
	bool terminal = x->plan.process.terminal;

	if (terminal && x->req.o->detach && !x->req.o->console_socket)
		return err_set (
			e, 0, "cannot allocate a terminal without --console-socket when detached");
	if (!terminal && x->req.o->console_socket)
		return err_set (e, 0,
				"--console-socket given, but the process has no terminal (--tty)");
	if (terminal && !x->req.o->console_socket && !isatty (0))
		return err_set (e, ENOTTY,
				"standard input is not a terminal; use --console-socket");
	return 0;
}

/* In a user namespace of its own the process may not raise limits, and nowhere is resctrl its. */
static bool
needs_runtime (const struct exec *x)
{
	return x->c.st.rdt_clos ||
	       (x->plan.process.n_rlimits && x->init.join.types & CLONE_NEWUSER);
}

static int
prepare (struct exec *x, const char *id, struct err *e)
{
	TRY (open_container (x, id, e));
	host_probe_process (&x->req.host);
	log_stderr_is_shared ();
	TRY (exec_plan_process (&x->req, &x->plan, e));
	TRY (check_terminal (x, e));
	TRY (seccomp_load (x->req.g->arena, x->c.dir_fd, &x->init.filter, e));
	container_cgroup (&x->c, &x->cgroup);
	TRY (cgroup_open_for_exec (x->req.g->arena, &x->cgroup, x->req.o->cgroups.v,
				   x->req.o->cgroups.n, e));
	TRY (open_target (x, e));
	TRY (selfexe_protect (x->req.g->exe, e));
	selfexe_detach (x->req.g->exe);
	if (x->req.o->console_socket)
		TRY (x->console_socket = console_connect (x->req.o->console_socket, e));
	if (x->req.o->pidfd_socket)
		TRY (x->pidfd_socket = sock_connect (x->req.o->pidfd_socket, e));
	container_close (&x->c);
	x->init.alone = !needs_runtime (x);
	return affinity_apply (&x->plan.process, false, e);
}

/* ---- the child --------------------------------------------------------------------------------
 */

/* Waits for our child. Its status as of wait(2), or -1. */
static int
reap (struct exec *x)
{
	int status = -1;

	if (x->pid > 0)
		while (waitpid (x->pid, &status, 0) < 0 && errno == EINTR)
			;
	if (x->pidfd >= 0)
		close (take_fd (&x->pidfd));
	x->pid = 0;
	return status;
}

/* EBUSY: a container that uses its cgroup as an inner node (systemd does) and has gone below it. */
static int
admit (struct exec *x, pid_t pid, struct err *e)
{
	int r = cgroup_admit (x->req.g->arena, &x->cgroup, pid, e);

	if (r == 0 || e->num != EBUSY || x->req.o->cgroups.n)
		return r;
	TRY (cgroup_open_of_process (&x->cgroup, x->init.join.pid, e));
	return cgroup_admit (x->req.g->arena, &x->cgroup, pid, e);
}

static int
clone_child (struct exec *x, int cgroup_fd, struct err *e)
{
	struct clone_request req = {
		.exit_signal = SIGCHLD,
		.cgroup_fd = cgroup_fd,
		.ret_pidfd = &x->pidfd,
	};
	struct chan theirs;
	int pid;

	TRY (chan_pair (&x->chan, &theirs, e));
	x->chan.peer = "the process";
	x->init.chan = theirs;
	x->init.report_fd = theirs.fd;
	x->init.err = e;
	x->init.ignored_signals = proc_ignored_signals ();
	pid = sys_clone3_fork (&req);
	if (pid == 0) {
		chan_close (&x->chan);
		join_main (&x->init);
	}
	chan_close (&theirs);
	if (pid < 0) {
		chan_close (&x->chan);
		return err_set (e, -pid, "clone");
	}
	x->pid = pid;
	/* Who joins may die after it has cloned the process, which holds the same end. */
	if (x->init.join.types & CLONE_NEWPID)
		x->chan.peer_pidfd = x->pidfd;
	if (cgroup_fd < 0 && x->cgroup.into_fd >= 0)
		TRY (admit (x, pid, e));
	return chan_send (&x->chan, MSG_GO, x->pid, NULL, e);
}

static int
on_init_pid (struct exec *x, const struct msg *m, int fd, struct err *e)
{
	int r;

	if (fd < 0)
		return err_set (e, EPROTO, "INIT_PID without a pidfd");
	r = chan_send (&x->chan, MSG_GO, m->arg, NULL, e); /* it is waited for, who joined is not */
	x->chan.peer_pidfd = -1;
	(void) reap (x); /* who joined */
	x->pid = m->arg;
	x->pidfd = fd;
	return r;
}

static int
on_console (struct exec *x, const struct msg *m, int fd, struct err *e)
{
	autofd master = fd;

	if (x->console_socket >= 0)
		return console_send (x->console_socket, master, m->text, e);
	x->console_master = take_fd (&master);
	return 0;
}

static int
on_seccomp_fd (struct exec *x, int fd, struct err *e)
{
	autofd listener = fd;
	struct oci_state st = {
		.oci_version = x->c.st.oci_version,
		.id = (char *) x->c.id,
		.status = (char *) container_status_names[STATUS_RUNNING],
		.pid = x->c.st.pid,
		.bundle = x->c.st.bundle,
		.root = x->c.st.rootfs,
		.annotations = x->c.st.annotations,
	};
	char *state = oci_record_write (&oci_hook_state_record, &st, x->req.g->arena, OCI_COMPACT,
					NULL);
	const struct seccomp_plan agent = {
		.listener_path = x->req.facts.listener_path,
		.listener_metadata = x->req.facts.listener_metadata,
	};

	return seccomp_send_listener (x->req.g->arena, &agent, listener, x->pid, state, e);
}

/* x->pid is the process itself now, whoever joined for it. */
static int
on_ready (struct exec *x, struct err *e)
{
	const struct container_state *st = &x->c.st;

	TRY (rlimits_apply (x->pid, &x->plan.process, e));
	return st->rdt_clos ? rdt_enter (st->rdt_clos, x->c.id, st->rdt_owned, x->pid, e) : 0;
}

/* One message. Returns its type, or -1. The answer, where there is one, goes out last. */
static int
serve_one (struct exec *x, struct err *e)
{
	struct msg m;
	int fd = -1, type = chan_receive (&x->chan, ~0u, &m, &fd, e);

	switch (type) {
	case MSG_INIT_PID: TRY (on_init_pid (x, &m, fd, e)); break;
	case MSG_CONSOLE: TRY (on_console (x, &m, fd, e)); break;
	case MSG_READY: TRY (on_ready (x, e)); break;
	case MSG_SECCOMP_FD: TRY (on_seccomp_fd (x, fd, e)); break;
	default: return type;
	}
	if (msg_infos[type].reply != MSG_NONE)
		TRY (chan_send (&x->chan, msg_infos[type].reply, 0, NULL, e));
	return type;
}

/* Until the process runs. */
static int
serve (struct exec *x, unsigned *served, struct err *e)
{
	int type;

	do {
		TRY (type = serve_one (x, e));
		++*served;
	} while (type != MSG_DONE);
	TRY (report_receive (x->chan.fd, false, x->pidfd, x->c.dir_fd, e));
	chan_close (&x->chan);
	return 0;
}

/*
 * Its init is dead, or on the way: then setns says ESRCH, clone ENOMEM, or our child is killed with
 * the pid namespace. It is only readable as dead when everything below it is.
 */
static bool
is_ending (const struct join *j)
{
	uint64_t flags;

	return pidfd_wait (j->pidfd, 0) || proc_stat_field (j->pid, 9, &flags) < 0 ||
	       (flags & 0x4); /* PF_EXITING */
}

/* A child that does not run the program. If that could not be executed, its status is ours. */
static int
failed_child (struct exec *x)
{
	int status;

	chan_close (&x->chan);
	status = reap (x);
	if (status >= 0 && WIFEXITED (status) && WEXITSTATUS (status) >= 126)
		x->failure = WEXITSTATUS (status);
	return status;
}

/*
 * CLONE_INTO_CGROUP, and what may be in its way: a kernel that has no such flag, one that kills the
 * child at birth (launch.c knows), a cgroup that takes no process (admit knows).
 */
static int
run_child (struct exec *x, struct err *e)
{
	unsigned served = 0;
	int r = clone_child (x, x->cgroup.into_fd, e), status;

	if (r < 0 && x->pid == 0 && x->cgroup.into_fd >= 0)
		r = clone_child (x, -1, e);
	if (r == 0 && serve (x, &served, e) == 0)
		return 0;
	status = failed_child (x);
	if (is_ending (&x->init.join))
		return not_running (e);
	if (served > 0 || status < 0 || !WIFSIGNALED (status) || WTERMSIG (status) != SIGKILL)
		return -1;
	log_debug ("the process was killed at birth: once more, without CLONE_INTO_CGROUP");
	if (clone_child (x, -1, e) == 0 && serve (x, &served, e) == 0)
		return 0;
	(void) failed_child (x);
	return -1;
}

/* ---- while it runs ----------------------------------------------------------------------------
 */

static int
announce (struct exec *x, struct err *e)
{
	char text[16];
	int len = snprintf (text, sizeof text, "%d", (int) x->pid), r;

	if (x->pidfd_socket >= 0)
		TRY (sock_send_fd (x->pidfd_socket, "standard", 8, x->pidfd, e));
	if (!x->req.o->pid_file)
		return 0;
	r = file_replace_at (AT_FDCWD, x->req.o->pid_file, text, (size_t) len, 0644);
	return r < 0 ? err_set (e, -r, "write --pid-file '%s'", x->req.o->pid_file) : 0;
}

static int
foreground (struct exec *x, struct err *e)
{
	struct relay relay = { .pidfd = x->pidfd, .master = x->console_master, .extra_fd = -1 };
	int status;

	TRY (relay_run (&relay, x->signal_fd, e));
	status = reap (x);
	return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

static int
run (struct exec *x, const char *id, struct err *e)
{
	TRY (fds_check_preserved (x->req.o->preserve_fds, x->req.g->listen_fds, e));
	TRY (prepare (x, id, e));
	/* From here on signals are for the process. In a paused container it may take for ever to
	 * come, and they end us instead; what is left finds nobody who tells it to go on. */
	if (!x->req.o->detach && !x->paused)
		x->signal_fd = relay_block_signals ();
	TRY (run_child (x, e));
	if (!x->req.o->detach && x->paused)
		x->signal_fd = relay_block_signals ();
	TRY (audit_record (x->req.g, "exec", id, x->pid, e));
	x->recorded = true;
	TRY (announce (x, e));
	return x->req.o->detach ? 0 : foreground (x, e);
}

int
container_exec (const struct globals *g, const char *id, const struct exec_options *o,
		int *ret_failure, struct err *e)
{
	struct exec x = {
		.req = { .g = g, .o = o, .c = &x.c },
		.c = { .root_fd = -1, .dir_fd = -1 },
		.cgroup = { .into_fd = -1 },
		.chan = { .fd = -1 },
		.console_socket = -1,
		.pidfd_socket = -1,
		.console_master = -1,
		.signal_fd = -1,
		.pidfd = -1,
		.failure = 255,
	};
	int r;

	x.init = (struct init) {
		.arena = g->arena,
		.plan = &x.plan,
		.host = &x.req.host,
		.cgroup = &x.cgroup,
		.chan = { .fd = -1 },
		.preserve_fds = o->preserve_fds + g->listen_fds,
		.start_fd = -1,
		.report_fd = -1,
		.hook_output = { -1, -1 },
		.join = { .pidfd = -1, .root_fd = -1 },
	};
	TRY (audit_check (g, e));
	r = run (&x, id, e);
	if (r < 0 && !x.recorded)
		audit_record_failure (g, "exec", id);
	if (r < 0 && x.pidfd >= 0) {
		(void) sys_pidfd_send_signal (x.pidfd, SIGKILL);
		(void) reap (&x);
	}
	*ret_failure = x.failure;
	return r;
}
