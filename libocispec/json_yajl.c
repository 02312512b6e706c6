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

/* yajl's words, without its prefix and line break. */
static const char *
error_text (struct arena *a, yajl_handle h)
{
	unsigned char *raw = yajl_get_error (h, 0, NULL, 0);
	const char *s = strchr ((char *) raw, ':');
	char *text = arena_strdup (a, s ? s + 2 : (char *) raw);

	text[strcspn (text, "\n")] = '\0';
	yajl_free_error (h, raw);
	return text;
}

int
json_parse (struct arena *a, const char *buf, size_t len, const struct json_events *ev, void *ctx, struct json_parser **ret_parser,
	    const char **ret_error, size_t *ret_offset)
{
	struct json_parser p = { .ev = ev, .ctx = ctx };
	yajl_status st;

	p.handle = yajl_alloc (&callbacks, NULL, &p);
	*ret_parser = &p;
	st = yajl_parse (p.handle, (const unsigned char *) buf, len);
	*ret_offset = json_offset (&p);
	if (st == yajl_status_ok) {
		st = yajl_complete_parse (p.handle);
		*ret_offset = len;	/* the end came too early */
	}
	*ret_error = st == yajl_status_error ? error_text (a, p.handle) : NULL;
	yajl_free (p.handle);
	*ret_parser = NULL;
	return st == yajl_status_ok ? 0 : -1;
}
