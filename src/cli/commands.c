/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE list. */
#include <string.h>

#include "base/mem.h"
#include "cli/command.h"
#include "config.h"

extern const struct command cmd_checkpoint, cmd_restore;
extern const struct command cmd_completion, cmd_create, cmd_delete, cmd_features, cmd_kill,
	cmd_list, cmd_plan, cmd_run, cmd_spec, cmd_start, cmd_state;

const struct command *const commands[] = { &cmd_create,	    &cmd_start,	   &cmd_run,
					   &cmd_state,	    &cmd_kill,	   &cmd_delete,
					   &cmd_list,

#if HAVE_CRIU
					   &cmd_checkpoint, &cmd_restore,
#endif
					   &cmd_spec,	    &cmd_features, &cmd_plan,
					   &cmd_completion, NULL };

const struct command *
command_find (const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (streq (commands[i]->name, name))
			return commands[i];
	return NULL;
}
