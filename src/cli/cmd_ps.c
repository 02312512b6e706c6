/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ps: by ourselves from /proc, in the columns of `ps -ef`; with arguments, ps(1) filtered, as runc
 * has it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "base/str.h"
#include "cli/command.h"
#include "container/container.h"
#include "container/host.h"
#include "libocispec/arena.h"

#define PS_OUTPUT_MAX (16u << 20)

struct ps_options {
	const char *format;
};

static const struct option_row ps_rows[] = { { 'f', "format", OPT_STRING,
					       offsetof (struct ps_options, format), "FORMAT",
					       "table (default) or json" },
					     OPTIONS_END };

/* ---- from /proc -------------------------------------------------------------------------------
 */

/* Of /proc/PID/stat, by the numbers of proc(5). */
struct process {
	pid_t pid;
	uid_t uid;
	char name[64];
	long long ppid, tty, utime, stime, start;
	double uptime; /* of the machine, in seconds */
};

static bool
read_process (pid_t pid, struct process *p)
{
	char path[40], text[1024], *open_, *close_, *field;
	long long fields[23] = { 0 };
	struct timespec now;
	struct stat st;

	*p = (struct process) { .pid = pid };
	/* The directory: its files belong to root where the process is not dumpable. */
	snprintf (path, sizeof path, "/proc/%d", (int) pid);
	if (stat (path, &st) < 0)
		return false; /* ended meanwhile */
	snprintf (path, sizeof path, "/proc/%d/stat", (int) pid);
	if (read_small_at (AT_FDCWD, path, text, sizeof text) <= 0)
		return false;
	p->uid = st.st_uid;
	open_ = strchr (text, '(');
	close_ = strrchr (text, ')');
	if (!open_ || !close_ || close_ < open_)
		return false;
	*close_ = '\0';
	snprintf (p->name, sizeof p->name, "%s", open_ + 1);
	(void) clock_gettime (CLOCK_BOOTTIME, &now);
	p->uptime = (double) now.tv_sec + (double) now.tv_nsec / 1e9;
	field = close_ + 2; /* the third, see proc_pid_stat(5) */
	for (unsigned i = 4; i < ARRAY_SIZE (fields); i++) {
		field = strchr (field, ' ');
		if (!field)
			return false;
		fields[i] = strtoll (++field, NULL, 10);
	}
	p->ppid = fields[4];
	p->tty = fields[7];
	p->utime = fields[14];
	p->stime = fields[15];
	p->start = fields[22];
	return true;
}

static const char *
terminal (const struct process *p, char *buf, size_t size)
{
	unsigned major = (unsigned) (p->tty >> 8) & 0xfff,
		 minor = (unsigned) (p->tty & 0xff) | ((unsigned) (p->tty >> 12) & 0xfff00);

	if (major >= 136 && major <= 143)
		snprintf (buf, size, "pts/%u", minor + (major - 136) * 256);
	else if (major == 4 && minor < 64)
		snprintf (buf, size, "tty%u", minor);
	else if (p->tty)
		snprintf (buf, size, "%u:%u", major, minor);
	else
		return "?";
	return buf;
}

/* Today the time, before the day. */
static const char *
start_time (const struct process *p, char *buf, size_t size)
{
	time_t now = time (NULL),
	       then = now -
		      (time_t) (p->uptime - (double) p->start / (double) sysconf (_SC_CLK_TCK));
	struct tm n, t;

	localtime_r (&now, &n);
	localtime_r (&then, &t);
	if (strftime (buf, size,
		      n.tm_year == t.tm_year && n.tm_yday == t.tm_yday ? "%H:%M" : "%b%d", &t) == 0)
		buf[0] = '\0';
	return buf;
}

/* Written by the container: control characters must not reach a terminal. */
static const char *
command_line (struct arena *a, const struct process *p)
{
	char path[40], text[4096], *safe;
	ssize_t n;

	snprintf (path, sizeof path, "/proc/%d/cmdline", (int) p->pid);
	n = read_small_at (AT_FDCWD, path, text, sizeof text);
	for (ssize_t i = 0; i < n - 1; i++)
		if (text[i] == '\0' || text[i] == '\n' || text[i] == '\t')
			text[i] = ' ';
	if (n <= 0)
		snprintf (text, sizeof text, "[%s]", p->name);
	safe = arena_alloc (a, 4 * sizeof text);
	str_printable (safe, 4 * sizeof text, text);
	return safe;
}

static void
print_process (struct arena *a, const struct process *p)
{
	char tty[24], start[16];
	const char *user = passwd_name (a, p->uid);
	long ticks = sysconf (_SC_CLK_TCK), cpu = (long) (p->utime + p->stime) / ticks;
	double age = p->uptime - (double) p->start / (double) ticks;

	if (!user)
		user = arena_printf (a, "%u", (unsigned) p->uid);
	printf ("%-8s %7d %7lld %2d %5s %-8s %02ld:%02ld:%02ld %s\n", user, (int) p->pid, p->ppid,
		age > 0 ? MIN (99, (int) (100.0 * (double) cpu / age)) : 0,
		start_time (p, start, sizeof start), terminal (p, tty, sizeof tty), cpu / 3600,
		cpu / 60 % 60, cpu % 60, command_line (a, p));
}

/* ---- ps(1) ------------------------------------------------------------------------------------
 */

/* The number of the column PID in the heading, or -1. */
static int
pid_column (struct arena *a, const char *heading)
{
	strs words = str_split (a, heading, ' ');
	int column = 0;

	for (size_t i = 0; i < words.n; i++) {
		if (streq (words.v[i], "PID"))
			return column;
		column += *words.v[i] != '\0';
	}
	return -1;
}

static bool
is_of (struct arena *a, const char *line, int column, const pid_t *pids, size_t n)
{
	strs words = str_split (a, line, ' ');
	uint32_t pid;

	for (size_t i = 0; i < words.n; i++)
		if (*words.v[i] && column-- == 0 && parse_u32 (words.v[i], &pid) == 0)
			for (size_t k = 0; k < n; k++)
				if ((uint32_t) pids[k] == pid)
					return true;
	return false;
}

static const char *
find_ps (struct arena *a)
{
	const char *path = getenv ("PATH");
	strs dirs = str_split (a, path ? path : "/usr/bin:/bin", ':');

	for (size_t i = 0; i < dirs.n; i++) {
		const char *file = arena_printf (a, "%s/ps", dirs.v[i]);

		if (*dirs.v[i] == '/' && access (file, X_OK) == 0)
			return file;
	}
	return NULL;
}

static int
filter_ps (struct arena *a, char **args, const pid_t *pids, size_t n, struct err *e)
{
	struct spawn s = { .path = find_ps (a),
			   .argv = args,
			   .envp = environ,
			   .stdout_fd = -1,
			   .stderr_fd = 2,
			   .arena = a,
			   .output_max = PS_OUTPUT_MAX };
	struct spawn_result r;
	strs lines;
	int column;

	if (!s.path)
		return err_set (e, 0, "ps with arguments needs the program ps in $PATH");
	args[0] = (char *) "ps"; /* in the place of the id */
	TRY (spawn_run (&s, &r, e));
	if (!WIFEXITED (r.status) || WEXITSTATUS (r.status) != 0)
		return err_set (e, 0, "the program ps failed");
	lines = str_split (a, r.output, '\n');
	column = lines.n ? pid_column (a, lines.v[0]) : -1;
	if (column < 0)
		return err_set (e, 0, "the output of ps has no column PID");
	puts (lines.v[0]);
	for (size_t i = 1; i < lines.n; i++)
		if (is_of (a, lines.v[i], column, pids, n))
			puts (lines.v[i]);
	return 0;
}

/* -----------------------------------------------------------------------------------------------
 */

static int
ps (const struct globals *g, void *options, char **args, struct err *e)
{
	const struct ps_options *o = options;
	const char *format = o->format ? o->format : "table";
	pid_t *pids;
	size_t n;

	if (!streq (format, "table") && !streq (format, "json"))
		return err_set (e, 0, "option --format: '%s' is neither table nor json", format);
	TRY (container_pids (g, args[0], &pids, &n, e));
	if (streq (format, "json")) {
		for (size_t i = 0; i < n; i++)
			printf ("%s%d", i ? "," : "[", (int) pids[i]);
		puts (n ? "]" : "[]");
		return 0;
	}
	if (args[1] && (args[2] || !streq (args[1], "-ef")))
		return filter_ps (g->arena, args, pids, n, e);
	puts ("UID          PID    PPID  C STIME TTY          TIME CMD");
	for (size_t i = 0; i < n; i++) {
		struct process p;

		if (read_process (pids[i], &p))
			print_process (g->arena, &p);
	}
	return 0;
}

const struct command cmd_ps = {
	.name = "ps",
	.args = "ID [PS-ARGUMENT]…",
	.summary = "show the processes of a container",
	.min_args = 1,
	.max_args = -1,
	.options = ps_rows,
	.options_size = sizeof (struct ps_options),
	.run = ps,
};
