/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completions for bash, zsh and fish, made from the tables. All three go through the words before
 * the cursor as options_parse does: which command, how many operands, is the next word a value?
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "cli/command.h"

/* What can be said about an operand: "ID" of a container that there is, or words ("add|remove"). */
static const char *
operand (const struct command *c, int n, char buf[32])
{
	const char *from = c->args;
	size_t len;

	for (; n > 0 && *from; n--) {
		from += strcspn (from, " ");
		from += strspn (from, " ");
	}
	len = strcspn (from, " ");
	if (len == 0 || len >= 32 || *from == '[')
		return NULL;
	memcpy (buf, from, len);
	buf[len] = '\0';
	if (streq (buf, "ID"))
		return c->makes_container ? NULL : buf;
	return strchr (buf, '|') ? buf : NULL;
}

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

/* "run:--bundle" and so on: what the next word is a value of. */
static void
print_value_options (const char *command, const struct option_row *rows, const char *separator)
{
	for (; rows && rows->name; rows++) {
		if (!option_takes_value (rows))
			continue;
		printf ("%s%s:--%s", separator, command, rows->name);
		if (rows->letter)
			printf ("%s%s:-%c", separator, command, rows->letter);
	}
}

static void
print_all_value_options (const char *separator)
{
	print_value_options ("", global_option_rows, separator);
	for (size_t i = 0; commands[i]; i++) {
		print_value_options (commands[i]->name, commands[i]->options, separator);
		print_value_options (commands[i]->name, commands[i]->also, separator);
	}
}

/* ---- bash, and zsh through bashcompinit, which has no compgen to rely on
 * ---------------------------- */

static const char bash_head[] = "__coracle_value ()\n{\n\tcase \"$1\" in\n\tnothing";
static const char bash_parse[] =
	") return 0 ;;\n\tesac\n\treturn 1\n}\n"
	"__coracle_offer ()\n{\n"
	"\tlocal word\n"
	"\tfor word in $1; do\n"
	"\t\tcase \"$word\" in \"$cur\"*) COMPREPLY+=(\"$word\") ;; esac\n"
	"\tdone\n}\n"
	"__coracle_ids () { __coracle_offer \"$(coracle ${root:+--root \"$root\"} list -q 2>/dev/null)\"; }\n"
	"__coracle ()\n{\n"
	"\tlocal cur=\"${COMP_WORDS[COMP_CWORD]}\" cmd='' before='' root='' word n=0 i\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tword=\"${COMP_WORDS[i]}\"\n"
	"\t\t[ \"$word\" != = ] || continue\n" /* COMP_WORDBREAKS of bash */
	"\t\tif __coracle_value \"$cmd:$before\"; then\n"
	"\t\t\t[ \"$cmd:$before\" != :--root ] || root=$word\n"
	"\t\t\tbefore=\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\tbefore=\n"
	"\t\tcase \"$cmd:$word\" in\n"
	"\t\t:--root=*) root=${word#--root=} ;;\n"
	"\t\t*:-*) before=$word ;;\n"
	"\t\t:*) cmd=$word ;;\n"
	"\t\t*) n=$((n + 1)) ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\t__coracle_value \"$cmd:$before\" && return\n"
	"\tcase \"$cmd:$n:$cur\" in\n";

static void
completion_bash (void)
{
	char word[32];

	printf ("%s", bash_head);
	print_all_value_options (" | ");
	printf ("%s", bash_parse);
	printf ("\t:0:-*) __coracle_offer \"--help");
	print_words (global_option_rows);
	printf ("\" ;;\n\t:0:*) __coracle_offer \"");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			printf ("%s%s", i ? " " : "", commands[i]->name);
	printf ("\" ;;\n");
	for (size_t i = 0; commands[i]; i++) {
		printf ("\t%s:0:-*) __coracle_offer \"--help", commands[i]->name);
		print_words (commands[i]->options);
		print_words (commands[i]->also);
		printf ("\" ;;\n");
		for (int n = 0; n < 2; n++) {
			const char *what = operand (commands[i], n, word);

			if (what && streq (what, "ID"))
				printf ("\t%s:%d:*) __coracle_ids ;;\n", commands[i]->name, n);
			else if (what)
				printf ("\t%s:%d:*) __coracle_offer \"$(echo '%s' | tr '|' ' ')\" ;;\n",
					commands[i]->name, n, what);
		}
	}
	printf ("\tesac\n}\n");
}

/* ---- fish ---------------------------------------------------------------------------------------
 */

static const char fish_head[] =
	"function __coracle_parse\n"
	"    set -l words (commandline -opc)\n"
	"    set -e words[1]\n"
	"    set -l cmd; set -l n 0; set -l before; set -g __coracle_root\n"
	"    for word in $words\n"
	"        if set -q before[1]\n"
	"            test \"$before\" = :--root; and set __coracle_root --root $word\n"
	"            set before\n"
	"            continue\n"
	"        end\n"
	"        switch \"$cmd:$word\"\n"
	"            case nothing";
static const char fish_parse[] = "\n"
				 "                set before \"$cmd:$word\"\n"
				 "            case ':--root=*'\n"
				 "                set __coracle_root $word\n"
				 "            case '*:-*'\n"
				 "            case ':*'\n"
				 "                set cmd $word\n"
				 "            case '*'\n"
				 "                set n (math $n + 1)\n"
				 "        end\n"
				 "    end\n"
				 "    echo \"$cmd:$n\"\n"
				 "end\n"
				 "function __coracle_at\n"
				 "    test (__coracle_parse) = $argv[1]\n"
				 "end\n"
				 "function __coracle_ids\n"
				 "    __coracle_parse >/dev/null\n"
				 "    coracle $__coracle_root list -q 2>/dev/null\n"
				 "end\n";

static void
fish_rows (const char *command, const struct option_row *rows)
{
	for (; rows && rows->name; rows++) {
		if (!rows->summary)
			continue;
		printf ("complete -c coracle -n '__coracle_at %s:0' -l %s", command, rows->name);
		if (rows->letter)
			printf (" -s %c", rows->letter);
		printf ("%s -d \"%s\"\n", option_takes_value (rows) ? " -r" : "", rows->summary);
	}
}

static void
completion_fish (void)
{
	char word[32];

	printf ("# fish completion for coracle; made by `coracle completion fish`\n%s", fish_head);
	print_all_value_options (" ");
	printf ("%s", fish_parse);
	fish_rows ("", global_option_rows);
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];

		if (!c->hidden)
			printf ("complete -c coracle -n '__coracle_at :0' -f -a %s -d \"%s\"\n",
				c->name, c->summary);
		fish_rows (c->name, c->options);
		fish_rows (c->name, c->also);
		for (int n = 0; n < 2; n++) {
			const char *what = operand (c, n, word);

			if (what && streq (what, "ID"))
				printf ("complete -c coracle -n '__coracle_at %s:%d' -f -a '(__coracle_ids)'\n",
					c->name, n);
			else if (what)
				printf ("complete -c coracle -n '__coracle_at %s:%d' -f -a \"(string split '|' '%s')\"\n",
					c->name, n, what);
		}
	}
}

int
help_completion (const char *shell, struct err *e)
{
	if (streq (shell, "bash")) {
		printf ("# bash completion for coracle; made by `coracle completion bash`\n");
		completion_bash ();
		printf ("complete -o default -F __coracle coracle\n");
	} else if (streq (shell, "zsh")) {
		printf ("#compdef coracle\n"
			"# zsh completion for coracle; made by `coracle completion zsh`\n"
			"autoload -U +X bashcompinit && bashcompinit\n");
		completion_bash ();
		/* The file is the completion function itself, the first time. */
		printf ("complete -o default -F __coracle coracle\n"
			"_bash_complete -o default -F __coracle\n");
	} else if (streq (shell, "fish"))
		completion_fish ();
	else
		return err_set (e, 0, "no completions for shell '%s': bash, zsh or fish", shell);
	return 0;
}
