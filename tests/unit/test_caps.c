/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capability names against the numbers of the kernel's header. */
#include <linux/capability.h>

#include "plan/planner.h"
#include "tap.h"

#define NAME(c)       \
	{             \
#c, c \
	}
static const struct {
	const char *name;
	int number;
} known[] = {
	NAME (CAP_CHOWN),
	NAME (CAP_DAC_OVERRIDE),
	NAME (CAP_DAC_READ_SEARCH),
	NAME (CAP_FOWNER),
	NAME (CAP_FSETID),
	NAME (CAP_KILL),
	NAME (CAP_SETGID),
	NAME (CAP_SETUID),
	NAME (CAP_SETPCAP),
	NAME (CAP_LINUX_IMMUTABLE),
	NAME (CAP_NET_BIND_SERVICE),
	NAME (CAP_NET_BROADCAST),
	NAME (CAP_NET_ADMIN),
	NAME (CAP_NET_RAW),
	NAME (CAP_IPC_LOCK),
	NAME (CAP_IPC_OWNER),
	NAME (CAP_SYS_MODULE),
	NAME (CAP_SYS_RAWIO),
	NAME (CAP_SYS_CHROOT),
	NAME (CAP_SYS_PTRACE),
	NAME (CAP_SYS_PACCT),
	NAME (CAP_SYS_ADMIN),
	NAME (CAP_SYS_BOOT),
	NAME (CAP_SYS_NICE),
	NAME (CAP_SYS_RESOURCE),
	NAME (CAP_SYS_TIME),
	NAME (CAP_SYS_TTY_CONFIG),
	NAME (CAP_MKNOD),
	NAME (CAP_LEASE),
	NAME (CAP_AUDIT_WRITE),
	NAME (CAP_AUDIT_CONTROL),
	NAME (CAP_SETFCAP),
	NAME (CAP_MAC_OVERRIDE),
	NAME (CAP_MAC_ADMIN),
	NAME (CAP_SYSLOG),
	NAME (CAP_WAKE_ALARM),
	NAME (CAP_BLOCK_SUSPEND),
	NAME (CAP_AUDIT_READ),
	NAME (CAP_PERFMON),
	NAME (CAP_BPF),
	NAME (CAP_CHECKPOINT_RESTORE),
};

TEST (every_name_has_the_number_of_the_kernel)
{
	for (size_t i = 0; i < ARRAY_SIZE (known); i++) {
		EQ (cap_from_name (known[i].name), known[i].number);
		STREQ (cap_name ((unsigned) known[i].number), known[i].name);
	}
	EQ (ARRAY_SIZE (known), CAP_LAST_CAP + 1);
}

TEST (unknown_names_and_numbers)
{
	EQ (cap_from_name ("CAP_FLY"), -1);
	EQ (cap_from_name ("cap_chown"), -1);
	EQ (cap_from_name ("CHOWN"), -1);
	EQ (cap_from_name (""), -1);
	OK (cap_name (41) == NULL);
	OK (cap_name (~0u) == NULL);
}
