/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Reading and writing whole files. */
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct arena;

/*
 * A regular file (or a pipe), at most `limit` bytes, NUL-terminated in the arena. Opened with
 * O_NONBLOCK and checked by fstat: a FIFO without a writer or /dev/zero must not hang or fill us.
 * dirfd may be AT_FDCWD.
 */
int read_file_at (struct arena *a, int dirfd, const char *path, size_t limit, char **ret,
		  size_t *ret_len, struct err *e);
/* The same of a file in a directory that is named; errors name the file alone. */
int read_file_in (struct arena *a, const char *dir, const char *name, size_t limit, char **ret,
		  size_t *ret_len, struct err *e);
int read_fd (struct arena *a, int fd, const char *name, size_t limit, char **ret, size_t *ret_len,
	     struct err *e);
/* Small kernel files (procfs, cgroupfs): one read into a buffer; the length, NUL added, line break
 * at the end removed; or -errno. */
ssize_t read_small_at (int dirfd, const char *path, char *buf, size_t size);
/* One write(2) to an existing file (procfs, cgroupfs). 0 or -errno. */
int write_small_at (int dirfd, const char *path, const char *text);

/* mkdir -p: what is there is kept, and may be no directory, which who uses it finds out. 0 or
 * -errno. */
int make_directories (const char *path, mode_t mode);
int write_all (int fd, const void *buf, size_t len); /* 0 or -errno */
int file_create_at (int dirfd, const char *name, const void *buf, size_t len,
		    mode_t mode); /* O_EXCL; 0 or -errno */
/* Atomically, by a temporary file beside it and rename; no fsync: state lives on tmpfs. 0 or
 * -errno. */
int file_replace_at (int dirfd, const char *name, const void *buf, size_t len, mode_t mode);
