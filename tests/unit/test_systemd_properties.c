/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which properties systemd is told for what is written into the cgroup. */
#include "base/mem.h"
#include "cgroup/internal.h"
#include "cgroup/systemd.h"
#include "tap.h"

static struct arena arena;

/* The properties of some writes: "Name=value" for each, by systemd_limit_properties. */
static const char *
limits_of (int mode, const struct cgroup_write *w, size_t n)
{
	struct cgroup_plan p = { .writes = (struct cgroup_write *) (size_t) w,
				 .n_writes = n,
				 .devices_allow_all = true };
	unit_properties v = systemd_limit_properties (&arena, &p, mode);
	const char *out = "";

	for (size_t i = 0; i < v.n; i++) {
		const struct unit_property *u = &v.v[i];

		if (streq (u->signature, "t"))
			out = arena_printf (&arena, "%s%s=%llu ", out, u->name,
					    (unsigned long long) u->number);
		else if (streq (u->signature, "s"))
			out = arena_printf (&arena, "%s%s=%s ", out, u->name, u->strings[0]);
		else {
			out = arena_printf (&arena, "%s%s=", out, u->name);
			for (size_t j = 0; j < u->n_bytes; j++)
				out = arena_printf (&arena, "%s%02x", out, u->bytes[j]);
			out = arena_printf (&arena, "%s ", out);
		}
	}
	return out;
}
#define LIMITS(mode, ...)                                                   \
	limits_of (mode, (const struct cgroup_write[]) { __VA_ARGS__ },     \
		   sizeof ((const struct cgroup_write[]) { __VA_ARGS__ }) / \
			   sizeof (struct cgroup_write))
#define W(f, v)                       \
	{                             \
		.file = f, .value = v \
	}
#define NO_LIMIT "18446744073709551615"

TEST (limits_of_v2)
{
	STREQ (LIMITS (CGROUP_V2, W ("memory.max", "max"), W ("memory.swap.max", "0"),
		       W ("memory.low", "5"), W ("memory.high", "6"), W ("memory.min", "7"),
		       W ("memory.zswap.max", "8")),
	       "MemoryMax=" NO_LIMIT
	       " MemorySwapMax=0 MemoryLow=5 MemoryHigh=6 MemoryMin=7 MemoryZSwapMax=8 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.weight", "1"), W ("pids.max", "max"),
		       W ("memory.oom.group", "1")),
	       "CPUWeight=1 TasksMax=" NO_LIMIT " OOMPolicy=kill ");
	STREQ (LIMITS (CGROUP_V2, W ("cpuset.cpus", "0"), W ("cpuset.mems", "3,64")),
	       "AllowedCPUs=01 AllowedMemoryNodes=080000000000000001 ");
	/* None of these is one that systemd knows. */
	STREQ (LIMITS (CGROUP_V2, W ("hugetlb.2MB.max", "1"), W ("rdma.max", "x"),
		       W ("cpu.max.burst", "1"), W ("memory.limit_in_bytes", "1")),
	       "");
	/* What systemd would refuse, or only the kernel can read. */
	STREQ (LIMITS (CGROUP_V2, W ("cpu.weight", "10001"), W ("memory.max", "1G"),
		       W ("cpuset.cpus", "x")),
	       "");
	STREQ (LIMITS (CGROUP_V2, W ("pids.max", "0"), W ("memory.max", "0")),
	       "TasksMax=1 MemoryMax=1 ");
	/* unified comes last and wins. */
	STREQ (LIMITS (CGROUP_V2, W ("pids.max", "5"), W ("memory.max", "9"), W ("pids.max", "6")),
	       "TasksMax=6 MemoryMax=9 ");
}

TEST (idle_is_a_weight)
{
	STREQ (LIMITS (CGROUP_V2, W ("cpu.weight", "5"), W ("cpu.idle", "1")), "CPUWeight=0 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.weight", "5"), W ("cpu.idle", "0")), "CPUWeight=5 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.idle", "0")), "CPUWeight=" NO_LIMIT " ");
}

TEST (weights_of_io)
{
	STREQ (LIMITS (CGROUP_V2, { .file = "io.bfq.weight",
				    .value = "500",
				    .fallback_file = "io.weight",
				    .fallback_value = "4950" }),
	       "IOWeight=4950 ");
	STREQ (LIMITS (CGROUP_V2, { .file = "io.bfq.weight",
				    .value = "8:0 500",
				    .fallback_file = "io.weight",
				    .fallback_value = "8:0 4950" }),
	       "");
	STREQ (LIMITS (CGROUP_V1, { .file = "blkio.bfq.weight",
				    .value = "500",
				    .fallback_file = "blkio.weight",
				    .fallback_value = "500" }),
	       "BlockIOWeight=500 ");
}

TEST (bandwidth_is_rounded_up_to_percents)
{
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "50000 100000")),
	       "CPUQuotaPerSecUSec=500000 CPUQuotaPeriodUSec=100000 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "50001 100000")),
	       "CPUQuotaPerSecUSec=510000 CPUQuotaPeriodUSec=100000 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "1000 1000000")),
	       "CPUQuotaPerSecUSec=10000 CPUQuotaPeriodUSec=1000000 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "max 50000")),
	       "CPUQuotaPerSecUSec=" NO_LIMIT " CPUQuotaPeriodUSec=50000 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "max")),
	       "CPUQuotaPerSecUSec=" NO_LIMIT " CPUQuotaPeriodUSec=100000 ");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "nonsense")), "");
	STREQ (LIMITS (CGROUP_V2, W ("cpu.max", "5 nonsense")), "");
	STREQ (LIMITS (CGROUP_V1, W ("cpu.cfs_period_us", "50000"),
		       W ("cpu.cfs_quota_us", "25000")),
	       "CPUQuotaPerSecUSec=500000 CPUQuotaPeriodUSec=50000 ");
	STREQ (LIMITS (CGROUP_V1, W ("cpu.cfs_quota_us", "-1")),
	       "CPUQuotaPerSecUSec=" NO_LIMIT " CPUQuotaPeriodUSec=100000 ");
}

TEST (limits_of_v1)
{
	STREQ (LIMITS (CGROUP_V1, W ("cpu.shares", "1024"), W ("memory.limit_in_bytes", "-1"),
		       W ("pids.max", "9"), W ("cpuset.cpus", "0")),
	       "CPUShares=1024 MemoryLimit=" NO_LIMIT " TasksMax=9 ");
}

static const char *
devices_of (int mode, const struct device_rule *rules, size_t n)
{
	struct cgroup_plan p = { .devices = (struct device_rule *) (size_t) rules, .n_devices = n };
	unit_properties v = systemd_limit_properties (&arena, &p, mode);
	const char *out = "";

	for (size_t i = 0; i < v.n; i++) {
		out = arena_printf (&arena, "%s%s:", out, v.v[i].name);
		for (size_t j = 0; j < v.v[i].n_strings; j++)
			out = arena_printf (&arena, "%s %s", out, v.v[i].strings[j]);
		out = arena_printf (&arena, "%s\n", out);
	}
	return out;
}

TEST (device_rules_of_v1)
{
	static const struct device_rule rules[] = {
		{ false, 'a', -1, -1, 7 }, { true, 'c', -1, -1, 4 }, { true, 'c', 1, 3, 7 },
		{ true, 'b', 8, 0, 1 },	   { true, 'c', 1, -1, 3 },  { true, 'c', 99999, -1, 1 },
		{ true, 'a', -1, -1, 2 },
	};
	static const struct device_rule denied[] = { { false, 'a', -1, -1, 7 },
						     { true, 'c', 1, 3, 7 },
						     { false, 'c', 1, 3, 2 } };
	static const struct device_rule all[] = { { true, 'a', -1, -1, 7 },
						  { false, 'c', 1, 3, 7 } };

	STREQ (devices_of (CGROUP_V1, rules, ARRAY_SIZE (rules)),
	       "DeviceAllow:\n"
	       "DevicePolicy: strict\n"
	       "DeviceAllow: char-* m /dev/char/1:3 rwm /dev/block/8:0 r char-mem rw char-99999 r block-* w char-* w\n");
	STREQ (devices_of (CGROUP_V2, rules, ARRAY_SIZE (rules)), ""); /* our own program does it */
	STREQ (devices_of (CGROUP_V1, denied, ARRAY_SIZE (denied)), ""); /* cannot be said */
	STREQ (devices_of (CGROUP_V1, all, ARRAY_SIZE (all)), "");
}
