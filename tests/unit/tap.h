/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A harness of one header for unit tests; the output is TAP 12.
 *
 *	#include "tap.h"
 *	TEST (adds_up)
 *	{
 *		EQ (1 + 1, 2);
 *		FAILS_WITH (parse ("x", &e), &e, "expected a number");
 *	}
 *
 * A check that fails prints file:line and both values and goes on; the process then exits with 1.
 *Arguments of the program: names of the tests to run, all by default. Registered in order of
 *appearance.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct tap_test {
	const char *name;
	void (*run) (void);
	struct tap_test *next;
};
static struct tap_test *tap_first, **tap_last = &tap_first;
static const char *tap_skipped;
static bool tap_bad;

/* clang-format off */
#define TEST(n)                                                                             \
	static void test_##n (void);                                                        \
	static struct tap_test tap_##n = { #n, test_##n, NULL };                            \
	__attribute__ ((constructor)) static void tap_add_##n (void)                        \
	{                                                                                   \
		*tap_last = &tap_##n;                                                       \
		tap_last = &tap_##n.next;                                                   \
	}                                                                                   \
	static void test_##n (void)
/* clang-format on */

#define TAP_FAIL(fmt, ...) \
	(tap_bad = true, (void) printf ("# %s:%d: " fmt "\n", __FILE__, __LINE__, __VA_ARGS__))
#define OK(x) ((x) ? (void) 0 : TAP_FAIL ("%s is false", #x))
/* clang-format off */
#define EQ(a, b)                                                                            \
	do {                                                                                \
		long long a_ = (long long) (a), b_ = (long long) (b);                       \
		if (a_ != b_)                                                               \
			TAP_FAIL ("%s is %lld (%#llx), expected %s = %lld (%#llx)", #a, a_, \
				  (unsigned long long) a_, #b, b_, (unsigned long long) b_); \
	} while (0)
#define TAP_TEXT(a, b, cond, verb)                                                          \
	do {                                                                                \
		const char *a_ = (a), *b_ = (b);                                            \
		if (!(cond))                                                                \
			TAP_FAIL ("%s is \"%s\", expected " verb " \"%s\"", #a,           \
				  a_ ? a_ : "(null)", b_ ? b_ : "(null)");                  \
	} while (0)
#define STREQ(a, b) TAP_TEXT (a, b, a_ == b_ || (a_ && b_ && strcmp (a_, b_) == 0), "to be")
#define CONTAINS(hay, needle) TAP_TEXT (hay, needle, a_ && b_ && strstr (a_, b_), "to contain")
/* call returns < 0 and the text of the struct err at e contains part */
#define FAILS_WITH(call, e, part)                                                           \
	do {                                                                                \
		if ((call) >= 0)                                                            \
			TAP_FAIL ("%s succeeded, expected an error with \"%s\"", #call, part); \
		else                                                                        \
			CONTAINS ((e)->text, part);                                         \
	} while (0)
#define SKIP(why) do { tap_skipped = (why); return; } while (0)
/* clang-format on */

int
main (int argc, char **argv)
{
	int n = 0, failed = 0;

	setvbuf (stdout, NULL, _IOLBF, 0);
	for (struct tap_test *t = tap_first; t; t = t->next) {
		bool wanted = argc < 2;

		for (int i = 1; i < argc; i++)
			wanted = wanted || strcmp (argv[i], t->name) == 0;
		if (!wanted)
			continue;
		tap_bad = false;
		tap_skipped = NULL;
		t->run ();
		printf ("%sok %d - %s%s%s\n", tap_bad ? "not " : "", ++n, t->name,
			tap_skipped ? " # SKIP " : "", tap_skipped ? tap_skipped : "");
		failed += tap_bad;
	}
	printf ("1..%d\n", n);
	return failed > 0;
}
