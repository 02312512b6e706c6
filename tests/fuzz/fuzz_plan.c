/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A config.json through the reader, the plan and its two dumps. The length of the text chooses the
 * host. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/report.h"
#include "plan/host.h"
#include "plan/plan.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static struct host
fake_host (size_t seed)
{
	return (struct host) {
		.euid = seed & 1 ? 1000 : 0,
		.egid = seed & 1 ? 1000 : 0,
		.in_userns = seed & 2,
		.privileged = !(seed & 3),
		.cgroup_mode = (enum cgroup_mode) (seed >> 2 & 3),
		.cgroup_own = "/user.slice/session-1.scope",
		.cap_last = 40,
		.apparmor = seed & 16,
		.selinux = seed & 32,
		.bundle = "/bundle",
		.container_id = "fuzz",
		.subuid_start = 100000,
		.subuid_count = 65536,
		.subgid_start = 100000,
		.subgid_count = 65536,
	};
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct oci_report report;
	struct oci_config *config;
	struct plan_options options = { .cgroup_manager = (enum cgroup_manager) (size / 64 % 3) };
	struct host host = fake_host (size);
	struct plan plan;
	struct err e = { 0 };

	oci_report_init (&report, &a, "config.json", (const char *) data, size);
	if (oci_config_read (&a, (const char *) data, size, &report, &config) == 0 &&
	    plan_make (&a, config, &host, &options, &report, &plan, &e) == 0) {
		plan_dump_text (&a, &plan);
		plan_dump_json (&a, &plan);
	} else {
		oci_report_text (&report);
	}
	arena_free (&a);
	return 0;
}
