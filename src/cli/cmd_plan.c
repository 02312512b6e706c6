/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan: what create would do, without doing it. */
#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "cli/command.h"
#include "container/container.h"
#include "container/launch.h"
#include "plan/plan.h"

struct plan_command_options {
	const char *bundle, *config, *format;
	bool no_pivot, no_new_keyring;
};

/* clang-format off */
#define ROW(letter, name, kind, member, value, summary) \
	{ letter, name, kind, offsetof (struct plan_command_options, member), value, summary }
/* clang-format on */

static const struct option_row plan_rows[] = {
	ROW ('b', "bundle", OPT_STRING, bundle, "DIR",
	     "the bundle; default: the current directory"),
	ROW ('f', "config", OPT_STRING, config, "FILE",
	     "name of the configuration in the bundle; default: config.json"),
	ROW (0, "format", OPT_STRING, format, "FORMAT", "text (default) or json"),
	ROW (0, "no-pivot", OPT_FLAG, no_pivot, NULL, "as in create"),
	ROW (0, "no-new-keyring", OPT_FLAG, no_new_keyring, NULL, "as in create"),
	OPTIONS_END
};

static int
plan (const struct globals *g, void *options, char **args, struct err *e)
{
	const struct plan_command_options *o = options;
	const struct create_options create = {
		.bundle = o->bundle,
		.config = o->config,
		.no_pivot = o->no_pivot,
		.no_new_keyring = o->no_new_keyring,
	};
	struct launch l;

	if (o->format && !streq (o->format, "text") && !streq (o->format, "json"))
		return err_set (e, 0, "option --format: '%s' is neither text nor json", o->format);
	launch_init (&l, g, &create, false);
	TRY (launch_plan (&l, args[0] ? args[0] : "plan", e));
	fputs (o->format && streq (o->format, "json") ? plan_dump_json (g->arena, &l.plan)
						      : plan_dump_text (g->arena, &l.plan),
	       stdout);
	return 0;
}

const struct command cmd_plan = {
	.name = "plan",
	.args = "[ID]",
	.summary = "show what create would do, without doing it",
	.min_args = 0,
	.max_args = 1,
	.options = plan_rows,
	.options_size = sizeof (struct plan_command_options),
	.run = plan,
};
