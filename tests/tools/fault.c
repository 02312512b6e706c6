/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a command and makes one of its system calls fail, or kills it there.
 *
 *	fault [-o FILE] [-p K | -a PID] [-n N] [-e ERRNO | -k] -- COMMAND…
 *
 * The K-th process is meant: 0 (the default) is COMMAND itself, 1 its first child, and so on; -a:
 * a process that is not its child. Calls are counted from 1, in that process alone, a child's until
 * it executes a program, so that a number means the same call each time; that is why this is not
 * strace's "when=". close and futex are not counted. -e: the N-th call is not made and returns
 *-ERRNO; -k: SIGKILL at its entry. FILE gets one line "K NUMBER" for the call that was hit, and is
 *empty if the process has no N-th call. Without -n it gets such a line for every call of every
 *process. A thread counts as a process, and its lines end in " thread": to kill it is to kill
 *COMMAND. The exit status is COMMAND's.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCS_MAX 64
/* linux/ptrace.h does not go together with sys/ptrace.h. */
#define EVENT_STOP 128
#define OPTIONS                                                                                  \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
	 PTRACE_O_TRACECLONE)

static struct {
	pid_t pid;
	bool counts, gone;
	unsigned calls;
} procs[PROCS_MAX];
static int n_procs;
static int target, error;
static unsigned wanted;
static pid_t main_pid;
static bool to_kill, done, failing; /* failing: between entry and exit of the call */
static FILE *out;

static void
die (const char *what)
{
	fprintf (stderr, "fault: %s: %s\n", what, strerror (errno));
	exit (125);
}

static int
find (pid_t pid)
{
	for (int i = 0; i < n_procs; i++)
		if (procs[i].pid == pid && !procs[i].gone)
			return i;
	if (n_procs == PROCS_MAX)
		exit (125);
	procs[n_procs].pid = pid;
	procs[n_procs].counts = true;
	return n_procs++;
}

/* ---- what differs between machines */

#if defined __x86_64__
static void
set_number (pid_t pid, long nr)
{
	ptrace (PTRACE_POKEUSER, pid, offsetof (struct user_regs_struct, orig_rax), nr);
}

static void
set_result (pid_t pid, long value)
{
	ptrace (PTRACE_POKEUSER, pid, offsetof (struct user_regs_struct, rax), value);
}
#elif defined __aarch64__
static void
set_number (pid_t pid, long nr)
{
	int n = (int) nr;
	struct iovec v = { &n, sizeof n };

	ptrace (PTRACE_SETREGSET, pid, 0x404 /* NT_ARM_SYSTEM_CALL */, &v);
}

static void
set_result (pid_t pid, long value)
{
	struct user_regs_struct regs;
	struct iovec v = { &regs, sizeof regs };

	ptrace (PTRACE_GETREGSET, pid, NT_PRSTATUS, &v);
	regs.regs[0] = (unsigned long long) value;
	ptrace (PTRACE_SETREGSET, pid, NT_PRSTATUS, &v);
}
#else
#error "fault: registers of this machine"
#endif

/* ---- the calls */

static void
print_call (int k, unsigned long long nr)
{
	bool is_thread = k > 0 && syscall (SYS_tgkill, main_pid, procs[k].pid, 0) == 0;

	fprintf (out, "%d %llu%s\n", k, nr, is_thread ? " thread" : "");
	fflush (out);
}

static void
on_entry (int k, unsigned long long nr)
{
	/* A close that fails has closed all the same; one that is not made is nothing that can
	 * happen. No futex of a program without errors fails, and how many it needs is chance. */
	if (nr == SYS_close || nr == SYS_futex)
		return;
	procs[k].calls++;
	if (wanted == 0) {
		print_call (k, nr);
		return;
	}
	if (k != target || procs[k].calls != wanted)
		return;
	print_call (k, nr);
	if (to_kill) {
		kill (procs[k].pid, SIGKILL);
		done = true;
		return;
	}
	set_number (procs[k].pid, -1);
	failing = true;
}

static void
on_syscall (int k)
{
	struct __ptrace_syscall_info info;
	pid_t pid = procs[k].pid;

	if (done || !procs[k].counts ||
	    ptrace (PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		on_entry (k, info.entry.nr);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && failing && k == target) {
		set_result (pid, -error);
		failing = false;
		done = true;
	}
}

static void
on_stop (pid_t pid, int status)
{
	int k = find (pid), sig = WSTOPSIG (status), event = status >> 16;
	long resume = done || !procs[k].counts ? PTRACE_CONT : PTRACE_SYSCALL;

	if (event == PTRACE_EVENT_EXEC) {
		/* COMMAND begins with it, and goes on if it executes itself; for everybody else our
		 * interest ends. */
		procs[k].counts = k == 0;
		resume = procs[k].counts ? PTRACE_SYSCALL : PTRACE_CONT;
		sig = 0;
	} else if (event == EVENT_STOP) {
		if (sig != SIGTRAP)
			resume = PTRACE_LISTEN;
		sig = 0;
	} else if (event) {
		unsigned long child;

		if (ptrace (PTRACE_GETEVENTMSG, pid, 0, &child) == 0)
			(void) find ((pid_t) child);
		sig = 0;
	} else if (sig == (SIGTRAP | 0x80)) {
		on_syscall (k);
		sig = 0;
	}
	ptrace (resume, pid, 0, sig);
}

static pid_t
begin (char **argv)
{
	int go[2];
	char byte;
	pid_t pid;

	if (pipe2 (go, 0) < 0 || (pid = fork ()) < 0)
		die ("fork");
	if (pid == 0) {
		close (go[1]);
		(void) !read (go[0], &byte, 1);
		close (go[0]);
		execvp (argv[0], argv);
		die (argv[0]);
	}
	if (ptrace (PTRACE_SEIZE, pid, 0, OPTIONS) < 0)
		die ("seize the command");
	/* Its own calls between here and the execve are not the command's. */
	procs[find (pid)].counts = false;
	close (go[0]);
	close (go[1]);
	return pid;
}

int
main (int argc, char **argv)
{
	pid_t pid, attached = 0;
	int opt, status, result = -1;

	out = stdout;
	while ((opt = getopt (argc, argv, "+o:p:a:n:e:k")) != -1)
		switch (opt) {
		case 'o': out = fopen (optarg, "we"); break;
		case 'p': target = atoi (optarg); break;
		case 'a': attached = atoi (optarg); break;
		case 'n': wanted = (unsigned) atoi (optarg); break;
		case 'e': error = atoi (optarg); break;
		case 'k': to_kill = true; break;
		default: return 125;
		}
	if (!out || !argv[optind])
		return 125;
	main_pid = begin (argv + optind);
	if (attached) {
		target = find (attached);
		if (ptrace (PTRACE_SEIZE, attached, 0, OPTIONS) < 0 ||
		    ptrace (PTRACE_INTERRUPT, attached, 0, 0) < 0)
			die ("seize the other process");
	}
	/* A call whose result is still to be replaced must not be let go. */
	while (result < 0 || failing) {
		pid = waitpid (-1, &status, __WALL);
		if (pid < 0)
			die ("wait");
		if (WIFSTOPPED (status)) {
			on_stop (pid, status);
			continue;
		}
		procs[find (pid)].gone = true;
		if (pid == main_pid)
			result = WIFSIGNALED (status) ? 128 + WTERMSIG (status)
						      : WEXITSTATUS (status);
		if (pid == procs[target].pid)
			failing = false;
	}
	/* Whoever is left is let go by the kernel. */
	fclose (out);
	return result;
}
