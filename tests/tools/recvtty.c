/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recvtty [-m single|null|size] SOCKET: the engine's end of --console-socket. Listens on SOCKET,
 *prints "ready" on stderr, accepts one connection (null: any number), receives the pty and single
 *(default)	copies stdin to it and it to stdout until it hangs up
 *	null			reads it and throws it away
 *	size			prints "NAME ROWSxCOLS" of it, then copies as single does
 * Exactly one descriptor and 1 to 4095 bytes of data must come, as conmon demands; anything else is
 *exit status 2.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
die (const char *what)
{
	perror (what);
	exit (2);
}

static int
receive (int listener, char *name)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE (4 * sizeof (int))];
	} control;
	struct iovec iov = { name, 4095 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof control };
	int c = accept (listener, NULL, NULL), fd;
	ssize_t n;

	if (c < 0)
		die ("accept");
	n = recvmsg (c, &m, MSG_CMSG_CLOEXEC);
	if (n < 0)
		die ("recvmsg");
	name[n] = '\0';
	if (n == 0 || !CMSG_FIRSTHDR (&m) ||
	    CMSG_FIRSTHDR (&m)->cmsg_len != CMSG_LEN (sizeof (int))) {
		fprintf (stderr, "recvtty: %zd bytes and not exactly one descriptor\n", n);
		exit (2);
	}
	memcpy (&fd, CMSG_DATA (CMSG_FIRSTHDR (&m)), sizeof fd);
	close (c);
	return fd;
}

static int
copy (int from, int to)
{
	char buf[4096];
	ssize_t n = read (from, buf, sizeof buf);

	for (ssize_t at = 0, r; at < n; at += r)
		if ((r = write (to, buf + at, (size_t) (n - at))) < 0)
			return -1;
	return n > 0 ? 0 : -1;
}

static void
relay (int pty)
{
	struct pollfd p[2] = { { pty, POLLIN, 0 }, { 0, POLLIN, 0 } };

	for (;;) {
		if (poll (p, 2, -1) < 0)
			die ("poll");
		if (p[0].revents && copy (pty, 1) < 0)
			return; /* EIO: the last slave is closed */
		if (p[1].revents && copy (0, pty) < 0)
			p[1].fd = -1;
	}
}

static void
drain (int pty)
{
	char buf[4096];

	while (read (pty, buf, sizeof buf) > 0)
		;
	_exit (0);
}

int
main (int argc, char **argv)
{
	const char *mode = argc > 2 && strcmp (argv[1], "-m") == 0 ? argv[2] : "single",
		   *path = argv[argc - 1];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), pty;
	struct winsize w = { 0 };
	char name[4096];

	if (argc < 2 || strlen (path) >= sizeof a.sun_path) {
		fprintf (stderr, "usage: recvtty [-m single|null|size] SOCKET\n");
		return 2;
	}
	strcpy (a.sun_path, path);
	unlink (path);
	if (bind (listener, (struct sockaddr *) &a, sizeof a) || listen (listener, 16))
		die (path);
	fprintf (stderr, "ready\n");
	signal (SIGCHLD, SIG_IGN);
	for (;;) {
		pty = receive (listener, name);
		if (strcmp (mode, "null") == 0) {
			if (fork () == 0)
				drain (pty);
			close (pty);
			continue;
		}
		if (strcmp (mode, "size") == 0) {
			ioctl (pty, TIOCGWINSZ, &w);
			printf ("%s %dx%d\n", name, w.ws_row, w.ws_col);
			fflush (stdout);
		}
		relay (pty);
		unlink (path);
		return 0;
	}
}
