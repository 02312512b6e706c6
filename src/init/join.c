/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exec: from the runtime's clone into a container that runs, and to the user's process.
 *
 * The process that is cloned by the runtime does the joining, outside of the container's pid
 * namespace, where nobody in the container sees it; the user's process is cloned by it when there
 * is nothing left of the host in it: no root directory, no file, no privilege over the host
 * (CVE-2016-9962). One process less would do, if the runtime itself joined or if the child did
 * after its birth: but then the runtime could no longer raise limits or write the pid file, or a
 * container with CAP_SYS_PTRACE had a glimpse of the host's root.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "cgroup/cgroup.h"
#include "init/init.h"
#include "plan/plan.h"
#include "process/process.h"
#include "sys/clone.h"
#include "sys/syscalls.h"
#include "terminal/terminal.h"

/* Linux < 5.8 takes no pidfd: one by one. */
static int
join_each (struct init *in, struct err *e)
{
	static const struct {
		uint64_t type;
		const char *file;
	} kinds[] = {
		{ CLONE_NEWUSER, "user" }, { CLONE_NEWPID, "pid" },	  { CLONE_NEWTIME, "time" },
		{ CLONE_NEWNET, "net" },   { CLONE_NEWIPC, "ipc" },	  { CLONE_NEWUTS, "uts" },
		{ CLONE_NEWNS, "mnt" },	   { CLONE_NEWCGROUP, "cgroup" },
	};
	struct ns_fds fds = { .n = 0 };
	char paths[ARRAY_SIZE (kinds)][40];

	for (size_t i = 0; i < ARRAY_SIZE (kinds); i++) {
		if (!(in->join.types & kinds[i].type))
			continue;
		snprintf (paths[i], sizeof paths[i], "%d/ns/%s", (int) in->join.pid, kinds[i].file);
		fds.v[fds.n].type = kinds[i].type;
		fds.v[fds.n].path = paths[i];
		fds.v[fds.n].fd = procfs_open_ns (paths[i]);
		if (fds.v[fds.n].fd < 0)
			return err_set (e, -fds.v[fds.n].fd, "open `/proc/%s`", paths[i]);
		fds.n++;
	}
	procfs_forget ();
	TRY (ns_join (&fds, ~0ull, false, e));
	for (unsigned i = 0; i < fds.n; i++)
		close (fds.v[i].fd);
	return 0;
}

static int
join_namespaces (struct init *in, struct err *e)
{
	if (!in->join.types || setns (in->join.pidfd, (int) in->join.types) == 0)
		return 0;
	return errno == EINVAL ? join_each (in, e) : err_set (e, errno, "setns");
}

static bool
is_root (int fd)
{
	struct sys_statx have, want;

	/* The mount as well (Linux 5.8): "/" of a bind mount is the same inode elsewhere. */
	return sys_statx (AT_FDCWD, "/", 0, STATX_MNT_ID, &have) == 0 &&
	       sys_statx (fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &want) == 0 &&
	       have.stx_ino == want.stx_ino && have.stx_dev_major == want.stx_dev_major &&
	       have.stx_dev_minor == want.stx_dev_minor &&
	       ((have.stx_mask & want.stx_mask & STATX_MNT_ID) == 0 ||
		have.stx_mnt_id == want.stx_mnt_id);
}

/*
 * setns leads to the root of the mount namespace, which need not be the container's: it may have
 * been made by chroot, or share the mount namespace with a host that is in a chroot itself.
 */
static int
enter_root (struct init *in, struct err *e)
{
	if (!is_root (in->join.root_fd) &&
	    (fchdir (in->join.root_fd) < 0 || chroot (".") < 0 || !is_root (in->join.root_fd)))
		return err_set (e, errno, "change to the container's root");
	return chdir ("/") < 0 ? err_set (e, errno, "chdir to the container's root") : 0;
}

/* Nothing that the container may not have crosses the border: no file of the host, no procfs. */
static int
leave_files (struct init *in, struct err *e)
{
	const int keep[] = { in->chan.fd, in->join.pidfd, in->join.root_fd };

	procfs_forget ();
	if (in->plan->process.terminal)
		TRY (stdio_null (e)); /* the caller's terminal is not for the container */
	return fds_close_rest (in->preserve_fds, keep, ARRAY_SIZE (keep)) < 0
		       ? err_set (e, errno, "close_range")
		       : 0;
}

static int
set_affinity (const struct process_plan *p, struct err *e)
{
	/* That of the caller, or the one for joining, is no business of the process's. */
	return p->affinity_final.n_words ? affinity_apply (p, true, e) : affinity_reset (e);
}

static int
open_console (struct init *in, struct err *e)
{
	const struct process_plan *p = &in->plan->process;
	struct pty pty;

	TRY (pty_open (&pty, p->console_rows, p->console_cols, p->uid, e));
	TRY (chan_send_fd (&in->chan, MSG_CONSOLE, 0, pty.name, pty.master, e));
	close (pty.master);
	return pty_become (pty.slave, e);
}

/* In the container: everything is its own. */
static int
be_process (struct init *in, struct err *e)
{
	const struct process_plan *p = &in->plan->process;

	if (setsid () < 0)
		return err_set (e, errno, "setsid");
	STEP ("session keyring", enter_keyring (p, e));
	if (p->terminal)
		STEP ("console", open_console (in, e));
	TRY (enter_set_process (in, e));
	if (in->alone) {
		TRY (enter_lose (in, e));
		TRY (rlimits_apply (0, p, e));
	} else {
		STEP ("hand over", chan_send (&in->chan, MSG_READY, 0, NULL, e));
		TRY (enter_lose (in, e));
		STEP ("wait for the runtime", /* for its limits */
		      chan_expect (&in->chan, MSG_RUN, NULL, e));
	}
	return enter_user_process (in, e);
}

/* 0 in the process that is done, -1 with e; the user's process does not return. */
static int
clone_process (struct init *in, struct err *e)
{
	struct clone_request req = {
		.flags = CLONE_PARENT, /* the runtime's child */
		.cgroup_fd = -1,
	};
	autofd pidfd = -1;
	int pid;

	req.ret_pidfd = &pidfd;
	pid = sys_clone3_fork (&req);
	if (pid < 0)
		return err_set (e, -pid, "clone the process into the container");
	if (pid > 0)
		return chan_send_fd (&in->chan, MSG_INIT_PID, pid, NULL, pidfd, e);
	STEP ("wait for the runtime", chan_expect (&in->chan, MSG_GO, &in->host_pid, e));
	return be_process (in, e);
}

static int
join_run (struct init *in, struct err *e)
{
	const struct plan *p = in->plan;

	STEP ("wait for the runtime", chan_expect (&in->chan, MSG_GO, &in->host_pid, e));
	STEP ("enter the cgroup", cgroup_enter_self (in->cgroup, e)); /* before its namespace */
	STEP ("cpu affinity", set_affinity (&p->process, e)); /* after it: it brings a cpuset */
	STEP ("oom_score_adj", enter_oom_score (in, 0, e));   /* host's procfs */
	STEP ("hide from others", enter_hide (e));
	STEP ("close files", leave_files (in, e));
	STEP ("join namespaces", join_namespaces (in, e));
	STEP ("root", enter_root (in, e));
	close (take_fd (&in->join.pidfd));
	close (take_fd (&in->join.root_fd));
	if (in->join.types & CLONE_NEWUSER)
		STEP ("become root of the user namespace", userns_become_root (&p->userns, e));
	/* A process cannot change its own pid namespace. */
	return in->join.types & CLONE_NEWPID ? clone_process (in, e) : be_process (in, e);
}

_Noreturn void
join_main (struct init *in)
{
	enter_log_through_channel (in);
	in->failure = 1;
	if (join_run (in, in->err) == 0)
		_exit (0);
	chan_send_error (&in->chan, in->err);
	_exit (in->failure);
}
