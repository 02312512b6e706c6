/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "libocispec/arena.h"

struct source {
	int fd;
	const char *name;
	size_t limit;
	struct stat st;
};

static int
look_at (struct source *f, struct err *e)
{
	mode_t mode;

	if (fstat (f->fd, &f->st) < 0)
		return err_set (e, errno, "stat '%s'", f->name);
	mode = f->st.st_mode;
	if (!S_ISREG (mode) && !S_ISFIFO (mode) && !S_ISSOCK (mode))
		return err_set (e, S_ISDIR (mode) ? EISDIR : EINVAL,
				"'%s' is neither a regular file nor a pipe", f->name);
	if (S_ISREG (mode) && (uint64_t) f->st.st_size > f->limit)
		return err_set (e, EFBIG, "'%s' is larger than %zu bytes", f->name, f->limit);
	return 0;
}

static int
read_source (struct arena *a, const struct source *f, char **ret, size_t *ret_len, struct err *e)
{
	size_t known = f->st.st_size > 0 ? (size_t) f->st.st_size : 0;
	size_t size = !S_ISREG (f->st.st_mode) ? 65536
		      : known > 0	       ? known + 1
					       : 4095; /* kernel files say 0 */
	size_t len = 0;
	char *buf;

	buf = arena_alloc (a, size + 1);
	for (;;) {
		ssize_t n = read (f->fd, buf + len, size - len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { f->fd, POLLIN, 0 };

			(void) poll (&p, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set (e, errno, "read '%s'", f->name);
		len += (size_t) n;
		if (n == 0 || (known > 0 && len == known))
			break; /* files of ours are replaced, they do not grow */
		if (len > f->limit)
			return err_set (e, EFBIG, "'%s' is larger than %zu bytes", f->name,
					f->limit);
		if (len == size) {
			char *bigger = arena_alloc (a, 2 * size + 1);

			memcpy (bigger, buf, len);
			buf = bigger;
			size *= 2;
		}
	}
	buf[len] = '\0';
	*ret = buf;
	*ret_len = len;
	return 0;
}

int
read_fd (struct arena *a, int fd, const char *name, size_t limit, char **ret, size_t *ret_len,
	 struct err *e)
{
	struct source f = { .fd = fd, .name = name, .limit = limit };

	TRY (look_at (&f, e));
	return read_source (a, &f, ret, ret_len, e);
}

static int
read_opened (struct arena *a, int fd, const char *name, size_t limit, char **ret, size_t *ret_len,
	     struct err *e)
{
	struct source f = { .fd = fd, .name = name, .limit = limit };

	if (fd < 0)
		return err_set (e, errno, "open '%s'", name);
	TRY (look_at (&f, e));
	if (S_ISFIFO (f.st.st_mode)) {
		/* A named FIFO may have no writer yet, or ever: only what is in it now. /dev/fd/N
		 * of a shell is a pipe as well. */
		struct pollfd p = { fd, POLLIN, 0 };

		if (poll (&p, 1, 5000) <= 0)
			return err_set (e, EINVAL, "'%s' is a FIFO that nobody writes to", name);
	}
	return read_source (a, &f, ret, ret_len, e);
}

#define READING (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

int
read_file_at (struct arena *a, int dirfd, const char *path, size_t limit, char **ret,
	      size_t *ret_len, struct err *e)
{
	autofd fd = openat (dirfd, path, READING);

	return read_opened (a, fd, path, limit, ret, ret_len, e);
}

int
read_file_in (struct arena *a, const char *dir, const char *name, size_t limit, char **ret,
	      size_t *ret_len, struct err *e)
{
	autofd fd = open (*name == '/' ? name : arena_printf (a, "%s/%s", dir, name), READING);

	return read_opened (a, fd, name, limit, ret, ret_len, e);
}

ssize_t
read_small_at (int dirfd, const char *path, char *buf, size_t size)
{
	autofd fd = openat (dirfd, path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read (fd, buf, size - 1);

	if (n < 0)
		return -errno;
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

int
write_small_at (int dirfd, const char *path, const char *text)
{
	autofd fd = openat (dirfd, path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	size_t len = strlen (text);
	ssize_t n = fd < 0 ? -1 : write (fd, text, len);

	if (n < 0)
		return -errno;
	return (size_t) n == len ? 0 : -EIO;
}

int
write_all (int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = write (fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t) n;
	}
	return 0;
}

int
file_create_at (int dirfd, const char *name, const void *buf, size_t len, mode_t mode)
{
	autofd fd = openat (dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    mode);
	int r;

	if (fd < 0)
		return -errno;
	r = write_all (fd, buf, len);
	if (r < 0)
		(void) unlinkat (dirfd, name, 0);
	return r;
}

int
make_directories (const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t len = strlen (path);

	if (len >= sizeof part)
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy (part, path, i);
		part[i] = '\0';
		if (mkdir (part, mode) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

int
file_replace_at (int dirfd, const char *name, const void *buf, size_t len, mode_t mode)
{
	char tmp[PATH_MAX];
	const char *slash = strrchr (name, '/');
	int dir = slash ? (int) (slash - name) + 1 : 0, r;
	struct timespec now; /* nobody else's, as a pid could be, of another pid namespace */

	clock_gettime (CLOCK_REALTIME, &now);
	if (snprintf (tmp, sizeof tmp, "%.*s.%s.%llx%lx", dir, name, name + dir,
		      (unsigned long long) now.tv_sec, now.tv_nsec) >= (int) sizeof tmp)
		return -ENAMETOOLONG;
	r = file_create_at (dirfd, tmp, buf, len, mode);
	if (r == 0 && renameat (dirfd, tmp, dirfd, name) < 0) {
		r = -errno;
		(void) unlinkat (dirfd, tmp, 0);
	}
	return r;
}
