/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What engines read: one object for an error, nothing else at the default level. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "tap.h"

static char dir[64], file[128], out[16384], errors[16384];

static void
slurp (const char *path, char *to, size_t size)
{
	autofd fd = open (path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read (fd, to, size - 1);

	to[n < 0 ? 0 : n] = '\0';
}

/* `body` in a process of its own, since the log is global; its log file in `out`, its stderr in
 * `errors`. */
static int
run (void (*body) (void))
{
	char err_path[160];
	int status;
	pid_t pid;

	strcpy (dir, "/tmp/cor-base-log-XXXXXX");
	if (!mkdtemp (dir))
		abort ();
	snprintf (file, sizeof file, "%s/log", dir);
	snprintf (err_path, sizeof err_path, "%s/stderr", dir);
	fflush (stdout);
	pid = fork ();
	if (pid == 0) {
		int fd = open (err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2 (fd, 2);
		body ();
		_exit (0);
	}
	waitpid (pid, &status, 0);
	slurp (file, out, sizeof out);
	slurp (err_path, errors, sizeof errors);
	unlink (file);
	unlink (err_path);
	rmdir (dir);
	return WEXITSTATUS (status);
}

static void
one_error (const char *format, const char *level)
{
	struct err e = { 0 };

	if (log_open (file, format, level, &e) < 0)
		_exit (7);
	log_debug ("a debug message");
	log_warn ("a warning");
	(void) err_set (&e, ENOENT, "open '%s'", "/x \"y\"\n\033[0m");
	log_error (&e);
}

static void
json_default (void)
{
	one_error ("json", NULL);
}
static void
text_default (void)
{
	one_error ("text", NULL);
}
static void
no_format (void)
{
	one_error (NULL, NULL);
}
static void
json_warn (void)
{
	one_error ("json", "warn");
}
static void
json_debug (void)
{
	one_error ("json", "debug");
}
static void
bad_format (void)
{
	one_error ("xml", NULL);
}
static void
bad_level (void)
{
	one_error ("json", "loud");
}

static int
lines (const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

TEST (json_has_exactly_one_object)
{
	EQ (run (json_default), 0);
	EQ (lines (out), 1);
	OK (strncmp (
		    out,
		    "{\"level\":\"error\",\"msg\":\"open '/x \\\"y\\\"\\n\\\\x1b[0m': no such file or directory\",\"time\":\"20",
		    88) == 0);
	CONTAINS (out, "Z\"}\n");
	CONTAINS (errors,
		  "coracle: open '/x \"y\"\ncoracle: \\x1b[0m': no such file or directory\n");
	EQ (lines (errors), 2);
}

TEST (text_is_one_line)
{
	EQ (run (text_default), 0);
	EQ (lines (out), 1);
	OK (strncmp (out, "time=\"20", 8) == 0);
	CONTAINS (
		out,
		"Z\" level=error msg=\"open '/x \\\"y\\\"\\n\\\\x1b[0m': no such file or directory\"\n");
	EQ (run (no_format), 0);
	CONTAINS (out, " level=error msg=\"");
}

TEST (levels)
{
	EQ (run (json_warn), 0);
	EQ (lines (out), 2);
	CONTAINS (out, "{\"level\":\"warning\",\"msg\":\"a warning\"");
	EQ (run (json_debug), 0);
	EQ (lines (out), 3);
	CONTAINS (out, "{\"level\":\"debug\",");
	EQ (run (bad_format), 7);
	EQ (run (bad_level), 7);
}

static void
to_stderr (void)
{
	struct err e = { 0 };

	(void) log_open (NULL, "json", NULL, &e);
	log_debug ("hidden");
	log_warnings ("first\nsecond\n");
	(void) err_set (&e, 0, "the end");
	log_error (&e);
}

TEST (stderr_shows_warnings)
{
	EQ (run (to_stderr), 0);
	STREQ (errors, "coracle: warning: first\ncoracle: warning: second\ncoracle: the end\n");
	STREQ (out, "");
}

static void
appended (void)
{
	struct err e = { 0 };
	char target[200];

	snprintf (target, sizeof target, "file:%s", file);
	for (int i = 0; i < 2; i++) {
		if (log_open (target, "json", NULL, &e) < 0)
			_exit (7);
		(void) err_set (&e, 0, "number %d", i);
		log_error (&e);
	}
}

TEST (file_prefix_appends)
{
	EQ (run (appended), 0);
	EQ (lines (out), 2);
	CONTAINS (out, "number 0");
	CONTAINS (out, "number 1");
}

static void
sink (void *ctx, int level, const char *text)
{
	dprintf (2, "%s|%d|%s\n", (char *) ctx, level, text);
}

static void
through_a_sink (void)
{
	struct err e = { 0 };

	(void) log_open (file, "json", "warning", &e);
	log_set_sink (sink, (char *) "ctx");
	log_warn ("%s", "over \a there");
	log_debug ("not this");
}

TEST (sink_gets_messages)
{
	EQ (run (through_a_sink), 0);
	STREQ (errors, "ctx|1|over \\x07 there\n");
	STREQ (out, "");
}

static void
huge (void)
{
	struct err e = { 0 };
	char big[5000];

	memset (big, '"', sizeof big);
	big[sizeof big - 1] = '\0';
	(void) log_open (file, "text", NULL, &e);
	(void) err_set (&e, EACCES, "%s", big);
	log_error (&e);
}

TEST (huge_messages_keep_their_end)
{
	EQ (run (huge), 0);
	EQ (lines (out), 1);
	CONTAINS (out, ": permission denied\"\n");
}

static void
missing_directory (void)
{
	struct err e = { 0 };

	if (log_open ("/nonexistent/dir/log", "json", NULL, &e) == 0)
		_exit (1);
	_exit (strstr (err_full (&e), "open log file '/nonexistent/dir/log': no such file") ? 0
											    : 2);
}

TEST (unwritable_target_is_an_error)
{
	EQ (run (missing_directory), 0);
}
