/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/procfs.h"
#include "container/container.h"
#include "container/facts.h"
#include "container/inside.h"
#include "libocispec/arena.h"
#include "ns/ns.h"
#include "plan/plan.h"
#include "sync/chan.h"
#include "sys/beneath.h"
#include "sys/clone.h"
#include "sys/pidfd.h"
#include "sys/syscalls.h"

bool
container_shares_userns (pid_t pid)
{
	struct stat ours, theirs;
	char path[40];

	snprintf (path, sizeof path, "/proc/%d/ns/user", (int) pid);
	return stat ("/proc/self/ns/user", &ours) == 0 && stat (path, &theirs) == 0 &&
	       ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

int
container_open_init_root (const struct container *c, int pidfd, struct err *e)
{
	char path[40];
	autofd fd = -1;

	snprintf (path, sizeof path, "/proc/%d/root", (int) c->st.pid);
	fd = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return err_set (e, errno, "open `%s`", path);
	/* The pidfd still lives: so it was this process's root, not that of one with its pid. */
	if (fd < 0 || pidfd_wait (pidfd, 0))
		return err_set (e, ESRCH, "container not running");
	return take_fd (&fd);
}

int
inside_open_root (const struct container *c, int *ret_pidfd, struct err *e)
{
	autofd pidfd = -1;
	int root;

	(void) container_status (c, &pidfd);
	if (pidfd < 0)
		return err_set (e, ESRCH, "container not running");
	TRY (root = container_open_init_root (c, pidfd, e));
	if (ret_pidfd)
		*ret_pidfd = take_fd (&pidfd);
	return root;
}

static bool
name_of (int fd, char buf[PATH_MAX])
{
	char link[40];
	ssize_t n;

	snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink (link, buf, PATH_MAX - 1);
	buf[MAX (n, 0)] = '\0';
	return n > 0;
}

const char *
inside_resolve (struct arena *a, int root, const char *destination)
{
	char base[PATH_MAX], path[PATH_MAX];
	autofd fd = beneath_open (root, destination, O_PATH);

	if (fd >= 0 && name_of (root, base) && name_of (fd, path) && path_is_below (path, base))
		return arena_strdup (a, streq (base, "/") ? path : path + strlen (base));
	return path_clean_in_root (a, destination);
}

static int
enter (const struct inside *in, int pidfd, int root, struct err *e)
{
	/* No maps: whether root is mapped is for the kernel to say. */
	static const struct userns_plan any;
	uint64_t types = in->facts->namespaces & (CLONE_NEWNS | CLONE_NEWUSER);

	if (types & CLONE_NEWUSER && container_shares_userns ((pid_t) in->c->st.pid))
		types &= ~(uint64_t) CLONE_NEWUSER;
	if (prctl (PR_SET_DUMPABLE, 0) < 0)
		return err_set (e, errno, "prctl PR_SET_DUMPABLE");
	procfs_forget ();
	if (types && setns (pidfd, (int) types) < 0)
		return err_set (e, errno, "join the container's mount namespace");
	if (fchdir (root) < 0 || chroot (".") < 0)
		return err_set (e, errno, "change to the container's root");
	return types & CLONE_NEWUSER ? userns_become_root (&any, e) : 0;
}

_Noreturn static void
child (const struct inside *in, struct chan *chan, int pidfd, int root)
{
	struct err e;

	if (chan_expect (chan, MSG_GO, NULL, &e) == 0 && enter (in, pidfd, root, &e) == 0 &&
	    in->run (in->ctx, &e) == 0 && chan_send (chan, MSG_DONE, 0, NULL, &e) == 0)
		_exit (0);
	chan_send_error (chan, &e);
	_exit (1);
}

int
inside_run (const struct inside *in, struct err *e)
{
	struct clone_request req = { .exit_signal = SIGCHLD, .cgroup_fd = -1 };
	autofd pidfd = -1, root = -1;
	struct chan ours, theirs;
	int pid, r;

	TRY (root = inside_open_root (in->c, &pidfd, e));
	TRY (chan_pair (&ours, &theirs, e));
	pid = sys_clone3_fork (&req);
	if (pid == 0) {
		chan_close (&ours);
		child (in, &theirs, pidfd, root);
	}
	chan_close (&theirs);
	ours.peer = "the process in the container";
	r = pid < 0 ? err_set (e, -pid, "clone") : chan_send (&ours, MSG_GO, pid, NULL, e);
	if (r == 0)
		r = chan_expect (&ours, MSG_DONE, NULL, e);
	chan_close (&ours);
	while (pid > 0 && waitpid (pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}
