/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids, working directory, executable. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "libocispec/arena.h"
#include "plan/plan.h"
#include "process/process.h"
#include "sys/syscalls.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* A user namespace that was made without newgidmap: nobody inside may (user_namespaces(7)). */
static bool
groups_are_denied (void)
{
	autofd fd = procfs_open ("self/setgroups", O_RDONLY);
	char text[8] = "";

	return fd >= 0 && read (fd, text, sizeof text - 1) > 0 && startswith (text, "deny");
}

/* Always, also for an empty list: the caller's groups must not come along (CVE-2022-2989). */
static int
set_groups (const struct process_plan *p, struct err *e)
{
	int r = p->keep_groups ? 0 : sys_setgroups (p->n_groups, p->groups);

	if (r == -EPERM && p->n_groups == 0 && getgroups (0, NULL) == 0)
		return 0; /* none to drop: the right to is not missed */
	if (r == -EPERM && groups_are_denied ()) {
		if (p->n_groups)
			log_warn (
				"process.user.additionalGids: not set: setgroups(2) is denied in this user namespace");
		return 0;
	}
	return r < 0 ? err_set (e, -r, "process.user.additionalGids: set %zu groups", p->n_groups)
		     : 0;
}

int
creds_apply (const struct process_plan *p, struct err *e)
{
	int r;

	TRY (set_groups (p, e));
	r = sys_setresgid (p->gid, p->gid, p->gid);
	if (r < 0)
		return err_set (e, -r, "process.user.gid: set %u", p->gid);
	/* Capabilities outlive the change of ids (who stays 0 loses none), and are then set to
	 * exactly what was asked for. */
	if (p->uid != 0 && prctl (PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_set (e, errno, "prctl PR_SET_KEEPCAPS");
	r = sys_setresuid (p->uid, p->uid, p->uid);
	return r < 0 ? err_set (e, -r, "process.user.uid: set %u", p->uid) : 0;
}

/* getcwd of the kernel says "(unreachable)/…" for a directory outside of our root (CVE-2024-21626);
 * libc's hides that. */
static int
check_inside (const char *cwd, struct err *e)
{
	char where[PATH_MAX];
	int r = sys_getcwd (where, sizeof where);

	if (r < 0 || where[0] != '/')
		return err_set (e, r < 0 && r != -ENOENT ? -r : EPERM,
				"process.cwd: '%s' is outside of the container's root", cwd);
	return 0;
}

int
cwd_enter (const char *cwd, bool create, struct err *e)
{
	int r = chdir (cwd) < 0 ? -errno : 0;

	if (r == -ENOENT && create) {
		mode_t old = umask (0022);

		(void) make_directories (cwd,
					 0755); /* the chdir that follows says what went wrong */
		umask (old);
		r = chdir (cwd) < 0 ? -errno : 0;
	}
	if (r < 0)
		return err_set (e, -r, "process.cwd: chdir to '%s'", cwd);
	return check_inside (cwd, e);
}

/* ---- the executable */

/* 0, or why this file cannot be executed by the user that we are by now. */
static int
executable (const char *path)
{
	struct stat st;

	if (stat (path, &st) < 0)
		return errno;
	if (S_ISDIR (st.st_mode))
		return EISDIR;
	if (!S_ISREG (st.st_mode))
		return EACCES;
	/* Effective ids are ours; faccessat2 (Linux 5.8) asks the kernel, access asks with the real
	 * ids, which are the same. */
	return access (path, X_OK) < 0 ? errno : 0;
}

static const char *
path_of_environment (char *const *env)
{
	for (; *env; env++)
		if (startswith (*env, "PATH="))
			return *env + 5;
	return DEFAULT_PATH;
}

static int
search (struct arena *a, const char *name, const char *path, const char **ret, struct err *e)
{
	const char *found = NULL;
	int why = ENOENT;

	while (found == NULL) {
		size_t n = strcspn (path, ":");
		char *candidate = arena_printf (a, "%.*s%s%s", (int) n, path, n ? "/" : "./", name);
		int r = executable (candidate);

		if (r == 0) {
			*ret = candidate;
			return 0;
		}
		/* execvp(3): a file without the right to execute it is remembered, the search goes
		 * on. */
		if (r == EACCES)
			why = EACCES;
		if (path[n] == '\0')
			break;
		path += n + 1;
	}
	if (why == EACCES)
		return err_set (e, EACCES, "exec '%s'", name);
	return err_set (e, ENOENT, "exec '%s': executable file not found in $PATH", name);
}

int
exec_lookup (struct arena *a, char *const *args, char *const *env, const char **ret, struct err *e)
{
	int r;

	if (!strchr (args[0], '/'))
		return search (a, args[0], path_of_environment (env), ret, e);
	r = executable (args[0]);
	/* What execve(2) would say, too: docker's client of before 23 knows only those words. */
	if (r == EISDIR)
		return err_set (e, EACCES, "exec '%s': is a directory", args[0]);
	if (r)
		return err_set (e, r, "exec '%s'", args[0]);
	*ret = args[0];
	return 0;
}

/* ---- files, signals */

static int
close_range_or_walk (unsigned first, unsigned last)
{
	int r = first > last ? 0 : sys_close_range (first, last, 0);

	if (r != -ENOSYS && r != -EPERM)
		return r;
	/* Linux < 5.9, or a seccomp profile that is older */
	for (unsigned fd = first; fd <= MIN (last, 65535u); fd++)
		close ((int) fd);
	return 0;
}

static bool
is_kept (int fd, const int *keep, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (keep[i] == fd)
			return true;
	return false;
}

/* What came to us through an execve has no FD_CLOEXEC; all that we opened has, and may have filled
 * a hole among the former. */
static void
close_own (unsigned end, const int *keep, size_t n)
{
	for (unsigned fd = 3; fd < end; fd++) {
		int flags = fcntl ((int) fd, F_GETFD);

		if (flags >= 0 && (flags & FD_CLOEXEC) && !is_kept ((int) fd, keep, n))
			close ((int) fd);
	}
}

int
fds_close_rest (unsigned preserve, const int *keep, size_t n)
{
	unsigned first = 3 + preserve;

	close_own (first, keep, n);
	for (;;) {
		unsigned next = ~0u;

		for (size_t i = 0; i < n; i++)
			if (keep[i] >= 0 && (unsigned) keep[i] >= first &&
			    (unsigned) keep[i] < next)
				next = (unsigned) keep[i];
		if (next == ~0u)
			return close_range_or_walk (first, ~0u);
		TRY (close_range_or_walk (first, next - 1));
		first = next + 1;
	}
}

int
fds_check_preserved (unsigned preserve, unsigned listen, struct err *e)
{
	unsigned long long all = (unsigned long long) preserve + listen;
	struct rlimit limit;

	if (all > 0 && getrlimit (RLIMIT_NOFILE, &limit) == 0 && all > limit.rlim_cur)
		return err_set (
			e, EBADF,
			"--preserve-fds, LISTEN_FDS: %llu file descriptors, and %llu can be open",
			all, (unsigned long long) limit.rlim_cur);
	return 0;
}

void
signals_reset (uint64_t ignored)
{
	sigset_t none;

	/* execve and CLONE_CLEAR_SIGHAND reset handlers but not what is ignored, and it is the
	 * caller that ignores (conmon: SIGPIPE). */
	sys_signals_default (ignored);
	sigemptyset (&none);
	(void) sigprocmask (SIG_SETMASK, &none, NULL);
}
