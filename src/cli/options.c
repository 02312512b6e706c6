/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"

static const struct option_row *
find_long (const struct option_row *rows, const char *name, size_t len)
{
	for (; rows && rows->name; rows++)
		if (strncmp (rows->name, name, len) == 0 && rows->name[len] == '\0')
			return rows;
	return NULL;
}

static const struct option_row *
find_letter (const struct option_row *rows, char letter)
{
	for (; rows && rows->name; rows++)
		if (rows->letter == letter)
			return rows;
	return NULL;
}

static bool
takes_value (const struct option_row *row)
{
	return row->kind != OPT_FLAG && row->kind != OPT_IGNORED;
}

static int
set_flag (const struct option_row *row, bool *target, const char *value, struct err *e)
{
	if (value && !streq (value, "true") && !streq (value, "false") && !streq (value, "yes") && !streq (value, "no")
	    && !streq (value, "1") && !streq (value, "0"))
		return err_set (e, 0, "option --%s: '%s' is neither true nor false", row->name, value);
	*target = !value || streq (value, "true") || streq (value, "yes") || streq (value, "1");
	return 0;
}

static void
append (struct string_list *list, const char *value)
{
	/* Grown in steps of one: command lines are short, and the process is too. */
	const char **v = realloc (list->v, (list->n + 1) * sizeof *v);

	if (!v)
		abort ();
	v[list->n++] = value;
	list->v = v;
}

static int
set_option (const struct option_row *row, void *target, const char *value, struct err *e)
{
	void *member = (char *) target + row->offset;

	switch (row->kind) {
	case OPT_FLAG:
		return set_flag (row, member, value, e);
	case OPT_STRING:
		*(const char **) member = value;
		return 0;
	case OPT_UINT:
		if (parse_u32 (value, member) < 0)
			return err_set (e, 0, "option --%s: '%s' is not a number from 0 to 4294967295", row->name, value);
		return 0;
	case OPT_STRINGS:
		append (member, value);
		return 0;
	case OPT_IGNORED:
	case OPT_IGNORED_VALUE:
		return 0;
	}
	return 0;
}

/* One `--name`, `--name=value`, or `-name` with a table row of that name. *at is the word itself and is left at its last. */
static int
parse_long (const struct option_row *row, const char *name, const char *equals, void *target, char **argv, int *at, struct err *e)
{
	const char *value = equals ? equals + 1 : NULL;

	if (!row)
		return err_set (e, 0, "unknown option '%s'", name);
	if (takes_value (row) && !value) {
		value = argv[*at + 1];
		if (!value)	/* podman greps for these words */
			return err_set (e, 0, "option --%s requires an argument", row->name);
		++*at;
	}
	return set_option (row, target, value, e);
}

/* A cluster of letters: `-d`, `-df`, `-bDIR`. */
static int
parse_letters (const struct option_row *rows, const struct option_row *also, void *target, char **argv, int *at, bool *help, struct err *e)
{
	for (const char *p = argv[*at] + 1; *p; p++) {
		const struct option_row *row = find_letter (rows, *p);

		if (!row)
			row = find_letter (also, *p);
		if (!row && (*p == 'h' || *p == '?')) {
			*help = true;
			continue;
		}
		if (!row)
			return err_set (e, 0, "unknown option '-%c'", *p);
		if (!takes_value (row)) {
			TRY (set_option (row, target, NULL, e));
			continue;
		}
		if (p[1])
			return set_option (row, target, p[1] == '=' ? p + 2 : p + 1, e);
		if (!argv[*at + 1])
			return err_set (e, 0, "option -%c requires an argument", *p);
		return set_option (row, target, argv[++*at], e);
	}
	return 0;
}

int
options_parse (const struct option_row *rows, const struct option_row *also, void *target, char **argv, int *at, bool *help, struct err *e)
{
	for (; argv[*at]; ++*at) {
		const char *word = argv[*at];
		bool two = word[0] == '-' && word[1] == '-';
		const char *name = word + (two ? 2 : 1), *equals = strchr (word, '=');
		size_t len = equals ? (size_t) (equals - name) : strlen (name);
		const struct option_row *row;

		if (word[0] != '-' || word[1] == '\0')
			return 0;
		if (streq (word, "--")) {
			++*at;
			return 0;
		}
		if (streq (word, "--help") || streq (word, "--usage")) {
			*help = true;
			continue;
		}
		row = find_long (rows, name, len);
		if (!row)
			row = find_long (also, name, len);
		/* go-runc sends `-no-subreaper`: one dash before a long name. */
		if (two || (row && len > 1))
			TRY (parse_long (row, word, equals, target, argv, at, e));
		else
			TRY (parse_letters (rows, also, target, argv, at, help, e));
	}
	return 0;
}
