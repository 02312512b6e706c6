/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "libocispec/arena.h"

static char *
clean (struct arena *a, const char *path, bool absolute)
{
	char *out = arena_alloc (a, strlen (path) + 2), *o = out;

	if (absolute)
		*o++ = '/';
	while (*path) {
		size_t n = strcspn (path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			/* back over the last component, but not over the start */
			while (o > out + absolute && o[-1] == '/')
				o--;
			while (o > out + absolute && o[-1] != '/')
				o--;
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			if (o > out + absolute && o[-1] != '/')
				*o++ = '/';
			memcpy (o, path, n);
			o += n;
		}
		path += n;
		path += *path == '/';
	}
	if (o > out + absolute && o[-1] == '/')
		o--;
	*o = '\0';
	return out;
}

char *
path_clean (struct arena *a, const char *path)
{
	return clean (a, path, *path == '/');
}

char *
path_clean_in_root (struct arena *a, const char *path)
{
	return clean (a, path, true);
}

char *
path_absolute (struct arena *a, const char *base, const char *path)
{
	return path_clean (a, *path == '/' ? path : arena_printf (a, "%s/%s", base, path));
}

bool
path_has_dotdot (const char *path)
{
	while (*path) {
		size_t n = strcspn (path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += n;
		path += *path == '/';
	}
	return false;
}

bool
path_is_below (const char *path, const char *dir)
{
	size_t n = strlen (dir);

	if (streq (dir, "/"))
		return *path == '/';
	return strncmp (path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}
