/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes are a container's. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "container/container.h"
#include "libocispec/arena.h"

static int
by_number (const void *a, const void *b)
{
	return *(const pid_t *) a < *(const pid_t *) b ? -1
						       : *(const pid_t *) a > *(const pid_t *) b;
}

static ino_t
pid_namespace (pid_t pid)
{
	char path[40];
	struct stat st;

	snprintf (path, sizeof path, "/proc/%d/ns/pid", (int) pid);
	return stat (path, &st) < 0 ? 0 : st.st_ino;
}

/* A container without a cgroup: all that is in init's pid namespace, if that is its own. */
static void
scan_proc (struct arena *a, const struct container *c, pid_t **ret, size_t *ret_n)
{
	VEC (pid_t) all = { NULL, 0 };
	ino_t ns = pid_namespace ((pid_t) c->st.pid);
	DIR *d = c->st.own_pidns ? opendir ("/proc") : NULL;

	for (struct dirent *de; d && (de = readdir (d)) != NULL;) {
		uint32_t pid;

		if (parse_u32 (de->d_name, &pid) == 0 && ns && pid_namespace ((pid_t) pid) == ns)
			VEC_PUSH (a, all, (pid_t) pid);
	}
	if (d)
		closedir (d);
	if (all.n == 0)
		VEC_PUSH (a, all, (pid_t) c->st.pid);
	*ret = all.v;
	*ret_n = all.n;
}

int
container_pids (const struct globals *g, const char *id, pid_t **ret, size_t *ret_n, struct err *e)
{
	struct container c;
	struct cgroup cg;
	bool alive;

	*ret = NULL;
	*ret_n = 0;
	TRY (container_open (g, id, false, &c, e));
	alive = container_status (&c, NULL) != STATUS_STOPPED;
	container_cgroup (&c, &cg);
	if (cg.path)
		TRY (cgroup_pids (g->arena, &cg, ret, ret_n, e));
	else if (alive)
		scan_proc (g->arena, &c, ret, ret_n);
	container_close (&c);
	if (*ret_n)
		qsort (*ret, *ret_n, sizeof **ret, by_number);
	return 0;
}
