/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Paths as strings; nothing here looks at the disk. */
#include <stdbool.h>

struct arena;

/* Lexically clean: no "//", "/./", "..", trailing slash. Relative stays relative; ".." never goes
 * above the start. "" for nothing. */
char *path_clean (struct arena *a, const char *path);
/* The same of a path in a root directory: absolute, whether it begins with a slash or not. */
char *path_clean_in_root (struct arena *a, const char *path);
/* base/path, cleaned; or path, cleaned, if it is absolute. */
char *path_absolute (struct arena *a, const char *base, const char *path);
bool path_has_dotdot (const char *path);
/* Is `path` `dir` itself or below it? Both clean. */
bool path_is_below (const char *path, const char *dir);
