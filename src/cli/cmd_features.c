/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "base/err.h"
#include "cli/command.h"
#include "container/container.h"

static const struct option_row no_options[] = { OPTIONS_END };

static int
features (const struct globals *g, void *options, char **args, struct err *e)
{
	(void) options, (void) args, (void) e;
	puts (features_json (g->arena));
	return 0;
}

const struct command cmd_features = {
	.name = "features",
	.args = "",
	.summary = "show what this runtime can do, as JSON (features.md)",
	.min_args = 0,
	.max_args = 0,
	.options = no_options,
	.run = features,
};
