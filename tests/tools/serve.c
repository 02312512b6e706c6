/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serve COUNT: a server that is started by its sockets, as sd_listen_fds(3) has it. Answers COUNT
 * connections, to whichever of the sockets they come: a line with the socket's number and name,
 * this process's pid and what the client said. Fails if the variables are not meant for it.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define START 3
#define MAX   8

static const char *
variable (const char *name)
{
	const char *value = getenv (name);

	if (!value) {
		fprintf (stderr, "serve: no %s\n", name);
		exit (1);
	}
	return value;
}

static void
answer (int fd, const char *name)
{
	char line[256], text[512];
	int c = accept (fd, NULL, NULL);
	ssize_t n = c < 0 ? -1 : read (c, line, sizeof line - 1);

	if (n < 0) {
		perror ("serve");
		exit (1);
	}
	line[n] = '\0';
	n = snprintf (text, sizeof text, "socket %d (%s) of pid %d: %s", fd, name, (int) getpid (),
		      line);
	if (write (c, text, (size_t) n) != n)
		exit (1);
	close (c);
}

int
main (int argc, char **argv)
{
	char *names = strdup (variable ("LISTEN_FDNAMES"));
	int n = atoi (variable ("LISTEN_FDS")), count = argc > 1 ? atoi (argv[1]) : 1;
	const char *name[MAX];
	struct pollfd p[MAX];

	if (atoi (variable ("LISTEN_PID")) != getpid () || n < 1 || n > MAX)
		return 1;
	for (int i = 0; i < n; i++) {
		name[i] = strsep (&names, ":");
		p[i] = (struct pollfd) { START + i, POLLIN, 0 };
	}
	while (count > 0 && poll (p, (nfds_t) n, -1) > 0)
		for (int i = 0; i < n; i++)
			if (p[i].revents) {
				answer (p[i].fd, name[i] ? name[i] : "");
				count--;
			}
	return 0;
}
