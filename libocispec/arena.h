/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A bump allocator: everything that is derived from one configuration lives in one arena and is
 * never freed piecemeal. Zero-initialised (`struct arena a = { 0 }`) is ready. Memory is zeroed.
 * Out of memory ends the process with a message: there is nothing sensible to do in a process that
 * lives for milliseconds. Not for threads.
 */
#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;
struct arena {
	struct arena_chunk *chunks; /* newest first */
	char *next, *end;
};

void *arena_alloc (struct arena *a, size_t size);
void *arena_memdup (struct arena *a, const void *p, size_t size);
char *arena_strdup (struct arena *a, const char *s);
char *arena_strndup (struct arena *a, const char *s, size_t n);
char *arena_printf (struct arena *a, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));
char *arena_vprintf (struct arena *a, const char *fmt, va_list ap)
	__attribute__ ((format (printf, 2, 0)));
void arena_free (struct arena *a); /* all of it: only tests and fuzzers need this */

/* A growing array { T *v; size_t n; }. v == NULL: absent; v != NULL, n == 0: empty. */
/* clang-format off */
#define VEC(T) struct { T *v; size_t n; }
#define VEC_PUSH(a, vec, value)                                                                    \
	((vec).v = arena_grow ((a), (vec).v, (vec).n, sizeof *(vec).v),                            \
	 (void) ((vec).v[(vec).n++] = (value)))
/* clang-format on */

/*
 * The array with room for element number n: a new one when n is zero or a power of two above one,
 * else the same. So a vector that grows must have grown from nothing: never push to one whose array
 * came from elsewhere.
 */
void *arena_grow (struct arena *a, void *v, size_t n, size_t size);
