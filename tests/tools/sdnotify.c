/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two ends of a notification socket, static, so that the second can be put into any container:
 *	sdnotify recv SOCKET	as a service manager: binds SOCKET, prints each message with a line
 *feed after it sdnotify send TEXT	as a service: sends TEXT to $NOTIFY_SOCKET
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int
receive (int fd, const struct sockaddr_un *addr)
{
	char buf[8192];
	ssize_t n;

	if (bind (fd, (const struct sockaddr *) addr, sizeof *addr) < 0)
		return 1;
	/* Descriptors that come along (BARRIER=1) are closed by the kernel, as nobody asks for
	 * them. */
	while ((n = recv (fd, buf, sizeof buf, 0)) >= 0) {
		fwrite (buf, 1, (size_t) n, stdout);
		putchar ('\n');
		fflush (stdout);
	}
	return 1;
}

int
main (int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 1;
	int recv_end = argc == 3 && strcmp (argv[1], "recv") == 0;
	const char *path = recv_end ? argv[2] : getenv ("NOTIFY_SOCKET");

	if (argc != 3 || !path || strlen (path) >= sizeof addr.sun_path) {
		fprintf (stderr,
			 "usage: sdnotify recv SOCKET | sdnotify send TEXT (with NOTIFY_SOCKET)\n");
		return 2;
	}
	strcpy (addr.sun_path, path);
	if (recv_end)
		r = receive (fd, &addr);
	else if (sendto (fd, argv[2], strlen (argv[2]), 0, (struct sockaddr *) &addr,
			 sizeof addr) >= 0)
		r = 0;
	if (r != 0)
		perror ("sdnotify");
	return r;
}
