/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * CVE-2019-5736: a container can make the runtime's process execute its own binary
 * (`#!/proc/self/exe`) and later write to it through /proc/PID/exe. So a process that will run
 * something of a container, or that somebody in a container can see, is no process of that file
 * any more. Two steps, in the process as it runs:
 *
 * 1. The code is mapped anew, the same bytes at the same addresses, through a read-only mount that
 *    is in no mount namespace, so that nobody can change it or make another of it.
 * 2. /proc/self/exe becomes an empty sealed memfd, which is no program. The kernel allows that when
 *    no mapping of the file as it was executed is left, and compares mounts as well as inodes. What
 *    is mapped in 1 can be opened through /proc/PID/map_files only, by who has CAP_SYS_ADMIN (or
 *    CAP_CHECKPOINT_RESTORE) in the initial user namespace and may trace us; for writing not even
 *    then.
 *
 * Where the mount cannot be made (Linux before 5.12, no CAP_SYS_ADMIN) the memfd is a copy of the
 * program, and the code is mapped from it: 450 KiB of memory and 0.2 ms more. Where the kernel
 * does not let us exchange anything (a dynamic program, no PR_SET_MM_MAP) that copy is executed.
 *
 * fs-verity would not do: the owner of the file may still change its mode, and a setuid bit on the
 * host's program is no better than one that was written to. Nor would a read-only mount and
 * nothing else: a bug of the kernel such as CVE-2022-0847 writes to what can be read.
 *
 * As with any shared library, who writes to the file in place (cp; not install, not a package
 * manager, which make a new one) writes to created containers that have not been started. The
 * built-in init, which stays, is a copy: CRIU, too, cannot dump what is mapped through no
 * namespace's mount. And as by any volume, who has opened what is mapped with
 * CAP_SYS_ADMIN reaches the options of its file system by it (fspick(2)).
 */
#include <limits.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/types.h>

#include "base/err.h"

struct arena;

struct selfexe {
	char **argv, **env;  /* of a second start: as they were at the first */
	bool pending;	     /* has to come; until then exe, fd and text are open */
	bool in_place;	     /* an exchange is possible */
	bool whole;	     /* a copy, whatever could be: for the built-in init */
	int exe, fd;	     /* the program; the memfd */
	int tree;	     /* the mount, until selfexe_detach; else -1 */
	int text;	     /* the program through the mount, or -1: fd is a copy */
	char path[PATH_MAX]; /* of the program on disk, once we run from a copy of it; else "" */
	struct prctl_mm_map map;
};

/* First of all: it may start all over. */
int selfexe_begin (struct selfexe *x, struct arena *a, char **argv, struct err *e);
/* Starts all over if it cannot exchange, so it must come before anything is made that a second
 * start would find in its way. */
int selfexe_protect (struct selfexe *x, struct err *e);
/*
 * In two halves, where the process that enters is a child that nobody can see before it has been
 * told to go on: the runtime prepares before the clone, the child exchanges. There it must not
 * fail; and the descriptors stay open, for who closes all of them at once.
 */
int selfexe_prepare (struct selfexe *x, struct err *e);
int selfexe_exchange (struct selfexe *x, struct err *e);
/*
 * Takes the mount out of its namespace, which must have happened before somebody in a container can
 * see a process of ours. The last one who does it (a child that was cloned before has the mount
 * open as well) waits for an RCU grace period, 0.1 ms.
 */
void selfexe_detach (struct selfexe *x);
/*
 * The same for who is about to unmount the root of a mount namespace that nobody else is in, and no
 * mount of which is shared: the mount is put into it, and leaves with it, in the same grace period.
 * Covers /dev/null there.
 */
void selfexe_bury (struct selfexe *x);
/* For who will wait long: the pages of the code are not needed, and come back when they are. */
void selfexe_drop_pages (void);
