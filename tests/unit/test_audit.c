/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of fields in the audit log that somebody else chose. */
#include <string.h>

#include "container/audit.h"
#include "libocispec/arena.h"
#include "tap.h"

static struct arena arena;

TEST (what_is_plain_is_quoted)
{
	STREQ (audit_encode (&arena, "web-1_2.3"), "\"web-1_2.3\"");
	STREQ (audit_encode (&arena, "/usr/bin/coracle"), "\"/usr/bin/coracle\"");
}

/* As libaudit's audit_encode_value does it; the apostrophe is ours. */
TEST (what_could_end_the_field_is_in_hexadecimal)
{
	STREQ (audit_encode (&arena, "a\" auid=0"), "612220617569643D30");
	STREQ (audit_encode (&arena, "a b"), "612062");
	STREQ (audit_encode (&arena, "a'b"), "612762");
	STREQ (audit_encode (&arena, "a\nb"), "610A62");
	STREQ (audit_encode (&arena, "\x7f"), "7F");
	STREQ (audit_encode (&arena, "caf\xc3\xa9"), "636166C3A9");
}

TEST (nothing_is_a_question_mark)
{
	STREQ (audit_encode (&arena, ""), "?");
}

TEST (what_is_endless_is_cut)
{
	static char longest[10000];

	memset (longest, 'x', sizeof longest - 1);
	EQ (strlen (audit_encode (&arena, longest)), 2048 + 2);
	longest[0] = ' ';
	EQ (strlen (audit_encode (&arena, longest)), 2 * 2048);
}
