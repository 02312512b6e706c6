/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "container/container.h"
#include "container/host.h"
#include "libocispec/arena.h"

struct list_options {
	const char *format;
	bool quiet;
};

static const struct option_row list_rows[] = {
	{ 'f', "format", OPT_STRING, offsetof (struct list_options, format), "FORMAT",
	  "table (default) or json" },
	{ 'q', "quiet", OPT_FLAG, offsetof (struct list_options, quiet), NULL, "only the IDs" },
	OPTIONS_END
};

struct row {
	const struct container_state *st;
	const char *status, *json;
};

/* The user that a state directory belongs to; a thousand containers have few of them. */
struct owner {
	uid_t uid;
	const char *name;
};

static const char *
owner_of (struct arena *a, const struct container *c, struct owner *last)
{
	struct stat st;

	if (fstat (c->dir_fd, &st) < 0)
		return "";
	if (last->name && last->uid == st.st_uid)
		return last->name;
	last->uid = st.st_uid;
	last->name = passwd_name (a, st.st_uid);
	if (!last->name)
		last->name = arena_printf (a, "%u", (unsigned) st.st_uid);
	return last->name;
}

struct listing {
	const struct globals *g;
	int root_fd;
	bool json;
	struct owner owner; /* of the container before */
};

/* One container. A damaged one is named and the list goes on. False: there is nothing to show. */
static bool
read_row (struct listing *l, const char *id, struct row *row)
{
	const struct globals *g = l->g;
	struct container *c = arena_alloc (g->arena, sizeof *c);
	enum container_status status;
	struct err e;

	if (container_open_at (g, l->root_fd, id, c, &e) < 0) {
		if (e.num != ENOENT) /* deleted since the directory was read */
			log_warn ("%s", err_full (&e));
		container_close (c);
		return false;
	}
	status = container_status (c, NULL);
	c->st.owner = (char *) (size_t) owner_of (g->arena, c, &l->owner);
	row->st = &c->st;
	row->status = container_status_names[status];
	row->json = l->json ? container_state_json (c, g->arena, status, OCI_COMPACT) : NULL;
	if (status == STATUS_STOPPED)
		c->st.pid = 0; /* last: it is by the pid that the exit status is found */
	container_close (c);
	return true;
}

static void
print_table (const struct row *rows, size_t n)
{
	int id = 2, bundle = 6;

	for (size_t i = 0; i < n; i++) {
		id = MAX (id, (int) strlen (rows[i].st->id));
		bundle = MAX (bundle, (int) strlen (rows[i].st->bundle));
	}
	printf ("%-*s  %-8s  %-8s  %-*s  %-30s  %-8s  %-10s  %s\n", id, "ID", "PID", "STATUS",
		bundle, "BUNDLE", "CREATED", "OWNER", "LOGINUID", "SESSION");
	for (size_t i = 0; i < n; i++) {
		const struct container_state *st = rows[i].st;

		printf ("%-*s  %-8lld  %-8s  %-*s  %-30s  %-8s  %-10s  %s\n", id, st->id,
			(long long) st->pid, rows[i].status, bundle, st->bundle, st->created,
			st->owner, st->loginuid ? st->loginuid : "-",
			st->sessionid ? st->sessionid : "-");
	}
}

static void
print_json (const struct row *rows, size_t n)
{
	putchar ('[');
	for (size_t i = 0; i < n; i++)
		printf ("%s%s", i ? "," : "", rows[i].json);
	puts ("]");
}

static int
list (const struct globals *g, void *options, char **args, struct err *e)
{
	const struct list_options *o = options;
	const char *format = o->format ? o->format : "table";
	bool json = streq (format, "json");
	struct listing l = { .g = g, .json = json };
	struct row *rows;
	size_t n, shown = 0;
	autofd root_fd = -1;
	char **ids;

	(void) args;
	if (!streq (format, "table") && !json)
		return err_set (e, 0, "option --format: '%s' is neither table nor json", format);
	TRY (container_list_ids (g, &ids, &n, e));
	if (o->quiet) {
		for (size_t i = 0; i < n; i++)
			puts (ids[i]);
		return 0;
	}
	if (n > 0)
		TRY (l.root_fd = root_fd = container_open_root (g, false, e));
	rows = arena_alloc (g->arena, (n + 1) * sizeof *rows);
	for (size_t i = 0; i < n; i++)
		shown += read_row (&l, ids[i], &rows[shown]);
	(json ? print_json : print_table) (rows, shown);
	return 0;
}

const struct command cmd_list = {
	.name = "list",
	.args = "",
	.summary = "list the containers below the state root",
	.min_args = 0,
	.max_args = 0,
	.options = list_rows,
	.options_size = sizeof (struct list_options),
	.run = list,
};
