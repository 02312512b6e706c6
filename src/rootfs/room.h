/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Shared by the files of this room: mounts by fd.
 *
 * A "tree" is an fd of the root of a mount. With the mount API of Linux 5.2 and 5.12 it is a
 * detached clone that gets its attributes before anybody can see it and is then attached to a
 * target, which is an O_PATH fd as well: nothing is named twice. Older kernels:
 *
 *                      open_tree, move_mount      mount_setattr
 *   Linux >= 5.12      tree_open, tree_set, tree_attach
 *   Linux >= 5.2       tree_open, tree_attach     tree_set by MS_REMOUNT | MS_BIND on the attached
 * tree older              tree_open is only an O_PATH fd; tree_attach binds by /proc/self/fd, finds
 * the new mount by its path again and compares; then tree_set
 *
 * tree_* return -errno, the others speak of an error.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "rootfs/rootfs.h"

struct mount_op;

#define HOST_CGROUP "/sys/fs/cgroup"

struct tree_change {
	uint64_t set, clear;	   /* MOUNT_ATTR_* */
	unsigned long propagation; /* MS_SHARED …, or 0 */
	bool recursive;
	bool with_below; /* for tree_place: the tree was opened with what is mounted below */
	int userns_fd;	 /* with MOUNT_ATTR_IDMAP in set */
};

/* A clone of what is at path (or of dirfd itself: ""), with what is mounted below if `recursive`.
 * The final symlink is followed or not. */
int tree_open (struct rootfs *r, int dirfd, const char *path, bool recursive, bool nofollow);
int tree_set (struct rootfs *r, int tree, const struct tree_change *c);
/* Attach to `target`; `dst` is the path of the target below the root. *tree is afterwards the fd of
 * the attached mount. */
int tree_attach (struct rootfs *r, int *tree, bool recursive, int target, const char *dst);
/* tree_set and tree_attach in the order that the kernel wants. */
int tree_place (struct rootfs *r, int *tree, const struct tree_change *c, int target,
		const char *dst);
unsigned long ms_flags (uint64_t attr); /* MOUNT_ATTR_* as MS_* */
/* MS_* that a remount of this mount has to give again. */
int tree_flags (int mnt, unsigned long *ret);
/* The answer of a kernel that has no such call, or of a seccomp profile that is older than the
 * kernel. */
bool tree_is_missing (int ret);
/* What is missing, asked by calls that must fail: no_open_tree, no_setattr. rootfs_open learns it
 * from what it does anyway. */
void tree_probe (struct rootfs *r);
/* For clones of what the host has, not asked for as volumes: what is mounted on them in here must
 * not appear there. */
int tree_isolate (struct rootfs *r, int tree);
/* Linux < 5.2: the mount that was just made at `dst`, by its path; the root too. */
int tree_find (struct rootfs *r, const char *dst);

/* mountinfo.c: what is mounted, as this process sees it. mountinfo_next takes a mount off the text,
 * false at its end. */
int mountinfo_read (struct rootfs *r, char **ret, struct err *e);
bool mountinfo_next (char **text, char **ret_path, const char **ret_type);
bool mountinfo_is_below (const char *path, const char *dir); /* or dir itself, which is not "/" */

/* known.c: O_PATH of /proc, if it is a procfs; of /dev, if it is a tmpfs that we have mounted; else
 * -1. Both are r's. */
int known_proc (struct rootfs *r);
int known_dev (struct rootfs *r);
/* Around each mount. */
void known_before (struct rootfs *r, const struct mount_op *op);
void known_after (struct rootfs *r, const struct mount_op *op);

/* O_PATH of where `op` goes, made when missing (a directory, or an empty file). *ret_made: it was
 * missing. */
int target_open (struct rootfs *r, const struct mount_op *op, bool directory, bool *ret_made,
		 struct err *e);

/* bind.c */
int bind_mount (struct rootfs *r, const struct mount_op *op, int *prepared_tree, struct err *e);
/* Show a directory of the host in place of a file system that may not be mounted. */
int bind_instead (struct rootfs *r, const struct mount_op *op, const char *source, int target,
		  struct err *e);
int tree_apply_options (struct rootfs *r, const struct mount_op *op, int *tree, bool recursive,
			int target, struct err *e);
int tree_propagate (struct rootfs *r, const struct mount_op *op, int tree, struct err *e);

/*
 * filesystem.c. A tmpfs that is to be read-only is not yet: what comes later is mounted on it, and
 * nodes and links are made in it. Its fd is in *ret_late then, for who sets the flag.
 */
int fs_mount (struct rootfs *r, const struct plan *plan, const struct mount_op *op, int userns_fd,
	      int *ret_late, struct err *e);
/* Options of the file system itself, by a remount; `rw`: it, too, may be read-only. */
int fs_reconfigure (struct rootfs *r, const struct mount_op *op, int mnt, bool rw, struct err *e);
/* A detached new file system; data may be NULL. -errno (ENOSYS: there is no fsopen), and what the
 * kernel said about it in `why` (may be ""). */
struct fs_request {
	const char *fstype, *source, *data;
	unsigned long sb_flags;
	uint64_t attr;
};
int fs_open (const struct fs_request *q, char *why, size_t why_size);

/* cgroup.c */
int cgroup_mount (struct rootfs *r, const struct plan *plan, const struct mount_op *op,
		  struct err *e);

/* copyup.c: everything in the directory `from` (O_PATH) to the empty directory `to`. */
int copy_up (int from, int to, struct err *e);
