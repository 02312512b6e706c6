/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"
#include "libocispec/arena.h"

static int
parse_digits (const char *s, size_t n, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (n == 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		unsigned d = (unsigned) s[i] - '0';

		if (d > 9)
			return -EINVAL;
		if (d > max || v > (max - d) / 10)
			return -ERANGE;
		v = v * 10 + d;
	}
	*ret = v;
	return 0;
}

int
parse_u64 (const char *s, uint64_t *ret)
{
	return parse_digits (s, strlen (s), UINT64_MAX, ret);
}

int
parse_u32 (const char *s, uint32_t *ret)
{
	uint64_t v;
	int r = parse_digits (s, strlen (s), UINT32_MAX, &v);

	if (r == 0)
		*ret = (uint32_t) v;
	return r;
}

int
parse_i64 (const char *s, int64_t *ret)
{
	bool negative = s[0] == '-';
	uint64_t v;
	int r = parse_digits (s + negative, strlen (s + negative), (uint64_t) INT64_MAX + negative,
			      &v);

	if (r == 0)
		*ret = negative ? (int64_t) -v : (int64_t) v;
	return r;
}

int
parse_size (const char *s, int64_t *ret)
{
	static const char units[] = "kmgtpe";
	size_t n = strspn (s, "0123456789");
	const char *unit = s + n, *found;
	unsigned shift = 0;
	uint64_t v;
	int r;

	if (s[0] == '-')
		return parse_i64 (s, ret);
	if (*unit && !streq (unit, "B") && !streq (unit, "b")) {
		found = strchr (units, *unit | 0x20);
		if (!found || (unit[1] && strcasecmp (unit + 1, "b") != 0 &&
			       strcasecmp (unit + 1, "ib") != 0))
			return -EINVAL;
		shift = 10 * (unsigned) (found - units + 1);
	}
	r = parse_digits (s, n, (uint64_t) INT64_MAX >> shift, &v);
	if (r < 0)
		return r;
	*ret = (int64_t) (v << shift);
	return 0;
}

#define LIST_MAX 65536

int
parse_list (struct arena *a, const char *s, uint64_t **ret_mask, unsigned *ret_words)
{
	strs parts = str_split (a, s, ',');
	uint64_t *mask = arena_alloc (a, LIST_MAX / 8);
	unsigned words = 0;

	for (size_t i = 0; i < parts.n; i++) {
		char *part = parts.v[i] + strspn (parts.v[i], " ");
		size_t len = strcspn (part, "- ");
		uint64_t from, to;
		const char *dash = part + len;

		if (*part == '\0' && parts.n == 1)
			break;
		if (parse_digits (part, len, LIST_MAX - 1, &from) < 0)
			return -EINVAL;
		to = from;
		if (*dash == '-') {
			size_t digits = strspn (dash + 1, "0123456789");

			if (parse_digits (dash + 1, digits, LIST_MAX - 1, &to) < 0 || to < from)
				return -EINVAL;
			dash += 1 + digits;
		}
		if (dash[strspn (dash, " ")] != '\0')
			return -EINVAL;
		for (uint64_t bit = from; bit <= to; bit++)
			mask[bit / 64] |= 1ull << bit % 64;
		words = MAX (words, (unsigned) (to / 64 + 1));
	}
	*ret_mask = mask;
	*ret_words = words;
	return 0;
}

strs
str_split (struct arena *a, const char *s, char separator)
{
	strs out = { 0 };

	for (;;) {
		const char *end = strchr (s, separator);
		size_t n = end ? (size_t) (end - s) : strlen (s);

		VEC_PUSH (a, out, arena_strndup (a, s, n));
		if (!end)
			return out;
		s = end + 1;
	}
}

char *
str_join (struct arena *a, char *const *v, size_t n, const char *separator)
{
	size_t len = 1, gap = strlen (separator);
	char *out, *o;

	for (size_t i = 0; i < n; i++)
		len += strlen (v[i]) + gap;
	o = out = arena_alloc (a, len);
	for (size_t i = 0; i < n; i++) {
		size_t k = strlen (v[i]);

		if (i)
			o = (char *) memcpy (o, separator, gap) + gap;
		o = (char *) memcpy (o, v[i], k) + k;
	}
	return out;
}

const char *
str_nearest (const char *s, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t least = 3;

	for (size_t i = 0; i < n; i++) {
		size_t d = oci_edit_distance (s, names[i]);

		if (d < least) {
			least = d;
			best = names[i];
		}
	}
	return best;
}

void
str_timestamp (char to[STR_TIMESTAMP], int digits)
{
	struct timespec ts;
	struct tm tm;

	clock_gettime (CLOCK_REALTIME, &ts);
	gmtime_r (&ts.tv_sec, &tm);
	snprintf (to, STR_TIMESTAMP, "%04d-%02d-%02dT%02d:%02d:%02d.%0*ldZ", tm.tm_year + 1900,
		  tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, digits,
		  digits == 9 ? ts.tv_nsec : ts.tv_nsec / 1000);
}

void
str_printable (char *to, size_t size, const char *s)
{
	static const char hex[] = "0123456789abcdef";
	char *o = to, *end = to + size - 5;

	for (; *s && o < end; s++) {
		unsigned char c = (unsigned char) *s;
		/* C1 controls are two bytes in UTF-8, U+0080 to U+009F: some terminals obey them as
		 * well. */
		bool c1 = c == 0xc2 && ((unsigned char) s[1] & 0xe0) == 0x80;

		if ((c >= 0x20 && c != 0x7f && !c1) || c == '\n' || c == '\t') {
			*o++ = *s;
			continue;
		}
		if (c1)
			c = (unsigned char) *++s;
		*o++ = '\\';
		*o++ = 'x';
		*o++ = hex[c >> 4];
		*o++ = hex[c & 15];
	}
	*o = '\0';
}

void
str_unescape (char *s)
{
	char *out = s;

	for (; *s; s++)
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*out++ = (char) ((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	*out = '\0';
}
