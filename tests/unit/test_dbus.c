/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wire format: bytes counted by hand from the specification, and the way there and back. */
#include "base/mem.h"
#include "cgroup/dbus.h"
#include "cgroup/internal.h"
#include "cgroup/systemd.h"
#include "tap.h"

static struct arena arena;

/* Little-endian, of a pid 0x01020304: counted by hand from the specification. */
static const char start_body[] =
	"\x0c\0\0\0test-x.scope\0\0\0\0" /* 0: name, 17 + 3 */
	"\7\0\0\0replace\0"		 /* 20: 12 */
	"\x38\0\0\0\0\0\0\0"		 /* 32: the array of 56 bytes begins at 40 */
	"\5\0\0\0Slice\0\1s\0\0\0\0"	 /* 40: name 10, "s" 3, padding to 56 */
	"\x07\0\0\0a.slice\0"		 /* 56: 12, 68 */
	"\0\0\0\0"			 /* a struct: 72 */
	"\4\0\0\0PIDs\0\2au\0\0\0\0"	 /* 72: name 9, "au" 4, to 88 */
	"\4\0\0\0\4\3\2\1"		 /* 88: 8, 96 */
	"\0\0\0\0\0\0\0\0";		 /* 96: no units beside it */

TEST (properties_are_encoded_as_the_specification_says)
{
	static char *slice[] = { (char *) "a.slice" };
	struct unit_property v[] = {
		{ .name = "Slice", .signature = "s", .strings = slice, .n_strings = 1 },
		{ .name = "PIDs", .signature = "au", .number = 0x01020304 }
	};
	struct dbus_out out = { .arena = &arena };
	size_t none;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		SKIP ("the bytes are those of a little-endian machine");
	dbus_put_string (&out, "test-x.scope");
	dbus_put_string (&out, "replace");
	systemd_put_properties (&out, &(unit_properties) { v, 2 });
	none = dbus_array_begin (&out, 8);
	dbus_array_end (&out, none, 8);
	EQ (out.len, sizeof start_body - 1);
	for (size_t i = 0; i < MIN (out.len, sizeof start_body - 1); i++)
		if (out.buf[i] != start_body[i]) {
			TAP_FAIL ("byte %zu is %02x, expected %02x", i, (unsigned char) out.buf[i],
				  (unsigned char) start_body[i]);
			break;
		}
}

TEST (a_call_is_encoded_as_the_specification_says)
{
	static const char wanted[] =
		"l\1\0\1\0\0\0\0\3\0\0\0\x5c\0\0\0" /* a call, no body, serial 3, 92 bytes of fields
						     */
		"\1\1o\0\x15\0\0\0/org/freedesktop/DBus\0\0\0"	/* 16: 30, padded to 32 */
		"\2\1s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0" /* 48: 29, 32 */
		"\3\1s\0\5\0\0\0Hello\0\0\0"			/* 80: 14, 16 */
		"\6\1s\0\3\0\0\0a.b\0\0\0\0\0";			/* 96: 12, the message 16 */
	struct dbus_message m = { .type = DBUS_CALL,
				  .serial = 3,
				  .path = "/org/freedesktop/DBus",
				  .interface = "org.freedesktop.DBus",
				  .member = "Hello",
				  .destination = "a.b" };
	struct dbus_out out = { .arena = &arena };

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		SKIP ("the bytes are those of a little-endian machine");
	dbus_put_message (&out, &m);
	EQ (out.len, sizeof wanted - 1);
	OK (out.len == sizeof wanted - 1 && memcmp (out.buf, wanted, out.len) == 0);
}

TEST (a_message_survives_the_way_there_and_back)
{
	struct dbus_message m = { .type = DBUS_ERROR,
				  .flags = 3,
				  .serial = 5,
				  .reply_serial = 9,
				  .error_name = "a.b",
				  .signature = "s" },
			    got;
	struct dbus_out body = { .arena = &arena }, out = { .arena = &arena };
	struct dbus_in in;

	dbus_put_string (&body, "text");
	m.body = body.buf;
	m.body_len = body.len;
	dbus_put_message (&out, &m);
	EQ (dbus_message_length (out.buf, 15), 0);
	EQ (dbus_message_length (out.buf, 16), out.len);
	for (size_t n = 0; n < out.len; n++)
		OK (!dbus_message_parse (out.buf, n, &got));
	OK (dbus_message_parse (out.buf, out.len, &got));
	EQ (got.type, DBUS_ERROR);
	EQ (got.flags, 3);
	EQ (got.serial, 5);
	EQ (got.reply_serial, 9);
	STREQ (got.error_name, "a.b");
	STREQ (got.path, NULL);
	in = dbus_body (&got, "s");
	STREQ (dbus_get_string (&in), "text");
	OK (!in.failed);
	STREQ (dbus_get_string (&in), "");
	OK (in.failed);
	in = dbus_body (&got, "u");
	EQ (dbus_get_u32 (&in), 0);
	OK (in.failed);
}
