/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network namespace, made beside everything else.
 *
 * To make one takes the kernel as long as all the mounts of a container together (365 to 650 us),
 * and neither needs the other until sysfs is mounted. So a worker makes it while the runtime makes
 * the cgroup and init the mounts, and hands it to init as soon as it exists; loopback comes up
 * while init goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/sock.h"
#include "net/net.h"

/* The job of the worker, a thread: the namespace is its own and not the runtime's. */
static void
make (void *arg)
{
	struct netns_maker *m = arg;
	autofd ns = -1;
	struct err why;
	bool made;

	made = unshare (CLONE_NEWNET) == 0 &&
	       (ns = open ("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) >= 0 &&
	       sock_send_fd (m->maker_fd, "", 1, ns, &why) == 0;
	if (!made)
		m->num = errno ? errno : EIO;
	/* Not closed: the number must mean the same in init, whenever that is cloned. */
	(void) shutdown (m->maker_fd, SHUT_RDWR);
	if (made && m->loopback && loopback_up (&why) < 0)
		m->num = why.num ? why.num : EIO;
}

int
netns_begin (struct netns_maker *m, struct worker *w, bool loopback, struct err *e)
{
	int ends[2], r;

	if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set (e, errno, "socketpair for the network namespace");
	*m = (struct netns_maker) {
		.worker = w, .init_fd = ends[0], .maker_fd = ends[1], .loopback = loopback
	};
	r = worker_give (w, make, m);
	if (r == 0)
		return 0;
	close (m->init_fd);
	close (m->maker_fd);
	return err_set (e, -r, "start a thread that makes the network namespace");
}

int
netns_join (const struct netns_maker *m, struct err *e)
{
	autofd ns = -1;
	char byte;
	ssize_t r;

	close (m->maker_fd); /* should the runtime be killed, we must hear of it */
	r = sock_receive_fd (m->init_fd, &byte, 1, &ns);
	if (r < 0)
		return err_set (e, (int) -r, "receive it");
	close (m->init_fd);
	if (ns < 0)
		return err_set (e, 0, "its maker has ended");
	return setns (ns, CLONE_NEWNET) < 0 ? err_set (e, errno, "join it") : 0;
}

int
netns_finish (struct netns_maker *m, struct err *e)
{
	worker_finish (m->worker);
	close (m->init_fd);
	close (m->maker_fd);
	return m->num ? err_set (e, m->num, "make the network namespace") : 0;
}
