/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel and libseccomp can do; only `features` asks. */
#include <errno.h>
#include <linux/seccomp.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/oci_linux.h"
#include "security/helper.h"
#include "security/security.h"
#include "sys/syscalls.h"

#define ANSWER_MAX 4096
#define TIMEOUT_MS 5000

/* Flags are looked at before the filter: with one that is known, the missing filter is the error.
 */
static bool
kernel_has (uint64_t flag)
{
	unsigned flags = (unsigned) flag;

	if (flag == (1u << 5)) /* WAIT_KILLABLE_RECV (Linux 5.19) is refused without a listener */
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return sys_seccomp (SECCOMP_SET_MODE_FILTER, flags, NULL) == -EFAULT;
}

u64s
seccomp_probe_flags (struct arena *a)
{
	u64s known = oci_name_values (a, oci_seccomp_flags), flags = { 0 };

	for (size_t i = 0; i < known.n; i++)
		if (kernel_has (known.v[i]))
			VEC_PUSH (a, flags, known.v[i]);
	return flags;
}

/* "arch: SCMP_ARCH_X86" */
static void
read_answer (struct arena *a, const char *text, struct seccomp_library *ret)
{
	strs lines = str_split (a, text, '\n');

	for (size_t i = 0; i < lines.n; i++) {
		uint64_t arch;

		if (startswith (lines.v[i], "libseccomp: "))
			ret->version = lines.v[i] + strlen ("libseccomp: ");
		else if (startswith (lines.v[i], "arch: ") &&
			 oci_name_value (oci_seccomp_archs, lines.v[i] + strlen ("arch: "), &arch))
			VEC_PUSH (a, ret->archs, arch);
	}
}

bool
seccomp_probe_library (struct arena *a, struct seccomp_library *ret)
{
	char helper[PATH_MAX], *argv[] = { (char *) "coracle-helper", (char *) "features", NULL },
			       *envp[] = { NULL };
	const struct spawn s = {
		.path = helper,
		.argv = argv,
		.envp = envp,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.timeout_ms = TIMEOUT_MS,
		.arena = a,
		.output_max = ANSWER_MAX,
	};
	struct spawn_result r;
	struct stat st;
	struct err e;

	*ret = (struct seccomp_library) { 0 };
	if (helper_find (helper, &st, &e) < 0 || spawn_run (&s, &r, &e) < 0 || r.status != 0 ||
	    r.timed_out || !r.output)
		return false;
	read_answer (a, arena_strndup (a, r.output, r.output_len), ret);
	return ret->version != NULL;
}
