/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor ROOTFS PROGRAM [ARGUMENT…]: the least that a container costs. One clone3 with all
 * namespaces, the standard mounts and devices one after the other, pivot_root, execve, wait: no
 * config, no state, no cgroup, no capabilities, no checks. `make bench` runs it beside the
 * runtimes; what they need above it is their own.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#define CHECK(call) do { if ((call) < 0) { perror (#call); _exit (125); } } while (0)
/* clang-format on */

struct clone_arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = {
	{ "dev/null", 1, 3 },	{ "dev/zero", 1, 5 },	 { "dev/full", 1, 7 },
	{ "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 },
};

static void
mounts (void)
{
	CHECK (mount ("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	CHECK (mount ("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"));
	CHECK (mkdir ("dev/pts", 0755));
	CHECK (mkdir ("dev/shm", 0755));
	CHECK (mkdir ("dev/mqueue", 0755));
	CHECK (mount ("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		      "newinstance,ptmxmode=0666,mode=0620"));
	CHECK (mount ("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		      "mode=1777,size=65536k"));
	CHECK (mount ("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	CHECK (mount ("sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL));
	CHECK (mount ("cgroup", "sys/fs/cgroup", "cgroup2",
		      MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL));
	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
		CHECK (mknod (nodes[i].name, S_IFCHR | 0666,
			      makedev (nodes[i].major, nodes[i].minor)));
	CHECK (symlink ("/proc/self/fd", "dev/fd"));
	CHECK (symlink ("pts/ptmx", "dev/ptmx"));
}

static void
child (const char *root, char **command)
{
	CHECK (setsid ());
	CHECK (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK (mount (root, root, NULL, MS_BIND | MS_REC, NULL));
	CHECK (chdir (root));
	mounts ();
	CHECK (sethostname ("floor", 5));
	CHECK (syscall (SYS_pivot_root, ".", "."));
	CHECK (umount2 (".", MNT_DETACH));
	CHECK (chdir ("/"));
	CHECK (execve (*command, command, (char *[]) { "PATH=/bin", NULL }));
}

int
main (int argc, char **argv)
{
	struct clone_arguments a = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
			 CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};
	long pid;
	int status;

	if (argc < 3)
		return 125;
	umask (0);
	CHECK (pid = syscall (SYS_clone3, &a, sizeof a));
	if (pid == 0)
		child (argv[1], argv + 2);
	CHECK (waitpid ((pid_t) pid, &status, 0));
	return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
}
