/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify [-w] [-b] [-d FILE] [-n COUNT] MESSAGE…: what sd_notify(3) does in a container: each
 *MESSAGE is a datagram to $NOTIFY_SOCKET. -b	then send BARRIER=1 with one end of a pipe, and wait
 *until everybody else has closed it -d	each MESSAGE has this FILE's descriptor with it; given
 *twice: two of them -n	send the first one COUNT times -w	wait for a signal afterwards
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fd;

static void
send_with (const char *text, const int *fds, size_t n)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE (2 * sizeof (int))];
	} control = { 0 };
	struct iovec iov = { (char *) text, strlen (text) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n > 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE (n * sizeof (int));
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		control.h.cmsg_len = CMSG_LEN (n * sizeof (int));
		memcpy (CMSG_DATA (&control.h), fds, n * sizeof (int));
	}
	if (sendmsg (fd, &m, MSG_NOSIGNAL) < 0) {
		perror ("send");
		exit (1);
	}
}

static void
barrier (void)
{
	struct pollfd p = { .events = 0 };
	int ends[2];

	if (pipe (ends))
		exit (1);
	send_with ("BARRIER=1", &ends[1], 1);
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
	int c, wait = 0, with_barrier = 0, count = 1, with[2];
	size_t n_with = 0;

	while ((c = getopt (argc, argv, "wbd:n:")) != -1)
		if (c == 'w')
			wait = 1;
		else if (c == 'b')
			with_barrier = 1;
		else if (c == 'd' && n_with < 2)
			with[n_with++] = open (optarg, O_RDONLY | O_CLOEXEC);
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
			send_with (argv[i], with, n_with);
	if (with_barrier)
		barrier ();
	if (wait)
		pause ();
	return 0;
}
