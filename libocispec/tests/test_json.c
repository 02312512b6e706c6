/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reading.h"

/* ---- parsing: what is no JSON --------------------------------------------------------------- */

struct empty {
	bool unused;
};
RECORD (empty, FIELD (empty, unused, "unused", 0));

static const char *
parse (const char *text)
{
	return errors_of (&empty_record, text);
}

static const char *
parse_n (const char *text, size_t len)
{
	struct empty e;

	return errors_of_n (&empty_record, text, len, &e);
}

TEST (documents)
{
	STREQ (parse ("{}"), "");
	STREQ (parse (" \t\r\n{ } \n"), "");
	STREQ (parse ("{\"a\": [1, -2, 3.5e10, true, false, null, \"x\", {\"b\": {}}]}"), "");
}

TEST (empty_file)
{
	STREQ (parse (""), "f: the file is empty");
	CONTAINS (parse (" \n "), "syntax error: premature EOF");
}

TEST (truncated)
{
	CONTAINS (parse ("{"), "f:1:2: syntax error: premature EOF");
	CONTAINS (parse ("{\"a\": \"b"), "syntax error: premature EOF");
	CONTAINS (parse ("{\"a\": tru"), "syntax error: ");
	CONTAINS (parse ("{\"a\": \"\\u12"), "syntax error: ");
}

TEST (place_of_a_syntax_error)
{
	CONTAINS (parse ("{\n \"a\": nan\n}"), "f:2:7: syntax error: ");
	CONTAINS (parse ("{\n \"a\": nan\n}"), "at 'nan'");
	CONTAINS (parse ("{\"a\": [1,]}"), "f:1:10: syntax error: ");
	CONTAINS (parse ("{\"a\": 1,}"), "f:1:9: syntax error: ");
	CONTAINS (parse ("{\"a\" 1}"), "f:1:6: syntax error: ");
}

TEST (not_json)
{
	static const char *const texts[] = {
		"{'a': 1}",
		"{a: 1}",
		"{\"a\": 01}",
		"{\"a\": +1}",
		"{\"a\": .5}",
		"{\"a\": 1.}",
		"{\"a\": 0x10}",
		"{\"a\": Infinity}",
		"{\"a\": \"\t\"}",
		"{\"a\": \"\n\"}",
		"{\"a\": \"\\x41\"}",
		"{\"a\": \"\\u12g4\"}",
		"{\"a\": 1 \"b\": 2}",
		"{,}",
		"{\"a\": [}",
		"{]",
		"{\"a\"}",
		"{1: 2}",
		"{\"a\": 1e}",
		"{\"a\": -}",
		"{\"a\": tRue}",
		"{} x",
		"}",
		":",
		",",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		CONTAINS (parse (texts[i]), "syntax error: ");
}

TEST (comments_are_refused)
{
	CONTAINS (parse ("// hi\n{}"), "f:1:1: syntax error: ");
	CONTAINS (parse ("{/* hi */}"), "syntax error: ");
	CONTAINS (parse ("{} // hi"), "syntax error: ");
}

TEST (one_document_only)
{
	CONTAINS (parse ("{}{}"), "f:1:3: syntax error: trailing garbage");
	CONTAINS (parse ("{}\n{}"), "f:2:1: syntax error: trailing garbage");
	CONTAINS (parse ("{}}"), "syntax error: trailing garbage");
	CONTAINS (parse_n ("{}\0", 3), "syntax error: ");
}

TEST (byte_order_marks)
{
	CONTAINS (parse ("\xef\xbb\xbf{}"), "f:1:1: syntax error: a byte order mark");
	CONTAINS (parse_n ("\xff\xfe{\0}\0", 6), "f:1:1: syntax error: ");
	CONTAINS (parse_n ("{\0}\0", 4), "syntax error: ");
}

TEST (bytes_that_are_no_utf8)
{
	static const char *const texts[] = {
		"{\"a\": \"\xff\"}",	 "{\"a\": \"\xc3\"}", "{\"\xc3(\": 1}",
		"{\"a\": \"\xe2\x82\"}", "{\"a\": \"\x80\"}", "{\"a\": \"\xf8\x88\x80\x80\x80\"}",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		CONTAINS (parse (texts[i]), "syntax error: bytes that are no UTF-8");
}

TEST (overlong_and_surrogate_utf8)
{
	static const char *const texts[] = {
		"{\"a\": \"\xc0\xaf\"}",	 "{\"a\": \"\xe0\x80\xaf\"}",
		"{\"a\": \"\xed\xa0\x80\"}",	 "{\"a\": \"\xf4\x90\x80\x80\"}",
		"{\"a\": \"\xf0\x80\x80\xaf\"}", "{\"\xc1\xa1\": 1}",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		CONTAINS (parse (texts[i]), "syntax error: bytes that are no UTF-8");
	STREQ (parse ("{\"a\": \"\xc2\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"}"),
	       "");
}

TEST (halves_of_surrogate_pairs)
{
	STREQ (parse ("{\"a\": \"\\ud83d\\ude00 \\uD83D\\uDE00\"}"), "");
	STREQ (parse ("{\"a\": \"\\\\ud800\"}"), "");
	STREQ (parse ("{\"a\": \"\\u0041\\\\\\u00e9\"}"), "");
	CONTAINS (parse ("{\"a\": \"\\ud83d\"}"), "f:1:8: syntax error: half of a surrogate pair");
	CONTAINS (parse ("{\"a\": \"\\ude00\"}"), "half of a surrogate pair");
	CONTAINS (parse ("{\"a\": \"\\ud83dx\\ude00\"}"), "half of a surrogate pair");
	CONTAINS (parse ("{\"a\": \"\\\\\\ud83d\"}"), "half of a surrogate pair");
	CONTAINS (parse ("{\"\\uDC00\": 1}"), "half of a surrogate pair");
}

TEST (nul)
{
	CONTAINS (parse ("{\"a\": \"x\\u0000\"}"),
		  "f:1:7: a: a string with a NUL character (\\u0000)");
	CONTAINS (parse ("{\"a\": {\"b\": [\"\\u0000\"]}}"), "a NUL character");
	CONTAINS (parse ("{\"a\\u0000b\": 1}"), "a key with a NUL character");
	CONTAINS (parse ("{\"x\": {\"a\\u0000b\": 1}}"), "a key with a NUL character");
	CONTAINS (parse_n ("{\"a\": \"\0\"}", 10), "syntax error: ");
}

static const char *
nested (int depth, char open, char close)
{
	char *text = arena_alloc (&test_arena, 2 * (size_t) depth + 16), *s = text;

	s += sprintf (s, "{\"x\": ");
	memset (s, open, (size_t) depth);
	memset (s + depth, close, (size_t) depth);
	strcpy (s + 2 * depth, "}");
	return text;
}

TEST (depth)
{
	STREQ (parse (nested (OCI_DEPTH_MAX - 1, '[', ']')), "");
	CONTAINS (parse (nested (OCI_DEPTH_MAX, '[', ']')), "nested deeper than 128 levels");
	CONTAINS (parse (nested (1000000, '[', ']')), "nested deeper than 128 levels");
}

TEST (size)
{
	size_t len = OCI_SIZE_MAX + 1;
	char *text = malloc (len);
	struct oci_report r;
	struct empty e;

	memset (text, ' ', len);
	memcpy (text, "{}", 2);
	oci_report_init (&r, &test_arena, "f", text, len);
	EQ (oci_record_read (&empty_record, &test_arena, text, len, &r, &e), -1);
	STREQ (oci_report_text (&r), "f:1:1: larger than 64 MiB");
	oci_report_init (&r, &test_arena, "f", text, len - 1);
	EQ (oci_record_read (&empty_record, &test_arena, text, len - 1, &r, &e), 0);
	free (text);
}

TEST (what_the_document_must_be)
{
	STREQ (parse ("[]"), "f:1:1: expected an object, got an array");
	STREQ (parse ("null"), "f:1:1: expected an object, got null");
	STREQ (parse ("\"x\" "), "f:1:1: expected an object, got string \"x\"");
	STREQ (parse ("true"), "f:1:1: expected an object, got true");
	CONTAINS (parse ("5"), "expected an object, got number 5");
	CONTAINS (parse ("5 "), "expected an object, got number 5");
}

/* ---- writing -------------------------------------------------------------------------------- */

static const char *
quoted (const char *s)
{
	struct json_out o;

	json_out_init (&o, &test_arena, 0);
	json_string (&o, s);
	return json_finish (&o, NULL);
}

TEST (strings_are_escaped)
{
	STREQ (quoted (""), "\"\"");
	STREQ (quoted ("a/b"), "\"a/b\"");
	STREQ (quoted ("\"\\"), "\"\\\"\\\\\"");
	STREQ (quoted ("\n\t\r\x01\x1f\x7f"), "\"\\n\\t\\u000d\\u0001\\u001f\x7f\"");
	STREQ (quoted ("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
	       "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
	STREQ (quoted (NULL), "null");
}

TEST (invalid_utf8_is_replaced)
{
	STREQ (quoted ("a\xff"
		       "b"),
	       "\"a\\ufffdb\"");
	STREQ (quoted ("\xc3"), "\"\\ufffd\"");
	STREQ (quoted ("\xe2\x82"), "\"\\ufffd\\ufffd\"");
	STREQ (quoted ("\xc0\xaf"), "\"\\ufffd\\ufffd\"");
	STREQ (quoted ("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");
	STREQ (quoted ("\xf4\x90\x80\x80x"), "\"\\ufffd\\ufffd\\ufffd\\ufffdx\"");
}

/* Whatever bytes a string has, the output is JSON that our own parser takes. */
TEST (any_bytes_give_json)
{
	unsigned seed = 12345;

	for (int round = 0; round < 2000; round++) {
		char text[40] = "";
		struct json_out o;

		for (int i = 0; i < 38; i++) {
			seed = seed * 1103515245u + 12345u;
			text[i] = (char) (seed >> 16 | 1);
		}
		json_out_init (&o, &test_arena, 0);
		json_begin_object (&o);
		json_key (&o, text);
		json_string (&o, text);
		json_end_object (&o);
		STREQ (parse (json_finish (&o, NULL)), "");
	}
}

static void
write_sample (struct json_out *o)
{
	json_begin_object (o);
	json_key (o, "a");
	json_begin_array (o);
	json_int (o, -1);
	json_uint (o, UINT64_MAX);
	json_int (o, INT64_MIN);
	json_begin_object (o);
	json_end_object (o);
	json_begin_array (o);
	json_end_array (o);
	json_end_array (o);
	json_key (o, "b");
	json_begin_object (o);
	json_key (o, "c");
	json_bool (o, true);
	json_key (o, "d");
	json_null (o);
	json_key (o, "e");
	json_raw (o, "{\"x\":1}");
	json_end_object (o);
	json_end_object (o);
}

TEST (compact)
{
	struct json_out o;
	size_t len;

	json_out_init (&o, &test_arena, 0);
	write_sample (&o);
	STREQ (json_finish (&o, &len),
	       "{\"a\":[-1,18446744073709551615,-9223372036854775808,{},[]],\"b\":{\"c\":true,\"d\":null,\"e\":{\"x\":1}}}");
	EQ (len, strlen (o.buf));
}

TEST (pretty)
{
	struct json_out o;

	json_out_init (&o, &test_arena, 2);
	write_sample (&o);
	STREQ (json_finish (&o, NULL),
	       "{\n  \"a\": [\n    -1,\n    18446744073709551615,\n    -9223372036854775808,\n    {},\n    []\n  ],\n"
	       "  \"b\": {\n    \"c\": true,\n    \"d\": null,\n    \"e\": {\"x\":1}\n  }\n}");
}

TEST (deep_indentation)
{
	struct json_out o;

	json_out_init (&o, &test_arena, 8);
	for (int i = 0; i < 30; i++)
		json_begin_array (&o);
	json_int (&o, 1);
	for (int i = 0; i < 30; i++)
		json_end_array (&o);
	CONTAINS (json_finish (&o, NULL), "]\n        ]\n]");
}

TEST (nothing_written)
{
	struct json_out o;
	size_t len;

	json_out_init (&o, &test_arena, 0);
	STREQ (json_finish (&o, &len), "");
	EQ (len, 0);
}
