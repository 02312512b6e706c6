/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scopes of systemd: made around a process that exists, told of new limits, stopped.
 *
 * systemd owns the cgroup then, delegated to us: it keeps it over its reloads, shows it in
 * systemctl and counts it to its slice. What is written into it, we write ourselves.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "cgroup/internal.h"
#include "cgroup/systemd.h"
#include "cgroup/systemd_bus.h"
#include "libocispec/arena.h"

#define ERROR_PREFIX "org.freedesktop."

/* ---- what systemd says */

static bool
is_error (const struct bus_reply *r, const char *name)
{
	return streq (r->error, name);
}

#define NOBODY "; no systemd is on this bus: use --cgroup-manager=cgroupfs"
#define WHO    "; run as root, or in a session of a user that systemd knows"

/* By the beginning of what follows org.freedesktop. */
static const char *
hint (const struct bus_reply *r)
{
	static const struct {
		const char *error, *text;
	} hints[] = {
		{ "DBus.Error.AccessDenied", WHO },
		{ "DBus.Error.InteractiveAuthorizationRequired", WHO },
		{ "DBus.Error.ServiceUnknown", NOBODY },
		{ "DBus.Error.NameHasNoOwner", NOBODY },
		{ "DBus.Error.Spawn", NOBODY },
		{ "systemd1.UnitExists",
		  "; another container has this name, or systemctl stop ends what is left of it" },
	};

	for (size_t i = 0; startswith (r->error, ERROR_PREFIX) && i < ARRAY_SIZE (hints); i++)
		if (startswith (r->error + strlen (ERROR_PREFIX), hints[i].error))
			return hints[i].text;
	return "";
}

/* errno 0: none of these is an error of a system call, whatever systemd's text sounds like. */
static int
refused (const struct bus_reply *r, const char *what, const char *unit, struct err *e)
{
	const char *why = hint (r);

	return err_set (e, 0, "%s to %s '%s': %s (%s)%s",
			streq (why, NOBODY) ? "nobody is there" : "systemd refuses", what, unit,
			r->text, r->error, why);
}

/* Does the text name it as a word? "Cannot set property AllowedCPUs, or unknown property." */
static bool
names (const char *text, const char *property)
{
	size_t n = strlen (property);

	for (const char *s = text; (s = strstr (s, property)) != NULL; s += n)
		if ((s == text || strchr (" '\"", s[-1])) && (!s[n] || strchr (" ,.='\"", s[n])))
			return true;
	return false;
}

/*
 * An older systemd does not know all properties, or all their values. Limits can be left out: the
 * runtime applies them as well. Where the container is to be, and what the user asked for by an
 * annotation, cannot.
 */
static bool
is_dispensable (const struct unit_property *p)
{
	static const char *const needed[] = { "PIDs", "Slice", "Delegate" };

	for (size_t i = 0; i < ARRAY_SIZE (needed); i++)
		if (streq (p->name, needed[i]))
			return false;
	return !p->json_path;
}

/* Take out the property that an answer complains about. 0: gone, try again. */
static int
drop_property (const struct bus_reply *r, const char *what, const char *unit, unit_properties *v,
	       struct err *e)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct unit_property *p = &v->v[i];

		if (!names (r->text, p->name))
			continue;
		(void) refused (r, what, unit, e);
		if (!is_dispensable (p))
			return p->json_path ? err_wrap (e, "%s", p->json_path) : -1;
		log_debug ("without %s: %s", p->name, e->text);
		memmove (&v->v[i], &v->v[i + 1], (--v->n - i) * sizeof v->v[0]);
		return 0;
	}
	return refused (r, what, unit, e);
}

/* The job that a call has returned, to its end. */
static int
finish_job (struct bus *b, const struct bus_reply *reply, const char *what, const char *unit,
	    struct err *e)
{
	struct dbus_in in = dbus_body (&reply->message, "o");
	const char *job = arena_strdup (b->arena, dbus_get_string (&in)), *result;

	if (in.failed)
		return err_set (e, 0, "systemd's answer to the wish to %s '%s' makes no sense",
				what, unit);
	STEP ("systemd", bus_wait_job (b, job, &result, e));
	if (streq (result, "done"))
		return 0;
	return err_set (e, 0,
			"systemd could not %s '%s': the job ended as '%s'; journalctl%s -u "
			"%s tells more",
			what, unit, result, bus_is_user () ? " --user" : "", unit);
}

static int
reset_failed (struct bus *b, const char *unit, struct err *e)
{
	struct dbus_out body = { .arena = b->arena };

	dbus_put_string (&body, unit);
	return bus_tell (b, "ResetFailedUnit", "s", &body, e);
}

/* ---- stopping */

/* Nobody in it may make systemd wait for him (TimeoutStopSec: 90 s by default). */
static int
kill_all (struct bus *b, const char *scope, struct err *e)
{
	struct dbus_out body = { .arena = b->arena };

	dbus_put_string (&body, scope);
	dbus_put_string (&body, "all");
	dbus_put_u32 (&body, SIGKILL);
	return bus_tell (b, "KillUnit", "ssi", &body, e);
}

/* A scope that does not exist, or no longer, is as good as stopped. */
static int
stop_scope (struct bus *b, const char *scope, struct err *e)
{
	struct dbus_out body = { .arena = b->arena };
	struct bus_reply reply;
	int r;

	dbus_put_string (&body, scope);
	dbus_put_string (&body, "replace");
	TRY (r = bus_try_call (b, "StopUnit", "ss", &body, &reply, e));
	if (r == 0 && is_error (&reply, ERROR_PREFIX "systemd1.NoSuchUnit"))
		return 0;
	if (r == 0)
		return refused (&reply, "stop", scope, e);
	TRY (finish_job (b, &reply, "stop", scope, e));
	return reset_failed (b, scope, e);
}

/* Nobody in it: it is taken away. Somebody, or not to be told: it stays. */
static int
stop_empty (struct bus *b, const char *scope, struct err *e)
{
	struct dbus_out body = { .arena = b->arena };
	struct bus_reply reply;
	struct dbus_in in;
	uint32_t len;
	int r;

	dbus_put_string (&body, scope);
	TRY (r = bus_try_call (b, "GetUnitProcesses", "s", &body, &reply, e));
	in = dbus_body (&reply.message, "a(sus)");
	len = dbus_get_u32 (&in);
	return r == 0 || in.failed || len > 0 ? 0 : stop_scope (b, scope, e);
}

/* ---- starting */

static int
call_start (struct bus *b, const char *scope, const unit_properties *v, struct bus_reply *reply,
	    struct err *e)
{
	struct dbus_out body = { .arena = b->arena };
	size_t none;

	dbus_put_string (&body, scope);
	dbus_put_string (&body, "replace"); /* a stop of its predecessor that is still waiting */
	systemd_put_properties (&body, v);
	none = dbus_array_begin (&body, 8); /* no units beside it */
	dbus_array_end (&body, none, 8);
	return bus_try_call (b, "StartTransientUnit", "ssa(sv)a(sa(sv))", &body, reply, e);
}

static int
start_scope (struct bus *b, const char *scope, unit_properties *v, struct err *e)
{
	struct bus_reply reply;
	bool retried = false;
	struct err ignored;
	int r;

	TRY (bus_watch_jobs (b, scope, e));
	while ((r = call_start (b, scope, v, &reply, e)) <= 0) {
		TRY (r);
		if (is_error (&reply, ERROR_PREFIX "systemd1.UnitExists") && !retried) {
			/* It failed, and stays until somebody looks (systemd < 236: always); or see
			 * systemd_stop_empty. */
			retried = true;
			TRY (stop_empty (b, scope, e));
			continue;
		}
		TRY (drop_property (&reply, "start", scope, v, e));
	}
	if (finish_job (b, &reply, "start", scope, e) == 0)
		return 0;
	(void) reset_failed (b, scope, &ignored);
	return -1;
}

/* Where it is, as the kernel sees it: systemd's own view has another root in a container. */
static int
find_scope (struct arena *a, struct cgroup *cg, pid_t pid, struct err *e)
{
	const char *path = cgroup_of_process (a, cg->mode, pid), *name;

	if (!path)
		return err_set (e, 0, "the process in the scope '%s' has ended", cg->scope);
	name = strrchr (path, '/');
	if (!name || !streq (name + 1, cg->scope) || path_has_dotdot (path))
		return err_set (e, 0,
				"systemd has made the scope '%s', but the container's process is "
				"in '%s'",
				cg->scope, path);
	cg->path = path;
	return 0;
}

int
systemd_create_scope (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan, pid_t pid,
		      struct err *e)
{
	unit_properties v = systemd_scope_properties (a, plan, cg->mode, pid);
	struct bus b;
	int r;

	TRY (bus_open (a, bus_is_user (), &b, e));
	r = start_scope (&b, cg->scope, &v, e);
	bus_close (&b);
	TRY (r);
	cg->created = true;
	cg->told = true;
	return find_scope (a, cg, pid, e);
}

/* ---- new limits */

static int
set_properties (struct bus *b, const char *scope, unit_properties *v, struct err *e)
{
	struct bus_reply reply;
	int r;

	while (v->n > 0) {
		struct dbus_out body = { .arena = b->arena };

		dbus_put_string (&body, scope);
		dbus_put_u32 (&body, true); /* until it ends */
		systemd_put_properties (&body, v);
		TRY (r = bus_try_call (b, "SetUnitProperties", "sba(sv)", &body, &reply, e));
		if (r > 0)
			return 0;
		TRY (drop_property (&reply, "change", scope, v, e));
	}
	return 0;
}

/*
 * systemd writes files after it has answered, before it looks at the next message: a second
 * question makes sure that what we write comes later.
 */
static int
wait_written (struct bus *b, const char *scope, struct err *e)
{
	struct dbus_out body = { .arena = b->arena };
	struct bus_reply ignored;

	dbus_put_string (&body, scope);
	return bus_try_call (b, "GetUnit", "s", &body, &ignored, e) < 0 ? -1 : 0;
}

int
systemd_update_scope (struct arena *a, const struct cgroup *cg, const struct cgroup_plan *plan,
		      struct err *e)
{
	unit_properties v = systemd_limit_properties (a, plan, cg->mode);
	struct bus b;
	int r;

	if (v.n == 0)
		return 0;
	TRY (bus_open (a, bus_is_user (), &b, e));
	r = set_properties (&b, cg->scope, &v, e);
	if (r == 0)
		r = wait_written (&b, cg->scope, e);
	bus_close (&b);
	return r;
}

/* ---- one more process */

int
systemd_attach (struct arena *a, const struct cgroup *cg, pid_t pid, struct err *e)
{
	struct dbus_out body = { .arena = a };
	struct bus_reply reply;
	struct bus b;
	int r;

	dbus_put_string (&body, cg->scope);
	dbus_put_string (&body, "");
	dbus_put_u32 (&body, 4); /* bytes: one process */
	dbus_put_u32 (&body, (uint64_t) pid);
	TRY (bus_open (a, bus_is_user (), &b, e));
	r = bus_try_call (&b, "AttachProcessesToUnit", "ssau", &body, &reply, e);
	bus_close (&b);
	return r == 0 ? refused (&reply, "add a process to", cg->scope, e) : MIN (r, 0);
}

/* ---- the end */

/* systemd removes the cgroup together with the scope, when the last process has left. */
static bool
is_gone (const struct cgroup *cg)
{
	char dir[4400];

	return cg->path &&
	       cgroup_dir (cg, cg->mode == CGROUP_V2 ? "" : "systemd", dir, sizeof dir) &&
	       access (dir, F_OK) < 0 && errno == ENOENT;
}

static int
with_bus (const struct cgroup *cg, int (*call) (struct bus *b, const char *scope, struct err *e),
	  struct err *e)
{
	struct arena a = { 0 };
	struct bus b;
	int r = bus_open (&a, bus_is_user (), &b, e);

	if (r == 0)
		r = bus_watch_jobs (&b, cg->scope, e);
	if (r == 0)
		r = call (&b, cg->scope, e);
	bus_close (&b);
	arena_free (&a);
	return r;
}

static int
kill_and_stop (struct bus *b, const char *scope, struct err *e)
{
	TRY (kill_all (b, scope, e));
	return stop_scope (b, scope, e);
}

int
systemd_stop_scope (const struct cgroup *cg, struct err *e)
{
	return is_gone (cg) ? 0 : with_bus (cg, kill_and_stop, e);
}

/*
 * A runtime that was killed while systemd made the scope: its child ends at once, and a process
 * that is dead when it arrives is no event for systemd (seen with 252), so the scope stays. It has
 * our name and nobody is in it.
 */
void
systemd_stop_empty (const struct cgroup *cg)
{
	struct err ignored;

	if (with_bus (cg, stop_empty, &ignored) < 0)
		log_debug ("%s", err_full (&ignored));
}
