/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A thread for what the kernel takes long to do and nobody needs at once: the copy of the program,
 * a network namespace. To start it costs 20 us, and on two processors what it does costs nothing.
 *
 * It runs with all signals blocked: those that come are the runtime's. A process cloned while it
 * works (init) has no such thread, but a copy of libc's locks: a job makes system calls and uses
 * nothing of libc that locks, and the thread must not be ending at that moment (worker_finish: well
 * before the clone, or after it).
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

#define WORKER_JOBS_MAX 3

struct worker {
	bool running;
	pthread_t thread;
	sem_t given, done; /* jobs */
	unsigned n;
	struct {
		void (*run) (void *arg); /* NULL: that was all */
		void *arg;
	} jobs[WORKER_JOBS_MAX + 1];
	_Alignas(16) char stack[32768];
};

/* One job more, after those that it has; the first starts the thread. 0, or -errno: EAGAIN
 * (RLIMIT_NPROC, pids.max), and the job is not done. */
int worker_give (struct worker *w, void (*run) (void *arg), void *arg);
/* Waits for the first job that was given; called again, for the next. */
void worker_wait (struct worker *w);
/* Waits until all jobs are done and the thread is gone. If there was none there is nothing to do.
 */
void worker_finish (struct worker *w);
