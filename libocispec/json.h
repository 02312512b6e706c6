/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Our view of a JSON library: events in, calls out. json_yajl.c is the only file that knows which
 * library it is. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libocispec/arena.h"

/* Each returns false to stop the parser. `s` is not NUL-terminated and only valid during the call.
 */
struct json_events {
	bool (*null) (void *ctx);
	bool (*boolean) (void *ctx, bool value);
	bool (*number) (void *ctx, const char *s, size_t n); /* as written */
	bool (*string) (void *ctx, const char *s, size_t n);
	bool (*key) (void *ctx, const char *s, size_t n);
	bool (*begin_object) (void *ctx);
	bool (*end_object) (void *ctx);
	bool (*begin_array) (void *ctx);
	bool (*end_array) (void *ctx);
};

struct json_parser {
	const char *buf;
	size_t len;
	const struct json_events *events;
	void *ctx;	   /* for the events */
	void *handle;	   /* of the library */
	const char *error; /* static or in the arena; NULL: an event stopped it */
	size_t error_offset;
};
/*
 * RFC 8259 and nothing else: no comments, no byte order mark, no second document, strings in UTF-8,
 * no unpaired surrogates. The caller sets buf, len, events and ctx. 0: a complete document; -1: see
 * error.
 */
int json_parse (struct arena *a, struct json_parser *p);
/* How far the parser has read: during an event, the end of its token. */
size_t json_offset (const struct json_parser *p);

/* Bytes of one well-formed UTF-8 character (RFC 3629), 0 if it is none. In a NUL-terminated string
 * `left` may be 4. */
size_t json_utf8_length (const unsigned char *s, size_t left);

/* Writing: a small streaming generator. Strings always come out as valid JSON (bytes that are no
 * UTF-8 as U+FFFD). */
struct json_out {
	struct arena *arena;
	char *buf;
	size_t len, size;
	int indent; /* 0: compact */
	int depth;
	bool need_comma, after_key;
};
void json_out_init (struct json_out *o, struct arena *a, int indent);
void json_begin_object (struct json_out *o);
void json_end_object (struct json_out *o);
void json_begin_array (struct json_out *o);
void json_end_array (struct json_out *o);
void json_key (struct json_out *o, const char *key);
void json_string (struct json_out *o, const char *s); /* NULL: null */
void json_int (struct json_out *o, int64_t v);
void json_uint (struct json_out *o, uint64_t v);
void json_bool (struct json_out *o, bool v);
void json_null (struct json_out *o);
void json_raw (struct json_out *o, const char *text); /* a value made elsewhere */
char *json_finish (struct json_out *o, size_t *ret_len);
