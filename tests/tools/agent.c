/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent [-n N] [-d] SOCKET ANSWER: the other end of linux.seccomp.listenerPath. Listens on a stream
 * socket, prints "ready" on stderr, takes one connection, prints what came with it (the container
 * process state, newlines as spaces), and then answers N (1) notifications of the descriptor that
 * came along, each with a line "NR: ARG0": ANSWER is "continue", "errno:NUMBER" or "value:NUMBER".
 * Then it closes the descriptor. With -d it drops the connection, and with it the descriptor, as
 * soon as they have been sent.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int
receive (int listener)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE (8 * sizeof (int))];
	} control;
	static char data[1 << 20];
	struct iovec iov = { data, sizeof data - 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof control };
	int c = accept (listener, NULL, NULL), fd = -1;
	ssize_t n = recvmsg (c, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *h = CMSG_FIRSTHDR (&m);

	if (n > 0 && h && h->cmsg_type == SCM_RIGHTS)
		memcpy (&fd, CMSG_DATA (h), sizeof fd);
	for (ssize_t i = 0; i < n; i++)
		putchar (data[i] == '\n' ? ' ' : data[i]);
	putchar ('\n');
	fflush (stdout);
	close (c);
	return fd;
}

static int
answer_one (int fd, const char *answer)
{
	struct seccomp_notif req;
	struct seccomp_notif_resp resp = { 0 };

	memset (&req, 0, sizeof req);
	if (ioctl (fd, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0) {
		perror ("receive");
		return -1;
	}
	printf ("%d: %llu\n", req.data.nr, (unsigned long long) req.data.args[0]);
	fflush (stdout);
	resp.id = req.id;
	if (strcmp (answer, "continue") == 0)
		resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else if (strncmp (answer, "errno:", 6) == 0)
		resp.error = -atoi (answer + 6);
	else
		resp.val = atoll (answer + 6);
	return ioctl (fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

int
main (int argc, char **argv)
{
	int n = 1, drop = 0, opt, listener, fd;
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	while ((opt = getopt (argc, argv, "n:d")) != -1) {
		if (opt == 'n')
			n = atoi (optarg);
		else if (opt == 'd')
			drop = 1;
		else
			return 2;
	}
	if (argc - optind != 2 || strlen (argv[optind]) >= sizeof a.sun_path)
		return 2;
	strcpy (a.sun_path, argv[optind]);
	unlink (a.sun_path);
	listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind (listener, (struct sockaddr *) &a, sizeof a) || listen (listener, 4)) {
		perror (a.sun_path);
		return 2;
	}
	fprintf (stderr, "ready\n");
	if (drop) {
		int c = accept (listener, NULL, NULL);
		char byte;

		return recv (c, &byte, 1, MSG_PEEK) == 1 ? 0 : 1;
	}
	fd = receive (listener);
	if (fd < 0) {
		fprintf (stderr, "no descriptor came\n");
		return 1;
	}
	while (n-- > 0)
		if (answer_one (fd, argv[optind + 1]) < 0)
			return 1;
	return 0;
}
