/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Errors: one struct, no allocation, one packet on the channel.
 *
 * src/sys and probes return -errno and know no struct err: mechanism. Everything above takes
 * `struct err *e` last, returns -1 with e set, or a value >= 0: meaning. The text is made at the
 * lowest place that knows the object's name; context is put in front by whoever iterates. Texts are
 * lower-case, have no full stop, and name things in single quotes.
 */
#include <stdarg.h>

struct err {
	int num; /* errno, or 0 when no system call failed */
	int len; /* of text */
	char text[4096 - 2 * sizeof (int)];
};

#define PRINTF(a, b) __attribute__ ((format (printf, a, b)))
#define RESULT	     __attribute__ ((warn_unused_result))

int err_set (struct err *e, int num, const char *fmt, ...) PRINTF (3, 4); /* returns -1 */
int err_wrap (struct err *e, const char *fmt, ...)
	PRINTF (2, 3); /* puts "fmt: " in front; returns -1 */
/* Lower-case, as the Go runtimes say it: engines match "no such file or directory", "permission
 * denied" and others, some case-sensitively. */
const char *err_strerror (int num);
/* text: strerror. In e's own buffer; num is 0 afterwards. */
const char *err_full (struct err *e);

#define TRY(call)                  \
	do {                       \
		if ((call) < 0)    \
			return -1; \
	} while (0)
#define STEP(what, call)                                 \
	do {                                             \
		if ((call) < 0)                          \
			return err_wrap (e, "%s", what); \
	} while (0)
