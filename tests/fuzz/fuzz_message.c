/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two processes of a launch may hear from each other, if one of them has been taken over:
 * records of the channel, with and without a descriptor, and reports of init on a pipe. The first
 * byte of the input chooses.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "container/report.h"
#include "sync/chan.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
quiet (void *ctx, int level, const char *text)
{
	(void) ctx, (void) level;
	if (strlen (text) > 16384)
		abort ();
}

static void
send_record (int fd, const uint8_t *data, size_t size, int with_fd)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE (sizeof (int))];
	} control = { 0 };
	struct iovec iov = { (void *) (uintptr_t) data, size };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (with_fd >= 0) {
		mh.msg_control = control.buf;
		mh.msg_controllen = sizeof control.buf;
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		control.h.cmsg_len = CMSG_LEN (sizeof with_fd);
		memcpy (CMSG_DATA (&control.h), &with_fd, sizeof with_fd);
	}
	(void) !sendmsg (fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Records are divided by the byte after the choice. */
static void
channel (const uint8_t *data, size_t size, bool with_fd)
{
	const uint32_t mask = 1u << MSG_READY | 1u << MSG_CONSOLE | 1u << MSG_DONE;
	struct chan runtime, child;
	struct msg m;
	struct err e = { 0 };
	int fd, type;

	if (size == 0 || chan_pair (&runtime, &child, &e) < 0)
		return;
	for (size_t at = 1, n = 1 + data[0] * 20u; at < size; at += n)
		send_record (child.fd, data + at, size - at < n ? size - at : n, with_fd ? 0 : -1);
	chan_close (&child);
	while ((type = chan_receive (&runtime, mask, &m, &fd, &e)) >= 0) {
		if (!(mask & 1u << type) || !memchr (m.text, '\0', sizeof m.text))
			abort ();
		if (fd >= 0)
			close (fd);
	}
	if (e.len <= 0 && !e.num)
		abort ();
	chan_close (&runtime);
}

static void
reports (const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	int fds[2];

	if (size > 60000 || pipe (fds) < 0)
		return;
	(void) !write (fds[1], data, size);
	close (fds[1]);
	(void) report_receive (fds[0], -1, AT_FDCWD, &e);
	(void) err_full (&e);
	close (fds[0]);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	log_set_sink (quiet, NULL);
	if (size == 0)
		return 0;
	if (*data & 1)
		reports (data + 1, size - 1);
	else
		channel (data + 1, size - 1, *data & 2);
	return 0;
}
