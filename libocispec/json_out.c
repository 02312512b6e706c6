/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "libocispec/json.h"

void
json_out_init (struct json_out *o, struct arena *a, int indent)
{
	*o = (struct json_out) { .arena = a, .indent = indent };
}

static void
put (struct json_out *o, const char *s, size_t n)
{
	if (o->len + n + 1 > o->size) {
		size_t size = 2 * o->size + n + 1024;
		char *bigger = arena_alloc (o->arena, size);

		if (o->len)
			memcpy (bigger, o->buf, o->len);
		o->buf = bigger;
		o->size = size;
	}
	memcpy (o->buf + o->len, s, n);
	o->len += n;
	o->buf[o->len] = '\0';
}

static void
new_line (struct json_out *o)
{
	static const char spaces[] =
		"                                                                ";

	if (o->indent == 0)
		return;
	put (o, "\n", 1);
	for (int left = o->indent * o->depth; left > 0; left -= 64)
		put (o, spaces, (size_t) (left > 64 ? 64 : left));
}

static void
before_value (struct json_out *o)
{
	if (o->after_key) {
		o->after_key = false;
		return;
	}
	if (o->need_comma)
		put (o, ",", 1);
	if (o->depth > 0)
		new_line (o);
}

static void
begin (struct json_out *o, const char *bracket)
{
	before_value (o);
	put (o, bracket, 1);
	o->depth++;
	o->need_comma = false;
}

static void
end (struct json_out *o, const char *bracket)
{
	o->depth--;
	if (o->need_comma)
		new_line (o);
	put (o, bracket, 1);
	o->need_comma = true;
}

/* clang-format off */
void json_begin_object (struct json_out *o) { begin (o, "{"); }
void json_end_object (struct json_out *o) { end (o, "}"); }
void json_begin_array (struct json_out *o) { begin (o, "["); }
void json_end_array (struct json_out *o) { end (o, "]"); }
/* clang-format on */

size_t
json_utf8_length (const unsigned char *s, size_t left)
{
	unsigned c = s[0], low = 0x80, high = 0xbf;
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (n < 2 || n > left)
		return n > left ? 0 : n;
	if (c == 0xe0) /* overlong */
		low = 0xa0;
	else if (c == 0xed) /* surrogates */
		high = 0x9f;
	else if (c == 0xf0) /* overlong */
		low = 0x90;
	else if (c == 0xf4) /* above U+10FFFF */
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static void
put_string (struct json_out *o, const char *text)
{
	const unsigned char *s = (const unsigned char *) text;
	char code[8];

	put (o, "\"", 1);
	while (*s) {
		const unsigned char *run = s;
		size_t n;

		while (*s >= 0x20 && *s < 0x80 && *s != '"' && *s != '\\')
			s++;
		if (s > run)
			put (o, (const char *) run, (size_t) (s - run));
		if (!*s)
			break;
		if (*s == '"' || *s == '\\') {
			code[0] = '\\';
			code[1] = (char) *s++;
			put (o, code, 2);
		} else if (*s < 0x20) {
			put (o, code,
			     (size_t) snprintf (code, sizeof code,
						*s == '\n'   ? "\\n"
						: *s == '\t' ? "\\t"
							     : "\\u%04x",
						*s));
			s++;
		} else if ((n = json_utf8_length (s, 4)) > 0) {
			put (o, (const char *) s, n);
			s += n;
		} else {
			put (o, "\\ufffd", 6);
			s++;
		}
	}
	put (o, "\"", 1);
}

void
json_key (struct json_out *o, const char *key)
{
	before_value (o);
	put_string (o, key);
	put (o, ": ", o->indent ? 2 : 1);
	o->after_key = true;
	o->need_comma = true;
}

static void
scalar (struct json_out *o, const char *text)
{
	before_value (o);
	put (o, text, strlen (text));
	o->need_comma = true;
}

void
json_string (struct json_out *o, const char *s)
{
	if (!s) {
		json_null (o);
		return;
	}
	before_value (o);
	put_string (o, s);
	o->need_comma = true;
}

/* Not by printf: a state has a dozen numbers. */
static void
number (struct json_out *o, bool negative, uint64_t v)
{
	char text[24], *digit = text + sizeof text;

	*--digit = '\0';
	do
		*--digit = (char) ('0' + v % 10);
	while ((v /= 10) > 0);
	if (negative)
		*--digit = '-';
	scalar (o, digit);
}

void
json_int (struct json_out *o, int64_t v)
{
	number (o, v < 0, v < 0 ? 0 - (uint64_t) v : (uint64_t) v);
}

void
json_uint (struct json_out *o, uint64_t v)
{
	number (o, false, v);
}

/* clang-format off */
void json_bool (struct json_out *o, bool v) { scalar (o, v ? "true" : "false"); }
void json_null (struct json_out *o) { scalar (o, "null"); }
void json_raw (struct json_out *o, const char *text) { scalar (o, text); }
/* clang-format on */

char *
json_finish (struct json_out *o, size_t *ret_len)
{
	put (o, "", 0);
	if (ret_len)
		*ret_len = o->len;
	return o->buf;
}
