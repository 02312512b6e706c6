/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * D-Bus messages as bytes: the little of the specification that speaking with systemd needs.
 * Nothing here does I/O.
 *
 * Written in our own byte order, read in both. A reader that meets anything wrong stays failed and
 * gives zeros and empty strings, so only the end has to be looked at.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* The specification allows 128 MiB; answers of systemd are some hundred bytes. */
#define DBUS_MESSAGE_MAX (1u << 20)

enum dbus_type { DBUS_CALL = 1, DBUS_RETURN, DBUS_ERROR, DBUS_SIGNAL };
enum dbus_flags { DBUS_NO_REPLY = 1 };

/* ---- writing */

struct dbus_out {
	struct arena *arena;
	char *buf;
	size_t len, size;
};

void dbus_put_byte (struct dbus_out *o, uint8_t v);
void dbus_put_number (struct dbus_out *o, uint64_t v, size_t size); /* 2, 4 or 8 bytes, aligned */
#define dbus_put_u32(o, v) dbus_put_number (o, v, 4)
void dbus_put_string (struct dbus_out *o, const char *s); /* also object paths */
void dbus_put_signature (struct dbus_out *o, const char *s);
void dbus_align (struct dbus_out *o, size_t to); /* structs and dict entries: 8 */
/* An array of elements that are aligned so; the end gets what the beginning returned. */
size_t dbus_array_begin (struct dbus_out *o, size_t align);
void dbus_array_end (struct dbus_out *o, size_t begin, size_t align);

struct dbus_message {
	enum dbus_type type;
	unsigned flags;		       /* enum dbus_flags */
	uint32_t serial, reply_serial; /* the second: 0 where there is none */
	const char *path, *interface, *member, *error_name, *destination; /* NULL: none */
	const char *signature; /* of the body; NULL: there is no body */
	const char *body;
	size_t body_len;
	bool swapped; /* reading: not our byte order */
};

/* Header and body, into an empty `o`: alignment counts from the beginning of the message. */
void dbus_put_message (struct dbus_out *o, const struct dbus_message *m);

/* ---- reading */

/*
 * How long the message at buf is: 0 when more than `len` bytes are needed to tell, -1 for what is
 * none. 16 bytes are enough to tell.
 */
long dbus_message_length (const char *buf, size_t len);
/* A whole message. Its strings point into buf. false: malformed. */
bool dbus_message_parse (const char *buf, size_t len, struct dbus_message *ret);

struct dbus_in {
	const char *buf;
	size_t len, pos;
	bool swapped, failed;
};

/* The body of a message, if it is of this signature; else a reader that has failed. */
struct dbus_in dbus_body (const struct dbus_message *m, const char *signature);
uint8_t dbus_get_byte (struct dbus_in *i);
uint32_t dbus_get_u32 (struct dbus_in *i);
const char *dbus_get_string (struct dbus_in *i);    /* NUL-terminated, no NUL within */
const char *dbus_get_signature (struct dbus_in *i); /* "" when it failed, never NULL */
