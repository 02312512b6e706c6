/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "sys/beneath.h"
#include "sys/syscalls.h"

#define LINKS_MAX 40
#define RETRIES	  16

static bool no_openat2;

void
beneath_force_fallback (bool on)
{
	no_openat2 = on;
}

static int
by_openat2 (int root, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (unsigned) flags | O_CLOEXEC,
				.resolve = resolve | RESOLVE_NO_MAGICLINKS };
	int fd = -ENOSYS;

	/* EAGAIN: a rename or mount elsewhere made the kernel unsure about "..". The walk does not
	 * mind. */
	for (int i = 0; i < RETRIES; i++) {
		fd = sys_openat2 (root, *path ? path : ".", &how, sizeof how);
		if (fd != -EAGAIN && fd != -EINTR)
			break;
	}
	return fd;
}

/* ---- the walk: every component is opened without following, links are followed by us */

enum missing {
	MISSING_FAILS,
	MISSING_DIR,
	MISSING_FILE
}; /* FILE: the last component; directories on the way to it */

struct walk {
	char todo[2 * PATH_MAX]; /* what is still to be resolved */
	char name[NAME_MAX + 1]; /* of the top of the stack in the one below; "" when it was reached
				    otherwise */
	int stack[PATH_MAX / 2]; /* fds from the root down: ".." pops, and never the first */
	int depth;
	int links;
	bool no_links, made, top_is_dir;
	enum missing missing;
	mode_t mode; /* of directories that are made */
};

static void
walk_pop (struct walk *w)
{
	if (w->depth > 1)
		close (w->stack[--w->depth]);
	w->name[0] = '\0';
	w->top_is_dir = true;
}

static int
walk_link (struct walk *w, int fd)
{
	size_t rest = strlen (w->todo) + 1;
	char target[PATH_MAX];
	ssize_t n;

	if (w->no_links || ++w->links > LINKS_MAX)
		return -ELOOP;
	n = readlinkat (fd, "", target, sizeof target);
	if (n < 0)
		return -errno;
	if ((size_t) n == sizeof target || (size_t) n + rest > sizeof w->todo)
		return -ENAMETOOLONG;
	memmove (w->todo + n, w->todo, rest); /* empty, or begins with a slash */
	memcpy (w->todo, target, (size_t) n);
	if (target[0] == '/')
		while (w->depth > 1)
			walk_pop (w);
	return 1;
}

/* `name` in the top of the stack, made if it is missing and that was asked for. Never through a
 * link. */
static int
walk_open (struct walk *w, const char *name, bool last)
{
	int dir = w->stack[w->depth - 1];
	int fd = openat (dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT || w->missing == MISSING_FAILS)
		return -errno;
	if (last && w->missing == MISSING_FILE) {
		fd = openat (dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
	} else if (mkdirat (dir, name, w->mode) < 0 && errno != EEXIST) {
		return -errno;
	}
	w->made = true;
	fd = openat (dir, name,
		     O_PATH | O_NOFOLLOW | O_CLOEXEC); /* EEXIST: somebody else was faster */
	return fd < 0 ? -errno : fd;
}

/* One component. 1: there may be more, 0: that was all. */
static int
walk_step (struct walk *w, bool follow_last)
{
	char *start = w->todo + strspn (w->todo, "/"), name[NAME_MAX + 1];
	size_t n = strcspn (start, "/");
	bool last = start[n + strspn (start + n, "/")] == '\0', slash = start[n] == '/';
	struct stat st;
	int fd;

	if (*w->todo && !w->top_is_dir) /* also for a slash at the end */
		return -ENOTDIR;
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
		if (w->made) /* only a link that was changed just now says "new/.." */
			return -EINVAL;
		walk_pop (w);
		return 1;
	}
	fd = walk_open (w, name, last);
	if (fd < 0)
		return fd;
	if (fstat (fd, &st) < 0 || w->depth == (int) ARRAY_SIZE (w->stack)) {
		close (fd);
		return -ENAMETOOLONG;
	}
	if (S_ISLNK (st.st_mode) && (!last || slash || follow_last)) {
		int r = walk_link (w, fd);

		close (fd);
		return r;
	}
	w->stack[w->depth++] = fd;
	memcpy (w->name, name, n + 1);
	w->top_is_dir = S_ISDIR (st.st_mode);
	return 1;
}

/*
 * The top of the stack, opened with the access that was asked for: by its name in the directory
 * where it was found, without following. /proc/self/fd would do as well, but not everywhere where
 * we are needed there is a /proc that can be trusted.
 */
static int
walk_result (struct walk *w, int flags)
{
	int top = w->stack[w->depth - 1], fd;

	if ((flags & O_DIRECTORY) && !w->top_is_dir)
		return -ENOTDIR;
	if ((flags & O_PATH) && w->depth > 1) {
		w->depth--;
		return top;
	}
	if (w->name[0])
		fd = openat (w->stack[w->depth - 2], w->name, flags | O_NOFOLLOW | O_CLOEXEC);
	else
		fd = openat (top, ".", flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int
by_walk (int root, const char *path, int flags, bool no_links, enum missing missing, mode_t mode)
{
	struct walk w = {
		.no_links = no_links, .missing = missing, .mode = mode, .top_is_dir = true
	};
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
	if (r == 0)
		r = walk_result (&w, flags);
	while (w.depth > 0)
		close (w.stack[--w.depth]);
	return r;
}

static int
open_at (int root, const char *path, int flags, bool no_links)
{
	int fd;

	while (*path == '/')
		path++;
	if (!no_openat2) {
		fd = by_openat2 (root, path, flags,
				 no_links ? RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS
					  : RESOLVE_IN_ROOT);
		if (fd == -ENOSYS || fd == -EPERM)
			no_openat2 = true; /* Linux < 5.6, or an old seccomp profile */
		else if (fd != -EAGAIN && fd != -EINTR)
			return fd;
	}
	return by_walk (root, path, flags, no_links, MISSING_FAILS, 0);
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

/* ---- making what is missing */

/* The usual case, where only the last one is missing. -ENOENT: more are, or it is not so simple. */
static int
mkdir_last (int root, const char *path, mode_t mode)
{
	const char *slash = strrchr (path, '/'), *name = slash ? slash + 1 : path;
	char parent[PATH_MAX];
	size_t n = slash ? (size_t) (slash - path) : 0;
	int dir, fd;

	if (no_openat2 || n >= sizeof parent || !*name || streq (name, ".") || streq (name, ".."))
		return -ENOENT;
	memcpy (parent, path, n);
	parent[n] = '\0';
	dir = beneath_open (root, parent, O_PATH | O_DIRECTORY);
	if (dir < 0)
		return -ENOENT;
	/* Not through a link: EEXIST is one that dangles, or somebody else who was faster. The walk
	 * sees to both. */
	fd = mkdirat (dir, name, mode) < 0
		     ? -1
		     : openat (dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	close (dir);
	return fd < 0 ? -ENOENT : fd;
}

int
beneath_mkdir_missing (int root, const char *path, mode_t mode)
{
	int fd = mkdir_last (root, path, mode);

	return fd == -ENOENT ? by_walk (root, path, O_PATH | O_DIRECTORY, false, MISSING_DIR, mode)
			     : fd;
}

int
beneath_mkdir_p (int root, const char *path, mode_t mode)
{
	int fd = beneath_open (root, path, O_PATH | O_DIRECTORY);

	return fd == -ENOENT ? beneath_mkdir_missing (root, path, mode) : fd;
}

int
beneath_parent (int root, const char *path, bool create, const char **ret_name)
{
	const char *slash = strrchr (path, '/'), *name = slash ? slash + 1 : path;
	char parent[PATH_MAX];
	size_t n = slash ? (size_t) (slash - path) : 0;

	if (n >= sizeof parent)
		return -ENAMETOOLONG;
	if (!*name || streq (name, ".") || streq (name, ".."))
		return -EINVAL;
	memcpy (parent, path, n);
	parent[n] = '\0';
	*ret_name = name;
	return create ? beneath_mkdir_p (root, parent, 0755)
		      : beneath_open (root, parent, O_PATH | O_DIRECTORY);
}

int
beneath_touch (int root, const char *path)
{
	int fd = beneath_open (root, path, O_PATH);

	return fd == -ENOENT ? by_walk (root, path, O_PATH, false, MISSING_FILE, 0755) : fd;
}
