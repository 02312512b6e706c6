/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "security/selfexe.h"
#include "sys/syscalls.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static bool
is_sealed (int fd)
{
	int seals = fcntl (fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

static int
open_copy (struct selfexe *x, struct err *e)
{
	/* MFD_EXEC: Linux 6.3, where vm.memfd_noexec may be set; older kernels refuse the flag and
	 * need none. */
	x->fd = sys_memfd_create ("coracle", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (x->fd == -EINVAL)
		x->fd = sys_memfd_create ("coracle", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (x->fd == -EACCES) /* Linux 6.3 */
		return err_set (
			e, EACCES,
			"memfd_create for a sealed copy of the runtime: the sysctl vm.memfd_noexec is 2 in this pid namespace, and must be 0 or 1");
	return x->fd < 0 ? err_set (e, -x->fd, "memfd_create for a sealed copy of the runtime") : 0;
}

/*
 * The program through a read-only mount that is in no namespace and never comes into one again:
 * closing the descriptor of open_tree takes it out of its own, and what has been opened holds it.
 * To change such a mount, to clone, bind or move it is EINVAL, for CAP_SYS_ADMIN too.
 */
static int
open_unwritable (int exe, int *ret_tree)
{
	struct sys_mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };
	char path[sizeof "/proc/self/fd/" + 11];
	int fd;

	*ret_tree = sys_open_tree (exe, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (*ret_tree < 0)
		return *ret_tree;
	fd = sys_mount_setattr (*ret_tree, "", AT_EMPTY_PATH, &ro);
	if (fd == 0) {
		(void) snprintf (path, sizeof path, "/proc/self/fd/%d", *ret_tree);
		fd = open (path, O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

static int
copy_whole (struct selfexe *x, struct err *e)
{
	struct stat st;
	off_t at = 0;

	if (fstat (x->exe, &st) < 0)
		return err_set (e, errno, "stat /proc/self/exe");
	errno = 0;
	while (at < st.st_size && sendfile (x->fd, x->exe, &at, (size_t) (st.st_size - at)) > 0)
		;
	return at < st.st_size
		       ? err_set (e, errno ? errno : EIO, "copy the runtime into a sealed memfd")
		       : 0;
}

int
selfexe_prepare (struct selfexe *x, struct err *e)
{
	if (!x->pending)
		return 0;
	x->text = x->in_place && !x->whole ? open_unwritable (x->exe, &x->tree) : -1;
	if (x->text < 0)
		TRY (copy_whole (x, e));
	return fcntl (x->fd, F_ADD_SEALS, SEALS) < 0
		       ? err_set (e, errno, "seal the copy of the runtime")
		       : 0;
}

void
selfexe_detach (struct selfexe *x)
{
	int fd = x->tree;

	x->tree = -1;
	if (fd >= 0)
		close (fd);
}

void
selfexe_bury (struct selfexe *x)
{
	if (x->tree >= 0)
		(void) sys_move_mount (x->tree, "", AT_FDCWD, "/dev/null", MOVE_MOUNT_F_EMPTY_PATH);
	selfexe_detach (x); /* does it all where that failed */
}

/* ---- executing the copy */

/* The helper is looked for beside the binary, and the audit trail names it: neither has the copy a
 * path of its own. */
static void
remember_path (struct selfexe *x)
{
	ssize_t n = readlink ("/proc/self/exe", x->path, sizeof x->path - 1);

	x->path[n > 0 ? n : 0] = '\0';
}

/* What we take out of the environment (NOTIFY_SOCKET, LISTEN_FDS) is for the second start as well.
 */
static void
keep_environment (struct selfexe *x, struct arena *a)
{
	size_t n = 0;

	while (environ[n])
		n++;
	x->env = arena_alloc (a, (n + 2) * sizeof *x->env);
	n = 0;
	for (char **v = environ; *v; v++)
		if (!startswith (*v, SELFEXE_ENV "="))
			x->env[n++] = *v;
}

static int
execute_copy (struct selfexe *x, struct err *e)
{
	char own[sizeof SELFEXE_ENV + PATH_MAX];
	size_t n = 0;

	remember_path (x);
	(void) snprintf (own, sizeof own, SELFEXE_ENV "=%s", x->path);
	while (x->env[n])
		n++;
	x->env[n] = own; /* keep_environment left room */
	sys_execveat (x->fd, "", x->argv, x->env, AT_EMPTY_PATH);
	return err_set (e, errno, "execute the sealed copy of the runtime");
}

/* ---- or putting it in the place of the program */

/* The linker's name for the beginning of the program. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier) */
extern const ElfW (Ehdr) __ehdr_start __attribute__ ((visibility ("hidden"), weak));

static const ElfW (Phdr) * program_headers (void)
{
	return (const void *) ((const char *) &__ehdr_start + __ehdr_start.e_phoff);
}

/* A program at its own addresses that needs no loader: what main is linked as by default. */
static bool
is_plain_static (void)
{
	const ElfW (Phdr) * ph;

	if (!&__ehdr_start || __ehdr_start.e_type != ET_EXEC)
		return false;
	ph = program_headers ();
	for (size_t i = 0; i < __ehdr_start.e_phnum; i++)
		if (ph[i].p_type == PT_INTERP)
			return false;
	return true;
}

static ElfW (Addr) page_mask (void)
{
	return ~((ElfW (Addr)) sysconf (_SC_PAGESIZE) - 1);
}

static void *
segment_start (const ElfW (Phdr) * ph)
{
	return (void *) (uintptr_t) (ph->p_vaddr & page_mask ());
}

/* Of what is mapped from the file. */
static size_t
segment_size (const ElfW (Phdr) * ph)
{
	ElfW (Addr) end = (ph->p_vaddr + ph->p_filesz + ~page_mask ()) & page_mask ();

	return end - (uintptr_t) segment_start (ph);
}

static char *
end_of_last (char **v, char *otherwise)
{
	for (; *v; v++)
		otherwise = *v + strlen (*v) + 1;
	return otherwise;
}

/* What the kernel knows of the layout and must be told anew, with the file. The heap begins where
 * it ends now: it only grows. */
static void
describe (struct prctl_mm_map *m, char **argv)
{
	char *arg_end = end_of_last (argv, argv[0]);
	uint64_t brk = (uint64_t) syscall (SYS_brk, 0);
	const ElfW (Phdr) *ph = program_headers ();

	*m = (struct prctl_mm_map) {
		.start_brk = brk,
		.brk = brk,
		.start_stack = (uintptr_t) argv,
		.arg_start = (uintptr_t) argv[0],
		.arg_end = (uintptr_t) arg_end,
		.env_start = (uintptr_t) arg_end,
		.env_end = (uintptr_t) end_of_last (environ, arg_end),
		.exe_fd = INT_MAX,
	};
	for (size_t i = 0; i < __ehdr_start.e_phnum; i++) {
		if (ph[i].p_type != PT_LOAD)
			continue;
		if (ph[i].p_flags & PF_W) {
			m->start_data = ph[i].p_vaddr;
			m->end_data = ph[i].p_vaddr + ph[i].p_filesz;
		} else if (ph[i].p_flags & PF_X) {
			m->start_code = ph[i].p_vaddr;
			m->end_code = ph[i].p_vaddr + ph[i].p_filesz;
		}
	}
}

static int
set_map (const struct prctl_mm_map *m)
{
	return prctl (PR_SET_MM, PR_SET_MM_MAP, m, sizeof *m, 0) < 0 ? -errno : 0;
}

/* The data is ours already: all it needs is memory that is not the file's. */
static int
detach_data (const ElfW (Phdr) * ph)
{
	size_t size = segment_size (ph);
	void *start = segment_start (ph);
	void *copy = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED)
		return -errno;
	memcpy (copy, start, size);
	if (mremap (copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, start) == MAP_FAILED) {
		munmap (copy, size);
		return -errno;
	}
	return 0;
}

/* Some security modules tell programs from other files. */
static bool
can_be_program (int fd)
{
	size_t size = ~page_mask () + 1;
	void *p = mmap (NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	return p != MAP_FAILED && munmap (p, size) == 0;
}

/* Also checks that the kernel would: EPERM comes before EBADF. */
static bool
prepare_exchange (struct selfexe *x)
{
	const ElfW (Phdr) * ph;

	if (!is_plain_static ())
		return false;
	describe (&x->map, x->argv);
	if (set_map (&x->map) != -EBADF || !can_be_program (x->fd))
		return false;
	ph = program_headers ();
	for (size_t i = 0; i < __ehdr_start.e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_flags & PF_W && detach_data (ph + i) < 0)
			return false;
	return true;
}

static int
replace_program (struct selfexe *x)
{
	const ElfW (Phdr) *ph = program_headers ();
	int from = x->text >= 0 ? x->text : x->fd;

	for (size_t i = 0; i < __ehdr_start.e_phnum; i++) {
		int protection = PROT_READ | (ph[i].p_flags & PF_X ? PROT_EXEC : 0);
		off_t offset = (off_t) (ph[i].p_offset & page_mask ());

		if (ph[i].p_type == PT_LOAD && !(ph[i].p_flags & PF_W) &&
		    mmap (segment_start (ph + i), segment_size (ph + i), protection,
			  MAP_PRIVATE | MAP_FIXED, from, offset) == MAP_FAILED)
			return -errno;
	}
	x->map.brk = (uint64_t) syscall (SYS_brk, 0);
	x->map.exe_fd = (uint32_t) x->fd;
	return set_map (&x->map);
}

/* ---- */

int
selfexe_begin (struct selfexe *x, struct arena *a, char **argv, struct err *e)
{
	const char *own = getenv (SELFEXE_ENV);

	x->tree = -1;
	x->argv = argv;
	x->exe = open ("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (x->exe < 0)
		return err_set (e, errno, "open /proc/self/exe");
	if (own && is_sealed (x->exe)) {
		close (x->exe);
		(void) snprintf (x->path, sizeof x->path, "%s", own);
		return 0;
	}
	TRY (open_copy (x, e));
	keep_environment (x, a);
	x->pending = true;
	x->in_place = prepare_exchange (x);
	if (x->in_place)
		return 0;
	TRY (selfexe_prepare (x, e));
	return execute_copy (x, e);
}

int
selfexe_exchange (struct selfexe *x, struct err *e)
{
	int r;

	if (!x->pending)
		return 0;
	x->pending = false;
	r = replace_program (x);
	return r < 0 ? err_set (e, -r, "become the sealed copy of the runtime") : 0;
}

static int
start_over (struct selfexe *x, struct err *e)
{
	if (x->text >= 0) { /* then fd is a name only */
		close (x->fd);
		TRY (open_copy (x, e));
		x->in_place = false;
		x->pending = true;
		TRY (selfexe_prepare (x, e));
	}
	return execute_copy (x, e);
}

int
selfexe_protect (struct selfexe *x, struct err *e)
{
	struct err ignored;

	TRY (selfexe_prepare (x, e));
	if (!x->pending)
		return 0;
	remember_path (x);
	if (selfexe_exchange (x, &ignored) < 0)
		return start_over (x, e);
	close (x->exe);
	close (x->fd);
	if (x->text >= 0)
		close (x->text);
	return 0;
}

void
selfexe_drop_pages (void)
{
	const ElfW (Phdr) * ph;
	void *start = NULL;
	size_t size = 0;

	if (!is_plain_static ())
		return;
	ph = program_headers ();
	for (size_t i = 0; i < __ehdr_start.e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_flags & PF_X) {
			start = segment_start (ph + i);
			size = segment_size (ph + i);
		}
	(void) madvise (start, size, MADV_DONTNEED); /* last: a look at the headers costs 64 KiB */
}
