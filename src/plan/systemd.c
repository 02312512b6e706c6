/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scope that systemd is to make: where, under which name, with which properties beside the
 * limits (those are derived from the plan's writes, in src/cgroup).
 */
#include <stdlib.h>
#include <string.h>

#include "plan/planner.h"

#define JSON_PATH     "linux.cgroupsPath"
#define UNIT_NAME_MAX 255
#define LETTERS	      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define UNIT_CHARS    LETTERS "0123456789:_.\\-@"
#define ANNOTATION    "org.systemd.property."
#define SECONDS_MAX   1e12 /* as µs well within 64 bits */

static bool
endswith (const char *s, const char *suffix)
{
	size_t n = strlen (s), k = strlen (suffix);

	return n >= k && streq (s + n - k, suffix);
}

/* ---- names */

/* "a-b.slice" is "b" in "a.slice", and systemd makes all of them; so no part may be empty. */
static bool
is_slice (const char *s)
{
	if (streq (s, "-.slice"))
		return true;
	return endswith (s, ".slice") && strspn (s, UNIT_CHARS) == strlen (s) &&
	       strlen (s) <= UNIT_NAME_MAX && s[0] != '-' && s[0] != '.' && !strstr (s, "--") &&
	       !strstr (s, "-.slice");
}

/* As systemd-escape does: '+' of a container's id may not be in the name of a unit. */
static const char *
escape (struct planner *p, const char *id)
{
	const char *out = "";

	for (; *id; id++)
		out = strchr (UNIT_CHARS, *id) ? PATH ("%s%c", out, *id)
					       : PATH ("%s\\x%02x", out, (unsigned char) *id);
	return out;
}

static bool
split_path (struct planner *p, const char *path, strs *parts)
{
	*parts = str_split (p->arena, path, ':');
	if (parts->n != 3 || strchr (path, '/'))
		BAD (p, JSON_PATH,
		     "'%s' is not slice:prefix:name, as the systemd cgroup manager needs it", path);
	else if (!*parts->v[2])
		BAD (p, JSON_PATH, "'%s' has no name after the last colon", path);
	else if (endswith (parts->v[2], ".slice"))
		BAD (p, JSON_PATH,
		     "'%s' names a slice: systemd keeps processes in scopes, slices hold scopes",
		     path);
	else if (strspn (path, UNIT_CHARS) != strlen (path))
		BAD (p, JSON_PATH, "'%s' has a character that names of units may not have: '%c'",
		     path, path[strspn (path, UNIT_CHARS)]);
	else
		return true;
	return false;
}

/* slice:prefix:name, as all engines write it. An empty prefix gives "-name.scope", as in runc. */
static void
plan_names (struct planner *p, const char *path, struct cgroup_plan *r)
{
	const char *slice = p->host->privileged ? "system.slice" : "user.slice";
	strs parts;

	r->path_is_default = !path || !*path;
	if (r->path_is_default) {
		r->slice = slice;
		r->scope = PATH ("coracle-%s.scope", escape (p, p->plan->container_id));
	} else if (!split_path (p, path, &parts)) {
		return;
	} else {
		r->slice = *parts.v[0] ? parts.v[0] : slice;
		r->scope = PATH ("%s-%s.scope", parts.v[1], parts.v[2]);
	}
	if (!is_slice (r->slice))
		BAD (p, JSON_PATH, "'%s' is not the name of a slice", r->slice);
	if (strlen (r->scope) > UNIT_NAME_MAX)
		BAD (p, JSON_PATH, "'%s' is longer than %d characters", r->scope, UNIT_NAME_MAX);
}

/* ---- org.systemd.property.* */

/*
 * GVariant text as in `busctl` and the other runtimes, a subset that cannot be ambiguous
 * (CVE-2024-3154 was a runtime that took more): true, false, 'string', ['list', 'of'],
 * and numbers: int32 unless a type stands before them.
 */
static const struct number_type {
	const char *word, *signature;
	int64_t min;
	uint64_t max;
} number_types[] = {
	{ "byte", "y", 0, UINT8_MAX },	  { "int16", "n", INT16_MIN, INT16_MAX },
	{ "uint16", "q", 0, UINT16_MAX }, { "int32", "i", INT32_MIN, INT32_MAX },
	{ "uint32", "u", 0, UINT32_MAX }, { "int64", "x", INT64_MIN, INT64_MAX },
	{ "uint64", "t", 0, UINT64_MAX }, { "", "i", INT32_MIN, INT32_MAX },
};

static const char *
skip_spaces (const char *s)
{
	return s + strspn (s, " \t\n");
}

/* A quoted string at *s; moves behind it. NULL: it is none. */
static char *
read_quoted (struct planner *p, const char **s)
{
	char quote = **s, *out = arena_alloc (p->arena, strlen (*s)), *to = out;
	const char *from = *s + 1;

	if (quote != '\'' && quote != '"')
		return NULL;
	for (; *from && *from != quote; from++) {
		if (*from == '\\' && (!from[1] || !strchr ("\\'\"", *++from)))
			return NULL;
		*to++ = *from;
	}
	if (!*from)
		return NULL;
	*s = skip_spaces (from + 1);
	return out;
}

static bool
read_strings (struct planner *p, const char *s, struct unit_property *r)
{
	VEC (char *) v = { NULL, 0 };
	bool list = *s == '[';
	char *one;

	do {
		s = skip_spaces (list ? s + 1 : s);
		one = read_quoted (p, &s);
		if (!one)
			return false;
		VEC_PUSH (p->arena, v, one);
	} while (list && *s == ',');
	if (list && *s++ != ']')
		return false;
	r->signature = list ? "as" : "s";
	r->strings = v.v;
	r->n_strings = v.n;
	return *skip_spaces (s) == '\0';
}

static bool
read_number (const char *s, struct unit_property *r)
{
	size_t len = strcspn (s, " \t\n");
	const struct number_type *t = &number_types[ARRAY_SIZE (number_types) - 1];
	bool negative;

	for (size_t i = 0; i < ARRAY_SIZE (number_types); i++)
		if (len == strlen (number_types[i].word) && startswith (s, number_types[i].word))
			t = &number_types[i];
	s = skip_spaces (s + strlen (t->word));
	negative = *s == '-';
	if (parse_u64 (s + negative, &r->number) < 0)
		return false;
	if (negative ? r->number > 0 - (uint64_t) t->min : r->number > t->max)
		return false;
	if (negative)
		r->number = 0 - r->number;
	r->signature = t->signature;
	return true;
}

/* "TimeoutStopSec" is what unit files say; on the bus there is only TimeoutStopUSec. */
static bool
read_seconds (struct planner *p, const char *s, struct unit_property *r)
{
	char *end;
	double seconds;

	if (read_number (s, r) && strspn (s, "0123456789") == 0)
		s = skip_spaces (s + strcspn (s, " \t\n")); /* after the type */
	seconds = strtod (s, &end);
	if (end == s || *skip_spaces (end) || !(seconds >= 0) || seconds > SECONDS_MAX)
		return false;
	r->name = PATH ("%.*sUSec", (int) strlen (r->name) - 3, r->name);
	r->signature = "t";
	r->number = (uint64_t) (seconds * 1e6 + 0.5);
	return true;
}

static const char *
trim (struct planner *p, const char *s)
{
	size_t n = strlen (s = skip_spaces (s));

	while (n > 0 && strchr (" \t\n", s[n - 1]))
		n--;
	return arena_strndup (p->arena, s, n);
}

static bool
read_value (struct planner *p, const char *s, struct unit_property *r)
{
	size_t n = strlen (r->name);

	s = trim (p, s);
	if (endswith (r->name, "Sec") && n > 3 && r->name[n - 4] >= 'a' && r->name[n - 4] <= 'z')
		return read_seconds (p, s, r);
	if (streq (s, "true") || streq (s, "false")) {
		r->signature = "b";
		r->number = *s == 't';
		return true;
	}
	if (*s == '\'' || *s == '"' || *s == '[')
		return read_strings (p, s, r);
	return read_number (s, r);
}

/* What the runtime says itself, or what would put the container elsewhere. */
static bool
is_ours (const char *name)
{
	static const char *const ours[] = { "PIDs",	"PIDFDs",     "Slice",
					    "Delegate", "Controller", "ControlGroup" };

	for (size_t i = 0; i < ARRAY_SIZE (ours); i++)
		if (streq (name, ours[i]))
			return true;
	return false;
}

static void
plan_properties (struct planner *p, struct cgroup_plan *r)
{
	VEC (struct unit_property) v = { NULL, 0 };
	const kvs *annotations = &p->spec->annotations;

	for (size_t i = 0; i < annotations->n; i++) {
		const char *key = annotations->v[i].key, *value = annotations->v[i].value;
		struct unit_property one = { .json_path = PATH ("annotations.%s", key) };

		if (!startswith (key, ANNOTATION))
			continue;
		one.name = key + strlen (ANNOTATION);
		if (strlen (one.name) < 3 || strspn (one.name, LETTERS) != strlen (one.name))
			BAD (p, one.json_path, "'%s' is not the name of a property", one.name);
		else if (is_ours (one.name))
			BAD (p, one.json_path, "%s is set by the runtime", one.name);
		else if (!read_value (p, value, &one))
			BAD (p, one.json_path,
			     "'%s' is not true, false, 'text', ['list'] or a number like uint64 5",
			     value);
		else
			VEC_PUSH (p->arena, v, one);
	}
	r->properties = v.v;
	r->n_properties = v.n;
}

void
plan_systemd (struct planner *p, const char *path, struct cgroup_plan *r)
{
	plan_names (p, path, r);
	plan_properties (p, r);
	r->description = PATH ("coracle container %s", p->plan->container_id);
}
