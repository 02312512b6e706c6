/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of CRIU's protocol; that CRIU understands them is shown in tests/vm. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "container/checkpoint.h"
#include "container/criu.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "tap.h"

static struct arena a;

/* "08 01 12 ..." */
static const char *
hex (const struct pb *b)
{
	static char text[512];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < b->n && n + 4 < sizeof text; i++)
		n += (size_t) snprintf (text + n, sizeof text - n, "%s%02x", i ? " " : "", b->v[i]);
	return text;
}

TEST (numbers_are_varints)
{
	struct pb b = { .arena = &a };

	pb_int (&b, 1, 3);
	pb_int (&b, 2, 300);
	STREQ (hex (&b), "08 03 10 ac 02");
}

TEST (fields_above_15_have_longer_keys)
{
	struct pb b = { .arena = &a };

	pb_bool (&b, CRIU_ORPHAN_PTS_MASTER, true);
	STREQ (hex (&b), "90 03 01");
}

TEST (what_is_not_set_is_not_written)
{
	struct pb b = { .arena = &a };

	pb_bool (&b, 3, false);
	pb_string (&b, 10, NULL);
	EQ (b.n, 0);
}

TEST (messages_hold_messages)
{
	struct pb b = { .arena = &a };

	pb_pair (&b, CRIU_CG_ROOT, NULL, "/x");
	pb_named_fd (&b, CRIU_INHERIT_FD, "k", 1);
	STREQ (hex (&b), "ca 01 04 12 02 2f 78 da 01 05 0a 01 6b 10 01");
}

TEST (long_messages_grow)
{
	struct pb b = { .arena = &a };
	char text[1000];

	memset (text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (int i = 0; i < 100; i++)
		pb_string (&b, 1, text);
	EQ (b.n, 100 * (999 + 3));
}

TEST (the_annotation_names_the_configuration_file)
{
	struct oci_kv kv = { .key = (char *) "org.criu.config", .value = (char *) "/etc/c" };
	struct oci_config spec = { .annotations = { &kv, 1 } };
	struct criu_options o = { 0 };
	struct criu_dirs dirs = { 0 };
	struct pb b = { .arena = &a };
	struct err e = { 0 };

	EQ (criu_common_options (&b, &o, &dirs, &spec, "dump.log", &e), 0);
	OK (strstr (hex (&b), "9a 03 06 2f 65 74 63 2f 63"));
	kv.value = (char *) "relative";
	EQ (criu_common_options (&b, &o, &dirs, &spec, "dump.log", &e), -1);
	STREQ (err_full (&e), "annotations.org.criu.config: 'relative' is not an absolute path");
}

static int
parse (const char *bytes, size_t n, struct criu_response *r)
{
	return criu_parse (&a, (const uint8_t *) bytes, n, r);
}
#define PARSE(bytes, r) parse (bytes, sizeof (bytes) - 1, r)

TEST (a_restored_pid_is_found)
{
	struct criu_response r;

	EQ (PARSE ("\x08\x02\x10\x01\x22\x03\x08\xac\x02", &r), 0);
	EQ (r.type, CRIU_RESTORE);
	OK (r.success);
	EQ (r.pid, 300);
}

TEST (a_notification_has_a_name_and_a_pid)
{
	struct criu_response r;

	EQ (PARSE ("\x08\x06\x10\x01\x2a\x08\x0a\x04test\x10\x07", &r), 0);
	EQ (r.type, CRIU_NOTIFY);
	STREQ (r.script, "test");
	EQ (r.pid, 7);
}

TEST (an_error_has_a_number_and_a_text)
{
	struct criu_response r;

	EQ (PARSE ("\x08\x01\x10\x00\x38\x02\x4a\x03"
		   "no!",
		   &r),
	    0);
	OK (!r.success);
	EQ (r.cr_errno, 2);
	STREQ (r.message, "no!");
}

TEST (unknown_fields_are_passed_over)
{
	struct criu_response r;

	EQ (PARSE ("\x08\x01\x10\x01\xd1\x07"
		   "12345678"
		   "\x9d\x06"
		   "1234"
		   "\xa2\x06\x02xy",
		   &r),
	    0);
	EQ (r.type, CRIU_DUMP);
}

TEST (damaged_answers_are_refused)
{
	struct criu_response r;

	EQ (PARSE ("", &r), -EBADMSG);
	EQ (PARSE ("\x08", &r), -EBADMSG);
	EQ (PARSE ("\x08\x01\x4a\x7f"
		   "short",
		   &r),
	    -EBADMSG);
	EQ (PARSE ("\x08\x01\x2a\x04\x0a\x7f"
		   "xx",
		   &r),
	    -EBADMSG);
	EQ (PARSE ("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", &r), -EBADMSG);
	EQ (PARSE ("\x0b\x01", &r), -EBADMSG);
}
