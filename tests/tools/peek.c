/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peek FILE: the attacker of CVE-2016-9962, as the first process of a container. Until FILE appears
 * it looks into every other process of /proc again and again: its root, working directory, program
 * and descriptors, and whether its memory can be opened. It says "looking" at the start, and then
 * "LINK -> TARGET" once for each that it could read, without the process's number.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEEN_MAX 4096

static char *seen[SEEN_MAX];
static int n_seen;

static void
say (const char *link, const char *target)
{
	char line[600];

	snprintf (line, sizeof line, "%s -> %s", link, target);
	for (int i = 0; i < n_seen; i++)
		if (strcmp (seen[i], line) == 0)
			return;
	if (n_seen < SEEN_MAX)
		seen[n_seen++] = strdup (line);
	puts (line);
}

static void
look_at_link (const char *pid, const char *link)
{
	char path[300], target[256] = "";

	snprintf (path, sizeof path, "/proc/%s/%s", pid, link);
	if (readlink (path, target, sizeof target - 1) >= 0)
		say (link, target);
}

static void
look_into (const char *pid)
{
	char path[64], link[300];
	DIR *d;
	int mem;

	look_at_link (pid, "root");
	look_at_link (pid, "cwd");
	look_at_link (pid, "exe");
	snprintf (path, sizeof path, "/proc/%s/mem", pid);
	mem = open (path, O_RDWR);
	if (mem >= 0) {
		say ("mem", "opened");
		close (mem);
	}
	snprintf (path, sizeof path, "/proc/%s/fd", pid);
	d = opendir (path);
	for (struct dirent *de; d && (de = readdir (d)) != NULL;)
		if (isdigit ((unsigned char) de->d_name[0])) {
			snprintf (link, sizeof link, "fd/%s", de->d_name);
			look_at_link (pid, link);
		}
	if (d)
		closedir (d);
}

int
main (int argc, char **argv)
{
	if (argc != 2)
		return 2;
	setvbuf (stdout, NULL, _IOLBF, 0);
	puts ("looking");
	while (access (argv[1], F_OK) < 0) {
		DIR *d = opendir ("/proc");

		for (struct dirent *de; d && (de = readdir (d)) != NULL;)
			if (isdigit ((unsigned char) de->d_name[0]) &&
			    atoi (de->d_name) != (int) getpid ())
				look_into (de->d_name);
		if (d)
			closedir (d);
	}
	return 0;
}
