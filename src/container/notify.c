/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/sock.h"
#include "container/container.h"
#include "container/notify.h"
#include "libocispec/arena.h"
#include "plan/plan.h"
#include "sys/pidfd.h"

#define NOTIFY_MAX  8192
#define FORWARD_MAX 1024 /* more than fit into a socket */
#define DEAF_MS	    500
#define ROOM_FDS    2 /* CMSG_SPACE of one has room for two */

int
notify_make_directory (struct container *c, struct arena *a, const struct plan *plan,
		       const char **ret_path, struct err *e)
{
	int fd;

	/* Only root of the container needs to pass; other users of the host cannot, the state
	 * directory is 0700. */
	if (mkdirat (c->dir_fd, "notify", 0755) < 0 && errno != EEXIST)
		return err_set (e, errno, "make the directory of the notification socket");
	if (plan->cgroup.delegate_uid != (uid_t) -1 &&
	    fchownat (c->dir_fd, "notify", plan->cgroup.delegate_uid, plan->cgroup.delegate_gid,
		      0) < 0)
		return err_set (e, errno,
				"give the directory of the notification socket to the container");
	/* By a descriptor of its own: init does not keep the state directory, and may not be able
	 * to pass it. Closed with the process. */
	fd = openat (c->dir_fd, "notify", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_set (e, errno, "open the directory of the notification socket");
	*ret_path = arena_printf (a, "/proc/self/fd/%d", fd);
	return 0;
}

int
notify_listen (const struct container *c, struct arena *a, struct err *e)
{
	char *path = arena_printf (a, "/proc/self/fd/%d/notify/notify.sock", c->dir_fd);
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_set (e, errno, "make the notification socket");
	memcpy (sa.sun_path, path, strlen (path) + 1);
	(void) unlink (path);
	if (bind (fd, (struct sockaddr *) &sa, sizeof sa) < 0 || chmod (path, 0777) < 0) {
		err_set (e, errno, "bind the notification socket of container '%s'", c->id);
		close (fd);
		return -1;
	}
	return fd;
}

/* One line, if there is room for it: the container decides how many there are. */
static void
append (char *out, size_t *n, size_t size, const char *line, size_t len)
{
	if (*n + len + 1 > size)
		return;
	memcpy (out + *n, line, len);
	*n += len;
	out[(*n)++] = '\n';
}

static bool
names (const char *line, size_t len, const char *variable)
{
	size_t n = strlen (variable);

	return len > n && memcmp (line, variable, n) == 0 && line[n] == '=';
}

/*
 * What is not for a container to say: descriptors kept for the unit (none of its own are passed
 * on), who else may speak for it, and pids in a form that is not translated. A barrier among other
 * lines is none.
 */
static bool
is_withheld (const char *line, size_t len)
{
	static const char *const variables[] = { "FDSTORE",	"FDSTOREREMOVE", "FDNAME",
						 "FDPOLL",	"NOTIFYACCESS",	 "MAINPIDFD",
						 "MAINPIDFDID", "BARRIER" };

	for (size_t i = 0; i < ARRAY_SIZE (variables); i++)
		if (names (line, len, variables[i]))
			return true;
	return false;
}

/* The datagram with any MAINPID replaced by init's pid on the host; other lines as they are. */
size_t
notify_translate (const char *in, size_t len, pid_t pid, char *out, size_t size)
{
	char main_pid[32];
	size_t n = 0;

	(void) snprintf (main_pid, sizeof main_pid, "MAINPID=%d", (int) pid);
	for (size_t i = 0; i < len;) {
		const char *end = memchr (in + i, '\n', len - i);
		size_t line = end ? (size_t) (end - (in + i)) : len - i;

		if (names (in + i, line, "MAINPID"))
			append (out, &n, size, main_pid, strlen (main_pid));
		else if (!is_withheld (in + i, line))
			append (out, &n, size, in + i, line);
		i += line + 1;
	}
	return n;
}

/* ---- to the manager */

struct manager {
	int fd;	   /* connected, or -1: it is not there (any more) */
	bool deaf; /* it did not read for so long that it is not waited for, until it reads again */
};

static struct manager
manager_connect (const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct manager m = { -1, false };
	size_t n = strlen (path);

	if (n >= sizeof sa.sun_path)
		return m;
	memcpy (sa.sun_path, path, n);
	if (path[0] == '@')
		sa.sun_path[0] = '\0';
	m.fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (m.fd >= 0 && connect (m.fd, (struct sockaddr *) &sa,
				  (socklen_t) (offsetof (struct sockaddr_un, sun_path) + n)) < 0)
		close (take_fd (&m.fd));
	return m;
}

/* A queue that is full is waited for, so that nothing is lost in a burst; a manager that does not
 * read at all must not stop us. */
static void
manager_send (struct manager *m, const char *text, size_t len, int barrier)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE (sizeof (int))];
	} control = { 0 };
	struct iovec iov = { (char *) text, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct pollfd p = { m->fd, POLLOUT, 0 };

	if (m->fd < 0)
		return;
	if (barrier >= 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN (sizeof (int));
		memcpy (CMSG_DATA (&control.header), &barrier, sizeof (int));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof control;
	}
	while (sendmsg (m->fd, &msg, MSG_NOSIGNAL) < 0) {
		if (errno != EAGAIN || m->deaf)
			return;
		m->deaf = poll (&p, 1, DEAF_MS) == 0;
	}
	m->deaf = false;
}

/* ---- from the container */

static bool
has_line (const char *text, const char *line)
{
	size_t len = strlen (line);

	for (const char *p = text; (p = strstr (p, line)) != NULL; p += len)
		if ((p == text || p[-1] == '\n') && (p[len] == '\0' || p[len] == '\n'))
			return true;
	return false;
}

/* The descriptor that came along, if it is one. What does not fit was closed by the kernel. */
static int
taken_fd (struct msghdr *m)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR (m);
	int fds[ROOM_FDS];
	size_t n = 0;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		n = (c->cmsg_len - CMSG_LEN (0)) / sizeof (int);
		memcpy (fds, CMSG_DATA (c), n * sizeof (int));
	}
	if (n == 1)
		return fds[0];
	for (size_t i = 0; i < n; i++)
		close (fds[i]);
	return -1;
}

/* One datagram and its descriptor. -1: there was none. Its length is 0 if it is too long: what was
 * cut off could change what a line means. */
static ssize_t
receive (int fd, char in[NOTIFY_MAX + 1], int *ret_fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE (ROOM_FDS * sizeof (int))];
	} control;
	struct iovec iov = { in, NOTIFY_MAX };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof control };
	ssize_t n = recvmsg (fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*ret_fd = n < 0 ? -1 : taken_fd (&m);
	if (n < 0)
		return -1;
	in[m.msg_flags & MSG_TRUNC ? 0 : n] = '\0';
	return (ssize_t) strlen (in);
}

/*
 * A barrier is a descriptor that the manager closes when it has dealt with all that came before,
 * and so it has to be the manager that gets it. Only the end of a pipe, which is what it is:
 * closing a file of the container's choice could take for ever.
 */
static bool
is_barrier (const char *in, int fd)
{
	struct stat st;

	return (streq (in, "BARRIER=1") || streq (in, "BARRIER=1\n")) && fd >= 0 &&
	       fstat (fd, &st) == 0 && S_ISFIFO (st.st_mode);
}

/* -1: there was none. 1: it said READY=1. */
static int
forward_one (int fd, struct manager *manager, const struct container *c)
{
	char in[NOTIFY_MAX + 1], out[NOTIFY_MAX + 64];
	autofd with = -1;
	ssize_t n = receive (fd, in, &with);

	if (n < 0)
		return -1;
	if (is_barrier (in, with)) {
		manager_send (manager, in, (size_t) n, with);
		return 0;
	}
	n = (ssize_t) notify_translate (in, (size_t) n, (pid_t) c->st.pid, out, sizeof out);
	if (n > 0)
		manager_send (manager, out, (size_t) n, -1);
	return has_line (in, "READY=1");
}

bool
notify_forward (int fd, bool *deaf, const char *notify_socket, const struct container *c)
{
	struct manager manager = manager_connect (notify_socket);
	bool ready = false;
	int r = 0;

	manager.deaf = *deaf;

	/* Bounded, since the container can send without end. */
	for (int i = 0; i < FORWARD_MAX && r >= 0; i++) {
		r = forward_one (fd, &manager, c);
		ready |= r > 0;
	}
	*deaf = manager.deaf;
	if (manager.fd >= 0)
		close (manager.fd);
	return ready;
}

int
notify_forward_until_ready (int fd, const char *notify_socket, const struct container *c, int pidfd,
			    struct err *e)
{
	struct pollfd p[2] = { { fd, POLLIN, 0 }, { pidfd, POLLIN, 0 } };
	struct manager manager;
	bool deaf = false;
	char text[32];

	for (;;) {
		while (pidfd_poll (p, 2, -1) < 0)
			if (errno != EINTR)
				return err_set (e, errno,
						"wait for the container to report readiness");
		if (p[0].revents && notify_forward (fd, &deaf, notify_socket, c))
			break;
		if (p[1].revents && !p[0].revents)
			return err_set (e, 0, "the container ended before it reported readiness");
	}
	/* We leave; the service is the container. */
	(void) snprintf (text, sizeof text, "MAINPID=%d", (int) c->st.pid);
	manager = manager_connect (notify_socket);
	manager_send (&manager, text, strlen (text), -1);
	if (manager.fd >= 0)
		close (manager.fd);
	return 0;
}
