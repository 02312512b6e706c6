/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* For the tests of libocispec: read a text, look at what the report says. */
#include <stdlib.h>

#include "libocispec/json.h"
#include "libocispec/oci_config.h"
#include "tap.h"

/* All of it lives until the end of the program. Reachable from here, so that no leak is seen. */
static struct arena test_arena;

/* The text in memory of exactly its size, so that the sanitizer sees a read beyond it. */
static inline char *
exactly (const char *text, size_t len)
{
	char *copy = arena_alloc (&test_arena, len ? len : 1);

	memcpy (copy, text, len);
	return copy;
}

/* "" or the errors. */
static inline const char *
errors_of_n (const struct record *rec, const char *text, size_t len, void *ret)
{
	struct oci_report report;
	const char *buf = exactly (text, len);
	int r;

	oci_report_init (&report, &test_arena, "f", buf, len);
	r = oci_record_read (rec, &test_arena, buf, len, &report, ret);
	if ((r < 0) != (oci_report_text (&report)[0] != '\0'))
		return "the result and the report disagree";
	return oci_report_text (&report);
}

static inline const char *
errors_of (const struct record *rec, const char *text)
{
	return errors_of_n (rec, text, strlen (text), arena_alloc (&test_arena, rec->size));
}

/* Read, must be good, and written again. */
static inline const char *
rewritten (const struct record *rec, const char *text)
{
	void *obj = arena_alloc (&test_arena, rec->size);
	const char *errors = errors_of_n (rec, text, strlen (text), obj);

	return *errors ? errors : oci_record_write (rec, obj, &test_arena, OCI_COMPACT, NULL);
}
