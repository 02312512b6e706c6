/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recvfd [-n N] SOCKET: the other end of --pidfd-socket and of seccomp agents. Listens on a stream
 * socket, prints "ready" on stderr, takes N (1) connections, and for each prints one line: the
 * number of bytes, the bytes (newlines as spaces), and each descriptor as "KIND[:detail]":
 * pidfd:PID, seccomp (a notify descriptor), or what /proc/self/fd says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
describe (int fd)
{
	char path[64], target[256] = "", line[256];
	FILE *f;

	snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
	if (readlink (path, target, sizeof target - 1) < 0)
		target[0] = '\0';
	if (strstr (target, "seccomp notify"))
		strcpy (target, "seccomp");
	snprintf (path, sizeof path, "/proc/self/fdinfo/%d", fd);
	f = fopen (path, "r");
	while (f && fgets (line, sizeof line, f)) {
		int pid;

		if (sscanf (line, "Pid: %d", &pid) == 1)
			snprintf (target, sizeof target, "pidfd:%d", pid);
	}
	if (f)
		fclose (f);
	printf (" %s", target);
}

static void
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
	int c = accept (listener, NULL, NULL), fds[8], n_fds = 0;
	ssize_t n = recvmsg (c, &m, MSG_CMSG_CLOEXEC), more;
	struct cmsghdr *h = CMSG_FIRSTHDR (&m);

	if (n >= 0 && h && h->cmsg_type == SCM_RIGHTS) {
		n_fds = (int) ((h->cmsg_len - CMSG_LEN (0)) / sizeof (int));
		memcpy (fds, CMSG_DATA (h), (size_t) n_fds * sizeof (int));
	}
	while (n >= 0 && n < (ssize_t) sizeof data - 1 &&
	       (more = read (c, data + n, sizeof data - 1 - (size_t) n)) > 0)
		n += more;
	printf ("%zd ", n);
	for (ssize_t i = 0; i < n; i++)
		putchar (data[i] == '\n' || data[i] == '\0' ? ' ' : data[i]);
	for (int i = 0; i < n_fds; i++)
		describe (fds[i]);
	putchar ('\n');
	fflush (stdout);
	close (c);
}

int
main (int argc, char **argv)
{
	int n = argc > 2 && strcmp (argv[1], "-n") == 0 ? atoi (argv[2]) : 1;
	int listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const char *path = argv[argc - 1];

	if (argc < 2 || strlen (path) >= sizeof a.sun_path)
		return 2;
	strcpy (a.sun_path, path);
	unlink (path);
	if (bind (listener, (struct sockaddr *) &a, sizeof a) || listen (listener, 16)) {
		perror (path);
		return 2;
	}
	fprintf (stderr, "ready\n");
	while (n-- > 0)
		receive (listener);
	unlink (path);
	return 0;
}
