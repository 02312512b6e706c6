/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "libocispec/json.h"

static const char *const level_names[] = { "error", "warning", "info", "debug" };

/* The only mutable global state of the program. */
static struct {
	enum { TO_STDERR, TO_FILE, TO_SYSLOG, TO_JOURNAL } target;
	int fd, level;
	bool json, level_given;
	const char *ident;
	void (*sink) (void *ctx, int level, const char *text);
	void *sink_ctx;
} lg = { .fd = -1, .level = LOG_L_WARNING };

static int
connect_datagram (const char *path, struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy (sa.sun_path, path, strlen (path));
	if (fd >= 0 && connect (fd, (struct sockaddr *) &sa, sizeof sa) == 0)
		return fd;
	(void) err_set (e, errno, "connect to '%s'", path);
	if (fd >= 0)
		close (fd);
	return -1;
}

static int
open_target (const char *target, struct err *e)
{
	const char *path = startswith (target, "file:") ? target + 5 : target;

	if (startswith (target, "syslog:")) {
		lg.target = TO_SYSLOG;
		lg.ident = target + 7;
		return lg.fd = connect_datagram ("/dev/log", e);
	}
	if (startswith (target, "journald:")) {
		lg.target = TO_JOURNAL;
		lg.ident = target + 9;
		return lg.fd = connect_datagram ("/run/systemd/journal/socket", e);
	}
	/* As it is: a socket cannot be opened again, the position of a file would be another. */
	if (streq (path, "/dev/stderr")) {
		lg.target = TO_FILE;
		return lg.fd = 2;
	}
	lg.fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	if (lg.fd < 0)
		return err_set (e, errno, "open log file '%s'", path);
	lg.target = TO_FILE;
	return 0;
}

int
log_open (const char *target, const char *format, const char *level, struct err *e)
{
	if (format && !streq (format, "json") && !streq (format, "text"))
		return err_set (e, 0, "option --log-format: '%s' is neither text nor json", format);
	lg.json = format && streq (format, "json");
	if (level) {
		size_t i;

		if (streq (level, "warn")) /* logrus takes both */
			level = "warning";
		for (i = 0; i < ARRAY_SIZE (level_names) && !streq (level, level_names[i]); i++)
			;
		if (i == ARRAY_SIZE (level_names))
			return err_set (e, 0,
					"option --log-level: '%s' is not error, warning, "
					"info or debug",
					level);
		lg.level = (int) i;
		lg.level_given = true;
	} else if (target && *target) {
		lg.level = LOG_L_ERROR;
	}
	return target && *target ? open_target (target, e) : 0;
}

void
log_stderr_is_shared (void)
{
	if (lg.target == TO_STDERR && !lg.level_given)
		lg.level = LOG_L_ERROR;
}

void
log_set_sink (void (*sink) (void *ctx, int level, const char *text), void *ctx)
{
	lg.sink = sink;
	lg.sink_ctx = ctx;
}

static void
write_json (int level, const char *text)
{
	struct arena a = { 0 };
	struct json_out o;
	char time[STR_TIMESTAMP];
	size_t len;
	char *line;

	str_timestamp (time, 6);
	json_out_init (&o, &a, 0);
	json_begin_object (&o);
	json_key (&o, "level");
	json_string (&o, level_names[level]);
	json_key (&o, "msg");
	json_string (&o, text);
	json_key (&o, "time");
	json_string (&o, time);
	json_end_object (&o);
	line = json_finish (&o, &len);
	line[len] = '\n'; /* the arena's slack: json_finish keeps room for a NUL */
	(void) !write (lg.fd, line, len + 1);
	arena_free (&a);
}

/* Go's %q, near enough: the text in quotes with quotes, backslashes and line breaks escaped. */
static void
write_text (int level, const char *text)
{
	char line[9200], time[STR_TIMESTAMP];
	size_t n;

	str_timestamp (time, 6);
	n = (size_t) snprintf (line, sizeof line, "time=\"%s\" level=%s msg=\"", time,
			       level_names[level]);
	for (; *text && n < sizeof line - 4; text++) {
		if (*text == '"' || *text == '\\' || *text == '\n')
			line[n++] = '\\';
		line[n++] = *text == '\n' ? 'n' : *text;
	}
	line[n++] = '"';
	line[n++] = '\n';
	(void) !write (lg.fd, line, n);
}

static void
write_datagram (int level, const char *text)
{
	static const int priority[] = { 3, 4, 6, 7 };
	char line[5000];
	int n;

	if (lg.target == TO_SYSLOG)
		n = snprintf (line, sizeof line, "<%d>%s: %s", 8 * 3 + priority[level], lg.ident,
			      text);
	else /* sd_journal_send's simple form: no line breaks in values */
		n = snprintf (line, sizeof line,
			      "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=%.*s\n", priority[level],
			      lg.ident, (int) strcspn (text, "\n"), text);
	if (n > 0)
		(void) send (lg.fd, line, MIN ((size_t) n, sizeof line - 1), MSG_NOSIGNAL);
}

static void
write_stderr (const char *prefix, const char *text)
{
	char line[5000];
	int n;

	/* Several errors of a configuration: a line each. */
	for (const char *end; *text; text = *end ? end + 1 : end) {
		end = text + strcspn (text, "\n");
		n = snprintf (line, sizeof line, "coracle: %s%.*s\n", prefix, (int) (end - text),
			      text);
		if (n > 0)
			(void) !write (2, line, MIN ((size_t) n, sizeof line - 1));
	}
}

static void
write_log (int level, const char *text)
{
	if (lg.target == TO_FILE)
		(lg.json ? write_json : write_text) (level, text);
	else
		write_datagram (level, text);
}

void
log_at (int level, const char *fmt, ...)
{
	static const char *const prefixes[] = { "", "warning: ", "", "debug: " };
	char raw[4200], text[4500];
	va_list ap;

	if (level > lg.level)
		return;
	va_start (ap, fmt);
	vsnprintf (raw, sizeof raw, fmt, ap);
	va_end (ap);
	str_printable (text, sizeof text, raw);
	if (lg.sink)
		lg.sink (lg.sink_ctx, level, text);
	else if (lg.target == TO_STDERR)
		write_stderr (prefixes[level], text);
	else
		write_log (level, text);
}

void
log_warnings (const char *text)
{
	for (const char *end; *text; text = *end ? end + 1 : end) {
		end = text + strcspn (text, "\n");
		log_warn ("%.*s", (int) (end - text), text);
	}
}

void
log_error (struct err *e)
{
	/* Names in it come from configurations and images: no terminal sequences. */
	char text[sizeof e->text + 400];

	str_printable (text, sizeof text, err_full (e));
	if (lg.target != TO_STDERR)
		write_log (LOG_L_ERROR, text);
	write_stderr ("", text);
}
