/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/sock.h"
#include "terminal/terminal.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO ('T', 0x41) /* Linux 4.13 */
#endif
#define DEVPTS_PTMX_INO 2

/* An image can put anything there; the multiplexer of a devpts has this inode and this number. */
static int
check_ptmx (int fd, struct err *e)
{
	struct statfs sfs;
	struct stat st;

	if (fstatfs (fd, &sfs) < 0 || fstat (fd, &st) < 0)
		return err_set (e, errno, "stat /dev/pts/ptmx of the container");
	if (sfs.f_type != DEVPTS_SUPER_MAGIC || st.st_ino != DEVPTS_PTMX_INO ||
	    !S_ISCHR (st.st_mode) || st.st_rdev != makedev (5, 2))
		return err_set (
			e, 0,
			"process.terminal: /dev/pts/ptmx of the container is not that of a devpts: mount one on /dev/pts");
	return 0;
}

int
pty_open (struct pty *ret, unsigned short rows, unsigned short cols, uid_t uid, struct err *e)
{
	struct winsize ws = { .ws_row = rows, .ws_col = cols };
	autofd master = open ("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
	autofd slave = -1;
	int unlock = 0, n;

	if (master < 0)
		return err_set (
			e, errno == ENOENT ? 0 : errno,
			"process.terminal: /dev/pts/ptmx of the container cannot be opened: is devpts mounted on /dev/pts?");
	TRY (check_ptmx (master, e));
	if (ioctl (master, TIOCSPTLCK, &unlock) < 0 || ioctl (master, TIOCGPTN, &n) < 0)
		return err_set (e, errno, "unlock the container's terminal");
	/* Not by name: /dev/pts/N can be a link by the time that we open it (CVE-2025-52565). */
	slave = ioctl (master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_set (e, errno, "open the container's end of its terminal");
	if (rows && cols && ioctl (master, TIOCSWINSZ, &ws) < 0)
		return err_set (e, errno, "process.consoleSize: set %ux%u", cols, rows);
	if (uid != 0 && fchown (slave, uid, (gid_t) -1) < 0 && errno != EPERM && errno != EINVAL)
		return err_set (e, errno, "give the terminal to user %u", uid);
	snprintf (ret->name, sizeof ret->name, "/dev/pts/%d", n);
	ret->master = take_fd (&master);
	ret->slave = take_fd (&slave);
	return 0;
}

int
terminal_peer (int master)
{
	return ioctl (master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

int
pty_become (int slave, struct err *e)
{
	if (ioctl (slave, TIOCSCTTY, 0) < 0)
		return err_set (e, errno, "make the terminal the controlling one");
	for (int fd = 0; fd < 3; fd++)
		if (dup2 (slave, fd) < 0)
			return err_set (e, errno, "connect standard stream %d to the terminal", fd);
	close (slave);
	return 0;
}

int
console_connect (const char *path, struct err *e)
{
	int fd = sock_connect (path, e);

	return fd < 0 ? err_wrap (e, "--console-socket") : fd;
}

int
console_send (int sock, int master, const char *name, struct err *e)
{
	return sock_send_fd (sock, name, strlen (name), master, e) < 0
		       ? err_wrap (e, "--console-socket")
		       : 0;
}
