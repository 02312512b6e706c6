/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* clone3, used like fork: the child gets a copy of everything and returns as well. */
#include <stdint.h>

struct clone_request {
	uint64_t flags;	 /* CLONE_NEW*, CLONE_PARENT, CLONE_CLEAR_SIGHAND (with any kernel) */
	int exit_signal; /* must be 0 with CLONE_PARENT */
	int cgroup_fd;	 /* directory of a v2 cgroup to be born in, or -1 */
	int *ret_pidfd;	 /* CLOEXEC; in the parent only. Or NULL */
};

/* pid in the parent, 0 in the child, -errno. Without clone3 (Linux < 5.3) clone does it, and
 * cgroup_fd is refused with -ENOSYS. */
int sys_clone3_fork (const struct clone_request *req);
