/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/chan.h"

const struct msg_info msg_infos[MSG_TYPES] = { [MSG_NONE] = { "NONE", UP, 0, MSG_NONE, "" },
#define X(name, way, fd, reply, what) [MSG_##name] = { #name, way, fd, MSG_##reply, what },
					       MESSAGES (X)
#undef X
};

int
chan_pair (struct chan *ret_runtime, struct chan *ret_child, struct err *e)
{
	int fds[2];

	if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_set (e, errno, "socketpair");
	*ret_runtime = (struct chan) { fds[0], DOWN, "the container's init", -1 };
	*ret_child = (struct chan) { fds[1], UP, "the runtime", -1 };
	return 0;
}

void
chan_close (struct chan *c)
{
	if (c->fd >= 0)
		close (c->fd);
	c->fd = -1;
}

int
chan_send_fd (struct chan *c, enum msg_type type, int32_t arg, const char *text, int fd,
	      struct err *e)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE (sizeof (int))];
	} control = { 0 };
	size_t len = text ? strnlen (text, MSG_TEXT_MAX - 1) : 0;
	uint32_t head[2] = { type, (uint32_t) arg };
	struct iovec iov[3] = { { head, sizeof head },
				{ (char *) (text ? text : ""), len },
				{ (char *) "", 1 } };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 3 };

	if (msg_infos[type].way != c->way || msg_infos[type].has_fd != (fd >= 0))
		return err_set (e, EPROTO, "message %s may not be sent by this side like that",
				msg_infos[type].name);
	if (fd >= 0) {
		mh.msg_control = control.buf;
		mh.msg_controllen = sizeof control.buf;
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		control.h.cmsg_len = CMSG_LEN (sizeof fd);
		memcpy (CMSG_DATA (&control.h), &fd, sizeof fd);
	}
	for (;;) {
		if (sendmsg (c->fd, &mh, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			break;
	}
	if (errno == EPIPE || errno == ECONNRESET) {
		struct msg m;

		return chan_receive (c, 0, &m, NULL, e); /* what the peer said before it died */
	}
	return err_set (e, errno, "send %s to %s", msg_infos[type].name, c->peer);
}

int
chan_send (struct chan *c, enum msg_type type, int32_t arg, const char *text, struct err *e)
{
	return chan_send_fd (c, type, arg, text, -1, e);
}

/* Blocks for one record. A death of the peer is seen even while others hold its end open. 0 is the
 * end. */
static ssize_t
receive_record (struct chan *c, struct msg *m, int *ret_fd, struct err *e)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE (sizeof (int))];
	} control;
	struct iovec iov = { m, sizeof *m - 1 };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof control.buf };
	struct pollfd p[2] = { { c->fd, POLLIN, 0 }, { c->peer_pidfd, POLLIN, 0 } };
	struct cmsghdr *h;
	ssize_t n;
	int fd;

	if (c->peer_pidfd >= 0) {
		while (poll (p, 2, -1) < 0)
			if (errno != EINTR)
				return err_set (e, errno, "wait for %s", c->peer);
		if (!p[0].revents) /* nothing in the socket, and the process is dead */
			return 0;
	}
	/* ECONNRESET says once that the peer died with messages of ours unread; its own last words
	 * are still queued behind. */
	do
		n = recvmsg (c->fd, &mh, MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return err_set (e, errno, "receive from %s", c->peer);
	h = CMSG_FIRSTHDR (&mh);
	if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS) {
		memcpy (&fd, CMSG_DATA (h), sizeof fd);
		if (ret_fd)
			*ret_fd = fd;
		else
			close (fd);
	}
	return n;
}

int
chan_receive (struct chan *c, uint32_t mask, struct msg *m, int *ret_fd, struct err *e)
{
	ssize_t n;

	for (;;) {
		if (ret_fd)
			*ret_fd = -1;
		n = receive_record (c, m, ret_fd, e);
		if (n < 0)
			return -1;
		if (n == 0)
			return err_set (e, 0, "%s died unexpectedly", c->peer);
		((char *) m)[n] = '\0';
		if ((size_t) n < offsetof (struct msg, text) || m->type >= MSG_TYPES ||
		    msg_infos[m->type].way == c->way)
			return err_set (e, EPROTO, "malformed message from %s", c->peer);
		if (m->type == MSG_LOG) {
			log_at (m->arg, "%s", m->text);
			continue;
		}
		if (m->type == MSG_ERROR)
			return err_set (e, m->arg, "%s",
					*m->text ? m->text : "an error without a text");
		if (!(mask & 1u << m->type))
			return err_set (e, EPROTO, "unexpected message %s from %s",
					msg_infos[m->type].name, c->peer);
		return (int) m->type;
	}
}

int
chan_expect (struct chan *c, enum msg_type type, int32_t *ret_arg, struct err *e)
{
	struct msg m;

	TRY (chan_receive (c, 1u << type, &m, NULL, e));
	if (ret_arg)
		*ret_arg = m.arg;
	return 0;
}

int
chan_call (struct chan *c, enum msg_type type, int32_t arg, struct err *e)
{
	TRY (chan_send (c, type, arg, NULL, e));
	return chan_expect (c, msg_infos[type].reply, NULL, e);
}

void
chan_send_error (struct chan *c, const struct err *e)
{
	struct err ignored;

	(void) chan_send (c, MSG_ERROR, e->num, e->text, &ignored);
}
