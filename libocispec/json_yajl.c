/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only file that includes yajl. */
#include <string.h>
#include <yajl/yajl_parse.h>

#include "libocispec/json.h"

#define PLAIN(event)                              \
	static int on_##event (void *c)           \
	{                                         \
		struct json_parser *p = c;        \
		return p->events->event (p->ctx); \
	}
PLAIN (null)
PLAIN (begin_object)
PLAIN (end_object)
PLAIN (begin_array)
PLAIN (end_array)

static int
on_bool (void *c, int value)
{
	struct json_parser *p = c;

	return p->events->boolean (p->ctx, value);
}

static int
on_number (void *c, const char *s, size_t n)
{
	struct json_parser *p = c;

	return p->events->number (p->ctx, s, n);
}

static int
on_string (void *c, const unsigned char *s, size_t n)
{
	struct json_parser *p = c;

	return p->events->string (p->ctx, (const char *) s, n);
}

static int
on_key (void *c, const unsigned char *s, size_t n)
{
	struct json_parser *p = c;

	return p->events->key (p->ctx, (const char *) s, n);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_begin_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end_object,
	.yajl_start_array = on_begin_array,
	.yajl_end_array = on_end_array,
};

size_t
json_offset (const struct json_parser *p)
{
	return yajl_get_bytes_consumed (p->handle);
}

/* The unit of \uXXXX at s, or -1. */
static int
utf16_unit (const char *s, const char *end)
{
	int unit = 0;

	if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int c = (unsigned char) s[i], digit = c >= '0' && c <= '9' ? c - '0'
						      : (c | 0x20) >= 'a' && (c | 0x20) <= 'f'
							      ? (c | 0x20) - 'a' + 10
							      : -1;

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/* yajl makes '?' of half a surrogate pair, or bytes that are no UTF-8; we refuse it. The first one
 * in a document that is valid otherwise. */
static const char *
unpaired_surrogate (const char *buf, size_t len)
{
	const char *end = buf + len, *s = buf;

	while ((s = memchr (s, '\\', (size_t) (end - s)))) {
		int unit = utf16_unit (s, end);

		if (unit < 0)
			s += end - s < 2 ? 1 : 2; /* two: the second may be a backslash */
		else if (unit < 0xd800 || unit > 0xdfff)
			s += 6;
		else if (unit > 0xdbff || (utf16_unit (s + 6, end) & ~0x3ff) != 0xdc00)
			return s;
		else
			s += 12;
	}
	return NULL;
}

/* yajl knows no overlong forms, no surrogates and no upper limit: we check it ourselves, and
 * before. */
static const char *
not_utf8 (const char *buf, size_t len)
{
	const char *s = buf, *end = buf + len;

	while (s < end) {
		uint64_t eight;
		size_t n;

		if (end - s >= 8 && (memcpy (&eight, s, 8), !(eight & 0x8080808080808080u))) {
			s += 8;
			continue;
		}
		n = json_utf8_length ((const unsigned char *) s, (size_t) (end - s));
		if (n == 0)
			return s;
		s += n;
	}
	return NULL;
}

static bool
is_encoded_well (struct json_parser *p)
{
	const char *bad = not_utf8 (p->buf, p->len);

	if (bad) {
		p->error = "syntax error: bytes that are no UTF-8";
		p->error_offset = (size_t) (bad - p->buf);
	}
	if (p->len >= 3 && memcmp (p->buf, "\xef\xbb\xbf", 3) == 0)
		p->error = "syntax error: a byte order mark";
	return !p->error;
}

/* yajl's words, without its prefix, full stop and line break, and the text it stumbled over. */
static const char *
error_text (struct arena *a, const struct json_parser *p)
{
	unsigned char *raw = yajl_get_error (p->handle, 0, NULL, 0);
	const char *s = strchr ((char *) raw, ':'), *at = p->buf + p->error_offset;
	char *text = arena_strdup (a, s ? s + 2 : (char *) raw);
	size_t left = p->len - p->error_offset;
	int near = 0;

	text[strcspn (text, ".\n")] = '\0';
	yajl_free_error (p->handle, raw);
	while (near < 20 && (size_t) near < left && !memchr ("\n\r\t \0", at[near], 5))
		near++;
	if (near == 0)
		return arena_printf (a, "syntax error: %s", text);
	return arena_printf (a, "syntax error: %s, at '%.*s'", text, near, at);
}

/* yajl's memory comes from the arena too; what it frees is not used again. The size is kept before
 * the block, for realloc. */
static void *
block_alloc (void *arena, size_t size)
{
	size_t *block = arena_alloc (arena, size + 16);

	*block = size;
	return (char *) block + 16;
}

static void *
block_realloc (void *arena, void *old, size_t size)
{
	void *block;
	size_t had = old ? *(size_t *) (void *) ((char *) old - 16) : 0;

	if (size <= had)
		return old;
	block = block_alloc (arena, size);
	if (had)
		memcpy (block, old, had);
	return block;
}

static void
block_free (void *arena, void *block)
{
	(void) arena;
	(void) block;
}

static yajl_status
run (struct arena *a, struct json_parser *p)
{
	yajl_status st = yajl_parse (p->handle, (const unsigned char *) p->buf, p->len);
	size_t end = json_offset (p);

	p->error_offset = end > 0 && end <= p->len ? end - 1 : 0;
	if (st == yajl_status_ok) {
		st = yajl_complete_parse (p->handle);
		p->error_offset = p->len; /* the end came too early */
	}
	if (st == yajl_status_error)
		p->error = error_text (a, p);
	return st;
}

int
json_parse (struct arena *a, struct json_parser *p)
{
	yajl_alloc_funcs memory = { block_alloc, block_realloc, block_free, a };
	const char *half;
	yajl_status st;

	p->error = NULL;
	p->error_offset = 0;
	if (!is_encoded_well (p))
		return -1;
	p->handle = yajl_alloc (&callbacks, &memory, p);
	yajl_config (p->handle, yajl_dont_validate_strings, 1);
	st = run (a, p);
	yajl_free (p->handle);
	p->handle = NULL;
	if (st == yajl_status_ok && (half = unpaired_surrogate (p->buf, p->len))) {
		p->error_offset = (size_t) (half - p->buf);
		p->error = "syntax error: half of a surrogate pair";
		return -1;
	}
	return st == yajl_status_ok ? 0 : -1;
}
