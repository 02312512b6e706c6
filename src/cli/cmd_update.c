/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/err.h"
#include "cli/command.h"
#include "container/container.h"

/* clang-format off */
#define ROW(name, member, value, summary) \
	{ 0, name, OPT_STRING, offsetof (struct update_options, member), value, summary }
static const struct option_row update_rows[] = {
	{ 'r', "resources", OPT_STRING, offsetof (struct update_options, resources), "FILE", "JSON like linux.resources; -: standard input" },
	ROW ("memory", memory, "BYTES", "limit of memory; units K, M, G; -1: none"),
	ROW ("memory-reservation", memory_reservation, "BYTES", "what it is cut down to first when memory is short"),
	ROW ("memory-swap", memory_swap, "BYTES", "limit of memory and swap together; -1: none"),
	ROW ("kernel-memory", kernel_memory, "BYTES", "cgroup v1 before Linux 6.1 only"),
	ROW ("kernel-memory-tcp", kernel_memory_tcp, "BYTES", "cgroup v1 only"),
	ROW ("cpu-share", cpu_share, "SHARES", "weight among others, 2 to 262144"),
	ROW ("cpu-quota", cpu_quota, "MICROSECONDS", "time in each period; -1: no limit"),
	ROW ("cpu-period", cpu_period, "MICROSECONDS", "length of a period"),
	ROW ("cpu-burst", cpu_burst, "MICROSECONDS", "time that may be saved up"),
	ROW ("cpu-idle", cpu_idle, "0|1", "run only when nobody else wants to"),
	ROW ("cpu-rt-period", cpu_rt_period, "MICROSECONDS", "for real-time scheduling; cgroup v1 only"),
	ROW ("cpu-rt-runtime", cpu_rt_runtime, "MICROSECONDS", "for real-time scheduling; cgroup v1 only"),
	ROW ("cpuset-cpus", cpuset_cpus, "LIST", "cpus, like 0-3,7"),
	ROW ("cpuset-mems", cpuset_mems, "LIST", "memory nodes"),
	ROW ("pids-limit", pids_limit, "N", "number of processes; -1: no limit"),
	ROW ("blkio-weight", blkio_weight, "WEIGHT", "of block input and output, 10 to 1000"),
	ROW ("l3-cache-schema", l3_cache_schema, "SCHEMA", "Intel RDT: cache"),
	ROW ("mem-bw-schema", mem_bw_schema, "SCHEMA", "Intel RDT: memory bandwidth"),
	{ 0, "device-add", OPT_STRINGS, offsetof (struct update_options, device_add), "DEVICE", "HOST-PATH[:PATH[:rwm]]: make a device node in the container, and allow it" },
	{ 0, "device-rm", OPT_STRINGS, offsetof (struct update_options, device_rm), "PATH", "remove a device node from the container, and forbid it" },
	OPTIONS_END
};
/* clang-format on */
_Static_assert(sizeof (struct text_list) == sizeof (struct string_list), "lists of options");

static int
update (const struct globals *g, void *options, char **args, struct err *e)
{
	return container_update (g, args[0], options, e);
}

const struct command cmd_update = {
	.name = "update",
	.args = "ID",
	.summary = "change limits of a running container",
	.min_args = 1,
	.max_args = 1,
	.options = update_rows,
	.options_size = sizeof (struct update_options),
	.run = update,
};
