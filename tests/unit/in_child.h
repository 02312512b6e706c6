/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* For tests that change their own process: in_child (body) runs it in a child, whose failed checks
 * count as those of the test. After tap.h. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void
in_child (void (*body) (void))
{
	int status = 0;
	pid_t pid;

	fflush (stdout);
	pid = fork ();
	if (pid == 0) {
		tap_bad = false;
		body ();
		fflush (stdout);
		_exit (tap_bad);
	}
	if (pid < 0 || waitpid (pid, &status, 0) != pid || status != 0)
		TAP_FAIL ("the child ended with wait status %#x", (unsigned) status);
}
