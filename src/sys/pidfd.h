/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A pidfd of any process, or -errno. Where pidfd_open is missing (Linux < 5.3, or a seccomp profile
 * that does not know it) it is /proc/PID: pidfd_send_signal takes that as well, it never means
 * another process either, but it can only be waited for by pidfd_wait and pidfd_poll.
 */
int pidfd_open (pid_t pid);
bool pidfd_open_is_missing (void);
/* poll(2), also with such ones among p. */
int pidfd_poll (struct pollfd *p, unsigned n, int timeout_ms);

/* Inode of a pidfd on pidfs: unique among all processes since boot (Linux 6.9). 0, or -errno;
 * -EOPNOTSUPP: this kernel has none. */
int pidfd_inode (int pidfd, uint64_t *ret);
/* The status as of wait(2) of a process that was reaped while we held the pidfd (Linux 6.15), or
 * -errno. */
int pidfd_exit_status (int pidfd, int *ret);
/* 1: the process has ended; 0: not within timeout_ms (-1: for ever). */
int pidfd_wait (int pidfd, int timeout_ms);
