/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Running a program and waiting for it: hooks, newuidmap, our own helper.
 *
 * The child gets a process group of its own (killed as a whole on timeout), default signals, fds
 * 0-2 only, and dies with us (PR_SET_PDEATHSIG): a create that is killed leaves no hook behind. All
 * waiting is by poll on the pidfd and the pipes.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct arena;

struct spawn {
	const char *path;
	char *const *argv, *const *envp;
	const char *cwd;   /* NULL: stay */
	const void *input; /* for stdin, a memfd; a program that does not read it is no error */
	size_t input_len;
	int stdout_fd, stderr_fd; /* -1: /dev/null, or captured where asked below */
	unsigned timeout_ms;	  /* 0: none */
	int cancel_fd;		  /* its hang-up ends the program as a timeout does; 0, -1: none */
	int signal_fd;		  /* so does input here; 0, -1: none */
	struct arena *arena;	  /* for output */
	size_t output_max;	  /* > 0: capture stdout, at most this */
};

struct spawn_result {
	int status; /* as of wait(2) */
	bool timed_out, cancelled;
	char *output;
	size_t output_len;
	char tail[4096]; /* the last of stderr, if stderr_fd was -1; without the final line break */
};

/* -1 with e: could not be run at all ("no such file or directory"). 0: it ran, see the result. */
int spawn_run (const struct spawn *s, struct spawn_result *ret, struct err *e);
/* "exit status 3", "killed by signal 9", "timed out after 5 s": in buf. "" for success. */
const char *spawn_describe (const struct spawn *s, const struct spawn_result *r, char *buf,
			    size_t size);

/* Where the path of our own binary is kept when we run from a sealed copy of it
 * (security/selfexe.h). */
#define SELFEXE_ENV "_CORACLE_EXE"
