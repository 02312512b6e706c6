/* SPDX-License-Identifier: GPL-2.0-or-later */
/* start, state, kill, delete, completion: the commands that are one call each. */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "container/container.h"
#include "libocispec/arena.h"

static const struct option_row no_options[] = { OPTIONS_END };

static int
start (const struct globals *g, void *options, char **args, struct err *e)
{
	(void) options;
	return container_start (g, args[0], e);
}

const struct command cmd_start = {
	.name = "start",
	.args = "ID",
	.summary = "run the process of a created container",
	.min_args = 1,
	.max_args = 1,
	.options = no_options,
	.run = start,
};

static int
state (const struct globals *g, void *options, char **args, struct err *e)
{
	struct container c;
	int pidfd;

	(void) options;
	TRY (container_open (g, args[0], false, &c, e));
	puts (container_state_json (&c, g->arena, container_status (&c, &pidfd), OCI_PRETTY));
	return 0;
}

const struct command cmd_state = {
	.name = "state",
	.args = "ID",
	.summary = "show the state of a container as JSON",
	.min_args = 1,
	.max_args = 1,
	.options = no_options,
	.run = state,
};

/* ---- kill */

struct kill_options {
	bool all, regex;
	const char *signal;
};

static const struct option_row kill_rows[] = {
	{ 'a', "all", OPT_FLAG, offsetof (struct kill_options, all), NULL,
	  "signal every process of the container" },
	{ 'r', "regex", OPT_FLAG, offsetof (struct kill_options, regex), NULL,
	  "ID is an extended regular expression: all that match" },
	{ 's', "signal", OPT_STRING, offsetof (struct kill_options, signal), "SIGNAL",
	  "the signal, as the second argument would be" },
	OPTIONS_END
};

/* Calls `verb` for every container whose id matches; problems are warnings, as one of many may just
 * have ended. */
static int
for_each_match (const struct globals *g, const char *pattern,
		int (*verb) (const struct globals *, const char *, void *, struct err *), void *ctx,
		struct err *e)
{
	char **ids;
	size_t n;
	regex_t re;

	if (regcomp (&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return err_set (e, 0, "'%s' is not an extended regular expression", pattern);
	TRY (container_list_ids (g, &ids, &n, e));
	for (size_t i = 0; i < n; i++) {
		struct err one;

		if (regexec (&re, ids[i], 0, NULL, 0) == 0 && verb (g, ids[i], ctx, &one) < 0)
			log_warn ("%s", err_full (&one));
	}
	regfree (&re);
	return 0;
}

struct kill_context {
	int signal;
	bool all;
};

static int
kill_one (const struct globals *g, const char *id, void *ctx, struct err *e)
{
	const struct kill_context *k = ctx;

	return container_kill (g, id, k->signal, k->all, e);
}

static int
kill_run (const struct globals *g, void *options, char **args, struct err *e)
{
	const struct kill_options *o = options;
	struct kill_context k = { -1, o->all };
	const char *name = o->signal ? o->signal : args[1];

	if (o->signal && args[1])
		return err_set (e, 0,
				"coracle kill: the signal is given twice: --signal %s and '%s'",
				o->signal, args[1]);
	if (name) {
		k.signal = signal_from_name (name);
		if (k.signal < 0)
			return err_set (
				e, 0,
				"unknown signal \"%s\": a name like TERM or SIGTERM, RTMIN+n, or a number from 0 to 64",
				name);
	}
	return o->regex ? for_each_match (g, args[0], kill_one, &k, e)
			: kill_one (g, args[0], &k, e);
}

const struct command cmd_kill = {
	.name = "kill",
	.args = "ID [SIGNAL]",
	.summary = "send a signal (default: SIGTERM, or the image's stop signal)",
	.min_args = 1,
	.max_args = 2,
	.options = kill_rows,
	.options_size = sizeof (struct kill_options),
	.run = kill_run,
};

/* ---- delete */

struct delete_options {
	bool force, regex;
};

static const struct option_row delete_rows[] = {
	{ 'f', "force", OPT_FLAG, offsetof (struct delete_options, force), NULL,
	  "kill it first; a missing container is no error" },
	{ 'r', "regex", OPT_FLAG, offsetof (struct delete_options, regex), NULL,
	  "ID is an extended regular expression: all that match" },
	OPTIONS_END
};

static int
delete_one (const struct globals *g, const char *id, void *ctx, struct err *e)
{
	const struct delete_options *o = ctx;

	return container_delete (g, id, o->force, e);
}

static int
delete_run (const struct globals *g, void *options, char **args, struct err *e)
{
	const struct delete_options *o = options;

	return o->regex ? for_each_match (g, args[0], delete_one, options, e)
			: delete_one (g, args[0], options, e);
}

const struct command cmd_delete = {
	.name = "delete",
	.args = "ID",
	.summary = "remove what a container left: cgroup, state",
	.min_args = 1,
	.max_args = 1,
	.options = delete_rows,
	.options_size = sizeof (struct delete_options),
	.run = delete_run,
};

/* ---- completion */

static int
completion (const struct globals *g, void *options, char **args, struct err *e)
{
	(void) g, (void) options;
	return help_completion (args[0], e);
}

const struct command cmd_completion = {
	.name = "completion",
	.args = "bash|zsh|fish",
	.summary = "print a completion script for bash, zsh or fish",
	.min_args = 1,
	.max_args = 1,
	.options = no_options,
	.run = completion,
};
