/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a profile to a filter: the annotation's bytes, the cache, or the helper program with
 * libseccomp.
 *
 * libseccomp takes 17 ms for podman's profile, so results are kept: in `.seccomp` of the state
 * root, 0700 and ours, one file a profile, named after a hash of the profile, the machine, and the
 * identity of the helper. A file that is not ours alone, that was torn, or that another libseccomp
 * made than the one of today is not used.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/spawn.h"
#include "libocispec/arena.h"
#include "libocispec/oci_linux.h"
#include "plan/plan.h"
#include "security/helper.h"
#include "security/security.h"
#include "sys/syscalls.h"

#define CACHE_DIR	  ".seccomp"
#define FILTER_MAX	  (BPF_MAXINSNS * sizeof (struct sock_filter))
#define HELPER_TIMEOUT_MS 30000
/* Entries: profiles are few, and where they are many keeping them is no use. */
#define CACHE_MAX 64

/* Which file libseccomp was: another one may know more system calls. */
struct library {
	uint64_t inode, size;
	int64_t seconds, nanoseconds;
	char path[256];
};

struct job {
	struct arena *arena;
	const struct seccomp_plan *plan;
	char *profile; /* as JSON */
	size_t profile_len;
	char helper[PATH_MAX];
	uint8_t key[SHA256_SIZE];
	char name[2 * SHA256_SIZE + 1];
	struct library library; /* with an empty path: the result is not kept */
};

/* ---- the helper */

/* Only from a directory that nobody else can put a program into. */
static bool
try_helper (char helper[PATH_MAX], const char *dir, const char *below, struct stat *ret)
{
	struct stat parent;

	if (snprintf (helper, PATH_MAX, "%s%s", dir, below) >= PATH_MAX ||
	    stat (helper, &parent) < 0)
		return false;
	if ((parent.st_mode & 0002) && !(parent.st_mode & S_ISVTX))
		return false;
	if (snprintf (helper, PATH_MAX, "%s%s/coracle-helper", dir, below) >= PATH_MAX ||
	    stat (helper, ret) < 0)
		return false;
	return S_ISREG (ret->st_mode) && !(ret->st_mode & 0002);
}

static bool
try_beside (char helper[PATH_MAX], const char *program, struct stat *ret)
{
	char dir[PATH_MAX];
	const char *slash = strrchr (program, '/');

	if (!slash || (size_t) (slash - program) >= sizeof dir)
		return false;
	memcpy (dir, program, (size_t) (slash - program));
	dir[slash - program] = '\0';
	return try_helper (helper, dir, "", ret);
}

int
helper_find (char helper[PATH_MAX], struct stat *ret, struct err *e)
{
	const char *own = getenv (SELFEXE_ENV);
	char exe[PATH_MAX];
	ssize_t n;

	if (own && try_beside (helper, own, ret))
		return 0;
	n = readlink ("/proc/self/exe", exe, sizeof exe - 1);
	if (n > 0) {
		exe[n] = '\0';
		if (try_beside (helper, exe, ret))
			return 0;
	}
	if (try_helper (helper, LIBEXECDIR, "/coracle", ret))
		return 0;
	return err_set (
		e, 0,
		"linux.seccomp: the program coracle-helper is missing: it is looked for beside coracle and in %s/coracle",
		LIBEXECDIR);
}

static bool
identify_library (struct library *l)
{
	struct stat st;

	if (stat (l->path, &st) < 0)
		return false;
	l->inode = st.st_ino;
	l->size = (uint64_t) st.st_size;
	l->seconds = st.st_mtim.tv_sec;
	l->nanoseconds = st.st_mtim.tv_nsec;
	return true;
}

/* "PATH\n", the library that made the filter; then the filter. */
static int
read_answer (struct job *j, const char *text, size_t len, struct seccomp_filter *ret, struct err *e)
{
	const char *end = memchr (text, '\n', MIN (len, (size_t) PATH_MAX));
	size_t path_len = end ? (size_t) (end - text) : 0;

	if (!end)
		return err_set (e, 0, "linux.seccomp: coracle-helper: no answer");
	memset (&j->library, 0, sizeof j->library);
	if (path_len < sizeof j->library.path)
		memcpy (j->library.path, text, path_len);
	if (!identify_library (&j->library))
		j->library.path[0] = '\0';
	len -= path_len + 1;
	if (len == 0 || len > FILTER_MAX || len % sizeof (struct sock_filter) != 0)
		return err_set (
			e, 0,
			"linux.seccomp: the filter has %zu bytes; the kernel takes at most %d instructions",
			len, BPF_MAXINSNS);
	ret->insns = arena_memdup (j->arena, end + 1, len);
	ret->n = (unsigned short) (len / sizeof (struct sock_filter));
	return 0;
}

static int
run_helper (struct job *j, struct seccomp_filter *ret, struct err *e)
{
	char *argv[] = { (char *) "coracle-helper", (char *) "seccomp",
			 j->plan->fail_unknown_syscall ? (char *) "--fail-unknown" : NULL, NULL };
	char *envp[] = { NULL };
	struct spawn s = {
		.path = j->helper,
		.argv = argv,
		.envp = envp,
		.input = j->profile,
		.input_len = j->profile_len,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.timeout_ms = HELPER_TIMEOUT_MS,
		.arena = j->arena,
		.output_max = PATH_MAX + FILTER_MAX + 1,
	};
	struct spawn_result r;
	char why[64];

	if (spawn_run (&s, &r, e) < 0)
		return err_wrap (e, "linux.seccomp");
	if (*spawn_describe (&s, &r, why, sizeof why))
		return err_set (e, 0, "linux.seccomp: %s%s%s", r.tail,
				*r.tail ? "" : "coracle-helper: ", *r.tail ? "" : why);
	TRY (read_answer (j, r.output, r.output_len, ret, e));
	if (*r.tail)
		log_warn ("linux.seccomp: %s", r.tail);
	return 0;
}

/* ---- the cache */

static void
make_key (struct job *j, const struct stat *helper)
{
	static const char hex[] = "0123456789abcdef";
	struct utsname machine = { 0 };
	struct sha256 s;
	char text[256];

	uname (&machine);
	sha256_init (&s);
	snprintf (text, sizeof text, "coracle seccomp 2 %s %llu %llu %lld.%ld %d", machine.machine,
		  (unsigned long long) helper->st_ino, (unsigned long long) helper->st_size,
		  (long long) helper->st_mtim.tv_sec, helper->st_mtim.tv_nsec,
		  j->plan->fail_unknown_syscall);
	sha256_add (&s, text, strlen (text) + 1);
	sha256_add (&s, j->profile, j->profile_len);
	sha256_finish (&s, j->key);
	for (int i = 0; i < SHA256_SIZE; i++) {
		j->name[2 * i] = hex[j->key[i] >> 4];
		j->name[2 * i + 1] = hex[j->key[i] & 15];
	}
}

/* An entry: this, and the instructions. The checksum is over all that follows it, and the key: a
 * torn or foreign file is none. */
struct entry {
	uint8_t checksum[SHA256_SIZE];
	struct library library;
};

static void
checksum (const struct job *j, const struct entry *head, const void *insns, size_t len,
	  uint8_t out[SHA256_SIZE])
{
	struct sha256 s;

	sha256_init (&s);
	sha256_add (&s, j->key, sizeof j->key);
	sha256_add (&s, &head->library, sizeof head->library);
	sha256_add (&s, insns, len);
	sha256_finish (&s, out);
}

static bool
only_ours (int fd, mode_t type, mode_t mode)
{
	struct stat st;

	return fstat (fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid () &&
	       (st.st_mode & 07777) == mode;
}

static int
open_cache (int root, bool create)
{
	int fd;

	if (create && mkdirat (root, CACHE_DIR, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat (root, CACHE_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (only_ours (fd, S_IFDIR, 0700))
		return fd;
	close (fd);
	return -EPERM;
}

static bool
same_library (const struct library *kept)
{
	struct library now = *kept;

	return memchr (kept->path, '\0', sizeof kept->path) && identify_library (&now) &&
	       memcmp (&now, kept, sizeof now) == 0;
}

static bool
read_cache (struct job *j, int root, struct seccomp_filter *ret)
{
	autofd dir = open_cache (root, false);
	autofd fd = dir < 0 ? -1
			    : openat (dir, j->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	uint8_t sum[SHA256_SIZE];
	struct entry head;
	struct err ignored;
	char *text;
	size_t len;

	if (fd < 0 || !only_ours (fd, S_IFREG, 0600) ||
	    read_fd (j->arena, fd, j->name, sizeof head + FILTER_MAX, &text, &len, &ignored) < 0)
		return false;
	if (len <= sizeof head || (len - sizeof head) % sizeof (struct sock_filter) != 0)
		return false;
	memcpy (&head, text, sizeof head);
	len -= sizeof head;
	checksum (j, &head, text + sizeof head, len, sum);
	if (memcmp (sum, head.checksum, SHA256_SIZE) != 0 || !same_library (&head.library))
		return false;
	ret->insns = arena_memdup (j->arena, text + sizeof head, len);
	ret->n = (unsigned short) (len / sizeof (struct sock_filter));
	return true;
}

/* Before one more is written. Who reads one at this moment has it open, or compiles it again. */
static void
empty_full_cache (int dir)
{
	int fd = openat (dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir (fd);
	unsigned n = 0;

	if (!d)
		return;
	while (readdir (d))
		n++;
	rewinddir (d);
	for (struct dirent *de; n >= CACHE_MAX && (de = readdir (d)) != NULL;)
		if (de->d_name[0] != '.')
			(void) unlinkat (dir, de->d_name, 0);
	closedir (d);
}

static void
write_cache (struct job *j, int root, const struct seccomp_filter *f)
{
	autofd dir = *j->library.path ? open_cache (root, true) : -1;
	size_t len = f->n * sizeof (struct sock_filter);
	struct entry head = { .library = j->library };
	char *text = arena_alloc (j->arena, sizeof head + len);

	if (dir < 0)
		return; /* the next one compiles again */
	empty_full_cache (dir);
	checksum (j, &head, f->insns, len, head.checksum);
	memcpy (text, &head, sizeof head);
	memcpy (text + sizeof head, f->insns, len);
	(void) file_replace_at (dir, j->name, text, sizeof head + len, 0600);
}

/* ---- run.oci.seccomp_bpf_data */

static int
decode_base64 (struct arena *a, const char *s, struct seccomp_filter *ret, struct err *e)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t *out = arena_alloc (a, strlen (s) + 4);
	uint32_t bits = 0;
	size_t n = 0, have = 0;

	for (; *s && *s != '='; s++) {
		const char *d = strchr (digits, *s);

		if (!d)
			return err_set (e, 0,
					"annotations.run.oci.seccomp_bpf_data: is not base64");
		bits = bits << 6 | (uint32_t) (d - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (uint8_t) (bits >> have);
		}
	}
	if (n == 0 || n > FILTER_MAX || n % sizeof (struct sock_filter) != 0)
		return err_set (
			e, 0, "annotations.run.oci.seccomp_bpf_data: %zu bytes are no BPF program",
			n);
	ret->insns = out;
	ret->n = (unsigned short) (n / sizeof (struct sock_filter));
	return 0;
}

/* ---- all of it */

int
seccomp_compile (struct arena *a, const struct seccomp_plan *p, int state_root_fd,
		 struct seccomp_filter *ret, struct err *e)
{
	struct job j = { .arena = a, .plan = p };
	struct oci_seccomp profile;
	struct stat helper;

	*ret = (struct seccomp_filter) { .flags = p->flags,
					 .flags_optional = p->flags_optional,
					 .notify = p->notify };
	if (p->bpf_base64)
		return decode_base64 (a, p->bpf_base64, ret, e);
	if (!p->profile)
		return 0;
	profile = *p->profile;
	profile.flags =
		(typeof (profile.flags)) { 0 }; /* nothing of these is in the instructions */
	profile.listener_path = profile.listener_metadata = NULL;
	j.profile = oci_record_write (&oci_seccomp_record, &profile, a, OCI_COMPACT,
				      &j.profile_len);
	TRY (helper_find (j.helper, &helper, e));
	make_key (&j, &helper);
	if (read_cache (&j, state_root_fd, ret))
		return 0;
	TRY (run_helper (&j, ret, e));
	write_cache (&j, state_root_fd, ret);
	return 0;
}
