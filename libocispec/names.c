/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of names: the closed sets of the specification and their numbers. */
#include <string.h>

#include "libocispec/record.h"

const char *
oci_name_of (const struct oci_name *names, uint64_t value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return NULL;
}

bool
oci_name_value (const struct oci_name *names, const char *name, uint64_t *ret)
{
	for (; names->name; names++)
		if (strcmp (names->name, name) == 0) {
			*ret = names->value;
			return true;
		}
	return false;
}

u64s
oci_name_values (struct arena *a, const struct oci_name *names)
{
	u64s values = { 0 };

	for (; names->name; names++)
		VEC_PUSH (a, values, names->value);
	return values;
}

size_t
oci_edit_distance (const char *a, const char *b)
{
	size_t row[65], la = strlen (a), lb = strlen (b);

	if (la > 64 || lb > 64)
		return 64;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t cost = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < cost)
				cost = row[j] + 1;
			if (row[j - 1] + 1 < cost)
				cost = row[j - 1] + 1;
			row[j] = cost;
		}
	}
	return row[lb];
}
