/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coracle-helper: what needs shared libraries. coracle itself loads none, and runs this only when
 * it must.
 *
 *   coracle-helper seccomp [--fail-unknown]
 *           profile (linux.seccomp of config.json) on stdin, BPF on stdout
 *   coracle-helper features
 *           what the libraries are and can, as lines of "KEY: VALUE"
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "helper/helper.h"
#include "libocispec/oci_linux.h"

/* Whether a profile may name it. EEXIST: our own; EDOM: of the other byte order, left out. */
static bool
seccomp_knows (uint32_t arch)
{
	scmp_filter_ctx ctx = seccomp_init (SCMP_ACT_ALLOW);
	int r = ctx ? seccomp_arch_add (ctx, arch) : -1;

	seccomp_release (ctx);
	return r == 0 || r == -EEXIST || r == -EDOM;
}

static int
features (void)
{
	const struct scmp_version *v = seccomp_version ();

	printf ("libseccomp: %u.%u.%u\n", v->major, v->minor, v->micro);
	for (const struct oci_name *n = oci_seccomp_archs; n->name; n++)
		if (seccomp_knows ((uint32_t) n->value))
			printf ("arch: %s\n", n->name);
	return 0;
}

int
main (int argc, char **argv)
{
	if (argc >= 2 && strcmp (argv[1], "seccomp") == 0)
		return helper_seccomp (argc > 2 && strcmp (argv[2], "--fail-unknown") == 0);
	if (argc == 2 && strcmp (argv[1], "features") == 0)
		return features ();
	fprintf (stderr, "usage: coracle-helper seccomp [--fail-unknown] | features\n");
	return 64;
}
