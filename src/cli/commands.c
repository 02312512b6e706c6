/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE list. */
#include <string.h>

#include "base/mem.h"
#include "cli/command.h"
#include "config.h"

/* clang-format off */
#define COMMANDS(X)	\
	X (create)	\
	X (start)	\
	X (run)		\
	X (exec)	\
	X (state)	\
	X (ps)		\
	X (pause)	\
	X (resume)	\
	X (update)	\
	X (mounts)	\
	X (events)	\
	X (wait)	\
	X (kill)	\
	X (delete)	\
	X (list)	\
	X (spec)	\
	X (features)	\
	X (plan)	\
	X (completion)

#define X(name) extern const struct command cmd_##name;
COMMANDS (X) X (checkpoint) X (restore)
#undef X

const struct command *const commands[] = {
#define X(name) &cmd_##name,
	COMMANDS (X)
#if HAVE_CRIU	/* a command that is not there is how engines learn that it is not supported */
	X (checkpoint) X (restore)
#endif
#undef X
	NULL
};
/* clang-format on */

const struct command *
command_find (const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (streq (commands[i]->name, name))
			return commands[i];
	return NULL;
}
