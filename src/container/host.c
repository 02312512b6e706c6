/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/procfs.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "container/host.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "plan/host.h"
#include "security/security.h"

#define SUBID_MAX (1u << 20)

/* prctl says EINVAL beyond the last one: three questions instead of reading a file of /proc/sys. */
static unsigned
last_capability (void)
{
	unsigned cap = CAP_LAST_CAP;

	if (prctl (PR_CAPBSET_READ, cap) >= 0)
		while (cap < 63 && prctl (PR_CAPBSET_READ, cap + 1) >= 0)
			cap++;
	else
		while (cap > 0 && prctl (PR_CAPBSET_READ, cap) < 0)
			cap--;
	return cap;
}

const char *
passwd_name (struct arena *a, uid_t uid)
{
	struct err ignored;
	char *text;
	size_t len;
	strs lines;

	if (read_file_at (a, AT_FDCWD, "/etc/passwd", SUBID_MAX, &text, &len, &ignored) < 0)
		return NULL;
	lines = str_split (a, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		strs f = str_split (a, lines.v[i], ':');
		uint32_t id;

		if (f.n >= 3 && parse_u32 (f.v[2], &id) == 0 && id == uid)
			return f.v[0];
	}
	return NULL;
}

/* "name:start:count" or "uid:start:count" in /etc/subuid; the first line that is ours. */
static void
read_subids (struct arena *a, const char *file, const char *user, uid_t uid, uint32_t *ret_start,
	     uint32_t *ret_count)
{
	const char *number = arena_printf (a, "%u", (unsigned) uid);
	struct err ignored;
	char *text;
	size_t len;
	strs lines;

	if (read_file_at (a, AT_FDCWD, file, SUBID_MAX, &text, &len, &ignored) < 0)
		return;
	lines = str_split (a, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		strs f = str_split (a, lines.v[i], ':');

		if (f.n == 3 && ((user && streq (f.v[0], user)) || streq (f.v[0], number)) &&
		    parse_u32 (f.v[1], ret_start) == 0 && parse_u32 (f.v[2], ret_count) == 0)
			return;
	}
	*ret_start = *ret_count = 0;
}

static int
bundle_path (struct arena *a, const char *bundle, const char **ret, struct err *e)
{
	char cwd[PATH_MAX] = "";

	if (*bundle != '/' && !getcwd (cwd, sizeof cwd))
		return err_set (
			e, errno,
			"the current directory cannot be named, so the bundle '%s' cannot be found",
			bundle);
	*ret = path_absolute (a, cwd, bundle);
	return 0;
}

void
host_probe_process (struct host *h)
{
	/* As we were executed; nothing of ours changes them. (Nor who writes the maps of our user
	 * namespace only then.) */
	h->euid = (uid_t) getauxval (AT_EUID);
	h->egid = (gid_t) getauxval (AT_EGID);
	h->cap_last = last_capability ();
}

void
host_probe_labels (const struct oci_config *spec, const struct oci_process *p, struct host *h)
{
	h->apparmor = p && p->apparmor_profile && apparmor_enabled ();
	h->selinux = ((p && p->selinux_label) || (spec->lnx && spec->lnx->mount_label)) &&
		     selinux_enabled ();
}

int
host_probe (struct arena *a, const char *bundle, const char *id, struct host *h, struct err *e)
{
	*h = (struct host) { .container_id = id };
	host_probe_process (h);
	TRY (bundle_path (a, bundle, &h->bundle, e));
	h->in_userns = proc_in_userns ();
	h->privileged = h->euid == 0 && !h->in_userns;
	h->cgroup_mode = (enum cgroup_mode) cgroup_probe_mode ();
	h->cgroup_own = cgroup_probe_own (a);
	if (h->euid != 0) {
		const char *user = passwd_name (a, h->euid);

		if (!user)
			user = getenv ("USER"); /* known to LDAP or sssd only */
		read_subids (a, "/etc/subuid", user, h->euid, &h->subuid_start, &h->subuid_count);
		read_subids (a, "/etc/subgid", user, h->euid, &h->subgid_start, &h->subgid_count);
	}
	return 0;
}
