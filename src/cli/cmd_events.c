/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "cli/command.h"
#include "container/container.h"

struct events_options {
	const char *interval;
	bool stats;
};

static const struct option_row events_rows[] = {
	{ 0, "interval", OPT_STRING, offsetof (struct events_options, interval), "DURATION",
	  "time between two reports of usage, like 5s (default), 500ms, 1m30s" },
	{ 0, "stats", OPT_FLAG, offsetof (struct events_options, stats), NULL,
	  "report the usage once and end" },
	OPTIONS_END
};

/* As Go writes durations: numbers with units, at least one; in milliseconds. -1: not one. */
static int64_t
parse_duration (const char *text)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = { { "ms", 1 },	     { "us", 0.001 }, { "µs", 0.001 }, { "ns", 0.000001 },
		      { "h", 3600 * 1000. }, { "m", 60000 },  { "s", 1000 } };
	double total = 0;

	while (*text) {
		size_t i = 0;
		char *end;
		double n = (*text >= '0' && *text <= '9') || *text == '.' ? strtod (text, &end)
									  : -1;

		if (n < 0)
			return -1;
		while (i < ARRAY_SIZE (units) && !startswith (end, units[i].unit))
			i++;
		if (i == ARRAY_SIZE (units))
			return -1;
		total += n * units[i].ms;
		text = end + strlen (units[i].unit);
	}
	return total >= 1 && total < 1e15 ? (int64_t) total : -1;
}

static int
events (const struct globals *g, void *options, char **args, struct err *e)
{
	const struct events_options *o = options;
	int64_t interval = parse_duration (o->interval ? o->interval : "5s");

	if (interval < 0)
		return err_set (e, 0, "option --interval: '%s' is not a duration like 5s",
				o->interval);
	return container_events (g, args[0], o->stats, interval, e);
}

const struct command cmd_events = {
	.name = "events",
	.args = "ID",
	.summary = "report usage, out of memory, changes of state and the end, as JSON lines",
	.min_args = 1,
	.max_args = 1,
	.options = events_rows,
	.options_size = sizeof (struct events_options),
	.run = events,
};
