/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The harness itself, and that a unit test can reach the code. */
#include <errno.h>

#include "base/err.h"
#include "tap.h"

TEST (checks_pass)
{
	EQ (1 + 1, 2);
	OK (true);
	STREQ ("a", "a");
	CONTAINS ("haystack", "stack");
}

TEST (errors_are_texts)
{
	struct err e = { 0 };

	FAILS_WITH (err_set (&e, ENOENT, "open '%s'", "x"), &e, "open 'x'");
	FAILS_WITH (err_wrap (&e, "mounts[%d]", 3), &e, "mounts[3]: open 'x'");
}

/* Failing checks are noticed: looked at from inside, since a test that fails would fail the suite.
 */
TEST (a_failing_check_is_counted)
{
	fputs ("# the next line is expected: ", stdout);
	EQ (1, 2);
	OK (tap_bad);
	tap_bad = false;
}
