/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of the specification that concern more than one part, or none. */
#include <stdlib.h>
#include <string.h>

#include "plan/planner.h"

/* SemVer with major version 1; "1.0.2-dev", "1.3.0+dev", "1.2.0-rc.1" are what engines really
 * write. */
static void
check_version (struct planner *p)
{
	const char *v = p->spec->oci_version;
	char *end;
	unsigned long n[3];

	for (size_t i = 0; i < 3; i++) {
		if (*v < '0' || *v > '9')
			goto bad;
		n[i] = strtoul (v, &end, 10);
		v = end;
		if (i < 2 && *v++ != '.')
			goto bad;
	}
	if (*v && *v != '-' && *v != '+')
		goto bad;
	if (n[0] != 1 || n[1] > 3)
		BAD (p, "ociVersion", "'%s' is not supported: 1.0.0 to 1.3.x are",
		     p->spec->oci_version);
	return;
bad:
	BAD (p, "ociVersion", "'%s' is not a version like 1.3.0", p->spec->oci_version);
}

void
plan_check (struct planner *p)
{
	const struct oci_config *c = p->spec;

	check_version (p);
	if (!c->root)
		BAD (p, "root", "required on Linux, but missing");
	for (size_t i = 0; i < c->annotations.n; i++)
		if (!*c->annotations.v[i].key)
			BAD (p, "annotations", "a key must not be empty");
}
