/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reading.h"

static struct oci_report
report_on (const char *text)
{
	struct oci_report r;

	oci_report_init (&r, &test_arena, "config.json", text, strlen (text));
	return r;
}

/* What the path leads to, up to the next delimiter. */
static const char *
found (const char *text, const char *path)
{
	const char *at = text + oci_locate (text, strlen (text), path);

	return arena_strndup (&test_arena, at, strcspn (at, ",]}\n "));
}

TEST (nothing_reported)
{
	struct oci_report r = report_on ("{}");

	OK (!oci_report_failed (&r));
	STREQ (oci_report_text (&r), "");
	STREQ (oci_report_warnings (&r), "");
}

TEST (line_and_column_start_at_one)
{
	struct oci_report r = report_on ("{}");

	oci_report_add (&r, "", "bad");
	STREQ (oci_report_text (&r), "config.json:1:1: bad");
}

TEST (place_of_a_member)
{
	struct oci_report r = report_on ("{\n  \"process\": {\n    \"cwd\": \"x\"\n  }\n}\n");

	oci_report_add (&r, "process.cwd", "%s", "is relative");
	STREQ (oci_report_text (&r), "config.json:3:12: process.cwd: is relative");
}

TEST (items_are_in_the_order_of_the_text)
{
	struct oci_report r = report_on ("{\"a\": 1,\n\"b\": 2,\n\"c\": 3}");

	oci_report_add (&r, "c", "third");
	oci_report_add (&r, "a", "first");
	oci_report_add (&r, "b", "second");
	STREQ (oci_report_text (&r),
	       "config.json:1:7: a: first\nconfig.json:2:6: b: second\nconfig.json:3:6: c: third");
}

TEST (twenty_items_and_a_count)
{
	struct oci_report r = report_on ("{}");
	const char *text;
	int lines = 0;

	for (int i = 0; i < 1000; i++)
		oci_report_add (&r, "", "number %d", i);
	text = oci_report_text (&r);
	for (const char *s = text; (s = strchr (s, '\n')); s++)
		lines++;
	EQ (lines, 20);
	CONTAINS (text, "\nand 980 more");
	OK (oci_report_failed (&r));
}

TEST (warnings_are_apart)
{
	struct oci_report r = report_on ("{\"a\": 1}");

	oci_report_warn (&r, "a", "odd");
	OK (!oci_report_failed (&r));
	STREQ (oci_report_text (&r), "");
	STREQ (oci_report_warnings (&r), "config.json:1:7: a: odd");
}

TEST (control_characters_are_escaped)
{
	struct oci_report r = report_on ("{}");

	oci_report_add (&r, "a\nb", "\033[31mred\r\x7f '%s'",
			"\xff\xc3\xa9\xc2\x9b"
			"1m");
	STREQ (oci_report_text (&r),
	       "config.json:1:1: a\\x0ab: \\x1b[31mred\\x0d\\x7f '\\xff\xc3\xa9\\xc2\\x9b1m'");
}

TEST (file_names_are_escaped)
{
	struct oci_report r;

	oci_report_init (&r, &test_arena, "a\nb", "{}", 2);
	oci_report_add (&r, "", "bad");
	STREQ (oci_report_text (&r), "a\\x0ab:1:1: bad");
}

TEST (without_a_text_there_are_no_places)
{
	struct oci_report r;

	oci_report_init (&r, &test_arena, "x", NULL, 0);
	oci_report_add (&r, "a.b", "bad");
	STREQ (oci_report_text (&r), "x: a.b: bad");
}

TEST (long_paths_are_cut)
{
	struct oci_report r = report_on ("{}");
	char *path = arena_alloc (&test_arena, 5001);

	memset (path, 'k', 5000);
	oci_report_add (&r, path, "bad %s", path);
	OK (strlen (oci_report_text (&r)) < 1800);
	CONTAINS (oci_report_text (&r), "kkk...kkk");
}

TEST (locate_members_and_elements)
{
	static const char text[] = "{\"a\": {\"b\": [10, [20, 21], {\"c\": 30}]}, \"d\": true}";

	STREQ (found (text, "a.b[0]"), "10");
	STREQ (found (text, "a.b[1][1]"), "21");
	STREQ (found (text, "a.b[2].c"), "30");
	STREQ (found (text, "d"), "true");
	EQ (oci_locate (text, strlen (text), ""), 0);
}

TEST (locate_absent_gives_the_ancestor)
{
	static const char text[] = "{\"a\": {\"b\": [10, 20]}}";

	EQ (oci_locate (text, strlen (text), "a.x"), 6);
	EQ (oci_locate (text, strlen (text), "a.x.y[3]"), 6);
	EQ (oci_locate (text, strlen (text), "a.b[7]"), 12);
	EQ (oci_locate (text, strlen (text), "zzz"), 0);
	EQ (oci_locate (text, strlen (text), "a.b.c"), 12);
}

TEST (locate_keys_with_dots_and_brackets)
{
	static const char text[] =
		"{\"annotations\": {\"org\": 0, \"org.x\": 1, \"org.x.y[2]\": 2, \"a\\\"b\": 3}}";

	STREQ (found (text, "annotations.org"), "0");
	STREQ (found (text, "annotations.org.x"), "1");
	STREQ (found (text, "annotations.org.x.y[2]"), "2");
}

TEST (locate_is_not_fooled_by_strings)
{
	static const char text[] = "{\"x\": \"\\\"a\\\": {[\", \"y\": \"}\", \"a\": 5}";

	STREQ (found (text, "a"), "5");
}

TEST (locate_the_last_of_two)
{
	static const char text[] = "{\"m\": {\"k\": 1, \"k\": 2}}";

	STREQ (found (text, "m.k"), "2");
}

TEST (locate_survives_broken_text)
{
	static const char *const texts[] = {
		"",	     "{",     "[",   "{\"a",	     "{\"a\":",
		"{\"a\": [", "\\",    "}}}", "{\"a\": \"\\", "{\"a\" \"a\"",
		"]",	     "{\"a\\"
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		size_t len = strlen (texts[i]);
		const char *text = exactly (texts[i], len);

		OK (oci_locate (text, len, "a.b[1].c") <= len);
		OK (oci_locate (text, len, "a[") <= len);
		OK (oci_locate (text, len, "[") <= len);
	}
	OK (oci_locate (exactly ("{\"a\":[1\0,2]}", 12), 12, "a[1]") <= 12);
}

TEST (unknown_properties_are_named_when_asked)
{
	static const char text[] =
		"{\"ociVersion\": \"1.3.0\", \"Process\": {\"x\": {}},\n\"root\": {\"path\": \"r\", \"writable\": true}}";
	struct oci_report r = report_on (text);
	struct oci_config *c;

	EQ (oci_config_read (&test_arena, text, strlen (text), &r, &c), 0);
	STREQ (oci_report_warnings (&r), "");
	r = report_on (text);
	r.name_unknown = true;
	EQ (oci_config_read (&test_arena, text, strlen (text), &r, &c), 0);
	STREQ (oci_report_warnings (&r),
	       "config.json:1:25: Process: unknown property\nconfig.json:2:23: root.writable: unknown property");
}
