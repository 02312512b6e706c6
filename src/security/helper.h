/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Inside this room: where coracle-helper is. */
#include <limits.h>
#include <sys/stat.h>

struct err;

/* Beside our own binary, or below LIBEXECDIR. ret_stat says which helper it is. */
int helper_find (char ret_path[PATH_MAX], struct stat *ret_stat, struct err *e);
