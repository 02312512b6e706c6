/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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

#define NOTIFY_MAX  8192
#define FORWARD_MAX 1024 /* more than fit into a socket */

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

		if (line > 8 && memcmp (in + i, "MAINPID=", 8) == 0)
			append (out, &n, size, main_pid, strlen (main_pid));
		else
			append (out, &n, size, in + i, line);
		i += line + 1;
	}
	return n;
}

static void
send_to_manager (const char *path, const char *text, size_t len)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t n = strlen (path);
	autofd fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || n >= sizeof sa.sun_path)
		return;
	memcpy (sa.sun_path, path, n);
	if (path[0] == '@')
		sa.sun_path[0] = '\0';
	/* A manager that does not read must not stop us. */
	(void) sendto (fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *) &sa,
		       (socklen_t) (offsetof (struct sockaddr_un, sun_path) + n));
}

static bool
has_line (const char *text, const char *line)
{
	size_t len = strlen (line);

	for (const char *p = text; (p = strstr (p, line)) != NULL; p += len)
		if ((p == text || p[-1] == '\n') && (p[len] == '\0' || p[len] == '\n'))
			return true;
	return false;
}

/* One datagram. -1: there was none. 1: it said READY=1. */
static int
forward_one (int fd, const char *notify_socket, const struct container *c)
{
	char in[NOTIFY_MAX + 1], out[NOTIFY_MAX + 64];
	ssize_t n = recv (fd, in, NOTIFY_MAX, MSG_DONTWAIT);

	if (n < 0)
		return -1;
	in[n] = '\0';
	/* A barrier is a descriptor that the receiver closes: ours is closed by now, since recv
	 * takes none. */
	if (n == 0 || has_line (in, "BARRIER=1"))
		return 0;
	n = (ssize_t) notify_translate (in, (size_t) n, (pid_t) c->st.pid, out, sizeof out);
	send_to_manager (notify_socket, out, (size_t) n);
	return has_line (in, "READY=1");
}

bool
notify_forward (int fd, const char *notify_socket, const struct container *c)
{
	bool ready = false;
	int r = 0;

	/* Bounded, since the container can send without end. */
	for (int i = 0; i < FORWARD_MAX && r >= 0; i++) {
		r = forward_one (fd, notify_socket, c);
		ready |= r > 0;
	}
	return ready;
}

int
notify_forward_until_ready (int fd, const char *notify_socket, const struct container *c, int pidfd,
			    struct err *e)
{
	struct pollfd p[2] = { { fd, POLLIN, 0 }, { pidfd, POLLIN, 0 } };
	char text[32];

	for (;;) {
		while (poll (p, 2, -1) < 0)
			if (errno != EINTR)
				return err_set (e, errno,
						"wait for the container to report readiness");
		if (p[0].revents && notify_forward (fd, notify_socket, c))
			break;
		if (p[1].revents && !p[0].revents)
			return err_set (e, 0, "the container ended before it reported readiness");
	}
	/* We leave; the service is the container. */
	(void) snprintf (text, sizeof text, "MAINPID=%d", (int) c->st.pid);
	send_to_manager (notify_socket, text, strlen (text));
	return 0;
}
