/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe WHAT…: a process tells what the kernel knows of it. Static, so that it runs in any root
 * file system. Each WHAT prints one line:
 *
 *   sched        policy, nice, priority, flags, runtime, deadline, period
 *   ioprio       class and level of this process and of its group
 *   mempolicy    mode (with flags) and the mask of nodes
 *   personality  in hexadecimal
 *   cpus         how many cpus it may run on
 *   keyring      type, owner, permissions and name of the session keyring
 *   prctl        no_new_privs, dumpable, keepcaps, securebits, pdeathsig
 *   signals      those that are ignored or blocked
 *   ids          real, effective and saved ids, effective capabilities
 *   clocks       seconds of CLOCK_MONOTONIC and CLOCK_BOOTTIME
 *
 * and, instead of those:
 *
 *   call NR [ARG…]     the system call: "= RESULT" or the errno's number ("errno 38")
 *   call32 NR [ARG…]   the same through the gate of 32-bit programs (x86_64 only)
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define KEY_SPEC_SESSION_KEYRING -3
#define KEYCTL_DESCRIBE		 6

struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void
sched (void)
{
	struct attributes a = { .size = sizeof a };

	if (syscall (SYS_sched_getattr, 0, &a, sizeof a, 0) < 0)
		printf ("errno %d\n", errno);
	else
		printf ("policy %u nice %d priority %u flags %llu runtime %llu deadline %llu period %llu\n",
			a.policy, a.nice, a.priority, (unsigned long long) a.flags,
			(unsigned long long) a.runtime, (unsigned long long) a.deadline,
			(unsigned long long) a.period);
}

static void
ioprio (void)
{
	long own = syscall (SYS_ioprio_get, 1, 0), group = syscall (SYS_ioprio_get, 2, 0);

	printf ("class %ld level %ld group %ld:%ld\n", own >> 13, own & 7, group >> 13, group & 7);
}

static void
mempolicy (void)
{
	unsigned long mask[16] = { 0 };
	int mode = -1;

	if (syscall (SYS_get_mempolicy, &mode, mask, sizeof mask * 8, NULL, 0) < 0)
		printf ("errno %d\n", errno);
	else
		printf ("mode %d nodes %lx\n", mode, mask[0]);
}

static void
keyring (void)
{
	char text[256] = "";

	if (syscall (SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof text) < 0)
		printf ("errno %d\n", errno);
	else
		printf ("%s\n", text);
}

static void
show_prctl (void)
{
	int sig = -1;

	prctl (PR_GET_PDEATHSIG, &sig);
	printf ("nnp %d dumpable %d keepcaps %d securebits %d pdeathsig %d\n",
		prctl (PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl (PR_GET_DUMPABLE),
		prctl (PR_GET_KEEPCAPS), prctl (PR_GET_SECUREBITS), sig);
}

static void
signals (void)
{
	sigset_t blocked;

	sigprocmask (SIG_BLOCK, NULL, &blocked);
	printf ("signals");
	for (int s = 1; s < 65; s++) {
		struct sigaction a;

		if (sigaction (s, NULL, &a) == 0 && a.sa_handler == SIG_IGN)
			printf (" ignored:%d", s);
		if (sigismember (&blocked, s) == 1)
			printf (" blocked:%d", s);
	}
	putchar ('\n');
}

static void
cpus (void)
{
	unsigned char mask[8192];
	long n = syscall (SYS_sched_getaffinity, 0, sizeof mask, mask);
	int count = 0;

	for (long i = 0; i < n; i++)
		count += __builtin_popcount (mask[i]);
	printf ("%d\n", count);
}

static void
clocks (void)
{
	struct timespec m, b;

	clock_gettime (CLOCK_MONOTONIC, &m);
	clock_gettime (CLOCK_BOOTTIME, &b);
	printf ("monotonic %lld boottime %lld\n", (long long) m.tv_sec, (long long) b.tv_sec);
}

static void
ids (void)
{
	uid_t u[3];
	gid_t g[3];
	uint32_t head[2] = { 0x20080522, 0 }, data[6] = { 0 };

	getresuid (&u[0], &u[1], &u[2]);
	getresgid (&g[0], &g[1], &g[2]);
	syscall (SYS_capget, head, data);
	printf ("uid %u %u %u gid %u %u %u effective %llx\n", u[0], u[1], u[2], g[0], g[1], g[2],
		(unsigned long long) data[3] << 32 | data[0]);
}

static void
show_personality (void)
{
	printf ("%x\n", (unsigned) personality (0xffffffff));
}

static long
call32 (const long *a)
{
#if defined __x86_64__
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(a[0]), "b"(a[1]), "c"(a[2]), "d"(a[3]), "S"(a[4]), "D"(a[5])
			 : "memory", "r8", "r9", "r10", "r11");
	if ((int) r < 0 && (int) r > -4096) {
		errno = -(int) r;
		return -1;
	}
	return r;
#else
	errno = ENOSYS;
	return -1;
#endif
}

static int
call (int argc, char **argv, int gate32)
{
	long a[7] = { 0 }, r;

	for (int i = 0; i < argc && i < 7; i++)
		a[i] = (long) strtoull (argv[i], NULL, 0);
	r = gate32 ? call32 (a) : syscall (a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
	if (r < 0)
		printf ("errno %d\n", errno);
	else
		printf ("= %ld\n", r);
	return 0;
}

int
main (int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*f) (void);
	} all[] = {
		{ "sched", sched },	{ "ioprio", ioprio },	{ "mempolicy", mempolicy },
		{ "cpus", cpus },	{ "keyring", keyring }, { "prctl", show_prctl },
		{ "signals", signals }, { "clocks", clocks },	{ "personality", show_personality },
		{ "ids", ids },
	};

	if (argc > 2 && strncmp (argv[1], "call", 4) == 0)
		return call (argc - 2, argv + 2, argv[1][4] != '\0');
	for (int i = 1; i < argc; i++)
		for (size_t k = 0; k < sizeof all / sizeof *all; k++)
			if (strcmp (all[k].name, argv[i]) == 0)
				all[k].f ();
	return 0;
}
