/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Pseudo terminals. */
#include <stdbool.h>
#include <sys/types.h>

struct err;

struct pty {
	int master; /* of the container's devpts */
	int slave;
	char name[32]; /* "/dev/pts/0" */
};

/*
 * Init, after pivot: open /dev/pts/ptmx of the container (checked: devpts, inode 2, 5:2), unlock,
 * slave by TIOCGPTPEER (Linux 4.13; CVE-2025-52565), window size, owner = uid.
 */
int pty_open (struct pty *ret, unsigned short rows, unsigned short cols, uid_t uid, struct err *e);
/* The other end of a terminal, whoever has it open. fd, or -1. */
int terminal_peer (int master);
/* Init: new session is there already; make the slave the controlling terminal and fds 0-2. */
int pty_become (int slave, struct err *e);
/* Runtime: connect to --console-socket before anything is created; send one fd with the name of the
 * pty as data. */
int console_connect (const char *path, struct err *e);
int console_send (int sock, int master, const char *name, struct err *e);

/*
 * Foreground: the caller's terminal goes raw, bytes are copied both ways, SIGWINCH sets the
 * container's size, and the rest of the signals are forwarded, until `pidfd` ends. Also used
 * without a terminal (master = -1): then only signals (but for SIGWINCH of the caller's terminal,
 * which is not the container's) and notify. One epoll/signalfd loop; no
 * sleeps. Restores the terminal on every way out.
 */
struct relay {
	int pidfd;
	int master; /* -1: no terminal */
	bool (*forward) (void *ctx,
			 int sig); /* a signal for the container; default: pidfd_send_signal */
	void *ctx;
	int extra_fd; /* polled for input as well, or -1: the notification socket */
	int (*on_extra) (void *ctx, int fd);
};
void terminal_copy_size (int from, int to); /* the window's, if `from` is a terminal */
int relay_block_signals (
	void); /* before the child exists, so that none is lost; returns the signalfd */
int relay_run (const struct relay *r, int signal_fd,
	       struct err *e); /* returns when the process has ended */
