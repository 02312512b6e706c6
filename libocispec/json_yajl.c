/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only file that includes yajl. */
#include <string.h>
#include <yajl/yajl_parse.h>

#include "libocispec/json.h"

struct json_parser {
	yajl_handle handle;
	const struct json_events *ev;
	void *ctx;
};

static int on_null (void *c) { struct json_parser *p = c; return p->ev->null (p->ctx); }
static int on_bool (void *c, int v) { struct json_parser *p = c; return p->ev->boolean (p->ctx, v); }
static int on_number (void *c, const char *s, size_t n) { struct json_parser *p = c; return p->ev->number (p->ctx, s, n); }
static int on_string (void *c, const unsigned char *s, size_t n) { struct json_parser *p = c; return p->ev->string (p->ctx, (const char *) s, n); }
static int on_key (void *c, const unsigned char *s, size_t n) { struct json_parser *p = c; return p->ev->key (p->ctx, (const char *) s, n); }
static int on_begin_object (void *c) { struct json_parser *p = c; return p->ev->begin_object (p->ctx); }
static int on_end_object (void *c) { struct json_parser *p = c; return p->ev->end_object (p->ctx); }
static int on_begin_array (void *c) { struct json_parser *p = c; return p->ev->begin_array (p->ctx); }
static int on_end_array (void *c) { struct json_parser *p = c; return p->ev->end_array (p->ctx); }

static const yajl_callbacks callbacks = {
	on_null, on_bool, NULL, NULL, on_number, on_string, on_begin_object, on_key, on_end_object, on_begin_array, on_end_array,
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
		int c = s[i], digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/* yajl makes '?' of half a surrogate pair, or bytes that are no UTF-8; we refuse it. The first one in a document that is valid otherwise. */
static const char *
unpaired_surrogate (const char *buf, size_t len)
{
	const char *end = buf + len, *s = buf;

	while ((s = memchr (s, '\\', (size_t) (end - s)))) {
		int unit = utf16_unit (s, end);

		if (unit < 0)
			s += end - s < 2 ? 1 : 2;	/* two: the second may be a backslash */
		else if (unit < 0xd800 || unit > 0xdfff)
			s += 6;
		else if (unit > 0xdbff || (utf16_unit (s + 6, end) & ~0x3ff) != 0xdc00)
			return s;
		else
			s += 12;
	}
	return NULL;
}

/* yajl knows no overlong forms, no surrogates and no upper limit: we check it ourselves, and before. */
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

static const char *
encoding_error (const char *buf, size_t len, size_t *ret_offset)
{
	const char *bad = not_utf8 (buf, len);

	*ret_offset = bad ? (size_t) (bad - buf) : 0;
	if (len >= 3 && memcmp (buf, "\xef\xbb\xbf", 3) == 0)
		return "syntax error: a byte order mark";
	return bad ? "syntax error: bytes that are no UTF-8" : NULL;
}

/* yajl's words, without its prefix, full stop and line break, and the text it stumbled over. */
static const char *
error_text (struct arena *a, yajl_handle h, const char *buf, size_t len, size_t offset)
{
	unsigned char *raw = yajl_get_error (h, 0, NULL, 0);
	const char *s = strchr ((char *) raw, ':');
	char *text = arena_strdup (a, s ? s + 2 : (char *) raw);
	int near = 0;

	text[strcspn (text, ".\n")] = '\0';
	yajl_free_error (h, raw);
	while (near < 20 && offset + (size_t) near < len && !memchr ("\n\r\t \0", buf[offset + (size_t) near], 5))
		near++;
	if (near == 0)
		return arena_printf (a, "syntax error: %s", text);
	return arena_printf (a, "syntax error: %s, at '%.*s'", text, near, buf + offset);
}

/* yajl's memory comes from the arena too; what it frees is not used again. The size is kept before the block, for realloc. */
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

int
json_parse (struct arena *a, const char *buf, size_t len, const struct json_events *ev, void *ctx, struct json_parser **ret_parser,
	    const char **ret_error, size_t *ret_offset)
{
	yajl_alloc_funcs memory = { block_alloc, block_realloc, block_free, a };
	struct json_parser p = { .ev = ev, .ctx = ctx };
	const char *bad;
	yajl_status st;

	*ret_error = encoding_error (buf, len, ret_offset);
	if (*ret_error)
		return -1;
	p.handle = yajl_alloc (&callbacks, &memory, &p);
	yajl_config (p.handle, yajl_dont_validate_strings, 1);
	*ret_parser = &p;
	st = yajl_parse (p.handle, (const unsigned char *) buf, len);
	if (st == yajl_status_error) {
		size_t end = json_offset (&p);

		*ret_offset = end > 0 && end <= len ? end - 1 : 0;
		*ret_error = error_text (a, p.handle, buf, len, *ret_offset);
	} else if (st == yajl_status_ok) {
		st = yajl_complete_parse (p.handle);
		if (st == yajl_status_error) {
			*ret_offset = len;	/* the end came too early */
			*ret_error = error_text (a, p.handle, buf, len, len);
		}
	}
	yajl_free (p.handle);
	*ret_parser = NULL;
	if (st == yajl_status_ok && (bad = unpaired_surrogate (buf, len))) {
		*ret_offset = (size_t) (bad - buf);
		*ret_error = "syntax error: half of a surrogate pair";
		return -1;
	}
	return st == yajl_status_ok ? 0 : -1;
}
