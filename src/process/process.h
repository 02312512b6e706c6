/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What belongs to the one process that will become the user's: ids, limits, scheduling, files,
 * environment. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;
struct err;
struct process_plan;
struct plan;

/* By the runtime, on the child, at the last moment: on the runtime itself they would hit its own
 * work. */
int rlimits_apply (pid_t pid, const struct process_plan *p, struct err *e);
bool rlimits_of_memory (const struct process_plan *p); /* RLIMIT_AS, RLIMIT_DATA */

/* pid 0: our own. lenient: EACCES on lowering is ignored. */
int oom_score_adj_apply (const struct process_plan *p, pid_t pid, bool lenient, struct err *e);
int sched_apply (const struct process_plan *p, struct err *e); /* sched_setattr */
int ioprio_apply (const struct process_plan *p, struct err *e);
int mempolicy_apply (const struct process_plan *p, struct err *e);
int personality_apply (const struct process_plan *p, struct err *e);
int affinity_reset (struct err *e); /* all cpus; the cpuset still limits */
int affinity_apply (const struct process_plan *p, bool final, struct err *e);
int sysctls_apply (const struct process_plan *p,
		   struct err *e); /* in the container's namespaces, through the own procfs */
int keyring_join (const char *name, struct err *e); /* ENOSYS tolerated; EDQUOT explained */

/* All three become /dev/null, until they are something else. */
int stdio_null (struct err *e);
/*
 * 0-2 become the container's. One that is /dev/null of the host becomes the container's own, if
 * that is 1:3 by fstat (CVE-2026-88265). Pipes, sockets, and files open for writing are given to
 * the user (fchown), so that /dev/stderr can be opened again; failures of that are ignored.
 */
int stdio_take_over (uid_t uid, struct err *e);

/* setgroups, setresgid, setresuid with capabilities kept; every id was checked by the plan. */
int creds_apply (const struct process_plan *p, struct err *e);
/* chdir, made if missing; verified to be inside (raw getcwd is absolute: CVE-2024-21626). `create`:
 * mkdir 0755 when missing. */
int cwd_enter (const char *cwd, bool create, struct err *e);
/* HOME from the container's /etc/passwd by uid: a regular file of at most 1 MiB, opened
 * non-blocking; "/" else. */
char **env_add_home (struct arena *a, char **env, uid_t uid);
/*
 * The file that execve will be given: args[0] itself if it has a slash, else the first executable
 * in PATH of env. The error says which of "executable file not found in $PATH: no such file or
 * directory", "permission denied", "is a directory".
 */
int exec_lookup (struct arena *a, char *const *args, char *const *env, const char **ret_path,
		 struct err *e);
/*
 * Closes every fd but 0-2, the `preserve` that follow if they are the caller's, and those of `keep`
 * (-1: none). Before the wait for start, not only at the execve: whoever may ptrace the waiting
 * init could else open what it holds (CVE-2016-9962, CVE-2024-21626).
 */
int fds_close_rest (unsigned preserve, const int *keep, size_t n);
/*
 * Of --preserve-fds and LISTEN_FDS: as many can be open. Holes among them are fine (podman's
 * --preserve-fd lists make them) and stay holes, whatever files of ours are in them meanwhile
 * (fds_close_rest).
 */
int fds_check_preserved (unsigned preserve, unsigned listen, struct err *e);
/* Signal mask empty, every disposition default: conmon leaves SIGPIPE ignored. */
void signals_reset (uint64_t ignored); /* proc_ignored_signals */
