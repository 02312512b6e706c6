/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>

#include "base/worker.h"

static void
hand_over (struct worker *w, void (*run) (void *arg), void *arg)
{
	w->jobs[w->n].run = run;
	w->jobs[w->n++].arg = arg;
	(void) sem_post (&w->given);
}

static void *
work (void *arg)
{
	struct worker *w = arg;

	for (unsigned i = 0;; i++) {
		while (sem_wait (&w->given) < 0)
			;
		if (!w->jobs[i].run)
			return NULL;
		w->jobs[i].run (w->jobs[i].arg);
		(void) sem_post (&w->done);
	}
}

static int
start (struct worker *w)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int r;

	w->n = 0;
	(void) sem_init (&w->given, 0, 0);
	(void) sem_init (&w->done, 0, 0);
	(void) pthread_attr_init (&attr);
	(void) pthread_attr_setstack (&attr, w->stack, sizeof w->stack);
	sigfillset (&all);
	(void) pthread_sigmask (SIG_SETMASK, &all, &before);
	r = pthread_create (&w->thread, &attr, work, w);
	(void) pthread_sigmask (SIG_SETMASK, &before, NULL);
	(void) pthread_attr_destroy (&attr);
	w->running = r == 0;
	return -r;
}

int
worker_give (struct worker *w, void (*run) (void *arg), void *arg)
{
	int r = w->running ? 0 : start (w);

	if (r == 0)
		hand_over (w, run, arg);
	return r;
}

void
worker_wait (struct worker *w)
{
	while (sem_wait (&w->done) < 0)
		;
}

void
worker_finish (struct worker *w)
{
	if (!w->running)
		return;
	hand_over (w, NULL, NULL);
	(void) pthread_join (w->thread, NULL);
	w->running = false;
}
