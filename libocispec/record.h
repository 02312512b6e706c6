/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Records: C structs with a table of their fields, read from JSON, written to JSON and validated by
 * one engine.
 *
 * The kind of a field comes from the C type of the member (_Generic), so the two cannot disagree.
 * Closed sets of strings become numbers while reading (ENUM), open sets stay strings. Unknown
 * members of objects are ignored, as the specification demands.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libocispec/arena.h"
#include "libocispec/report.h"

/* clang-format off */
#define OPT(T) struct { bool set; T v; }	/* an optional scalar: presence lives in the type */
typedef OPT (uint16_t) opt_u16;
typedef OPT (uint32_t) opt_u32;
typedef OPT (uint64_t) opt_u64;
typedef OPT (int32_t) opt_i32;
typedef OPT (int64_t) opt_i64;
typedef OPT (bool) opt_bool;
typedef VEC (char *) strs;
typedef VEC (uint32_t) u32s;
typedef VEC (uint64_t) u64s;			/* arrays of enum values */
struct oci_kv {
	char *key, *value;
};
typedef VEC (struct oci_kv) kvs;		/* an object of strings, in the order given */
struct vec_any {				/* what all VEC look like */
	void *v;
	size_t n;
};

struct oci_name {
	const char *name;			/* NULL ends a table */
	uint64_t value;
};
const char *oci_name_of (const struct oci_name *names, uint64_t value);	/* NULL: none */
bool oci_name_value (const struct oci_name *names, const char *name, uint64_t *ret);
u64s oci_name_values (struct arena *a, const struct oci_name *names); /* all of them */

/* Levenshtein distance, for "did you mean"; 64 for long strings. */
size_t oci_edit_distance (const char *a, const char *b);

enum record_kind {
	K_BOOL, K_OPT_BOOL,
	K_OPT_U16, K_OPT_U32, K_OPT_U64, K_OPT_I32, K_OPT_I64, K_U32, K_U64, K_I32, K_I64,
	K_STR, K_STRS, K_U32S, K_KVS, K_ENUM, K_ENUMS, K_CHAR,
	K_OBJ,			/* struct R * */
	K_EMBED,		/* struct R, inside */
	K_OBJS,			/* VEC (struct R) */
	K_OBJMAP,		/* VEC (struct R) from {"key": {}}: R begins with char *key */
};

enum field_flags {
	REQ      = 1 << 0,	/* must be there */
	NONEMPTY = 1 << 1,	/* a string or an array with something in it */
	ID       = 1 << 2,	/* uid or gid: not 4294967295, which is (uid_t) -1 */
	MINUS1   = 1 << 3,	/* signed: nothing below -1 */
	POSITIVE = 1 << 4,	/* at least 1 */
};

struct record;
struct field {
	const char *name;
	uint16_t offset;
	uint8_t kind, flags;
	uint64_t max;				/* 0: what the type holds */
	union { const struct record *rec; const struct oci_name *names; const char *letters; };
};
struct record {
	const char *name;
	size_t size;
	const struct field *fields;
	unsigned n;
};

#define KIND(x)                                                                                    \
	_Generic ((x),                                                                             \
		bool: K_BOOL, opt_bool: K_OPT_BOOL,                                                \
		opt_u16: K_OPT_U16, opt_u32: K_OPT_U32, opt_u64: K_OPT_U64,                        \
		opt_i32: K_OPT_I32, opt_i64: K_OPT_I64,                                            \
		uint32_t: K_U32, uint64_t: K_U64, int32_t: K_I32, int64_t: K_I64,                  \
		char *: K_STR, strs: K_STRS, u32s: K_U32S, kvs: K_KVS)
#define AT(T, m) ((struct T *) 0)->m
/* Adds nothing, but does not compile if `a` is not a pointer to T. */
#define SAME(a, T) (0 * sizeof ((a) == (T *) 0))
#define TABLE_ROW(T, m, json, kind, fl, mx, ...) \
	{                                                                                          \
		json, offsetof (struct T, m), kind, fl, mx, { __VA_ARGS__ }                        \
	}
#define TABLE_ROW_OF(T, m, json, kind, fl, member, type, ...) \
	{                                                                                          \
		json, offsetof (struct T, m) + SAME (member, type), kind, fl, 0, { __VA_ARGS__ }   \
	}
#define TABLE_ROW_REC(T, m, json, kind, fl, member, R) \
	TABLE_ROW_OF (T, m, json, kind, fl, member, struct R, .rec = &R##_record)

#define FIELD(T, m, json, fl)         TABLE_ROW (T, m, json, KIND (AT (T, m)), fl, 0, 0)
#define FIELD_MAX(T, m, json, fl, mx) TABLE_ROW (T, m, json, KIND (AT (T, m)), fl, mx, 0)
/* A char that is one of the letters. */
#define LETTER(T, m, json, set, fl) \
	TABLE_ROW_OF (T, m, json, K_CHAR, fl, &AT (T, m), char, .letters = set)
#define OBJECT(T, m, json, R, fl) TABLE_ROW_REC (T, m, json, K_OBJ, fl, AT (T, m), R)
#define EMBED(T, m, json, R, fl) TABLE_ROW_REC (T, m, json, K_EMBED, fl, &AT (T, m), R)
#define OBJECTS(T, m, json, R, fl) TABLE_ROW_REC (T, m, json, K_OBJS, fl, AT (T, m).v, R)
#define OBJMAP(T, m, json, R, fl) TABLE_ROW_REC (T, m, json, K_OBJMAP, fl, AT (T, m).v, R)
#define ENUM(T, m, json, N, fl) \
	TABLE_ROW_OF (T, m, json, K_ENUM, fl, &AT (T, m), uint64_t, .names = N)
#define ENUMS(T, m, json, N, fl) \
	TABLE_ROW_OF (T, m, json, K_ENUMS, fl, AT (T, m).v, uint64_t, .names = N)

#define RECORD(T, ...) RECORD_OF (T, T, __VA_ARGS__)
/* A second view of the same struct. */
#define RECORD_OF(T, N, ...)                                                                       \
	static const struct field N##_fields[] = { __VA_ARGS__ };                                  \
	const struct record N##_record = {                                                         \
		#N, sizeof (struct T), N##_fields, sizeof N##_fields / sizeof N##_fields[0]        \
	}
/* clang-format on */

#define OCI_DEPTH_MAX 128
#define OCI_SIZE_MAX  (64u << 20)

/*
 * Read one JSON document (RFC 8259, strictly; OCI_SIZE_MAX, OCI_DEPTH_MAX) into *ret, which is
 * zeroed first. -1: the report has errors; type, range and name errors are collected, a syntax
 * error or very many errors end the reading. Strings are copied into the arena. Refused besides:
 * keys given twice, NUL inside a string, null inside an array or a map, empty keys in a map of
 * strings. null for a member is "absent"; so is "" for an optional ENUM (Go's zero value, which
 * some engines write).
 */
int oci_record_read (const struct record *rec, struct arena *a, const char *buf, size_t len,
		     struct oci_report *report, void *ret);
/* The same for a document that is an array of such objects. */
int oci_records_read (const struct record *rec, struct arena *a, const char *buf, size_t len,
		      struct oci_report *report, struct vec_any *ret);

enum oci_style { OCI_COMPACT, OCI_PRETTY }; /* pretty: two spaces */
/* Absent members are left out; a required bool is written even when false. NUL-terminated; ret_len
 * may be NULL. */
char *oci_record_write (const struct record *rec, const void *obj, struct arena *a,
			enum oci_style style, size_t *ret_len);
