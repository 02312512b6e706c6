/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/report.h"

#define ITEMS_MAX 20

/* ---- finding a path again: a scanner for text that is JSON or nearly so ------------------------------------------- */

struct scan {
	const char *p, *end;
};

static void
skip_space (struct scan *s)
{
	while (s->p < s->end && strchr (" \t\r\n,:", *s->p) && *s->p)
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
			while (s->p < s->end && !strchr (" \t\r\n,:{}[]\"", *s->p))
				s->p++;
		}
	} while (depth > 0);
}

/* Is the string at s the key [key, key + len)? Keys with escapes do not match: the place is then that of the object. */
static bool
key_is (const struct scan *s, const char *key, size_t len)
{
	return (size_t) (s->end - s->p) > len + 1 && memcmp (s->p + 1, key, len) == 0 && s->p[len + 1] == '"';
}

static bool
enter_member (struct scan *s, const char *key, size_t len)
{
	if (*s->p != '{')
		return false;
	for (s->p++;;) {
		bool hit;

		skip_space (s);
		if (s->p >= s->end || *s->p != '"')
			return false;
		hit = key_is (s, key, len);
		skip_string (s);
		skip_space (s);
		if (hit)
			return s->p < s->end;
		skip_value (s);
	}
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

/* ---- collecting ----------------------------------------------------------------------------------------------------- */

void
oci_report_init (struct oci_report *r, struct arena *a, const char *filename, const char *buf, size_t len)
{
	*r = (struct oci_report) { .arena = a, .filename = filename, .buf = buf, .len = len };
}

/* Length of the UTF-8 sequence at s, 0 if it is none. Enough for messages: overlong forms are shown as they are. */
static size_t
utf8_length (const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static const char *
escaped (struct arena *a, const char *text)
{
	char *out = arena_alloc (a, 4 * strlen (text) + 1), *o = out;

	for (const unsigned char *s = (const unsigned char *) text; *s;) {
		size_t n = *s < 0x20 || *s == 0x7f ? 0 : utf8_length (s);

		if (n == 0)
			o += sprintf (o, "\\x%02x", *s++);
		for (; n > 0; n--)
			*o++ = (char) *s++;
	}
	return out;
}

static struct oci_report_item
make_item (struct oci_report *r, size_t offset, const char *path, const char *fmt, va_list ap)
{
	return (struct oci_report_item) { offset, escaped (r->arena, path), escaped (r->arena, arena_vprintf (r->arena, fmt, ap)) };
}

void
oci_report_add_at (struct oci_report *r, size_t offset, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start (ap, fmt);
	VEC_PUSH (r->arena, r->errors, make_item (r, offset, path, fmt, ap));
	va_end (ap);
}

void
oci_report_add (struct oci_report *r, const char *path, const char *fmt, ...)
{
	size_t offset = r->buf && r->errors.n < ITEMS_MAX ? oci_locate (r->buf, r->len, path) : 0;
	va_list ap;

	va_start (ap, fmt);
	VEC_PUSH (r->arena, r->errors, make_item (r, offset, path, fmt, ap));
	va_end (ap);
}

void
oci_report_warn (struct oci_report *r, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start (ap, fmt);
	VEC_PUSH (r->arena, r->warnings, make_item (r, r->buf ? oci_locate (r->buf, r->len, path) : 0, path, fmt, ap));
	va_end (ap);
}

bool
oci_report_failed (const struct oci_report *r)
{
	return r->errors.n > 0;
}

/* ---- showing -------------------------------------------------------------------------------------------------------- */

static int
by_offset (const void *a, const void *b)
{
	const struct oci_report_item *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

static char *
item_text (const struct oci_report *r, const struct oci_report_item *it)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < it->offset && i < r->len; i++) {
		column = r->buf[i] == '\n' ? 1 : column + 1;
		line += r->buf[i] == '\n';
	}
	return arena_printf (r->arena, "%s:%zu:%zu: %s%s%s", r->filename, line, column, it->path, *it->path ? ": " : "", it->text);
}

static const char *
items_text (const struct oci_report *r, struct oci_report_item *v, size_t n)
{
	size_t shown = n < ITEMS_MAX ? n : ITEMS_MAX;
	char *text = NULL;

	if (n == 0)
		return "";
	qsort (v, shown, sizeof *v, by_offset);
	for (size_t i = 0; i < shown; i++)
		text = arena_printf (r->arena, "%s%s%s", text ? text : "", text ? "\n" : "", item_text (r, &v[i]));
	return n > shown ? arena_printf (r->arena, "%s\nand %zu more", text, n - shown) : text;
}

const char *
oci_report_text (const struct oci_report *r)
{
	return items_text (r, r->errors.v, r->errors.n);
}

const char *
oci_report_warnings (const struct oci_report *r)
{
	return items_text (r, r->warnings.v, r->warnings.n);
}
