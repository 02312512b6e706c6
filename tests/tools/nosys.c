/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nosys NAME[=ERRNO],… -- COMMAND…: runs a command on a kernel that lacks the named system calls
 * (ENOSYS), or refuses them with another errno, as old seccomp profiles of engines do. Names from
 * the table below, numbers otherwise. Hand-written BPF: no library.
 *
 * "into_cgroup" is no system call but clone3 with CLONE_INTO_CGROUP, whose arguments a filter
 * cannot see: a process in the background looks at them (seccomp_unotify(2)) and answers with
 * E2BIG, as Linux 5.3 to 5.6 do, or the errno that is given. What runs below can have no listener
 * of its own.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
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
	{ "EOPNOTSUPP", EOPNOTSUPP }, { "ENOMEM", ENOMEM }, { "E2BIG", E2BIG },
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

/* ---- into_cgroup */

#define INTO_CGROUP 0x200000000ULL

static void
answer (int listener, int error)
{
	struct seccomp_notif req = { 0 };
	struct seccomp_notif_resp resp = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	unsigned long long flags = 0;
	struct iovec to = { &flags, sizeof flags }, from;
	struct pollfd p = { listener, POLLIN, 0 };

	(void) poll (&p, 1, -1);
	if (p.revents & (POLLHUP | POLLERR))
		_exit (0); /* nobody is left */
	if (ioctl (listener, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0)
		return; /* it has gone */
	from = (struct iovec) { (void *) (unsigned long) req.data.args[0], sizeof flags };
	resp.id = req.id;
	if (process_vm_readv ((pid_t) req.pid, &to, 1, &from, 1, 0) == sizeof flags &&
	    (flags & INTO_CGROUP)) {
		resp.flags = 0;
		resp.error = -error;
	}
	(void) ioctl (listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

/* A grandchild, so that the command has no child that it does not know; without files and without a
 * command line, so that nobody waits for it or takes it for something of a test's. */
static int
start_looking (char **argv, int error)
{
	size_t size = 0;
	int sv[2], listener = -1;
	pid_t pid;

	for (char **a = argv; *a; a++)
		size = (size_t) (*a + strlen (*a) - argv[0]);
	if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0 || (pid = fork ()) < 0) {
		perror ("nosys");
		exit (125);
	}
	if (pid > 0) {
		waitpid (pid, NULL, 0);
		close (sv[0]);
		return sv[1];
	}
	if (fork () != 0)
		_exit (0);
	setsid ();
	memset (argv[0], 0, size);
	{
		char byte, control[CMSG_SPACE (sizeof (int))];
		struct iovec iov = { &byte, 1 };
		struct msghdr m = { .msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof control };

		close (sv[1]);
		if (recvmsg (sv[0], &m, 0) == 1 && CMSG_FIRSTHDR (&m))
			memcpy (&listener, CMSG_DATA (CMSG_FIRSTHDR (&m)), sizeof listener);
	}
	if (listener < 0)
		_exit (125);
	for (int fd = 0; fd < 1024; fd++)
		if (fd != listener)
			close (fd);
	if (chdir ("/") < 0)
		_exit (125);
	for (;;)
		answer (listener, error);
}

static void
hand_over (int sock, int listener)
{
	char byte = 0, control[CMSG_SPACE (sizeof (int))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof control };
	struct cmsghdr *c = CMSG_FIRSTHDR (&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN (sizeof (int));
	memcpy (CMSG_DATA (c), &listener, sizeof listener);
	if (sendmsg (sock, &m, 0) != 1) {
		perror ("nosys: sendmsg");
		exit (125);
	}
	close (sock);
	close (listener);
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
	int sock = -1, listener, into_cgroup = 0;

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
		if (strcmp (s, "into_cgroup") == 0) {
			f[prog.len++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K,
								       SYS_clone3, 0, 1);
			f[prog.len++] = (struct sock_filter) BPF_STMT (BPF_RET | BPF_K,
								       SECCOMP_RET_USER_NOTIF);
			into_cgroup = with ? error : E2BIG;
			continue;
		}
		f[prog.len++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K,
							       lookup (s, 0), 0, 1);
		f[prog.len++] = (struct sock_filter) BPF_STMT (BPF_RET | BPF_K,
							       SECCOMP_RET_ERRNO | error);
	}
	f[prog.len++] = (struct sock_filter) BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (geteuid () != 0)
		prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (into_cgroup)
		sock = start_looking (argv, into_cgroup);
	listener = (int) syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				  into_cgroup ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, &prog);
	if (listener < 0) {
		perror ("nosys: seccomp");
		return 125;
	}
	if (into_cgroup)
		hand_over (sock, listener);
	execvp (*command, command);
	perror (*command);
	return 127;
}
