/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>

#include "libocispec/record.h"
#include "tap.h"

TEST (memory_is_zeroed_and_aligned)
{
	struct arena a = { 0 };
	bool zero = true;

	for (size_t size = 0; size < 3000; size += 7) {
		unsigned char *p = arena_alloc (&a, size);

		EQ ((uintptr_t) p % 16, 0);
		for (size_t i = 0; i < size; i++)
			zero = zero && p[i] == 0;
		memset (p, 0xff, size);
	}
	OK (zero);
	arena_free (&a);
}

TEST (large_blocks_leave_the_current_chunk_in_use)
{
	struct arena a = { 0 };
	char *small = arena_alloc (&a, 16), *next;

	memset (arena_alloc (&a, 1 << 20), 1, 1 << 20);
	next = arena_alloc (&a, 16);
	OK (next > small && next - small <= 64);
	arena_free (&a);
}

TEST (first_block_may_be_large)
{
	struct arena a = { 0 };

	memset (arena_alloc (&a, 1 << 20), 1, 1 << 20);
	memset (arena_alloc (&a, 100), 1, 100);
	arena_free (&a);
	OK (!a.chunks && !a.next);
}

TEST (an_arena_can_be_used_again_after_free)
{
	struct arena a = { 0 };

	STREQ (arena_strdup (&a, "x"), "x");
	arena_free (&a);
	STREQ (arena_strdup (&a, "y"), "y");
	arena_free (&a);
}

TEST (strings)
{
	struct arena a = { 0 };

	STREQ (arena_strdup (&a, ""), "");
	STREQ (arena_strndup (&a, "abcdef", 3), "abc");
	STREQ (arena_strndup (&a, NULL, 0), "");
	STREQ (arena_printf (&a, "%s-%d", "a", 42), "a-42");
	STREQ (arena_printf (&a, "%s", ""), "");
	EQ (strlen (arena_printf (&a, "%100000d", 1)), 100000);
	EQ (memcmp (arena_memdup (&a, "\0x", 3), "\0x", 3), 0);
	arena_free (&a);
}

TEST (vectors_grow)
{
	struct arena a = { 0 };
	u32s numbers = { 0 };
	bool right = true;

	for (uint32_t i = 0; i < 10000; i++)
		VEC_PUSH (&a, numbers, i);
	for (uint32_t i = 0; i < 10000; i++)
		right = right && numbers.v[i] == i;
	OK (right);
	EQ (numbers.n, 10000);
	arena_free (&a);
}

TEST (a_vector_of_large_elements_grows)
{
	struct arena a = { 0 };
	VEC (struct big { char text[300]; }) all = { 0 };

	for (int i = 0; i < 40; i++)
		VEC_PUSH (&a, all, ((struct big) { { (char) i } }));
	EQ (all.v[39].text[0], 39);
	EQ (all.v[0].text[0], 0);
	arena_free (&a);
}
