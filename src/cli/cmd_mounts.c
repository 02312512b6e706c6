/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "cli/command.h"
#include "container/container.h"

static const struct option_row no_options[] = { OPTIONS_END };

static int
mounts (const struct globals *g, void *options, char **args, struct err *e)
{
	char *text;

	(void) options;
	if (streq (args[0], "list") && !args[2]) {
		TRY (container_mounts_list (g, args[1], &text, e));
		puts (text);
		return 0;
	}
	if (streq (args[0], "add") && args[2])
		return container_mounts_add (g, args[1], args[2], e);
	if (streq (args[0], "remove") && args[2])
		return container_mounts_remove (g, args[1], args[2], e);
	return err_set (e, 0, "coracle mounts: usage: add ID FILE, remove ID FILE, list ID");
}

const struct command cmd_mounts = {
	.name = "mounts",
	.args = "add|remove|list ID [FILE]",
	.summary = "add mounts to a running container, remove or list them",
	.min_args = 2,
	.max_args = 3,
	.options = no_options,
	.run = mounts,
};
