/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing id maps, directly and by newuidmap (a script of ours). Needs root. */
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "ns/ns.h"
#include "plan/plan.h"
#include "sys/clone.h"
#include "sys/syscalls.h"
#include "tap.h"

#include "in_child.h"

static struct err e;

/* A child in a new user namespace that waits to be killed. */
static pid_t
in_new_userns (void)
{
	struct clone_request req = { .flags = CLONE_NEWUSER,
				     .exit_signal = SIGCHLD,
				     .cgroup_fd = -1 };
	pid_t pid = sys_clone3_fork (&req);

	while (pid == 0)
		pause ();
	return pid;
}

static void
end (pid_t pid)
{
	kill (pid, SIGKILL);
	waitpid (pid, NULL, 0);
}

/* Its file, with runs of blanks as one. */
static const char *
proc_text (pid_t pid, const char *file)
{
	static char out[32768];
	char path[64], text[32768] = "";
	size_t n = 0, len = 0;
	ssize_t r;
	int fd;

	snprintf (path, sizeof path, "/proc/%d/%s", (int) pid, file);
	fd = open (path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (r = read (fd, text + len, sizeof text - 1 - len)) > 0)
		len += (size_t) r;
	close (fd);
	for (const char *c = text + strspn (text, " "); *c; c++)
		if (*c != ' ' || (c[1] != ' ' && n && out[n - 1] != '\n'))
			out[n++] = *c;
	out[n] = '\0';
	return out;
}

TEST (maps)
{
	struct id_map uids[] = { { 0, 100000, 1000 }, { 1000, 5000, 1 } },
		      gids[] = { { 0, 200000, 65536 } };
	const struct userns_plan plan = { .create = true, .uid = { uids, 2 }, .gid = { gids, 1 } };
	pid_t pid;

	if (geteuid () != 0)
		SKIP ("needs root");
	pid = in_new_userns ();
	OK (pid > 0);
	EQ (userns_write_maps (pid, &plan, &e), 0);
	STREQ (proc_text (pid, "uid_map"), "0 100000 1000\n1000 5000 1\n");
	STREQ (proc_text (pid, "gid_map"), "0 200000 65536\n");
	STREQ (proc_text (pid, "setgroups"), "allow\n");
	end (pid);
}

TEST (as_many_as_the_kernel_takes)
{
	struct id_map many[341];
	struct userns_plan plan = { .create = true, .uid = { many, 300 }, .gid = { many, 1 } };
	pid_t pid;

	if (geteuid () != 0)
		SKIP ("needs root");
	for (uint32_t i = 0; i < 341; i++)
		many[i] = (struct id_map) { 2 * i, 2 * i + 1000, 1 };
	pid = in_new_userns ();
	EQ (userns_write_maps (pid, &plan, &e), 0);
	CONTAINS (proc_text (pid, "uid_map"), "598 1598 1");
	end (pid);
	/* In bytes the limit is a page; and 341 are too many. Never fewer than asked for. */
	for (uint32_t i = 0; i < 341; i++)
		many[i] = (struct id_map) { 3000000000u + 2 * i, 3000000000u + 2 * i, 1 };
	pid = in_new_userns ();
	FAILS_WITH (userns_write_maps (pid, &plan, &e), &e, "the kernel takes less than a page");
	end (pid);
	plan.uid.n = 341;
	pid = in_new_userns ();
	FAILS_WITH (userns_write_maps (pid, &plan, &e), &e,
		    "341 mappings: the kernel takes at most 340");
	STREQ (proc_text (pid, "uid_map"), "");
	end (pid);
}

static void
ordinary_user (void)
{
	struct id_map mine[] = { { 0, 12345, 1 } }, foreign[] = { { 0, 0, 1 } };
	struct userns_plan plan = {
		.create = true, .uid = { mine, 1 }, .gid = { mine, 1 }, .deny_setgroups = true
	};
	pid_t pid;

	EQ (sys_setgroups (0, NULL), 0);
	EQ (sys_setresgid (12345, 12345, 12345), 0);
	EQ (sys_setresuid (12345, 12345, 12345), 0);
	prctl (PR_SET_DUMPABLE,
	       1); /* setresuid took it; without it files of /proc belong to root */
	pid = in_new_userns ();
	if (pid < 0)
		return; /* forbidden by a sysctl */
	EQ (userns_write_maps (pid, &plan, &e), 0);
	STREQ (proc_text (pid, "setgroups"), "deny\n");
	STREQ (proc_text (pid, "uid_map"), "0 12345 1\n");
	end (pid);
	pid = in_new_userns ();
	plan.uid.v = foreign;
	FAILS_WITH (userns_write_maps (pid, &plan, &e), &e,
		    "not all of these ids are yours to map");
	end (pid);
}

TEST (maps_of_an_ordinary_user)
{
	if (geteuid () != 0)
		SKIP ("needs root");
	in_child (ordinary_user);
}

/* newuidmap and newgidmap are looked for in $PATH first: ours write down how they were called. */
static void
make_helper (const char *dir, const char *name, const char *body)
{
	char path[128], text[512];

	snprintf (path, sizeof path, "%s/%s", dir, name);
	snprintf (text, sizeof text, "#!/bin/sh\n%s\n", body);
	unlink (path);
	EQ (file_create_at (AT_FDCWD, path, text, strlen (text), 0755), 0);
	chmod (path, 0755);
}

static void
helpers (void)
{
	struct id_map maps[] = { { 0, 1000, 1 }, { 1, 100000, 65536 } };
	const struct userns_plan plan = {
		.create = true, .uid = { maps, 2 }, .gid = { maps, 1 }, .use_helpers = true
	};
	char dir[] = "/tmp/coracle-test-XXXXXX", path[128], text[256], body[256];

	OK (mkdtemp (dir) != NULL);
	setenv ("PATH", dir, 1);
	snprintf (body, sizeof body, "echo \"$0 $*\" >>%s/calls", dir);
	make_helper (dir, "newuidmap", body);
	make_helper (dir, "newgidmap", body);
	EQ (userns_write_maps (4711, &plan, &e), 0);
	snprintf (path, sizeof path, "%s/calls", dir);
	OK (read_small_at (AT_FDCWD, path, text, sizeof text) > 0);
	CONTAINS (text, "newuidmap 4711 0 1000 1 1 100000 65536\n");
	CONTAINS (text, "newgidmap 4711 0 1000 1");
	make_helper (dir, "newgidmap", "echo not in /etc/subgid >&2; exit 1");
	FAILS_WITH (userns_write_maps (4711, &plan, &e), &e,
		    "newgidmap: exit status 1: not in /etc/subgid");
	for (size_t i = 0; i < 3; i++) {
		snprintf (path, sizeof path, "%s/%s", dir,
			  (const char *[]) { "newuidmap", "newgidmap", "calls" }[i]);
		unlink (path);
	}
	rmdir (dir);
}

TEST (maps_by_helpers)
{
	in_child (helpers);
}

TEST (a_namespace_for_idmapped_mounts)
{
	struct id_map m[] = { { 0, 100000, 65536 } };
	const struct id_maps maps = { m, 1 };
	int fd;

	if (geteuid () != 0)
		SKIP ("needs root");
	fd = userns_open_mapped (&maps, &maps, &e);
	OK (fd >= 0);
	EQ (ioctl (fd, NS_GET_NSTYPE), CLONE_NEWUSER);
	EQ (fcntl (fd, F_GETFD), FD_CLOEXEC);
	EQ (waitpid (-1, NULL, WNOHANG), -1); /* nobody is left */
	close (fd);
	m[0].count = 0;
	FAILS_WITH (userns_open_mapped (&maps, &maps, &e), &e, "gid_map");
	EQ (waitpid (-1, NULL, WNOHANG), -1);
}

static void
become_root (void)
{
	struct id_map m[] = { { 0, 100000, 65536 } };
	const struct userns_plan plan = { .create = true, .uid = { m, 1 }, .gid = { m, 1 } };
	int ready[2], done[2];
	char c = 0;
	pid_t pid;

	if (pipe (ready) < 0 || pipe (done) < 0)
		_exit (70);
	fflush (stdout);
	pid = fork ();
	if (pid == 0) {
		EQ (unshare (CLONE_NEWUSER), 0);
		(void) !write (ready[1], &c, 1);
		(void) !read (done[0], &c, 1);
		EQ (userns_become_root (&plan, &e), 0);
		EQ (getuid (), 0);
		EQ (getegid (), 0);
		EQ (getgroups (0, NULL), 0);
		fflush (stdout);
		_exit (tap_bad);
	}
	(void) !read (ready[0], &c, 1);
	EQ (userns_write_maps (pid, &plan, &e), 0);
	(void) !write (done[1], &c, 1);
	int status = -1;
	waitpid (pid, &status, 0);
	EQ (status, 0);
}

TEST (root_of_a_user_namespace)
{
	if (geteuid () != 0)
		SKIP ("needs root");
	in_child (become_root);
}
