/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine: every kind of field, every class of error. */
#include "reading.h"

static const struct oci_name colours[] = {
	{ "red", 1 }, { "green", 2 }, { "blue", 3 }, { NULL, 0 }
};

struct leaf {
	char *name;
	opt_u32 n;
};
/* clang-format off */
RECORD (leaf,
	FIELD (leaf, name, "name", REQ),
	FIELD (leaf, n, "n", 0));
struct entry {
	char *key;
	opt_u32 n;
};
RECORD (entry, FIELD (entry, n, "n", 0));
struct all {
	bool plain;
	opt_bool ob;
	opt_u16 u16;
	opt_u32 u32, id;
	opt_u64 u64;
	opt_i32 i32;
	opt_i64 i64, minus1, positive;
	uint32_t pu32;
	uint64_t pu64;
	int32_t pi32;
	int64_t pi64;
	char *s, *nonempty;
	char letter;
	strs list, nonempty_list;
	u32s numbers;
	kvs map;
	uint64_t colour;
	u64s palette;
	struct leaf *object, embedded;
	VEC (struct leaf) objects;
	VEC (struct entry) entries;
};
RECORD (all,
	FIELD (all, plain, "plain", 0),
	FIELD (all, ob, "ob", 0),
	FIELD (all, u16, "u16", 0),
	FIELD (all, u32, "u32", 0),
	FIELD (all, id, "id", ID),
	FIELD (all, u64, "u64", 0),
	FIELD (all, i32, "i32", 0),
	FIELD (all, i64, "i64", 0),
	FIELD (all, minus1, "minus1", MINUS1),
	FIELD_MAX (all, positive, "positive", POSITIVE, 10),
	FIELD (all, pu32, "pu32", 0),
	FIELD (all, pu64, "pu64", 0),
	FIELD (all, pi32, "pi32", 0),
	FIELD (all, pi64, "pi64", 0),
	FIELD (all, s, "s", 0),
	FIELD (all, nonempty, "nonempty", NONEMPTY),
	LETTER (all, letter, "letter", "ab", 0),
	FIELD (all, list, "list", 0),
	FIELD (all, nonempty_list, "nonemptyList", NONEMPTY),
	FIELD (all, numbers, "numbers", ID),
	FIELD (all, map, "map", 0),
	ENUM (all, colour, "colour", colours, 0),
	ENUMS (all, palette, "palette", colours, 0),
	OBJECT (all, object, "object", leaf, 0),
	OBJECTS (all, objects, "objects", leaf, 0),
	OBJMAP (all, entries, "entries", entry, 0));

struct strict {
	bool flag;
	uint64_t colour;
	char *s;
	struct leaf embedded;
};
RECORD (strict,
	FIELD (strict, flag, "flag", REQ),
	ENUM (strict, colour, "colour", colours, REQ),
	FIELD (strict, s, "s", REQ),
	EMBED (strict, embedded, "embedded", leaf, REQ));
/* clang-format on */

static const char *
bad (const char *text)
{
	return errors_of (&all_record, text);
}

static struct all
good (const char *text)
{
	struct all a;

	STREQ (errors_of_n (&all_record, text, strlen (text), &a), "");
	return a;
}

TEST (absent_is_absent)
{
	struct all a = good ("{}");

	OK (!a.plain && !a.ob.set && !a.u32.set && !a.s && !a.list.v && !a.map.v && !a.object &&
	    !a.objects.v && a.colour == 0);
	STREQ (rewritten (&all_record, "{}"), "{}");
}

TEST (null_is_absent)
{
	struct all a = good (
		"{\"plain\":null,\"ob\":null,\"u32\":null,\"s\":null,\"list\":null,\"map\":null,\"object\":null,\"colour\":null,"
		"\"objects\":null,\"entries\":null,\"letter\":null,\"nonempty\":null,\"nonemptyList\":null}");

	OK (!a.plain && !a.ob.set && !a.u32.set && !a.s && !a.list.v && !a.map.v && !a.object &&
	    !a.objects.v && !a.nonempty_list.v);
}

TEST (empty_is_not_absent)
{
	struct all a = good (
		"{\"list\":[],\"map\":{},\"objects\":[],\"entries\":{},\"palette\":[],\"numbers\":[],\"s\":\"\"}");

	OK (a.list.v && a.map.v && a.objects.v && a.entries.v && a.palette.v && a.numbers.v && a.s);
	EQ (a.list.n + a.map.n + a.objects.n + a.entries.n + a.palette.n + a.numbers.n, 0);
	STREQ (rewritten (&all_record, "{\"list\":[],\"map\":{},\"palette\":[]}"),
	       "{\"list\":[],\"map\":{},\"palette\":[]}");
}

TEST (booleans)
{
	struct all a = good ("{\"plain\": true, \"ob\": false}");

	OK (a.plain && a.ob.set && !a.ob.v);
	STREQ (bad ("{\"plain\": \"true\"}"),
	       "f:1:11: plain: expected true or false, got string \"true\"");
	STREQ (bad ("{\"ob\": 1}"), "f:1:8: ob: expected true or false, got number 1");
	STREQ (bad ("{\"plain\": []}"), "f:1:11: plain: expected true or false, got an array");
}

TEST (numbers_are_exact)
{
	struct all a = good (
		"{\"u64\":18446744073709551615,\"i64\":-9223372036854775808,\"u32\":4294967295,\"i32\":-2147483648,\"u16\":65535,"
		"\"pu64\":18446744073709551614,\"pi64\":9223372036854775807,\"pi32\":-1,\"pu32\":9007}");

	OK (a.u64.set && a.u64.v == UINT64_MAX && a.i64.v == INT64_MIN && a.u32.v == UINT32_MAX &&
	    a.i32.v == INT32_MIN && a.u16.v == 65535);
	OK (a.pu64 == UINT64_MAX - 1 && a.pi64 == INT64_MAX && a.pi32 == -1 && a.pu32 == 9007);
	a = good ("{\"u64\": 9007199254740993, \"i32\": -0, \"u32\": 0}");
	OK (a.u64.v == 9007199254740993u && a.i32.set && a.i32.v == 0 && a.u32.set && a.u32.v == 0);
}

TEST (out_of_range)
{
	STREQ (bad ("{\"u16\": 65536}"), "f:1:9: u16: 65536 is out of range: 0 to 65535");
	STREQ (bad ("{\"u32\": 4294967296}"),
	       "f:1:9: u32: 4294967296 is out of range: 0 to 4294967295");
	STREQ (bad ("{\"u32\": -1}"), "f:1:9: u32: -1 is out of range: 0 to 4294967295");
	STREQ (bad ("{\"u64\": 18446744073709551616}"),
	       "f:1:9: u64: 18446744073709551616 is out of range: 0 to 18446744073709551615");
	STREQ (bad ("{\"i32\": 2147483648}"),
	       "f:1:9: i32: 2147483648 is out of range: -2147483648 to 2147483647");
	STREQ (bad ("{\"i32\": -2147483649}"),
	       "f:1:9: i32: -2147483649 is out of range: -2147483648 to 2147483647");
	STREQ (bad ("{\"i64\": 9223372036854775808}"),
	       "f:1:9: i64: 9223372036854775808 is out of range: -9223372036854775808 to 9223372036854775807");
	CONTAINS (bad ("{\"i64\": -9223372036854775809}"), "-9223372036854775809 is out of range");
	CONTAINS (
		bad ("{\"u64\": 184467440737095516150000000000000000000000000000000000000000000}"),
		"1844674407370955161500000000000000000000... is out of range");
	CONTAINS (
		bad ("{\"pi64\": -184467440737095516150000000000000000000000000000000000000000000}"),
		"is out of range");
}

TEST (flags_of_numbers)
{
	good ("{\"id\": 4294967294, \"minus1\": -1, \"positive\": 1, \"numbers\": [0, 4294967294]}");
	STREQ (bad ("{\"id\": 4294967295}"),
	       "f:1:8: id: 4294967295 is out of range: 0 to 4294967294");
	STREQ (bad ("{\"minus1\": -2}"),
	       "f:1:12: minus1: -2 is out of range: -1 to 9223372036854775807");
	STREQ (bad ("{\"positive\": 0}"), "f:1:14: positive: 0 is out of range: 1 to 10");
	STREQ (bad ("{\"positive\": 11}"), "f:1:14: positive: 11 is out of range: 1 to 10");
	STREQ (bad ("{\"positive\": -5}"), "f:1:14: positive: -5 is out of range: 1 to 10");
	STREQ (bad ("{\"numbers\": [1, 4294967295]}"),
	       "f:1:17: numbers[1]: 4294967295 is out of range: 0 to 4294967294");
}

TEST (numbers_that_are_no_integers)
{
	STREQ (bad ("{\"u32\": 1.5}"), "f:1:9: u32: expected an unsigned integer, got number 1.5");
	STREQ (bad ("{\"i64\": 1e3}"), "f:1:9: i64: expected an integer, got number 1e3");
	STREQ (bad ("{\"u32\": 1.0}"), "f:1:9: u32: expected an unsigned integer, got number 1.0");
	STREQ (bad ("{\"u32\": \"1000\"}"),
	       "f:1:9: u32: expected an unsigned integer, got string \"1000\"");
	STREQ (bad ("{\"i64\": true}"), "f:1:9: i64: expected an integer, got true");
	STREQ (bad ("{\"numbers\": [1, \"2\"]}"),
	       "f:1:17: numbers[1]: expected an unsigned integer, got string \"2\"");
	STREQ (bad ("{\"numbers\": 1}"), "f:1:13: numbers: expected an array, got number 1");
}

TEST (strings)
{
	struct all a = good (
		"{\"s\": \"\\u00e9\\n\\\"\\/\\ud83d\\ude00\", \"list\": [\"\", \"b\"]}");

	STREQ (a.s, "\xc3\xa9\n\"/\xf0\x9f\x98\x80");
	EQ (a.list.n, 2);
	STREQ (a.list.v[0], "");
	STREQ (a.list.v[1], "b");
	STREQ (bad ("{\"s\": 5}"), "f:1:7: s: expected a string, got number 5");
	STREQ (bad ("{\"s\": {}}"), "f:1:7: s: expected a string, got an object");
	STREQ (bad ("{\"s\": false}"), "f:1:7: s: expected a string, got false");
	STREQ (bad ("{\"list\": \"x\"}"), "f:1:10: list: expected an array, got string \"x\"");
	STREQ (bad ("{\"list\": {}}"), "f:1:10: list: expected an array, got an object");
	STREQ (bad ("{\"list\": [[\"x\"]]}"), "f:1:11: list[0]: expected a string, got an array");
}

TEST (empty_where_something_must_be)
{
	STREQ (bad ("{\"nonempty\": \"\"}"), "f:1:14: nonempty: must not be empty");
	STREQ (bad ("{\"nonemptyList\": []}"), "f:1:19: nonemptyList: must not be empty");
	good ("{\"nonempty\": \"x\", \"nonemptyList\": [\"\"]}");
}

TEST (null_elements)
{
	STREQ (bad ("{\"list\": [\"a\", null]}"), "f:1:16: list[1]: expected a string, got null");
	STREQ (bad ("{\"numbers\": [null]}"),
	       "f:1:14: numbers[0]: expected an unsigned integer, got null");
	STREQ (bad ("{\"objects\": [null]}"), "f:1:14: objects[0]: expected an object, got null");
	STREQ (bad ("{\"map\": {\"k\": null}}"), "f:1:15: map.k: expected a string, got null");
	STREQ (bad ("{\"entries\": {\"k\": null}}"),
	       "f:1:19: entries.k: expected an object, got null");
}

TEST (maps_of_strings)
{
	struct all a = good ("{\"map\": {\"b\": \"1\", \"a.x\": \"2\", \"\\u00e9\": \"\"}}");

	EQ (a.map.n, 3);
	STREQ (a.map.v[0].key, "b");
	STREQ (a.map.v[1].value, "2");
	STREQ (oci_annotation (&a.map, "a.x"), "2");
	STREQ (oci_annotation (&a.map, "zz"), NULL);
	STREQ (bad ("{\"map\": {\"a.b\": 1}}"), "f:1:17: map.a.b: expected a string, got number 1");
	STREQ (bad ("{\"map\": {\"k\": {\"x\": 1}}}"),
	       "f:1:15: map.k: expected a string, got an object");
	STREQ (bad ("{\"map\": {\"k\": [1]}}"), "f:1:15: map.k: expected a string, got an array");
	STREQ (bad ("{\"map\": []}"), "f:1:9: map: expected an object of strings, got an array");
	STREQ (bad ("{\"map\": \"x\"}"),
	       "f:1:9: map: expected an object of strings, got string \"x\"");
	STREQ (bad ("{\"map\": {\"\": \"x\"}}"), "f:1:10: map.: a key must not be empty");
}

TEST (maps_of_objects)
{
	struct all a = good ("{\"entries\": {\"eth0\": {\"n\": 7}, \"eth1\": {}}}");

	EQ (a.entries.n, 2);
	STREQ (a.entries.v[0].key, "eth0");
	EQ (a.entries.v[0].n.v, 7);
	STREQ (a.entries.v[1].key, "eth1");
	OK (!a.entries.v[1].n.set);
	STREQ (bad ("{\"entries\": {\"eth0\": \"x\"}}"),
	       "f:1:22: entries.eth0: expected an object, got string \"x\"");
	STREQ (bad ("{\"entries\": [{}]}"),
	       "f:1:13: entries: expected an object of objects, got an array");
	STREQ (bad ("{\"entries\": {\"eth0\": {\"n\": \"x\"}}}"),
	       "f:1:28: entries.eth0.n: expected an unsigned integer, got string \"x\"");
}

TEST (names)
{
	struct all a = good ("{\"colour\": \"green\", \"palette\": [\"blue\", \"red\", \"blue\"]}");

	EQ (a.colour, 2);
	EQ (a.palette.n, 3);
	EQ (a.palette.v[1], 1);
	STREQ (bad ("{\"colour\": \"gren\"}"),
	       "f:1:12: colour: unknown value \"gren\"; did you mean green? allowed are red, green, blue");
	STREQ (bad ("{\"colour\": \"violet\"}"),
	       "f:1:12: colour: unknown value \"violet\"; allowed are red, green, blue");
	STREQ (bad ("{\"palette\": [\"red\", \"RED\"]}"),
	       "f:1:21: palette[1]: unknown value \"RED\"; allowed are red, green, blue");
	STREQ (bad ("{\"palette\": [3]}"), "f:1:14: palette[0]: expected a string, got number 3");
}

TEST (the_empty_name)
{
	EQ (good ("{\"colour\": \"\"}").colour, 0);
	CONTAINS (bad ("{\"palette\": [\"\"]}"), "palette[0]: unknown value \"\"");
	CONTAINS (
		errors_of (
			&strict_record,
			"{\"flag\":true,\"colour\":\"\",\"s\":\"\",\"embedded\":{\"name\":\"\"}}"),
		"colour: unknown value \"\"");
}

TEST (letters)
{
	EQ (good ("{\"letter\": \"b\"}").letter, 'b');
	STREQ (bad ("{\"letter\": \"c\"}"),
	       "f:1:12: letter: unknown value \"c\"; it is one of the letters ab");
	CONTAINS (bad ("{\"letter\": \"ab\"}"), "unknown value \"ab\"");
	CONTAINS (bad ("{\"letter\": \"\"}"), "unknown value \"\"");
	CONTAINS (bad ("{\"letter\": 5}"), "expected a string, got number 5");
}

TEST (objects)
{
	struct all a = good (
		"{\"object\": {\"name\": \"x\"}, \"objects\": [{\"name\": \"y\", \"n\": 1}, {\"name\": \"z\"}]}");

	STREQ (a.object->name, "x");
	EQ (a.objects.n, 2);
	EQ (a.objects.v[0].n.v, 1);
	STREQ (a.objects.v[1].name, "z");
	STREQ (bad ("{\"object\": []}"), "f:1:12: object: expected an object, got an array");
	STREQ (bad ("{\"object\": \"x\"}"), "f:1:12: object: expected an object, got string \"x\"");
	STREQ (bad ("{\"objects\": {}}"), "f:1:13: objects: expected an array, got an object");
	STREQ (bad ("{\"objects\": [\"x\"]}"),
	       "f:1:14: objects[0]: expected an object, got string \"x\"");
	STREQ (bad ("{\"objects\": [[]]}"), "f:1:14: objects[0]: expected an object, got an array");
}

/* An element that is refused still takes its place: the next ones must have memory of their own. */
TEST (wrong_elements_before_right_ones)
{
	STREQ (bad ("{\"objects\": [1, {\"name\": \"y\", \"n\": 1}, {\"name\": \"z\"}, true, {\"name\": \"z\", \"n\": \"x\"}]}"),
	       "f:1:14: objects[0]: expected an object, got number 1\n"
	       "f:1:55: objects[3]: expected an object, got true\n"
	       "f:1:80: objects[4].n: expected an unsigned integer, got string \"x\"");
	STREQ (bad ("{\"list\": [1, \"a\", \"b\", \"c\", 2]}"),
	       "f:1:11: list[0]: expected a string, got number 1\nf:1:29: list[4]: expected a string, got number 2");
}

TEST (required)
{
	STREQ (errors_of (&leaf_record, "{}"), "f:1:1: name: required, but missing");
	STREQ (errors_of (&leaf_record, "{\"name\": null}"), "f:1:1: name: required, but missing");
	STREQ (bad ("{\"object\": {}}"), "f:1:12: object.name: required, but missing");
	STREQ (bad ("{\"objects\": [{\"name\": \"\"},\n {\"n\": 1}]}"),
	       "f:2:2: objects[1].name: required, but missing");
	CONTAINS (errors_of (&strict_record, "{}"), "flag: required, but missing");
	CONTAINS (errors_of (&strict_record, "{}"), "embedded: required, but missing");
}

TEST (required_ones_are_always_written)
{
	STREQ (rewritten (
		       &strict_record,
		       "{\"flag\":false,\"colour\":\"red\",\"s\":\"\",\"embedded\":{\"name\":\"x\"}}"),
	       "{\"flag\":false,\"colour\":\"red\",\"s\":\"\",\"embedded\":{\"name\":\"x\"}}");
}

TEST (duplicate_keys)
{
	STREQ (bad ("{\"s\": \"a\",\n \"s\": \"b\"}"), "f:2:2: s: given twice");
	STREQ (bad ("{\"s\": null, \"s\": \"b\"}"), "f:1:13: s: given twice");
	STREQ (bad ("{\"s\": \"a\", \"s\": null}"), "f:1:12: s: given twice");
	STREQ (bad ("{\"object\": {\"name\": \"a\", \"name\": \"a\"}}"),
	       "f:1:26: object.name: given twice");
	STREQ (bad ("{\"s\": \"a\", \"\\u0073\": \"b\"}"), "f:1:12: s: given twice");
	STREQ (bad ("{\"plain\": true, \"plain\": false}"), "f:1:17: plain: given twice");
	/* Go's reader takes keys that differ in capitals for the same one. */
	STREQ (bad ("{\"plain\": true, \"Plain\": false}"),
	       "f:1:17: Plain: given twice: as 'plain' before");
	STREQ (bad ("{\"pLAIN\": true, \"plain\": false}"),
	       "f:1:17: plain: given twice, once with other capitals");
}

TEST (duplicate_keys_of_maps)
{
	STREQ (bad ("{\"map\": {\"b\": \"1\", \"a\": \"2\",\n\"b\": \"3\"}}"),
	       "f:2:6: map.b: given twice");
	STREQ (bad ("{\"map\": {\"a\": \"1\", \"a\": \"2\"}}"), "f:1:25: map.a: given twice");
	STREQ (bad ("{\"entries\": {\"e\": {}, \"f\": {}, \"e\": {}}}"),
	       "f:1:37: entries.e: given twice");
	good ("{\"map\": {\"A\": \"1\", \"a\": \"2\", \"a \": \"3\"}}");
}

TEST (duplicates_in_large_maps)
{
	enum { N = 30000 };
	char *text = malloc (N * 24 + 64), *s = text;
	struct all a;

	s += sprintf (s, "{\"map\": {\"x\": \"\"");
	for (unsigned i = 0; i < N; i++)
		s += sprintf (s, ",\"k%u\": \"\"", i * 7919u % N);
	strcpy (s, "}}");
	STREQ (errors_of_n (&all_record, text, strlen (text), &a), "");
	strcpy (s, ",\"k77\": \"\"}}");
	CONTAINS (errors_of_n (&all_record, text, strlen (text), &a), ": map.k77: given twice");
	free (text);
}

TEST (duplicate_containers)
{
	STREQ (bad ("{\"objects\": [{\"name\": \"a\"}], \"objects\": [{\"name\": \"b\"}, {\"name\": \"c\"}]}"),
	       "f:1:30: objects: given twice");
	STREQ (bad ("{\"list\": [\"a\", \"b\", \"c\"], \"list\": [\"d\"]}"),
	       "f:1:27: list: given twice");
	STREQ (bad ("{\"map\": {\"a\": \"b\", \"c\": \"d\", \"e\": \"f\"}, \"map\": {\"a\": \"b\"}}"),
	       "f:1:41: map: given twice");
	STREQ (bad ("{\"entries\": {\"a\": {}}, \"entries\": {\"a\": {}}}"),
	       "f:1:24: entries: given twice");
}

TEST (keys_are_case_sensitive)
{
	struct all a = good ("{\"S\": 5, \"PLAIN\": \"y\"}");

	OK (!a.s);
	OK (!a.plain);
}

TEST (unknown_members_are_skipped)
{
	struct all a = good (
		"{\"x\": {\"s\": [1, {\"s\": 2}], \"plain\": \"no\"}, \"y\": [[[]], {}], \"\": 1, \"z\": 1e99, \"s\": \"here\", \"w\": null}");

	STREQ (a.s, "here");
	OK (!a.plain);
}

TEST (wrong_containers_are_skipped_as_a_whole)
{
	STREQ (bad ("{\"plain\": {\"s\": 5, \"list\": [1, {}]}, \"u32\": \"x\"}"),
	       "f:1:11: plain: expected true or false, got an object\nf:1:45: u32: expected an unsigned integer, got string \"x\"");
}

TEST (several_errors_in_one_pass)
{
	const char *text = bad (
		"{\"plain\": 1,\n\"u32\": -1,\n\"colour\": \"x\",\n\"list\": [1],\n\"object\": {},\n\"s\": \"a\", \"s\": \"b\"}");

	STREQ (text, "f:1:11: plain: expected true or false, got number 1\n"
		     "f:2:8: u32: -1 is out of range: 0 to 4294967295\n"
		     "f:3:11: colour: unknown value \"x\"; allowed are red, green, blue\n"
		     "f:4:10: list[0]: expected a string, got number 1\n"
		     "f:5:11: object.name: required, but missing\n"
		     "f:6:11: s: given twice");
}

TEST (errors_before_a_syntax_error_are_kept)
{
	STREQ (bad ("{\"plain\": 1, oops}"),
	       "f:1:11: plain: expected true or false, got number 1\nf:1:14: syntax error: invalid char in json text, at 'oops}'");
}

TEST (very_many_errors)
{
	enum { N = 2000000 };
	char *text = malloc (2 * N + 16), *s = text;
	struct all a;
	const char *errors;

	s += sprintf (s, "{\"list\":[1");
	for (int i = 1; i < N; i++) {
		*s++ = ',';
		*s++ = '1';
	}
	strcpy (s, "]}");
	errors = errors_of_n (&all_record, text, strlen (text), &a);
	CONTAINS (errors, "list[19]: expected a string, got number 1\nand 1000 more");
	free (text);
}

TEST (long_values_are_cut_in_messages)
{
	enum { N = 100000 };
	char *text = malloc (N + 64), *s = text;
	struct all a;

	s += sprintf (s, "{\"colour\": \"");
	memset (s, 'x', N);
	strcpy (s + N, "\", \"plain\": \"\"}");
	OK (strlen (errors_of_n (&all_record, text, strlen (text), &a)) < 400);
	memcpy (text, "{\"letter\": \"", 12);
	OK (strlen (errors_of_n (&all_record, text, strlen (text), &a)) < 400);
	memcpy (text, "{\"plainn\": \"", 12);
	OK (strlen (errors_of_n (&all_record, text, strlen (text), &a)) < 400);
	free (text);
}

TEST (place_of_a_string_with_escapes)
{
	STREQ (bad ("{\"u32\": \"\\u0041\\\"\\\\\"}"),
	       "f:1:9: u32: expected an unsigned integer, got string \"A\"\\\"");
	STREQ (bad ("{\"u32\": \"\\\\\"}"),
	       "f:1:9: u32: expected an unsigned integer, got string \"\\\"");
	STREQ (bad ("{\"u32\": \"\"}"),
	       "f:1:9: u32: expected an unsigned integer, got string \"\"");
}

TEST (documents_that_are_arrays)
{
	static const char text[] = "[{\"name\": \"a\"}, {\"name\": \"b\", \"n\": 3}]";
	struct oci_report r;
	VEC (struct leaf) leaves;

	oci_report_init (&r, &test_arena, "f", text, strlen (text));
	EQ (oci_records_read (&leaf_record, &test_arena, text, strlen (text), &r,
			      (struct vec_any *) &leaves),
	    0);
	EQ (leaves.n, 2);
	EQ (leaves.v[1].n.v, 3);
	EQ (oci_records_read (&leaf_record, &test_arena, "[]", 2, &r, (struct vec_any *) &leaves),
	    0);
	OK (leaves.v && leaves.n == 0);
}

static const char *
array_errors (const char *text)
{
	struct oci_report r;
	VEC (struct leaf) leaves;

	oci_report_init (&r, &test_arena, "f", text, strlen (text));
	oci_records_read (&leaf_record, &test_arena, text, strlen (text), &r,
			  (struct vec_any *) &leaves);
	return oci_report_text (&r);
}

TEST (errors_in_documents_that_are_arrays)
{
	STREQ (array_errors ("{}"), "f:1:1: expected an array, got an object");
	STREQ (array_errors ("null"), "f:1:1: expected an array, got null");
	STREQ (array_errors ("[{\"name\": \"a\"}, {}]"), "f:1:17: [1].name: required, but missing");
	STREQ (array_errors ("[5]"), "f:1:2: [0]: expected an object, got number 5");
	STREQ (array_errors ("[{\"name\": 1}]"),
	       "f:1:11: [0].name: expected a string, got number 1");
	CONTAINS (array_errors ("[] []"), "trailing garbage");
}

TEST (written_compact_and_pretty)
{
	struct leaf l = { (char *) "a\"b", { true, 5 } };
	size_t len;
	char *text = oci_record_write (&leaf_record, &l, &test_arena, OCI_COMPACT, &len);

	STREQ (text, "{\"name\":\"a\\\"b\",\"n\":5}");
	EQ (len, strlen (text));
	STREQ (oci_record_write (&leaf_record, &l, &test_arena, OCI_PRETTY, NULL),
	       "{\n  \"name\": \"a\\\"b\",\n  \"n\": 5\n}");
}

TEST (name_tables)
{
	uint64_t v = 77;

	STREQ (oci_name_of (colours, 3), "blue");
	STREQ (oci_name_of (colours, 9), NULL);
	OK (oci_name_value (colours, "red", &v) && v == 1);
	OK (!oci_name_value (colours, "Red", &v) && v == 1);
}

TEST (edit_distance)
{
	EQ (oci_edit_distance ("", ""), 0);
	EQ (oci_edit_distance ("", "abc"), 3);
	EQ (oci_edit_distance ("kitten", "sitting"), 3);
	EQ (oci_edit_distance ("network", "nXtwork"), 1);
	EQ (oci_edit_distance (
		    "0123456789012345678901234567890123456789012345678901234567890123456789", ""),
	    64);
}
