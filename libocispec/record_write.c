/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structs in, JSON out, driven by the same tables. */
#include <string.h>

#include "libocispec/json.h"
#include "libocispec/record.h"

static void write_object (struct json_out *o, const struct record *rec, const char *obj);

static bool
is_absent (const struct field *f, const void *m)
{
	if (f->flags & REQ)
		return false;
	switch (f->kind) {
	case K_BOOL: return !*(const bool *) m;
	case K_OPT_BOOL: return !((const opt_bool *) m)->set;
	case K_OPT_U16: return !((const opt_u16 *) m)->set;
	case K_OPT_U32: return !((const opt_u32 *) m)->set;
	case K_OPT_U64: return !((const opt_u64 *) m)->set;
	case K_OPT_I32: return !((const opt_i32 *) m)->set;
	case K_OPT_I64: return !((const opt_i64 *) m)->set;
	case K_U32:
	case K_I32: return !*(const uint32_t *) m;
	case K_U64:
	case K_I64:
	case K_ENUM: return !*(const uint64_t *) m;
	case K_CHAR: return !*(const char *) m;
	case K_STR:
	case K_OBJ: return !*(void *const *) m;
	case K_EMBED: return false;
	default: return !((const struct vec_any *) m)->v;
	}
}

static void
write_vector (struct json_out *o, const struct field *f, const struct vec_any *vec)
{
	bool map = f->kind == K_KVS || f->kind == K_OBJMAP;

	(map ? json_begin_object : json_begin_array) (o);
	for (size_t i = 0; i < vec->n; i++) {
		const char *object = f->kind == K_OBJS || f->kind == K_OBJMAP
					     ? (const char *) vec->v + i * f->rec->size
					     : NULL;

		switch (f->kind) {
		case K_STRS: json_string (o, ((char *const *) vec->v)[i]); break;
		case K_U32S: json_uint (o, ((const uint32_t *) vec->v)[i]); break;
		case K_ENUMS:
			json_string (o, oci_name_of (f->names, ((const uint64_t *) vec->v)[i]));
			break;
		case K_KVS:
			json_key (o, ((const struct oci_kv *) vec->v)[i].key);
			json_string (o, ((const struct oci_kv *) vec->v)[i].value);
			break;
		case K_OBJMAP:
			json_key (o, *(char *const *) (const void *) object);
			write_object (o, f->rec, object);
			break;
		default: write_object (o, f->rec, object); break;
		}
	}
	(map ? json_end_object : json_end_array) (o);
}

static void
write_member (struct json_out *o, const struct field *f, const void *m)
{
	const char *s;

	switch (f->kind) {
	case K_BOOL: json_bool (o, *(const bool *) m); break;
	case K_OPT_BOOL: json_bool (o, ((const opt_bool *) m)->v); break;
	case K_OPT_U16: json_uint (o, ((const opt_u16 *) m)->v); break;
	case K_OPT_U32: json_uint (o, ((const opt_u32 *) m)->v); break;
	case K_OPT_U64: json_uint (o, ((const opt_u64 *) m)->v); break;
	case K_OPT_I32: json_int (o, ((const opt_i32 *) m)->v); break;
	case K_OPT_I64: json_int (o, ((const opt_i64 *) m)->v); break;
	case K_U32: json_uint (o, *(const uint32_t *) m); break;
	case K_U64: json_uint (o, *(const uint64_t *) m); break;
	case K_I32: json_int (o, *(const int32_t *) m); break;
	case K_I64: json_int (o, *(const int64_t *) m); break;
	case K_CHAR: json_string (o, (const char[]) { *(const char *) m, '\0' }); break;
	case K_ENUM:
		s = oci_name_of (f->names, *(const uint64_t *) m);
		json_string (o, s ? s : "");
		break;
	case K_STR:
		s = *(char *const *) m;
		json_string (o, s ? s : "");
		break;
	case K_OBJ:
		if (*(void *const *) m)
			write_object (o, f->rec, *(char *const *) m);
		else
			json_null (o);
		break;
	case K_EMBED: write_object (o, f->rec, m); break;
	default: write_vector (o, f, m); break;
	}
}

static void
write_object (struct json_out *o, const struct record *rec, const char *obj)
{
	json_begin_object (o);
	for (unsigned i = 0; i < rec->n; i++) {
		const struct field *f = &rec->fields[i];

		if (is_absent (f, obj + f->offset))
			continue;
		json_key (o, f->name);
		write_member (o, f, obj + f->offset);
	}
	json_end_object (o);
}

char *
oci_record_write (const struct record *rec, const void *obj, struct arena *a, enum oci_style style,
		  size_t *ret_len)
{
	struct json_out o;

	json_out_init (&o, a, style == OCI_PRETTY ? 2 : 0);
	write_object (&o, rec, obj);
	return json_finish (&o, ret_len);
}
