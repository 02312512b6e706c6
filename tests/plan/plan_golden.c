/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden tests of the planner: plan-golden [--update] DIRECTORY…
 *
 * A directory is named after a made-up host (the table below) and holds NAME.json and NAME.plan: a
 * configuration, and what `coracle plan` would print for it on that host, or the errors.
 * Directories that begin with "process" hold documents of `exec --process`, planned for a fixed
 * container. Warnings come first, as lines with "warning: ". No privileges, no system calls but for
 * reading files: TAP on stdout.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/report.h"
#include "plan/dump_out.h"
#include "plan/host.h"
#include "plan/plan.h"

#define FILE_MAX (64u << 20)
#define ROOT	 .euid = 0, .privileged = true, .bundle = "/bundle", .container_id = "ctr"
#define USER                                                                                    \
	.euid = 1000, .egid = 1000, .cap_last = 40, .bundle = "/bundle", .container_id = "ctr", \
	.cgroup_own = "/user.slice/user-1000.slice"

static const struct golden_host {
	const char *name;
	struct host host;
	struct plan_options options;
} hosts[] = {
	{ "root-v2",
	  { ROOT, .cap_last = 40, .cgroup_mode = CGROUP_V2,
	    .cgroup_own = "/system.slice/engine.service" },
	  { 0 } },
	{ "root-v1", { ROOT, .cap_last = 40, .cgroup_mode = CGROUP_V1, .cgroup_own = "/" }, { 0 } },
	{ "root-hybrid",
	  { ROOT, .cap_last = 40, .cgroup_mode = CGROUP_HYBRID, .cgroup_own = "/" },
	  { 0 } },
	{ "root-systemd",
	  { ROOT, .cap_last = 40, .cgroup_mode = CGROUP_V2, .cgroup_own = "/init.scope" },
	  { .cgroup_manager = CGROUP_MANAGER_SYSTEMD } },
	{ "user-systemd",
	  { USER, .cgroup_mode = CGROUP_V2, .subuid_start = 100000, .subuid_count = 65536,
	    .subgid_start = 200000, .subgid_count = 65536 },
	  { .cgroup_manager = CGROUP_MANAGER_SYSTEMD } },
	{ "root-nocgroup",
	  { ROOT, .cap_last = 40, .cgroup_mode = CGROUP_NONE },
	  { .cgroup_manager = CGROUP_MANAGER_DISABLED } },
	{ "root-oldkernel",
	  { ROOT, .cap_last = 37, .cgroup_mode = CGROUP_V1, .cgroup_own = "/" },
	  { .no_pivot = true, .no_new_keyring = true } },
	{ "root-lsm",
	  { ROOT, .cap_last = 40, .cgroup_mode = CGROUP_V2, .apparmor = true, .selinux = true },
	  { 0 } },
	{ "root-activated",
	  { ROOT, .cap_last = 40, .cgroup_mode = CGROUP_V2 },
	  { .listen_fds = 2,
	    .listen_fdnames = "http:https",
	    .notify_socket = "/run/systemd/notify" } },
	{ "root-in-userns",
	  { .euid = 0,
	    .in_userns = true,
	    .cap_last = 40,
	    .cgroup_mode = CGROUP_V2,
	    .bundle = "/bundle",
	    .container_id = "ctr" },
	  { 0 } },
	{ "user",
	  { USER, .cgroup_mode = CGROUP_V2, .subuid_start = 100000, .subuid_count = 65536,
	    .subgid_start = 200000, .subgid_count = 65536 },
	  { 0 } },
	{ "user-nosubids", { USER, .cgroup_mode = CGROUP_V2 }, { 0 } },
	{ "process", { ROOT, .cap_last = 40, .cgroup_mode = CGROUP_V2 }, { 0 } },
};
/* What `process` documents are planned for: a container of the user 100000. */
static const char container[] =
	"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"linux\":{\"namespaces\":[{\"type\":\"user\"},{\"type\":\"mount\"}],"
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]}}";

static char *
with_warnings (struct arena *a, const struct oci_report *report, const char *text)
{
	const char *w = oci_report_warnings (report);
	char *out = arena_strdup (a, "");

	while (*w) {
		size_t n = strcspn (w, "\n");

		if (n)
			out = arena_printf (a, "%swarning: %.*s\n", out, (int) n, w);
		w += n + (w[n] != '\0');
	}
	return arena_printf (a, "%s%s", out, text);
}

static char *
plan_process_text (struct arena *a, const struct golden_host *h, const char *json, size_t len,
		   struct oci_report *report)
{
	struct oci_config *spec;
	struct oci_process *process;
	struct oci_report ignored;
	struct plan plan;
	struct planner p = { a, NULL, &h->host, &h->options, report, &plan };
	struct process_plan result = { 0 };
	struct dump d;
	struct err e;

	oci_report_init (&ignored, a, "container.json", container, sizeof container - 1);
	if (oci_config_read (a, container, sizeof container - 1, &ignored, &spec) < 0 ||
	    plan_make (a, spec, &h->host, &h->options, &ignored, &plan, &e) < 0)
		return arena_printf (a, "%s\n", oci_report_text (&ignored));
	if (oci_process_read (a, json, len, report, &process) == 0) {
		p.spec = spec;
		plan_process (&p, process, "process", &result);
	}
	if (oci_report_failed (report))
		return arena_printf (a, "%s\n", oci_report_text (report));
	dump_init (&d, a, false);
	dump_process (&d, &result);
	return dump_finish (&d);
}

static bool
yes (void *ctx)
{
	return true;
}

static bool
yes_bool (void *ctx, bool value)
{
	return true;
}

static bool
yes_text (void *ctx, const char *s, size_t n)
{
	return true;
}

static bool
is_json (struct arena *a, const char *text)
{
	const struct json_events events = { yes, yes_bool, yes_text, yes_text, yes_text,
					    yes, yes,	   yes,	     yes };
	struct json_parser parser = { .buf = text, .len = strlen (text), .events = &events };

	return json_parse (a, &parser) == 0;
}

static char *
plan_text (struct arena *a, const struct golden_host *h, const char *json, size_t len)
{
	struct oci_config *spec;
	struct oci_report report;
	struct plan plan;
	struct err e;

	oci_report_init (&report, a, "config.json", json, len);
	if (startswith (h->name, "process"))
		return with_warnings (a, &report, plan_process_text (a, h, json, len, &report));
	if (oci_config_read (a, json, len, &report, &spec) < 0)
		return with_warnings (a, &report,
				      arena_printf (a, "%s\n", oci_report_text (&report)));
	if (plan_make (a, spec, &h->host, &h->options, &report, &plan, &e) < 0)
		return with_warnings (a, &report, arena_printf (a, "%s\n", e.text));
	if (!is_json (a, plan_dump_json (a, &plan)))
		return with_warnings (a, &report, "the other output is no JSON\n");
	return with_warnings (a, &report, plan_dump_text (a, &plan));
}

static void
show_difference (const char *expected, const char *got)
{
	while (*expected || *got) {
		size_t e = strcspn (expected, "\n"), g = strcspn (got, "\n");

		if (e != g || strncmp (expected, got, e) != 0) {
			printf ("# expected: %.*s\n#      got: %.*s\n", (int) e, expected, (int) g,
				got);
			return;
		}
		expected += e + (expected[e] != '\0');
		got += g + (got[g] != '\0');
	}
}

static bool
check_file (const struct golden_host *h, const char *dir, const char *name, bool update)
{
	struct arena arena = { 0 }, *a = &arena;
	char *json, *expected, *got,
		*plan = arena_printf (a, "%s/%.*s.plan", dir, (int) strlen (name) - 5, name);
	size_t len, expected_len;
	struct err e;
	bool good = true;

	if (read_file_at (a, AT_FDCWD, arena_printf (a, "%s/%s", dir, name), FILE_MAX, &json, &len,
			  &e) < 0) {
		printf ("# %s\n", e.text);
		return false;
	}
	got = plan_text (a, h, json, len);
	if (update) {
		good = file_replace_at (AT_FDCWD, plan, got, strlen (got), 0644) == 0;
	} else if (read_file_at (a, AT_FDCWD, plan, FILE_MAX, &expected, &expected_len, &e) < 0) {
		printf ("# %s\n", e.text);
		good = false;
	} else if (!streq (expected, got)) {
		show_difference (expected, got);
		good = false;
	}
	arena_free (a);
	return good;
}

static int
is_case (const struct dirent *d)
{
	size_t n = strlen (d->d_name);

	return n > 5 && streq (d->d_name + n - 5, ".json");
}

int
main (int argc, char **argv)
{
	bool update = argc > 1 && streq (argv[1], "--update");
	int n = 0, failed = 0;

	for (int i = 1 + update; i < argc; i++) {
		const char *base = strrchr (argv[i], '/') ? strrchr (argv[i], '/') + 1 : argv[i];
		const struct golden_host *h = hosts;
		struct dirent **files;
		int count = scandir (argv[i], &files, is_case, alphasort);

		while (h < hosts + ARRAY_SIZE (hosts) && !streq (h->name, base))
			h++;
		if (count < 0 || h == hosts + ARRAY_SIZE (hosts)) {
			printf ("Bail out! %s: no such directory, or no host of this name\n",
				argv[i]);
			return 1;
		}
		for (int k = 0; k < count; k++) {
			bool good = check_file (h, argv[i], files[k]->d_name, update);

			printf ("%sok %d - %s/%s\n", good ? "" : "not ", ++n, base,
				files[k]->d_name);
			failed += !good;
			free (files[k]);
		}
		free (files);
	}
	printf ("1..%d\n", n);
	return failed > 0;
}
