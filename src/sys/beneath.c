/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "sys/beneath.h"
#include "sys/syscalls.h"

#define LINKS_MAX 40
#define RETRIES 32

static bool no_openat2;

void
beneath_force_fallback (bool on)
{
	no_openat2 = on;
}

static int
by_openat2 (int root, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (unsigned) flags | O_CLOEXEC, .resolve = resolve | RESOLVE_NO_MAGICLINKS };
	int fd = -ENOSYS;

	/* EAGAIN: a rename or mount elsewhere made the kernel unsure about "..". */
	for (int i = 0; i < RETRIES; i++) {
		fd = sys_openat2 (root, *path ? path : ".", &how, sizeof how);
		if (fd != -EAGAIN && fd != -EINTR)
			break;
	}
	return fd;
}

/* ---- the fall-back walk: every component is opened without following, links are followed by us ------------------------- */

struct walk {
	char todo[2 * PATH_MAX];	/* what is still to be resolved */
	int stack[PATH_MAX / 2];	/* fds from the root down: ".." pops, and never beyond the first */
	int depth;
	int links;
	bool no_links;
};

static void
walk_pop_all (struct walk *w)
{
	while (w->depth > 0)
		close (w->stack[--w->depth]);
}

static int
walk_link (struct walk *w, int fd)
{
	char target[PATH_MAX], rest[2 * PATH_MAX];
	ssize_t n = readlinkat (fd, "", target, sizeof target - 1);

	if (n < 0)
		return -errno;
	if (w->no_links || ++w->links > LINKS_MAX)
		return -ELOOP;
	target[n] = '\0';
	if ((size_t) n + strlen (w->todo) + 2 > sizeof w->todo)
		return -ENAMETOOLONG;
	memcpy (rest, w->todo, strlen (w->todo) + 1);
	memcpy (w->todo, target, (size_t) n);
	w->todo[n] = '/';
	memcpy (w->todo + n + 1, rest, strlen (rest) + 1);
	if (target[0] == '/')
		while (w->depth > 1)
			close (w->stack[--w->depth]);
	return 0;
}

/* One component. 1: there is more, 0: todo is empty. */
static int
walk_step (struct walk *w, bool follow_last)
{
	char *start = w->todo + strspn (w->todo, "/"), name[NAME_MAX + 1];
	size_t n = strcspn (start, "/");
	bool last = start[n + strspn (start + n, "/")] == '\0';
	struct stat st;
	int fd;

	if (n == 0)
		return 0;
	if (n > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy (name, start, n);
	name[n] = '\0';
	memmove (w->todo, start + n, strlen (start + n) + 1);
	if (streq (name, "."))
		return 1;
	if (streq (name, "..")) {
		if (w->depth > 1)
			close (w->stack[--w->depth]);
		return 1;
	}
	fd = openat (w->stack[w->depth - 1], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat (fd, &st) == 0 && S_ISLNK (st.st_mode) && (!last || follow_last)) {
		int r = walk_link (w, fd);

		close (fd);
		return r < 0 ? r : 1;
	}
	if (w->depth == (int) ARRAY_SIZE (w->stack)) {
		close (fd);
		return -ENAMETOOLONG;
	}
	w->stack[w->depth++] = fd;
	return 1;
}

/* The O_PATH fd opened again with the access that was asked for; its identity cannot change any more. */
static int
reopen (int fd, int flags)
{
	char self[40];
	int again;

	if (flags & O_PATH) {
		again = fcntl (fd, F_DUPFD_CLOEXEC, 3);
		return again < 0 ? -errno : again;
	}
	(void) snprintf (self, sizeof self, "/proc/self/fd/%d", fd);
	again = open (self, (flags & ~O_NOFOLLOW) | O_CLOEXEC);
	return again < 0 ? -errno : again;
}

static int
by_walk (int root, const char *path, int flags, bool no_links)
{
	struct walk w = { .no_links = no_links };
	struct stat st;
	int r;

	if (strlen (path) >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy (w.todo, path, strlen (path) + 1);
	w.stack[0] = fcntl (root, F_DUPFD_CLOEXEC, 3);
	if (w.stack[0] < 0)
		return -errno;
	w.depth = 1;
	do
		r = walk_step (&w, !(flags & O_NOFOLLOW));
	while (r > 0);
	if (r == 0 && (flags & O_DIRECTORY) && (fstat (w.stack[w.depth - 1], &st) < 0 || !S_ISDIR (st.st_mode)))
		r = -ENOTDIR;
	if (r == 0)
		r = reopen (w.stack[w.depth - 1], flags);
	walk_pop_all (&w);
	return r;
}

static int
open_at (int root, const char *path, int flags, bool no_links)
{
	int fd;

	while (*path == '/')
		path++;
	if (!no_openat2) {
		fd = by_openat2 (root, path, flags, no_links ? RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS : RESOLVE_IN_ROOT);
		if (fd != -ENOSYS)
			return fd;
		no_openat2 = true;
	}
	return by_walk (root, path, flags, no_links);
}

int
beneath_open (int root, const char *path, int flags)
{
	return open_at (root, path, flags, false);
}

int
beneath_open_plain (int root, const char *path, int flags)
{
	return open_at (root, path, flags, true);
}

/* ---- making what is missing ------------------------------------------------------------------------------------------------ */

/* mkdir the components of `rest` below the existing directory *dir, one by one, each opened without following links. */
static int
make_components (int *dir, const char *rest, mode_t mode)
{
	char name[NAME_MAX + 1];

	for (;;) {
		size_t n;
		int fd;

		rest += strspn (rest, "/");
		n = strcspn (rest, "/");
		if (n == 0)
			return 0;
		if (n > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy (name, rest, n);
		name[n] = '\0';
		rest += n;
		if (streq (name, "."))
			continue;
		if (streq (name, ".."))
			return -EINVAL;
		if (mkdirat (*dir, name, mode) < 0 && errno != EEXIST)
			return -errno;
		fd = openat (*dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		close (*dir);
		*dir = fd;
	}
}

int
beneath_mkdir_p (int root, const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t len = strlen (path);
	int fd, r;

	fd = beneath_open (root, path, O_PATH | O_DIRECTORY);
	if (fd != -ENOENT)
		return fd;
	if (len >= sizeof part)
		return -ENAMETOOLONG;
	/* The longest part that exists; a dangling symlink on the way is not replaced: mkdir says EEXIST and the open then ENOENT or ENOTDIR. */
	for (size_t n = len; fd == -ENOENT;) {
		while (n > 0 && path[n - 1] == '/')
			n--;
		while (n > 0 && path[n - 1] != '/')
			n--;
		memcpy (part, path, n);
		part[n] = '\0';
		fd = beneath_open (root, part, O_PATH | O_DIRECTORY);
		if (fd >= 0) {
			r = make_components (&fd, path + n, mode);
			if (r < 0) {
				close (fd);
				return r;
			}
		} else if (n == 0) {
			return fd;
		}
	}
	return fd;
}

int
beneath_parent (int root, const char *path, bool create, const char **ret_name)
{
	const char *slash = strrchr (path, '/');
	char parent[PATH_MAX];
	size_t n = slash ? (size_t) (slash - path) : 0;

	if (n >= sizeof parent)
		return -ENAMETOOLONG;
	memcpy (parent, path, n);
	parent[n] = '\0';
	*ret_name = slash ? slash + 1 : path;
	return create ? beneath_mkdir_p (root, parent, 0755) : beneath_open (root, parent, O_PATH | O_DIRECTORY);
}

int
beneath_touch (int root, const char *path)
{
	const char *name;
	int fd = beneath_open (root, path, O_PATH), made;
	autofd dir = -1;

	if (fd != -ENOENT)
		return fd;
	dir = beneath_parent (root, path, true, &name);
	if (dir < 0)
		return dir;
	made = openat (dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_RDONLY, 0644);
	if (made < 0)
		return -errno;	/* EEXIST: a dangling symlink, which is not ours to follow */
	close (made);
	fd = openat (dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
