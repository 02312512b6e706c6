/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Hooks: programs of the host's administrator, run with the container's state on stdin, in order.
 * Own environment (given, or the runtime's, never the container's: CVE-2025-23266), cwd = bundle,
 * own process group, killed as a whole on timeout, standard output and error to the files of
 * annotations run.oci.hooks.std* or /dev/null; the end of stderr goes into the error.
 */
#include <stdbool.h>

struct err;
struct hook_list;

struct hook_context {
	const char *state_json;	  /* what goes to stdin */
	const char *cwd;	  /* bundle; NULL: stay (startContainer: "/" of the container) */
	char *const *default_env; /* for hooks without env */
	const char *stdout_path, *stderr_path; /* or NULL */
	const int *output;		       /* of hooks_open_output, instead of the paths */
	bool keep_going;		       /* poststop: warn and run all */
	int cancel_fd, signal_fd;	       /* as in base/spawn.h */
};

/*
 * For hooks in the container, where the files of the annotations cannot be reached any more: opened
 * for appending, or -1, in the runtime's mount namespace, as the hooks that run there find them.
 */
int hooks_open_output (const char *stdout_path, const char *stderr_path, int ret[2], struct err *e);

/* hooks[i] failing: "hooks.createRuntime[1]: '/bin/x': exit status 3: <stderr>". */
int hooks_run (const struct hook_list *list, const struct hook_context *ctx, struct err *e);
