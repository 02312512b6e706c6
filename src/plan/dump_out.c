/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libocispec/arena.h"
#include "plan/dump_out.h"

static void
put_bytes (struct dump *d, const char *s, size_t n)
{
	if (d->len + n + 1 > d->size) {
		size_t size = (d->len + n + 1) * 2;
		char *text = arena_alloc (d->arena, size);

		if (d->len)
			memcpy (text, d->text, d->len);
		d->text = text;
		d->size = size;
	}
	memcpy (d->text + d->len, s, n);
	d->len += n;
	d->text[d->len] = '\0';
}

static void
put (struct dump *d, const char *s)
{
	put_bytes (d, s, strlen (s));
}

static bool
is_plain (const char *s)
{
	for (const char *c = s; *c; c++)
		if (*c <= ' ' || *c == '"' || *c == '\\' || *c == ',' || *c == 0x7f)
			return false;
	return *s;
}

/* Bare where that is unambiguous, else as a JSON string: a line of output is always one decision.
 */
static void
put_value (struct dump *d, const char *s)
{
	struct json_out quoted;

	if (is_plain (s)) {
		put (d, s);
		return;
	}
	json_out_init (&quoted, d->arena, 0);
	json_string (&quoted, s);
	put (d, json_finish (&quoted, NULL));
}

static void
put_prefix (struct dump *d)
{
	for (unsigned i = 0; i < d->depth; i++) {
		if (i)
			put (d, ".");
		put (d, d->path[i]);
	}
}

static void
begin_value (struct dump *d, const char *name)
{
	if (d->as_json) {
		json_key (&d->json, name);
	} else if (d->items) {
		put (d, " ");
		put (d, name);
		put (d, "=");
	} else {
		put_prefix (d);
		put (d, d->depth ? "." : "");
		put (d, name);
		put (d, ": ");
	}
}

static void
end_value (struct dump *d)
{
	if (!d->as_json && !d->items)
		put (d, "\n");
}

void
dump_init (struct dump *d, struct arena *a, bool as_json)
{
	*d = (struct dump) { .arena = a, .as_json = as_json };
	json_out_init (&d->json, a, 2);
	if (as_json)
		json_begin_object (&d->json);
	else
		put (d, "");
}

char *
dump_finish (struct dump *d)
{
	if (!d->as_json)
		return d->text;
	json_end_object (&d->json);
	put (d, json_finish (&d->json, NULL));
	put (d, "\n");
	return d->text;
}

void
dump_enter (struct dump *d, const char *name)
{
	d->path[d->depth++] = name;
	if (d->as_json) {
		json_key (&d->json, name);
		json_begin_object (&d->json);
	}
}

void
dump_leave (struct dump *d)
{
	d->depth--;
	if (d->as_json)
		json_end_object (&d->json);
}

void
dump_items (struct dump *d, const char *name)
{
	d->items = name;
	d->index = 0;
	if (d->as_json) {
		json_key (&d->json, name);
		json_begin_array (&d->json);
	}
}

void
dump_items_end (struct dump *d)
{
	d->items = NULL;
	if (d->as_json)
		json_end_array (&d->json);
}

void
dump_item (struct dump *d)
{
	char number[32];

	if (d->as_json) {
		json_begin_object (&d->json);
		return;
	}
	put_prefix (d);
	put (d, d->depth ? "." : "");
	put (d, d->items);
	snprintf (number, sizeof number, "[%zu]:", d->index++);
	put (d, number);
}

void
dump_item_end (struct dump *d)
{
	if (d->as_json)
		json_end_object (&d->json);
	else
		put (d, "\n");
}

void
dump_string (struct dump *d, const char *name, const char *value)
{
	if (!value)
		return;
	begin_value (d, name);
	if (d->as_json)
		json_string (&d->json, value);
	else
		put_value (d, value);
	end_value (d);
}

void
dump_int (struct dump *d, const char *name, int64_t value)
{
	char number[24];

	snprintf (number, sizeof number, "%" PRId64, value);
	begin_value (d, name);
	if (d->as_json)
		json_int (&d->json, value);
	else
		put (d, number);
	end_value (d);
}

void
dump_uint (struct dump *d, const char *name, uint64_t value)
{
	char number[24];

	snprintf (number, sizeof number, "%" PRIu64, value);
	begin_value (d, name);
	if (d->as_json)
		json_uint (&d->json, value);
	else
		put (d, number);
	end_value (d);
}

void
dump_mode (struct dump *d, const char *name, unsigned value)
{
	char number[16];

	snprintf (number, sizeof number, "%04o", value);
	dump_string (d, name, number);
}

void
dump_flag (struct dump *d, const char *name, bool value)
{
	if (!value)
		return;
	begin_value (d, name);
	if (d->as_json)
		json_bool (&d->json, true);
	else
		put (d, "yes");
	end_value (d);
}

void
dump_strings (struct dump *d, const char *name, const strs *values)
{
	if (values->n == 0)
		return;
	begin_value (d, name);
	if (d->as_json)
		json_begin_array (&d->json);
	for (size_t i = 0; i < values->n; i++) {
		if (d->as_json) {
			json_string (&d->json, values->v[i]);
			continue;
		}
		/* Inside an element, spaces separate its members already. */
		if (i)
			put (d, d->items ? "," : " ");
		put_value (d, values->v[i]);
	}
	if (d->as_json)
		json_end_array (&d->json);
	end_value (d);
}
