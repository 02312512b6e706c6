/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A connection to the manager of systemd, as long as one command needs it.
 *
 * Root speaks with the system's manager over the system bus, others with that of their user over
 * theirs. Where there is no bus, systemd's own socket serves as well: the same messages, but nobody
 * to greet, and signals come unasked.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cgroup/dbus.h"
#include "libocispec/arena.h"

struct err;

struct bus_job {
	const char *path, *result;
};

struct bus {
	struct arena *arena;
	int fd;
	bool direct;	   /* systemd's own socket */
	const char *where; /* path of the socket */
	uint32_t serial;
	char *in; /* received; the first `handled` bytes are done with */
	size_t in_len, in_size, handled;
	VEC (struct bus_job) jobs; /* that have ended */
};

/* What systemd answered. Strings are in the arena of the bus. */
struct bus_reply {
	struct dbus_message message;
	const char *error, *text; /* name and words of an error; NULL: none */
};

/* What bus_close has nothing to do for. */
#define BUS_NONE         \
	{                \
		.fd = -1 \
	}

/* Whose manager: by who we are. A user namespace made us root of nothing: still the user's. */
bool bus_is_user (void);
int bus_open (struct arena *a, bool user, struct bus *ret, struct err *e);
void bus_close (struct bus *b);

/*
 * A method of org.freedesktop.systemd1.Manager. 1: done; 0: systemd says no, ret->error is why; -1:
 * the connection is of no more use. `body` may be NULL.
 */
int bus_try_call (struct bus *b, const char *method, const char *signature,
		  const struct dbus_out *body, struct bus_reply *ret, struct err *e);
/* The same, for calls whose answer does not matter. They are done in the order of sending. */
int bus_tell (struct bus *b, const char *method, const char *signature, const struct dbus_out *body,
	      struct err *e);

/* Before a job is asked for: so that its end is not missed. */
int bus_watch_jobs (struct bus *b, const char *unit, struct err *e);
/* The result of a job that a call returned: "done", "failed", "canceled" … */
int bus_wait_job (struct bus *b, const char *job, const char **ret_result, struct err *e);
