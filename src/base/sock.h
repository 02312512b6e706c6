/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Unix sockets: connecting to long paths, passing file descriptors. */
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* A connected SOCK_STREAM, CLOEXEC. Paths beyond sun_path's 107 bytes go through /proc/self/fd. */
int sock_connect (const char *path, struct err *e);
/* One sendmsg with `len` bytes and one fd. */
int sock_send_fd (int sock, const void *data, size_t len, int fd, struct err *e);
/* Its counterpart: one record, and the fd that came with it (CLOEXEC), or -1. Returns the length, 0
 * at the end, or -errno. */
ssize_t sock_receive_fd (int sock, void *data, size_t len, int *ret_fd);
