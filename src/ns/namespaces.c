/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "ns/ns.h"
#include "plan/plan.h"
#include "sys/syscalls.h"

/* clang-format off */
static const struct {
	uint64_t type;
	const char *name, *file;	/* as in config.json; below /proc/PID/ns */
} kinds[] = {
	/* The order of joining: user first, for the rights over the others; mount last, since it
	 * takes our paths away. */
	{ CLONE_NEWUSER, "user", "user" }, { CLONE_NEWPID, "pid", "pid_for_children" }, { CLONE_NEWTIME, "time", "time_for_children" },
	{ CLONE_NEWNET, "network", "net" }, { CLONE_NEWIPC, "ipc", "ipc" }, { CLONE_NEWUTS, "uts", "uts" },
	{ CLONE_NEWCGROUP, "cgroup", "cgroup" }, { CLONE_NEWNS, "mount", "mnt" },
};
/* clang-format on */

static const char *
type_name (uint64_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE (kinds); i++)
		if (kinds[i].type == type)
			return kinds[i].name;
	return "unknown";
}

/* Joining the namespace one is in already is refused for user and needless for the rest. */
static bool
is_own (uint64_t type, int fd)
{
	struct stat theirs, ours;
	char path[48];

	for (size_t i = 0; i < ARRAY_SIZE (kinds); i++)
		if (kinds[i].type == type)
			snprintf (path, sizeof path, "/proc/self/ns/%s", kinds[i].file);
	return fstat (fd, &theirs) == 0 && stat (path, &ours) == 0 &&
	       theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

static int
open_join (const struct ns_join *j, struct err *e)
{
	/* O_NONBLOCK: the path may be a FIFO, and is only known to be a namespace after the ioctl.
	 */
	autofd fd = open (j->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int type;

	if (fd < 0)
		return err_set (e, errno, "%s: open '%s'", j->json_path, j->path);
	type = ioctl (fd, NS_GET_NSTYPE);
	if (type < 0)
		return err_set (e, 0, "%s: '%s' is not a namespace", j->json_path, j->path);
	if ((uint64_t) type != j->type)
		return err_set (e, 0, "%s: '%s' is a namespace of type %s, not %s", j->json_path,
				j->path, type_name ((uint64_t) type), type_name (j->type));
	return take_fd (&fd);
}

int
ns_open_joins (const struct ns_plan *plan, struct ns_fds *ret, struct err *e)
{
	*ret = (struct ns_fds) { .n = 0 };
	for (size_t i = 0; i < plan->n_join; i++) {
		int fd;

		TRY (fd = open_join (&plan->join[i], e));
		if (is_own (plan->join[i].type, fd)) {
			close (fd);
			if (plan->must_differ & plan->join[i].type)
				return err_set (
					e, 0,
					"%s: '%s' is the runtime's own %s namespace: names, sysctls and mounts of the configuration would change the host",
					plan->join[i].json_path, plan->join[i].path,
					type_name (plan->join[i].type));
			continue;
		}
		ret->v[ret->n].type = plan->join[i].type;
		ret->v[ret->n].fd = fd;
		ret->v[ret->n].path = plan->join[i].path;
		ret->v[ret->n++].joined = false;
	}
	return 0;
}

int
ns_join (struct ns_fds *fds, uint64_t types, bool try_only, struct err *e)
{
	for (size_t k = 0; k < ARRAY_SIZE (kinds); k++)
		for (unsigned i = 0; i < fds->n; i++) {
			if (fds->v[i].type != kinds[k].type || !(types & kinds[k].type) ||
			    fds->v[i].joined)
				continue;
			if (setns (fds->v[i].fd, (int) kinds[k].type) < 0) {
				if (try_only && errno == EPERM)
					continue;
				return err_set (e, errno, "join the %s namespace '%s'",
						kinds[k].name, fds->v[i].path);
			}
			fds->v[i].joined = true;
		}
	return 0;
}

int
ns_set_names (const struct ns_plan *plan, struct err *e)
{
	if (plan->hostname && sethostname (plan->hostname, strlen (plan->hostname)) < 0)
		return err_set (e, errno, "hostname: set '%s'", plan->hostname);
	if (plan->domainname && setdomainname (plan->domainname, strlen (plan->domainname)) < 0)
		return err_set (e, errno, "domainname: set '%s'", plan->domainname);
	return 0;
}

int
timens_open_offsets (const struct ns_plan *plan, int *ret_fd, struct err *e)
{
	*ret_fd = -1;
	if (plan->n_offsets == 0)
		return 0;
	*ret_fd = procfs_open ("self/timens_offsets", O_WRONLY);
	return *ret_fd < 0 ? err_set (e, -*ret_fd,
				      "linux.timeOffsets: open `/proc/self/timens_offsets`")
			   : 0;
}

int
timens_write_offsets (const struct ns_plan *plan, int fd, struct err *e)
{
	char text[128];
	size_t len = 0;

	if (plan->n_offsets == 0)
		return 0;
	for (size_t i = 0; i < plan->n_offsets; i++)
		len += (size_t) snprintf (text + len, sizeof text - len, "%d %lld %u\n",
					  plan->offsets[i].clock, (long long) plan->offsets[i].secs,
					  plan->offsets[i].nanosecs);
	return write (fd, text, len) < 0
		       ? err_set (e, errno, "linux.timeOffsets: write `/proc/self/timens_offsets`")
		       : 0;
}
