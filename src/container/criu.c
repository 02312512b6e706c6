/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/sock.h"
#include "cgroup/cgroup.h"
#include "container/criu.h"
#include "container/interrupt.h"
#include "libocispec/arena.h"
#include "process/process.h"
#include "sys/clone.h"

#define RESPONSE_MAX 65536
#define LOG_MAX	     (4u << 20)

/* ---- writing ------------------------------------------------------------------------------------
 */

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static void
put (struct pb *b, const void *v, size_t n)
{
	if (b->n + n > b->size) {
		uint8_t *grown;

		b->size = MAX (2 * b->size, b->n + n + 256);
		grown = arena_alloc (b->arena, b->size);
		if (b->n)
			memcpy (grown, b->v, b->n);
		b->v = grown;
	}
	memcpy (b->v + b->n, v, n);
	b->n += n;
}

static void
put_varint (struct pb *b, uint64_t value)
{
	uint8_t bytes[10];
	size_t n = 0;

	do {
		bytes[n] = (uint8_t) (value & 0x7f);
		value >>= 7;
		bytes[n] |= value ? 0x80 : 0;
		n++;
	} while (value);
	put (b, bytes, n);
}

void
pb_int (struct pb *b, unsigned field, uint64_t value)
{
	put_varint (b, field << 3 | WIRE_VARINT);
	put_varint (b, value);
}

void
pb_bool (struct pb *b, unsigned field, bool value)
{
	if (value)
		pb_int (b, field, 1);
}

static void
put_bytes (struct pb *b, unsigned field, const void *v, size_t n)
{
	put_varint (b, field << 3 | WIRE_BYTES);
	put_varint (b, n);
	put (b, v, n);
}

void
pb_string (struct pb *b, unsigned field, const char *s)
{
	if (s)
		put_bytes (b, field, s, strlen (s));
}

void
pb_message (struct pb *b, unsigned field, const struct pb *inner)
{
	put_bytes (b, field, inner->v, inner->n);
}

void
pb_pair (struct pb *b, unsigned field, const char *first, const char *second)
{
	struct pb inner = { .arena = b->arena };

	pb_string (&inner, 1, first);
	pb_string (&inner, 2, second);
	pb_message (b, field, &inner);
}

void
pb_named_fd (struct pb *b, unsigned field, const char *key, int fd)
{
	struct pb inner = { .arena = b->arena };

	pb_string (&inner, 1, key);
	pb_int (&inner, 2, (uint64_t) fd);
	pb_message (b, field, &inner);
}

/* ---- reading */

struct reader {
	const uint8_t *v, *end;
	bool bad;
};

static uint64_t
get_varint (struct reader *r)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (r->v == r->end)
			break;
		value |= (uint64_t) (*r->v & 0x7f) << shift;
		if (!(*r->v++ & 0x80))
			return value;
	}
	r->bad = true;
	return 0;
}

struct field {
	unsigned number;
	uint64_t value;	     /* of a number */
	struct reader inner; /* of a string or a message */
};

/* The next field; false at the end, or where it is damaged. */
static bool
get_field (struct reader *r, struct field *f)
{
	uint64_t key, n = 0;

	if (r->v == r->end || r->bad)
		return false;
	key = get_varint (r);
	*f = (struct field) { .number = (unsigned) (key >> 3) };
	switch (key & 7) {
	case WIRE_VARINT: f->value = get_varint (r); return !r->bad;
	case WIRE_BYTES: n = get_varint (r); break;
	case WIRE_64: n = 8; break;
	case WIRE_32: n = 4; break;
	default: r->bad = true;
	}
	if (r->bad || n > (uint64_t) (r->end - r->v)) {
		r->bad = true;
		return false;
	}
	f->inner = (struct reader) { r->v, r->v + n, false };
	r->v += n;
	return true;
}

static const char *
text_of (struct arena *a, const struct field *f)
{
	return f->inner.v ? arena_strndup (a, (const char *) f->inner.v,
					   (size_t) (f->inner.end - f->inner.v))
			  : NULL;
}

static bool
parse_notify (struct arena *a, struct reader r, struct criu_response *ret)
{
	struct field f;

	ret->script = "";
	while (get_field (&r, &f)) {
		if (f.number == 1)
			ret->script = text_of (a, &f);
		else if (f.number == 2)
			ret->pid = (int32_t) f.value;
	}
	return !r.bad && ret->script;
}

static bool
parse_restore (struct reader r, struct criu_response *ret)
{
	struct field f;

	while (get_field (&r, &f))
		if (f.number == 1)
			ret->pid = (int32_t) f.value;
	return !r.bad;
}

/* criu_resp */
int
criu_parse (struct arena *a, const uint8_t *v, size_t n, struct criu_response *ret)
{
	struct reader r = { v, v + n, false };
	struct field f;

	*ret = (struct criu_response) { 0 };
	while (get_field (&r, &f)) {
		switch (f.number) {
		case 1: ret->type = f.value; break;
		case 2: ret->success = f.value; break;
		case 4: r.bad |= !parse_restore (f.inner, ret); break;
		case 5: r.bad |= !parse_notify (a, f.inner, ret); break;
		case 7: ret->cr_errno = (int32_t) f.value; break;
		case 9: ret->message = text_of (a, &f); break; /* may end with a line break */
		default: break;
		}
	}
	return r.bad || ret->type == 0 ? -EBADMSG : 0;
}

/* ---- the process */

static int
reopen (const char *path, int fd)
{
	autofd fresh = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fresh < 0 || dup2 (fresh, fd) < 0 ? -1 : 0;
}

/* criu takes its mount namespace as the outside of the container, and wants the root to be a mount.
 */
static int
own_mounts (const struct criu_session *s)
{
	if (unshare (CLONE_NEWNS) < 0 || mount (NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
	    mount (s->root, s->root, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    (s->readonly &&
	     mount (NULL, s->root, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0))
		return -1;
	return reopen (s->images_dir, s->images_fd) < 0 ? -1 : reopen (s->work_dir, s->work_fd);
}

enum {
	NO_CGROUP = 124,
	NO_MOUNTS = 125,
	NO_EXEC = 126,
	NOT_FOUND = 127
}; /* exit statuses before there is a criu */

/*
 * criu looks for the directories among the files of the process at the other end of its socket, as
 * the kernel names it (SO_PEERCRED): that is whoever made the pair. So it is made here, and our end
 * sent back.
 */
static _Noreturn void
become_criu (const struct criu_session *s, int control)
{
	char fd_text[12], *argv[] = { (char *) "criu", (char *) "swrk", fd_text, NULL };
	struct err ignored;
	int fds[2];

	(void) prctl (PR_SET_PDEATHSIG, SIGKILL);
	if (s->cgroup && cgroup_enter_self (s->cgroup, &ignored) < 0)
		_exit (NO_CGROUP);
	if (s->root && own_mounts (s) < 0)
		_exit (NO_MOUNTS);
	if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0 ||
	    sock_send_fd (control, "c", 1, fds[0], &ignored) < 0)
		_exit (NO_EXEC);
	close (fds[0]);
	snprintf (fd_text, sizeof fd_text, "%d", fds[1]);
	(void) fcntl (fds[1], F_SETFD, 0);
	(void) fcntl (s->images_fd, F_SETFD, 0);
	(void) fcntl (s->work_fd, F_SETFD, 0);
	for (size_t i = 0; i < s->n_keep; i++)
		(void) fcntl (s->keep[i], F_SETFD, 0);
	signals_reset (~0ull);
	if (!getenv ("PATH")) /* criu itself calls ip and iptables */
		(void) setenv ("PATH",
			       "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	execvp (argv[0], argv);
	_exit (errno == ENOENT ? NOT_FOUND : NO_EXEC);
}

/* *ret_sock: our end; -1 if it ended before there was one. */
static int
start (const struct criu_session *s, int *ret_sock, struct err *e)
{
	struct clone_request req = { .exit_signal = SIGCHLD,
				     .cgroup_fd = s->cgroup ? s->cgroup->into_fd : -1 };
	int fds[2], pid;
	char byte;

	if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_set (e, errno, "socketpair");
	pid = sys_clone3_fork (&req);
	if (pid == 0)
		become_criu (s, fds[1]);
	close (fds[1]);
	if (pid > 0)
		(void) sock_receive_fd (fds[0], &byte, 1, ret_sock);
	close (fds[0]);
	return pid < 0 ? err_set (e, -pid, "start criu") : pid;
}

static int
reap (pid_t pid)
{
	int status = 0;

	while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
}

/* ---- what went wrong */

/* The lines of criu's log that say "Error", as many of the last as fit. */
static const char *
log_errors (const struct criu_session *s)
{
	const char *path = arena_printf (s->arena, "%s/%s", s->work_dir, s->log), *out = "";
	struct err ignored;
	char *text, *line, *end;
	size_t len;

	if (read_file_at (s->arena, AT_FDCWD, path, LOG_MAX, &text, &len, &ignored) < 0)
		return "";
	for (line = text; *line; line = end) {
		end = line + strcspn (line, "\n");
		if (*end)
			*end++ = '\0';
		if (strstr (line, "Error") && strlen (out) + strlen (line) < 2000)
			out = arena_printf (s->arena, "%s%s%s", out, *out ? "; " : "", line);
	}
	return out;
}

static int
refused (const struct criu_session *s, const struct criu_response *r, struct err *e)
{
	const char *errors = log_errors (s);
	int len = r->message ? (int) strcspn (r->message, "\n") : 0;

	/* The log has what it said, and what led to it. */
	return err_set (e, r->cr_errno > 0 ? r->cr_errno : 0, "criu failed: %.*s (log: '%s/%s')",
			*errors ? (int) strlen (errors) : len,
			*errors	     ? errors
			: r->message ? r->message
				     : "",
			s->work_dir, s->log);
}

static int
ended (const struct criu_session *s, int status, struct err *e)
{
	if (status == NOT_FOUND)
		return err_set (e, 0, "the program criu is not installed, or not in $PATH");
	if (status >= NO_CGROUP && status <= NO_EXEC)
		return err_set (e, 0, "criu could not be started: %s",
				status == NO_CGROUP ? "it cannot enter the container's cgroup"
				: status == NO_MOUNTS
					? "no mount namespace for it, or no root in it"
					: "execve");
	const char *errors = log_errors (s);
	return err_set (e, 0, "criu ended with status %d and said nothing%s%s", status,
			*errors ? ": " : "", errors);
}

/* ---- the conversation */

static int
receive (const struct criu_session *s, int sock, struct criu_response *ret, int *ret_fd,
	 struct err *e)
{
	uint8_t *buf = arena_alloc (s->arena, RESPONSE_MAX);
	ssize_t n = sock_receive_fd (sock, buf, RESPONSE_MAX, ret_fd);

	if (n <= 0)
		return n < 0 && n != -ECONNRESET ? err_set (e, (int) -n, "receive from criu") : 0;
	if (criu_parse (s->arena, buf, (size_t) n, ret) < 0)
		return err_set (e, EBADMSG, "criu's answer is damaged");
	return 1;
}

static int
answer (const struct criu_session *s, int sock, struct err *e)
{
	struct pb req = { .arena = s->arena };

	pb_int (&req, 1, CRIU_NOTIFY);
	pb_bool (&req, 3, true); /* notify_success */
	return send (sock, req.v, req.n, MSG_NOSIGNAL) < 0 ? err_set (e, errno, "answer criu") : 0;
}

/* 1: the end was reached and *ret says how; 0: criu died. */
static int
converse (const struct criu_session *s, int sock, struct criu_response *ret, struct err *e)
{
	interrupt_channel (sock);
	for (;;) {
		int fd = -1, r = receive (s, sock, ret, &fd, e);

		if (r > 0 && ret->type == CRIU_NOTIFY && s->on_notify)
			r = s->on_notify (s->ctx, ret, fd, e) < 0 ? -1 : 1;
		else if (fd >= 0)
			close (fd);
		if (r <= 0)
			return r;
		if (ret->type != CRIU_NOTIFY)
			return 1;
		TRY (answer (s, sock, e));
	}
}

int
criu_run (const struct criu_session *s, enum criu_type type, const struct pb *opts,
	  struct criu_response *ret, struct err *e)
{
	struct pb req = { .arena = s->arena };
	autofd sock = -1;
	int pid, r, status;

	TRY (pid = start (s, &sock, e));
	r = s->on_start ? s->on_start (s->ctx, pid, e) : 0;
	pb_int (&req, 1, type);
	pb_message (&req, 2, opts);
	if (r == 0 && sock >= 0) {
		if (send (sock, req.v, req.n, MSG_NOSIGNAL) < 0 && errno != EPIPE &&
		    errno != ECONNRESET)
			r = err_set (e, errno, "send the request to criu");
		else
			r = converse (s, sock, ret, e);
	}
	interrupt_channel (-1);
	if (sock >= 0)
		close (take_fd (&sock)); /* it ends when we do not listen any more */
	status = reap (pid);
	if (r < 0)
		return -1;
	if (r == 0)
		return ended (s, status, e);
	return ret->success ? 0 : refused (s, ret, e);
}
