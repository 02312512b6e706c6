/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON events in, structs out, driven by the field tables. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libocispec/json.h"
#include "libocispec/record.h"

/* One open object or array. */
struct frame {
	enum { IN_RECORD, IN_ARRAY, IN_KVS, IN_OBJMAP } what;
	const struct record *rec; /* of a record, or of the elements */
	const struct field
		*field;	      /* record: of the current key, NULL: unknown; else: the container's */
	void *base;	      /* record: the struct; else: the vector */
	uint64_t seen, nulls; /* record: bits of the fields that were there, and that were null */
	uint64_t other_case;  /* record: the same for keys that are these but for capitals */
	size_t start;	      /* in the text */
	const char *key;      /* the current one */
};

struct reader {
	struct arena *arena;
	struct oci_report *report;
	struct json_parser parser;
	const struct record *top;      /* the document is an object of this … */
	const struct field *top_array; /* … or, if set, an array of such */
	void *result;
	size_t skip; /* depth inside something unknown or wrong */
	bool stop;   /* enough errors */
	unsigned depth;
	struct frame stack[OCI_DEPTH_MAX];
};

/* ---- where we are --------------------------------------------------------------------------- */

static const char *
path_of (const struct reader *r)
{
	char *path = arena_strdup (r->arena, "");

	for (unsigned i = 0; i < r->depth; i++) {
		const struct frame *f = &r->stack[i];

		if (f->what == IN_ARRAY)
			path = arena_printf (r->arena, "%s[%zu]", path,
					     ((const struct vec_any *) f->base)->n);
		else if (f->key)
			path = arena_printf (r->arena, "%s%s%s", path, *path ? "." : "", f->key);
	}
	return path;
}

/* The first byte of the token that was just read. A string may be longer in the text than its
 * value; its quotes are unescaped ones. */
static size_t
token_start (const struct reader *r, size_t length)
{
	size_t end = json_offset (&r->parser), at = end >= length ? end - length : 0, slashes;

	if (end < 2 || r->parser.buf[end - 1] != '"')
		return at;
	for (at = end - 2; at > 0; at--) {
		if (r->parser.buf[at] != '"')
			continue;
		for (slashes = 0; slashes < at && r->parser.buf[at - 1 - slashes] == '\\';
		     slashes++)
			;
		if (slashes % 2 == 0)
			break;
	}
	return at;
}

#define ERRORS_MAX 1000 /* then the reading stops: a hostile document may have millions */

static bool
is_full (struct reader *r)
{
	if (r->report->errors.n < OCI_REPORT_MAX)
		return false;
	r->stop = ++r->report->more_errors >= ERRORS_MAX;
	return true;
}

#define COMPLAIN(r, length, ...)                                                              \
	do {                                                                                  \
		if (!is_full (r))                                                             \
			oci_report_add_at ((r)->report, token_start (r, length), path_of (r), \
					   __VA_ARGS__);                                      \
	} while (0)

static const char *
expected (const struct field *f)
{
	switch (f->kind) {
	case K_BOOL:
	case K_OPT_BOOL: return "true or false";
	case K_OPT_U16:
	case K_OPT_U32:
	case K_OPT_U64:
	case K_U32:
	case K_U64:
	case K_U32S: return "an unsigned integer";
	case K_OPT_I32:
	case K_OPT_I64:
	case K_I32:
	case K_I64: return "an integer";
	case K_STR:
	case K_STRS:
	case K_KVS:
	case K_ENUM:
	case K_ENUMS:
	case K_CHAR: return "a string";
	default: return "an object";
	}
}

/* What a value of the current place must be: the field, or the element of the field's array or map.
 */
static const struct field *
current_field (const struct reader *r)
{
	return r->depth ? r->stack[r->depth - 1].field : NULL;
}

static bool
wants_array (const struct reader *r)
{
	const struct frame *f = &r->stack[r->depth - 1];

	if (f->what != IN_RECORD || !f->field)
		return false;
	return f->field->kind == K_STRS || f->field->kind == K_U32S || f->field->kind == K_ENUMS ||
	       f->field->kind == K_OBJS;
}

static void *
next_element (struct reader *r, struct vec_any *vec, size_t size)
{
	vec->v = arena_grow (r->arena, vec->v, vec->n, size);
	return (char *) vec->v + vec->n * size;
}

static size_t
element_size (const struct field *f)
{
	switch (f->kind) {
	case K_STRS: return sizeof (char *);
	case K_U32S: return sizeof (uint32_t);
	case K_ENUMS: return sizeof (uint64_t);
	case K_KVS: return sizeof (struct oci_kv);
	default: return f->rec->size;
	}
}

/* The member or element that a scalar goes to. */
static void *
place (struct reader *r)
{
	struct frame *f = &r->stack[r->depth - 1];

	if (f->what == IN_RECORD)
		return (char *) f->base + f->field->offset;
	return next_element (r, f->base, element_size (f->field));
}

static void
placed (struct reader *r)
{
	struct frame *f = &r->stack[r->depth - 1];

	if (f->what != IN_RECORD)
		((struct vec_any *) f->base)->n++;
}

static const char *
wanted (const struct reader *r)
{
	const struct field *f = current_field (r);

	if (!r->depth)
		return r->top_array ? "an array" : "an object";
	if (wants_array (r))
		return "an array";
	if (r->stack[r->depth - 1].what == IN_RECORD && f->kind == K_KVS)
		return "an object of strings";
	if (r->stack[r->depth - 1].what == IN_RECORD && f->kind == K_OBJMAP)
		return "an object of objects";
	return expected (f);
}

static bool
wrong_type (struct reader *r, size_t length, const char *got)
{
	COMPLAIN (r, length, "expected %s, got %s", wanted (r), got);
	/* An element takes its place all the same, so that the next is called by its own number. */
	if (r->depth && r->stack[r->depth - 1].what == IN_ARRAY) {
		place (r);
		placed (r);
	}
	return r->depth > 0 && !r->stop; /* of the document itself: no use going on */
}

/* ---- scalars -------------------------------------------------------------------------------- */

static bool
skipping (struct reader *r)
{
	const struct frame *f = r->depth ? &r->stack[r->depth - 1] : NULL;

	return r->skip || (f && f->what == IN_RECORD && !f->field);
}

static bool
on_null (void *ctx)
{
	struct reader *r = ctx;

	if (skipping (r))
		return true;
	/* A member that is null is absent; an element that is null is nothing. */
	if (r->depth && r->stack[r->depth - 1].what == IN_RECORD) {
		struct frame *f = &r->stack[r->depth - 1];

		f->nulls |= 1ull << (f->field - f->rec->fields);
		return true;
	}
	return wrong_type (r, 4, "null");
}

static bool
on_boolean (void *ctx, bool value)
{
	struct reader *r = ctx;
	const struct field *f = current_field (r);
	size_t length = value ? 4 : 5;

	if (skipping (r))
		return true;
	if (!f || r->stack[r->depth - 1].what != IN_RECORD ||
	    (f->kind != K_BOOL && f->kind != K_OPT_BOOL))
		return wrong_type (r, length, value ? "true" : "false");
	if (f->kind == K_BOOL)
		*(bool *) place (r) = value;
	else
		*(opt_bool *) place (r) = (opt_bool) { true, value };
	return true;
}

/* [-]digits into sign and value. False if it is another kind of number; *ret_overflow if 64 bits do
 * not hold it. */
static bool
parse_integer (const char *s, size_t n, uint64_t *ret, bool *ret_overflow)
{
	uint64_t u = 0;

	*ret_overflow = false;
	for (size_t i = s[0] == '-'; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*ret_overflow |= __builtin_mul_overflow (u, (uint64_t) 10, &u);
		*ret_overflow |= __builtin_add_overflow (u, (uint64_t) (s[i] - '0'), &u);
	}
	*ret = u;
	return true;
}

struct range {
	int64_t min;
	uint64_t max;
};

static struct range
range_of (const struct field *f)
{
	struct range r = { 0, 0 };

	switch (f->kind) {
	case K_OPT_U16: r.max = UINT16_MAX; break;
	case K_OPT_U32:
	case K_U32:
	case K_U32S: r.max = UINT32_MAX; break;
	case K_OPT_U64:
	case K_U64: r.max = UINT64_MAX; break;
	case K_OPT_I32:
	case K_I32: r = (struct range) { INT32_MIN, INT32_MAX }; break;
	default: r = (struct range) { INT64_MIN, INT64_MAX }; break;
	}
	if (f->max)
		r.max = f->max;
	if (f->flags & ID)
		r.max = UINT32_MAX - 1;
	if (f->flags & MINUS1)
		r.min = -1;
	if (f->flags & POSITIVE)
		r.min = 1;
	return r;
}

static void
store_number (void *to, uint8_t kind, uint64_t u)
{
	switch (kind) {
	case K_OPT_U16: *(opt_u16 *) to = (opt_u16) { true, (uint16_t) u }; break;
	case K_OPT_U32: *(opt_u32 *) to = (opt_u32) { true, (uint32_t) u }; break;
	case K_OPT_U64: *(opt_u64 *) to = (opt_u64) { true, u }; break;
	case K_OPT_I32: *(opt_i32 *) to = (opt_i32) { true, (int32_t) u }; break;
	case K_OPT_I64: *(opt_i64 *) to = (opt_i64) { true, (int64_t) u }; break;
	case K_U32S:
	case K_U32: *(uint32_t *) to = (uint32_t) u; break;
	case K_U64: *(uint64_t *) to = u; break;
	case K_I32: *(int32_t *) to = (int32_t) u; break;
	default: *(int64_t *) to = (int64_t) u; break;
	}
}

static bool
takes_number (const struct reader *r, const struct field *f)
{
	bool in_array = r->stack[r->depth - 1].what == IN_ARRAY;

	return in_array ? f->kind == K_U32S : f->kind >= K_OPT_U16 && f->kind <= K_I64;
}

static bool
on_number (void *ctx, const char *s, size_t n)
{
	struct reader *r = ctx;
	const struct field *f = current_field (r);
	bool negative = s[0] == '-', out;
	struct range range;
	uint64_t u;

	if (skipping (r))
		return true;
	if (!f || !takes_number (r, f) || !parse_integer (s, n, &u, &out))
		return wrong_type (r, n,
				   r->stop ? ""
					   : arena_printf (r->arena, "number %.*s",
							   (int) (n < 40 ? n : 40), s));
	range = range_of (f);
	if (negative)
		out |= u > -(uint64_t) range.min || range.min > 0;
	else
		out |= u > range.max || (range.min > 0 && u < (uint64_t) range.min);
	if (out) {
		COMPLAIN (r, n, "%.*s%s is out of range: %" PRId64 " to %" PRIu64,
			  (int) (n < 40 ? n : 40), s, n > 40 ? "..." : "", range.min, range.max);
		u = 0;
	}
	store_number (place (r), f->kind, negative ? -u : u);
	placed (r);
	return !r->stop;
}

static void
complain_name (struct reader *r, const char *got, const struct oci_name *names)
{
	const char *best = NULL;
	char *all = NULL;
	size_t count = 0, nearest = 3;

	for (const struct oci_name *n = names; n->name; n++, count++) {
		size_t distance = oci_edit_distance (got, n->name);

		if (distance < nearest) {
			nearest = distance;
			best = n->name;
		}
		all = arena_printf (r->arena, "%s%s%s", all ? all : "", all ? ", " : "", n->name);
	}
	if (best && count > 10)
		COMPLAIN (r, 2, "unknown value \"%.60s\"; did you mean %s?", got, best);
	else
		COMPLAIN (r, 2, "unknown value \"%.60s\"; %s%s%sallowed are %s", got,
			  best ? "did you mean " : "", best ? best : "", best ? "? " : "", all);
}

static void
store_string (struct reader *r, const struct field *f, char *copy, size_t n)
{
	void *to = place (r);
	uint64_t value = 0;

	switch (f->kind) {
	case K_ENUM:
	case K_ENUMS:
		if (!oci_name_value (f->names, copy, &value) &&
		    !(n == 0 && f->kind == K_ENUM && !(f->flags & REQ)))
			complain_name (r, copy, f->names);
		*(uint64_t *) to = value;
		break;
	case K_CHAR:
		if (n != 1 || !strchr (f->letters, copy[0]))
			COMPLAIN (r, n + 2, "unknown value \"%.60s\"; it is one of the letters %s",
				  copy, f->letters);
		*(char *) to = copy[0];
		break;
	case K_KVS:
		*(struct oci_kv *) to = (struct oci_kv) { (char *) r->stack[r->depth - 1].key,
							  copy };
		break;
	default:
		if ((f->flags & NONEMPTY) && f->kind == K_STR && n == 0)
			COMPLAIN (r, 2, "must not be empty");
		*(char **) to = copy;
		break;
	}
	placed (r);
}

static bool
takes_string (const struct reader *r, const struct field *f)
{
	switch (r->stack[r->depth - 1].what) {
	case IN_RECORD: return f->kind == K_STR || f->kind == K_ENUM || f->kind == K_CHAR;
	case IN_ARRAY: return f->kind == K_STRS || f->kind == K_ENUMS;
	default: return f->kind == K_KVS;
	}
}

static bool
on_string (void *ctx, const char *s, size_t n)
{
	struct reader *r = ctx;
	const struct field *f = current_field (r);
	char *copy;

	if (memchr (s, '\0', n)) {
		COMPLAIN (r, 1, "a string with a NUL character (\\u0000)");
		return r->depth > 0 && !r->stop;
	}
	if (skipping (r))
		return true;
	if (!f || !takes_string (r, f))
		return wrong_type (r, n + 2,
				   arena_printf (r->arena, "string \"%.*s\"",
						 (int) (n < 60 ? n : 60), s));
	copy = arena_strndup (r->arena, s, n);
	store_string (r, f, copy, n);
	return !r->stop;
}

/* ---- containers ----------------------------------------------------------------------------- */

static bool
too_deep (struct reader *r)
{
	if (r->depth + r->skip < OCI_DEPTH_MAX)
		return false;
	COMPLAIN (r, 1, "nested deeper than %d levels", OCI_DEPTH_MAX);
	return true;
}

static bool
push (struct reader *r, struct frame f)
{
	f.start = token_start (r, 1);
	r->stack[r->depth++] = f;
	return true;
}

static bool
skip_it (struct reader *r)
{
	r->skip++;
	return true;
}

/* An object that may not stand here: reported, and skipped as a whole. */
static bool
refuse (struct reader *r, const char *what)
{
	return wrong_type (r, 1, what) && skip_it (r);
}

/* Empty, which is not the same as absent. n too: the key may be given twice. */
static struct vec_any *
begin_vector (struct reader *r, void *vec)
{
	*(struct vec_any *) vec = (struct vec_any) { arena_alloc (r->arena, 1), 0 };
	return vec;
}

static bool
on_begin_object (void *ctx)
{
	struct reader *r = ctx;
	struct frame *top = r->depth ? &r->stack[r->depth - 1] : NULL;
	const struct field *f = current_field (r);
	void *to;

	if (too_deep (r))
		return false;
	if (skipping (r))
		return skip_it (r);
	if (!top)
		return r->top_array ? refuse (r, "an object")
				    : push (r, (struct frame) { IN_RECORD, .rec = r->top,
								.base = r->result });
	if (top->what != IN_RECORD) {
		if (f->kind != K_OBJS && f->kind != K_OBJMAP)
			return refuse (r, "an object");
		to = place (r);
		if (f->kind == K_OBJMAP)
			*(const char **) to = top->key;
		return push (r, (struct frame) { IN_RECORD, .rec = f->rec, .base = to });
	}
	to = (char *) top->base + f->offset;
	switch (f->kind) {
	case K_OBJ:
		*(void **) to = arena_alloc (r->arena, f->rec->size);
		return push (r, (struct frame) { IN_RECORD, .rec = f->rec, .base = *(void **) to });
	case K_EMBED: return push (r, (struct frame) { IN_RECORD, .rec = f->rec, .base = to });
	case K_KVS:
		return push (r,
			     (struct frame) { IN_KVS, .field = f, .base = begin_vector (r, to) });
	case K_OBJMAP:
		return push (r, (struct frame) { IN_OBJMAP, .field = f,
						 .base = begin_vector (r, to) });
	default: return refuse (r, "an object");
	}
}

static bool
on_begin_array (void *ctx)
{
	struct reader *r = ctx;
	const struct field *f = current_field (r);

	if (too_deep (r))
		return false;
	if (skipping (r))
		return skip_it (r);
	if (!r->depth && r->top_array)
		return push (r,
			     (struct frame) { IN_ARRAY, .field = r->top_array, .base = r->result });
	if (!r->depth || !wants_array (r))
		return refuse (r, "an array");
	return push (r, (struct frame) {
				IN_ARRAY, .field = f,
				.base = begin_vector (r, (char *) r->stack[r->depth - 1].base +
								 f->offset) });
}

/* The path of a member of what is open. */
static const char *
member_path (struct reader *r, const char *name)
{
	const char *path = path_of (r);

	return arena_printf (r->arena, "%s%s%s", path, *path ? "." : "", name);
}

struct hashed {
	uint64_t hash;
	const char *key;
};

/* FNV-1a. Keys made to collide only cost comparisons. */
static struct hashed
hashed (const char *key)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (const char *s = key; *s; s++)
		hash = (hash ^ (unsigned char) *s) * 0x100000001b3u;
	return (struct hashed) { hash, key };
}

static int
compare (const struct hashed *a, const struct hashed *b)
{
	return a->hash != b->hash ? a->hash < b->hash ? -1 : 1 : strcmp (a->key, b->key);
}

/* Merge sort, because the qsort of some libc is slow. Returns v or spare. */
static struct hashed *
sort_hashed (struct hashed *v, struct hashed *spare, size_t n)
{
	for (size_t width = 1; width < n; width *= 2) {
		struct hashed *from = v;

		for (size_t start = 0; start < n; start += 2 * width) {
			size_t middle = start + width < n ? start + width : n,
			       end = start + 2 * width < n ? start + 2 * width : n;
			size_t i = start, j = middle;

			for (size_t k = start; k < end; k++)
				spare[k] = j >= end || (i < middle &&
							compare (&from[i], &from[j]) <= 0)
						   ? from[i++]
						   : from[j++];
		}
		v = spare;
		spare = from;
	}
	return v;
}

static const char *
key_at (const struct vec_any *vec, size_t size, size_t i)
{
	return *(char *const *) (const void *) ((const char *) vec->v + i * size);
}

/* Duplicate keys of a map: sorted once at its end, so that 300,000 annotations do not take 300,000²
 * comparisons. Most maps are sorted. */
static void
check_duplicates (struct reader *r, const struct frame *f)
{
	const struct vec_any *vec = f->base;
	size_t size = element_size (f->field), i = 1;
	struct hashed *keys;

	while (i < vec->n && strcmp (key_at (vec, size, i - 1), key_at (vec, size, i)) < 0)
		i++;
	if (i >= vec->n)
		return;
	keys = arena_alloc (r->arena, 2 * vec->n * sizeof *keys);
	for (i = 0; i < vec->n; i++)
		keys[i] = hashed (key_at (vec, size, i));
	keys = sort_hashed (keys, keys + vec->n, vec->n);
	for (i = 1; i < vec->n; i++)
		if (compare (&keys[i - 1], &keys[i]) == 0 && !is_full (r))
			oci_report_add (r->report, member_path (r, keys[i].key), "given twice");
}

static void
complain_missing (struct reader *r, const struct frame *f, const struct field *missing)
{
	if (!is_full (r))
		oci_report_add_at (r->report, f->start, member_path (r, missing->name),
				   "required, but missing");
}

static bool
on_end_object (void *ctx)
{
	struct reader *r = ctx;
	struct frame *f;

	if (r->skip) {
		r->skip--;
		return true;
	}
	f = &r->stack[r->depth - 1];
	f->key = NULL;
	if (f->what == IN_RECORD) {
		for (unsigned i = 0; i < f->rec->n; i++)
			if ((f->rec->fields[i].flags & REQ) && !(f->seen & ~f->nulls & 1ull << i))
				complain_missing (r, f, &f->rec->fields[i]);
	} else {
		check_duplicates (r, f);
	}
	r->depth--;
	if (r->depth)
		placed (r);
	return !r->stop;
}

static bool
on_end_array (void *ctx)
{
	struct reader *r = ctx;
	const struct frame *f;

	if (r->skip) {
		r->skip--;
		return true;
	}
	f = &r->stack[r->depth - 1];
	r->depth--;
	if (f->field && (f->field->flags & NONEMPTY) && ((const struct vec_any *) f->base)->n == 0)
		COMPLAIN (r, 1, "must not be empty");
	return !r->stop;
}

static bool
equal_but_for_case (const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a | 0x20) != (*b | 0x20))
			return false;
	return *a == *b;
}

/*
 * "Process" beside "process": for this program an unknown property, for a reader in Go the same one
 * given twice, of which the last counts. What one runtime checks and another runs must not differ.
 */
static void
check_case (struct reader *r, struct frame *f, size_t n)
{
	for (unsigned i = 0; i < f->rec->n; i++)
		if (equal_but_for_case (f->rec->fields[i].name, f->key)) {
			if (f->seen & 1ull << i)
				COMPLAIN (r, n + 2, "given twice: as '%s' before",
					  f->rec->fields[i].name);
			f->other_case |= 1ull << i;
		}
}

static void
find_field (struct reader *r, struct frame *f, const char *s, size_t n)
{
	f->field = NULL;
	for (unsigned i = 0; i < f->rec->n; i++) {
		const struct field *field = &f->rec->fields[i];

		if (field->name[0] != s[0] || strlen (field->name) != n ||
		    memcmp (field->name, s, n) != 0)
			continue;
		f->key = field->name;
		f->field = field;
		if ((f->seen | f->other_case) & 1ull << i)
			COMPLAIN (r, n + 2, "given twice%s",
				  f->seen & 1ull << i ? "" : ", once with other capitals");
		f->seen |= 1ull << i;
		return;
	}
	f->key = arena_strndup (r->arena, s, n);
	check_case (r, f, n);
	if (r->report->name_unknown)
		oci_report_warn_at (r->report, token_start (r, n + 2), path_of (r),
				    "unknown property");
}

static bool
on_key (void *ctx, const char *s, size_t n)
{
	struct reader *r = ctx;
	struct frame *f = &r->stack[r->depth - 1];

	if (memchr (s, '\0', n)) {
		COMPLAIN (r, n + 2, "a key with a NUL character (\\u0000)");
		return false;
	}
	if (r->skip)
		return true;
	if (f->what == IN_RECORD && n > 0) {
		find_field (r, f, s, n);
		return !r->stop;
	}
	f->field = f->what == IN_RECORD ? NULL : f->field;
	f->key = arena_strndup (r->arena, s, n);
	if (n == 0 && f->what != IN_RECORD)
		COMPLAIN (r, 2, "a key must not be empty");
	return !r->stop;
}

static const struct json_events events = {
	on_null,	 on_boolean,	on_number,	on_string,    on_key,
	on_begin_object, on_end_object, on_begin_array, on_end_array,
};

static int
read_document (struct reader *r, const char *buf, size_t len)
{
	struct json_parser *p = &r->parser;

	if (len > OCI_SIZE_MAX) {
		oci_report_add_at (r->report, 0, "", "larger than %u MiB", OCI_SIZE_MAX >> 20);
		return -1;
	}
	*p = (struct json_parser) { .buf = buf, .len = len, .events = &events, .ctx = r };
	if (json_parse (r->arena, p) < 0 && p->error)
		oci_report_add_at (r->report, p->error_offset, "", "%s",
				   len ? p->error : "the file is empty");
	return oci_report_failed (r->report) ? -1 : 0;
}

int
oci_record_read (const struct record *rec, struct arena *a, const char *buf, size_t len,
		 struct oci_report *report, void *ret)
{
	struct reader r = { .arena = a, .report = report, .top = rec, .result = ret };

	memset (ret, 0, rec->size);
	return read_document (&r, buf, len);
}

int
oci_records_read (const struct record *rec, struct arena *a, const char *buf, size_t len,
		  struct oci_report *report, struct vec_any *ret)
{
	struct field element = { .name = "", .kind = K_OBJS, .rec = rec };
	struct reader r = { .arena = a, .report = report, .top_array = &element, .result = ret };

	*ret = (struct vec_any) { arena_alloc (a, 1), 0 };
	return read_document (&r, buf, len);
}
