/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "base/str.h"
#include "container/container.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/oci_state.h"
#include "libocispec/report.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "sys/pidfd.h"
#include "sys/syscalls.h"

#define CONFIG_MAX (64u << 20)
/* All the annotations that a configuration may have. */
#define STATE_MAX (CONFIG_MAX + (64u << 10))
/* 255 - strlen (".state.json.XX") */
#define ID_MAX	     242
#define LOCK_SECONDS 10

const char *const container_status_names[] = { "creating", "created", "running", "paused",
					       "stopped" };

RECORD (container_state, FIELD (container_state, format, "format", REQ),
	FIELD (container_state, phase, "phase", REQ),
	FIELD (container_state, oci_version, "ociVersion", 0),
	FIELD (container_state, id, "id", REQ), FIELD (container_state, pid, "pid", 0),
	FIELD (container_state, start_time, "startTime", 0),
	FIELD (container_state, pidfd_inode, "pidfdInode", 0),
	FIELD (container_state, boot_id, "bootId", 0), FIELD (container_state, bundle, "bundle", 0),
	FIELD (container_state, rootfs, "rootfs", 0),
	FIELD (container_state, created, "created", 0), FIELD (container_state, owner, "owner", 0),
	FIELD (container_state, loginuid, "loginuid", 0),
	FIELD (container_state, sessionid, "sessionid", 0),
	FIELD (container_state, cgroup_manager, "cgroupManager", 0),
	FIELD (container_state, cgroup_mode, "cgroupMode", 0),
	FIELD (container_state, cgroup_path, "cgroupPath", 0),
	FIELD (container_state, cgroup_scope, "systemdScope", 0),
	FIELD (container_state, cgroup_created, "cgroupCreated", 0),
	FIELD (container_state, cgroup_made, "cgroupMade", 0),
	FIELD (container_state, own_pidns, "ownPidNamespace", 0),
	FIELD (container_state, rdt_clos, "rdtClos", 0),
	FIELD (container_state, rdt_owned, "rdtOwned", 0),
	FIELD (container_state, has_poststart, "hasPoststart", 0),
	FIELD (container_state, has_poststop, "hasPoststop", 0),
	FIELD (container_state, notify, "notify", 0),
	FIELD (container_state, stop_signal, "stopSignal", 0),
	FIELD (container_state, exit_code, "exitCode", 0),
	FIELD (container_state, annotations, "annotations", 0));

int
container_check_id (const char *id, struct err *e)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.-";
	size_t len = strlen (id), good = strspn (id, allowed);

	if (len == 0)
		return err_set (e, 0, "invalid container ID format: the ID is empty");
	if (id[0] == '.')
		return err_set (e, 0, "invalid container ID format: it may not start with '.'");
	if (good < len)
		return err_set (
			e, 0,
			"invalid container ID format: character %zu (0x%02x) is not one of A-Z a-z 0-9 _ + . -",
			good + 1, (unsigned char) id[good]);
	if (len > ID_MAX)
		return err_set (e, 0, "invalid container ID format: %zu characters, at most %d",
				len, ID_MAX);
	return 0;
}

/* ---- state root, state directory, lock */

/*
 * Without --root and XDG_RUNTIME_DIR an ordinary user's state is in /tmp, where somebody else may
 * have made the directory first: hooks kept there would be run as us.
 */
static int
check_root_owner (const struct globals *g, int fd, struct err *e)
{
	struct stat st;

	if (g->root_given || !startswith (g->root, "/tmp/"))
		return 0;
	if (fstat (fd, &st) < 0)
		return err_set (e, errno, "stat the state root '%s'", g->root);
	if (st.st_uid != geteuid () || (st.st_mode & 0022))
		return err_set (e, EPERM, "the state root '%s' is not ours alone; use --root",
				g->root);
	return 0;
}

int
container_open_root (const struct globals *g, bool create, struct err *e)
{
	autofd fd = open (g->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && create) {
		int r = make_directories (g->root, 0700);

		if (r < 0)
			return err_set (e, -r, "make the state root '%s'", g->root);
		fd = open (g->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return err_set (e, errno, "open the state root '%s'", g->root);
	TRY (check_root_owner (g, fd, e));
	return take_fd (&fd);
}

static void
no_op (int sig)
{
	(void) sig;
}

/* An exclusive lock, waiting for its holder (a create whose hook hangs, say) for a bounded time. */
static int
lock_wait (int fd)
{
	const struct sigaction wake = {
		.sa_handler = no_op
	}; /* without SA_RESTART: it ends the flock */
	struct itimerval limit = { .it_value = { LOCK_SECONDS, 0 } }, off = { { 0, 0 }, { 0, 0 } };
	sigset_t alarm_only;
	int r;

	if (flock (fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return -errno;
	sigaction (SIGALRM, &wake, NULL);
	sigemptyset (&alarm_only);
	sigaddset (&alarm_only, SIGALRM); /* the caller may have blocked it */
	sigprocmask (SIG_UNBLOCK, &alarm_only, NULL);
	setitimer (ITIMER_REAL, &limit, NULL);
	r = flock (fd, LOCK_EX) < 0 ? -errno : 0;
	setitimer (ITIMER_REAL, &off, NULL);
	return r;
}

int
container_lock (struct container *c, struct err *e)
{
	struct stat st;
	int r = lock_wait (c->dir_fd);

	if (r == -EINTR)
		return err_set (
			e, EBUSY,
			"container '%s' is being changed by another command for more than %d s",
			c->id, LOCK_SECONDS);
	if (r < 0)
		return err_set (e, -r, "lock container '%s'", c->id);
	c->locked = true;
	if (fstat (c->dir_fd, &st) < 0)
		return err_set (e, errno, "stat the state of container '%s'", c->id);
	return st.st_nlink > 0; /* 0: deleted while we waited */
}

void
container_unlock (struct container *c)
{
	(void) flock (c->dir_fd, LOCK_UN);
	c->locked = false;
}

static int
make_directory (const struct globals *g, struct container *c, struct err *e)
{
	if (mkdirat (c->root_fd, c->id, 0700) == 0)
		return 0;
	if (errno == EEXIST)
		return err_set (e, 0, "container with given ID already exists: '%s'", c->id);
	return err_set (e, errno, "make the state directory '%s/%s'", g->root, c->id);
}

/* 1, or 0 if a delete of the same id was faster than our lock: its directory is no use. */
static int
open_and_lock (const struct globals *g, struct container *c, struct err *e)
{
	int r;

	c->dir_fd = openat (c->root_fd, c->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (c->dir_fd < 0)
		r = errno == ENOENT ? 0
				    : err_set (e, errno, "open the state directory '%s/%s'",
					       g->root, c->id);
	else
		r = container_lock (c, e);
	if (r < 0)
		(void) unlinkat (c->root_fd, c->id, AT_REMOVEDIR);
	if (r <= 0 && c->dir_fd >= 0)
		close (take_fd (&c->dir_fd));
	return r;
}

int
container_reserve (const struct globals *g, int root_fd, const char *id, struct container *c,
		   struct err *e)
{
	int r;

	*c = (struct container) { .id = id, .root_fd = root_fd, .dir_fd = -1 };
	do
		r = make_directory (g, c, e) < 0 ? -1 : open_and_lock (g, c, e);
	while (r == 0);
	if (r < 0)
		container_close (c);
	return r < 0 ? -1 : 0;
}

static int
does_not_exist (const struct globals *g, const char *id, struct err *e)
{
	(void) err_set (e, 0, "container '%s' does not exist in '%s'", id, g->root);
	e->num = ENOENT;
	return -1;
}

static int
lock_container (const struct globals *g, struct container *c, struct err *e)
{
	int r = container_lock (c, e);

	return r == 0 ? does_not_exist (g, c->id, e) : r < 0 ? -1 : 0;
}

/*
 * A second copy of what delete needs, as the target of a symbolic link: one system call, and a
 * power cut or a full disk that damages one file leaves it alone.
 */
#define BACKUP "state.backup"

void
container_save_backup (const struct container *c, struct arena *a)
{
	struct container_state st = c->st;
	size_t len;
	char *text;

	st.annotations = (kvs) { 0 };
	text = oci_record_write (&container_state_record, &st, a, OCI_COMPACT, &len);
	if (len < PATH_MAX)
		(void) symlinkat (text, c->dir_fd, BACKUP);
}

static char *
read_boot_id (struct arena *a)
{
	char text[64];

	return read_small_at (AT_FDCWD, "/proc/sys/kernel/random/boot_id", text, sizeof text) > 0
		       ? arena_strdup (a, text)
		       : NULL;
}

char *
container_boot_id (const struct container *c, struct arena *a)
{
	struct statfs fs;

	return fstatfs (c->dir_fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC ? NULL : read_boot_id (a);
}

/*
 * Pids, and the inodes of pidfds as well, begin anew with each boot: the first ones of two boots
 * are even likely to be the same.
 */
static void
forget_other_boot (struct container *c, struct arena *a)
{
	const char *now = c->st.boot_id ? read_boot_id (a) : NULL;

	if (!now || streq (now, c->st.boot_id))
		return;
	c->st.pid = 0;
	c->st.cgroup_created = false;
	c->st.cgroup_made = c->st.cgroup_scope = c->st.rdt_clos = NULL;
	c->st.rdt_owned = 0;
}

static bool
is_usable (const struct container *c)
{
	return c->st.format == 1 && streq (c->st.id, c->id) && c->st.pid >= 0 && c->st.pid != 1;
}

/* What a damaged state file still tells: that there is a container of this name. */
static void
state_unknown (struct container *c)
{
	c->st = (struct container_state) { .phase = (char *) "damaged",
					   .id = (char *) c->id,
					   .bundle = (char *) "",
					   .rootfs = (char *) "",
					   .created = (char *) "1970-01-01T00:00:00Z",
					   .owner = (char *) "",
					   .oci_version = (char *) OCI_VERSION,
					   .cgroup_manager = CGROUP_MANAGER_DISABLED };
}

/*
 * Does somebody make or delete it? He has the lock. Asked by another open file: by our own it would
 * change the lock that we may have.
 */
bool
container_is_busy (const struct container *c)
{
	autofd fd = -1;

	if (c->locked)
		return false;
	fd = openat (c->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && flock (fd, LOCK_SH | LOCK_NB) < 0;
}

static bool
is_empty (const struct container *c)
{
	int fd = openat (c->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *d = fd < 0 ? NULL : fdopendir (fd);

	if (!d) {
		if (fd >= 0)
			close (fd);
		return false;
	}
	while (n <= 2 && readdir (d))
		n++;
	closedir (d);
	return n <= 2;
}

/*
 * Without a state: is that because its creator has not written it yet, or somebody has just deleted
 * it? Between mkdir and the lock of the creator there is a moment that only the clock can tell.
 */
static bool
is_in_flux (const struct container *c)
{
	struct timespec now;
	struct stat st;

	if (c->locked)
		return false;
	if (fstat (c->dir_fd, &st) < 0 || st.st_nlink == 0 || container_is_busy (c))
		return true;
	return is_empty (c) && clock_gettime (CLOCK_REALTIME_COARSE, &now) == 0 &&
	       now.tv_sec >= st.st_ctim.tv_sec && now.tv_sec - st.st_ctim.tv_sec < 2;
}

/* Not read_file_at, which has patience with pipes and follows links: here they are damage. */
static int
read_state_file (struct arena *a, const struct container *c, char **ret, size_t *ret_len,
		 struct err *e)
{
	autofd fd = openat (c->dir_fd, "state.json",
			    O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_set (e, errno, "open 'state.json'");
	if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode))
		return err_set (e, 0, "'state.json' is not a regular file");
	return read_fd (a, fd, "state.json", STATE_MAX, ret, ret_len, e);
}

static int
read_state (const struct globals *g, struct container *c, struct err *e)
{
	struct oci_report report;
	struct err why;
	char *text;
	size_t len;

	if (read_state_file (g->arena, c, &text, &len, &why) < 0) {
		if (why.num == ENOENT && is_in_flux (c))
			return does_not_exist (g, c->id, e);
		state_unknown (c);
		return err_set (
			e, 0,
			"container '%s': create did not complete, or its state is damaged (%s); use delete --force",
			c->id, err_full (&why));
	}
	oci_report_init (&report, g->arena, "state.json", text, len);
	if (oci_record_read (&container_state_record, g->arena, text, len, &report, &c->st) == 0 &&
	    is_usable (c)) {
		forget_other_boot (c, g->arena);
		return 0;
	}
	state_unknown (c);
	return err_set (e, 0, "container '%s': damaged state: %s; use delete --force", c->id,
			oci_report_text (&report)[0]
				? oci_report_text (&report)
				: "state.json: not of this container, or an impossible pid");
}

bool
container_recover (struct container *c, struct arena *a)
{
	struct oci_report report;
	char text[PATH_MAX];
	ssize_t n;

	if (c->dir_fd < 0 || !c->st.phase || !streq (c->st.phase, "damaged"))
		return false;
	n = readlinkat (c->dir_fd, BACKUP, text, sizeof text);
	/* Without it create was killed before anything but the directory was made. */
	if (n < 0 || n == sizeof text)
		return true;
	oci_report_init (&report, a, BACKUP, text, (size_t) n);
	if (oci_record_read (&container_state_record, a, text, (size_t) n, &report, &c->st) < 0 ||
	    !is_usable (c))
		state_unknown (c);
	forget_other_boot (c, a);
	return true;
}

/* Made with pidfds, and now there are none: it could not be told whether init lives, and "stopped"
 * would make delete forget a container that runs. */
static int
check_pidfds (const struct container *c, struct err *e)
{
	return c->st.pid > 0 && c->st.pidfd_inode && !c->st.start_time && pidfd_open_is_missing ()
		       ? err_set (e, ENOSYS, "pidfd_open, which needs Linux 5.3")
		       : 0;
}

/* With c->root_fd, which stays open whatever happens. */
static int
open_in_root (const struct globals *g, bool lock, struct container *c, struct err *e)
{
	c->dir_fd = openat (c->root_fd, c->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (c->dir_fd < 0)
		return errno == ENOENT
			       ? does_not_exist (g, c->id, e)
			       : err_set (e, errno, "open the state of container '%s'", c->id);
	if (lock)
		TRY (lock_container (g, c, e));
	TRY (read_state (g, c, e));
	return check_pidfds (c, e);
}

/* Nothing stays open after an error, but of a container that container_recover may look at. */
static int
close_unless_damaged (struct container *c)
{
	if (!c->st.phase || !streq (c->st.phase, "damaged"))
		container_close (c);
	return -1;
}

int
container_open (const struct globals *g, const char *id, bool lock, struct container *c,
		struct err *e)
{
	*c = (struct container) { .id = id, .root_fd = -1, .dir_fd = -1 };
	TRY (container_check_id (id, e));
	c->root_fd = open (g->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->root_fd < 0)
		return errno == ENOENT ? does_not_exist (g, id, e)
				       : err_set (e, errno, "open the state root '%s'", g->root);
	if (check_root_owner (g, c->root_fd, e) < 0 || open_in_root (g, lock, c, e) < 0)
		return close_unless_damaged (c);
	return 0;
}

int
container_open_at (const struct globals *g, int root_fd, const char *id, struct container *c,
		   struct err *e)
{
	int r;

	*c = (struct container) { .id = id, .root_fd = root_fd, .dir_fd = -1 };
	r = open_in_root (g, false, c, e);
	c->root_fd = -1;
	return r < 0 ? close_unless_damaged (c) : 0;
}

void
container_close (struct container *c)
{
	if (c->dir_fd >= 0)
		close (c->dir_fd);
	if (c->root_fd >= 0)
		close (c->root_fd);
	c->dir_fd = c->root_fd = -1;
	c->locked = false;
}

int
container_save (struct container *c, struct arena *a, struct err *e)
{
	size_t len;
	char *text = oci_record_write (&container_state_record, &c->st, a, OCI_COMPACT, &len);
	int r;

	if (len > STATE_MAX)
		return err_set (
			e, EFBIG,
			"annotations: the state of container '%s' would have %zu bytes, at most %u",
			c->id, len, STATE_MAX);
	r = file_replace_at (c->dir_fd, "state.json", text, len, 0600);
	return r < 0 ? err_set (e, -r, "write the state of container '%s'", c->id) : 0;
}

/* Everything in `dir` that is not a mount, without following anything. */
static int
remove_tree (int parent, const char *name)
{
	int fd, r = 0;
	DIR *d;

	if (unlinkat (parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir (fd);
	if (!d) {
		if (fd >= 0)
			close (fd);
		return -errno;
	}
	for (struct dirent *de; r == 0 && (errno = 0, de = readdir (d)) != NULL;)
		if (!streq (de->d_name, ".") && !streq (de->d_name, ".."))
			r = remove_tree (fd, de->d_name);
	if (r == 0 && errno)
		r = -errno;
	closedir (d);
	if (r == 0 && unlinkat (parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

int
container_remove_state (struct container *c, struct err *e)
{
	static const char *const usual[] = { "start.fifo", "report.fifo", "seccomp.bpf",
					     "exec.json",  "config.json", BACKUP,
					     "state.json" };
	size_t skip = !c->no_fifos ? 0 : c->no_filter ? 3 : 2;
	int r;

	/* The common case without listing the directory; state.json last, then the directory
	 * itself. */
	for (size_t i = skip; i < ARRAY_SIZE (usual); i++)
		(void) unlinkat (c->dir_fd, usual[i], 0);
	if (unlinkat (c->root_fd, c->id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	r = remove_tree (c->root_fd, c->id);
	return r < 0 ? err_set (e, -r, "remove the state directory of container '%s'", c->id) : 0;
}

/* ---- what is it doing */

int
container_is_init (const struct container *c, pid_t pid, int pidfd)
{
	const struct container_state *st = &c->st;
	uint64_t now, then = st->start_time ? st->start_time : st->pidfd_inode;
	int r = st->start_time ? proc_starttime (pid, &now) : pidfd_inode (pidfd, &now);

	/* -ENOENT: of /proc/PID; it has gone meanwhile. */
	return r == -ENOENT ? 0 : r < 0 ? r : now == then;
}

int
container_open_init (const struct container *c)
{
	pid_t pid = (pid_t) c->st.pid;
	int fd, r;

	if (pid <= 0)
		return -ESRCH;
	fd = pidfd_open (pid);
	if (fd < 0)
		return fd;
	r = container_is_init (c, pid, fd);
	/* Dead, perhaps a zombie that its parent has not reaped (buildah). */
	if (r > 0 && !pidfd_wait (fd, 0))
		return fd;
	close (fd);
	return r < 0 ? r : -ESRCH;
}

/* init holds start.fifo open until its execve: a FIFO without a reader means that it runs. */
static bool
waits_for_start (const struct container *c)
{
	int fd = openat (c->dir_fd, "start.fifo", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0)
		close (fd);
	return fd >= 0;
}

enum container_status
container_status (const struct container *c, int *ret_pidfd)
{
	enum container_status st = STATUS_RUNNING;
	struct cgroup cg;
	int pidfd;

	if (ret_pidfd)
		*ret_pidfd = -1;
	if (c->st.phase && streq (c->st.phase, "creating"))
		return container_is_busy (c) ? STATUS_CREATING : STATUS_STOPPED;
	pidfd = container_open_init (c);
	if (pidfd < 0)
		return STATUS_STOPPED;
	if (waits_for_start (c))
		st = STATUS_CREATED;
	if (c->st.cgroup_created) {
		container_cgroup (c, &cg);
		if (cgroup_is_frozen (&cg) == 1)
			st = STATUS_PAUSED;
	}
	if (ret_pidfd)
		*ret_pidfd = pidfd;
	else
		close (pidfd);
	return st;
}

void
container_cgroup (const struct container *c, struct cgroup *ret)
{
	*ret = (struct cgroup) {
		.manager = (int) c->st.cgroup_manager,
		.mode = (int) c->st.cgroup_mode,
		.path = c->st.cgroup_path,
		.scope = c->st.cgroup_scope,
		.created = c->st.cgroup_created,
		.made = c->st.cgroup_made,
	};
	cgroup_from_state (ret);
}

char *
container_state_json (const struct container *c, struct arena *a, enum container_status status,
		      enum oci_style style)
{
	struct oci_state st = {
		.oci_version = c->st.oci_version,
		.id = c->st.id,
		.status = (char *) container_status_names[status],
		.pid = status == STATUS_STOPPED ? 0 : c->st.pid,
		.bundle = c->st.bundle,
		.rootfs = c->st.rootfs,
		.created = c->st.created,
		.owner = c->st.owner,
		.loginuid = c->st.loginuid,
		.sessionid = c->st.sessionid,
		.annotations = c->st.annotations,
	};

	st.exit_code.set = status == STATUS_STOPPED && container_exit_code (c, &st.exit_code.v);
	return oci_record_write (&oci_state_record, &st, a, style, NULL);
}

int
container_config (const struct container *c, struct arena *a, struct oci_config **ret,
		  struct err *e)
{
	struct oci_report report;
	char *text;
	size_t len;

	TRY (read_file_at (a, c->dir_fd, "config.json", CONFIG_MAX, &text, &len, e));
	oci_report_init (&report, a, "config.json", text, len);
	if (oci_config_read (a, text, len, &report, ret) < 0)
		return err_set (e, 0, "the kept configuration: %s", oci_report_text (&report));
	return 0;
}

static int
compare (const void *a, const void *b)
{
	return strcmp (*(char *const *) a, *(char *const *) b);
}

int
container_list_ids (const struct globals *g, char ***ret, size_t *ret_n, struct err *e)
{
	VEC (char *) ids = { NULL, 0 };
	struct err ignored;
	int fd = container_open_root (g, false, e), saved;
	DIR *d;

	*ret = NULL;
	*ret_n = 0;
	if (fd < 0)
		return e->num == ENOENT && !g->root_given ? 0 : -1;
	d = fdopendir (fd);
	if (!d)
		return err_set (e, errno, "read the state root '%s'", g->root);
	for (struct dirent *de; (errno = 0, de = readdir (d)) != NULL;) {
		if (de->d_name[0] == '.' || (de->d_type != DT_DIR && de->d_type != DT_UNKNOWN) ||
		    container_check_id (de->d_name, &ignored) < 0)
			continue;
		VEC_PUSH (g->arena, ids, arena_strdup (g->arena, de->d_name));
	}
	saved = errno;
	closedir (d);
	if (saved)
		return err_set (e, saved, "read the state root '%s'", g->root);
	if (ids.n) /* qsort (NULL) is undefined, also of nothing */
		qsort (ids.v, ids.n, sizeof ids.v[0], compare);
	*ret = ids.v;
	*ret_n = ids.n;
	return 0;
}
