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

void
stdio_own (uid_t uid)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		/* Terminals and devices stay whose they are; so does the null device, which is
		 * everybody's. */
		if (fstat (fd, &st) < 0 || S_ISCHR (st.st_mode) || S_ISBLK (st.st_mode) ||
		    st.st_uid == uid)
			continue;
		(void) !fchown (fd, uid, (gid_t) -1);
	}
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

int
stdio_reopen_null (struct err *e)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;
		autofd null = -1;

		if (fstat (fd, &st) < 0 || !is_null_device (&st))
			continue;
		null = open ("/dev/null", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
		/* An image may have put a file there: then the host's null device stays
		 * (CVE-2026-88265). */
		if (null < 0 || fstat (null, &st) < 0 || !is_null_device (&st))
			continue;
		(void) fcntl (null, F_SETFL, 0);
		if (dup2 (null, fd) < 0)
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

char **
env_add_home (struct arena *a, char **env, uid_t uid)
{
	struct err ignored;
	char *text, *home = NULL, **with;
	size_t len, n = 0, at;

	if (read_file_at (a, AT_FDCWD, "/etc/passwd", PASSWD_MAX, &text, &len, &ignored) == 0)
		home = find_home (a, text, uid);
	while (env[n])
		n++;
	with = arena_alloc (a, (n + 2) * sizeof *with);
	memcpy (with, env, n * sizeof *with);
	for (at = 0; at < n && !startswith (with[at], "HOME="); at++) /* an empty one is replaced */
		;
	with[at] = arena_printf (a, "HOME=%s", home ? home : "/");
	return with;
}
