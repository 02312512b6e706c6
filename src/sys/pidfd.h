/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <stdint.h>

/* Inode of a pidfd on pidfs: unique among all processes since boot (Linux 6.9). 0, or -errno;
 * -EOPNOTSUPP: this kernel has none. */
int pidfd_inode (int pidfd, uint64_t *ret);
/* The status as of wait(2) of a process that was reaped while we held the pidfd (Linux 6.15), or
 * -errno. */
int pidfd_exit_status (int pidfd, int *ret);
/* 1: the process has ended; 0: not within timeout_ms (-1: for ever). */
int pidfd_wait (int pidfd, int timeout_ms);
