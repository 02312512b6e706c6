/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * CVE-2019-5736: a container can make the runtime's process execute its own binary
 * (`#!/proc/self/exe`) and later write to it through /proc/PID/exe. So a process that will run
 * something of a container, or that somebody in a container can see, runs from what cannot be
 * written: a sealed memfd. fs-verity would not do: the owner of the file may still change its
 * mode, and a setuid bit on the host's program is no better than one that was written to.
 *
 * The memfd is put in the place of the program in the process as it runs: the same bytes at the
 * same addresses. The kernel changes /proc/self/exe only when no mapping of the old file is left.
 * Where that cannot be (no CAP_SYS_ADMIN, a dynamic program, a kernel without PR_SET_MM_MAP) the
 * program is executed once more, from the memfd.
 */
#include <limits.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/worker.h"

struct arena;

struct selfexe {
	char **argv, **env; /* of a second start: as they were at the first */
	bool pending; /* an exchange is possible, and has to come; until then exe and fd are open */
	int exe, fd;
	struct worker *worker; /* makes the copy, or NULL: selfexe_wait does */
	bool made;	       /* the copy; else … */
	const char *failed;    /* … what could not be done, … */
	int num;	       /* … and the errno of that */
	char path[PATH_MAX];   /* of the program on disk, once we run from a copy of it; else "" */
	struct prctl_mm_map map;
};

/* First of all: it may start all over. */
int selfexe_begin (struct selfexe *x, struct arena *a, char **argv, struct err *e);
/* For who has 0.2 ms of something else to do: the copy takes as long. */
void selfexe_copy_beside (struct selfexe *x, struct worker *w);
/* Waits for the copy, and exchanges; also starts all over if the latter fails, so it must come
 * before anything is made that a second start would find in its way. */
int selfexe_protect (struct selfexe *x, struct err *e);
/*
 * In two halves, where the process that enters is a child that nobody can see before it has been
 * told to go on: the runtime waits for the copy, or makes it, before it tells, the child exchanges
 * when it hears of it. There it must not fail.
 */
int selfexe_wait (struct selfexe *x, struct err *e);
int selfexe_exchange (struct selfexe *x, struct err *e);
