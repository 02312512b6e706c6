/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes below /proc reach procfs or fail, whatever is mounted on it (CVE-2019-16884,
 * CVE-2025-52881). Each case is a process with a mount namespace of its own; missing system calls
 * are simulated by a seccomp filter.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "sys/syscalls.h"
#include "refuse_call.h"
#include "tap.h"

/* Exit status of `body` in its own mount namespace, if we are root. */
static int
apart (int (*body) (void))
{
	int status = 0;
	pid_t pid;

	fflush (stdout);
	pid = fork ();
	if (pid == 0) {
		if (geteuid () == 0 && (unshare (CLONE_NEWNS) < 0 ||
					mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
			_exit (71);
		alarm (10);
		_exit (body ());
	}
	waitpid (pid, &status, 0);
	return WIFEXITED (status) ? WEXITSTATUS (status) : 1000 + WTERMSIG (status);
}

#define ROOT()                               \
	do {                                 \
		if (geteuid () != 0)         \
			SKIP ("needs root"); \
	} while (0)

/* "self/oom_score_adj" by our way; 0 if the kernel has it afterwards. */
static int
adjusts (void)
{
	char text[32] = "";
	autofd fd = -1;

	if (procfs_write ("self/oom_score_adj", "77") < 0)
		return 1;
	fd = procfs_open ("thread-self/oom_score_adj", O_RDONLY);
	if (fd < 0 || read (fd, text, sizeof text - 1) < 0)
		return 2;
	return strcmp (text, "77\n") == 0 ? 0 : 3;
}

TEST (plain_proc)
{
	EQ (apart (adjusts), 0);
}

static int
nothing_there (void)
{
	if (procfs_open ("self/nothing", O_RDONLY) != -ENOENT ||
	    procfs_open ("4194305/stat", O_RDONLY) != -ENOENT)
		return 1;
	if (procfs_open ("self/exe", O_RDONLY) != -ELOOP ||
	    procfs_open ("self/fd/0", O_RDONLY) != -ELOOP ||
	    procfs_open ("self/cwd/x", O_RDONLY) != -ELOOP)
		return 2;
	if (procfs_open ("../etc/passwd", O_RDONLY) >= 0 ||
	    procfs_open ("/etc/passwd", O_RDONLY) != -EXDEV)
		return 3;
	return procfs_write ("self/stat", "x") == -EACCES ||
			       procfs_write ("self/stat", "x") == -EIO ||
			       procfs_write ("self/stat", "x") == -EINVAL
		       ? 0
		       : 4;
}

TEST (missing_files_links_and_escapes)
{
	EQ (apart (nothing_there), 0);
}

static int
fake_proc (void)
{
	if (mount ("x", "/proc", "tmpfs", 0, NULL) < 0 || mkdir ("/proc/self", 0755) < 0)
		return 72;
	close (open ("/proc/self/oom_score_adj", O_CREAT | O_WRONLY, 0666));
	return adjusts ();
}

TEST (tmpfs_over_proc_does_not_matter)
{
	ROOT ();
	EQ (apart (fake_proc), 0);
}

static int
fake_proc_old_kernel (void)
{
	if (mount ("x", "/proc", "tmpfs", 0, NULL) < 0 || mkdir ("/proc/self", 0755) < 0)
		return 72;
	close (open ("/proc/self/oom_score_adj", O_CREAT | O_WRONLY, 0666));
	refuse_call (SYS_fsopen, ENOSYS);
	refuse_call (SYS_open_tree, ENOSYS);
	return procfs_write ("self/oom_score_adj", "77") == -EXDEV &&
			       procfs_write_sys ("kernel/hostname", "x") == -EXDEV
		       ? 0
		       : 1;
}

TEST (tmpfs_over_proc_is_refused_where_we_cannot_mount)
{
	ROOT ();
	EQ (apart (fake_proc_old_kernel), 0);
}

static int
subdirectory_as_proc (void)
{
	if (mount ("/proc/self", "/proc", NULL, MS_BIND, NULL) < 0)
		return 72;
	refuse_call (SYS_fsopen, ENOSYS);
	refuse_call (SYS_open_tree, ENOSYS);
	return procfs_open ("stat", O_RDONLY) == -EXDEV ? 0 : 1;
}

TEST (part_of_procfs_is_not_its_root)
{
	ROOT ();
	EQ (apart (subdirectory_as_proc), 0);
}

static int
file_over_file (void)
{
	if (mount ("/proc/self/comm", "/proc/self/oom_score_adj", NULL, MS_BIND, NULL) < 0)
		return 72;
	return adjusts ();
}

TEST (over_mounted_file_does_not_matter)
{
	ROOT ();
	EQ (apart (file_over_file), 0);
}

static int
file_over_file_old_kernel (void)
{
	if (mount ("/proc/self/comm", "/proc/self/oom_score_adj", NULL, MS_BIND, NULL) < 0)
		return 72;
	refuse_call (SYS_fsopen, ENOSYS);
	refuse_call (SYS_open_tree, ENOSYS);
	return procfs_write ("self/oom_score_adj", "77") == -EXDEV ? 0 : 1;
}

TEST (over_mounted_file_is_refused_where_we_cannot_mount)
{
	ROOT ();
	EQ (apart (file_over_file_old_kernel), 0);
}

static int
clone_of_proc (void)
{
	if (mount ("/proc/self/comm", "/proc/self/oom_score_adj", NULL, MS_BIND, NULL) < 0)
		return 72;
	refuse_call (SYS_fsopen, ENOSYS);
	return adjusts (); /* not recursive: without what is mounted on it */
}

TEST (clone_of_proc_is_clean)
{
	ROOT ();
	EQ (apart (clone_of_proc), 0);
}

static int
no_openat2 (void)
{
	refuse_call (SYS_openat2, ENOSYS);
	return adjusts ();
}

TEST (works_without_openat2)
{
	EQ (apart (no_openat2), 0);
}

static int
no_openat2_over_mounted (void)
{
	int fd = open ("/proc", O_PATH | O_DIRECTORY);

	if (fd < 0 ||
	    mount ("/proc/self/comm", "/proc/self/oom_score_adj", NULL, MS_BIND, NULL) < 0)
		return 72;
	refuse_call (SYS_openat2, ENOSYS);
	if (adjusts () != 0) /* the detached mount has nothing on it */
		return 1;
	return 0;
}

TEST (without_openat2_over_mounts_do_not_matter)
{
	ROOT ();
	EQ (apart (no_openat2_over_mounted), 0);
}

static int
namespace_files (void)
{
	struct stat a, b;
	autofd fd = procfs_open_ns ("self/ns/net");

	if (fd < 0 || fstat (fd, &a) < 0 || stat ("/proc/self/ns/net", &b) < 0 ||
	    a.st_ino != b.st_ino)
		return 1;
	if (procfs_open ("self/ns/net", O_RDONLY) != -ELOOP)
		return 2;
	if (dup2 (open ("/etc/passwd", O_RDONLY), 0) != 0 ||
	    procfs_open_ns ("self/fd/0") != -EXDEV ||
	    procfs_open_ns ("self/ns/nothing") != -ENOENT || procfs_open_ns ("x") != -EINVAL)
		return 3;
	return 0;
}

TEST (namespaces)
{
	EQ (apart (namespace_files), 0);
}

static int
sysctls (void)
{
	char name[65] = "";

	if (unshare (CLONE_NEWUTS) < 0)
		return 72;
	if (procfs_write_sys ("kernel/hostname", "cor-base-host") < 0)
		return 1;
	if (gethostname (name, sizeof name - 1) < 0 || strcmp (name, "cor-base-host") != 0)
		return 2;
	if (procfs_write_sys ("kernel/nothing", "1") != -ENOENT ||
	    procfs_write_sys ("../self/comm", "x") != -EXDEV)
		return 3;
	/* the cached handle cannot reach /proc/sys at all */
	return procfs_write ("sys/kernel/hostname", "other") == -ENOENT ? 0 : 4;
}

TEST (sysctl_by_a_handle_of_its_own)
{
	ROOT ();
	EQ (apart (sysctls), 0);
}

static int
in_new_pid_namespace (void)
{
	int status;
	pid_t pid;

	if (procfs_open ("self/stat", O_RDONLY) < 0 || unshare (CLONE_NEWPID) < 0)
		return 72;
	pid = fork ();
	if (pid == 0) {
		char text[16] = "";
		autofd fd = -1;

		procfs_forget ();
		fd = procfs_open ("self/stat", O_RDONLY);
		if (fd < 0 || read (fd, text, sizeof text - 1) < 0)
			_exit (1);
		_exit (strncmp (text, "1 ", 2) == 0 ? 0 : 2);
	}
	waitpid (pid, &status, 0);
	return WEXITSTATUS (status);
}

TEST (forget_and_see_the_new_pid_namespace)
{
	ROOT ();
	EQ (apart (in_new_pid_namespace), 0);
}

static int
strange_name (void)
{
	uint64_t mine, again;

	if (prctl (PR_SET_NAME, "a) R 1 2 (b") < 0 || proc_starttime (getpid (), &mine) < 0 ||
	    proc_starttime (getpid (), &again) < 0)
		return 1;
	return mine == again && mine > 1000 ? 0 : 2;
}

TEST (start_time_whatever_the_name)
{
	uint64_t init, t;

	EQ (apart (strange_name), 0);
	EQ (proc_starttime (1, &init), 0);
	EQ (proc_starttime (4194305, &t), -ENOENT);
}

static int
user_namespace (void)
{
	if (proc_in_userns ())
		return 77;
	if (unshare (CLONE_NEWUSER) < 0)
		return 76;
	return proc_in_userns () ? 0 : 1;
}

TEST (user_namespace_is_noticed)
{
	int r = apart (user_namespace);

	if (r >= 76)
		SKIP ("already in a user namespace, or none allowed");
	EQ (r, 0);
}

TEST (audit_identity_of_this_process)
{
	uint32_t id = 7;
	int r = proc_self_audit ("loginuid", &id);

	if (r == -ENOENT)
		SKIP ("a kernel without audit");
	EQ (r, 0);
	EQ (proc_self_audit ("sessionid", &id), 0);
	EQ (proc_self_audit ("comm", &id), -EINVAL);
	EQ (proc_self_audit ("no/such", &id), -ENOENT);
}
