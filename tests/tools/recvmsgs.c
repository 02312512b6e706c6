/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recvmsgs SOCKET: a service manager's end of sd_notify(3). Listens on a datagram socket (@NAME: an
 * abstract one), prints "ready" on stderr, and prints each datagram, a line break if it has none at
 * its end, and "--".
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
	int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char data[65536];
	ssize_t n;

	if (argc != 2 || strlen (argv[1]) >= sizeof a.sun_path)
		return 2;
	strcpy (a.sun_path, argv[1]);
	if (argv[1][0] == '@')
		a.sun_path[0] = '\0';
	if (bind (fd, (struct sockaddr *) &a,
		  (socklen_t) (offsetof (struct sockaddr_un, sun_path) + strlen (argv[1])))) {
		perror (argv[1]);
		return 2;
	}
	fprintf (stderr, "ready\n");
	while ((n = recv (fd, data, sizeof data, 0)) >= 0) {
		fwrite (data, 1, (size_t) n, stdout);
		printf ("%s--\n", n > 0 && data[n - 1] == '\n' ? "" : "\n");
		fflush (stdout);
	}
	return 1;
}
