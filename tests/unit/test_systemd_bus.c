/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Speaking with systemd: a child plays bus and manager, over a real socket, and looks at what it is
 * asked. Its failed checks count.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/path.h"
#include "cgroup/internal.h"
#include "cgroup/systemd.h"
#include "cgroup/systemd_bus.h"
#include "tap.h"

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
bus (void (*play) (int fd))
{
	if (!*dir) {
		snprintf (dir, sizeof dir, "/tmp/coracle-test-bus.XXXXXX");
		OK (mkdtemp (dir) != NULL);
	}
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

/* ---- what is asked */

/* Little-endian, of a pid 0x01020304: counted by hand from the specification. */
static const char start_body[] =
	"\x0c\0\0\0test-x.scope\0\0\0\0" /* 0: name, 17 + 3 */
	"\7\0\0\0replace\0"		 /* 20: 12 */
	"\x38\0\0\0\0\0\0\0"		 /* 32: the array of 56 bytes begins at 40 */
	"\5\0\0\0Slice\0\1s\0\0\0\0"	 /* 40: name 10, "s" 3, padding to 56 */
	"\x07\0\0\0a.slice\0"		 /* 56: 12, 68 */
	"\0\0\0\0"			 /* a struct: 72 */
	"\4\0\0\0PIDs\0\2au\0\0\0\0"	 /* 72: name 9, "au" 4, to 88 */
	"\4\0\0\0\4\3\2\1"		 /* 88: 8, 96 */
	"\0\0\0\0\0\0\0\0";		 /* 96: no units beside it */

TEST (properties_are_encoded_as_the_specification_says)
{
	static char *slice[] = { (char *) "a.slice" };
	struct unit_property v[] = {
		{ .name = "Slice", .signature = "s", .strings = slice, .n_strings = 1 },
		{ .name = "PIDs", .signature = "au", .number = 0x01020304 }
	};
	struct dbus_out out = { .arena = &arena };
	size_t none;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		SKIP ("the bytes are those of a little-endian machine");
	dbus_put_string (&out, "test-x.scope");
	dbus_put_string (&out, "replace");
	systemd_put_properties (&out, &(unit_properties) { v, 2 });
	none = dbus_array_begin (&out, 8);
	dbus_array_end (&out, none, 8);
	EQ (out.len, sizeof start_body - 1);
	for (size_t i = 0; i < MIN (out.len, sizeof start_body - 1); i++)
		if (out.buf[i] != start_body[i]) {
			TAP_FAIL ("byte %zu is %02x, expected %02x", i, (unsigned char) out.buf[i],
				  (unsigned char) start_body[i]);
			break;
		}
}

TEST (a_call_is_encoded_as_the_specification_says)
{
	static const char wanted[] =
		"l\1\0\1\0\0\0\0\3\0\0\0\x5c\0\0\0" /* a call, no body, serial 3, 92 bytes of fields
						     */
		"\1\1o\0\x15\0\0\0/org/freedesktop/DBus\0\0\0"	/* 16: 30, padded to 32 */
		"\2\1s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0" /* 48: 29, 32 */
		"\3\1s\0\5\0\0\0Hello\0\0\0"			/* 80: 14, 16 */
		"\6\1s\0\3\0\0\0a.b\0\0\0\0\0";			/* 96: 12, the message 16 */
	struct dbus_message m = { .type = DBUS_CALL,
				  .serial = 3,
				  .path = "/org/freedesktop/DBus",
				  .interface = "org.freedesktop.DBus",
				  .member = "Hello",
				  .destination = "a.b" };
	struct dbus_out out = { .arena = &arena };

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		SKIP ("the bytes are those of a little-endian machine");
	dbus_put_message (&out, &m);
	EQ (out.len, sizeof wanted - 1);
	OK (out.len == sizeof wanted - 1 && memcmp (out.buf, wanted, out.len) == 0);
}

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

static void
play_start (int fd)
{
	struct dbus_message m;
	struct dbus_in in;

	greet (fd);
	expect_match (fd);
	m = expect_start (fd);
	EQ (m.flags, 0);
	STREQ (m.destination, ERR "systemd1");
	in = dbus_body (&m, "ssa(sv)a(sa(sv))");
	STREQ (dbus_get_string (&in), SCOPE);
	STREQ (dbus_get_string (&in), "replace");
	STREQ (properties_text (&in), "Description(s)=coracle container x\n"
				      "Slice(s)=machine.slice\n"
				      "PIDs(au)=ours \n"
				      "Delegate(b)=1\n"
				      "CPUAccounting(b)=1\n"
				      "MemoryAccounting(b)=1\n"
				      "TasksAccounting(b)=1\n"
				      "IOAccounting(b)=1\n"
				      "DefaultDependencies(b)=0\n"
				      "CollectMode(s)=inactive-or-failed\n"
				      "MemoryMax(t)=1000\n"
				      "AllowedCPUs(ay)=03 02 \n"
				      "Documentation(as)=man:a man:b \n");
	EQ (dbus_get_u32 (&in), 0); /* no units beside it */
	OK (!in.failed);
	answer (fd, &m, "o", JOB);
	job_removed (fd, JOB, "done");
}

TEST (a_scope_is_asked_for)
{
	bus (play_start);
	IS_MADE (create ());
}

TEST (answers_may_come_byte_by_byte)
{
	dribble = true;
	bus (play_start);
	IS_MADE (create ());
	dribble = false;
}

/* ---- jobs */

static struct dbus_message
started (int fd)
{
	greet (fd);
	expect_match (fd);
	return expect_start (fd);
}

static void
play_early_job (int fd)
{
	struct dbus_message m = started (fd);

	job_removed (fd, "/org/freedesktop/systemd1/job/1", "canceled");
	job_removed (fd, JOB, "done");
	answer (fd, &m, "o", JOB);
}

TEST (a_job_may_end_before_the_answer)
{
	bus (play_early_job);
	IS_MADE (create ());
}

static void
play_other_messages (int fd)
{
	struct dbus_message m = started (fd);

	send_message (fd,
		      (struct dbus_message) { .type = DBUS_CALL,
					      .path = "/",
					      .interface = ERR "DBus.Peer",
					      .member = "Ping" },
		      NULL);
	refuse (fd, &(struct dbus_message) { .serial = 12345 }, ERR "Other", "for somebody else");
	answer (fd, &m, "o", JOB);
	answer (fd, &m, "o", "/another");
	job_removed (fd, "/org/freedesktop/systemd1/job/1", "failed");
	send_message (fd,
		      (struct dbus_message) { .type = DBUS_SIGNAL,
					      .path = "/",
					      .interface = "a.b",
					      .member = "JobRemoved" },
		      NULL);
	job_removed (fd, JOB, "done");
}

TEST (what_is_for_others_is_ignored)
{
	bus (play_other_messages);
	IS_MADE (create ());
}

static void
play_failed_job (int fd)
{
	struct dbus_message m = started (fd);
	struct dbus_in in;

	answer (fd, &m, "o", JOB);
	job_removed (fd, JOB, "failed");
	m = expect (fd, "ResetFailedUnit", "s");
	in = dbus_body (&m, "s");
	STREQ (dbus_get_string (&in), SCOPE);
	EQ (m.flags & DBUS_NO_REPLY, DBUS_NO_REPLY);
}

TEST (a_job_that_fails_is_an_error)
{
	bus (play_failed_job);
	FAILS_WITH (create (), &e,
		    "systemd could not start '" SCOPE "': the job ended as 'failed'; journalctl");
}

static void
play_no_job (int fd)
{
	struct dbus_message m = started (fd);

	answer (fd, &m, "s", "this is no path");
	(void) expect (fd, "ResetFailedUnit", "s");
}

TEST (an_answer_without_a_job_is_an_error)
{
	bus (play_no_job);
	FAILS_WITH (create (), &e, "makes no sense");
}

static void
play_silence (int fd)
{
	struct dbus_message m = started (fd);
	char c;

	answer (fd, &m, "o", JOB);
	(void) expect (fd, "ResetFailedUnit", "s");
	EQ (hear (fd, &c, 1), false); /* until the other end gives up */
}

TEST (waiting_has_an_end)
{
	bus (play_silence);
	FAILS_WITH (create (), &e, "no answer within");
}

/* ---- refusals */

static void
play_denied (int fd)
{
	struct dbus_message m = started (fd);

	refuse (fd, &m, ERR "DBus.Error.InteractiveAuthorizationRequired",
		"Interactive authentication required.");
}

TEST (a_refusal_is_told_with_a_hint)
{
	bus (play_denied);
	FAILS_WITH (create (), &e,
		    "systemd refuses to start '" SCOPE
		    "': Interactive authentication required. (org.freedesktop.DBus.Error."
		    "InteractiveAuthorizationRequired); run as root");
	EQ (e.num, 0);
}

static void
play_nobody (int fd)
{
	struct dbus_message m = started (fd);

	refuse (fd, &m, ERR "DBus.Error.ServiceUnknown", "The name is not activatable");
}

TEST (a_bus_without_systemd)
{
	bus (play_nobody);
	FAILS_WITH (create (), &e, "no systemd is on this bus: use --cgroup-manager=cgroupfs");
}

static void
processes (int fd, const struct dbus_message *m, bool any)
{
	struct dbus_out body = { .arena = &arena };
	size_t begin = dbus_array_begin (&body, 8);

	if (any) {
		dbus_put_string (&body, "/a.slice/" SCOPE);
		dbus_put_u32 (&body, 5);
		dbus_put_string (&body, "sleep 100");
	}
	dbus_array_end (&body, begin, 8);
	send_message (fd,
		      (struct dbus_message) { .type = DBUS_RETURN,
					      .reply_serial = m->serial,
					      .signature = "a(sus)" },
		      &body);
}

static void
play_left_over (int fd)
{
	struct dbus_message m = started (fd);
	struct dbus_in in;

	refuse (fd, &m, ERR "systemd1.UnitExists", "Unit " SCOPE " already exists.");
	m = expect (fd, "GetUnitProcesses", "s");
	processes (fd, &m, false);
	m = expect (fd, "StopUnit", "ss");
	in = dbus_body (&m, "ss");
	STREQ (dbus_get_string (&in), SCOPE);
	STREQ (dbus_get_string (&in), "replace");
	answer (fd, &m, "o", "/stop/job");
	job_removed (fd, "/stop/job", "done");
	(void) expect (fd, "ResetFailedUnit", "s");
	m = expect_start (fd);
	answer (fd, &m, "o", JOB);
	job_removed (fd, JOB, "done");
}

TEST (an_empty_scope_of_this_name_makes_room)
{
	bus (play_left_over);
	IS_MADE (create ());
}

static void
play_in_use (int fd)
{
	struct dbus_message m = started (fd);

	refuse (fd, &m, ERR "systemd1.UnitExists", "Unit " SCOPE " already exists.");
	m = expect (fd, "GetUnitProcesses", "s");
	processes (fd, &m, true);
	m = expect_start (fd);
	refuse (fd, &m, ERR "systemd1.UnitExists", "Unit " SCOPE " already exists.");
}

TEST (a_scope_that_is_in_use_stays)
{
	bus (play_in_use);
	FAILS_WITH (
		create (), &e,
		"already exists. (org.freedesktop.systemd1.UnitExists); another container has this name");
}

static bool
asks_for (const struct dbus_message *m, const char *property)
{
	struct dbus_in in = dbus_body (m, "ssa(sv)a(sa(sv))");

	(void) dbus_get_string (&in);
	(void) dbus_get_string (&in);
	return strstr (properties_text (&in), property) != NULL;
}

static void
play_old_systemd (int fd)
{
	struct dbus_message m = started (fd);

	refuse (fd, &m, ERR "DBus.Error.PropertyReadOnly",
		"Cannot set property AllowedCPUs, or unknown property.");
	m = expect_start (fd);
	OK (!asks_for (&m, "AllowedCPUs"));
	OK (asks_for (&m, "MemoryMax"));
	refuse (fd, &m, ERR "DBus.Error.InvalidArgs", "MemoryMax= is out of range");
	m = expect_start (fd);
	OK (!asks_for (&m, "MemoryMax"));
	OK (asks_for (&m, "MemoryAccounting"));
	answer (fd, &m, "o", JOB);
	job_removed (fd, JOB, "done");
}

TEST (limits_that_an_old_systemd_does_not_know_are_left_to_us)
{
	bus (play_old_systemd);
	IS_MADE (create ());
}

static void
play_unknown_annotation (int fd)
{
	struct dbus_message m = started (fd);

	refuse (fd, &m, ERR "DBus.Error.PropertyReadOnly",
		"Cannot set property Documentation, or unknown property.");
}

TEST (what_an_annotation_asked_for_is_not_left_out)
{
	bus (play_unknown_annotation);
	FAILS_WITH (create (), &e,
		    "annotations.org.systemd.property.Documentation: systemd refuses to start");
}

static void
play_unknown_slice (int fd)
{
	struct dbus_message m = started (fd);

	refuse (fd, &m, ERR "DBus.Error.InvalidArgs", "Failed to set Slice property");
}

TEST (where_the_container_is_to_be_is_not_left_out)
{
	bus (play_unknown_slice);
	FAILS_WITH (create (), &e, "Failed to set Slice property");
}

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

/* ---- update, stop */

static void
play_update (int fd)
{
	struct dbus_message m;
	struct dbus_in in;

	greet (fd);
	m = expect (fd, "SetUnitProperties", "sba(sv)");
	in = dbus_body (&m, "sba(sv)");
	STREQ (dbus_get_string (&in), SCOPE);
	EQ (dbus_get_u32 (&in), 1);
	STREQ (properties_text (&in), "MemoryMax(t)=1000\nAllowedCPUs(ay)=03 02 \n");
	refuse (fd, &m, ERR "DBus.Error.PropertyReadOnly",
		"Cannot set property AllowedCPUs, or unknown property.");
	m = expect (fd, "SetUnitProperties", "sba(sv)");
	in = dbus_body (&m, "sba(sv)");
	(void) dbus_get_string (&in);
	(void) dbus_get_u32 (&in);
	STREQ (properties_text (&in), "MemoryMax(t)=1000\n");
	answer (fd, &m, NULL, NULL);
	m = expect (fd, "GetUnit", "s");
	answer (fd, &m, "o", "/unit");
}

static struct cgroup scope = {
	.manager = CGROUP_MANAGER_SYSTEMD, .mode = CGROUP_V2, .scope = SCOPE, .created = true
};

TEST (update_tells_and_waits_until_it_is_written)
{
	bus (play_update);
	EQ (systemd_update_scope (&arena, &scope, &plan, &e), 0);
	server_ends ();
}

static void
play_update_refused (int fd)
{
	struct dbus_message m;

	greet (fd);
	m = expect (fd, "SetUnitProperties", "sba(sv)");
	refuse (fd, &m, ERR "systemd1.NoSuchUnit", "Unit " SCOPE " not found.");
}

TEST (update_of_a_scope_that_is_gone)
{
	bus (play_update_refused);
	FAILS_WITH (systemd_update_scope (&arena, &scope, &plan, &e), &e,
		    "systemd refuses to change '" SCOPE "': Unit " SCOPE " not found.");
	server_ends ();
}

static void
play_attach (int fd)
{
	struct dbus_message m;
	struct dbus_in in;

	greet (fd);
	m = expect (fd, "AttachProcessesToUnit", "ssau");
	in = dbus_body (&m, "ssau");
	STREQ (dbus_get_string (&in), SCOPE);
	STREQ (dbus_get_string (&in), "");
	EQ (dbus_get_u32 (&in), 4);
	EQ (dbus_get_u32 (&in), 12345);
	answer (fd, &m, NULL, NULL);
}

TEST (a_process_is_added)
{
	bus (play_attach);
	EQ (systemd_attach (&arena, &scope, 12345, &e), 0);
	server_ends ();
}

static void
play_attach_refused (int fd)
{
	struct dbus_message m;

	greet (fd);
	m = expect (fd, "AttachProcessesToUnit", "ssau");
	refuse (fd, &m, ERR "DBus.Error.AccessDenied", "Process 12345 not owned by client's UID.");
}

TEST (a_process_is_refused)
{
	bus (play_attach_refused);
	FAILS_WITH (systemd_attach (&arena, &scope, 12345, &e), &e,
		    "systemd refuses to add a process to '" SCOPE "': Process 12345 not owned");
	server_ends ();
}

static void
play_stop (int fd)
{
	struct dbus_message m;
	struct dbus_in in;

	greet (fd);
	expect_match (fd);
	m = expect (fd, "KillUnit", "ssi");
	in = dbus_body (&m, "ssi");
	STREQ (dbus_get_string (&in), SCOPE);
	STREQ (dbus_get_string (&in), "all");
	EQ (dbus_get_u32 (&in), SIGKILL);
	m = expect (fd, "StopUnit", "ss");
	answer (fd, &m, "o", JOB);
	job_removed (fd, JOB, "done");
	(void) expect (fd, "ResetFailedUnit", "s");
}

TEST (stop_kills_stops_and_forgets)
{
	bus (play_stop);
	EQ (systemd_stop_scope (&scope, &e), 0);
	server_ends ();
}

static void
play_stop_gone (int fd)
{
	struct dbus_message m;

	greet (fd);
	expect_match (fd);
	(void) expect (fd, "KillUnit", "ssi");
	m = expect (fd, "StopUnit", "ss");
	refuse (fd, &m, ERR "systemd1.NoSuchUnit", "Unit " SCOPE " not loaded.");
}

TEST (stop_of_a_scope_that_is_gone)
{
	bus (play_stop_gone);
	EQ (systemd_stop_scope (&scope, &e), 0);
	server_ends ();
}

static void
play_stop_failed (int fd)
{
	struct dbus_message m;

	greet (fd);
	expect_match (fd);
	(void) expect (fd, "KillUnit", "ssi");
	m = expect (fd, "StopUnit", "ss");
	answer (fd, &m, "o", JOB);
	job_removed (fd, JOB, "timeout");
}

TEST (stop_that_fails)
{
	bus (play_stop_failed);
	FAILS_WITH (systemd_stop_scope (&scope, &e), &e,
		    "systemd could not stop '" SCOPE "': the job ended as 'timeout'");
	server_ends ();
}

TEST (a_scope_whose_cgroup_is_gone_needs_no_bus)
{
	struct cgroup gone = scope;

	gone.path = "/nonexistent.slice/" SCOPE;
	setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", 1);
	setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", 1);
	EQ (systemd_stop_scope (&gone, &e), 0);
	if (*dir) {
		char path[96];

		for (const char *const *s =
			     (const char *const[]) { "bus", "systemd/private", NULL };
		     *s; s++) {
			snprintf (path, sizeof path, "%s/%s", dir, *s);
			unlink (path);
		}
		snprintf (path, sizeof path, "%s/systemd", dir);
		rmdir (path);
		rmdir (dir);
	}
}

/* ---- which properties */

/* The properties of some writes: "Name=value" for each, by systemd_limit_properties. */
static const char *
limits_of (int mode, const struct cgroup_write *w, size_t n)
{
	struct cgroup_plan p = { .writes = (struct cgroup_write *) (size_t) w,
				 .n_writes = n,
				 .devices_allow_all = true };
	unit_properties v = systemd_limit_properties (&arena, &p, mode);
	const char *out = "";

	for (size_t i = 0; i < v.n; i++) {
		const struct unit_property *u = &v.v[i];

		if (streq (u->signature, "t"))
			out = arena_printf (&arena, "%s%s=%llu ", out, u->name,
					    (unsigned long long) u->number);
		else if (streq (u->signature, "s"))
			out = arena_printf (&arena, "%s%s=%s ", out, u->name, u->strings[0]);
		else {
			out = arena_printf (&arena, "%s%s=", out, u->name);
			for (size_t j = 0; j < u->n_bytes; j++)
				out = arena_printf (&arena, "%s%02x", out, u->bytes[j]);
			out = arena_printf (&arena, "%s ", out);
		}
	}
	return out;
}
#define LIMITS(mode, ...)                                                   \
	limits_of (mode, (const struct cgroup_write[]) { __VA_ARGS__ },     \
		   sizeof ((const struct cgroup_write[]) { __VA_ARGS__ }) / \
			   sizeof (struct cgroup_write))
#define W(f, v)                       \
	{                             \
		.file = f, .value = v \
	}
#define NO_LIMIT "18446744073709551615"

TEST (limits_of_v2)
{
	STREQ (LIMITS (CGROUP_V2, W ("memory.max", "max"), W ("memory.swap.max", "0"),
		       W ("memory.low", "5"), W ("memory.high", "6"), W ("memory.min", "7"),
		       W ("memory.zswap.max", "8")),
	       "MemoryMax=" NO_LIMIT
	       " MemorySwapMax=0 MemoryLow=5 MemoryHigh=6 MemoryMin=7 MemoryZSwapMax=8 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.weight", "1"), W ("pids.max", "max"),
		       W ("memory.oom.group", "1")),
	       "CPUWeight=1 TasksMax=" NO_LIMIT " OOMPolicy=kill ");
	STREQ (LIMITS (CGROUP_V2, W ("cpuset.cpus", "0"), W ("cpuset.mems", "3,64")),
	       "AllowedCPUs=01 AllowedMemoryNodes=080000000000000001 ");
	/* None of these is one that systemd knows. */
	STREQ (LIMITS (CGROUP_V2, W ("hugetlb.2MB.max", "1"), W ("rdma.max", "x"),
		       W ("cpu.max.burst", "1"), W ("memory.limit_in_bytes", "1")),
	       "");
	/* What systemd would refuse, or only the kernel can read. */
	STREQ (LIMITS (CGROUP_V2, W ("cpu.weight", "10001"), W ("memory.max", "1G"),
		       W ("cpuset.cpus", "x")),
	       "");
	STREQ (LIMITS (CGROUP_V2, W ("pids.max", "0"), W ("memory.max", "0")),
	       "TasksMax=1 MemoryMax=1 ");
	/* unified comes last and wins. */
	STREQ (LIMITS (CGROUP_V2, W ("pids.max", "5"), W ("memory.max", "9"), W ("pids.max", "6")),
	       "TasksMax=6 MemoryMax=9 ");
}

TEST (idle_is_a_weight)
{
	STREQ (LIMITS (CGROUP_V2, W ("cpu.weight", "5"), W ("cpu.idle", "1")), "CPUWeight=0 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.weight", "5"), W ("cpu.idle", "0")), "CPUWeight=5 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.idle", "0")), "CPUWeight=" NO_LIMIT " ");
}

TEST (weights_of_io)
{
	STREQ (LIMITS (CGROUP_V2, { .file = "io.bfq.weight",
				    .value = "500",
				    .fallback_file = "io.weight",
				    .fallback_value = "4950" }),
	       "IOWeight=4950 ");
	STREQ (LIMITS (CGROUP_V2, { .file = "io.bfq.weight",
				    .value = "8:0 500",
				    .fallback_file = "io.weight",
				    .fallback_value = "8:0 4950" }),
	       "");
	STREQ (LIMITS (CGROUP_V1, { .file = "blkio.bfq.weight",
				    .value = "500",
				    .fallback_file = "blkio.weight",
				    .fallback_value = "500" }),
	       "BlockIOWeight=500 ");
}

TEST (bandwidth_is_rounded_up_to_percents)
{
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "50000 100000")),
	       "CPUQuotaPerSecUSec=500000 CPUQuotaPeriodUSec=100000 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "50001 100000")),
	       "CPUQuotaPerSecUSec=510000 CPUQuotaPeriodUSec=100000 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "1000 1000000")),
	       "CPUQuotaPerSecUSec=10000 CPUQuotaPeriodUSec=1000000 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "max 50000")),
	       "CPUQuotaPerSecUSec=" NO_LIMIT " CPUQuotaPeriodUSec=50000 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "max")),
	       "CPUQuotaPerSecUSec=" NO_LIMIT " CPUQuotaPeriodUSec=100000 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "nonsense")), "");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "5 nonsense")), "");
	STREQ (LIMITS (CGROUP_V1, W ("cpu.cfs_period_us", "50000"),
		       W ("cpu.cfs_quota_us", "25000")),
	       "CPUQuotaPerSecUSec=500000 CPUQuotaPeriodUSec=50000 ");
	STREQ (LIMITS (CGROUP_V1, W ("cpu.cfs_quota_us", "-1")),
	       "CPUQuotaPerSecUSec=" NO_LIMIT " CPUQuotaPeriodUSec=100000 ");
}

TEST (limits_of_v1)
{
	STREQ (LIMITS (CGROUP_V1, W ("cpu.shares", "1024"), W ("memory.limit_in_bytes", "-1"),
		       W ("pids.max", "9"), W ("cpuset.cpus", "0")),
	       "CPUShares=1024 MemoryLimit=" NO_LIMIT " TasksMax=9 ");
}

static const char *
devices_of (int mode, const struct device_rule *rules, size_t n)
{
	struct cgroup_plan p = { .devices = (struct device_rule *) (size_t) rules, .n_devices = n };
	unit_properties v = systemd_limit_properties (&arena, &p, mode);
	const char *out = "";

	for (size_t i = 0; i < v.n; i++) {
		out = arena_printf (&arena, "%s%s:", out, v.v[i].name);
		for (size_t j = 0; j < v.v[i].n_strings; j++)
			out = arena_printf (&arena, "%s %s", out, v.v[i].strings[j]);
		out = arena_printf (&arena, "%s\n", out);
	}
	return out;
}

TEST (device_rules_of_v1)
{
	static const struct device_rule rules[] = {
		{ false, 'a', -1, -1, 7 }, { true, 'c', -1, -1, 4 }, { true, 'c', 1, 3, 7 },
		{ true, 'b', 8, 0, 1 },	   { true, 'c', 1, -1, 3 },  { true, 'c', 99999, -1, 1 },
		{ true, 'a', -1, -1, 2 },
	};
	static const struct device_rule denied[] = { { false, 'a', -1, -1, 7 },
						     { true, 'c', 1, 3, 7 },
						     { false, 'c', 1, 3, 2 } };
	static const struct device_rule all[] = { { true, 'a', -1, -1, 7 },
						  { false, 'c', 1, 3, 7 } };

	STREQ (devices_of (CGROUP_V1, rules, ARRAY_SIZE (rules)),
	       "DeviceAllow:\n"
	       "DevicePolicy: strict\n"
	       "DeviceAllow: char-* m /dev/char/1:3 rwm /dev/block/8:0 r char-mem rw char-99999 r block-* w char-* w\n");
	STREQ (devices_of (CGROUP_V2, rules, ARRAY_SIZE (rules)), ""); /* our own program does it */
	STREQ (devices_of (CGROUP_V1, denied, ARRAY_SIZE (denied)), ""); /* cannot be said */
	STREQ (devices_of (CGROUP_V1, all, ARRAY_SIZE (all)), "");
}

/* ---- the decoder, by itself */

TEST (a_message_survives_the_way_there_and_back)
{
	struct dbus_message m = { .type = DBUS_ERROR,
				  .flags = 3,
				  .serial = 5,
				  .reply_serial = 9,
				  .error_name = "a.b",
				  .signature = "s" },
			    got;
	struct dbus_out body = { .arena = &arena }, out = { .arena = &arena };
	struct dbus_in in;

	dbus_put_string (&body, "text");
	m.body = body.buf;
	m.body_len = body.len;
	dbus_put_message (&out, &m);
	EQ (dbus_message_length (out.buf, 15), 0);
	EQ (dbus_message_length (out.buf, 16), out.len);
	for (size_t n = 0; n < out.len; n++)
		OK (!dbus_message_parse (out.buf, n, &got));
	OK (dbus_message_parse (out.buf, out.len, &got));
	EQ (got.type, DBUS_ERROR);
	EQ (got.flags, 3);
	EQ (got.serial, 5);
	EQ (got.reply_serial, 9);
	STREQ (got.error_name, "a.b");
	STREQ (got.path, NULL);
	in = dbus_body (&got, "s");
	STREQ (dbus_get_string (&in), "text");
	OK (!in.failed);
	STREQ (dbus_get_string (&in), "");
	OK (in.failed);
	in = dbus_body (&got, "u");
	EQ (dbus_get_u32 (&in), 0);
	OK (in.failed);
}
