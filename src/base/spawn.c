/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "libocispec/arena.h"
#include "sys/clone.h"
#include "sys/syscalls.h"

/* Our ends of what the child's standard streams are connected to. */
struct failure {
	int num;
	enum { NO_EXEC, NO_CWD, NO_STREAMS } what;
};

struct streams {
	int output, error, failure; /* failure: a struct failure, if the exec did not happen */
	int child[3], child_failure;
};

static void
close_child_ends (struct streams *s)
{
	for (int i = 0; i < 3; i++)
		if (s->child[i] >= 0)
			close (s->child[i]);
	if (s->child_failure >= 0)
		close (s->child_failure);
}

static void
close_our_ends (struct streams *s)
{
	int *all[] = { &s->output, &s->error, &s->failure };

	for (size_t i = 0; i < ARRAY_SIZE (all); i++)
		if (*all[i] >= 0)
			close (take_fd (all[i]));
}

static int
open_pipe (int *ours, int *theirs)
{
	int fds[2];

	if (pipe2 (fds, O_CLOEXEC) < 0)
		return -errno;
	*ours = fds[0];
	*theirs = fds[1];
	return fcntl (fds[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

/*
 * The input in a memfd: no SIGPIPE from a program that does not read it, no matter how long it is,
 * and unlike with a socket /dev/stdin can be opened.
 */
static int
open_input (const struct spawn *p)
{
	int fd = sys_memfd_create ("stdin", MFD_CLOEXEC | MFD_NOEXEC_SEAL), r;

	if (fd == -EINVAL) /* Linux < 6.3 */
		fd = sys_memfd_create ("stdin", MFD_CLOEXEC);
	if (fd < 0)
		return fd;
	r = write_all (fd, p->input, p->input_len);
	if (r == 0 && lseek (fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		close (fd);
	return r < 0 ? r : fd;
}

/* A hook in the container sees the container's /dev: there may be no /dev/null, or something else
 * by that name. */
static int
open_null (int otherwise)
{
	int fd = open ("/dev/null", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat (fd, &st) == 0 && S_ISCHR (st.st_mode) && st.st_rdev == makedev (1, 3))
		return fd;
	if (fd >= 0)
		close (fd);
	return fcntl (otherwise, F_DUPFD_CLOEXEC, 3);
}

static int
open_streams (const struct spawn *p, struct streams *s)
{
	int r = s->child[0] = open_input (p);

	if (r >= 0)
		r = open_pipe (&s->failure, &s->child_failure);
	if (r == 0 && p->stderr_fd < 0)
		r = open_pipe (&s->error, &s->child[2]);
	else if (r == 0)
		s->child[2] = fcntl (p->stderr_fd, F_DUPFD_CLOEXEC, 3);
	if (r == 0 && p->output_max)
		r = open_pipe (&s->output, &s->child[1]);
	else if (r == 0)
		s->child[1] = p->stdout_fd >= 0 ? fcntl (p->stdout_fd, F_DUPFD_CLOEXEC, 3)
						: open_null (s->child[2]);
	if (r == 0 && (s->child[1] < 0 || s->child[2] < 0))
		r = -errno;
	return r;
}

/* What our caller left open for us is not for others. */
static void
others_close_on_exec (void)
{
	if (sys_close_range (3, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	/* Linux < 5.11 */
	for (int fd = 3; fd < 65536; fd++)
		(void) fcntl (fd, F_SETFD, FD_CLOEXEC);
}

static _Noreturn void
child (const struct spawn *p, const struct streams *s, pid_t parent)
{
	struct failure f = { 0, NO_STREAMS };
	sigset_t none;

	(void) prctl (PR_SET_PDEATHSIG, SIGKILL);
	if (getppid () != parent &&
	    getppid () != 0) /* 0: the parent is in an outer pid namespace */
		_exit (127);
	(void) setpgid (0, 0);
	sys_signals_default (~0ull);
	sigemptyset (&none);
	(void) sigprocmask (SIG_SETMASK, &none, NULL);
	/* Every fd that we hold is CLOEXEC, and none of child[] is 0-2: no order of dup2 can
	 * overwrite one. */
	if (dup2 (s->child[0], 0) == 0 && dup2 (s->child[1], 1) == 1 &&
	    dup2 (s->child[2], 2) == 2) {
		f.what = NO_CWD;
		if (!p->cwd || chdir (p->cwd) == 0) {
			f.what = NO_EXEC;
			others_close_on_exec ();
			execve (p->path, p->argv, p->envp);
		}
	}
	f.num = errno;
	(void) !write (s->child_failure, &f, sizeof f);
	_exit (127);
}

static int64_t
milliseconds (void)
{
	struct timespec ts;

	clock_gettime (CLOCK_MONOTONIC, &ts);
	return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Is there more? */
static bool
keep_tail (struct streams *s, struct spawn_result *r, size_t *len)
{
	char buf[2048];
	ssize_t n = read (s->error, buf, sizeof buf);
	size_t drop;

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close (take_fd (&s->error));
	if (n <= 0)
		return false;
	drop = *len + (size_t) n > sizeof r->tail - 1 ? *len + (size_t) n - (sizeof r->tail - 1)
						      : 0;
	memmove (r->tail, r->tail + drop, *len - drop);
	memcpy (r->tail + *len - drop, buf, (size_t) n);
	*len += (size_t) n - drop;
	return true;
}

static bool
keep_output (struct streams *s, const struct spawn *p, struct spawn_result *r)
{
	ssize_t n;

	if (!r->output)
		r->output = arena_alloc (p->arena, p->output_max + 1);
	n = read (s->output, r->output + r->output_len, p->output_max - r->output_len);
	if (n > 0)
		r->output_len += (size_t) n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close (take_fd (&s->output));
	return n > 0;
}

/* What the program wrote before its end; no more than a pipe holds, since what it left running may
 * go on writing. */
#define PIPE_MAX (1 << 20)

static void
drain (const struct spawn *p, struct streams *s, struct spawn_result *r, size_t *tail_len)
{
	while (s->output >= 0 && keep_output (s, p, r))
		;
	for (int i = 0; i < PIPE_MAX / 2048 && s->error >= 0 && keep_tail (s, r, tail_len); i++)
		;
	while (*tail_len > 0 && r->tail[*tail_len - 1] == '\n')
		(*tail_len)--;
	r->tail[*tail_len] = '\0';
}

/* Until the program has ended; what it leaves running does not hold us up. */
static void
serve (const struct spawn *p, struct streams *s, int pidfd, struct spawn_result *r)
{
	int64_t deadline = p->timeout_ms ? milliseconds () + p->timeout_ms : 0;
	size_t tail_len = 0;

	for (;;) {
		struct pollfd f[5] = { { pidfd, POLLIN, 0 },
				       { s->output, POLLIN, 0 },
				       { s->error, POLLIN, 0 },
				       { p->cancel_fd ? p->cancel_fd : -1, 0, 0 },
				       { p->signal_fd ? p->signal_fd : -1, POLLIN, 0 } };
		int64_t left = deadline ? MAX (deadline - milliseconds (), 0) : -1;

		if (poll (f, 5, (int) MIN (left, INT_MAX)) < 0 && errno != EINTR)
			break;
		if (f[1].revents)
			(void) keep_output (s, p, r);
		if (f[2].revents)
			(void) keep_tail (s, r, &tail_len);
		if (f[0].revents)
			break;
		if (f[3].revents || f[4].revents) {
			r->cancelled = true;
			break;
		}
		if (deadline && milliseconds () >= deadline) {
			r->timed_out = true;
			break;
		}
	}
	drain (p, s, r, &tail_len);
}

static int
explain (const struct spawn *p, const struct failure *f, struct err *e)
{
	if (f->what == NO_CWD)
		return err_set (e, f->num, "change to directory '%s' for '%s'", p->cwd, p->path);
	if (f->what == NO_STREAMS)
		return err_set (e, f->num, "connect the standard streams of '%s'", p->path);
	return err_set (e, f->num, "execute '%s'", p->path);
}

static int
run (const struct spawn *p, struct streams *s, struct spawn_result *r, struct err *e)
{
	autofd pidfd = -1;
	struct clone_request req = { .exit_signal = SIGCHLD, .cgroup_fd = -1, .ret_pidfd = &pidfd };
	struct failure failure;
	pid_t self = getpid ();
	int pid = sys_clone3_fork (&req);

	if (pid == 0)
		child (p, s, self);
	close_child_ends (s);
	for (int i = 0; i < 3; i++)
		s->child[i] = -1;
	s->child_failure = -1;
	if (pid < 0)
		return err_set (e, -pid, "clone for '%s'", p->path);
	serve (p, s, pidfd, r);
	if (r->timed_out || r->cancelled) {
		(void) kill (
			-pid,
			SIGKILL); /* the whole group; it exists while its leader is not reaped */
		(void) kill (pid, SIGKILL); /* which may have left it, or not have made it yet */
	}
	while (waitpid (pid, &r->status, 0) < 0)
		if (errno != EINTR)
			return err_set (e, errno, "wait for '%s'", p->path);
	if (!r->timed_out && !r->cancelled &&
	    read (s->failure, &failure, sizeof failure) == sizeof failure)
		return explain (p, &failure, e);
	return 0;
}

int
spawn_run (const struct spawn *p, struct spawn_result *ret, struct err *e)
{
	struct streams s = { -1, -1, -1, { -1, -1, -1 }, -1 };
	int r;

	*ret = (struct spawn_result) { .status = -1 };
	r = open_streams (p, &s);
	if (r < 0)
		r = err_set (e, -r, "open the standard streams of '%s'", p->path);
	else
		r = run (p, &s, ret, e);
	close_child_ends (&s);
	close_our_ends (&s);
	return r;
}

const char *
spawn_describe (const struct spawn *s, const struct spawn_result *r, char *buf, size_t size)
{
	buf[0] = '\0';
	if (r->timed_out)
		snprintf (buf, size, "timed out after %u.%u s", s->timeout_ms / 1000,
			  s->timeout_ms % 1000 / 100);
	else if (r->cancelled)
		snprintf (buf, size,
			  "ended early, since the container's init did or we were told to end");
	else if (WIFSIGNALED (r->status))
		snprintf (buf, size, "killed by signal %d", WTERMSIG (r->status));
	else if (WEXITSTATUS (r->status) != 0)
		snprintf (buf, size, "exit status %d", WEXITSTATUS (r->status));
	return buf;
}
