/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "plan/plan.h"
#include "security/security.h"
#include "sys/syscalls.h"

struct sets {
	uint64_t effective, permitted, inheritable;
};

static int
get_sets (struct sets *s)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	if (syscall (SYS_capget, &h, d) < 0)
		return -errno;
	s->effective = d[0].effective | (uint64_t) d[1].effective << 32;
	s->permitted = d[0].permitted | (uint64_t) d[1].permitted << 32;
	s->inheritable = d[0].inheritable | (uint64_t) d[1].inheritable << 32;
	return 0;
}

static int
set_sets (const struct sets *s)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {
		{ (uint32_t) s->effective, (uint32_t) s->permitted, (uint32_t) s->inheritable },
		{ (uint32_t) (s->effective >> 32), (uint32_t) (s->permitted >> 32),
		  (uint32_t) (s->inheritable >> 32) },
	};

	return syscall (SYS_capset, &h, d) < 0 ? -errno : 0;
}

bool
caps_have (unsigned cap)
{
	struct sets s;

	return get_sets (&s) == 0 && s.effective >> cap & 1;
}

int
caps_drop_bounding (const struct caps_plan *p, unsigned cap_last, struct err *e)
{
	for (unsigned cap = 0; cap <= cap_last; cap++) {
		if (p->bounding & 1ull << cap)
			continue;
		if (prctl (PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		/* Without CAP_SETPCAP it can only stay: an error unless it is out already. */
		if (errno == EPERM && prctl (PR_CAPBSET_READ, cap, 0, 0, 0) == 0)
			continue;
		return err_set (e, errno, "drop capability %u from the bounding set", cap);
	}
	return 0;
}

/* config.md: what cannot be granted is said, and the rest is granted. */
static void
warn_lost (const char *set, uint64_t lost, const char *why)
{
	char names[1024] = "";
	size_t len = 0;

	for (unsigned cap = 0; cap < 64 && len < sizeof names; cap++)
		if (lost & 1ull << cap)
			len += (size_t) snprintf (names + len, sizeof names - len, "%s%s",
						  len ? ", " : "", cap_name (cap));
	if (lost)
		log_warn ("process.capabilities%s: %s cannot be granted: %s", set, names, why);
}

static void
raise_ambient (uint64_t ambient)
{
	uint64_t lost = 0;
	int why = 0;

	for (unsigned cap = 0; cap < 64 && ambient >> cap; cap++)
		if ((ambient & 1ull << cap) &&
		    prctl (PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0) {
			lost |= 1ull << cap;
			why = errno;
		}
	warn_lost (".ambient", lost, err_strerror (why));
}

int
caps_apply (const struct caps_plan *p, unsigned cap_last, struct err *e)
{
	struct sets have = { 0 }, want = { p->effective, p->permitted, p->inheritable };
	uint64_t lost = 0;
	int r = set_sets (&want);

	(void) cap_last;
	if (r == -EPERM && get_sets (&have) == 0) {
		lost = (want.permitted | want.inheritable) & ~have.permitted;
		warn_lost ("", lost, "the runtime does not have them itself");
		want.permitted &= have.permitted;
		want.effective &= want.permitted;
		want.inheritable &= have.permitted | have.inheritable;
		r = set_sets (&want);
	}
	if (r < 0)
		return err_set (e, -r, "process.capabilities: capset");
	raise_ambient (p->ambient & ~lost);
	return 0;
}
