/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/err.h"
#include "tap.h"

static int
inner (struct err *e)
{
	return err_set (e, ENOENT, "open '%s'", "/x");
}

static int
middle (struct err *e)
{
	STEP ("mount", inner (e));
	return 0;
}

static int
outer (struct err *e)
{
	TRY (middle (e));
	return 0;
}

TEST (context_reads_outside_in)
{
	struct err e = { 0 };

	EQ (outer (&e), -1);
	EQ (e.num, ENOENT);
	STREQ (e.text, "mount: open '/x'");
	EQ (e.len, strlen (e.text));
	STREQ (err_full (&e), "mount: open '/x': no such file or directory");
	STREQ (err_full (&e), "mount: open '/x': no such file or directory"); /* not twice */
}

TEST (no_number_no_reason)
{
	struct err e = { 0 };

	(void) err_set (&e, 0, "process.args is empty");
	STREQ (err_full (&e), "process.args is empty");
}

TEST (own_text_as_argument)
{
	struct err e = { 0 };

	(void) err_set (&e, EIO, "inside");
	(void) err_set (&e, e.num, "around (%s)", e.text);
	STREQ (e.text, "around (inside)");
}

TEST (long_texts_keep_the_reason)
{
	struct err e = { 0 };
	char big[6000];

	memset (big, 'y', sizeof big);
	big[sizeof big - 1] = '\0';
	(void) err_set (&e, EACCES, "%s", big);
	EQ (strlen (e.text), sizeof e.text - 1);
	(void) err_wrap (&e, "%s", big);
	EQ (e.len, sizeof e.text - 1);
	(void) err_wrap (&e, "front");
	OK (strncmp (e.text, "front: yyy", 10) == 0);
	CONTAINS (err_full (&e), ": permission denied");
	OK (strlen (e.text) < sizeof e.text);
}

TEST (fits_one_packet)
{
	EQ (sizeof (struct err), 4096);
}

/* podman, docker and cri-o tell errors apart by these; some compare case-sensitively. */
TEST (texts_that_engines_match)
{
	STREQ (err_strerror (ENOENT), "no such file or directory");
	STREQ (err_strerror (EACCES), "permission denied");
	STREQ (err_strerror (EPERM), "operation not permitted");
	STREQ (err_strerror (ESRCH), "no such process");
	STREQ (err_strerror (EISDIR), "is a directory");
	STREQ (err_strerror (ENOTDIR), "not a directory");
	STREQ (err_strerror (ENOEXEC), "exec format error");
	STREQ (err_strerror (ELOOP), "too many levels of symbolic links");
	STREQ (err_strerror (EBUSY), "device or resource busy");
}

TEST (every_number_has_a_text)
{
	for (int i = 1; i < 140; i++)
		OK (err_strerror (i)[0] != '\0' && err_strerror (i)[0] >= 'a' &&
		    err_strerror (i)[0] <= 'z');
	STREQ (err_strerror (-5), "error -5");
	STREQ (err_strerror (99999), "error 99999");
}
