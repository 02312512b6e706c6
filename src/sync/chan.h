/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One end of the channel. Success is always a message; EOF alone is always a death; every wait also
 * watches the peer's pidfd where one is known (a grandchild may hold the socket open).
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sync/msg.h"

struct err;

struct chan {
	int fd;		  /* SOCK_SEQPACKET, CLOEXEC */
	enum msg_way way; /* what this end sends */
	const char *peer; /* "init", "stage", "the runtime": for messages */
	int peer_pidfd;	  /* -1: not known */
};

/* Makes both ends. The child closes `ret_runtime` and the runtime closes `ret_child` after the
 * clone. */
int chan_pair (struct chan *ret_runtime, struct chan *ret_child, struct err *e);
void chan_close (struct chan *c);

int chan_send (struct chan *c, enum msg_type type, int32_t arg, const char *text, struct err *e);
int chan_send_fd (struct chan *c, enum msg_type type, int32_t arg, const char *text, int fd,
		  struct err *e);
/*
 * The next message of one of the types in `mask` (bits 1 << MSG_X). LOG is passed to the log on the
 * way; ERROR and EOF become `e`; anything else is a bug and named. Fills *m; *ret_fd gets the fd of
 * those that carry one (CLOEXEC). Returns the type.
 */
int chan_receive (struct chan *c, uint32_t mask, struct msg *m, int *ret_fd, struct err *e);
/* One type, only its arg wanted (or NULL). */
int chan_expect (struct chan *c, enum msg_type type, int32_t *ret_arg, struct err *e);
/* Send, then wait for the reply that the table names. */
int chan_call (struct chan *c, enum msg_type type, int32_t arg, struct err *e);
/* Last words of a child: ERROR with e, then the caller exits. Never fails. */
void chan_send_error (struct chan *c, const struct err *e);
