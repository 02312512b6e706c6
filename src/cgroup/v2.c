/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup v2. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "cgroup/internal.h"
#include "libocispec/arena.h"

/* Is `name` one of the words of `list`? */
static bool
has_word (const char *list, const char *name, size_t n)
{
	for (const char *s = list; *s; s += strspn (s, " ")) {
		size_t k = strcspn (s, " ");

		if (k == n && strncmp (s, name, n) == 0)
			return true;
		s += k;
	}
	return false;
}

/* Hand every controller that a directory has down to its children. Failures matter only if a limit
 * needs it, and then show there. */
static void
enable_all (int dir_fd)
{
	char have[512], on[512], plus[600];
	size_t len = 0;

	if (read_small_at (dir_fd, "cgroup.controllers", have, sizeof have) <= 0 ||
	    read_small_at (dir_fd, "cgroup.subtree_control", on, sizeof on) < 0)
		return;
	for (const char *s = have; *s; s += strspn (s, " ")) {
		size_t n = strcspn (s, " ");

		if (!has_word (on, s, n))
			len += (size_t) snprintf (plus + len, sizeof plus - len, "%s+%.*s",
						  len ? " " : "", (int) n, s);
		s += n;
	}
	if (len == 0 || write_small_at (dir_fd, "cgroup.subtree_control", plus) == 0)
		return;
	/* One that cannot be had (cpu with realtime processes, say) must not cost the others. */
	for (char *s = plus, *end; *s; s = end) {
		end = s + strcspn (s, " ");
		if (*end)
			*end++ = '\0';
		if (write_small_at (dir_fd, "cgroup.subtree_control", s) < 0)
			log_debug ("cgroup: cannot enable %s", s);
	}
}

/* From the root down, along the path but without its last component. */
static void
enable_along (const struct cgroup *cg, const char *subgroup)
{
	char path[PATH_MAX], dir[PATH_MAX + sizeof CGROUP_ROOT];

	if (snprintf (path, sizeof path, "%s%s%s", cg->path, subgroup ? "/" : "",
		      subgroup ? subgroup : "") >= (int) sizeof path)
		return;
	for (const char *end = path; end; end = strchr (end + 1, '/')) {
		autofd fd = -1;

		(void) snprintf (dir, sizeof dir, CGROUP_ROOT "%.*s", (int) (end - path), path);
		fd = open (dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return;
		enable_all (fd);
	}
}

/* config-linux.md, "Cgroup ownership": to root of the container's user namespace, just the files
 * that the kernel names. */
static int
delegate (int fd, const struct cgroup_plan *plan, struct err *e)
{
	char list[4096];

	if (plan->delegate_uid == (uid_t) -1)
		return 0;
	if (fchownat (fd, ".", plan->delegate_uid, plan->delegate_gid, 0) < 0)
		return err_set (e, errno, "give the cgroup to the container's root");
	if (read_small_at (AT_FDCWD, "/sys/kernel/cgroup/delegate", list, sizeof list) <= 0)
		memcpy (list, "cgroup.procs\ncgroup.threads\ncgroup.subtree_control",
			sizeof "cgroup.procs\ncgroup.threads\ncgroup.subtree_control");
	for (char *s = list, *end; *s; s = end) {
		end = s + strcspn (s, "\n");
		if (*end)
			*end++ = '\0';
		if (fchownat (fd, s, plan->delegate_uid, plan->delegate_gid, AT_SYMLINK_NOFOLLOW) <
			    0 &&
		    errno != ENOENT)
			return err_set (e, errno, "give '%s' of the cgroup to the container's root",
					s);
	}
	return 0;
}

/* The processes go into it; limits stay above. into_fd leads there afterwards. */
static int
make_subgroup (struct cgroup *cg, const struct cgroup_plan *plan, struct err *e)
{
	char names[2 * NAME_MAX + 2];
	int fd;

	if (!plan->subgroup)
		return 0;
	if (snprintf (names, sizeof names, "%s", plan->subgroup) >= (int) sizeof names)
		return err_set (e, ENAMETOOLONG, "cgroup '%s'", plan->subgroup);
	for (char *name = names, *end; *name; name = end) {
		end = name + strcspn (name, "/");
		if (*end)
			*end++ = '\0';
		if (mkdirat (cg->into_fd, name, 0755) < 0 && errno != EEXIST)
			return err_set (e, errno, "make '%s' in the cgroup '%s'", name, cg->path);
		fd = openat (cg->into_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return err_set (e, errno, "open '%s' in the cgroup '%s'", name, cg->path);
		close (cg->into_fd);
		cg->into_fd = fd;
	}
	return 0;
}

static int
check_existing (const struct cgroup *cg, int fd, struct err *e)
{
	char text[16];

	if (cgroup_check_empty (fd) == -EBUSY)
		return err_set (e, 0, "container's cgroup is not empty: '%s' has processes",
				cg->path);
	if (read_small_at (fd, "cgroup.freeze", text, sizeof text) == 1 && text[0] == '1')
		return err_set (e, 0, "container's cgroup unexpectedly frozen: '%s'", cg->path);
	return 0;
}

int
v2_create (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan, struct err *e)
{
	char dir[PATH_MAX];
	int made, fd;

	if (!cgroup_dir (cg, "", dir, sizeof dir))
		return err_set (e, ENAMETOOLONG, "linux.cgroupsPath");
	made = cgroup_make_path (dir, strlen (CGROUP_ROOT));
	cg->created = cg->fresh = made > 0;
	cg->made = arena_printf (a, ":%d", MAX (made, 0));
	if (made < 0)
		return err_set (e, -made, "make the cgroup '%s'", dir);
	fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set (e, errno, "open the cgroup '%s'", dir);
	cg->into_fd = fd;
	if (!cg->created)
		TRY (check_existing (cg, fd, e));
	TRY (make_subgroup (cg, plan, e));
	return delegate (cg->into_fd, plan, e);
}

int
v2_adopt (struct cgroup *cg, const struct cgroup_plan *plan, pid_t pid, struct err *e)
{
	char dir[PATH_MAX], text[16];
	int r = 0;

	if (!cgroup_dir (cg, "", dir, sizeof dir))
		return err_set (e, ENAMETOOLONG, "cgroup path");
	cg->into_fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cg->into_fd < 0)
		return err_set (e, errno, "open the cgroup '%s'", dir);
	TRY (make_subgroup (cg, plan, e));
	snprintf (text, sizeof text, "%d", (int) pid);
	if (plan->subgroup)
		r = write_small_at (cg->into_fd, "cgroup.procs", text);
	if (r < 0)
		return err_set (e, -r, "move the container's process into '%s' of the cgroup '%s'",
				plan->subgroup, cg->path);
	return delegate (cg->into_fd, plan, e);
}

static bool
missing_any (int dir_fd, const struct cgroup_plan *plan)
{
	for (size_t i = 0; i < plan->n_writes; i++)
		if (faccessat (dir_fd, plan->writes[i].file, F_OK, 0) < 0)
			return true;
	return false;
}

int
v2_apply (struct arena *a, struct cgroup *cg, const struct cgroup_plan *plan, struct err *e)
{
	char dir[PATH_MAX];
	autofd opened = -1;
	int fd = plan->subgroup ? -1 : cg->into_fd;
	bool fresh = cg->fresh;

	(void) a;
	if (fd < 0) {
		if (!cgroup_dir (cg, "", dir, sizeof dir))
			return err_set (e, ENAMETOOLONG, "cgroup path");
		fd = opened = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_set (e, errno, "open the cgroup '%s'", cg->path);
	}
	/* Usually the controllers are there (systemd, an engine): then nothing is read or written
	 * to find out. */
	if (plan->subgroup || missing_any (fd, plan))
		enable_along (cg, plan->subgroup);
	for (size_t i = 0; i < plan->n_writes; i++)
		TRY (cgroup_write_one (fd, &plan->writes[i], cg->path, e));
	if (plan->devices_allow_all)
		return 0;
	cg->fresh = false;
	if (cgroup_devices_bpf (fd, plan->devices, plan->n_devices, fresh, e) == 0)
		return 0;
	/* Without privilege there is no BPF, and also no device node that could be made. */
	if (e->num == EPERM && (geteuid () != 0 || plan->delegate_uid != (uid_t) -1)) {
		log_debug ("no device rules: %s", err_full (e));
		return 0;
	}
	return -1;
}
