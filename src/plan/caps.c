/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/capability.h>
#include <strings.h>

#include "plan/planner.h"

/* By number. tests/unit/test_caps compares it with libcap's. */
/* clang-format off */
static const char *const names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};
/* clang-format on */

const char *
cap_name (unsigned cap)
{
	return cap < ARRAY_SIZE (names) ? names[cap] : NULL;
}

int
cap_from_name (const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE (names); i++)
		if (streq (names[i], name))
			return (int) i;
	return -1;
}

/* config.md: what cannot be granted is warned about and left out, not failed. */
static uint64_t
read_set (struct planner *p, const strs *in, const char *prefix, const char *set)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < in->n; i++) {
		int cap = cap_from_name (in->v[i]);

		if (cap < 0)
			WARN (p, PATH ("%s.%s[%zu]", prefix, set, i),
			      "unknown capability '%s' ignored", in->v[i]);
		else if ((unsigned) cap > p->host->cap_last)
			WARN (p, PATH ("%s.%s[%zu]", prefix, set, i),
			      "'%s' ignored: this kernel does not know it", in->v[i]);
		else
			mask |= 1ull << cap;
	}
	return mask;
}

static const char *
mask_names (struct planner *p, uint64_t mask)
{
	strs v = { 0 };

	for (unsigned i = 0; i < ARRAY_SIZE (names); i++)
		if (mask & 1ull << i)
			VEC_PUSH (p->arena, v, (char *) (size_t) names[i]);
	return str_join (p->arena, v.v, v.n, ", ");
}

void
plan_caps (struct planner *p, const struct oci_capabilities *c, const char *prefix,
	   struct caps_plan *r)
{
	uint64_t lost;

	*r = (struct caps_plan) { 0 }; /* no object: no capabilities */
	if (!c)
		return;
	r->bounding = read_set (p, &c->bounding, prefix, "bounding");
	r->effective = read_set (p, &c->effective, prefix, "effective");
	r->permitted = read_set (p, &c->permitted, prefix, "permitted");
	r->inheritable = read_set (p, &c->inheritable, prefix, "inheritable");
	r->ambient = read_set (p, &c->ambient, prefix, "ambient");
	lost = r->effective & ~r->permitted;
	if (lost) /* capset(2) says EPERM */
		BAD (p, PATH ("%s.effective", prefix), "%s: not in permitted",
		     mask_names (p, lost));
	lost = r->inheritable & ~r->bounding;
	if (lost) { /* the same, and here the wish can be left out */
		WARN (p, PATH ("%s.inheritable", prefix), "%s ignored: not in bounding",
		      mask_names (p, lost));
		r->inheritable &= ~lost;
	}
	lost = r->ambient & ~(r->permitted & r->inheritable);
	if (lost) { /* capabilities(7): ambient needs both */
		WARN (p, PATH ("%s.ambient", prefix),
		      "%s ignored: not in both permitted and inheritable", mask_names (p, lost));
		r->ambient &= ~lost;
	}
}
