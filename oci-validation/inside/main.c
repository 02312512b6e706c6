/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int checks_failed;
static char *facts;

void
check (bool ok, const char *name, const char *fmt, ...)
{
	va_list ap;

	printf ("%s %s", ok ? "ok" : "not ok", name);
	if (!ok) {
		checks_failed++;
		fputs (": ", stdout);
		va_start (ap, fmt);
		vprintf (fmt, ap);
		va_end (ap);
	}
	putchar ('\n');
}

void
host_read (const char *path)
{
	if (access (path, R_OK) == 0)
		facts = read_file (path);
}

const char *
host_fact (const char *fmt, ...)
{
	static char value[512];
	char key[512];
	va_list ap;
	int n;

	va_start (ap, fmt);
	n = vsnprintf (key, sizeof (key), fmt, ap);
	va_end (ap);
	for (const char *p = facts; p && *p; p = strchr (p, '\n'), p += p != NULL) {
		if (strncmp (p, key, (size_t) n) != 0 || p[n] != ' ')
			continue;
		snprintf (value, sizeof (value), "%.*s", (int) strcspn (p + n + 1, "\n"),
			  p + n + 1);
		return value;
	}
	return NULL;
}

/* inside check [argument…]: compare what is seen with /config.json and /host. */
static int
mode_check (int argc, char **argv)
{
	const struct json *config;

	host_read ("/host");
	config = json_read ("/config.json");
	check_process (config, argc, argv);
	check_scheduling (config);
	check_namespaces (config);
	check_mounts (config);
	check_paths (config);
	check_devices (config);
	check_seccomp (config);
	return checks_failed ? 1 : 0;
}

/* inside wait [FILE]: create FILE, then live until SIGTERM; name every other signal on stdout. */
static int
mode_wait (int argc, char **argv)
{
	sigset_t all;
	int fd, sig;

	sigfillset (&all);
	sigprocmask (SIG_BLOCK, &all, NULL);
	if (argc > 2) {
		fd = open (argv[2], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			err (1, "create %s", argv[2]);
		close (fd);
	}
	puts ("waiting");
	for (;;) {
		fflush (stdout);
		sig = sigwaitinfo (&all, NULL);
		if (sig == SIGCHLD)
			while (waitpid (-1, NULL, WNOHANG) > 0)
				;
		else if (sig > 0)
			printf ("signal %d\n", sig);
		if (sig == SIGTERM)
			return 0;
	}
}

/* inside family FILE: a child that survives in the background, then as wait. */
static int
mode_family (int argc, char **argv)
{
	if (fork () == 0) {
		signal (SIGTERM, SIG_IGN);
		for (;;)
			pause ();
	}
	return mode_wait (argc, argv);
}

static int
mode_touch (int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		int fd = open (argv[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		if (fd < 0)
			err (1, "create %s", argv[i]);
		close (fd);
	}
	return 0;
}

static int
mode_exit (int argc, char **argv)
{
	return argc > 2 ? atoi (argv[2]) : 0;
}

static int
mode_cat (int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		fputs (read_file (argv[i]), stdout);
	return 0;
}

/* inside open FILE: can it be read? Says so; the exit status is 0 whatever the answer. For device
 * rules. */
static int
mode_open (int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		int fd = open (argv[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);

		printf ("%s %s\n", argv[i], fd < 0 ? strerror (errno) : "opened");
		if (fd >= 0)
			close (fd);
	}
	return 0;
}

/* clang-format off */
static const struct mode {
	const char *name;
	int (*run) (int argc, char **argv);
} modes[] = {
	{ "check", mode_check }, { "wait", mode_wait }, { "family", mode_family },
	{ "touch", mode_touch }, { "exit", mode_exit },
	{ "cat", mode_cat }, { "open", mode_open }, { "hook", mode_hook },
	{ "console", mode_console }, { "listener", mode_listener },
};
/* clang-format on */

int
main (int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof (modes) / sizeof (modes[0]); i++)
		if (strcmp (argv[1], modes[i].name) == 0)
			return modes[i].run (argc, argv);
	errx (98,
	      "usage: inside check|wait|family|touch|exit|cat|open|hook|console|listener [ARGUMENT…]");
}
