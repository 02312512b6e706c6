/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/arena.h"

#define CHUNK (60u << 10)
/* All but the first: so large that calloc maps it and has no need to look whether it is zero. That
 * would touch each page once more, and only pages that are touched cost anything. */
#define MORE  (1u << 20)
#define ALIGN 16u

/* With AddressSanitizer every allocation is followed by bytes that may not be touched. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define WITH_ASAN
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined WITH_ASAN
#include <sanitizer/asan_interface.h>
#define REDZONE	     32u
#define FORBID(p, n) __asan_poison_memory_region (p, n)
#define PERMIT(p, n) __asan_unpoison_memory_region (p, n)
#else
#define REDZONE	     0u
#define FORBID(p, n) ((void) (p), (void) (n))
#define PERMIT(p, n) ((void) (p), (void) (n))
#endif

struct arena_chunk {
	struct arena_chunk *next;
	char pad[ALIGN - sizeof (void *)];
	char data[];
};

/* The first chunk of the first arena is part of the program: most runs then never ask the kernel
 * for memory. (64: as large objects are, base/mem.h.) */
static _Alignas(64) char first[sizeof (struct arena_chunk) + CHUNK];
static bool first_taken;

static struct arena_chunk *
new_chunk (size_t want)
{
	if (want == CHUNK && !first_taken) {
		first_taken = true;
		return (struct arena_chunk *) (void *) first;
	}
	return calloc (1, sizeof (struct arena_chunk) + want);
}

static void
free_chunk (struct arena_chunk *c)
{
	if ((char *) c != first) {
		free (c);
		return;
	}
	PERMIT (first, sizeof first);
	memset (first, 0, sizeof first);
	first_taken = false;
}

static _Noreturn void
out_of_memory (void)
{
	fputs ("out of memory\n", stderr);
	exit (1);
}

void *
arena_alloc (struct arena *a, size_t size)
{
	struct arena_chunk *c;
	size_t want, asked = size;
	char *p;

	if (size > SIZE_MAX / 2)
		out_of_memory ();
	size = ((size + ALIGN - 1) & ~(size_t) (ALIGN - 1)) + REDZONE;
	if (size > (size_t) (a->end - a->next) || !a->next) {
		want = size > CHUNK ? size : a->chunks ? MORE : CHUNK;
		c = new_chunk (want);
		if (!c)
			out_of_memory ();
		c->next = a->chunks;
		a->chunks = c;
		if (size > CHUNK && a->next) /* a large one of its own: what is left of the current
						chunk stays in use */
			return c->data;
		FORBID (c->data, want);
		a->next = c->data;
		a->end = c->data + want;
	}
	p = a->next;
	PERMIT (p, asked);
	a->next += size;
	return p;
}

void *
arena_memdup (struct arena *a, const void *p, size_t size)
{
	void *copy = arena_alloc (a, size);

	if (size)
		memcpy (copy, p, size);
	return copy;
}

char *
arena_strndup (struct arena *a, const char *s, size_t n)
{
	char *copy = arena_alloc (a, n + 1);

	if (n)
		memcpy (copy, s, n);
	return copy;
}

char *
arena_strdup (struct arena *a, const char *s)
{
	return arena_strndup (a, s, strlen (s));
}

char *
arena_vprintf (struct arena *a, const char *fmt, va_list ap)
{
	char most[256], *s; /* to format is what takes time: usually once is enough */
	va_list again;
	int n;

	va_copy (again, ap);
	n = vsnprintf (most, sizeof most, fmt, again);
	va_end (again);
	if (n < 0)
		out_of_memory ();
	if ((size_t) n < sizeof most)
		return arena_memdup (a, most, (size_t) n + 1);
	s = arena_alloc (a, (size_t) n + 1);
	vsnprintf (s, (size_t) n + 1, fmt, ap);
	return s;
}

char *
arena_printf (struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start (ap, fmt);
	s = arena_vprintf (a, fmt, ap);
	va_end (ap);
	return s;
}

void *
arena_grow (struct arena *a, void *v, size_t n, size_t size)
{
	void *bigger;

	if (n != 0 && (n & (n - 1)) != 0)
		return v;
	if (n == 1 && v) /* the first allocation has room for two */
		return v;
	if (n > SIZE_MAX / 4 / size)
		out_of_memory ();
	bigger = arena_alloc (a, (n ? 2 * n : 2) * size);
	if (n)
		memcpy (bigger, v, n * size);
	return bigger;
}

void
arena_free (struct arena *a)
{
	for (struct arena_chunk *c = a->chunks, *next; c; c = next) {
		next = c->next;
		free_chunk (c);
	}
	*a = (struct arena) { 0 };
}
