/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>

#include "base/path.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "tap.h"

#define NUMBER(parse, text, result, value)       \
	do {                                     \
		v = 77;                          \
		EQ (parse (text, &v), result);   \
		EQ (v, (result) ? 77 : (value)); \
	} while (0)

TEST (u32)
{
	uint32_t v;

	NUMBER (parse_u32, "0", 0, 0);
	NUMBER (parse_u32, "4294967295", 0, 4294967295u);
	NUMBER (parse_u32, "4294967296", -ERANGE, 0);
	NUMBER (parse_u32, "99999999999999999999999", -ERANGE, 0);
	NUMBER (parse_u32, "", -EINVAL, 0);
	NUMBER (parse_u32, "-1", -EINVAL, 0);
	NUMBER (parse_u32, "+1", -EINVAL, 0);
	NUMBER (parse_u32, " 1", -EINVAL, 0);
	NUMBER (parse_u32, "1 ", -EINVAL, 0);
	NUMBER (parse_u32, "0x10", -EINVAL, 0);
	NUMBER (parse_u32, "1e3", -EINVAL, 0);
	NUMBER (parse_u32, "007", 0, 7);
}

TEST (u64)
{
	uint64_t v;

	NUMBER (parse_u64, "18446744073709551615", 0, UINT64_MAX);
	NUMBER (parse_u64, "18446744073709551616", -ERANGE, 0);
	NUMBER (parse_u64, "1\n", -EINVAL, 0);
}

TEST (i64)
{
	int64_t v;

	NUMBER (parse_i64, "-1", 0, -1);
	NUMBER (parse_i64, "9223372036854775807", 0, INT64_MAX);
	NUMBER (parse_i64, "9223372036854775808", -ERANGE, 0);
	NUMBER (parse_i64, "-9223372036854775808", 0, INT64_MIN);
	NUMBER (parse_i64, "-9223372036854775809", -ERANGE, 0);
	NUMBER (parse_i64, "-", -EINVAL, 0);
	NUMBER (parse_i64, "--1", -EINVAL, 0);
}

TEST (sizes)
{
	int64_t v;

	NUMBER (parse_size, "512", 0, 512);
	NUMBER (parse_size, "512M", 0, 512ll << 20);
	NUMBER (parse_size, "512m", 0, 512ll << 20);
	NUMBER (parse_size, "1GiB", 0, 1ll << 30);
	NUMBER (parse_size, "1kb", 0, 1024);
	NUMBER (parse_size, "7B", 0, 7);
	NUMBER (parse_size, "-1", 0, -1);
	NUMBER (parse_size, "7e", 0, 7ll << 60);
	NUMBER (parse_size, "8e", -ERANGE, 0);
	NUMBER (parse_size, "", -EINVAL, 0);
	NUMBER (parse_size, "M", -EINVAL, 0);
	NUMBER (parse_size, "1.5G", -EINVAL, 0);
	NUMBER (parse_size, "1 M", -EINVAL, 0);
	NUMBER (parse_size, "1MM", -EINVAL, 0);
	NUMBER (parse_size, "1x", -EINVAL, 0);
	NUMBER (parse_size, "1\x80", -EINVAL, 0);
}

TEST (lists)
{
	static const char *const bad[] = {
		"a",	"1-",  "-1",	"3-1",		 "1,",	  ",1",
		"1,,2", "1 2", "65536", "0-99999999999", "1-2-3", "1-x"
	};
	struct arena a = { 0 };
	uint64_t *mask;
	unsigned words;

	EQ (parse_list (&a, "0-3,7", &mask, &words), 0);
	EQ (words, 1);
	EQ (mask[0], 0x8f);
	EQ (parse_list (&a, "63-65, 128", &mask, &words), 0);
	EQ (words, 3);
	EQ (mask[0], 1ull << 63);
	EQ (mask[1], 3);
	EQ (mask[2], 1);
	EQ (parse_list (&a, "", &mask, &words), 0);
	EQ (words, 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		EQ (parse_list (&a, bad[i], &mask, &words), -EINVAL);
	arena_free (&a);
}

TEST (split_and_join)
{
	struct arena a = { 0 };
	strs v = str_split (&a, "a,,b", ',');

	EQ (v.n, 3);
	STREQ (v.v[0], "a");
	STREQ (v.v[1], "");
	STREQ (v.v[2], "b");
	STREQ (str_join (&a, v.v, v.n, "--"), "a----b");
	STREQ (str_join (&a, NULL, 0, ","), "");
	EQ (str_split (&a, "", ',').n, 1);
	arena_free (&a);
}

TEST (nearest_name)
{
	static const char *const names[] = { "create", "delete", "state" };

	STREQ (str_nearest ("crate", names, 3), "create");
	STREQ (str_nearest ("stat", names, 3), "state");
	STREQ (str_nearest ("xyzzy", names, 3), NULL);
}

TEST (printable)
{
	char to[64], small[8];

	str_printable (to, sizeof to, "a\033[31mb\r\a\x7f\x01");
	STREQ (to, "a\\x1b[31mb\\x0d\\x07\\x7f\\x01");
	str_printable (to, sizeof to, "line\n\ttab \303\244 \\");
	STREQ (to, "line\n\ttab \303\244 \\");
	str_printable (to, sizeof to, "csi\302\233m \302\240"); /* U+009B, but not U+00A0 */
	STREQ (to, "csi\\x9bm \302\240");
	str_printable (small, sizeof small, "\033\033\033\033");
	OK (strlen (small) < sizeof small);
	str_printable (small, sizeof small, "abcdefghijkl");
	OK (strlen (small) < sizeof small);
	str_printable (to, sizeof to, "cut\302");
	STREQ (to, "cut\302");
}

TEST (timestamps)
{
	char t[STR_TIMESTAMP];

	str_timestamp (t, 6);
	EQ (strlen (t), 27);
	OK (t[4] == '-' && t[10] == 'T' && t[19] == '.' && t[26] == 'Z');
	str_timestamp (t, 9);
	EQ (strlen (t), 30);
}

TEST (signals)
{
	EQ (signal_from_name ("9"), 9);
	EQ (signal_from_name ("KILL"), SIGKILL);
	EQ (signal_from_name ("sigterm"), SIGTERM);
	EQ (signal_from_name ("RTMIN"), 34);
	EQ (signal_from_name ("SIGRTMIN+3"), 37);
	EQ (signal_from_name ("rtmax-1"), 63);
	EQ (signal_from_name ("64"), 64);
	EQ (signal_from_name ("65"), -1);
	EQ (signal_from_name ("RTMIN+31"), -1);
	EQ (signal_from_name ("RTMIN+4294967290"), -1);
	EQ (signal_from_name ("RTMAX-4294967290"), -1);
	EQ (signal_from_name ("RTMIN+"), -1);
	EQ (signal_from_name (""), -1);
	EQ (signal_from_name ("SIG"), -1);
	EQ (signal_from_name ("-1"), -1);
	EQ (signal_from_name ("TERMINATE"), -1);
}

TEST (clean_paths)
{
	static const char *const cases[][2] = {
		{ "/a/b", "/a/b" },
		{ "//a//b/", "/a/b" },
		{ "/a/./b/.", "/a/b" },
		{ "/a/../b", "/b" },
		{ "/..", "/" },
		{ "/../../a", "/a" },
		{ "/", "/" },
		{ "", "" },
		{ ".", "" },
		{ "a/..", "" },
		{ "../a", "a" },
		{ "a/../../b", "b" },
		{ "a/b/../c", "a/c" },
		{ "/a/b/../../..", "/" },
		{ "/...", "/..." },
		{ "/a../b", "/a../b" },
		{ "a//", "a" },
		{ "./", "" },
		{ "/.a", "/.a" },
	};
	struct arena a = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		STREQ (path_clean (&a, cases[i][0]), cases[i][1]);
	STREQ (path_absolute (&a, "/base", "x/../y"), "/base/y");
	STREQ (path_absolute (&a, "/base/", "/y/"), "/y");
	STREQ (path_absolute (&a, "/", "y"), "/y");
	arena_free (&a);
}

TEST (path_questions)
{
	OK (path_has_dotdot (".."));
	OK (path_has_dotdot ("/a/../b"));
	OK (path_has_dotdot ("a/.."));
	OK (!path_has_dotdot ("/a/...//..b/c.."));
	OK (!path_has_dotdot (""));
	OK (path_is_below ("/a/b", "/a"));
	OK (path_is_below ("/a", "/a"));
	OK (!path_is_below ("/ab", "/a"));
	OK (path_is_below ("/ab", "/"));
	OK (!path_is_below ("/", "/a"));
}

TEST (paths_of_mountinfo)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "/plain", "/plain" },
		{ "/a\\040b\\011c\\012\\134", "/a b\tc\n\\" },
		{ "/ends\\", "/ends\\" },
		{ "/ends\\04", "/ends\\04" },
		{ "\\040040", " 040" },
	};
	char text[64];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf (text, sizeof text, "%s", cases[i][0]);
		str_unescape (text);
		STREQ (text, cases[i][1]);
	}
}
