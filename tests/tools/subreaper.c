/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * subreaper COMMAND…: runs COMMAND as conmon and containerd's shim do, adopts what it leaves
 *behind, and waits for all of it. Prints a line for each child in the order of their deaths: child
 *PID exit N		the command itself adopted PID exit N | signal N	a process that was
 *re-parented to us Exit status: that of COMMAND. With -1 it returns when the command has ended and
 *one adopted child after it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
	int once = argc > 1 && strcmp (argv[1], "-1") == 0, status, result = 0, adopted = 0,
	    ended = 0;
	char **command = argv + 1 + once;
	pid_t child, pid;

	if (!*command || prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		return 125;
	child = fork ();
	if (child == 0) {
		execvp (*command, command);
		perror (*command);
		_exit (127);
	}
	while ((pid = wait (&status)) > 0 || errno == EINTR) {
		if (pid < 0)
			continue;
		printf ("%s %d %s %d\n", pid == child ? "child" : "adopted", pid,
			WIFEXITED (status) ? "exit" : "signal",
			WIFEXITED (status) ? WEXITSTATUS (status) : WTERMSIG (status));
		fflush (stdout);
		if (pid == child) {
			result = WIFEXITED (status) ? WEXITSTATUS (status)
						    : 128 + WTERMSIG (status);
			ended = 1;
		} else {
			adopted++;
		}
		if (once && ended && adopted)
			break;
	}
	return result;
}
