/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Cleanup attributes and small things that every file uses. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

static inline void
autofd_close (int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close (*fd);
		errno = saved;
	}
}

/* `autofd fd = …;`: closed at the end of the scope unless taken. Always initialise. */
#define autofd __attribute__ ((cleanup (autofd_close))) int

static inline int
take_fd (int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/*
 * For large static objects. The linker sorts by alignment (Makefile), so that what is small and
 * used by every command lies together in two pages: each page that a process touches first is a
 * fault, and one more in the child of a clone.
 */
#define LARGE __attribute__ ((aligned (64)))

#define ARRAY_SIZE(a) (sizeof (a) / sizeof (a)[0])
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))

static inline bool
streq (const char *a, const char *b)
{
	return strcmp (a, b) == 0;
}

static inline bool
startswith (const char *s, const char *prefix)
{
	return strncmp (s, prefix, strlen (prefix)) == 0;
}

extern char **environ;
