/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <stdbool.h>

/* stdin: JSON; stdout: the path of libseccomp, a line break, struct sock_filter[]; stderr: one line
 * why not, or a warning. Returns the exit status. */
int helper_seccomp (bool fail_unknown);
