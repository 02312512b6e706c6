/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/self/mountinfo, for who has to know what is mounted: --no-pivot, and older kernels. */
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/procfs.h"
#include "rootfs/room.h"

#define MOUNTINFO_MAX (64u << 20)

int
mountinfo_read (struct rootfs *r, char **ret, struct err *e)
{
	autofd fd = procfs_open ("self/mountinfo", O_RDONLY);
	size_t len;

	if (fd < 0)
		return err_set (e, -fd, "open '/proc/self/mountinfo'");
	return read_fd (r->arena, fd, "/proc/self/mountinfo", MOUNTINFO_MAX, ret, &len, e);
}

/* "ID PARENT DEV ROOT PATH OPTIONS … - TYPE SOURCE …" */
static bool
parse (char *line, char **ret_path, const char **ret_type)
{
	char *path = line, *type = strstr (line, " - ");

	for (int field = 0; path && field < 4; field++)
		path = strchr (path + 1, ' ');
	if (!path || !type || type < path)
		return false;
	*ret_path = path + 1;
	*ret_type = type + 3;
	*strchrnul (type + 3, ' ') = '\0';
	*strchrnul (path + 1, ' ') = '\0';
	str_unescape (path + 1);
	return true;
}

bool
mountinfo_next (char **text, char **ret_path, const char **ret_type)
{
	char *line;

	while ((line = strsep (text, "\n")) != NULL)
		if (parse (line, ret_path, ret_type))
			return true;
	return false;
}

bool
mountinfo_is_below (const char *path, const char *dir)
{
	size_t n = strlen (dir);

	return strncmp (path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}
