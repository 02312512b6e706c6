/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Capabilities, seccomp, labels. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libocispec/record.h"

struct arena;
struct err;
struct caps_plan;
struct process_plan;
struct seccomp_plan;

bool caps_have (unsigned cap); /* is it effective in this process? One system call. */
/* PR_CAPBSET_DROP of everything outside the bounding set; needs CAP_SETPCAP, so before the ids
 * change. cap_last as in struct host. */
int caps_drop_bounding (const struct caps_plan *p, unsigned cap_last, struct err *e);
/* capset, then the ambient set. A capability that cannot be granted is warned about, not failed
 * (config.md). */
int caps_apply (const struct caps_plan *p, unsigned cap_last, struct err *e);

struct seccomp_filter {
	void *insns; /* struct sock_filter[]; NULL: no filter */
	unsigned short n;
	unsigned flags; /* SECCOMP_FILTER_FLAG_* */
	bool flags_optional;
	bool notify;
};

/*
 * Runtime: the compiled filter, from the cache or from the helper program (libseccomp).
 * The cache is below state_root_fd in ".seccomp" (0700, owned by us, entries keyed by profile,
 * architecture, kernel-visible flags and library version, checked by fstat before use: it cannot be
 * poisoned by another user).
 */
int seccomp_compile (struct arena *a, const struct seccomp_plan *p, int state_root_fd,
		     struct seccomp_filter *ret, struct err *e);
/* Keep it for exec, in the container's state directory ("seccomp.bpf"); and read it back. Missing:
 * no filter. */
int seccomp_save (int state_dir_fd, const struct seccomp_filter *f, struct err *e);
int seccomp_load (struct arena *a, int state_dir_fd, struct seccomp_filter *ret, struct err *e);
/*
 * Install in the calling process. With no_new_privs unset it needs CAP_SYS_ADMIN. ret_listener: the
 * notify fd, or -1. After this call only system calls that the profile allows work: the caller must
 * not need more than sending that fd and execve.
 */
int seccomp_install (const struct seccomp_filter *f, int *ret_listener, struct err *e);
/*
 * Runtime: hand the listener to its agent: connect to its path, send the container process state
 * (config-linux.md, "The Container Process State") with the fd; state_json is the OCI state.
 */
int seccomp_send_listener (struct arena *a, const struct seccomp_plan *p, int listener_fd, int pid,
			   const char *state_json, struct err *e);

/* For `features`: the SECCOMP_FILTER_FLAG_* that this kernel has. */
u64s seccomp_probe_flags (struct arena *a);
struct seccomp_library {
	const char *version; /* "2.5.4" */
	u64s archs;	     /* of oci_seccomp_archs, those that a profile may name */
};
/* Asks the helper; false: it is not there, or has no answer. */
bool seccomp_probe_library (struct arena *a, struct seccomp_library *ret);

/* Labels for the next execve, written through /proc/thread-self/attr on a verified procfs. */
int apparmor_set_exec (const char *profile, struct err *e);
int selinux_set_exec (const char *label, struct err *e);
int selinux_set_keycreate (const char *label, struct err *e); /* NULL resets */
bool apparmor_enabled (void);
bool selinux_enabled (void);
