/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of JSON: no crash, no read beyond the text, a report if and only if it fails; and what
 * was read can be written, and comes back as the same text when read again. The first byte of the
 * input chooses what is read.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/oci_config.h"
#include "libocispec/oci_features.h"
#include "libocispec/oci_state.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const struct record *const records[] = {
	&oci_config_record,  &oci_process_record, &oci_linux_resources_record,
	&oci_seccomp_record, &oci_state_record,	  &oci_features_record,
};

static void *
read_text (const struct record *rec, struct arena *a, const char *text, size_t len)
{
	void *obj = arena_alloc (a, rec->size);
	struct oci_report report;
	int r;

	oci_report_init (&report, a, "f", text, len);
	report.name_unknown = true;
	r = oci_record_read (rec, a, text, len, &report, obj);
	if ((r < 0) != (oci_report_text (&report)[0] != '\0'))
		abort ();
	oci_report_warnings (&report);
	return r < 0 ? NULL : obj;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	const struct record *rec;
	struct arena a = { 0 };
	char *text, *once, *twice;
	size_t len;
	void *obj;

	if (size == 0)
		return 0;
	/* '{' is a whole config.json, so that real ones can be used as they are. */
	rec = records[data[0] == '{' ? 0 : data[0] % (sizeof records / sizeof *records)];
	if (data[0] != '{') {
		data++;
		size--;
	}
	text = malloc (size + !size); /* exactly, for the sanitizer */
	memcpy (text, data, size);
	oci_locate (text, size, "linux.resources.blockIO.weightDevice[1].major");
	oci_locate (text, size, "annotations.a.b[3]");
	obj = read_text (rec, &a, text, size);
	if (obj) {
		once = oci_record_write (rec, obj, &a, OCI_COMPACT, &len);
		obj = read_text (rec, &a, once, len);
		if (!obj)
			abort ();
		twice = oci_record_write (rec, obj, &a, OCI_COMPACT, NULL);
		if (strcmp (once, twice) != 0)
			abort ();
	}
	free (text);
	arena_free (&a);
	return 0;
}
