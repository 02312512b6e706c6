/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scope from its start to its stop: what systemd is asked, and what is made of its answers. */
#include "tap.h"

#include "fake_bus.h"

/* ---- start */

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
}
