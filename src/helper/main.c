/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coracle-helper: what needs shared libraries. coracle itself loads none, and runs this only when it must.
 *
 *   coracle-helper seccomp [--fail-unknown]   profile (linux.seccomp of config.json) on stdin, BPF on stdout
 *   coracle-helper version                    versions of the libraries
 */
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "helper/helper.h"

static int
version (void)
{
	const struct scmp_version *v = seccomp_version ();

	printf ("libseccomp: %u.%u.%u\n", v->major, v->minor, v->micro);
	return 0;
}

int
main (int argc, char **argv)
{
	if (argc >= 2 && strcmp (argv[1], "seccomp") == 0)
		return helper_seccomp (argc > 2 && strcmp (argv[2], "--fail-unknown") == 0);
	if (argc == 2 && strcmp (argv[1], "version") == 0)
		return version ();
	fprintf (stderr, "usage: coracle-helper seccomp [--fail-unknown] | version\n");
	return 64;
}
