/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
static volatile sig_atomic_t caught;
static volatile sig_atomic_t channel = -1;
static int listener = -1;

static void
on_signal (int sig)
{
	int saved = errno;

	caught = sig;
	if (channel >= 0)
		(void) shutdown (channel, SHUT_RDWR);
	errno = saved;
}

void
interrupt_arm (void)
{
	const struct sigaction ours = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction old;

	for (size_t i = 0; i < ARRAY_SIZE (signals); i++)
		if (sigaction (signals[i], &ours, &old) == 0 && old.sa_handler == SIG_IGN)
			(void) sigaction (signals[i], &old, NULL);
}

void
interrupt_channel (int fd)
{
	channel = fd;
	if (caught && fd >= 0)
		(void) shutdown (fd, SHUT_RDWR);
}

void
interrupt_disarm (void)
{
	struct sigaction now;

	channel = -1;
	for (size_t i = 0; i < ARRAY_SIZE (signals); i++)
		if (sigaction (signals[i], NULL, &now) == 0 && now.sa_handler == on_signal)
			(void) signal (signals[i], SIG_DFL);
}

void
interrupt_listen (void)
{
	struct sigaction now;
	sigset_t ours;

	if (listener >= 0)
		return;
	/* A blocked signal is queued although it is ignored. */
	sigemptyset (&ours);
	for (size_t i = 0; i < ARRAY_SIZE (signals); i++)
		if (sigaction (signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset (&ours, signals[i]);
	listener = signalfd (-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
interrupt_fd (void)
{
	return listener;
}

static void
read_listener (void)
{
	struct signalfd_siginfo si;

	while (listener >= 0 && read (listener, &si, sizeof si) == sizeof si)
		caught = (int) si.ssi_signo;
}

void
interrupt_forget (void)
{
	read_listener ();
	caught = 0;
}

int
interrupt_check (struct err *e)
{
	read_listener ();
	return caught ? err_set (e, 0, "ended by signal %d", (int) caught) : 0;
}
