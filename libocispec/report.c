/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/json.h"
#include "libocispec/report.h"

/* ---- finding a path again: a scanner for text that is JSON or nearly so --------------------- */

struct scan {
	const char *p, *end;
};

static void
skip_space (struct scan *s)
{
	while (s->p < s->end && *s->p && strchr (" \t\r\n,:", *s->p))
		s->p++;
}

static void
skip_string (struct scan *s)
{
	for (s->p++; s->p < s->end && *s->p != '"'; s->p++)
		if (*s->p == '\\')
			s->p++;
	s->p++;
}

/* One value, iteratively: the text may be deeper than the stack. */
static void
skip_value (struct scan *s)
{
	size_t depth = 0;

	do {
		skip_space (s);
		if (s->p >= s->end)
			return;
		if (*s->p == '"') {
			skip_string (s);
		} else if (*s->p == '{' || *s->p == '[') {
			depth++;
			s->p++;
		} else if (*s->p == '}' || *s->p == ']') {
			depth -= depth > 0;
			s->p++;
		} else {
			do
				s->p++;
			while (s->p < s->end && (!*s->p || !strchr (" \t\r\n,:{}[]\"", *s->p)));
		}
	} while (depth > 0);
}

/* Is the string at s the key [key, key + len)? Keys with escapes do not match: the place is then
 * that of the object. */
static bool
key_is (const struct scan *s, const char *key, size_t len)
{
	return (size_t) (s->end - s->p) > len + 1 && memcmp (s->p + 1, key, len) == 0 &&
	       s->p[len + 1] == '"';
}

static bool
enter_member (struct scan *s, const char *key, size_t len)
{
	struct scan found = { NULL, NULL };

	if (*s->p != '{')
		return false;
	for (s->p++;;) {
		bool hit;

		skip_space (s);
		if (s->p >= s->end || *s->p != '"')
			break;
		hit = key_is (s, key, len);
		skip_string (s);
		skip_space (s);
		if (hit && s->p < s->end)
			found = *s;
		skip_value (s);
	}
	if (found.p)
		*s = found;
	return found.p;
}

static bool
enter_element (struct scan *s, unsigned long index)
{
	if (*s->p != '[')
		return false;
	for (s->p++;; index--) {
		skip_space (s);
		if (s->p >= s->end || *s->p == ']')
			return false;
		if (index == 0)
			return true;
		skip_value (s);
	}
}

/* Keys may contain dots (annotations, sysctl): the longest prefix that is a key wins. */
static const char *
enter_key (struct scan *s, const char *path)
{
	size_t len = strlen (path);

	for (size_t n = len; n > 0; n--) {
		struct scan try = *s;

		if (n < len && path[n] != '.' && path[n] != '[')
			continue;
		if (enter_member (&try, path, n)) {
			*s = try;
			return path + n;
		}
	}
	return NULL;
}

size_t
oci_locate (const char *buf, size_t len, const char *path)
{
	struct scan s = { buf, buf + len };
	const char *found;

	skip_space (&s);
	found = s.p;
	while (path && *path && s.p < s.end) {
		if (*path == '[') {
			char *end;
			unsigned long index = strtoul (path + 1, &end, 10);

			if (!enter_element (&s, index))
				break;
			path = *end == ']' ? end + 1 : end;
		} else {
			path = enter_key (&s, path + (*path == '.'));
			if (!path)
				break;
		}
		found = s.p;
	}
	return (size_t) (found - buf) < len ? (size_t) (found - buf) : 0;
}

/* ---- collecting ----------------------------------------------------------------------------- */

void
oci_report_init (struct oci_report *r, struct arena *a, const char *filename, const char *buf,
		 size_t len)
{
	*r = (struct oci_report) { .arena = a, .filename = filename, .buf = buf, .len = len };
}

/* C0, DEL, C1: terminals obey them. */
static bool
is_control (const unsigned char *s)
{
	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0);
}

static const char *
escaped (struct arena *a, const char *text)
{
	char *out = arena_alloc (a, 4 * strlen (text) + 1), *o = out;

	for (const unsigned char *s = (const unsigned char *) text; *s;) {
		size_t n = is_control (s) ? 0 : json_utf8_length (s, 4);

		if (n == 0)
			o += snprintf (o, 5, "\\x%02x", *s++);
		for (; n > 0; n--)
			*o++ = (char) *s++;
	}
	return out;
}

/* Paths and texts may quote anything from the document, at any length. */
#define PATH_MAX_SHOWN 300
#define TEXT_MAX_SHOWN 1200

static const char *
shown (struct arena *a, const char *text, size_t max)
{
	size_t len = strlen (text);

	if (len <= max)
		return escaped (a, text);
	return arena_printf (a, "%s...%s", escaped (a, arena_strndup (a, text, max / 2)),
			     escaped (a, text + len - max / 4));
}

static struct oci_report_item __attribute__ ((format (printf, 4, 0)))
make_item (struct oci_report *r, size_t offset, const char *path, const char *fmt, va_list ap)
{
	return (struct oci_report_item) { offset, shown (r->arena, path, PATH_MAX_SHOWN),
					  shown (r->arena, arena_vprintf (r->arena, fmt, ap),
						 TEXT_MAX_SHOWN) };
}

#define LOCATED ((size_t) -1)

static void __attribute__ ((format (printf, 4, 0)))
add_error (struct oci_report *r, size_t offset, const char *path, const char *fmt, va_list ap)
{
	if (r->errors.n >= OCI_REPORT_MAX) {
		r->more_errors++;
		return;
	}
	if (offset == LOCATED)
		offset = r->buf ? oci_locate (r->buf, r->len, path) : 0;
	VEC_PUSH (r->arena, r->errors, make_item (r, offset, path, fmt, ap));
}

static void __attribute__ ((format (printf, 4, 0)))
add_warning (struct oci_report *r, size_t offset, const char *path, const char *fmt, va_list ap)
{
	if (r->warnings.n >= OCI_REPORT_MAX) {
		r->more_warnings++;
		return;
	}
	if (offset == LOCATED)
		offset = r->buf ? oci_locate (r->buf, r->len, path) : 0;
	VEC_PUSH (r->arena, r->warnings, make_item (r, offset, path, fmt, ap));
}

#define WITH_ARGUMENTS(call)        \
	do {                        \
		va_list ap;         \
		va_start (ap, fmt); \
		call;               \
		va_end (ap);        \
	} while (0)

void
oci_report_add_at (struct oci_report *r, size_t offset, const char *path, const char *fmt, ...)
{
	WITH_ARGUMENTS (add_error (r, offset, path, fmt, ap));
}

void
oci_report_add (struct oci_report *r, const char *path, const char *fmt, ...)
{
	WITH_ARGUMENTS (add_error (r, LOCATED, path, fmt, ap));
}

void
oci_report_warn_at (struct oci_report *r, size_t offset, const char *path, const char *fmt, ...)
{
	WITH_ARGUMENTS (add_warning (r, offset, path, fmt, ap));
}

void
oci_report_warn (struct oci_report *r, const char *path, const char *fmt, ...)
{
	WITH_ARGUMENTS (add_warning (r, LOCATED, path, fmt, ap));
}

bool
oci_report_failed (const struct oci_report *r)
{
	return r->errors.n > 0;
}

/* ---- showing -------------------------------------------------------------------------------- */

static int
by_offset (const void *a, const void *b)
{
	const struct oci_report_item *x = a, *y = b;
	int r = (x->offset > y->offset) - (x->offset < y->offset);

	if (r == 0)
		r = strcmp (x->path, y->path);
	/* qsort is not stable in every libc: two complaints about one value need an order too. */
	return r ? r : strcmp (x->text, y->text);
}

static char *
item_text (const struct oci_report *r, const struct oci_report_item *it)
{
	const char *place = "", *file = escaped (r->arena, r->filename);
	size_t line = 1, column = 1;

	for (size_t i = 0; r->buf && i < it->offset && i < r->len; i++) {
		column = r->buf[i] == '\n' ? 1 : column + 1;
		line += r->buf[i] == '\n';
	}
	if (r->buf && r->len)
		place = arena_printf (r->arena, ":%zu:%zu", line, column);
	return arena_printf (r->arena, "%s%s: %s%s%s", file, place, it->path, *it->path ? ": " : "",
			     it->text);
}

static const char *
items_text (const struct oci_report *r, struct oci_report_item *v, size_t n, size_t more)
{
	char *text = NULL;

	if (n == 0)
		return "";
	qsort (v, n, sizeof *v, by_offset);
	for (size_t i = 0; i < n; i++)
		text = arena_printf (r->arena, "%s%s%s", text ? text : "", text ? "\n" : "",
				     item_text (r, &v[i]));
	return more ? arena_printf (r->arena, "%s\nand %zu more", text, more) : text;
}

const char *
oci_report_text (const struct oci_report *r)
{
	return items_text (r, r->errors.v, r->errors.n, r->more_errors);
}

const char *
oci_report_warnings (const struct oci_report *r)
{
	return items_text (r, r->warnings.v, r->warnings.n, r->more_warnings);
}
