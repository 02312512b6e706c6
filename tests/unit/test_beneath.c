/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nothing that an image contains leads out of its root: with openat2 and without. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/beneath.h"
#include "sys/syscalls.h"
#include "tap.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

static char top[64]; /* top/outside is what must not be reached, top/root is the root */
static int root = -1;

static void
put (const char *name, const char *text)
{
	autofd fd = openat (root, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write (fd, text, strlen (text)) < 0)
		abort ();
}

static void
make_tree (void)
{
	char path[128];

	strcpy (top, "/tmp/cor-base-beneath-XXXXXX");
	if (!mkdtemp (top))
		abort ();
	snprintf (path, sizeof path, "%s/outside", top);
	OK (mkdir (path, 0755) == 0);
	snprintf (path, sizeof path, "%s/root", top);
	OK (mkdir (path, 0755) == 0);
	root = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	OK (root >= 0);
	OK (mkdirat (root, "dir", 0755) == 0 && mkdirat (root, "dir/sub", 0755) == 0);
	put ("file", "root file");
	put ("dir/sub/deep", "deep file");
	put ("../secret", "secret");
}

static void
remove_tree (void)
{
	char command[128];

	close (root);
	root = -1;
	snprintf (command, sizeof command, "rm -rf %s", top);
	OK (system (command) == 0);
	beneath_force_fallback (false);
}

static void
link_at (const char *target, const char *name)
{
	if (symlinkat (target, root, name) < 0)
		abort ();
}

/* Each case runs twice: by openat2 and by the walk. */
#define BOTH(n)                                \
	static void both_##n (void);           \
	TEST (n##_by_openat2)                  \
	{                                      \
		make_tree ();                  \
		both_##n ();                   \
		remove_tree ();                \
	}                                      \
	TEST (n##_by_walk)                     \
	{                                      \
		make_tree ();                  \
		beneath_force_fallback (true); \
		both_##n ();                   \
		remove_tree ();                \
	}                                      \
	static void both_##n (void)

static const char *
text_of (const char *path)
{
	static char buf[64];
	autofd fd = beneath_open (root, path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read (fd, buf, sizeof buf - 1);

	if (fd < 0)
		return strerror (-fd);
	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

/* The error of an open, or 0. */
static int
opens (const char *path, int flags)
{
	autofd fd = beneath_open (root, path, flags);

	return fd < 0 ? fd : 0;
}

static bool
same_inode (int fd, const char *path)
{
	struct stat a, b;

	return fd >= 0 && fstat (fd, &a) == 0 &&
	       fstatat (root, path, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

static int
open_fds (void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl (fd, F_GETFD) >= 0;
	return n;
}

BOTH (plain_paths)
{
	STREQ (text_of ("file"), "root file");
	STREQ (text_of ("/file"), "root file");
	STREQ (text_of ("///dir//sub/./deep"), "deep file");
	EQ (opens ("", O_PATH), 0);
	EQ (opens ("/", O_RDONLY | O_DIRECTORY), 0);
	EQ (opens ("nothing", O_PATH), -ENOENT);
	EQ (opens ("file/x", O_PATH), -ENOTDIR);
	EQ (opens ("file/", O_PATH), -ENOTDIR);
	EQ (opens ("file/..", O_PATH), -ENOTDIR);
	EQ (opens ("file", O_PATH | O_DIRECTORY), -ENOTDIR);
	EQ (opens ("dir/sub/", O_PATH), 0);
}

BOTH (dotdot_stays_inside)
{
	autofd fd = beneath_open (root, "../../../..", O_PATH);

	OK (same_inode (fd, "."));
	STREQ (text_of ("../file"), "root file");
	STREQ (text_of ("dir/../../../file"), "root file");
	EQ (opens ("../secret", O_PATH), -ENOENT);
	EQ (opens ("../outside", O_PATH), -ENOENT);
}

BOTH (links_stay_inside)
{
	char absolute[128];

	snprintf (absolute, sizeof absolute, "%s/secret", top);
	link_at (absolute, "absolute");
	link_at ("../secret", "relative");
	link_at ("/file", "good");
	link_at ("../../../../../file", "climber");
	link_at ("/", "slash");
	link_at ("/dir/sub", "to_dir");
	link_at ("..", "dir/sub/up");
	EQ (opens ("absolute", O_RDONLY), -ENOENT);
	EQ (opens ("relative", O_RDONLY), -ENOENT);
	STREQ (text_of ("good"), "root file");
	STREQ (text_of ("climber"), "root file");
	STREQ (text_of ("slash/slash/slash/file"), "root file");
	STREQ (text_of ("to_dir/deep"), "deep file");
	STREQ (text_of ("to_dir/../../file"), "root file");
	STREQ (text_of ("to_dir/up/../file"), "root file");
	EQ (opens ("good/x", O_PATH), -ENOTDIR);
}

BOTH (link_to_proc_root)
{
	link_at ("/proc/self/root/etc", "escape");
	EQ (opens ("escape", O_PATH), -ENOENT); /* there is no proc in this root */
}

BOTH (nofollow)
{
	struct stat st;
	autofd fd = -1;

	link_at ("dir", "link");
	fd = beneath_open (root, "link", O_PATH | O_NOFOLLOW);
	OK (fd >= 0 && fstat (fd, &st) == 0 && S_ISLNK (st.st_mode));
	EQ (opens ("link", O_RDONLY | O_NOFOLLOW), -ELOOP);
	EQ (opens ("link/sub/deep", O_RDONLY | O_NOFOLLOW), 0);	    /* only the last one counts */
	EQ (opens ("link/", O_PATH | O_NOFOLLOW | O_DIRECTORY), 0); /* a slash follows, as always */
}

BOTH (no_links_at_all)
{
	link_at ("dir", "link");
	EQ (beneath_open_plain (root, "link/sub", O_PATH), -ELOOP);
	EQ (beneath_open_plain (root, "link", O_PATH), -ELOOP);
	autofd fd = beneath_open_plain (root, "dir/sub", O_PATH);
	OK (same_inode (fd, "dir/sub"));
}

BOTH (loops_end)
{
	link_at ("b", "a");
	link_at ("a", "b");
	link_at ("self/x", "self");
	EQ (opens ("a", O_PATH), -ELOOP);
	EQ (opens ("self", O_PATH), -ELOOP);
	EQ (beneath_mkdir_p (root, "a/x", 0755), -ELOOP);
	EQ (beneath_touch (root, "b"), -ELOOP);
}

BOTH (long_names)
{
	char name[5000];

	memset (name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	EQ (opens (name, O_PATH), -ENAMETOOLONG);
	EQ (beneath_mkdir_p (root, name, 0755), -ENAMETOOLONG);
	name[300] = '\0';
	EQ (opens (name, O_PATH), -ENAMETOOLONG);
	EQ (beneath_touch (root, name), -ENAMETOOLONG);
}

BOTH (fifo_does_not_block)
{
	OK (mkfifoat (root, "fifo", 0600) == 0);
	EQ (opens ("fifo", O_PATH), 0);
	EQ (opens ("fifo", O_RDONLY | O_NONBLOCK), 0);
}

BOTH (mkdir_makes_parents)
{
	autofd a = beneath_mkdir_p (root, "/new/a/b/", 0755);
	autofd b = beneath_mkdir_p (root, "new/a/b", 0755);
	autofd c = beneath_mkdir_p (root, "dir/./sub/x", 0700);
	struct stat st;

	OK (same_inode (a, "new/a/b"));
	OK (same_inode (b, "new/a/b"));
	OK (same_inode (c, "dir/sub/x") && fstat (c, &st) == 0 && (st.st_mode & 07777) == 0700);
	EQ (beneath_mkdir_p (root, "file", 0755), -ENOTDIR);
	EQ (beneath_mkdir_p (root, "file/x", 0755), -ENOTDIR);
	OK (fcntl (a, F_GETFD) & FD_CLOEXEC);
}

/* Somebody else may have been faster. */
BOTH (mkdir_of_what_was_missing)
{
	autofd a = beneath_mkdir_missing (root, "dir/one", 0750);
	autofd b = beneath_mkdir_missing (root, "dir/one", 0700);
	autofd c = beneath_mkdir_missing (root, "two/three", 0755);
	struct stat st;

	OK (same_inode (a, "dir/one") && fstat (a, &st) == 0 && (st.st_mode & 07777) == 0750);
	OK (same_inode (b, "dir/one"));
	OK (same_inode (c, "two/three"));
	EQ (beneath_mkdir_missing (root, "file", 0755), -ENOTDIR);
	OK (symlinkat ("/dir/led", root, "dangling") == 0);
	autofd d = beneath_mkdir_missing (root, "dangling", 0755);
	OK (same_inode (d, "dir/led"));
}

BOTH (mkdir_refuses_dotdot_in_new_part)
{
	EQ (beneath_mkdir_p (root, "fresh/../../x", 0755), -EINVAL);
	EQ (faccessat (root, "x", F_OK, 0), -1);
	EQ (faccessat (root, "../x", F_OK, 0), -1);
}

BOTH (mkdir_through_links_stays_inside)
{
	char absolute[128];

	snprintf (absolute, sizeof absolute, "%s/outside", top);
	link_at (absolute, "evil");
	link_at ("../outside", "evil2");
	link_at ("/run", "var_run");
	autofd a = beneath_mkdir_p (root, "evil/pwned", 0755);
	autofd b = beneath_mkdir_p (root, "evil2/pwned", 0755);
	autofd c = beneath_mkdir_p (root, "var_run/secrets", 0755);

	OK (a >= 0 && b >= 0);
	EQ (faccessat (root, "../outside/pwned", F_OK, 0),
	    -1); /* they are below top/root/tmp/... and top/root/outside */
	OK (same_inode (b, "outside/pwned"));
	OK (same_inode (c, "run/secrets"));
}

BOTH (touch_makes_a_file)
{
	autofd a = beneath_touch (root, "etc/hosts");
	autofd b = beneath_touch (root, "file");
	autofd c = beneath_touch (root, "dir");
	struct stat st;

	OK (same_inode (a, "etc/hosts") && fstat (a, &st) == 0 && S_ISREG (st.st_mode) &&
	    st.st_size == 0);
	OK (same_inode (b, "file"));
	STREQ (text_of ("file"), "root file");
	OK (same_inode (c, "dir"));
	EQ (beneath_touch (root, "file/x"), -ENOTDIR);
}

BOTH (touch_follows_dangling_links_inside)
{
	OK (mkdirat (root, "etc", 0755) == 0);
	link_at ("../run/systemd/resolve/stub-resolv.conf", "etc/resolv.conf");
	link_at ("../../../new_outside", "etc/climber");
	autofd a = beneath_touch (root, "etc/resolv.conf");
	autofd b = beneath_touch (root, "etc/climber");

	OK (same_inode (a, "run/systemd/resolve/stub-resolv.conf"));
	OK (same_inode (b, "new_outside"));
	EQ (faccessat (root, "../new_outside", F_OK, 0), -1);
}

BOTH (parent_and_name)
{
	const char *name = NULL;
	autofd a = beneath_parent (root, "dev/pts/ptmx", true, &name);

	OK (same_inode (a, "dev/pts"));
	STREQ (name, "ptmx");
	autofd b = beneath_parent (root, "file", false, &name);
	OK (same_inode (b, "."));
	STREQ (name, "file");
	EQ (beneath_parent (root, "dir/..", false, &name), -EINVAL);
	EQ (beneath_parent (root, "dir/", false, &name), -EINVAL);
	EQ (beneath_parent (root, "", false, &name), -EINVAL);
	EQ (beneath_parent (root, "missing/x", false, &name), -ENOENT);
}

BOTH (deleted_directory_is_dead)
{
	autofd dead = beneath_mkdir_p (root, "dead", 0755);

	OK (unlinkat (root, "dead", AT_REMOVEDIR) == 0);
	EQ (beneath_mkdir_p (dead, "x/y", 0755), -ENOENT);
	EQ (beneath_touch (dead, "x"), -ENOENT);
}

BOTH (no_fd_is_leaked)
{
	int before = open_fds ();

	link_at ("dir/sub/../../a/b", "l");
	for (int i = 0; i < 20; i++) {
		(void) opens ("l/deep", O_PATH);
		(void) opens ("dir/sub/deep", O_RDONLY);
		(void) opens ("file/..", O_PATH);
		autofd a = beneath_mkdir_p (root, "q/w/e", 0755);
		autofd b = beneath_touch (root, "q/f");
		OK (a >= 0 && b >= 0);
	}
	EQ (open_fds (), before);
}

/* Somebody inside swaps a directory for a link to the outside, as fast as he can. */
BOTH (exchange_race)
{
	char outside[128];
	struct timespec start, now;
	int escaped = 0, good = 0, rounds = 0;
	pid_t attacker;

	snprintf (outside, sizeof outside, "%s/outside", top);
	link_at (outside, "swap");
	OK (mkdirat (root, "victim", 0755) == 0);
	put ("../outside/data", "OUTSIDE");
	put ("victim/data", "inside");
	attacker = fork ();
	if (attacker == 0)
		for (;;)
			syscall (SYS_renameat2, root, "swap", root, "victim", RENAME_EXCHANGE);
	clock_gettime (CLOCK_MONOTONIC, &start);
	do {
		const char *text = text_of ("victim/data");
		const char *name;
		autofd made = beneath_mkdir_p (root, "victim/made", 0755);
		autofd parent = beneath_parent (root, "victim/deeper/x", true, &name);
		autofd touched = beneath_touch (root, "victim/touched");

		good += streq (text, "inside");
		good += 0 * (made + parent + touched); /* their fates differ; what counts is what is
							  outside afterwards */
		escaped += streq (text, "OUTSIDE");
		rounds++;
		clock_gettime (CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 <
		 500);
	kill (attacker, SIGKILL);
	waitpid (attacker, NULL, 0);
	EQ (escaped, 0);
	OK (rounds > 10 && good > 0);
	EQ (faccessat (root, "../outside/made", F_OK, 0), -1);
	EQ (faccessat (root, "../outside/deeper", F_OK, 0), -1);
	EQ (faccessat (root, "../outside/touched", F_OK, 0), -1);
}
