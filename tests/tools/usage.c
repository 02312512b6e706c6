/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage FILE COMMAND…: runs COMMAND and writes to FILE what it and all that it waited for needed:
 * minor page faults and the highest RSS of one process, in KiB. time(1) would do, but a process
 * counts the RSS of whoever forked it as its own: this one is small.
 */
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

int
main (int argc, char **argv)
{
	struct rusage usage;
	int status;
	pid_t pid;
	FILE *f;

	if (argc < 3 || posix_spawnp (&pid, argv[2], NULL, NULL, argv + 2, environ) != 0 ||
	    wait4 (pid, &status, 0, &usage) != pid)
		return 125;
	f = fopen (argv[1], "we");
	if (!f || fprintf (f, "%ld %ld\n", usage.ru_minflt, usage.ru_maxrss) < 0 || fclose (f) != 0)
		return 125;
	return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
}
