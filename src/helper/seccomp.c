/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libseccomp is the authority on names, architectures and semantics; the rest is what the
 * specification adds. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/helper.h"
#include "libocispec/oci_linux.h"

#define ARCHS_MAX 32
#define X32_BIT	  0x40000000u

struct build {
	struct arena *arena;
	const struct oci_seccomp *profile;
	bool fail_unknown;
	uint32_t default_action;
	struct {
		uint32_t token;
		scmp_filter_ctx ctx;
		size_t n;   /* instructions of its filter */
	} archs[ARCHS_MAX]; /* the native one first */
	size_t n_archs;
};

static int
fail (const char *fmt, ...)
{
	va_list ap;

	va_start (ap, fmt);
	vfprintf (stderr, fmt, ap);
	va_end (ap);
	fputc ('\n', stderr);
	return -1;
}

static uint32_t
action_of (uint64_t action, opt_u32 number)
{
	uint32_t e = number.set ? number.v : EPERM;

	switch (action) {
	case OCI_ACT_KILL:
	case OCI_ACT_KILL_THREAD: return SCMP_ACT_KILL_THREAD;
	case OCI_ACT_KILL_PROCESS: return SCMP_ACT_KILL_PROCESS;
	case OCI_ACT_TRAP: return SCMP_ACT_TRAP;
	case OCI_ACT_ERRNO: return SCMP_ACT_ERRNO (e & 0xffff);
	case OCI_ACT_TRACE: return SCMP_ACT_TRACE (e & 0xffff);
	case OCI_ACT_LOG: return SCMP_ACT_LOG;
	case OCI_ACT_NOTIFY: return SCMP_ACT_NOTIFY;
	default: return SCMP_ACT_ALLOW;
	}
}

static struct scmp_arg_cmp
comparison (const struct oci_seccomp_arg *a)
{
	static const enum scmp_compare ops[] = {
		[OCI_CMP_NE] = SCMP_CMP_NE,
		[OCI_CMP_LT] = SCMP_CMP_LT,
		[OCI_CMP_LE] = SCMP_CMP_LE,
		[OCI_CMP_EQ] = SCMP_CMP_EQ,
		[OCI_CMP_GE] = SCMP_CMP_GE,
		[OCI_CMP_GT] = SCMP_CMP_GT,
		[OCI_CMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};

	return (struct scmp_arg_cmp) { a->index, ops[a->op], a->value, a->value_two };
}

/* One argument may be compared only once in a rule of libseccomp: then each comparison is a rule
 * (as runc and docker understand it: or). */
static bool
repeats_index (const struct oci_seccomp_syscall *s)
{
	unsigned seen = 0;

	for (size_t i = 0; i < s->args.n; i++) {
		if (seen & 1u << s->args.v[i].index)
			return true;
		seen |= 1u << s->args.v[i].index;
	}
	return false;
}

static int
add_rule (scmp_filter_ctx ctx, int nr, uint32_t action, const struct oci_seccomp_syscall *s)
{
	struct scmp_arg_cmp cmp[6];
	int r = 0;

	if (repeats_index (s)) {
		for (size_t i = 0; r == 0 && i < s->args.n; i++) {
			cmp[0] = comparison (&s->args.v[i]);
			r = seccomp_rule_add_array (ctx, action, nr, 1, cmp);
		}
		return r;
	}
	for (size_t i = 0; i < s->args.n; i++)
		cmp[i] = comparison (&s->args.v[i]);
	return seccomp_rule_add_array (ctx, action, nr, (unsigned) s->args.n, cmp);
}

static int
add_syscalls (struct build *b, const struct oci_seccomp_syscall *s, size_t index)
{
	uint32_t action = action_of (s->action, s->errno_ret);

	if (action == b->default_action)
		return 0;
	for (size_t i = 0; i < s->names.n; i++) {
		const char *name = s->names.v[i];
		int nr = seccomp_syscall_resolve_name (name), r = 0;

		if (nr == __NR_SCMP_ERROR && b->fail_unknown)
			return fail ("syscalls[%zu].names[%zu]: unknown system call '%s'", index, i,
				     name);
		if (nr == __NR_SCMP_ERROR)
			continue; /* of a newer or another kernel: nothing here can call it */
		for (size_t k = 0; r == 0 && k < b->n_archs; k++)
			r = add_rule (b->archs[k].ctx, nr, action, s);
		if (r < 0)
			return fail ("syscalls[%zu]: rule for '%s': %s", index, name,
				     strerror (-r));
	}
	return 0;
}

static bool
has_arch (const struct build *b, uint32_t token)
{
	for (size_t i = 0; i < b->n_archs; i++)
		if (b->archs[i].token == token)
			return true;
	return false;
}

/* 0, or what libseccomp says. */
static int
add_arch (struct build *b, uint32_t token)
{
	uint32_t native = seccomp_arch_native ();
	scmp_filter_ctx ctx;
	int r = 0;

	if (has_arch (b, token) || b->n_archs == ARCHS_MAX)
		return 0;
	ctx = seccomp_init (b->default_action);
	if (!ctx)
		return -EINVAL;
	/* A tree instead of a list: half the time to install. */
	(void) seccomp_attr_set (ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (token != native)
		r = seccomp_arch_add (ctx, token);
	if (r == 0 && token != native)
		r = seccomp_arch_remove (ctx, native);
	if (r < 0)
		return r;
	b->archs[b->n_archs].token = token;
	b->archs[b->n_archs++].ctx = ctx;
	return 0;
}

/*
 * A filter for each architecture, joined by ourselves (dispatch): of all in one context libseccomp
 * makes the same, but its time grows with the square of the rules of all.
 */
static int
add_archs (struct build *b)
{
	if (add_arch (b, seccomp_arch_native ()) < 0)
		return fail ("defaultAction: libseccomp refuses %s",
			     oci_name_of (oci_seccomp_actions, b->profile->default_action));
	for (size_t i = 0; i < b->profile->architectures.n; i++) {
		uint32_t arch = (uint32_t) b->profile->architectures.v[i];
		int r = add_arch (b, arch);

		if (r < 0 && r != -EDOM) /* of the other byte order: none of its programs can run
					    here */
			return fail ("architectures[%zu]: %s: %s", i,
				     oci_name_of (oci_seccomp_archs, arch), strerror (-r));
	}
	return 0;
}

/* ---- ENOSYS for what the profile cannot know */

/* The highest number of a system call on `arch` that the profile names. */
static int
newest_known (const struct build *b, uint32_t arch)
{
	int newest = -1;

	for (size_t i = 0; i < b->profile->syscalls.n; i++)
		for (size_t k = 0; k < b->profile->syscalls.v[i].names.n; k++) {
			int nr = seccomp_syscall_resolve_name_arch (
				arch, b->profile->syscalls.v[i].names.v[k]);

			if (arch == SCMP_ARCH_X32 && nr >= 0)
				nr &= (int) ~X32_BIT;
			if (nr > newest)
				newest = nr;
		}
	return newest;
}

/*
 * A profile that answers EPERM by default would do so for system calls younger than itself, and
 * programs would take that for a refusal instead of falling back (clone3, openat2, faccessat2 …).
 * For numbers beyond the newest one that the profile names the answer is ENOSYS.
 */
static size_t
prologue (const struct build *b, struct sock_filter *out)
{
	size_t n = 0;

	if (b->profile->default_action != OCI_ACT_ERRNO ||
	    b->default_action == SCMP_ACT_ERRNO (ENOSYS) || b->profile->syscalls.n == 0)
		return 0;
	for (size_t i = 0; i < b->n_archs; i++) {
		uint32_t arch = b->archs[i].token;
		int newest = newest_known (b, arch);

		if (newest < 0 || arch == SCMP_ARCH_X32) /* x32 comes with the audit number of
							    x86_64, and a bit in its numbers */
			continue;
		out[n++] = (struct sock_filter) BPF_STMT (BPF_LD | BPF_W | BPF_ABS,
							  offsetof (struct seccomp_data, arch));
		out[n++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 4);
		out[n++] = (struct sock_filter) BPF_STMT (BPF_LD | BPF_W | BPF_ABS,
							  offsetof (struct seccomp_data, nr));
		out[n++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 2, 0);
		out[n++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JGT | BPF_K,
							  (uint32_t) newest, 0, 1);
		out[n++] = (struct sock_filter) BPF_STMT (BPF_RET | BPF_K,
							  SECCOMP_RET_ERRNO | ENOSYS);
	}
	return n;
}

/* The file that libseccomp is in, for whoever keeps the filter: another one may give another. */
static const char *
library_path (void)
{
	Dl_info info;

	return dladdr ((void *) (uintptr_t) seccomp_init, &info) && info.dli_fname ? info.dli_fname
										   : "";
}

/*
 * Which of the filters, that follow in their order, it is: the native one, which also answers for
 * architectures that are not in the profile, or another. x32 has the audit number of x86_64, and a
 * bit in its system calls; number -1 is a call that a tracer has skipped.
 */
static size_t
dispatch (const struct build *b, struct sock_filter *out)
{
	size_t end = 0, n = 0, at = b->archs[0].n;

	if (b->n_archs == 1)
		return 0;
	for (size_t i = 1; i < b->n_archs; i++)
		end += b->archs[i].token == SCMP_ARCH_X32 ? 6 : 3;
	for (size_t i = 1; i < b->n_archs; at += b->archs[i++].n) {
		bool x32 = b->archs[i].token == SCMP_ARCH_X32;

		out[n++] = (struct sock_filter) BPF_STMT (BPF_LD | BPF_W | BPF_ABS,
							  offsetof (struct seccomp_data, arch));
		out[n++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K,
							  x32 ? AUDIT_ARCH_X86_64
							      : b->archs[i].token,
							  0, x32 ? 4 : 1);
		if (x32) {
			out[n++] = (struct sock_filter) BPF_STMT (
				BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr));
			out[n++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JGE | BPF_K,
								  X32_BIT, 0, 2);
			out[n++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K,
								  UINT32_MAX, 1, 0);
		}
		n++; /* from the one after it */
		out[n - 1] = (struct sock_filter) BPF_STMT (BPF_JMP | BPF_JA,
							    (uint32_t) (end - n + at));
	}
	return n;
}

static int
export_filters (struct build *b, int fd, off_t *ret_size)
{
	off_t from = 0;

	for (size_t i = 0; i < b->n_archs; i++) {
		int r = seccomp_export_bpf (b->archs[i].ctx, fd);

		*ret_size = lseek (fd, 0, SEEK_END);
		if (r == 0 && *ret_size < 0)
			r = -errno;
		if (r < 0)
			return fail ("generate the filter: %s", strerror (-r));
		b->archs[i].n = (size_t) (*ret_size - from) / sizeof (struct sock_filter);
		from = *ret_size;
	}
	return 0;
}

static int
write_filter (struct build *b)
{
	struct sock_filter front[12 * ARCHS_MAX];
	size_t n = prologue (b, front);
	int fd = memfd_create ("filter", MFD_CLOEXEC);
	off_t size = 0;
	char *text;

	if (fd < 0)
		return fail ("memfd_create: %s", strerror (errno));
	if (export_filters (b, fd, &size) < 0)
		return -1;
	n += dispatch (b, front + n);
	text = arena_alloc (b->arena, (size_t) size + 1);
	if (pread (fd, text, (size_t) size, 0) != size)
		return fail ("read the filter back");
	if (printf ("%s\n", library_path ()) < 0 || fwrite (front, sizeof *front, n, stdout) != n ||
	    fwrite (text, 1, (size_t) size, stdout) != (size_t) size || fflush (stdout) != 0)
		return fail ("write the filter: %s", strerror (errno));
	return 0;
}

static int
build (struct build *b)
{
	b->default_action = action_of (b->profile->default_action, b->profile->default_errno_ret);
	if (add_archs (b) < 0)
		return -1;
	for (size_t i = 0; i < b->profile->syscalls.n; i++)
		if (add_syscalls (b, &b->profile->syscalls.v[i], i) < 0)
			return -1;
	return write_filter (b);
}

int
helper_seccomp (bool fail_unknown)
{
	static struct arena arena;
	struct oci_seccomp profile;
	struct oci_report report;
	struct build b = { .arena = &arena, .profile = &profile, .fail_unknown = fail_unknown };
	size_t len = 0, size = 1 << 20;
	char *text = malloc (size);

	for (size_t n; text && (n = fread (text + len, 1, size - len, stdin)) > 0;) {
		len += n;
		if (len == size)
			text = realloc (text, size *= 2);
	}
	if (!text)
		return 1;
	oci_report_init (&report, &arena, "profile", text, len);
	if (oci_record_read (&oci_seccomp_record, &arena, text, len, &report, &profile) < 0) {
		(void) fail ("%s", oci_report_text (&report));
		return 1;
	}
	return build (&b) < 0;
}
