/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/spawn.h"
#include "libocispec/arena.h"
#include "sys/clone.h"
#include "sys/syscalls.h"

/* Our ends of what the child's standard streams are connected to. */
struct streams {
	int input, output, error, failure;	/* failure: an errno, if the exec did not happen */
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
	int *all[] = { &s->input, &s->output, &s->error, &s->failure };

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

static int
open_streams (const struct spawn *p, struct streams *s)
{
	int fds[2], r;

	/* A socket, not a pipe: MSG_NOSIGNAL spares us SIGPIPE from programs that do not read their input. */
	if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	s->input = fds[0];
	s->child[0] = fds[1];
	r = open_pipe (&s->failure, &s->child_failure);
	if (r == 0 && p->output_max)
		r = open_pipe (&s->output, &s->child[1]);
	else if (r == 0)
		s->child[1] = p->stdout_fd >= 0 ? fcntl (p->stdout_fd, F_DUPFD_CLOEXEC, 3) : open ("/dev/null", O_WRONLY | O_CLOEXEC);
	if (r == 0 && p->stderr_fd < 0)
		r = open_pipe (&s->error, &s->child[2]);
	else if (r == 0)
		s->child[2] = fcntl (p->stderr_fd, F_DUPFD_CLOEXEC, 3);
	if (r == 0 && (s->child[1] < 0 || s->child[2] < 0))
		r = -errno;
	return r;
}

static _Noreturn void
child (const struct spawn *p, const struct streams *s, pid_t parent)
{
	const struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int saved;

	(void) prctl (PR_SET_PDEATHSIG, SIGKILL);
	if (getppid () != parent && getppid () != 0)	/* 0: the parent is in an outer pid namespace */
		_exit (127);
	(void) setpgid (0, 0);
	for (int sig = 1; sig < 65; sig++)
		(void) sigaction (sig, &dfl, NULL);
	sigemptyset (&none);
	(void) sigprocmask (SIG_SETMASK, &none, NULL);
	/* Every fd that we hold is CLOEXEC, and none of child[] is 0-2: no order of dup2 can overwrite one. */
	if (dup2 (s->child[0], 0) == 0 && dup2 (s->child[1], 1) == 1 && dup2 (s->child[2], 2) == 2
	    && (!p->cwd || chdir (p->cwd) == 0)) {
		(void) sys_close_range (3, ~0u, CLOSE_RANGE_CLOEXEC);
		execve (p->path, p->argv, p->envp);
	}
	saved = errno;
	(void) !write (s->child_failure, &saved, sizeof saved);
	_exit (127);
}

static int64_t
milliseconds (void)
{
	struct timespec ts;

	clock_gettime (CLOCK_MONOTONIC, &ts);
	return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
feed (struct streams *s, const struct spawn *p, size_t *sent)
{
	ssize_t n = send (s->input, (const char *) p->input + *sent, p->input_len - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		*sent += (size_t) n;
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || *sent == p->input_len)
		close (take_fd (&s->input));
}

static void
keep_tail (struct streams *s, struct spawn_result *r, size_t *len)
{
	char buf[2048];
	ssize_t n = read (s->error, buf, sizeof buf);
	size_t drop;

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close (take_fd (&s->error));
	if (n <= 0)
		return;
	drop = *len + (size_t) n > sizeof r->tail - 1 ? *len + (size_t) n - (sizeof r->tail - 1) : 0;
	memmove (r->tail, r->tail + drop, *len - drop);
	memcpy (r->tail + *len - drop, buf, (size_t) n);
	*len += (size_t) n - drop;
}

static void
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
}

/* Until the program has ended; what it leaves running does not hold us up. */
static void
serve (const struct spawn *p, struct streams *s, int pidfd, struct spawn_result *r)
{
	int64_t deadline = p->timeout_ms ? milliseconds () + p->timeout_ms : 0;
	size_t sent = 0, tail_len = 0;
	bool ended = false;

	if (p->input_len == 0)
		close (take_fd (&s->input));
	while (!ended) {
		struct pollfd f[4] = { { pidfd, POLLIN, 0 }, { s->input, POLLOUT, 0 }, { s->output, POLLIN, 0 }, { s->error, POLLIN, 0 } };
		int64_t left = deadline ? MAX (deadline - milliseconds (), 0) : -1;

		if (poll (f, 4, (int) left) < 0 && errno != EINTR)
			break;
		ended = f[0].revents;
		if (f[1].revents)
			feed (s, p, &sent);
		if (f[2].revents)
			keep_output (s, p, r);
		if (f[3].revents)
			keep_tail (s, r, &tail_len);
		if (!ended && deadline && milliseconds () >= deadline) {
			r->timed_out = true;
			break;
		}
	}
	while (ended && s->output >= 0 && r->output_len < p->output_max) {	/* what was written before the end */
		size_t before = r->output_len;

		keep_output (s, p, r);
		if (r->output_len == before)
			break;
	}
	if (ended && s->error >= 0)
		keep_tail (s, r, &tail_len);
	while (tail_len > 0 && r->tail[tail_len - 1] == '\n')
		tail_len--;
	r->tail[tail_len] = '\0';
}

static int
run (const struct spawn *p, struct streams *s, struct spawn_result *r, struct err *e)
{
	autofd pidfd = -1;
	struct clone_request req = { .exit_signal = SIGCHLD, .cgroup_fd = -1, .ret_pidfd = &pidfd };
	pid_t self = getpid ();
	int pid = sys_clone3_fork (&req), failure = 0;

	if (pid == 0)
		child (p, s, self);
	close_child_ends (s);
	for (int i = 0; i < 3; i++)
		s->child[i] = -1;
	s->child_failure = -1;
	if (pid < 0)
		return err_set (e, -pid, "clone for '%s'", p->path);
	serve (p, s, pidfd, r);
	if (r->timed_out)
		(void) kill (-pid, SIGKILL);	/* the whole group; it exists while its leader is not reaped */
	while (waitpid (pid, &r->status, 0) < 0)
		if (errno != EINTR)
			return err_set (e, errno, "wait for '%s'", p->path);
	if (!r->timed_out && read (s->failure, &failure, sizeof failure) == sizeof failure)
		return err_set (e, failure, "execute '%s'", p->path);
	return 0;
}

int
spawn_run (const struct spawn *p, struct spawn_result *ret, struct err *e)
{
	struct streams s = { -1, -1, -1, -1, { -1, -1, -1 }, -1 };
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
		snprintf (buf, size, "timed out after %u.%u s", s->timeout_ms / 1000, s->timeout_ms % 1000 / 100);
	else if (WIFSIGNALED (r->status))
		snprintf (buf, size, "killed by signal %d", WTERMSIG (r->status));
	else if (WEXITSTATUS (r->status) != 0)
		snprintf (buf, size, "exit status %d", WEXITSTATUS (r->status));
	return buf;
}
