/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AppArmor and SELinux labels, through /proc/thread-self/attr on a verified procfs; no library is
 * needed for that. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "security/security.h"

bool
apparmor_enabled (void)
{
	char text[4];

	/* Not the file "profiles" of securityfs: that is only visible to root. */
	return read_small_at (AT_FDCWD, "/sys/module/apparmor/parameters/enabled", text,
			      sizeof text) == 1 &&
	       text[0] == 'Y';
}

bool
selinux_enabled (void)
{
	return access ("/sys/fs/selinux/enforce", F_OK) == 0;
}

int
apparmor_set_exec (const char *profile, struct err *e)
{
	char text[512];
	int r;

	if (snprintf (text, sizeof text, "exec %s", profile) >= (int) sizeof text)
		return err_set (e, ENAMETOOLONG, "process.apparmorProfile: '%s'", profile);
	r = procfs_write ("thread-self/attr/apparmor/exec", text); /* Linux 5.8 */
	if (r == -ENOENT)
		r = procfs_write ("thread-self/attr/exec", text);
	/* The back-quotes: podman classifies the error by them. */
	return r < 0 ? err_set (
			       e, -r,
			       "process.apparmorProfile: '%s': write `/proc/thread-self/attr/exec`",
			       profile)
		     : 0;
}

static int
write_attribute (const char *file, const char *label, const char *what, struct err *e)
{
	int r = procfs_write (file, label ? label : "");

	return r < 0 ? err_set (e, -r, "%s: '%s': write `/proc/%s`", what, label ? label : "", file)
		     : 0;
}

int
selinux_set_exec (const char *label, struct err *e)
{
	return write_attribute ("thread-self/attr/exec", label, "process.selinuxLabel", e);
}

int
selinux_set_keycreate (const char *label, struct err *e)
{
	return write_attribute ("thread-self/attr/keycreate", label, "process.selinuxLabel", e);
}
