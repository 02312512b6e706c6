/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <stdbool.h>

struct err;
/*
 * Read what init reports on `fd` (FIFO or channel) after it was told to start: 0 once the user's
 * process runs. `pidfd` (or -1) ends the wait when init dies while somebody else holds the FIFO
 * open; any descriptor that becomes readable does (run: interrupt_fd). `ended`: the end of `fd` was
 * seen already. `dir_fd`, the state directory, helps to say why it died.
 */
int report_receive (int fd, bool ended, int pidfd, int dir_fd, struct err *e);
