/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock FILE COMMAND…: executes COMMAND with FILE locked (flock); exit status 1 if somebody else has
 * the lock. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
	int fd = argc > 2 ? open (argv[1], O_RDWR | O_CREAT, 0600) : -1;

	if (fd < 0) {
		perror (argc > 2 ? argv[1] : "usage: lock FILE COMMAND");
		return 2;
	}
	if (flock (fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 1 : 2;
	execvp (argv[2], argv + 2);
	perror (argv[2]);
	return 127;
}
