/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What is wrong with a document: several errors, each with line, column and JSON path.
 *
 * Positions are not kept while parsing: oci_report_add finds them by scanning the text again, which
 * costs only those who have errors. A hostile document may have millions of errors: OCI_REPORT_MAX
 * of them are kept, the rest is counted.
 */
#include <stdbool.h>
#include <stddef.h>

#include "libocispec/arena.h"

#define OCI_REPORT_MAX 20

struct oci_report_item {
	size_t offset; /* in the text */
	const char *path, *text;
};
struct oci_report {
	struct arena *arena;
	const char *filename, *buf; /* buf may be NULL: no positions then */
	size_t len;
	VEC (struct oci_report_item) errors;
	VEC (struct oci_report_item) warnings;
	size_t more_errors, more_warnings; /* not kept */
	bool name_unknown; /* set it to get a warning for each member that the specification does
			      not know */
};

void oci_report_init (struct oci_report *r, struct arena *a, const char *filename, const char *buf,
		      size_t len);
/* An error at json_path ("process.rlimits[2].soft"; "" is the document). An absent last part gets
 * the place of what it should be in. */
void oci_report_add (struct oci_report *r, const char *json_path, const char *fmt, ...)
	__attribute__ ((format (printf, 3, 4)));
void oci_report_warn (struct oci_report *r, const char *json_path, const char *fmt, ...)
	__attribute__ ((format (printf, 3, 4)));
/* The same with the place known. */
void oci_report_warn_at (struct oci_report *r, size_t offset, const char *json_path,
			 const char *fmt, ...) __attribute__ ((format (printf, 4, 5)));
void oci_report_add_at (struct oci_report *r, size_t offset, const char *json_path, const char *fmt,
			...) __attribute__ ((format (printf, 4, 5)));
bool oci_report_failed (const struct oci_report *r);
/*
 * "config.json:LINE:COL: path: text", a line each, in the order of the text, then "and N more".
 * Control characters and bytes that are no UTF-8 are shown as \xNN. LINE:COL is left out if there
 * is no text.
 */
const char *oci_report_text (const struct oci_report *r);
const char *oci_report_warnings (const struct oci_report *r); /* "" if there are none */
/* Byte offset of a path in a JSON text (its last, if a key is there twice); of the nearest existing
 * ancestor if it is absent. */
size_t oci_locate (const char *buf, size_t len, const char *json_path);
