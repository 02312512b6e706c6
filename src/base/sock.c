/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sock.h"

int
sock_connect (const char *path, struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	autofd sock = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	autofd dir = -1;
	const char *slash = strrchr (path, '/');

	if (sock < 0)
		return err_set (e, errno, "make a unix socket");
	if (strlen (path) < sizeof sa.sun_path) {
		memcpy (sa.sun_path, path, strlen (path));
	} else {
		char parent[4096];
		int n = slash ? (int) (slash - path) : 0;

		if (n >= (int) sizeof parent || n == 0)
			return err_set (e, ENAMETOOLONG, "connect to '%s'", path);
		memcpy (parent, path, (size_t) n);
		parent[n] = '\0';
		dir = open (parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return err_set (e, errno, "open '%s'", parent);
		n = snprintf (sa.sun_path, sizeof sa.sun_path, "/proc/self/fd/%d/%s", dir,
			      slash + 1);
		if (n >= (int) sizeof sa.sun_path)
			return err_set (e, ENAMETOOLONG, "connect to '%s'", path);
	}
	if (connect (sock, (struct sockaddr *) &sa, sizeof sa) < 0)
		return err_set (e, errno, "connect to '%s'", path);
	return take_fd (&sock);
}

int
sock_send_fd (int sock, const void *data, size_t len, int fd, struct err *e)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE (sizeof (int))];
	} control = { 0 };
	struct iovec iov = { (void *) (size_t) data, len };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof control.buf };

	control.h.cmsg_level = SOL_SOCKET;
	control.h.cmsg_type = SCM_RIGHTS;
	control.h.cmsg_len = CMSG_LEN (sizeof fd);
	memcpy (CMSG_DATA (&control.h), &fd, sizeof fd);
	while (sendmsg (sock, &mh, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return err_set (e, errno, "send a file descriptor");
	return 0;
}

ssize_t
sock_receive_fd (int sock, void *data, size_t len, int *ret_fd)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE (sizeof (int))];
	} control;
	struct iovec iov = { data, len };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof control.buf };
	const struct cmsghdr *h;
	ssize_t n;

	*ret_fd = -1;
	do
		n = recvmsg (sock, &mh, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	h = CMSG_FIRSTHDR (&mh);
	if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS)
		memcpy (ret_fd, CMSG_DATA (h), sizeof *ret_fd);
	return n;
}
