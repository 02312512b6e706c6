/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The examples of FIPS 180-4, and every way to cut the same input into pieces. */
#include <stdlib.h>

#include "base/sha256.h"
#include "tap.h"

static const char *
hex (const struct sha256 *of)
{
	static char text[2 * SHA256_SIZE + 1];
	struct sha256 s = *of;
	uint8_t out[SHA256_SIZE];

	sha256_finish (&s, out);
	for (int i = 0; i < SHA256_SIZE; i++)
		snprintf (text + 2 * i, 3, "%02x", out[i]);
	return text;
}

static const char *
of (const void *data, size_t n)
{
	struct sha256 s;

	sha256_init (&s);
	sha256_add (&s, data, n);
	return hex (&s);
}

TEST (examples)
{
	static char a[1000000];

	STREQ (of ("", 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	STREQ (of ("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	STREQ (of ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56),
	       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset (a, 'a', sizeof a);
	STREQ (of (a, sizeof a),
	       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST (any_pieces_of_any_length)
{
	uint8_t data[300];
	char whole[65];

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t) (i * 7 + 1);
	for (size_t n = 0; n <= sizeof data; n++) {
		snprintf (whole, sizeof whole, "%s", of (data, n));
		for (size_t step = 1; step < 140; step += 9) {
			struct sha256 s;

			sha256_init (&s);
			for (size_t at = 0; at < n; at += step)
				sha256_add (&s, data + at, n - at < step ? n - at : step);
			if (strcmp (hex (&s), whole) != 0) {
				STREQ (hex (&s), whole);
				return;
			}
		}
	}
}
