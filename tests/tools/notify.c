/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify [-w] [-b] [-n COUNT] MESSAGE…: what sd_notify(3) does in a container: each MESSAGE a
 *datagram to $NOTIFY_SOCKET. -w	wait for a signal afterwards -b	then send BARRIER=1 with one
 *end of a pipe, and wait until everybody else has closed it -n	send the first one COUNT times
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fd;

static void
say (const char *text)
{
	if (send (fd, text, strlen (text), MSG_NOSIGNAL) < 0) {
		perror ("send");
		exit (1);
	}
}

static void
barrier (void)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE (sizeof (int))];
	} control = { 0 };
	struct iovec iov = { (char *) "BARRIER=1", 9 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof control };
	struct pollfd p = { .events = 0 };
	int ends[2];

	if (pipe (ends))
		exit (1);
	control.h.cmsg_level = SOL_SOCKET;
	control.h.cmsg_type = SCM_RIGHTS;
	control.h.cmsg_len = CMSG_LEN (sizeof (int));
	memcpy (CMSG_DATA (&control.h), &ends[1], sizeof (int));
	if (sendmsg (fd, &m, MSG_NOSIGNAL) < 0)
		exit (1);
	close (ends[1]);
	p.fd = ends[0];
	if (poll (&p, 1, 10000) != 1)
		exit (3);
}

int
main (int argc, char **argv)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const char *path = getenv ("NOTIFY_SOCKET");
	int c, wait = 0, with_barrier = 0, count = 1;

	while ((c = getopt (argc, argv, "wbn:")) != -1)
		if (c == 'w')
			wait = 1;
		else if (c == 'b')
			with_barrier = 1;
		else if (c == 'n')
			count = atoi (optarg);
	if (!path || strlen (path) >= sizeof a.sun_path)
		return 2;
	strcpy (a.sun_path, path);
	fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (connect (fd, (struct sockaddr *) &a, sizeof a)) {
		perror (path);
		return 1;
	}
	for (int i = optind; i < argc; i++, count = 1)
		while (count-- > 0)
			say (argv[i]);
	if (with_barrier)
		barrier ();
	if (wait)
		pause ();
	return 0;
}
