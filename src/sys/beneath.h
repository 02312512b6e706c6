/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Paths of a container's root, resolved so that nothing can lead out of it (CVE-2021-30465,
 * CVE-2024-45310, CVE-2026-41579).
 *
 * `path` is taken as if root were "/": symbolic links, absolute ones too, stay inside. openat2
 * (RESOLVE_IN_ROOT, Linux 5.6); where that is missing a walk by components with O_PATH |
 * O_NOFOLLOW. All return an fd (CLOEXEC) or -errno. "" is the root itself.
 */
#include <stdbool.h>
#include <sys/types.h>

int beneath_open (int root, const char *path, int flags);
/* The same, but no component may be a symbolic link (-ELOOP). */
int beneath_open_plain (int root, const char *path, int flags);
/*
 * The directory, made with its parents where missing (owned by the caller); O_PATH. A dangling link
 * on the way is followed inside the root and what it points to is made. ".." after the first
 * directory that was made is -EINVAL.
 */
int beneath_mkdir_p (int root, const char *path, mode_t mode);
/* The same, for who has just heard -ENOENT: it is not looked for first. */
int beneath_mkdir_missing (int root, const char *path, mode_t mode);
/* O_PATH of the parent directory (made where missing) of path; *ret_name is the last component, in
 * `path`; "", "." and ".." are -EINVAL. */
int beneath_parent (int root, const char *path, bool create, const char **ret_name);
/*
 * What is there, by O_PATH; else an empty regular file, with its parents, by O_RDONLY. Never
 * written to. Dangling links are followed inside the root: the resolv.conf of an image may point
 * into a /run/systemd that the image lacks, and engines mount on it.
 */
int beneath_touch (int root, const char *path);

/* For tests: as if the kernel had no openat2. */
void beneath_force_fallback (bool on);
