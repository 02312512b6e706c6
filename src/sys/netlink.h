/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Netlink: one request in a buffer, one acknowledgement; answers and dumps. Everything returns
 * -errno. A socket belongs to the network namespace that it was opened in, wherever its owner goes
 * afterwards.
 */
#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#define NETLINK_REQUEST_MAX 512

struct netlink_request {
	union {
		struct nlmsghdr header;
		char bytes[NETLINK_REQUEST_MAX];
	};
	int full; /* an attribute did not fit: sending says -EMSGSIZE */
};

int netlink_open (int protocol); /* NETLINK_ROUTE, NETLINK_AUDIT; CLOEXEC */
/* Starts a request; `body` (struct ifinfomsg …) is copied behind the header. */
void netlink_begin (struct netlink_request *r, uint16_t type, uint16_t flags, const void *body,
		    size_t size);
void netlink_put (struct netlink_request *r, uint16_t attribute, const void *data, size_t size);
/* Sends it with NLM_F_ACK and waits for the answer: 0 or the kernel's -errno. */
int netlink_ask (int fd, struct netlink_request *r);
/* The same for a request whose body is a text of any length; its final NUL is sent as well. */
int netlink_ask_text (int fd, uint16_t type, const char *text);
/* Sends it and calls `each` for every answer until it returns non-zero, which is returned. */
int netlink_get (int fd, struct netlink_request *r,
		 int (*each) (const struct nlmsghdr *m, void *ctx), void *ctx);
/* Sends it with NLM_F_DUMP and calls `each` for every message until it returns non-zero, which is
 * returned; 0 at the end. */
int netlink_dump (int fd, struct netlink_request *r,
		  int (*each) (const struct nlmsghdr *m, void *ctx), void *ctx);
/* Attributes of a message with a body of `size` bytes, by type below `n`; those that are absent are
 * NULL. */
void netlink_attributes (const struct nlmsghdr *m, size_t size, const struct rtattr **ret,
			 size_t n);
