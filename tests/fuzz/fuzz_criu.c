/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What criu answers: protocol buffers. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container/criu.h"
#include "libocispec/arena.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	struct criu_response r = { 0 };
	struct arena a = { 0 };
	uint8_t *exact = malloc (size + !size); /* for the sanitizer */

	memcpy (exact, data, size);
	if (criu_parse (&a, exact, size, &r) == 0) {
		/* Strings are copies, and end. */
		if (r.script && strlen (r.script) > size)
			abort ();
		if (r.message && strlen (r.message) > size)
			abort ();
	}
	free (exact);
	arena_free (&a);
	return 0;
}
