/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "hooks/hooks.h"
#include "plan/plan.h"

static int
open_output (const char *path, struct err *e)
{
	int fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0700);

	return fd < 0 ? err_set (e, errno, "open '%s' for the output of hooks", path) : fd;
}

int
hooks_open_output (const char *stdout_path, const char *stderr_path, int ret[2], struct err *e)
{
	ret[0] = ret[1] = -1;
	if (stdout_path)
		TRY (ret[0] = open_output (stdout_path, e));
	if (stderr_path)
		TRY (ret[1] = open_output (stderr_path, e));
	return 0;
}

/* The end of what it said, in one line: an error of ours is one line, whatever a program writes. */
#define SAID_MAX 1000

static const char *
one_line (char *tail)
{
	size_t len = strlen (tail);
	char *from = len > SAID_MAX ? tail + len - SAID_MAX : tail, *start = strchr (from, '\n');

	if (from > tail && start) /* not from the middle of a line */
		from = start + 1;
	for (char *p = from; (p = strchr (p, '\n')) != NULL;)
		*p = ';';
	return from;
}

static int
run_one (const struct hook *h, const struct hook_context *ctx, struct err *e)
{
	autofd out = -1, err_fd = -1;
	struct spawn s = {
		.path = h->path,
		.argv = h->args,
		.envp = h->env ? h->env : ctx->default_env,
		.cwd = ctx->cwd,
		.input = ctx->state_json,
		.input_len = strlen (ctx->state_json),
		.timeout_ms = h->timeout_ms,
		.cancel_fd = ctx->cancel_fd,
		.signal_fd = ctx->signal_fd,
	};
	struct spawn_result r;
	char why[96];

	if (ctx->stdout_path)
		TRY (out = open_output (ctx->stdout_path, e));
	if (ctx->stderr_path)
		TRY (err_fd = open_output (ctx->stderr_path, e));
	s.stdout_fd = ctx->output ? ctx->output[0] : out;
	s.stderr_fd = ctx->output ? ctx->output[1] : err_fd;
	if (spawn_run (&s, &r, e) < 0)
		return err_wrap (e, "%s", h->json_path);
	if (*spawn_describe (&s, &r, why, sizeof why) == '\0')
		return 0;
	return err_set (e, 0, "%s: hook '%s': %s%s%s", h->json_path, h->path, why,
			*r.tail ? ": " : "", one_line (r.tail));
}

int
hooks_run (const struct hook_list *list, const struct hook_context *ctx, struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		if (run_one (&list->v[i], ctx, e) == 0)
			continue;
		if (!ctx->keep_going)
			return -1;
		log_warn ("%s", err_full (e));
	}
	return 0;
}
