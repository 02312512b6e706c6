/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Commands and options are tables: the parser, --help, the shell completions and the man page test
 * read the same rows.
 *
 * Options come before the operands; parsing stops at the first word that is none (what follows
 * `exec ID` belongs to the container). `--opt value`, `--opt=value`, `-o value`, `-ovalue`, and the
 * single-dash `-no-subreaper` are understood; an option may be repeated.
 */
#include <stdbool.h>
#include <stddef.h>

struct err;
struct globals;

enum option_kind {
	OPT_FLAG,	   /* bool; `--opt=false` and `--opt=no` clear it */
	OPT_STRING,	   /* const char * */
	OPT_UINT,	   /* uint32_t */
	OPT_STRINGS,	   /* struct string_list, every use appends */
	OPT_IGNORED,	   /* accepted for the callers of other runtimes; takes no value */
	OPT_IGNORED_VALUE, /* … takes one */
};

struct string_list {
	const char **v;
	size_t n;
};

struct option_row {
	char letter; /* 0: none */
	const char *name;
	enum option_kind kind;
	size_t offset;	     /* in the command's struct */
	const char *value;   /* how help calls the value: "DIR" */
	const char *summary; /* NULL: another name of the row before, not shown */
};
/* clang-format off */
#define OPTIONS_END { 0, NULL, OPT_FLAG, 0, NULL, NULL }
/* clang-format on */

struct command {
	const char *name;
	const char *args; /* "ID [SIGNAL]" */
	const char *summary;
	int min_args, max_args;			 /* max -1: any number */
	const struct option_row *options, *also; /* also: a shared table, or NULL */
	size_t options_size;			 /* of the struct that the offsets are in */
	/* args: operands, NULL-terminated. Returns the exit status, or -1 with e. */
	int (*run) (const struct globals *g, void *options, char **args, struct err *e);
	int failure;	       /* exit status of an error; 0 means 1 */
	bool enters_container; /* run, create, exec, restore: protect our own binary
				  (CVE-2019-5736) */
	bool makes_container;  /* run, create, restore: the ID is a new one */
	bool hidden;
};

extern const struct command *const commands[];	     /* commands.c: THE list, NULL-terminated */
extern const struct option_row global_option_rows[]; /* main.c */

const struct command *command_find (const char *name);

struct option_parser {
	const struct option_row *rows, *also; /* also: or NULL */
	void *target;			      /* the struct that the rows' offsets are in */
	char **argv;
	int at;	   /* where to begin; afterwards the first operand */
	bool help; /* -h, --help was there */
};
int options_parse (struct option_parser *p, struct err *e);
bool option_takes_value (const struct option_row *row);

void help_program (void); /* to stdout */
void help_command (const struct command *);
void help_version (void);
/* completion.c: the script for bash, zsh or fish. */
int help_completion (const char *shell, struct err *e);
