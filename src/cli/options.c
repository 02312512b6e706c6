/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdio.h>
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

bool
option_takes_value (const struct option_row *row)
{
	return row->kind != OPT_FLAG && row->kind != OPT_IGNORED;
}

static int
set_flag (const struct option_row *row, bool *target, const char *value, struct err *e)
{
	if (value && !streq (value, "true") && !streq (value, "false") && !streq (value, "yes") &&
	    !streq (value, "no") && !streq (value, "1") && !streq (value, "0"))
		return err_set (e, 0, "option --%s: '%s' is neither true nor false", row->name,
				value);
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
	case OPT_FLAG: return set_flag (row, member, value, e);
	case OPT_STRING: *(const char **) member = value; return 0;
	case OPT_UINT:
		if (parse_u32 (value, member) < 0)
			return err_set (e, 0,
					"option --%s: '%s' is not a number from 0 to 4294967295",
					row->name, value);
		return 0;
	case OPT_STRINGS: append (member, value); return 0;
	case OPT_IGNORED:
	case OPT_IGNORED_VALUE: return 0;
	}
	return 0;
}

/* In both tables. */
static const struct option_row *
find (const struct option_parser *p, const char *name, size_t len)
{
	const struct option_row *row = find_long (p->rows, name, len);

	return row ? row : find_long (p->also, name, len);
}

/* " (did you mean '--bundle'?)", or "". */
static const char *
suggestion (const struct option_parser *p, const char *word, char *buf, size_t size)
{
	const char *names[64], *nearest;
	const struct option_row *tables[] = { p->rows, p->also };
	char typed[64];
	size_t n = 0;

	for (size_t t = 0; t < ARRAY_SIZE (tables); t++)
		for (const struct option_row *r = tables[t]; r && r->name; r++)
			if (n < ARRAY_SIZE (names))
				names[n++] = r->name;
	snprintf (typed, sizeof typed, "%.*s", (int) strcspn (word, "="), word);
	nearest = str_nearest (typed, names, n);
	if (!nearest)
		return "";
	snprintf (buf, size, " (did you mean '--%s'?)", nearest);
	return buf;
}

/* The value of an option that takes one: what follows '=', or the next word. */
static int
take_value (struct option_parser *p, const char *value, const char *name, const char **ret,
	    struct err *e)
{
	*ret = value ? value : p->argv[p->at + 1];
	if (!*ret) /* podman greps for these words */
		return err_set (e, 0, "option %s requires an argument", name);
	if (!value)
		p->at++;
	return 0;
}

/* `--name`, `--name=value`, or the same with one dash if there is such a row. */
static int
parse_long (struct option_parser *p, const struct option_row *row, const char *equals,
	    struct err *e)
{
	const char *word = p->argv[p->at], *value = equals ? equals + 1 : NULL;
	char buf[96], name[64];

	if (!row)
		return err_set (e, 0, "unknown option '%s'%s", word,
				suggestion (p, word + strspn (word, "-"), buf, sizeof buf));
	snprintf (name, sizeof name, "--%s", row->name);
	if (option_takes_value (row))
		TRY (take_value (p, value, name, &value, e));
	return set_option (row, p->target, value, e);
}

/* A cluster of letters: `-d`, `-df`, `-bDIR`. */
static int
parse_letters (struct option_parser *p, struct err *e)
{
	for (const char *at = p->argv[p->at] + 1; *at; at++) {
		const struct option_row *row = find_letter (p->rows, *at);
		const char name[] = { '-', *at, '\0' }, *value = NULL;

		if (!row)
			row = find_letter (p->also, *at);
		if (!row && (*at == 'h' || *at == '?')) {
			p->help = true;
			continue;
		}
		if (!row)
			return err_set (e, 0, "unknown option '%s'", name);
		if (!option_takes_value (row)) {
			TRY (set_option (row, p->target, NULL, e));
			continue;
		}
		if (at[1])
			value = at[1] == '=' ? at + 2 : at + 1;
		TRY (take_value (p, value, name, &value, e));
		return set_option (row, p->target, value, e);
	}
	return 0;
}

static int
parse_word (struct option_parser *p, struct err *e)
{
	const char *word = p->argv[p->at], *equals = strchr (word, '=');
	bool two = word[1] == '-';
	const char *name = word + (two ? 2 : 1);
	size_t len = equals ? (size_t) (equals - name) : strlen (name);
	const struct option_row *row = find (p, name, len);

	if (streq (word, "--help") || streq (word, "--usage")) {
		p->help = true;
		return 0;
	}
	/* go-runc sends `-no-subreaper`: one dash before a long name. */
	return two || (row && len > 1) ? parse_long (p, row, equals, e) : parse_letters (p, e);
}

int
options_parse (struct option_parser *p, struct err *e)
{
	for (; p->argv[p->at]; p->at++) {
		const char *word = p->argv[p->at];

		if (word[0] != '-' || word[1] == '\0')
			return 0;
		if (streq (word, "--")) {
			p->at++;
			return 0;
		}
		TRY (parse_word (p, e));
	}
	return 0;
}
