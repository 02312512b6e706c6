/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/err.h"
#include "cli/command.h"
#include "container/container.h"

/* clang-format off */
#define ROW(letter, name, kind, member, value, summary) \
	{ letter, name, kind, offsetof (struct create_options, member), value, summary }
/* clang-format on */

/* What create and run have in common. */
static const struct option_row launch_rows[] = {
	ROW ('b', "bundle", OPT_STRING, bundle, "DIR",
	     "the bundle; default: the current directory"),
	ROW ('f', "config", OPT_STRING, config, "FILE",
	     "name of the configuration in the bundle; default: config.json"),
	ROW (0, "console-socket", OPT_STRING, console_socket, "SOCKET",
	     "send the terminal's master end there"),
	ROW ('p', "pid-file", OPT_STRING, pid_file, "FILE", "write the process's pid there"),
	ROW (0, "pidfd-socket", OPT_STRING, pidfd_socket, "SOCKET",
	     "send a pidfd of the process there"),
	ROW (0, "no-pivot", OPT_FLAG, no_pivot, NULL,
	     "MS_MOVE and chroot instead of pivot_root (root on a ramdisk)"),
	ROW (0, "init", OPT_FLAG, init, NULL,
	     "a built-in init as pid 1, which reaps orphans and forwards signals"),
	ROW (0, "no-new-keyring", OPT_FLAG, no_new_keyring, NULL,
	     "keep the caller's session keyring"),
	ROW (0, "preserve-fds", OPT_UINT, preserve_fds, "N",
	     "pass N more file descriptors, from 3 on"),
	{ 0, "no-subreaper", OPT_IGNORED, 0, NULL,
	  "accepted for compatibility: coracle never becomes a subreaper" },
	OPTIONS_END
};

static const struct option_row run_rows[] = {
	ROW ('d', "detach", OPT_FLAG, detach, NULL, "return when the process runs"),
	ROW (0, "keep", OPT_FLAG, keep, NULL,
	     "leave the container's state after its end, for delete"),
	OPTIONS_END
};

static int
create (const struct globals *g, void *options, char **args, struct err *e)
{
	return container_create (g, args[0], options, e);
}

static int
run (const struct globals *g, void *options, char **args, struct err *e)
{
	return container_run (g, args[0], options, e);
}

const struct command cmd_create = {
	.name = "create",
	.args = "ID",
	.summary = "make a container, ready to be started",
	.min_args = 1,
	.max_args = 1,
	.options = launch_rows,
	.options_size = sizeof (struct create_options),
	.run = create,
	.enters_container = true,
	.makes_container = true,
};

const struct command cmd_run = {
	.name = "run",
	.args = "ID",
	.summary = "create and start a container, and wait for its end",
	.min_args = 1,
	.max_args = 1,
	.options = run_rows,
	.also = launch_rows,
	.options_size = sizeof (struct create_options),
	.run = run,
	.enters_container = true,
	.makes_container = true,
};
