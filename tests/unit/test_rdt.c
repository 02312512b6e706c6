/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resctrl is there on few machines, so a directory plays it: src/rdt/rdt.c is compiled into this
 * program, and the calls that the kernel answers in its own way are taken by us. mkdir makes a
 * group with its files, a write to `schemata` changes what it names and nothing else, a write to
 * `tasks` moves a process, rmdir takes a group with all that is in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "tap.h"

#define DEFAULT_SCHEMATA "    MB:0=100;1=100\n    L3:0=fffff;1=fffff\n"

static struct arena arena;
static long magic;				     /* what statfs says */
static bool monitors;				     /* the machine can */
static int mkdir_error, schemata_error, tasks_error; /* what the next ones give */
static const char *tasks_error_in;
static char written[256]; /* to schemata, in order */

static int fake_mkdirat (int dirfd, const char *path, mode_t mode);
static int fake_unlinkat (int dirfd, const char *path, int flags);
static int fake_fstatfs (int fd, struct statfs *fs);
static int fake_write (int dirfd, const char *path, const char *text);

#define RESCTRL		"resctrl"
#define mkdirat		fake_mkdirat
#define unlinkat	fake_unlinkat
#define fstatfs(fd, fs) fake_fstatfs (fd, fs)
#define write_small_at	fake_write
#include "../../src/rdt/rdt.c"
#undef mkdirat
#undef unlinkat
#undef fstatfs
#undef write_small_at

static struct err e;

/* ---- the kernel's part */

static void
put (int dirfd, const char *path, const char *text)
{
	int fd = openat (dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write_all (fd, text, strlen (text)) < 0)
		TAP_FAIL ("write %s: %s", path, strerror (errno));
	close (fd);
}

static const char *
get (const char *path)
{
	static char buf[4][1024];
	static unsigned turn;
	char *b = buf[turn++ % ARRAY_SIZE (buf)];

	return read_small_at (AT_FDCWD, path, b, sizeof buf[0]) < 0 ? "(none)" : b;
}

static void
kernel_says (const char *reason)
{
	put (AT_FDCWD, "resctrl/info/last_cmd_status", reason);
}

static int
fake_mkdirat (int dirfd, const char *path, mode_t mode)
{
	bool monitor = startswith (path, "mon_groups/");
	int fd;

	kernel_says ("ok\n");
	if (mkdir_error) {
		kernel_says ("Out of CLOSIDs\n");
		errno = mkdir_error;
		return -1;
	}
	if (mkdirat (dirfd, path, mode) < 0)
		return -1;
	fd = openat (dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put (fd, "tasks", "");
	if (!monitor) {
		put (fd, "schemata", DEFAULT_SCHEMATA);
		if (monitors)
			EQ (mkdirat (fd, "mon_groups", 0755), 0);
	}
	close (fd);
	return 0;
}

static int
fake_unlinkat (int dirfd, const char *path, int flags)
{
	static const char *const inside[] = { "tasks", "schemata" };
	int fd = openat (dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	EQ (flags, AT_REMOVEDIR);
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE (inside); i++)
		(void) unlinkat (fd, inside[i], 0);
	(void) unlinkat (fd, "mon_groups", AT_REMOVEDIR);
	close (fd);
	return unlinkat (dirfd, path, AT_REMOVEDIR);
}

static int
fake_fstatfs (int fd, struct statfs *fs)
{
	int r = fstatfs (fd, fs);

	fs->f_type = magic;
	return r;
}

static int
fake_write (int dirfd, const char *path, const char *text)
{
	char old[1024] = "";

	kernel_says ("ok\n");
	if (streq (path, "schemata")) {
		if (schemata_error || text[strlen (text) - 1] != '\n') {
			kernel_says ("Unknown or unsupported resource name 'L9'\n");
			return schemata_error ? -schemata_error : -EINVAL;
		}
		snprintf (written + strlen (written), sizeof written - strlen (written), "%s",
			  text);
		return 0;
	}
	if (tasks_error && (!*tasks_error_in || startswith (path, tasks_error_in)))
		return -tasks_error;
	if (read_small_at (dirfd, path, old, sizeof old) < 0)
		return -ENOENT;
	put (dirfd, path, arena_printf (&arena, "%s%s%s\n", old, *old ? "\n" : "", text));
	return 0;
}

static char tree[64]; /* the working directory; "": none yet */

/* A new tree, with a class of service called "shared" that somebody made and filled. */
static void
begin (void)
{
	int root;

	if (!*tree) {
		snprintf (tree, sizeof tree, "/tmp/coracle-test-rdt-XXXXXX");
		OK (mkdtemp (tree) && chdir (tree) == 0);
	}
	EQ (system ("rm -rf resctrl && mkdir -p resctrl/info resctrl/mon_groups resctrl/mon_data"),
	    0);
	magic = 0x7655821;
	monitors = true;
	mkdir_error = schemata_error = tasks_error = 0;
	tasks_error_in = "";
	written[0] = '\0';
	kernel_says ("ok\n");
	put (AT_FDCWD, "resctrl/tasks", "1\n");
	put (AT_FDCWD, "resctrl/schemata", DEFAULT_SCHEMATA);
	root = open ("resctrl", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EQ (fake_mkdirat (root, "shared", 0755), 0);
	close (root);
	put (AT_FDCWD, "resctrl/shared/schemata", "    MB:0= 50;1=100\n    L3:0=000ff;1=fffff\n");
}

static void
end (void)
{
	EQ (chdir ("/"), 0);
	EQ (system (arena_printf (&arena, "rm -rf %s", tree)), 0);
	*tree = '\0';
}

static bool
exists (const char *path)
{
	return access (path, F_OK) == 0;
}

/* ---- plans */

#define LINES(...) (const char *[]) { __VA_ARGS__ }, ARRAY_SIZE (((const char *[]) { __VA_ARGS__ }))

static struct rdt_plan
plan_for (const char *clos, const char **schemata, size_t n)
{
	return (struct rdt_plan) {
		.set = true,
		.clos_id = clos ? clos : "c1",
		.clos_given = clos != NULL,
		.schemata = schemata,
		.n_schemata = n,
		.json_path = "linux.intelRdt",
	};
}

/* As a container's life has it. */
static int
create (const struct rdt_plan *r, unsigned *owned)
{
	uint32_t planned = 77, made = 77;
	int result = rdt_check (&arena, r, "c1", &planned, &e);

	if (result == 0) {
		result = rdt_apply (&arena, r, "c1", 42, &made, &e);
		if (result == 0)
			EQ (made, planned);
		*owned = made;
	}
	return result;
}

TEST (own_class_of_service)
{
	struct rdt_plan r = plan_for (NULL, LINES ("L3:0=f", "MB:0=20", "L3:1=f"));
	unsigned owned;

	begin ();
	EQ (create (&r, &owned), 0);
	EQ (owned, RDT_OWN_CLOS);
	STREQ (written, "L3:0=f\nMB:0=20\nL3:1=f\n");
	STREQ (get ("resctrl/c1/tasks"), "42");
	EQ (rdt_enter ("c1", "c1", owned, 43, &e), 0);
	STREQ (get ("resctrl/c1/tasks"), "42\n43");
	EQ (rdt_destroy ("c1", "c1", owned, &e), 0);
	OK (!exists ("resctrl/c1"));
	OK (exists ("resctrl/shared"));
	EQ (rdt_destroy ("c1", "c1", owned, &e), 0); /* once more: nothing to do */
	end ();
}

/* MUST NOT write to schemata when none are given. */
TEST (own_class_without_schemata)
{
	struct rdt_plan r = plan_for (NULL, NULL, 0);
	unsigned owned;

	begin ();
	EQ (create (&r, &owned), 0);
	STREQ (written, "");
	STREQ (get ("resctrl/c1/tasks"), "42");
	end ();
}

/* Somebody else's directory of our name is not used, and not removed. */
TEST (own_class_exists)
{
	struct rdt_plan r = plan_for (NULL, NULL, 0);
	uint32_t owned = 77;

	begin ();
	r.clos_id = "shared";
	FAILS_WITH (
		rdt_check (&arena, &r, "shared", &owned, &e), &e,
		"linux.intelRdt: class of service 'shared', which would be the container's own");
	CONTAINS (err_full (&e), "file exists");
	FAILS_WITH (rdt_apply (&arena, &r, "shared", 42, &owned, &e), &e,
		    "class of service 'shared'");
	EQ (owned, 0);
	OK (exists ("resctrl/shared/tasks"));
	end ();
}

TEST (given_class_that_exists)
{
	struct rdt_plan r = plan_for ("shared", NULL, 0);
	unsigned owned;

	begin ();
	EQ (create (&r, &owned), 0);
	EQ (owned, 0);
	STREQ (written, "");
	STREQ (get ("resctrl/shared/tasks"), "42");
	EQ (rdt_destroy ("shared", "c1", owned, &e), 0);
	OK (exists ("resctrl/shared"));
	end ();
}

TEST (given_class_without_schemata_must_exist)
{
	struct rdt_plan r = plan_for ("none", NULL, 0);
	unsigned owned;

	begin ();
	FAILS_WITH (create (&r, &owned), &e, "linux.intelRdt: class of service 'none'");
	CONTAINS (err_full (&e), "no such file or directory");
	OK (!exists ("resctrl/none"));
	end ();
}

TEST (given_class_is_made_and_stays)
{
	struct rdt_plan r = plan_for ("new", LINES ("L3:0=f"));
	unsigned owned;

	begin ();
	EQ (create (&r, &owned), 0);
	EQ (owned, 0);
	STREQ (written, "L3:0=f\n");
	STREQ (get ("resctrl/new/tasks"), "42");
	EQ (rdt_destroy ("new", "c1", owned, &e), 0);
	OK (exists ("resctrl/new"));
	end ();
}

/* However they are written: leading zeros, blanks, upper case, not all domains, the last one
 * counts. */
TEST (given_class_with_the_same_schemata)
{
	static const char *same[][2] = {
		{ "L3:0=ff", NULL },
		{ "L3:0=00ff;1=fffff", NULL },
		{ " L3 : 1 = FFFFF ; 0 = FF", NULL },
		{ "MB:0=50", "L3:0=ff" },
		{ "L3:0=1", "L3:0=ff" },
		{ "MB:1=100;0=050", NULL },
		{ "L3:0=ff;1=fffff;", "MB:0=50;" },
		{ "", NULL },
	};
	unsigned owned;

	for (size_t i = 0; i < ARRAY_SIZE (same); i++) {
		struct rdt_plan r = plan_for ("shared", same[i], same[i][1] ? 2 : 1);

		begin ();
		if (create (&r, &owned) < 0)
			TAP_FAIL ("'%s': %s", same[i][0], err_full (&e));
		STREQ (written, "");
		STREQ (get ("resctrl/shared/tasks"), "42");
	}
	end ();
}

TEST (given_class_with_other_schemata)
{
	static const struct {
		const char *lines[2], *why;
	} other[] = {
		{ { "L3:0=f" },
		  "class of service 'shared' exists already, with L3:0=000ff where f is asked for" },
		{ { "L3:0=000ff;1=1" }, "with L3:1=fffff where 1 is asked for" },
		{ { "L3:2=ff" }, "with L3:2=nothing where ff is asked for" },
		{ { "L2:0=ff" }, "with L2:0=nothing" },
		{ { "MB:0=0x50" }, "with MB:0=50 where 0x50" },
		{ { "MB:0=80" }, "with MB:0=50 where 80" }, /* 0x50 is 80: not the same */
		{ { "L3:0=ff", "L3:0=1" }, "where 1 is asked for" },
		{ { "L3:0=" }, "where  is asked for" },
		{ { "L3" }, "'L3' is not of the form" },
		{ { "L3:0" }, "'L3:0' is not of the form" },
	};
	unsigned owned;

	for (size_t i = 0; i < ARRAY_SIZE (other); i++) {
		const char *lines[2] = { other[i].lines[0], other[i].lines[1] };
		struct rdt_plan r = plan_for ("shared", lines, lines[1] ? 2 : 1);

		begin ();
		FAILS_WITH (create (&r, &owned), &e, other[i].why);
		STREQ (written, "");
		STREQ (get ("resctrl/shared/tasks"), "");
	}
	end ();
}

TEST (root_class)
{
	struct rdt_plan r = plan_for ("/", NULL, 0), same = plan_for ("/", LINES ("L3:0=fffff")),
			other = plan_for ("/", LINES ("L3:0=1"));
	unsigned owned;

	begin ();
	EQ (create (&r, &owned), 0);
	EQ (create (&same, &owned), 0);
	FAILS_WITH (create (&other, &owned), &e,
		    "class of service '/' exists already, with L3:0=fffff");
	STREQ (get ("resctrl/tasks"), "1\n42\n42");
	EQ (rdt_destroy ("/", "c1", owned, &e), 0);
	OK (exists ("resctrl/schemata"));
	end ();
}

/* "info", "mon_groups" and "mon_data" are directories, but no classes of service. */
TEST (reserved_names)
{
	static const char *const names[] = { "info", "mon_groups", "mon_data" };
	unsigned owned;

	begin ();
	for (size_t i = 0; i < ARRAY_SIZE (names); i++) {
		struct rdt_plan with = plan_for (names[i], LINES ("L3:0=f")),
				without = plan_for (names[i], NULL, 0);

		FAILS_WITH (create (&with, &owned), &e, "is no class of service");
		FAILS_WITH (create (&without, &owned), &e, "is no class of service");
	}
	end ();
}

TEST (monitoring_in_own_class)
{
	struct rdt_plan r = plan_for (NULL, NULL, 0);
	unsigned owned;

	begin ();
	r.monitoring = true;
	EQ (create (&r, &owned), 0);
	EQ (owned, RDT_OWN_CLOS | RDT_OWN_MONITOR);
	STREQ (get ("resctrl/c1/tasks"), "42");
	STREQ (get ("resctrl/c1/mon_groups/c1/tasks"), "42");
	EQ (rdt_destroy ("c1", "c1", owned, &e), 0);
	OK (!exists ("resctrl/c1"));
	end ();
}

/* The monitoring group is the container's own also in a class that is not. */
TEST (monitoring_in_given_class)
{
	static const struct {
		const char *clos, *dir;
	} where[] = { { "shared", "resctrl/shared" }, { "/", "resctrl" } };

	for (size_t i = 0; i < ARRAY_SIZE (where); i++) {
		struct rdt_plan r = plan_for (where[i].clos, NULL, 0);
		const char *tasks = arena_printf (&arena, "%s/mon_groups/c1/tasks", where[i].dir);
		unsigned owned;

		begin ();
		r.monitoring = true;
		EQ (create (&r, &owned), 0);
		EQ (owned, RDT_OWN_MONITOR);
		STREQ (get (tasks), "42");
		EQ (rdt_enter (where[i].clos, "c1", owned, 43, &e), 0);
		STREQ (get (tasks), "42\n43");
		EQ (rdt_destroy (where[i].clos, "c1", owned, &e), 0);
		OK (!exists (tasks));
		OK (exists (where[i].dir));
	}
	end ();
}

TEST (monitoring_group_exists)
{
	struct rdt_plan r = plan_for ("shared", NULL, 0);
	uint32_t owned = 77;

	begin ();
	r.monitoring = true;
	EQ (mkdir ("resctrl/shared/mon_groups/c1", 0755), 0);
	FAILS_WITH (rdt_check (&arena, &r, "c1", &owned, &e), &e,
		    "monitoring group 'c1', which would be the container's own");
	/* made between the check and now */
	FAILS_WITH (rdt_apply (&arena, &r, "c1", 42, &owned, &e), &e, "make monitoring group 'c1'");
	EQ (owned, 0);
	EQ (rdt_destroy ("shared", "c1", owned, &e), 0);
	OK (exists ("resctrl/shared/mon_groups/c1"));
	end ();
}

TEST (machine_cannot_monitor)
{
	struct rdt_plan r = plan_for (NULL, NULL, 0);
	unsigned owned;

	begin ();
	r.monitoring = true;
	EQ (rmdir ("resctrl/mon_groups"), 0);
	FAILS_WITH (create (&r, &owned), &e,
		    "linux.intelRdt.enableMonitoring: this machine cannot");
	OK (!exists ("resctrl/c1"));
	end ();
}

/* MUST generate an error. */
TEST (no_resctrl)
{
	struct rdt_plan r = plan_for ("shared", NULL, 0);
	unsigned owned;

	begin ();
	magic = 0x01021994; /* a tmpfs */
	FAILS_WITH (create (&r, &owned), &e,
		    "linux.intelRdt: no resctrl file system is mounted at ");
	FAILS_WITH (rdt_enter ("shared", "c1", 0, 42, &e), &e, "class of service 'shared'");
	EQ (rdt_destroy ("shared", "c1", RDT_OWN_CLOS, &e), 0);
	OK (exists ("resctrl/shared"));
	EQ (rename ("resctrl", "elsewhere"), 0);
	magic = 0x7655821;
	FAILS_WITH (create (&r, &owned), &e, "no resctrl file system is mounted");
	EQ (rdt_destroy ("shared", "c1", RDT_OWN_CLOS, &e), 0);
	end ();
}

TEST (the_kernel_says_why)
{
	struct rdt_plan r = plan_for (NULL, LINES ("L9:0=f")),
			given = plan_for ("new", LINES ("L9:0=f"));
	uint32_t owned;

	begin ();
	mkdir_error = ENOSPC;
	FAILS_WITH (rdt_apply (&arena, &r, "c1", 42, &owned, &e), &e,
		    "linux.intelRdt: make class of service 'c1' (Out of CLOSIDs)");
	EQ (owned, 0);
	CONTAINS (err_full (&e), "no space left on device");
	mkdir_error = 0;
	schemata_error = EINVAL;
	FAILS_WITH (
		rdt_apply (&arena, &r, "c1", 42, &owned, &e), &e,
		"write 'L9:0=f' to the schemata of class 'c1' (Unknown or unsupported resource name 'L9')");
	EQ (owned, 0);
	OK (!exists ("resctrl/c1")); /* what an error made is gone … */
	FAILS_WITH (rdt_apply (&arena, &given, "c1", 42, &owned, &e), &e, "'new'");
	OK (!exists ("resctrl/new")); /* … also when the name was given */
	end ();
}

/* The process is gone before it could be moved: what was made for it goes as well. */
TEST (nothing_is_left_of_an_error)
{
	struct rdt_plan own = plan_for (NULL, NULL, 0), given = plan_for ("new", LINES ("L3:0=f")),
			there = plan_for ("shared", NULL, 0);
	struct rdt_plan *all[] = { &own, &given, &there };

	for (size_t i = 0; i < 2 * ARRAY_SIZE (all); i++) {
		struct rdt_plan *r = all[i / 2];
		uint32_t owned = 77;

		begin ();
		r->monitoring = true;
		tasks_error = ESRCH;
		tasks_error_in = i % 2 ? "mon_groups" : "";
		FAILS_WITH (rdt_apply (&arena, r, "c1", 42, &owned, &e), &e,
			    "linux.intelRdt: write 42 to '");
		CONTAINS (err_full (&e), "no such process");
		EQ (owned, 0);
		OK (!exists ("resctrl/c1"));
		OK (!exists ("resctrl/new"));
		OK (exists ("resctrl/shared"));
		OK (!exists ("resctrl/shared/mon_groups/c1"));
	}
	end ();
}

/* The protocol of resctrl.rst: whoever changes the tree has the root locked. */
TEST (takes_the_lock)
{
	struct rdt_plan r = plan_for (NULL, NULL, 0);
	struct groups g = { .plan = &r, .clos = -1 };
	uint32_t owned;
	int fd;

	begin ();
	EQ (rdt_apply (&arena, &r, "c1", 42, &owned, &e), 0);
	fd = open ("resctrl", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EQ (flock (fd, LOCK_EX | LOCK_NB), 0); /* it was given back */
	FAILS_WITH (open_locked (&g, LOCK_EX | LOCK_NB, &e), &e, "lock resctrl");
	close_groups (&g);
	close (fd);
	end ();
}
