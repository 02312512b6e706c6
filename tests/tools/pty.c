/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pty ROWS COLUMNS COMMAND…: runs it on a terminal of that size, copies what it prints, exits as it
 * did. What a person at a terminal is. */
#include <errno.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
	struct winsize size = { 0 };
	char buf[4096];
	int master, status;
	ssize_t n;
	pid_t pid;

	if (argc < 4) {
		fprintf (stderr, "usage: pty ROWS COLUMNS COMMAND…\n");
		return 2;
	}
	size.ws_row = (unsigned short) atoi (argv[1]);
	size.ws_col = (unsigned short) atoi (argv[2]);
	pid = forkpty (&master, NULL, NULL, &size);
	if (pid < 0) {
		perror ("pty");
		return 125;
	}
	if (pid == 0) {
		execvp (argv[3], argv + 3);
		_exit (127);
	}
	/* EIO: the last who had the terminal open is gone. */
	while ((n = read (master, buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && write (1, buf, (size_t) n) != n)
			return 125;
	while (waitpid (pid, &status, 0) < 0)
		if (errno != EINTR)
			return 125;
	return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
}
