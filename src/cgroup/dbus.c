/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <byteswap.h>
#include <endian.h>
#include <string.h>

#include "base/mem.h"
#include "cgroup/dbus.h"
#include "libocispec/arena.h"

#define ORDER_OURS   (__BYTE_ORDER == __LITTLE_ENDIAN ? 'l' : 'B')
#define HEADER_FIXED 16 /* up to and with the length of the header fields */

enum field {
	FIELD_PATH = 1,
	FIELD_INTERFACE,
	FIELD_MEMBER,
	FIELD_ERROR,
	FIELD_REPLY_SERIAL,
	FIELD_DESTINATION,
	FIELD_SENDER,
	FIELD_SIGNATURE
};

/* ---- writing */

static void
put_bytes (struct dbus_out *o, const void *p, size_t n)
{
	if (n == 0)
		return;
	if (o->len + n > o->size) {
		size_t size = MAX (2 * o->size, o->len + n + 512);
		char *buf = arena_alloc (o->arena, size);

		if (o->len)
			memcpy (buf, o->buf, o->len);
		o->buf = buf;
		o->size = size;
	}
	memcpy (o->buf + o->len, p, n);
	o->len += n;
}

void
dbus_align (struct dbus_out *o, size_t to)
{
	static const char zeros[8];

	put_bytes (o, zeros, (to - o->len % to) % to);
}

void
dbus_put_byte (struct dbus_out *o, uint8_t v)
{
	put_bytes (o, &v, 1);
}

void
dbus_put_number (struct dbus_out *o, uint64_t v, size_t size)
{
	uint16_t v16 = (uint16_t) v;
	uint32_t v32 = (uint32_t) v;

	dbus_align (o, size);
	put_bytes (o, size == 2 ? (const void *) &v16 : size == 4 ? (const void *) &v32 : &v, size);
}

void
dbus_put_string (struct dbus_out *o, const char *s)
{
	size_t n = strlen (s);

	dbus_put_u32 (o, n);
	put_bytes (o, s, n + 1);
}

void
dbus_put_signature (struct dbus_out *o, const char *s)
{
	dbus_put_byte (o, (uint8_t) strlen (s));
	put_bytes (o, s, strlen (s) + 1);
}

size_t
dbus_array_begin (struct dbus_out *o, size_t align)
{
	size_t begin;

	dbus_align (o, 4);
	begin = o->len;
	dbus_put_u32 (o, 0);
	dbus_align (o, align);
	return begin;
}

/* The length counts neither itself nor the padding before the first element. */
void
dbus_array_end (struct dbus_out *o, size_t begin, size_t align)
{
	size_t first = (begin + 4 + align - 1) / align * align;
	uint32_t n = (uint32_t) (o->len - first);

	memcpy (o->buf + begin, &n, sizeof n);
}

static void
put_field (struct dbus_out *o, enum field field, const char *type, const char *value)
{
	if (!value)
		return;
	dbus_align (o, 8);
	dbus_put_byte (o, (uint8_t) field);
	dbus_put_signature (o, type);
	if (*type == 'g')
		dbus_put_signature (o, value);
	else
		dbus_put_string (o, value);
}

void
dbus_put_message (struct dbus_out *o, const struct dbus_message *m)
{
	size_t fields;

	dbus_put_byte (o, ORDER_OURS);
	dbus_put_byte (o, (uint8_t) m->type);
	dbus_put_byte (o, (uint8_t) m->flags);
	dbus_put_byte (o, 1); /* version of the protocol */
	dbus_put_u32 (o, m->body_len);
	dbus_put_u32 (o, m->serial);
	fields = dbus_array_begin (o, 8);
	put_field (o, FIELD_PATH, "o", m->path);
	put_field (o, FIELD_INTERFACE, "s", m->interface);
	put_field (o, FIELD_MEMBER, "s", m->member);
	put_field (o, FIELD_ERROR, "s", m->error_name);
	if (m->reply_serial) {
		dbus_align (o, 8);
		dbus_put_byte (o, FIELD_REPLY_SERIAL);
		dbus_put_signature (o, "u");
		dbus_put_u32 (o, m->reply_serial);
	}
	put_field (o, FIELD_DESTINATION, "s", m->destination);
	put_field (o, FIELD_SIGNATURE, "g", m->signature);
	dbus_array_end (o, fields, 8);
	dbus_align (o, 8);
	put_bytes (o, m->body, m->body_len);
}

/* ---- reading */

/* The next n bytes, aligned; NULL, and failed, if there are not so many. */
static const char *
get_bytes (struct dbus_in *i, size_t align, size_t n)
{
	size_t at = (i->pos + align - 1) / align * align;

	if (i->failed || at > i->len || n > i->len - at) {
		i->failed = true;
		return NULL;
	}
	i->pos = at + n;
	return i->buf + at;
}

uint8_t
dbus_get_byte (struct dbus_in *i)
{
	const char *p = get_bytes (i, 1, 1);

	return p ? (uint8_t) *p : 0;
}

uint32_t
dbus_get_u32 (struct dbus_in *i)
{
	const char *p = get_bytes (i, 4, 4);
	uint32_t v = 0;

	if (p)
		memcpy (&v, p, sizeof v);
	return i->swapped ? bswap_32 (v) : v;
}

static const char *
get_text (struct dbus_in *i, size_t n)
{
	const char *p = get_bytes (i, 1, n);
	const char *nul = p ? get_bytes (i, 1, 1) : NULL;

	if (nul && *nul == '\0' && !memchr (p, '\0', n))
		return p;
	i->failed = true;
	return "";
}

const char *
dbus_get_string (struct dbus_in *i)
{
	return get_text (i, dbus_get_u32 (i));
}

const char *
dbus_get_signature (struct dbus_in *i)
{
	return get_text (i, dbus_get_byte (i));
}

long
dbus_message_length (const char *buf, size_t len)
{
	struct dbus_in i = { buf, len, .pos = 4 };
	uint32_t body, fields;

	if (len < HEADER_FIXED)
		return 0;
	if ((buf[0] != 'l' && buf[0] != 'B') || buf[1] < DBUS_CALL || buf[3] != 1)
		return -1;
	i.swapped = buf[0] != ORDER_OURS;
	body = dbus_get_u32 (&i);
	(void) dbus_get_u32 (&i); /* the serial */
	fields = dbus_get_u32 (&i);
	if (body > DBUS_MESSAGE_MAX || fields > DBUS_MESSAGE_MAX)
		return -1;
	return HEADER_FIXED + (long) ((fields + 7) & ~7u) + (long) body;
}

/* A field that nobody here knows is skipped, if its type is one that we can skip. */
static void
get_field (struct dbus_in *i, struct dbus_message *m)
{
	const char **const texts[] = {
		[FIELD_PATH] = &m->path,
		[FIELD_INTERFACE] = &m->interface,
		[FIELD_MEMBER] = &m->member,
		[FIELD_ERROR] = &m->error_name,
		[FIELD_DESTINATION] = &m->destination,
		[FIELD_SIGNATURE] = &m->signature,
	};
	const char *type, *text;
	uint8_t field;

	(void) get_bytes (i, 8, 0);
	field = dbus_get_byte (i);
	type = dbus_get_signature (i);
	if (streq (type, "u")) {
		uint32_t v = dbus_get_u32 (i);

		if (field == FIELD_REPLY_SERIAL)
			m->reply_serial = v;
		return;
	}
	if (!streq (type, "s") && !streq (type, "o") && !streq (type, "g")) {
		i->failed = true;
		return;
	}
	text = *type == 'g' ? dbus_get_signature (i) : dbus_get_string (i);
	/* The signature is the one field whose type matters: dbus_body trusts it. */
	if (field < ARRAY_SIZE (texts) && texts[field] &&
	    (field == FIELD_SIGNATURE) == (*type == 'g'))
		*texts[field] = text;
}

bool
dbus_message_parse (const char *buf, size_t len, struct dbus_message *m)
{
	struct dbus_in i = { buf, len };
	long total = dbus_message_length (buf, len);
	uint32_t fields;

	*m = (struct dbus_message) { .type = 0 };
	if (total <= 0 || (size_t) total > len)
		return false;
	m->swapped = i.swapped = buf[0] != ORDER_OURS;
	m->type = (enum dbus_type) buf[1];
	m->flags = (uint8_t) buf[2];
	i.pos = 4;
	m->body_len = dbus_get_u32 (&i);
	m->serial = dbus_get_u32 (&i);
	fields = dbus_get_u32 (&i);
	i.len = HEADER_FIXED + fields;
	while (!i.failed && i.pos < i.len)
		get_field (&i, m);
	m->body = buf + total - m->body_len;
	return !i.failed;
}

struct dbus_in
dbus_body (const struct dbus_message *m, const char *signature)
{
	return (struct dbus_in) {
		.buf = m->body,
		.len = m->body_len,
		.swapped = m->swapped,
		.failed = !streq (m->signature ? m->signature : "", signature),
	};
}
