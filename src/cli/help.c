/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/command.h"
#include "config.h"
#include "libocispec/oci_config.h"

static void
print_rows (const struct option_row *rows)
{
	for (; rows && rows->name; rows++) {
		char left[64];

		if (!rows->summary)
			continue;
		snprintf (left, sizeof left, "%c%c%s--%s%s%s", rows->letter ? '-' : ' ',
			  rows->letter ? rows->letter : ' ', rows->letter ? ", " : "  ", rows->name,
			  rows->value ? " " : "", rows->value ? rows->value : "");
		printf ("  %-34s %s\n", left, rows->summary);
	}
}

void
help_version (void)
{
	/* docker and go-runc: only the first line may contain the word "version". */
	printf ("coracle version %s\ncommit: %s\nspec: " OCI_VERSION "\n%s\n", CORACLE_VERSION,
		CORACLE_COMMIT, CORACLE_FEATURES);
}

void
help_program (void)
{
	printf ("usage: coracle [GLOBAL OPTION]… COMMAND [OPTION]… [ARGUMENT]…\n\n"
		"An OCI container runtime.\n\ncommands:\n");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			printf ("  %-12s %s\n", commands[i]->name, commands[i]->summary);
	printf ("\nglobal options:\n");
	print_rows (global_option_rows);
	printf ("  %-34s %s\n\n`coracle COMMAND --help` shows the options of a command.\n",
		"-h, --help", "show this");
}

void
help_command (const struct command *c)
{
	printf ("usage: coracle %s [OPTION]…%s%s\n\n%s.\n\noptions:\n", c->name,
		*c->args ? " " : "", c->args, c->summary);
	print_rows (c->options);
	print_rows (c->also);
	printf ("  %-34s %s\n", "-h, --help", "show this");
}
