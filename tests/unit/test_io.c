/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of images and callers are hostile: no hanging, no endless reading; replacing is atomic. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/sock.h"
#include "libocispec/arena.h"
#include "tap.h"

#include <sys/socket.h>
#include <sys/un.h>

static char top[64];
static int dir = -1;
static struct arena arena;
static struct err e;

#define IN_DIR(n)                      \
	static void in_dir_##n (void); \
	TEST (n)                       \
	{                              \
		enter ();              \
		in_dir_##n ();         \
		leave ();              \
	}                              \
	static void in_dir_##n (void)

static void
enter (void)
{
	umask (022);
	strcpy (top, "/tmp/cor-base-io-XXXXXX");
	if (!mkdtemp (top))
		abort ();
	dir = open (top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	e = (struct err) { 0 };
}

static void
leave (void)
{
	char command[100];

	close (dir);
	snprintf (command, sizeof command, "rm -rf %s", top);
	OK (system (command) == 0);
	arena_free (&arena);
	arena = (struct arena) { 0 };
}

static int
entries (void)
{
	char command[100];
	FILE *f;
	int n = -1;

	snprintf (command, sizeof command, "ls -A %s | wc -l", top);
	f = popen (command, "r");
	if (fscanf (f, "%d", &n) != 1)
		n = -1;
	pclose (f);
	return n;
}

IN_DIR (whole_file)
{
	char *text = NULL;
	size_t len = 0;

	EQ (file_create_at (dir, "f", "a\0b", 3, 0600), 0);
	EQ (read_file_at (&arena, dir, "f", 3, &text, &len, &e), 0);
	EQ (len, 3);
	OK (memcmp (text, "a\0b", 4) == 0); /* a NUL behind it */
	FAILS_WITH (read_file_at (&arena, dir, "f", 2, &text, &len, &e), &e,
		    "'f' is larger than 2 bytes");
	EQ (e.num, EFBIG);
	EQ (file_create_at (dir, "empty", "", 0, 0600), 0);
	EQ (read_file_at (&arena, dir, "empty", 10, &text, &len, &e), 0);
	EQ (len, 0);
	STREQ (text, "");
}

IN_DIR (no_file)
{
	char *text;
	size_t len;

	FAILS_WITH (read_file_at (&arena, dir, "missing", 10, &text, &len, &e), &e,
		    "open 'missing'");
	EQ (e.num, ENOENT);
	OK (mkdirat (dir, "d", 0700) == 0);
	EQ (read_file_at (&arena, dir, "d", 10, &text, &len, &e), -1);
	EQ (e.num, EISDIR);
	FAILS_WITH (read_file_at (&arena, AT_FDCWD, "/dev/zero", 1 << 20, &text, &len, &e), &e,
		    "neither a regular file nor a pipe");
}

IN_DIR (proc_files_have_no_size)
{
	char *text;
	size_t len;

	EQ (read_file_at (&arena, AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &text, &len, &e), 0);
	OK (len > 20 && strlen (text) == len);
}

IN_DIR (pipes)
{
	char *text;
	size_t len;
	int fds[2], status;
	pid_t pid;

	OK (pipe (fds) == 0);
	fflush (stdout);
	pid = fork ();
	if (pid == 0) {
		char big[1000];

		close (fds[0]);
		memset (big, 'p', sizeof big);
		for (int i = 0; i < 200; i++)
			(void) !write (fds[1], big, sizeof big);
		_exit (0);
	}
	close (fds[1]);
	EQ (read_fd (&arena, fds[0], "pipe", 1 << 20, &text, &len, &e), 0);
	EQ (len, 200000);
	EQ (text[199999], 'p');
	close (fds[0]);
	waitpid (pid, &status, 0);
}

IN_DIR (endless_pipe_has_a_limit)
{
	char *text;
	size_t len;
	int fds[2];
	pid_t pid;

	OK (pipe (fds) == 0);
	fflush (stdout);
	pid = fork ();
	if (pid == 0) {
		close (fds[0]);
		while (write (fds[1], "0123456789", 10) == 10)
			;
		_exit (0);
	}
	close (fds[1]);
	FAILS_WITH (read_fd (&arena, fds[0], "pipe", 100000, &text, &len, &e), &e,
		    "larger than 100000 bytes");
	close (fds[0]);
	waitpid (pid, NULL, 0);
}

IN_DIR (named_pipe_with_a_writer)
{
	char *text, path[100];
	size_t len;
	pid_t pid;

	OK (mkfifoat (dir, "fifo", 0600) == 0);
	snprintf (path, sizeof path, "%s/fifo", top);
	fflush (stdout);
	pid = fork ();
	if (pid == 0) {
		int fd = open (path, O_WRONLY);

		_exit (write (fd, "{}", 2) != 2);
	}
	EQ (read_file_at (&arena, dir, "fifo", 100, &text, &len, &e), 0);
	STREQ (text, "{}");
	waitpid (pid, NULL, 0);
}

IN_DIR (small_files)
{
	char buf[16];

	EQ (file_create_at (dir, "f", "12\n\n", 4, 0600), 0);
	EQ (read_small_at (dir, "f", buf, sizeof buf), 2);
	STREQ (buf, "12");
	EQ (read_small_at (dir, "f", buf, 2), 1);
	STREQ (buf, "1");
	EQ (read_small_at (dir, "missing", buf, sizeof buf), -ENOENT);
	EQ (write_small_at (dir, "f", "99"), 0);
	EQ (read_small_at (dir, "f", buf, sizeof buf), 2);
	STREQ (buf, "99"); /* and not truncated: kernel files do not care */
	EQ (write_small_at (dir, "missing", "99"), -ENOENT); /* never made */
}

IN_DIR (create_is_exclusive)
{
	struct stat st;

	EQ (file_create_at (dir, "f", "x", 1, 0640), 0);
	OK (fstatat (dir, "f", &st, 0) == 0 && (st.st_mode & 0777) == 0640);
	EQ (file_create_at (dir, "f", "y", 1, 0640), -EEXIST);
	OK (symlinkat ("target", dir, "link") == 0);
	EQ (file_create_at (dir, "link", "y", 1, 0640), -EEXIST);
	EQ (faccessat (dir, "target", F_OK, 0), -1);
}

IN_DIR (replace)
{
	char buf[16];
	struct stat st;

	EQ (file_replace_at (dir, "f", "one", 3, 0600), 0);
	EQ (file_replace_at (dir, "f", "two", 3, 0644), 0);
	EQ (read_small_at (dir, "f", buf, sizeof buf), 3);
	STREQ (buf, "two");
	OK (fstatat (dir, "f", &st, 0) == 0 && (st.st_mode & 0777) == 0644);
	EQ (entries (), 1);
	/* a link by that name is replaced, not followed */
	OK (unlinkat (dir, "f", 0) == 0 && symlinkat ("victim", dir, "f") == 0);
	EQ (file_replace_at (dir, "f", "new", 3, 0600), 0);
	EQ (faccessat (dir, "victim", F_OK, 0), -1);
	EQ (file_replace_at (dir, "no/such/dir", "new", 3, 0600), -ENOENT);
}

IN_DIR (failed_replace_leaves_nothing)
{
	OK (mkdirat (dir, "d", 0700) == 0 && mkdirat (dir, "d/x", 0700) == 0);
	OK (file_replace_at (dir, "d", "x", 1, 0600) < 0);
	EQ (entries (), 1);
}

/* ---- sockets -------------------------------------------------------------------------------- */

static int
listen_at (const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), old = open (".", O_PATH);
	char parent[600];
	const char *slash = strrchr (path, '/');

	snprintf (parent, sizeof parent, "%.*s", (int) (slash - path), path);
	snprintf (sa.sun_path, sizeof sa.sun_path, "%s", slash + 1);
	if (chdir (parent) < 0 || bind (fd, (struct sockaddr *) &sa, sizeof sa) < 0 ||
	    listen (fd, 5) < 0)
		abort ();
	if (fchdir (old) < 0)
		abort ();
	close (old);
	return fd;
}

static void
reaches (const char *path)
{
	autofd listener = listen_at (path);
	autofd client = sock_connect (path, &e), server = -1;
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE (sizeof (int))];
	} control;
	char text[16] = "";
	struct iovec iov = { text, sizeof text };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof control.buf };
	struct stat a, b;
	int got = -1;

	OK (client >= 0);
	server = accept (listener, NULL, NULL);
	EQ (sock_send_fd (client, "hello", 5, dir, &e), 0);
	EQ (recvmsg (server, &mh, MSG_CMSG_CLOEXEC), 5);
	STREQ (text, "hello");
	OK (CMSG_FIRSTHDR (&mh) != NULL);
	memcpy (&got, CMSG_DATA (CMSG_FIRSTHDR (&mh)), sizeof got);
	OK (fstat (got, &a) == 0 && fstat (dir, &b) == 0 && a.st_ino == b.st_ino);
	OK (fcntl (client, F_GETFD) & FD_CLOEXEC);
	close (got);
}

IN_DIR (socket_with_a_short_path)
{
	char path[600];

	snprintf (path, sizeof path, "%s/s", top);
	reaches (path);
}

IN_DIR (socket_with_a_long_path)
{
	char path[600];
	size_t n = strlen (top);

	strcpy (path, top);
	for (int i = 0; i < 4; i++) {
		path[n++] = '/';
		memset (path + n, 'd', 100);
		n += 100;
		path[n] = '\0';
		OK (mkdir (path, 0700) == 0);
	}
	strcpy (path + n, "/console.sock");
	reaches (path);
}

IN_DIR (socket_paths_of_every_length_around_the_limit)
{
	char path[300];
	size_t n = strlen (top);

	for (size_t len = 105; len <= 112; len++) {
		strcpy (path, top);
		path[n] = '/';
		memset (path + n + 1, 's', len - n - 1);
		path[len] = '\0';
		EQ (strlen (path), len);
		reaches (path);
	}
}

IN_DIR (socket_that_is_none)
{
	char path[600];

	snprintf (path, sizeof path, "%s/missing", top);
	EQ (sock_connect (path, &e), -1);
	EQ (e.num, ENOENT);
	EQ (file_create_at (dir, "file", "", 0, 0600), 0);
	snprintf (path, sizeof path, "%s/file", top);
	EQ (sock_connect (path, &e), -1);
	EQ (e.num, ECONNREFUSED);
	memset (path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	EQ (sock_connect (path, &e), -1);
	EQ (e.num, ENAMETOOLONG);
	EQ (sock_connect ("", &e), -1);
}

IN_DIR (send_to_the_dead)
{
	int fds[2];

	OK (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	close (fds[1]);
	FAILS_WITH (sock_send_fd (fds[0], "x", 1, dir, &e), &e,
		    "send a file descriptor"); /* and no SIGPIPE */
	EQ (e.num, EPIPE);
	close (fds[0]);
}
