/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a state file may say about a cgroup. Here and not with a real container: a mistake would
 * kill every process of the machine. */
#include "cgroup/cgroup.h"
#include "tap.h"

static bool
is_believed (const char *path)
{
	struct cgroup cg = { .path = path, .created = true, .made = "memory:1" };

	cgroup_from_state (&cg);
	return cg.created || cg.made;
}

TEST (a_path_as_the_plan_writes_it_is_believed)
{
	static const char *const good[] = { "/a",   "/a/b", "/user.slice/x.scope",
					    "/...", "/.a",  "/a..b" };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!is_believed (good[i]))
			TAP_FAIL ("'%s' is not believed", good[i]);
}

TEST (what_leads_to_the_root_or_out_is_never_killed_in)
{
	static const char *const bad[] = { "",	       "/",   "//",	"///", "/.",	"/./",
					   "/./.",     "/..", "/../..", "a",   "./a",	"/a/..",
					   "/a/../..", "/a/", "/a//",	"//a", "/a/./", "/a//b" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (is_believed (bad[i]))
			TAP_FAIL ("'%s' is believed", bad[i]);
}

TEST (nor_is_a_cgroup_that_was_not_made_by_us)
{
	struct cgroup cg = { .path = "/a" };

	cgroup_from_state (&cg);
	OK (!cg.created && !cg.made);
	EQ (cg.into_fd, -1);
}
