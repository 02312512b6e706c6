/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

/* The kernel's numbers: libc keeps the first real-time signals for itself and moves SIGRTMIN. */
#define KERNEL_RTMIN 32
#define LIBC_RTMIN   34
#define KERNEL_RTMAX 64

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "HUP", SIGHUP },   { "INT", SIGINT },	    { "QUIT", SIGQUIT }, { "ILL", SIGILL },
	{ "TRAP", SIGTRAP }, { "ABRT", SIGABRT },   { "IOT", SIGIOT },	 { "BUS", SIGBUS },
	{ "FPE", SIGFPE },   { "KILL", SIGKILL },   { "USR1", SIGUSR1 }, { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 }, { "PIPE", SIGPIPE },   { "ALRM", SIGALRM }, { "TERM", SIGTERM },
	{ "STKFLT", 16 },    { "CHLD", SIGCHLD },   { "CLD", SIGCHLD },	 { "CONT", SIGCONT },
	{ "STOP", SIGSTOP }, { "TSTP", SIGTSTP },   { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },
	{ "URG", SIGURG },   { "XCPU", SIGXCPU },   { "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF }, { "WINCH", SIGWINCH }, { "IO", SIGIO },	 { "POLL", SIGIO },
	{ "PWR", SIGPWR },   { "SYS", SIGSYS },
};

static int
realtime (const char *text)
{
	uint32_t n = 0;

	if (strncasecmp (text, "RTMIN", 5) == 0 &&
	    (text[5] == '\0' || (text[5] == '+' && parse_u32 (text + 6, &n) == 0)))
		return n <= KERNEL_RTMAX - LIBC_RTMIN ? (int) (LIBC_RTMIN + n) : -1;
	if (strncasecmp (text, "RTMAX", 5) == 0 &&
	    (text[5] == '\0' || (text[5] == '-' && parse_u32 (text + 6, &n) == 0)))
		return n <= KERNEL_RTMAX - KERNEL_RTMIN ? (int) (KERNEL_RTMAX - n) : -1;
	return -1;
}

int
signal_from_name (const char *text)
{
	const char *name = strncasecmp (text, "SIG", 3) == 0 ? text + 3 : text;
	uint32_t number;

	if (parse_u32 (text, &number) == 0 && number <= KERNEL_RTMAX)
		return (int) number;
	for (size_t i = 0; i < ARRAY_SIZE (names); i++)
		if (strcasecmp (names[i].name, name) == 0)
			return names[i].number;
	return realtime (name);
}
