/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * CRIU, by its own protocol: `criu swrk FD`, one request and its notifications over a socket pair
 * (criu's images/rpc.proto, stable since CRIU 2).
 *
 * Not through libcriu: its interface of version 3.17 knows neither empty namespaces, lazy pages, a
 * status fd nor a configuration file, and it would have to run in a helper program, whose child the
 * restored process would become instead of ours, so that nobody could wait for it. Of the protocol
 * only the fields that are used are known here, by number.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct cgroup;
struct err;

/* ---- messages: protocol buffers, written -------------------------------------------------------
 */

struct pb {
	struct arena *arena;
	uint8_t *v;
	size_t n, size;
};
void pb_int (struct pb *b, unsigned field, uint64_t value);
void pb_bool (struct pb *b, unsigned field, bool value);      /* false is left out */
void pb_string (struct pb *b, unsigned field, const char *s); /* NULL is left out */
void pb_message (struct pb *b, unsigned field, const struct pb *inner);
/* A message of two strings, or of a string and a number: cgroup roots, inherited files. */
void pb_pair (struct pb *b, unsigned field, const char *first, const char *second);
void pb_named_fd (struct pb *b, unsigned field, const char *key, int fd);

/* Fields of criu_opts. */
enum {
	CRIU_IMAGES_DIR_FD = 1,
	CRIU_PID = 2,
	CRIU_LEAVE_RUNNING = 3,
	CRIU_EXT_UNIX_SK = 4,
	CRIU_TCP_ESTABLISHED = 5,
	CRIU_SHELL_JOB = 7,
	CRIU_FILE_LOCKS = 8,
	CRIU_LOG_LEVEL = 9,
	CRIU_LOG_FILE = 10,
	CRIU_PAGE_SERVER = 11,
	CRIU_NOTIFY_SCRIPTS = 12,
	CRIU_ROOT = 13,
	CRIU_PARENT_IMG = 14,
	CRIU_TRACK_MEM = 15,
	CRIU_AUTO_DEDUP = 16,
	CRIU_WORK_DIR_FD = 17,
	CRIU_LINK_REMAP = 18,
	CRIU_MANAGE_CGROUPS = 24,
	CRIU_CG_ROOT = 25,
	CRIU_RST_SIBLING = 26,
	CRIU_INHERIT_FD = 27,
	CRIU_EXT_MASTERS = 30,
	CRIU_MANAGE_CGROUPS_MODE = 34,
	CRIU_EXTERNAL = 37,
	CRIU_EMPTY_NS = 38,
	CRIU_FREEZE_CGROUP = 44,
	CRIU_TCP_SKIP_IN_FLIGHT = 46,
	CRIU_LAZY_PAGES = 48,
	CRIU_STATUS_FD = 49,
	CRIU_ORPHAN_PTS_MASTER = 50,
	CRIU_CONFIG_FILE = 51,
	CRIU_TCP_CLOSE = 52,
	CRIU_LSM_PROFILE = 53,
	CRIU_LSM_MOUNT_CONTEXT = 63,
	CRIU_NETWORK_LOCK = 64,
};

enum criu_type { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 4, CRIU_NOTIFY = 6 };

/* What a response says; criu_parse is apart for its tests. */
struct criu_response {
	uint64_t type;
	bool success;
	int32_t pid; /* of the restored process, or in a notification */
	int32_t cr_errno;
	const char *script;  /* of a notification; NULL: none */
	const char *message; /* cr_errmsg; NULL: none */
};
int criu_parse (struct arena *a, const uint8_t *v, size_t n, struct criu_response *ret);

/* ---- a session */

struct criu_session {
	struct arena *arena;
	const char *work_dir, *log; /* where criu writes what went wrong */
	/*
	 * Restore: criu gets a mount namespace of its own, with `root` bound on itself. The two
	 * directories are then opened there again, under the same numbers: it mounts in one.
	 */
	const char *root, *images_dir;
	bool readonly; /* the root: criu does not restore that */
	int images_fd, work_fd;
	const struct cgroup *cgroup; /* to be born in, or NULL */
	int keep[16]; /* fds that criu inherits under the same numbers: those of CRIU_INHERIT_FD */
	size_t n_keep;
	/* A notification, with a descriptor if one came with it, which is the callee's. -1 with e
	 * ends the session. */
	int (*on_notify) (void *ctx, const struct criu_response *r, int fd, struct err *e);
	/* Once, while it waits for the request: systemd needs a process to make a scope around. The
	 * request may still be added to. NULL: nothing to do. */
	int (*on_start) (void *ctx, pid_t pid, struct err *e);
	void *ctx;
};

/* Runs one request to its end. An error has criu's words, and the errors in its log. */
int criu_run (const struct criu_session *s, enum criu_type type, const struct pb *opts,
	      struct criu_response *ret, struct err *e);
