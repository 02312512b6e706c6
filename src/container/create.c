/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/sock.h"
#include "container/launch.h"

/* --pidfd-socket: who manages the container gets a handle that cannot be confused with another
 * process. */
static int
send_pidfd (const struct launch *l, struct err *e)
{
	autofd sock = -1;

	if (!l->opt->pidfd_socket)
		return 0;
	TRY (sock = sock_connect (l->opt->pidfd_socket, e));
	return sock_send_fd (sock, "standard", 8, l->pidfd, e);
}

int
container_create (const struct globals *g, const char *id, const struct create_options *o,
		  struct err *e)
{
	struct launch l;

	launch_init (&l, g, o, false);
	TRY (launch_load (&l, id, e));
	TRY (launch_build (&l, false, e));
	/* The pid file last: engines take its existence as the word that all is well. */
	if (send_pidfd (&l, e) < 0 || launch_write_pid_file (&l, e) < 0) {
		launch_abort (&l);
		return -1;
	}
	container_close (&l.c);
	return 0;
}
