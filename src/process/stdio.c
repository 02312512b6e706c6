/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "process/process.h"

#define PASSWD_MAX     (1u << 20)
#define LINE_MAX_BYTES (64u << 10)

static bool
is_null_device (const struct stat *st)
{
	return S_ISCHR (st->st_mode) && st->st_rdev == makedev (1, 3);
}

/* Terminals and devices stay whose they are; so does a file that is only read: it may be anybody's.
 */
static bool
is_for_reopening (int fd, const struct stat *st)
{
	if (S_ISREG (st->st_mode))
		return (fcntl (fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
	return S_ISFIFO (st->st_mode) || S_ISSOCK (st->st_mode);
}

int
stdio_null (struct err *e)
{
	autofd null = open ("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2 (null, fd) < 0)
			return err_set (e, errno, "open /dev/null");
	return 0;
}

/* The container's, or -1: an image may have put a file there. Then the host's null device stays
 * (CVE-2026-88265). */
static int
open_null (void)
{
	int fd = open ("/dev/null", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && fstat (fd, &st) == 0 && is_null_device (&st) && fcntl (fd, F_SETFL, 0) == 0)
		return fd;
	if (fd >= 0)
		close (fd);
	return -1;
}

int
stdio_take_over (uid_t uid, struct err *e)
{
	autofd null = -1;
	bool looked = false;

	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		if (fstat (fd, &st) < 0)
			continue;
		if (!is_null_device (&st)) {
			if (st.st_uid != uid && is_for_reopening (fd, &st))
				(void) !fchown (fd, uid, (gid_t) -1);
			continue;
		}
		if (!looked)
			null = open_null ();
		looked = true;
		if (null >= 0 && dup2 (null, fd) < 0)
			return err_set (e, errno, "replace standard stream %d", fd);
	}
	return 0;
}

/* name:password:uid:gid:gecos:home:shell. The home of uid, or NULL. No NSS: nothing of the image is
 * executed or loaded. */
static char *
find_home (struct arena *a, char *text, uid_t uid)
{
	for (char *line = text, *end; *line; line = end) {
		uint32_t id;
		strs f;

		end = line + strcspn (line, "\n");
		if (*end)
			*end++ = '\0';
		if (strlen (line) > LINE_MAX_BYTES)
			continue;
		f = str_split (a, line, ':');
		if (f.n >= 6 && parse_u32 (f.v[2], &id) == 0 && id == uid && *f.v[5])
			return f.v[5];
	}
	return NULL;
}

/*
 * Not read_file_at, which has patience with pipes: nobody may ever write to a FIFO of the image
 * (CVE-2024-9676). Files without a size are the kernel's: /proc/kmsg would block, and lose what we
 * read.
 */
static char *
read_passwd (struct arena *a)
{
	autofd fd = open ("/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct err ignored;
	struct stat st;
	char *text;
	size_t len;

	if (fd < 0 || fstat (fd, &st) < 0 || !S_ISREG (st.st_mode) || st.st_size == 0)
		return NULL;
	return read_fd (a, fd, "/etc/passwd", PASSWD_MAX, &text, &len, &ignored) == 0 ? text : NULL;
}

char **
env_add_home (struct arena *a, char **env, uid_t uid)
{
	char *text = read_passwd (a), *home = text ? find_home (a, text, uid) : NULL, **with;
	size_t n = 0, at;

	while (env[n])
		n++;
	with = arena_alloc (a, (n + 2) * sizeof *with);
	memcpy (with, env, n * sizeof *with);
	for (at = 0; at < n && !startswith (with[at], "HOME="); at++) /* an empty one is replaced */
		;
	with[at] = arena_printf (a, "HOME=%s", home ? home : "/");
	return with;
}
