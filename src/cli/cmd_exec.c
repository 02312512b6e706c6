/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/err.h"
#include "base/log.h"
#include "cli/command.h"
#include "container/container.h"
#include "container/exec.h"

#define ROW(letter, name, kind, member, value, summary)                                    \
	{                                                                                  \
		letter, name, kind, offsetof (struct exec_options, member), value, summary \
	}
/* struct exec_list is the same thing one layer below. */
_Static_assert(sizeof (struct exec_list) == sizeof (struct string_list) &&
		       offsetof (struct exec_list, n) == offsetof (struct string_list, n),
	       "lists of options");

static const struct option_row exec_rows[] = {
	ROW ('p', "process", OPT_STRING, process, "FILE",
	     "what to run, as JSON like `process` in config.json; -: standard input"),
	ROW ('d', "detach", OPT_FLAG, detach, NULL, "return when the process runs"),
	ROW ('t', "tty", OPT_FLAG, tty, NULL, "give it a terminal"),
	ROW ('u', "user", OPT_STRING, user, "UID[:GID]", "run as this user, by number"),
	ROW ('g', "additional-gids", OPT_STRINGS, groups, "GID",
	     "one more group, by number; may be repeated"),
	ROW (0, "cwd", OPT_STRING, cwd, "DIR", "working directory"),
	ROW ('e', "env", OPT_STRINGS, env, "NAME=VALUE",
	     "set this in the environment; may be repeated"),
	ROW ('c', "cap", OPT_STRINGS, caps, "CAP_NAME", "add a capability; may be repeated"),
	ROW (0, "only-caps", OPT_FLAG, only_caps, NULL,
	     "the capabilities of --cap are all that it gets"),
	ROW (0, "no-new-privs", OPT_FLAG, no_new_privs, NULL,
	     "set no_new_privs; it is inherited from the container in any case"),
	ROW (0, "process-label", OPT_STRING, label, "LABEL", "SELinux label"),
	ROW (0, "apparmor", OPT_STRING, apparmor, "PROFILE", "AppArmor profile"),
	ROW (0, "cgroup", OPT_STRINGS, cgroups, "PATH",
	     "run in an existing cgroup below the container's; [CONTROLLER,…:]PATH with cgroup v1"),
	ROW (0, "ignore-paused", OPT_FLAG, ignore_paused, NULL,
	     "in a paused container: wait for it to be resumed"),
	ROW (0, "console-socket", OPT_STRING, console_socket, "SOCKET",
	     "send the terminal's master end there"),
	ROW (0, "pid-file", OPT_STRING, pid_file, "FILE",
	     "write the process's pid there, once it runs"),
	ROW (0, "pidfd-socket", OPT_STRING, pidfd_socket, "SOCKET",
	     "send a pidfd of the process there"),
	ROW (0, "preserve-fds", OPT_UINT, preserve_fds, "N",
	     "pass N more file descriptors, from 3 on"),
	OPTIONS_END
};

static int
exec (const struct globals *g, void *options, char **args, struct err *e)
{
	struct exec_options *o = options;
	int failure = 255, r;

	o->args = args + 1;
	r = container_exec (g, args[0], o, &failure, e);
	if (r >= 0 || failure == 255)
		return r;
	log_error (e);
	return failure;
}

const struct command cmd_exec = {
	.name = "exec",
	.args = "ID [COMMAND [ARG]…]",
	.summary = "run another process in a container",
	.min_args = 1,
	.max_args = -1,
	.options = exec_rows,
	.options_size = sizeof (struct exec_options),
	.run = exec,
	.failure = 255,
	.enters_container = true,
};
