/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nosys NAME[=ERRNO],… -- COMMAND…: runs a command on a kernel that lacks the named system calls
 * (ENOSYS), or refuses them with another errno, as old seccomp profiles of engines do. Names from
 * the table below, numbers otherwise. Hand-written BPF: no library.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "unknown architecture"
#endif

static const struct {
	const char *name;
	int value;
} names[] = {
/* clang-format off */
#define S(n) { #n, SYS_##n }
	S (openat2), S (clone3), S (mount_setattr), S (open_tree), S (move_mount), S (fsopen),
	S (fsmount), S (fsconfig), S (fspick), S (pidfd_open), S (pidfd_send_signal),
	S (pidfd_getfd), S (close_range), S (statx), S (execveat), S (memfd_create),
	S (faccessat2), S (keyctl), S (bpf), S (seccomp), S (setns), S (unshare), S (mount),
	S (umount2), S (pivot_root), S (mknodat), S (sched_setattr), S (ioprio_set),
	S (set_mempolicy), S (prlimit64), S (getrandom), S (renameat2), S (personality),
	S (fchown), S (name_to_handle_at),
#undef S
}, errnos[] = {
	{ "ENOSYS", ENOSYS }, { "EPERM", EPERM }, { "EINVAL", EINVAL }, { "EACCES", EACCES },
	{ "EOPNOTSUPP", EOPNOTSUPP }, { "ENOMEM", ENOMEM },
};
/* clang-format on */

static int
lookup (const char *s, int errno_table)
{
	char *end;
	long n = strtol (s, &end, 10);

	if (*s && !*end)
		return (int) n;
	if (errno_table) {
		for (size_t i = 0; i < sizeof errnos / sizeof *errnos; i++)
			if (strcmp (errnos[i].name, s) == 0)
				return errnos[i].value;
	} else {
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (strcmp (names[i].name, s) == 0)
				return names[i].value;
	}
	fprintf (stderr, "nosys: I do not know '%s'\n", s);
	exit (125);
}

int
main (int argc, char **argv)
{
	struct sock_filter f[256] = {
		BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, arch)),
		BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
	};
	struct sock_fprog prog = { 4, f };
	char **command = argv + 2;

	if (argc < 3) {
		fprintf (stderr, "usage: nosys NAME[=ERRNO],… -- COMMAND…\n");
		return 125;
	}
	if (strcmp (*command, "--") == 0)
		command++;
	for (char *s = strtok (argv[1], ","); s && prog.len < 250; s = strtok (NULL, ",")) {
		char *with = strchr (s, '=');
		int error = ENOSYS;

		if (with) {
			*with++ = '\0';
			error = lookup (with, 1);
		}
		f[prog.len++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K,
							       lookup (s, 0), 0, 1);
		f[prog.len++] = (struct sock_filter) BPF_STMT (BPF_RET | BPF_K,
							       SECCOMP_RET_ERRNO | error);
	}
	f[prog.len++] = (struct sock_filter) BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (geteuid () != 0)
		prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog)) {
		perror ("nosys: seccomp");
		return 125;
	}
	execvp (*command, command);
	perror (*command);
	return 127;
}
