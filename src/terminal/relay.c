/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop of a foreground run: terminal, signals, notifications. Static buffers: it may live for
 * years. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sys/pidfd.h"
#include "sys/syscalls.h"
#include "terminal/terminal.h"

/* One direction: what was read and is not written yet. Full means that nothing more is read
 * (back-pressure). */
struct flow {
	int from, to;
	char buf[16384];
	size_t start, end;
	bool eof;
};

#define TTY_MAX (1u << 20)

int
relay_block_signals (void)
{
	sigset_t all;
	int fd;

	sigfillset (&all);
	/* Faults are ours, and these cannot be had by signalfd. */
	sigdelset (&all, SIGSEGV);
	sigdelset (&all, SIGBUS);
	sigdelset (&all, SIGILL);
	sigdelset (&all, SIGFPE);
	sigdelset (&all, SIGCHLD); /* the pidfd tells */
	sigdelset (&all, SIGTTOU);
	sigdelset (&all, SIGTTIN);
	sigdelset (&all,
		   SIGTSTP); /* ^Z without a terminal of the container stops us, as it should */
	if (sigprocmask (SIG_BLOCK, &all, NULL) < 0)
		return -1;
	fd = signalfd (-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) /* better ended by them than deaf */
		(void) sigprocmask (SIG_UNBLOCK, &all, NULL);
	return fd;
}

void
terminal_copy_size (int from, int to)
{
	struct winsize ws;

	if (ioctl (from, TIOCGWINSZ, &ws) == 0)
		(void) ioctl (to, TIOCSWINSZ, &ws);
}

static void
handle_signals (const struct relay *r, int signal_fd)
{
	struct signalfd_siginfo si;

	while (read (signal_fd, &si, sizeof si) == sizeof si) {
		int sig = (int) si.ssi_signo;

		if (sig == SIGWINCH && r->master >= 0)
			terminal_copy_size (0, r->master);
		else if (sig == SIGURG || sig == SIGPIPE ||
			 (sig == SIGWINCH && si.ssi_code == SI_KERNEL))
			continue; /* of our own making; of a terminal that the container has not,
				     where httpd takes it as the order to end */
		else if (r->forward)
			(void) r->forward (r->ctx, sig);
		else
			(void) sys_pidfd_send_signal (r->pidfd, sig);
	}
}

static void
fill (struct flow *f)
{
	ssize_t n = read (f->from, f->buf + f->end, sizeof f->buf - f->end);

	if (n > 0)
		f->end += (size_t) n;
	else if (n == 0 ||
		 (errno != EAGAIN && errno != EINTR)) /* EIO: the last one closed the slave */
		f->eof = true;
}

/*
 * Standard output is the caller's, so it is not ours to make non-blocking: poll has said that there
 * is room, for a pipe that means PIPE_BUF. More could block us, and with us the signals.
 */
static void
empty (struct flow *f)
{
	ssize_t n = write (f->to, f->buf + f->start, MIN (f->end - f->start, (size_t) PIPE_BUF));

	if (n > 0)
		f->start += (size_t) n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		f->start = f->end; /* nobody reads it any more; the container need not stand still
				      for that */
	if (f->start == f->end)
		f->start = f->end = 0;
}

static void
pump (struct flow *f, bool readable, bool writable)
{
	if (readable && f->end < sizeof f->buf)
		fill (f);
	if (writable && f->end > f->start)
		empty (f);
}

static bool
has_input (int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll (&p, 1, 0) > 0;
}

/* Room to write. False: a signal came instead, which after the process's end is meant for us. */
static bool
has_room (int fd, int signal_fd)
{
	struct pollfd p[2] = { { fd, POLLOUT, 0 }, { signal_fd, POLLIN, 0 } };
	struct signalfd_siginfo si;

	while (poll (p, 2, -1) >= 0 || errno == EINTR) {
		if (p[0].revents)
			return true;
		if (p[1].revents && read (signal_fd, &si, sizeof si) == sizeof si &&
		    (si.ssi_signo == SIGTERM || si.ssi_signo == SIGINT || si.ssi_signo == SIGHUP ||
		     si.ssi_signo == SIGQUIT))
			return false;
	}
	return false;
}

/*
 * What the process wrote last is still in the terminal when its pidfd says that it has ended. Not
 * more than a terminal holds: somebody whom it left behind may go on writing. A reader may take his
 * time, as with any program whose output is piped somewhere.
 */
static void
drain (struct flow *out, int signal_fd)
{
	size_t left = TTY_MAX;

	for (;;) {
		while (out->end > out->start) {
			if (!has_room (out->to, signal_fd))
				return;
			empty (out);
		}
		if (out->eof || left == 0 || !has_input (out->from))
			return;
		fill (out);
		left -= MIN (left, out->end);
	}
}

static int
loop (const struct relay *r, int signal_fd, struct err *e)
{
	static LARGE struct flow in, out; /* not initialised as a whole: pages that nobody uses */

	in.to = out.from = r->master;
	out.to = 1;
	in.eof = out.eof = r->master < 0;
	for (;;) {
		struct pollfd p[7] = {
			{ r->pidfd, POLLIN, 0 },
			{ signal_fd, POLLIN, 0 },
			{ r->extra_fd, POLLIN, 0 },
			{ in.eof || in.end == sizeof in.buf ? -1 : 0, POLLIN, 0 },
			{ in.end > in.start ? r->master : -1, POLLOUT, 0 },
			{ out.eof || out.end == sizeof out.buf ? -1 : r->master, POLLIN, 0 },
			{ out.end > out.start ? 1 : -1, POLLOUT, 0 },
		};

		if (poll (p, 7, -1) < 0 && errno != EINTR)
			return err_set (e, errno, "wait for the container's process");
		if (p[1].revents)
			handle_signals (r, signal_fd);
		if (p[2].revents && r->on_extra)
			(void) r->on_extra (r->ctx, r->extra_fd);
		if (p[3].revents || p[4].revents)
			pump (&in, p[3].revents, p[4].revents);
		if (p[5].revents || p[6].revents)
			pump (&out, p[5].revents, p[6].revents);
		if (p[0].revents) {
			if (r->master >= 0)
				drain (&out, signal_fd);
			if (r->extra_fd >= 0 && r->on_extra) /* its last words */
				(void) r->on_extra (r->ctx, r->extra_fd);
			return 0;
		}
	}
}

int
relay_run (const struct relay *r, int signal_fd, struct err *e)
{
	struct termios before, raw;
	bool terminal = r->master >= 0 && tcgetattr (0, &before) == 0;
	/* A terminal that nobody in the container has open for a moment (systemd opens its console
	 * to write) must not hang up on us. */
	autofd peer = r->master >= 0 ? terminal_peer (r->master) : -1;
	int result;

	(void) peer; /* only held */
	if (r->master >= 0) {
		terminal_copy_size (0, r->master);
		(void) fcntl (r->master, F_SETFL, O_NONBLOCK);
	}
	if (terminal) {
		raw = before;
		cfmakeraw (&raw);
		raw.c_oflag |= OPOST; /* our own messages still go to a line of their own */
		(void) tcsetattr (0, TCSANOW, &raw);
	}
	result = loop (r, signal_fd, e);
	if (terminal)
		(void) tcsetattr (0, TCSANOW, &before);
	return result;
}
