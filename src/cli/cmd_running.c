/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pause, resume, wait: one call each. */
#include <stdio.h>

#include "base/err.h"
#include "cli/command.h"
#include "container/container.h"

static const struct option_row no_options[] = { OPTIONS_END };

static int
pause_run (const struct globals *g, void *options, char **args, struct err *e)
{
	(void) options;
	return container_pause (g, args[0], e);
}

const struct command cmd_pause = {
	.name = "pause",
	.args = "ID",
	.summary = "freeze all processes of a container",
	.min_args = 1,
	.max_args = 1,
	.options = no_options,
	.run = pause_run,
};

static int
resume_run (const struct globals *g, void *options, char **args, struct err *e)
{
	(void) options;
	return container_resume (g, args[0], e);
}

const struct command cmd_resume = {
	.name = "resume",
	.args = "ID",
	.summary = "let the processes of a paused container go on",
	.min_args = 1,
	.max_args = 1,
	.options = no_options,
	.run = resume_run,
};

static int
wait_run (const struct globals *g, void *options, char **args, struct err *e)
{
	int code = 0;

	(void) options;
	TRY (container_wait (g, args[0], &code, e));
	printf ("%d\n", code);
	return code;
}

const struct command cmd_wait = {
	.name = "wait",
	.args = "ID",
	.summary = "wait for the end of a container, print its exit status and end with it",
	.min_args = 1,
	.max_args = 1,
	.options = no_options,
	.run = wait_run,
	.failure = 255,
};
