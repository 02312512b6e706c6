/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The built-in init (run --init, annotation run.oci.init): pid 1 stays ours, and the user's process
 * becomes its child. It passes signals on, reaps what is orphaned, and ends as the process has
 * ended.
 *
 * It is a fork, not another program: the image needs none, and /proc/1/exe is the sealed memfd of
 * ours (security/selfexe.h). It keeps no file but the standard streams, no capability that the
 * process has not, and is under the same filter; it is not dumpable, so nobody without
 * CAP_SYS_PTRACE can look into what is left of the runtime's memory.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "init/init.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "process/process.h"
#include "sys/clone.h"

#define NAME "coracle-init"

/* The process is to be what job control deals with: ^C goes to it alone, once. */
static void
lead_the_terminal (const struct process_plan *p)
{
	(void) setpgid (0, 0);
	if (p->terminal)
		(void) tcsetpgrp (0, getpid ());
}

/* What `ps` shows in the container are paths of the host, otherwise. */
static void
forget_arguments (char **argv)
{
	size_t room = argv && argv[0] ? strlen (argv[0]) : 0;

	(void) prctl (PR_SET_NAME, NAME);
	for (char **a = argv; a && *a; a++)
		memset (*a, 0, strlen (*a));
	if (room)
		memcpy (argv[0], NAME, MIN (sizeof NAME - 1, room));
}

static int
code_of (int status)
{
	return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

/* All that have ended; 1 if the process is one of them. */
static int
reap (pid_t process, int *ret_code)
{
	int status, found = 0;
	pid_t pid;

	while ((pid = waitpid (-1, &status, WNOHANG)) > 0)
		if (pid == process) {
			*ret_code = code_of (status);
			found = 1;
		}
	return found;
}

_Noreturn static void
serve (pid_t process, const sigset_t *all)
{
	int code = 0;

	for (;;) {
		int sig = sigwaitinfo (all, NULL);

		if (sig == SIGCHLD && reap (process, &code))
			_exit (code); /* with pid 1 ends all that is left */
		if (sig > 0 && sig != SIGCHLD)
			(void) kill (process, sig);
	}
}

/* As little as the process may. no_new_privs costs one that executes nothing nothing, and lets it
 * load the filter last. */
static int
confine (const struct init *in, struct err *e)
{
	if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set (e, errno, "prctl PR_SET_NO_NEW_PRIVS");
	TRY (caps_apply (&in->plan->process.caps, in->host->cap_last, e));
	return in->filter.notify ? 0 : seccomp_install (&in->filter, NULL, e);
}

int
reaper_split (struct init *in, struct err *e)
{
	const struct process_plan *p = &in->plan->process;
	struct clone_request req = { .exit_signal = SIGCHLD, .cgroup_fd = -1 };
	sigset_t all, before;
	int pid;

	sigfillset (&all);
	(void) sigprocmask (SIG_BLOCK, &all, &before);
	pid = sys_clone3_fork (&req);
	if (pid < 0)
		return err_set (e, -pid, "clone the process below the built-in init");
	if (pid == 0) {
		lead_the_terminal (p);
		(void) sigprocmask (SIG_SETMASK, &before, NULL);
		return 0;
	}
	/* Orphans are for pid 1, or whoever is asked for them in a pid namespace of others. */
	(void) prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	in->chan.fd = in->start_fd = in->report_fd =
		-1; /* closed: what is said now is the child's */
	(void) fds_close_rest (0, NULL, 0);
	forget_arguments (in->argv);
	if (confine (in, e) < 0) {
		(void) kill (pid, SIGKILL);
		_exit (1);
	}
	serve (pid, &all);
}
