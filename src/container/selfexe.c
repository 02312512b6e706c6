/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "container/selfexe.h"
#include "sys/syscalls.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static bool
is_sealed (int fd)
{
	int seals = fcntl (fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

/* The kernel itself refuses writes to a file with fs-verity (Linux 5.4), for everybody and for
 * ever. */
static bool
is_verity (int fd)
{
	struct sys_statx stx;

	return sys_statx (fd, "", AT_EMPTY_PATH, 0, &stx) == 0 &&
	       (stx.stx_attributes & STATX_ATTR_VERITY);
}

static int
copy_all (int to, int from, off_t size)
{
	off_t at = 0;

	while (at < size)
		if (sendfile (to, from, &at, (size_t) (size - at)) <= 0)
			return errno ? -errno : -EIO;
	return 0;
}

static int
sealed_copy (int exe, struct err *e)
{
	autofd fd = -1;
	struct stat st;
	int r;

	/* MFD_EXEC: Linux 6.3, where vm.memfd_noexec may be set; older kernels refuse the flag and
	 * need none. */
	fd = sys_memfd_create ("coracle", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (fd == -EINVAL)
		fd = sys_memfd_create ("coracle", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return err_set (e, -fd, "memfd_create for a sealed copy of the runtime");
	if (fstat (exe, &st) < 0)
		return err_set (e, errno, "stat /proc/self/exe");
	r = copy_all (fd, exe, st.st_size);
	if (r < 0)
		return err_set (e, -r, "copy the runtime into a sealed memfd");
	if (fcntl (fd, F_ADD_SEALS, SEALS) < 0)
		return err_set (e, errno, "seal the copy of the runtime");
	return take_fd (&fd);
}

/* The helper is looked for beside the binary, and the audit trail names it: the copy must still
 * know where it was. */
static void
remember_path (void)
{
	char path[PATH_MAX];
	ssize_t n = readlink ("/proc/self/exe", path, sizeof path - 1);

	if (n <= 0)
		return;
	path[n] = '\0';
	setenv (SELFEXE_ENV, path, 1);
}

int
selfexe_protect (char **argv, struct err *e)
{
	autofd exe = open ("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	autofd copy = -1;

	if (exe < 0)
		return err_set (e, errno, "open /proc/self/exe");
	if (is_sealed (exe) || is_verity (exe))
		return 0;
	TRY (copy = sealed_copy (exe, e));
	remember_path ();
	sys_execveat (copy, "", argv, environ, AT_EMPTY_PATH);
	return err_set (e, errno, "execute the sealed copy of the runtime");
}
