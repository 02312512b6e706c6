/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * sd_notify(3) of the container, forwarded to whoever started us.
 *
 * create makes `<state>/notify/`, which is bind mounted read-only at NOTIFY_DIR, so that the
 * container can write to the socket but cannot replace it; run and start listen on
 * `<state>/notify/notify.sock` and pass the datagrams on to $NOTIFY_SOCKET: all of them, in their
 * order, with MAINPID translated to the host's pid, and a barrier with its descriptor. Left out is
 * what would reach beyond the container (FDSTORE=, FDSTOREREMOVE=, NOTIFYACCESS=, pids that cannot
 * be translated), any other descriptor, and datagrams of more than 8 KiB, as systemd does with more
 * than 4.
 */
#include <stdbool.h>
#include <sys/types.h>

struct arena;
struct container;
struct err;
struct plan;

int notify_make_directory (struct container *c, struct arena *a, const struct plan *plan,
			   const char **ret_path, struct err *e);
/* The socket, bound, CLOEXEC and non-blocking. Before the user's process runs. */
int notify_listen (const struct container *c, struct arena *a, struct err *e);
/*
 * What has come in. True if READY=1 was among it. Problems of a single message are not errors: the
 * container must not be able to stop us. `deaf`, false at first: the manager does not read.
 */
bool notify_forward (int fd, bool *deaf, const char *notify_socket, const struct container *c);
/* start, run --detach: until READY=1 or the container's end. */
int notify_forward_until_ready (int fd, const char *notify_socket, const struct container *c,
				int pidfd, struct err *e);

/*
 * Returns the length of what is in `out`, at most `size`: the lines of `in` that a container may
 * say, with every MAINPID replaced by `pid`; lines that do not fit are left out. Both are what a
 * process in the container chose.
 */
size_t notify_translate (const char *in, size_t len, pid_t pid, char *out, size_t size);
