/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/netlink.h"

#define ANSWER_MAX 32768 /* what the kernel fills at most, NLMSG_GOODSIZE upwards */

int
netlink_open (int protocol)
{
	int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	return fd < 0 ? -errno : fd;
}

void
netlink_begin (struct netlink_request *r, uint16_t type, uint16_t flags, const void *body,
	       size_t size)
{
	memset (r, 0, sizeof *r);
	r->header.nlmsg_type = type;
	r->header.nlmsg_flags = NLM_F_REQUEST | flags;
	r->header.nlmsg_len = (uint32_t) NLMSG_LENGTH (size);
	memcpy (NLMSG_DATA (&r->header), body, size);
}

void
netlink_put (struct netlink_request *r, uint16_t attribute, const void *data, size_t size)
{
	size_t at = NLMSG_ALIGN (r->header.nlmsg_len);
	struct rtattr a = { (unsigned short) RTA_LENGTH (size), attribute };

	if (at + RTA_SPACE (size) > sizeof r->bytes) {
		r->full = 1;
		return;
	}
	memcpy (r->bytes + at, &a, sizeof a);
	memcpy (r->bytes + at + RTA_LENGTH (0), data, size);
	r->header.nlmsg_len = (uint32_t) (at + RTA_LENGTH (size));
}

static int
send_request (int fd, struct netlink_request *r)
{
	if (r->full)
		return -EMSGSIZE;
	r->header.nlmsg_seq++;
	return send (fd, r->bytes, r->header.nlmsg_len, 0) < 0 ? -errno : 0;
}

static ssize_t
receive (int fd, char *buf, size_t size)
{
	ssize_t n;

	do
		n = recv (fd, buf, size, MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t) n > size ? -EMSGSIZE : n;
}

/* 1: go on; else the end, in *ret. */
static int
read_answer (const char *buf, size_t len, uint32_t seq,
	     int (*each) (const struct nlmsghdr *m, void *ctx), void *ctx, int *ret)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *) (const void *) buf;

	for (; NLMSG_OK (m, len); m = NLMSG_NEXT (m, len)) {
		if (m->nlmsg_seq != seq)
			continue;
		if (m->nlmsg_type == NLMSG_ERROR) {
			*ret = ((const struct nlmsgerr *) NLMSG_DATA (m))->error;
			return 0;
		}
		if (m->nlmsg_type == NLMSG_DONE) {
			*ret = 0;
			return 0;
		}
		*ret = each ? each (m, ctx) : 0;
		if (*ret)
			return 0;
	}
	return 1;
}

static int
await (int fd, uint32_t seq, int (*each) (const struct nlmsghdr *m, void *ctx), void *ctx)
{
	char buf[ANSWER_MAX] __attribute__ ((aligned (NLMSG_ALIGNTO)));
	int result = 0;
	ssize_t n;

	do {
		n = receive (fd, buf, sizeof buf);
		if (n < 0)
			return (int) n;
	} while (read_answer (buf, (size_t) n, seq, each, ctx, &result));
	return result;
}

int
netlink_get (int fd, struct netlink_request *r, int (*each) (const struct nlmsghdr *m, void *ctx),
	     void *ctx)
{
	int result = send_request (fd, r);

	return result < 0 ? result : await (fd, r->header.nlmsg_seq, each, ctx);
}

int
netlink_ask_text (int fd, uint16_t type, const char *text)
{
	struct nlmsghdr header = { .nlmsg_len = (uint32_t) NLMSG_LENGTH (strlen (text) + 1),
				   .nlmsg_type = type,
				   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK };
	struct iovec parts[] = { { &header, NLMSG_HDRLEN }, { (char *) text, strlen (text) + 1 } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };

	return sendmsg (fd, &m, 0) < 0 ? -errno : await (fd, header.nlmsg_seq, NULL, NULL);
}

int
netlink_ask (int fd, struct netlink_request *r)
{
	r->header.nlmsg_flags |= NLM_F_ACK;
	return netlink_get (fd, r, NULL, NULL);
}

int
netlink_dump (int fd, struct netlink_request *r, int (*each) (const struct nlmsghdr *m, void *ctx),
	      void *ctx)
{
	r->header.nlmsg_flags |= NLM_F_DUMP;
	return netlink_get (fd, r, each, ctx);
}

void
netlink_attributes (const struct nlmsghdr *m, size_t size, const struct rtattr **ret, size_t n)
{
	const char *at = (const char *) m + NLMSG_LENGTH (NLMSG_ALIGN (size));
	size_t len = m->nlmsg_len > NLMSG_LENGTH (NLMSG_ALIGN (size))
			     ? m->nlmsg_len - NLMSG_LENGTH (NLMSG_ALIGN (size))
			     : 0;

	for (size_t i = 0; i < n; i++)
		ret[i] = NULL;
	while (len >= sizeof (struct rtattr)) {
		const struct rtattr *a = (const struct rtattr *) (const void *) at;

		if (a->rta_len < sizeof *a || a->rta_len > len)
			return;
		if ((a->rta_type & NLA_TYPE_MASK) < n)
			ret[a->rta_type & NLA_TYPE_MASK] = a;
		if (RTA_ALIGN (a->rta_len) >= len)
			return;
		at += RTA_ALIGN (a->rta_len);
		len -= RTA_ALIGN (a->rta_len);
	}
}
