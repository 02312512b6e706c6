/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bus may send: first as one message, then as a stream that answers a call and ends a job.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "cgroup/systemd_bus.h"
#include "libocispec/arena.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
read_body (const struct dbus_message *m)
{
	struct dbus_in in = dbus_body (m, m->signature ? m->signature : "");

	while (!in.failed && in.pos < in.len)
		switch (in.buf[in.pos] & 3) {
		case 0: (void) dbus_get_u32 (&in); break;
		case 1: (void) dbus_get_byte (&in); break;
		case 2: (void) dbus_get_string (&in); break;
		default: (void) dbus_get_signature (&in);
		}
}

static void
read_stream (struct arena *a, const uint8_t *data, size_t size)
{
	struct bus b = { .arena = a, .where = "fuzz" };
	struct bus_reply reply;
	const char *result;
	struct err e;
	int fds[2];

	if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return;
	b.fd = fds[0];
	if (write (fds[1], data, size) == (ssize_t) size && shutdown (fds[1], SHUT_WR) == 0 &&
	    bus_try_call (&b, "GetUnit", NULL, NULL, &reply, &e) > 0)
		(void) bus_wait_job (&b, "/job", &result, &e);
	bus_close (&b);
	close (fds[1]);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct dbus_message m;
	char *copy = arena_memdup (&a, data, size);

	(void) dbus_message_length (copy, size);
	if (dbus_message_parse (copy, size, &m))
		read_body (&m);
	if (size <= 65536)
		read_stream (&a, data, size);
	arena_free (&a);
	return 0;
}
