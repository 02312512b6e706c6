/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * For tests that speak with systemd: a child plays bus and manager, over a real socket, and looks
 * at what it is asked. Its failed checks count as those of the test. After tap.h.
 */
#pragma GCC diagnostic ignored "-Wunused-function" /* no program needs all of it */
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/path.h"
#include "cgroup/internal.h"
#include "cgroup/systemd.h"
#include "cgroup/systemd_bus.h"

#define SCOPE "test-x.scope"
#define JOB   "/org/freedesktop/systemd1/job/7"
#define ERR   "org.freedesktop."

static struct arena arena;
static struct err e;
static char dir[64], address[128];

/* ---- the other end */

static bool dribble; /* answers come byte by byte */

static void
say (int fd, const void *p, size_t n)
{
	size_t step = dribble ? 1 : n;

	for (size_t i = 0; i < n; i += step)
		if (send (fd, (const char *) p + i, step, MSG_NOSIGNAL) < 0)
			return;
}

static bool
hear (int fd, void *p, size_t n)
{
	return recv (fd, p, n, MSG_WAITALL) == (ssize_t) n;
}

static void
let_in (int fd)
{
	static const char wanted[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
	char got[sizeof wanted - 1];

	OK (hear (fd, got, sizeof got));
	OK (memcmp (got, wanted, sizeof got) == 0);
	say (fd, "DATA\r\nOK 0123456789abcdef\r\n", 27);
}

static struct dbus_message
next (int fd)
{
	char *buf = arena_alloc (&arena, DBUS_MESSAGE_MAX);
	struct dbus_message m = { .type = 0 };
	long n;

	if (!hear (fd, buf, 16))
		return m;
	n = dbus_message_length (buf, 16);
	OK (n >= 16);
	OK (hear (fd, buf + 16, (size_t) n - 16));
	OK (dbus_message_parse (buf, (size_t) n, &m));
	return m;
}

static void
send_message (int fd, struct dbus_message m, const struct dbus_out *body)
{
	struct dbus_out out = { .arena = &arena };
	static uint32_t serial;

	m.serial = ++serial;
	m.body = body ? body->buf : NULL;
	m.body_len = body ? body->len : 0;
	dbus_put_message (&out, &m);
	say (fd, out.buf, out.len);
}

/* An answer with one string, path or nothing in it. */
static void
answer (int fd, const struct dbus_message *m, const char *signature, const char *text)
{
	struct dbus_out body = { .arena = &arena };

	if (text)
		dbus_put_string (&body, text);
	send_message (fd,
		      (struct dbus_message) { .type = DBUS_RETURN,
					      .reply_serial = m->serial,
					      .signature = signature },
		      text ? &body : NULL);
}

static void
refuse (int fd, const struct dbus_message *m, const char *error, const char *text)
{
	struct dbus_out body = { .arena = &arena };

	dbus_put_string (&body, text);
	send_message (fd,
		      (struct dbus_message) { .type = DBUS_ERROR,
					      .reply_serial = m->serial,
					      .error_name = error,
					      .signature = "s" },
		      &body);
}

static void
job_removed (int fd, const char *job, const char *result)
{
	struct dbus_out body = { .arena = &arena };

	dbus_put_u32 (&body, 7);
	dbus_put_string (&body, job);
	dbus_put_string (&body, SCOPE);
	dbus_put_string (&body, result);
	send_message (fd,
		      (struct dbus_message) { .type = DBUS_SIGNAL,
					      .path = "/org/freedesktop/systemd1",
					      .interface = ERR "systemd1.Manager",
					      .member = "JobRemoved",
					      .signature = "uoss" },
		      &body);
}

/* Is it a call of the manager? */
static struct dbus_message
expect (int fd, const char *method, const char *signature)
{
	struct dbus_message m = next (fd);

	EQ (m.type, DBUS_CALL);
	STREQ (m.member, method);
	STREQ (m.signature, signature);
	STREQ (m.interface, ERR "systemd1.Manager");
	STREQ (m.path, "/org/freedesktop/systemd1");
	return m;
}

static void
greet (int fd)
{
	struct dbus_message m;

	let_in (fd);
	m = next (fd);
	STREQ (m.member, "Hello");
	STREQ (m.destination, ERR "DBus");
	answer (fd, &m, "s", ":1.5");
	/* What every bus says next, and nobody waits for. */
	send_message (fd,
		      (struct dbus_message) { .type = DBUS_SIGNAL,
					      .path = "/org/freedesktop/DBus",
					      .interface = ERR "DBus",
					      .member = "NameAcquired" },
		      NULL);
}

static void
expect_match (int fd)
{
	struct dbus_message m = next (fd);
	struct dbus_in in = dbus_body (&m, "s");

	STREQ (m.member, "AddMatch");
	STREQ (m.destination, ERR "DBus");
	EQ (m.flags, DBUS_NO_REPLY);
	STREQ (dbus_get_string (&in),
	       "type='signal',sender='org.freedesktop.systemd1',path='/org/freedesktop/systemd1',"
	       "interface='org.freedesktop.systemd1.Manager',member='JobRemoved',arg2='" SCOPE "'");
}

static struct dbus_message
expect_start (int fd)
{
	return expect (fd, "StartTransientUnit", "ssa(sv)a(sa(sv))");
}

/* Everything until a scope is asked for. */
static struct dbus_message
started (int fd)
{
	greet (fd);
	expect_match (fd);
	return expect_start (fd);
}

/* ---- the fixture */

static pid_t server;

/* A socket below `dir`, and a child behind it. */
static void
serve (const char *name, void (*play) (int fd))
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int sock = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf (sa.sun_path, sizeof sa.sun_path, "%s/%s", dir, name);
	unlink (sa.sun_path);
	if (bind (sock, (struct sockaddr *) &sa, sizeof sa) < 0 || listen (sock, 1) < 0)
		TAP_FAIL ("listen at %s", sa.sun_path);
	fflush (stdout);
	server = fork ();
	if (server == 0) {
		int fd = accept (sock, NULL, NULL);

		tap_bad = false;
		alarm (60);
		play (fd);
		fflush (stdout);
		_exit (tap_bad);
	}
	close (sock);
}

static void
remove_bus_dir (void)
{
	static const char *const names[] = { "bus", "systemd/private", "systemd", "" };
	char path[96];

	for (size_t i = 0; i < ARRAY_SIZE (names); i++) {
		snprintf (path, sizeof path, "%s/%s", dir, names[i]);
		(void) remove (path);
	}
}

/* Makes `dir`, once; it goes when the program ends. */
static void
bus_dir (void)
{
	if (*dir)
		return;
	snprintf (dir, sizeof dir, "/tmp/coracle-test-bus.XXXXXX");
	OK (mkdtemp (dir) != NULL);
	atexit (remove_bus_dir);
}

static void
bus (void (*play) (int fd))
{
	bus_dir ();
	/* Root asks the system's, others their own. */
	snprintf (address, sizeof address, "unix:path=%s/bus,guid=0123", dir);
	setenv ("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
	setenv ("DBUS_SESSION_BUS_ADDRESS", address, 1);
	serve ("bus", play);
}

static void
server_ends (void)
{
	int status = -1;

	if (waitpid (server, &status, 0) != server || status != 0)
		TAP_FAIL ("the server ended with wait status %#x", (unsigned) status);
}

static struct cgroup_write writes[] = {
	{ .file = "memory.max", .value = "1000" },
	{ .file = "cpuset.cpus", .value = "0-1,9" },
};
static struct unit_property annotation = {
	.name = "Documentation",
	.signature = "as",
	.json_path = "annotations.org.systemd.property.Documentation"
};
static char *documents[] = { (char *) "man:a", (char *) "man:b" };
static struct cgroup_plan plan = {
	.manager = CGROUP_MANAGER_SYSTEMD,
	.slice = "machine.slice",
	.scope = SCOPE,
	.description = "coracle container x",
	.writes = writes,
	.n_writes = ARRAY_SIZE (writes),
	.properties = &annotation,
	.n_properties = 1,
	.devices_allow_all = true,
};

/* A scope around ourselves. That we are not in it, with this systemd, is the last thing it says. */
static int
create (void)
{
	struct cgroup cg = {
		.manager = CGROUP_MANAGER_SYSTEMD, .mode = CGROUP_V2, .scope = SCOPE, .into_fd = -1
	};
	int r;

	annotation.strings = documents;
	annotation.n_strings = 2;
	r = systemd_create_scope (&arena, &cg, &plan, getpid (), &e);
	server_ends ();
	if (r < 0 && strstr (e.text, "systemd has made the scope"))
		OK (cg.created);
	else
		OK (!cg.created);
	return r;
}

#define IS_MADE(call) FAILS_WITH (call, &e, "systemd has made the scope '" SCOPE "', but")

/* ---- what was asked, as text */

/* One property, as text; moves behind it. */
static const char *
property_text (struct dbus_in *in)
{
	const char *name, *type;
	char *out;
	uint32_t n;

	in->pos = (in->pos + 7) & ~7ul;
	name = dbus_get_string (in);
	type = dbus_get_signature (in);
	out = arena_printf (&arena, "%s(%s)=", name, type);
	if (streq (type, "s"))
		return arena_printf (&arena, "%s%s", out, dbus_get_string (in));
	if (streq (type, "b"))
		return arena_printf (&arena, "%s%u", out, dbus_get_u32 (in));
	if (streq (type, "t")) {
		in->pos = (in->pos + 7) & ~7ul;
		n = dbus_get_u32 (in);
		return arena_printf (&arena, "%s%llu", out,
				     (unsigned long long) dbus_get_u32 (in) << 32 | n);
	}
	n = dbus_get_u32 (in);
	for (size_t end = in->pos + n; in->pos < end && !in->failed;)
		if (streq (type, "ay"))
			out = arena_printf (&arena, "%s%02x ", out, dbus_get_byte (in));
		else if (streq (type, "au"))
			out = arena_printf (&arena, "%s%s ", out,
					    dbus_get_u32 (in) == (uint32_t) getppid () ? "ours"
										       : "other");
		else
			out = arena_printf (&arena, "%s%s ", out, dbus_get_string (in));
	return out;
}

static const char *
properties_text (struct dbus_in *in)
{
	uint32_t n = dbus_get_u32 (in);
	const char *out = "";

	in->pos = (in->pos + 7) & ~7ul;
	for (size_t end = in->pos + n; in->pos < end && !in->failed;)
		out = arena_printf (&arena, "%s%s\n", out, property_text (in));
	return out;
}
