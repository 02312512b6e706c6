/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the bus, and a bus that is none: what is no D-Bus, hangs up or sends garbage. */
#include <sys/stat.h>

#include "tap.h"

#include "fake_bus.h"

/* ---- a bus that is none */

static void
play_rejected (int fd)
{
	char got[29];

	OK (hear (fd, got, sizeof got));
	say (fd, "REJECTED EXTERNAL\r\n", 19);
}

TEST (authentication_is_refused)
{
	bus (play_rejected);
	FAILS_WITH (create (), &e, "does not let us in: 'REJECTED EXTERNAL'");
}

static void
play_http (int fd)
{
	char text[1024];

	memset (text, 'x', sizeof text);
	say (fd, text, sizeof text);
	/* Not gone before the client has written: it would hear of that instead. */
	while (read (fd, text, sizeof text) > 0)
		;
}

TEST (a_line_that_never_ends)
{
	bus (play_http);
	FAILS_WITH (create (), &e, "this is no D-Bus");
}

static void
play_hang_up (int fd)
{
	close (fd);
}

TEST (hangs_up_at_once)
{
	bus (play_hang_up);
	FAILS_WITH (create (), &e, "/bus'"); /* while writing or reading, as it happens */
}

static void
play_hang_up_later (int fd)
{
	(void) started (fd);
}

TEST (hangs_up_when_it_was_asked)
{
	bus (play_hang_up_later);
	FAILS_WITH (create (), &e, "the other end hung up");
}

static void
play_half (int fd)
{
	let_in (fd);
	(void) next (fd);
	say (fd, "l\2\0\1\x10\0\0\0", 8);
}

TEST (hangs_up_in_the_middle)
{
	bus (play_half);
	FAILS_WITH (create (), &e, "the other end hung up");
}

static const char *garbage;
static size_t garbage_len;

static void
play_garbage (int fd)
{
	let_in (fd);
	(void) next (fd);
	say (fd, garbage, garbage_len);
}

static void
try_garbage (const char *bytes, size_t n)
{
	garbage = bytes;
	garbage_len = n;
	bus (play_garbage);
	FAILS_WITH (create (), &e, "a message that makes no sense");
}
#define GARBAGE(s) try_garbage (s, sizeof s - 1)

TEST (garbage_instead_of_a_message)
{
	GARBAGE ("HTTP/1.1 400 Bad Request\r\n\r\n");
	GARBAGE ("l\2\0\2\0\0\0\0\1\0\0\0\0\0\0\0");		    /* version 2 */
	GARBAGE ("l\0\0\1\0\0\0\0\1\0\0\0\0\0\0\0");		    /* no type */
	GARBAGE ("l\2\0\1\0\0\0\x40\1\0\0\0\0\0\0\0");		    /* a body of 1 GiB */
	GARBAGE ("l\2\0\1\0\0\0\0\1\0\0\0\0\0\0\x40");		    /* fields of 1 GiB */
	GARBAGE ("l\2\0\1\0\0\0\0\1\0\0\0\6\0\0\0\5\1u\0\1\0\0\0"); /* the field is longer */
	GARBAGE ("l\2\0\1\0\0\0\0\1\0\0\0\x0a\0\0\0\3\1s\0\xff\xff\0\0ab\0\0\0\0\0\0"); /* so is the
											   string */
	GARBAGE ("l\2\0\1\0\0\0\0\1\0\0\0\x0c\0\0\0\3\1s\0\3\0\0\0abcd\0\0\0\0");	/* no end */
	GARBAGE ("l\2\0\1\0\0\0\0\1\0\0\0\x0c\0\0\0\3\1s\0\3\0\0\0a\0b\0\0\0\0\0"); /* an end within
										     */
	GARBAGE ("l\2\0\1\0\0\0\0\1\0\0\0\x08\0\0\0\5\1t\0\1\0\0\0"); /* a type that no field has */
}

static void
play_other_order (int fd)
{
	let_in (fd);
	(void) next (fd);
	/* An error in the other byte order, for serial 1: "no!" */
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		say (fd,
		     "B\3\0\1\0\0\0\x08\0\0\0\1\0\0\0\x1f"
		     "\5\1u\0\0\0\0\1"
		     "\4\1s\0\0\0\0\3a.b\0\0\0\0\0"
		     "\x08\1g\0\1s\0\0"
		     "\0\0\0\3no!\0",
		     56);
	else
		say (fd,
		     "l\3\0\1\x08\0\0\0\1\0\0\0\x1f\0\0\0"
		     "\5\1u\0\1\0\0\0"
		     "\4\1s\0\3\0\0\0a.b\0\0\0\0\0"
		     "\x08\1g\0\1s\0\0"
		     "\3\0\0\0no!\0",
		     56);
}

TEST (the_other_byte_order)
{
	bus (play_other_order);
	FAILS_WITH (create (), &e, "no! (a.b)");
}

/* ---- finding it */

TEST (a_path_with_escapes)
{
	struct bus b;

	bus (play_hang_up);
	snprintf (address, sizeof address,
		  "tcp:host=a;unix:guid=5,x=y;unix:path=/nonexistent%%20dir/%%2fx,guid=1");
	setenv ("DBUS_SESSION_BUS_ADDRESS", address, 1);
	FAILS_WITH (
		bus_open (&arena, true, &b, &e), &e,
		"nothing listens at '/nonexistent dir//x', where DBUS_SESSION_BUS_ADDRESS points to");
	kill (server, SIGKILL);
	waitpid (server, NULL, 0);
}

TEST (an_address_that_nobody_understands)
{
	struct bus b;

	setenv ("DBUS_SYSTEM_BUS_ADDRESS", "tcp:host=example.org", 1);
	FAILS_WITH (bus_open (&arena, false, &b, &e), &e,
		    "DBUS_SYSTEM_BUS_ADDRESS: 'tcp:host=example.org' has no unix:path=");
	unsetenv ("DBUS_SYSTEM_BUS_ADDRESS");
}

TEST (a_user_without_a_session)
{
	struct bus b;

	unsetenv ("DBUS_SESSION_BUS_ADDRESS");
	unsetenv ("XDG_RUNTIME_DIR");
	FAILS_WITH (bus_open (&arena, true, &b, &e), &e,
		    "neither XDG_RUNTIME_DIR nor DBUS_SESSION_BUS_ADDRESS is set");
	setenv ("XDG_RUNTIME_DIR", "/nonexistent", 1);
	FAILS_WITH (bus_open (&arena, true, &b, &e), &e,
		    "nothing listens at '/nonexistent/bus' or '/nonexistent/systemd/private'");
	EQ (e.num, 0);
	OK (!strstr (e.text, "no such file"));
}

static void
play_direct (int fd)
{
	struct dbus_message m;

	let_in (fd);
	m = expect_start (fd); /* no Hello, no AddMatch */
	STREQ (m.destination, NULL);
	answer (fd, &m, "o", JOB);
	job_removed (fd, JOB, "done");
}

TEST (systemd_without_a_bus)
{
	struct dbus_out body = { .arena = &arena };
	struct bus_reply reply;
	const char *result;
	char path[96];
	struct bus b;

	bus_dir ();
	snprintf (path, sizeof path, "%s/systemd", dir);
	(void) mkdir (path, 0700);
	snprintf (path, sizeof path, "%s/bus", dir);
	unlink (path);
	setenv ("XDG_RUNTIME_DIR", dir, 1);
	serve ("systemd/private", play_direct);
	EQ (bus_open (&arena, true, &b, &e), 0);
	EQ (b.direct, true);
	EQ (bus_watch_jobs (&b, SCOPE, &e), 0);
	EQ (bus_try_call (&b, "StartTransientUnit", "ssa(sv)a(sa(sv))", &body, &reply, &e), 1);
	EQ (bus_wait_job (&b, JOB, &result, &e), 0);
	STREQ (result, "done");
	bus_close (&b);
	server_ends ();
	unsetenv ("XDG_RUNTIME_DIR");
}
