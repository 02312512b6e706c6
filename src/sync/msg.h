/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The protocol between the runtime and the container's init (and stage, and exec's process). This
 * table is all of it: the enum, the names in traces, who may send what, which message carries an
 * fd, and what the answer is.
 *
 * Only what must cross after the clone is here. The plan, and every fd opened before the clone, are
 * inherited.
 */
#include <stdint.h>

/* clang-format off */
/*	   name		way   fd reply	  the sender has … */
#define MESSAGES(X)	\
	X (GO,          DOWN, 0, NONE,        "put you into the cgroup; arg = your pid") \
	X (NETNS,       DOWN, 1, NONE,        "made a network namespace; fd = it") \
	X (NEED_IDMAP,  UP,   0, IDMAP_DONE,  "unshared a user namespace: write its maps") \
	X (IDMAP_DONE,  DOWN, 0, NONE,        "written uid_map, gid_map and setgroups") \
	X (INIT_PID,    UP,   1, NONE,        "cloned init; arg = pid in my pid namespace, fd = its pidfd") \
	X (NETNS_READY, UP,   0, NETDEVS_DONE,"a network namespace that devices shall be moved into") \
	X (NETDEVS_DONE,DOWN, 0, NONE,        "moved the network devices") \
	X (ROOTFS_READY,UP,   0, HOOKS_DONE,  "made all mounts; the old root is still there") \
	X (HOOKS_DONE,  DOWN, 0, NONE,        "run prestart and createRuntime hooks") \
	X (CONSOLE,     UP,   1, NONE,        "opened the pty; text = its name") \
	X (READY,       UP,   0, RUN,         "no more work for the runtime; arg 1: RUN is not waited for") \
	X (RUN,         DOWN, 0, NONE,        "written the state 'created', and set the limits that you cannot") \
	X (SECCOMP_FD,  UP,   1, SECCOMP_DONE,"installed a filter with a listener") \
	X (SECCOMP_DONE,DOWN, 0, NONE,        "passed the listener to its agent") \
	X (DONE,        UP,   0, NONE,        "only to wait for start, or to exec") \
	X (LOG,         UP,   0, NONE,        "arg = level, text = one line") \
	X (ERROR,       UP,   0, NONE,        "arg = errno, text = why; the sender exits")
/* clang-format on */

enum msg_way { UP, DOWN };
enum msg_type {
	MSG_NONE,
#define X(name, way, fd, reply, what) MSG_##name,
	MESSAGES (X)
#undef X
		MSG_TYPES
};

#define MSG_TEXT_MAX 4088

/* On the wire: one SOCK_SEQPACKET record, at most one SCM_RIGHTS fd. */
struct msg {
	uint32_t type;
	int32_t arg;
	char text[MSG_TEXT_MAX]; /* NUL-terminated; only the used part is sent */
};

extern const struct msg_info {
	const char *name;
	enum msg_way way;
	int has_fd;
	enum msg_type reply;
	const char *what;
} msg_infos[MSG_TYPES];
