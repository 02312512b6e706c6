/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* For tests of what is done on older kernels, in a process of their own: from here on the system
 * call fails with `error`. May be said of several. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

static void
refuse_call (long call, int error)
{
	struct sock_filter f[] = {
		BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
		BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, (unsigned) call, 0, 1),
		BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned) error),
		BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof f / sizeof f[0], f };

	if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		_exit (70);
}
