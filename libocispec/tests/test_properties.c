/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables against the specification. properties.txt is made from its JSON schema by
 * tools/spec-properties: every property must have a row of a fitting kind, every row a property or
 * an entry in the lists below. Then, for each row by itself: what it reads it writes; a wrong type,
 * a missing and a repeated member are found and named.
 */
#include <stdio.h>

#include "libocispec/oci_features.h"
#include "libocispec/oci_state.h"
#include "reading.h"

/* ---- the tables as a list of paths ---------------------------------------------------------- */

struct row {
	const char *path;
	const struct field *field;
};
static VEC (struct row) rows;

static void
collect (const struct record *rec, const char *prefix)
{
	for (unsigned i = 0; i < rec->n; i++) {
		const struct field *f = &rec->fields[i];
		const char *path = arena_printf (&test_arena, "%s%s%s", prefix, *prefix ? "." : "",
						 f->name);

		VEC_PUSH (&test_arena, rows, ((struct row) { path, f }));
		if (f->kind == K_OBJ || f->kind == K_EMBED)
			collect (f->rec, path);
		else if (f->kind == K_OBJS)
			collect (f->rec, arena_printf (&test_arena, "%s[]", path));
		else if (f->kind == K_OBJMAP)
			collect (f->rec, arena_printf (&test_arena, "%s.*", path));
	}
}

static const struct field *
row_of (const char *path)
{
	if (!rows.n)
		collect (&oci_config_record, "");
	for (size_t i = 0; i < rows.n; i++)
		if (strcmp (rows.v[i].path, path) == 0)
			return rows.v[i].field;
	return NULL;
}

static bool
fits (const struct field *f, const char *type)
{
	switch (f->kind) {
	case K_BOOL:
	case K_OPT_BOOL: return strcmp (type, "boolean") == 0;
	case K_STR:
	case K_ENUM:
	case K_CHAR: return strcmp (type, "string") == 0;
	case K_STRS:
	case K_ENUMS: return strcmp (type, "array-of-strings") == 0;
	case K_U32S: return strcmp (type, "array-of-integers") == 0;
	case K_KVS: return strcmp (type, "map-of-strings") == 0;
	case K_OBJ:
	case K_EMBED: return strcmp (type, "object") == 0;
	case K_OBJS: return strcmp (type, "array-of-objects") == 0;
	case K_OBJMAP: return strcmp (type, "map-of-objects") == 0;
	default: return strcmp (type, "integer") == 0;
	}
}

static bool
listed (const char *const *list, const char *path)
{
	for (; *list; list++)
		if (strcmp (*list, path) == 0)
			return true;
	return false;
}

/* Rows without a property of the schema: members for Windows that the Linux structs share. */
static const char *const extensions[] = { "process.commandLine", "process.user.username", NULL };
/* The schema leaves them open, the text of the specification says REQUIRED. */
static const char *const stricter[] = { "linux.memoryPolicy.mode", "linux.personality.domain",
					NULL };
/* Written as "pids": {} by some engines. */
static const char *const more_lenient[] = { "linux.resources.pids.limit", NULL };

static char *
properties (void)
{
	FILE *f = fopen ("libocispec/tests/properties.txt", "re");
	char *text = arena_alloc (&test_arena, 65536);
	size_t n = f ? fread (text, 1, 65535, f) : 0;

	if (f)
		fclose (f);
	OK (n > 0 && n < 65535);
	return text;
}

TEST (every_property_has_a_row)
{
	char *line_end, *text = properties ();
	int count = 0;

	while ((line_end = strchr (text, '\n'))) {
		char *save, *path, *type, *word;
		const struct field *f;
		bool required = false;

		*line_end = '\0';
		path = strtok_r (text, " ", &save);
		type = strtok_r (NULL, " ", &save);
		text = line_end + 1;
		count++;
		f = row_of (path);
		if (!f) {
			STREQ (path, "a row in the tables");
			continue;
		}
		if (!fits (f, type))
			STREQ (path, type);
		while ((word = strtok_r (NULL, " ", &save))) {
			uint64_t value;

			if (strcmp (word, "required") == 0)
				required = true;
			else if ((f->kind == K_ENUM || f->kind == K_ENUMS) &&
				 !oci_name_value (f->names, word, &value))
				STREQ (path, arena_printf (&test_arena, "with the name %s", word));
		}
		if (required && !(f->flags & REQ) && !listed (more_lenient, path))
			STREQ (path, "required");
		if (!required && (f->flags & REQ) && !listed (stricter, path))
			STREQ (path, "optional");
	}
	EQ (count, 221);
}

TEST (every_row_has_a_property)
{
	char *text = arena_printf (&test_arena, "\n%s", properties ());

	row_of ("");
	for (size_t i = 0; i < rows.n; i++)
		if (!strstr (text, arena_printf (&test_arena, "\n%s ", rows.v[i].path)) &&
		    !listed (extensions, rows.v[i].path))
			STREQ (rows.v[i].path, "a property of the specification");
	EQ (rows.n, 221 + 2);
}

/* Names are values and values are names, in every table. */
TEST (names_are_unique)
{
	row_of ("");
	for (size_t i = 0; i < rows.n; i++) {
		const struct field *f = rows.v[i].field;

		if (f->kind != K_ENUM && f->kind != K_ENUMS)
			continue;
		for (const struct oci_name *n = f->names; n->name; n++) {
			STREQ (oci_name_of (f->names, n->value), n->name);
			OK (n->value != 0);
		}
	}
}

/* ---- documents made from the tables --------------------------------------------------------- */

enum damage { NONE, WRONG_TYPE, MISSING, IS_NULL, TWICE };
struct maker {
	struct json_out out;
	enum damage damage;
	int target, seen; /* the row to damage, and how many we have met */
	const char *path; /* of the damaged row */
	const struct field *field;
};

static void make_object (struct maker *m, const struct record *rec, const char *path);

static void
make_value (struct maker *m, const struct field *f, const char *path)
{
	struct json_out *o = &m->out;

	switch (f->kind) {
	case K_BOOL:
	case K_OPT_BOOL: json_bool (o, true); break;
	case K_STR: json_string (o, path); break;
	case K_CHAR: json_string (o, (const char[]) { f->letters[0], '\0' }); break;
	case K_ENUM: json_string (o, f->names[0].name); break;
	case K_STRS:
	case K_ENUMS:
	case K_U32S:
		json_begin_array (o);
		for (int i = 0; i < 3; i++) {
			if (f->kind == K_U32S)
				json_int (o, 100 + i);
			else
				json_string (o, f->kind == K_STRS ? "a string" : f->names[i].name);
		}
		json_end_array (o);
		break;
	case K_KVS:
		json_begin_object (o);
		json_key (o, "first.key");
		json_string (o, "x");
		json_key (o, "another");
		json_string (o, "");
		json_end_object (o);
		break;
	case K_OBJ:
	case K_EMBED: make_object (m, f->rec, path); break;
	case K_OBJS:
		json_begin_array (o);
		make_object (m, f->rec, arena_printf (&test_arena, "%s[0]", path));
		make_object (m, f->rec, arena_printf (&test_arena, "%s[1]", path));
		json_end_array (o);
		break;
	case K_OBJMAP:
		json_begin_object (o);
		json_key (o, "k1");
		make_object (m, f->rec, arena_printf (&test_arena, "%s.k1", path));
		json_key (o, "k2");
		make_object (m, f->rec, arena_printf (&test_arena, "%s.k2", path));
		json_end_object (o);
		break;
	default: json_int (o, f->max == 1 || f->max == 5 ? 1 : 7); break;
	}
}

static void
make_wrong_value (struct maker *m, const struct field *f)
{
	struct json_out *o = &m->out;

	switch (f->kind) {
	case K_STR:
	case K_CHAR:
	case K_ENUM: json_int (o, 5); break;
	case K_KVS:
	case K_OBJ:
	case K_EMBED:
	case K_OBJMAP:
		json_begin_array (o);
		json_end_array (o);
		break;
	case K_STRS:
	case K_ENUMS:
	case K_U32S:
	case K_OBJS:
		json_begin_object (o);
		json_end_object (o);
		break;
	default: json_string (o, "7"); break;
	}
}

static void
make_member (struct maker *m, const struct field *f, const char *path)
{
	bool hit = m->seen++ == m->target;

	if (hit) {
		m->path = path;
		m->field = f;
	}
	if (hit && m->damage == MISSING)
		return;
	json_key (&m->out, f->name);
	if (hit && m->damage == WRONG_TYPE)
		make_wrong_value (m, f);
	else if (hit && m->damage == IS_NULL)
		json_null (&m->out);
	else
		make_value (m, f, path);
	if (hit && m->damage == TWICE) {
		json_key (&m->out, f->name);
		make_value (m, f, path);
	}
}

static void
make_object (struct maker *m, const struct record *rec, const char *path)
{
	json_begin_object (&m->out);
	for (unsigned i = 0; i < rec->n; i++)
		make_member (m, &rec->fields[i],
			     arena_printf (&test_arena, "%s%s%s", path, *path ? "." : "",
					   rec->fields[i].name));
	json_end_object (&m->out);
}

/* A document with all members; one of them damaged if damage says so. */
static struct maker
document (const struct record *rec, enum damage damage, int target)
{
	struct maker m = { .damage = damage, .target = damage == NONE ? -1 : target };

	json_out_init (&m.out, &test_arena, 0);
	make_object (&m, rec, "");
	json_finish (&m.out, NULL);
	return m;
}

static const struct record *const all_records[] = {
	&oci_config_record,	   &oci_state_record,	 &oci_hook_state_record,
	&oci_process_state_record, &oci_features_record,
};

TEST (everything_is_written_as_it_was_read)
{
	for (size_t i = 0; i < sizeof all_records / sizeof *all_records; i++) {
		const char *text = document (all_records[i], NONE, 0).out.buf;

		STREQ (rewritten (all_records[i], text), text);
	}
}

TEST (pretty_and_compact_are_the_same_document)
{
	const char *text = document (&oci_config_record, NONE, 0).out.buf, *pretty;
	void *obj = arena_alloc (&test_arena, oci_config_record.size);

	STREQ (errors_of_n (&oci_config_record, text, strlen (text), obj), "");
	pretty = oci_record_write (&oci_config_record, obj, &test_arena, OCI_PRETTY, NULL);
	STREQ (rewritten (&oci_config_record, pretty), text);
}

/* Damages each row in turn; a test of several thousand documents. */
static void
each_row (enum damage damage, bool must_fail, bool required_only, const char *expected)
{
	int checked = 0;

	for (size_t i = 0; i < sizeof all_records / sizeof *all_records; i++)
		for (int target = 0;; target++) {
			struct maker m = document (all_records[i], damage, target);
			const char *errors, *wanted;

			if (!m.path)
				break;
			errors = errors_of (all_records[i], m.out.buf);
			wanted = arena_printf (&test_arena, ": %s: %s", m.path, expected);
			checked++;
			if (must_fail && (!required_only || (m.field->flags & REQ)))
				CONTAINS (errors, wanted);
			else
				STREQ (errors, "");
		}
	OK (checked > 300);
}

TEST (each_row_refuses_a_wrong_type)
{
	each_row (WRONG_TYPE, true, false, "expected ");
}

TEST (each_required_row_is_missed)
{
	each_row (MISSING, true, true, "required, but missing");
}

TEST (null_is_missing_for_each_row)
{
	each_row (IS_NULL, true, true, "required, but missing");
}

TEST (each_row_is_found_when_given_twice)
{
	each_row (TWICE, true, false, "given twice");
}

TEST (each_row_is_located)
{
	struct maker m;

	for (int target = 0; (m = document (&oci_config_record, TWICE, target)).path; target++) {
		size_t at = oci_locate (m.out.buf, m.out.len, m.path),
		       name = strlen (m.field->name);

		/* The path leads to the value; before it are the key, its quotes and the colon. */
		OK (at > name + 3 && memcmp (m.out.buf + at - name - 2, m.field->name, name) == 0);
	}
}

/* ---- damaged text --------------------------------------------------------------------------- */

TEST (truncated_anywhere)
{
	struct maker m = document (&oci_config_record, NONE, 0);
	size_t bad = 0;

	for (size_t len = 0; len < m.out.len; len += 1 + len / 200) {
		struct arena a = { 0 };
		struct oci_report r;
		struct oci_config *c;
		char *text = malloc (len + 1);

		memcpy (text, m.out.buf, len);
		oci_report_init (&r, &a, "f", text, len);
		bad += oci_config_read (&a, text, len, &r, &c) == 0 || !*oci_report_text (&r);
		free (text);
		arena_free (&a);
	}
	EQ (bad, 0);
}

TEST (any_byte_changed)
{
	struct maker m = document (&oci_config_record, NONE, 0);
	char *text = m.out.buf;
	size_t refused = 0;

	for (size_t i = 0; i < m.out.len; i += 41) {
		static const char bytes[] = "\0\"\\{}[],:0-.\xff\xc3 tn";
		char saved = text[i];

		for (size_t b = 0; b < sizeof bytes - 1; b += 1 + i % 3) {
			struct arena a = { 0 };
			struct oci_report r;
			struct oci_config *c;

			text[i] = bytes[b];
			oci_report_init (&r, &a, "f", text, m.out.len);
			refused += oci_config_read (&a, text, m.out.len, &r, &c) < 0 &&
				   *oci_report_text (&r);
			oci_locate (text, m.out.len,
				    "linux.resources.blockIO.weightDevice[1].major");
			arena_free (&a);
		}
		text[i] = saved;
	}
	OK (refused > 500);
}
