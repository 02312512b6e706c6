/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a finished container to the user's process; init and exec share it.
 *
 * The order of privilege: bounding set and ids while still capable; then exactly the asked
 * capabilities. Without no_new_privs, loading a filter needs CAP_SYS_ADMIN: it is then held until
 * the execve, so that the filter can come last and sees nothing of the set-up but one write and the
 * execve. Holding it gives the user's process nothing: execve computes its sets anew from the
 * bounding, inheritable and ambient ones (capabilities(7)).
 */
#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "hooks/hooks.h"
#include "init/init.h"
#include "libocispec/arena.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "process/process.h"
#include "security/selfexe.h"
#include "sys/syscalls.h"

/*
 * From here on nobody in a shared pid or user namespace may look into this process (CVE-2016-9962).
 * Not earlier than the id maps of a new user namespace are written, for which an unprivileged
 * runtime needs /proc/PID of its own child; but before the first namespace is joined.
 */
int
enter_hide (struct err *e)
{
	return prctl (PR_SET_DUMPABLE, 0) < 0 ? err_set (e, errno, "prctl PR_SET_DUMPABLE") : 0;
}

static void
log_through_channel (void *ctx, int level, const char *text)
{
	struct init *in = ctx;
	struct err ignored;

	if (in->chan.fd >= 0)
		(void) chan_send (&in->chan, MSG_LOG, level, text, &ignored);
}

void
enter_log_through_channel (struct init *in)
{
	log_set_sink (log_through_channel, in);
}

static int
set_labels (const struct process_plan *p, struct err *e)
{
	if (p->apparmor_profile)
		TRY (apparmor_set_exec (p->apparmor_profile, e));
	if (p->selinux_label)
		TRY (selinux_set_exec (p->selinux_label, e));
	return 0;
}

static int
set_scheduling (const struct process_plan *p, struct err *e)
{
	TRY (sched_apply (p, e));
	TRY (ioprio_apply (p, e));
	TRY (mempolicy_apply (p, e));
	return personality_apply (p, e);
}

/* sd_listen_fds(3): the descriptors are for the process of this number; the plan assumes 1. */
static void
correct_listen_pid (struct arena *a, char **env)
{
	for (; *env; env++)
		if (streq (*env, "LISTEN_PID=1"))
			*env = arena_printf (a, "LISTEN_PID=%d", (int) getpid ());
}

int
enter_oom_score (const struct init *in, pid_t pid, struct err *e)
{
	/* In a user namespace, also one that somebody made around us, it cannot be lowered. */
	bool lenient = (in->plan->ns.own & CLONE_NEWUSER) || in->host->in_userns;

	return oom_score_adj_apply (&in->plan->process, pid, lenient, e);
}

int
enter_keyring (const struct process_plan *p, struct err *e)
{
	if (!p->keyring)
		return 0;
	if (p->selinux_label)
		TRY (selinux_set_keycreate (p->selinux_label, e));
	TRY (keyring_join (p->keyring, e));
	return p->selinux_label ? selinux_set_keycreate (NULL, e) : 0;
}

int
enter_set_process (struct init *in, struct err *e)
{
	const struct process_plan *p = &in->plan->process;

	/* Before the limits: with few files /etc/passwd could not be opened any more. */
	in->env = p->needs_home ? env_add_home (in->arena, p->env, p->uid) : p->env;
	correct_listen_pid (in->arena, in->env);
	STEP ("standard streams", stdio_take_over (p->uid, e));
	STEP ("labels", set_labels (p, e));
	STEP ("scheduling", set_scheduling (p, e));
	return 0;
}

static void
report (const struct init *in, enum report_kind kind, const struct err *e)
{
	struct report r = { .kind = (char) kind };
	size_t len = offsetof (struct report, text);

	if (in->report_fd < 0)
		return;
	if (e) {
		r.num = e->num;
		memcpy (r.text, e->text, MIN ((size_t) e->len, sizeof r.text - 1));
		len += MIN ((size_t) e->len, sizeof r.text - 1) + 1;
	}
	(void) !write (in->report_fd, &r, len);
}

/* Filter with a listener: its fd must reach the agent while the runtime still listens, so it is
 * installed before DONE. */
static int
install_filter (struct init *in, struct err *e)
{
	autofd listener = -1;
	struct msg m;

	TRY (seccomp_install (&in->filter, &listener, e));
	if (listener < 0)
		return 0;
	TRY (chan_send_fd (&in->chan, MSG_SECCOMP_FD, 0, NULL, listener, e));
	return chan_receive (&in->chan, 1u << MSG_SECCOMP_DONE, &m, NULL, e) < 0 ? -1 : 0;
}

static int
wait_for_start (struct init *in, struct err *e)
{
	char byte;
	ssize_t n;

	do
		n = read (in->start_fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	/* run: the runtime is gone. create: cannot be, the FIFO is open for writing by ourselves.
	 */
	return err_set (e, n < 0 ? errno : 0, "wait for start");
}

static int
start_hooks (struct init *in, struct err *e)
{
	const struct hook_list *list = &in->plan->hooks[HOOK_START_CONTAINER];
	struct hook_context ctx = {
		.cwd = "/", .default_env = in->env, .output = in->hook_output, .cancel_fd = -1
	};

	if (list->n == 0)
		return 0;
	ctx.state_json = init_state_json (in->arena, in->plan, in->host->bundle, "created",
					  in->host_pid);
	return hooks_run (list, &ctx, e);
}

/* What a shell would say; exec passes it on. */
static int
cannot_execute (struct init *in, int r, const struct err *e)
{
	if (r < 0)
		in->failure = e->num == ENOENT ? 127 : 126;
	return r;
}

static int
enter_execute (struct init *in, const char *path, struct err *e)
{
	if (in->plan->process.builtin_init && in->join.pid == 0)
		STEP ("built-in init", reaper_split (in, e));
	if (in->filter.insns && !in->filter.notify)
		STEP ("seccomp", seccomp_install (&in->filter, NULL, e));
	report (in, REPORT_RUNNING, NULL);
	execve (path, in->plan->process.args, in->env);
	err_set (e, errno, "%s: exec '%s'",
		 errno == E2BIG ? "process.args, process.env" : "process.args[0]", path);
	return cannot_execute (in, -1, e);
}

/* Before a filter can forbid it. The channel is needed for a little longer, and closes itself at
 * the execve. */
static int
close_the_rest (struct init *in, struct err *e)
{
	const int keep[] = { in->chan.fd, in->start_fd, in->report_fd, in->hook_output[0],
			     in->hook_output[1] };

	procfs_forget ();
	return fds_close_rest (in->preserve_fds, keep, ARRAY_SIZE (keep)) < 0
		       ? err_set (e, errno, "close_range")
		       : 0;
}

int
enter_lose (struct init *in, struct err *e)
{
	if (in->plan->has_process)
		STEP ("bounding set",
		      caps_drop_bounding (&in->plan->process.caps, in->host->cap_last, e));
	return 0;
}

/* Everything that can fail for a reason of the configuration: still at create, so that create says
 * it. */
static int
enter_prepare (struct init *in, const char **ret_path, struct err *e)
{
	const struct process_plan *p = &in->plan->process;
	struct caps_plan held = p->caps;

	if (in->filter.insns && !p->no_new_privs) {
		held.permitted |= 1ull << CAP_SYS_ADMIN;
		held.effective |= 1ull << CAP_SYS_ADMIN;
	}
	if (p->no_new_privs && prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set (e, errno, "prctl PR_SET_NO_NEW_PRIVS");
	umask (p->umask);
	/* As root first (a directory that only root may enter was asked for by root's
	 * configuration), else as the user. */
	bool cwd_done = cwd_enter (p->cwd, in->join.pid == 0, e) == 0; /* exec makes no directory */
	STEP ("ids", creds_apply (p, e));
	if (!cwd_done)
		TRY (cwd_enter (p->cwd, false, e));
	STEP ("capabilities", caps_apply (&held, in->host->cap_last, e));
	/* As the user: x bits are the user's. */
	STEP ("process.args[0]",
	      cannot_execute (in, exec_lookup (in->arena, p->args, in->env, ret_path, e), e));
	signals_reset (in->ignored_signals);
	return 0;
}

static bool
outlives_runtime (const struct init *in)
{
	return in->start_fd >= 0 && in->report_fd != in->chan.fd;
}

bool
enter_hears_run_last (const struct init *in)
{
	return in->alone && outlives_runtime (in) && !in->filter.notify;
}

int
enter_user_process (struct init *in, struct err *e)
{
	const char *path = NULL;

	TRY (close_the_rest (in, e)); /* before a path of the configuration could lead to one */
	if (in->plan->has_process) {
		TRY (enter_prepare (in, &path, e));
		if (in->filter.insns && in->filter.notify)
			STEP ("seccomp", install_filter (in, e));
	}
	TRY (chan_send (&in->chan, MSG_DONE, 0, NULL, e));
	if (enter_hears_run_last (in))
		STEP ("wait for the runtime", chan_expect (&in->chan, MSG_RUN, NULL, e));
	if (outlives_runtime (in)) {
		chan_close (&in->chan);
		if (!in->filter.notify)
			selfexe_drop_pages (); /* not under a filter: it may kill */
	}
	if (in->start_fd >= 0) {
		TRY (wait_for_start (in, e));
		if (!in->plan->has_process)
			err_set (e, 0, "process: missing from config.json: nothing to start");
		else if (start_hooks (in, e) == 0)
			(void) enter_execute (in, path, e);
		report (in, REPORT_FAILED, e);
		_exit (1);
	}
	(void) enter_execute (in, path, e);
	report (in, REPORT_FAILED, e);
	_exit (in->failure);
}
