/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
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
		printf ("  %-32s %s\n", left, rows->summary);
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
	printf ("  %-32s %s\n\n`coracle COMMAND --help` shows the options of a command.\n",
		"-h, --help", "show this");
}

void
help_command (const struct command *c)
{
	printf ("usage: coracle %s [OPTION]…%s%s\n\n%s.\n\noptions:\n", c->name,
		*c->args ? " " : "", c->args, c->summary);
	print_rows (c->options);
	print_rows (c->also);
	printf ("  %-32s %s\n", "-h, --help", "show this");
}

/* ---- completions */

static void
print_words (const struct option_row *rows)
{
	for (; rows && rows->name; rows++) {
		if (!rows->summary)
			continue;
		if (rows->letter)
			printf (" -%c", rows->letter);
		printf (" --%s", rows->name);
	}
}

static void
completion_bash (void)
{
	printf ("# bash completion for coracle; made by `coracle completion bash`\n"
		"_coracle ()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} cmd= w\n"
		"\tfor w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do case $w in -*) ;; *) cmd=$w; break ;; esac; done\n"
		"\tcase $cmd in\n");
	for (size_t i = 0; commands[i]; i++) {
		printf ("\t%s) COMPREPLY=($(compgen -W \"--help", commands[i]->name);
		print_words (commands[i]->options);
		print_words (commands[i]->also);
		printf (" $(coracle list -q 2>/dev/null)\" -- \"$cur\")) ;;\n");
	}
	printf ("\t*) COMPREPLY=($(compgen -W \"--help");
	print_words (global_option_rows);
	for (size_t i = 0; commands[i]; i++)
		printf (" %s", commands[i]->name);
	printf ("\" -- \"$cur\")) ;;\n\tesac\n}\ncomplete -o default -F _coracle coracle\n");
}

static void
fish_rows (const struct option_row *rows, const char *condition)
{
	for (; rows && rows->name; rows++) {
		if (!rows->summary)
			continue;
		printf ("complete -c coracle %s -l %s", condition, rows->name);
		if (rows->letter)
			printf (" -s %c", rows->letter);
		printf ("%s -d \"%s\"\n", rows->value ? " -r" : "", rows->summary);
	}
}

static void
completion_fish (void)
{
	char condition[96];

	printf ("# fish completion for coracle; made by `coracle completion fish`\n");
	fish_rows (global_option_rows, "-n __fish_use_subcommand");
	for (size_t i = 0; commands[i]; i++) {
		printf ("complete -c coracle -n __fish_use_subcommand -f -a %s -d \"%s\"\n",
			commands[i]->name, commands[i]->summary);
		snprintf (condition, sizeof condition, "-n \"__fish_seen_subcommand_from %s\"",
			  commands[i]->name);
		fish_rows (commands[i]->options, condition);
		fish_rows (commands[i]->also, condition);
	}
}

int
help_completion (const char *shell, struct err *e)
{
	if (streq (shell, "bash"))
		completion_bash ();
	else if (streq (shell, "zsh")) {
		printf ("#compdef coracle\n# zsh completion for coracle: the bash one through bashcompinit\n"
			"autoload -U +X bashcompinit && bashcompinit\n");
		completion_bash ();
	} else if (streq (shell, "fish"))
		completion_fish ();
	else
		return err_set (e, 0, "no completions for shell '%s': bash, zsh or fish", shell);
	return 0;
}
