/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "base/sock.h"
#include "base/str.h"
#include "cgroup/systemd_bus.h"

#define SYSTEM_BUS    "/run/dbus/system_bus_socket"
#define SYSTEM_DIRECT "/run/systemd/private"
/* For one answer, or the end of one job: far beyond what a loaded machine needs. */
#ifdef UNIT_TEST
#define WAIT_SECONDS 5
#else
#define WAIT_SECONDS 30
#endif
#define LINE_SIZE 256

#define MANAGER		  "org.freedesktop.systemd1"
#define MANAGER_PATH	  "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"
#define BUS		  "org.freedesktop.DBus"
#define BUS_PATH	  "/org/freedesktop/DBus"

/* ---- bytes */

static int64_t
now_ms (void)
{
	struct timespec ts;

	clock_gettime (CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

static int
send_bytes (struct bus *b, const char *buf, size_t len, struct err *e)
{
	while (len > 0) {
		ssize_t n = send (b->fd, buf, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set (e, errno, "write to '%s'", b->where);
		buf += n;
		len -= (size_t) n;
	}
	return 0;
}

/* More bytes, at the end of b->in. */
static int
receive_bytes (struct bus *b, int64_t deadline, struct err *e)
{
	struct pollfd p = { b->fd, POLLIN, 0 };
	ssize_t n;
	int r;

	if (b->in_len == b->in_size) {
		size_t size = 2 * b->in_size + 4096;
		char *buf = arena_alloc (b->arena, size);

		if (b->in_len)
			memcpy (buf, b->in, b->in_len);
		b->in = buf;
		b->in_size = size;
	}
	do {
		r = poll (&p, 1, (int) MAX (deadline - now_ms (), 0));
		if (r == 0)
			return err_set (e, 0, "'%s': no answer within %d s", b->where,
					WAIT_SECONDS);
		n = r < 0 ? -1 : recv (b->fd, b->in + b->in_len, b->in_size - b->in_len, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set (e, errno, "read from '%s'", b->where);
	if (n == 0)
		return err_set (e, 0, "'%s': the other end hung up", b->where);
	b->in_len += (size_t) n;
	return 0;
}

static void
drop_handled (struct bus *b)
{
	if (b->handled)
		memmove (b->in, b->in + b->handled, b->in_len - b->handled);
	b->in_len -= b->handled;
	b->handled = 0;
}

/* ---- connecting */

/* One line of the authentication, without its "\r\n". */
static int
receive_line (struct bus *b, char line[LINE_SIZE], int64_t deadline, struct err *e)
{
	char *end;
	size_t n;

	drop_handled (b);
	while (!(end = b->in_len ? memmem (b->in, b->in_len, "\r\n", 2) : NULL)) {
		if (b->in_len >= LINE_SIZE)
			return err_set (e, 0, "'%s': this is no D-Bus", b->where);
		TRY (receive_bytes (b, deadline, e));
	}
	n = (size_t) (end - b->in);
	if (n >= LINE_SIZE)
		return err_set (e, 0, "'%s': this is no D-Bus", b->where);
	memcpy (line, b->in, n);
	line[n] = '\0';
	b->handled = n + 2;
	return 0;
}

/*
 * EXTERNAL without saying who: the other end takes what the kernel tells of us. Our own number
 * would be wrong in a user namespace. All in one go, as sd-bus does it: nothing depends on the
 * answers.
 */
static int
authenticate (struct bus *b, struct err *e)
{
	static const char hello[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
	static const char *const expected[] = { "DATA", "OK " };
	int64_t deadline = now_ms () + WAIT_SECONDS * 1000;
	char line[LINE_SIZE];

	TRY (send_bytes (b, hello, sizeof hello - 1, e));
	for (size_t i = 0; i < ARRAY_SIZE (expected); i++) {
		TRY (receive_line (b, line, deadline, e));
		if (!startswith (line, expected[i]))
			return err_set (e, 0, "'%s' does not let us in: '%s'", b->where, line);
	}
	return 0;
}

static int
hex (char c)
{
	return c >= '0' && c <= '9'		    ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						    : -1;
}

/* "unix:path=/run/a%20b,guid=…;tcp:…": the first path, unescaped. NULL: there is none. */
static const char *
address_path (struct arena *a, const char *address)
{
	const char *s = strstr (address, "unix:path=");
	char *out, *to;

	if (!s)
		return NULL;
	s += strlen ("unix:path=");
	out = to = arena_alloc (a, strlen (s) + 1);
	for (; *s && *s != ',' && *s != ';'; s++)
		if (s[0] == '%' && hex (s[1]) >= 0 && hex (s[2]) >= 0) {
			*to++ = (char) (hex (s[1]) << 4 | hex (s[2]));
			s += 2;
		} else {
			*to++ = *s;
		}
	return out;
}

static int
open_address (struct bus *b, const char *variable, const char *address, struct err *e)
{
	b->where = address_path (b->arena, address);
	if (!b->where)
		return err_set (e, 0, "%s: '%s' has no unix:path=, and nothing else is understood",
				variable, address);
	b->fd = sock_connect (b->where, e);
	if (b->fd < 0 && (e->num == ENOENT || e->num == ECONNREFUSED))
		return err_set (e, 0, "nothing listens at '%s', where %s points to", b->where,
				variable);
	return b->fd < 0 ? -1 : 0;
}

/* The bus, else systemd itself. "No such file" would be taken for a missing executable. */
static int
open_either (struct bus *b, const char *bus, const char *direct, struct err *e)
{
	b->where = bus;
	b->fd = sock_connect (bus, e);
	if (b->fd < 0 && (e->num == ENOENT || e->num == ECONNREFUSED)) {
		b->where = direct;
		b->direct = true;
		b->fd = sock_connect (direct, e);
	}
	if (b->fd < 0 && (e->num == ENOENT || e->num == ECONNREFUSED))
		return err_set (e, 0,
				"nothing listens at '%s' or '%s': systemd does not run, or has no "
				"session for this user; use --cgroup-manager=cgroupfs, or "
				"loginctl enable-linger",
				bus, direct);
	return b->fd < 0 ? -1 : 0;
}

static int
connect_to (struct bus *b, bool user, struct err *e)
{
	const char *variable = user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS";
	const char *address = getenv (variable), *dir = getenv ("XDG_RUNTIME_DIR");

	if (address && *address)
		return open_address (b, variable, address, e);
	if (!user)
		return open_either (b, SYSTEM_BUS, SYSTEM_DIRECT, e);
	if (!dir || !*dir)
		return err_set (e, 0,
				"neither XDG_RUNTIME_DIR nor DBUS_SESSION_BUS_ADDRESS is set: "
				"there is no session of a user to ask systemd in; use "
				"--cgroup-manager=cgroupfs, or loginctl enable-linger");
	return open_either (b, arena_printf (b->arena, "%s/bus", dir),
			    arena_printf (b->arena, "%s/systemd/private", dir), e);
}

bool
bus_is_user (void)
{
	if (geteuid () != 0)
		return true;
	/* Root of a container that has a systemd of its own, or podman's user? The user has one. */
	return proc_in_userns () &&
	       (getenv ("XDG_RUNTIME_DIR") || getenv ("DBUS_SESSION_BUS_ADDRESS"));
}

void
bus_close (struct bus *b)
{
	if (b->fd >= 0)
		close (take_fd (&b->fd));
}

/* ---- messages */

static int
send_message (struct bus *b, struct dbus_message *m, const struct dbus_out *body, struct err *e)
{
	struct dbus_out out = { .arena = b->arena };

	m->type = DBUS_CALL;
	m->serial = ++b->serial;
	if (body) {
		m->body = body->buf;
		m->body_len = body->len;
	}
	if (b->direct)
		m->destination = NULL;
	dbus_put_message (&out, m);
	return send_bytes (b, out.buf, out.len, e);
}

static int
receive_message (struct bus *b, int64_t deadline, struct dbus_message *m, struct err *e)
{
	long n;

	drop_handled (b);
	while ((n = dbus_message_length (b->in, b->in_len)) >= 0) {
		if (n > 0 && (size_t) n <= b->in_len) {
			b->handled = (size_t) n;
			if (dbus_message_parse (b->in, (size_t) n, m))
				return 0;
			break;
		}
		TRY (receive_bytes (b, deadline, e));
	}
	return err_set (e, 0, "'%s': a message that makes no sense", b->where);
}

/* A signal is for us only if it tells the end of a job. */
static void
keep_job (struct bus *b, const struct dbus_message *m)
{
	struct dbus_in in = dbus_body (m, "uoss");
	const char *job, *result;

	if (m->type != DBUS_SIGNAL || !streq (m->member ? m->member : "", "JobRemoved"))
		return;
	(void) dbus_get_u32 (&in);
	job = dbus_get_string (&in);
	(void) dbus_get_string (&in); /* the unit */
	result = dbus_get_string (&in);
	if (in.failed)
		return;
	VEC_PUSH (b->arena, b->jobs,
		  ((struct bus_job) { arena_strdup (b->arena, job),
				      arena_strdup (b->arena, result) }));
}

static void
read_error (struct bus *b, struct bus_reply *r)
{
	const struct dbus_message *m = &r->message;
	struct dbus_in in = { .buf = m->body, .len = m->body_len, .swapped = m->swapped };

	r->error = arena_strdup (b->arena, m->error_name ? m->error_name : "");
	/* By convention the first of an error's arguments is text for people. */
	r->text = m->signature && m->signature[0] == 's' ? dbus_get_string (&in) : "";
	r->text = arena_strdup (b->arena, in.failed ? "" : r->text);
}

static int
wait_reply (struct bus *b, uint32_t serial, struct bus_reply *ret, struct err *e)
{
	int64_t deadline = now_ms () + WAIT_SECONDS * 1000;
	struct dbus_message *m = &ret->message;

	*ret = (struct bus_reply) { .error = NULL };
	do {
		TRY (receive_message (b, deadline, m, e));
		keep_job (b, m);
	} while ((m->type != DBUS_RETURN && m->type != DBUS_ERROR) || m->reply_serial != serial);
	if (m->type == DBUS_RETURN)
		return 1;
	read_error (b, ret);
	return 0;
}

/* Not with NO_AUTO_START: a user's bus that we have just started then waits for its systemd. */
static struct dbus_message
manager_call (const char *method, const char *signature)
{
	return (struct dbus_message) {
		.destination = MANAGER,
		.path = MANAGER_PATH,
		.interface = MANAGER_INTERFACE,
		.member = method,
		.signature = signature,
	};
}

int
bus_try_call (struct bus *b, const char *method, const char *signature, const struct dbus_out *body,
	      struct bus_reply *ret, struct err *e)
{
	struct dbus_message m = manager_call (method, signature);

	TRY (send_message (b, &m, body, e));
	return wait_reply (b, m.serial, ret, e);
}

int
bus_tell (struct bus *b, const char *method, const char *signature, const struct dbus_out *body,
	  struct err *e)
{
	struct dbus_message m = manager_call (method, signature);

	m.flags = DBUS_NO_REPLY;
	return send_message (b, &m, body, e);
}

/* The first words to a bus. systemd's own socket knows no greeting. */
static int
greet (struct bus *b, struct err *e)
{
	struct dbus_message m = {
		.destination = BUS, .path = BUS_PATH, .interface = BUS, .member = "Hello"
	};
	struct bus_reply reply;
	int r;

	TRY (authenticate (b, e));
	if (b->direct)
		return 0;
	TRY (send_message (b, &m, NULL, e));
	TRY (r = wait_reply (b, m.serial, &reply, e));
	return r > 0 ? 0 : err_set (e, 0, "'%s': %s (%s)", b->where, reply.text, reply.error);
}

int
bus_open (struct arena *a, bool user, struct bus *b, struct err *e)
{
	*b = (struct bus) { .arena = a, .fd = -1 };
	if (connect_to (b, user, e) == 0 && greet (b, e) == 0)
		return 0;
	bus_close (b);
	return -1;
}

/* ---- jobs */

int
bus_watch_jobs (struct bus *b, const char *unit, struct err *e)
{
	struct dbus_message m = {
		.flags = DBUS_NO_REPLY,
		.destination = BUS,
		.path = BUS_PATH,
		.interface = BUS,
		.member = "AddMatch",
		.signature = "s",
	};
	struct dbus_out body = { .arena = b->arena };

	if (b->direct)
		return 0;
	dbus_put_string (&body,
			 arena_printf (b->arena,
				       "type='signal',sender='" MANAGER "',path='" MANAGER_PATH
				       "',interface='" MANAGER_INTERFACE
				       "',member='JobRemoved',arg2='%s'",
				       unit));
	return send_message (b, &m, &body, e);
}

int
bus_wait_job (struct bus *b, const char *job, const char **ret_result, struct err *e)
{
	int64_t deadline = now_ms () + WAIT_SECONDS * 1000;
	struct dbus_message m;

	for (size_t i = 0;;) {
		/* It may have ended before the answer to the call had been read. */
		for (; i < b->jobs.n; i++)
			if (streq (b->jobs.v[i].path, job)) {
				*ret_result = b->jobs.v[i].result;
				return 0;
			}
		TRY (receive_message (b, deadline, &m, e));
		keep_job (b, &m);
	}
}
