/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One walk over a plan, two outputs. As JSON: objects, arrays of objects, scalars. As text: one
 * line per scalar, "rootfs.path: /b/rootfs", and one line per element of an array of objects,
 * "rootfs.mounts[3]: destination=/proc type=proc". What is absent or false is not printed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libocispec/json.h"
#include "libocispec/record.h"

#define DUMP_DEPTH 4

struct dump {
	struct arena *arena;
	bool as_json;
	struct json_out json;
	char *text;
	size_t len, size;
	const char *path[DUMP_DEPTH]; /* names of the objects we are in */
	unsigned depth;
	const char *items; /* name of the array we are in, or NULL */
	size_t index;
};

void dump_init (struct dump *d, struct arena *a, bool as_json);
char *dump_finish (struct dump *d);

void dump_enter (struct dump *d, const char *name);
void dump_leave (struct dump *d);
void dump_items (struct dump *d,
		 const char *name); /* array of objects; each between dump_item and dump_item_end */
void dump_items_end (struct dump *d);
void dump_item (struct dump *d);
void dump_item_end (struct dump *d);

void dump_string (struct dump *d, const char *name, const char *value); /* NULL: nothing */
void dump_int (struct dump *d, const char *name, int64_t value);
void dump_uint (struct dump *d, const char *name, uint64_t value);
void dump_mode (struct dump *d, const char *name,
		unsigned value);			       /* octal, also in JSON: a string */
void dump_flag (struct dump *d, const char *name, bool value); /* false: nothing */
void dump_strings (struct dump *d, const char *name, const strs *values); /* none: nothing */

/* dump_process.c */
struct process_plan;
void dump_process (struct dump *d, const struct process_plan *r);
