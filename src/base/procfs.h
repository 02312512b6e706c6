/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * /proc through a handle that is known to be procfs (CVE-2019-16884, CVE-2025-52881).
 *
 * The handle is a detached mount of our own (fsopen "proc", subset=pid: Linux 5.8), where nobody
 * can mount anything over anything; else a clone of /proc (open_tree, non-recursive: Linux 5.2);
 * else /proc itself, checked to be the root of a procfs. It belongs to the pid namespace that it
 * was made in, so a child of a new one calls procfs_forget first. Look-ups never cross a mount or
 * follow a magic link.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* "self/oom_score_adj", "thread-self/attr/exec", "123/uid_map". fd (CLOEXEC) or -errno. */
int procfs_open (const char *path, int flags);
/* "123/ns/net": a magic link, which procfs_open refuses (-ELOOP); what it leads to must be a
 * namespace. */
int procfs_open_ns (const char *path);
int procfs_write (const char *path, const char *text); /* 0 or -errno; one write(2) */
/* /proc/sys needs a full procfs: a short-lived handle of its own. */
int procfs_write_sys (const char *key, const char *text); /* "net/ipv4/ip_forward" */
/* In a child that is in another pid namespace than the one that opened the handle. */
void procfs_forget (void);

/*
 * Questions about host processes, asked of the plain /proc by the runtime itself, outside of any
 * container: cheap, and a wrong answer could only come from an administrator who mounted over his
 * own /proc.
 */
int proc_stat_field (pid_t pid, int number,
		     uint64_t *ret); /* a number of /proc/PID/stat, from 4 on; 0 or -errno */
int proc_starttime (pid_t pid, uint64_t *ret); /* field 22 of /proc/PID/stat; 0 or -errno */
int proc_self_audit (const char *file,
		     uint32_t *ret);  /* "loginuid", "sessionid"; -ENOENT: a kernel without audit */
uint64_t proc_ignored_signals (void); /* of this process; all, if it cannot be known */
bool proc_in_userns (void);	      /* not the initial one */
