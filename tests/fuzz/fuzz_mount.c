/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One entry of mounts: lines that are destination, type, source, and options. What is planned stays
 * below the root, and its options are on the side of the mount or of the file system, as planned.
 */
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/report.h"
#include "plan/host.h"
#include "plan/plan.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* The next line, without what the reader of JSON would have refused: NUL. */
static char *
next_line (struct arena *a, const char **text)
{
	size_t n = strcspn (*text, "\n");
	char *line = arena_strndup (a, *text, n);

	*text += n + ((*text)[n] == '\n');
	return line;
}

static void
check (const struct mount_op *op)
{
	const char *dst = op->dst;

	if (*dst == '/')
		abort ();
	for (const char *s = dst; s; s = strchr (s, '/') ? strchr (s, '/') + 1 : NULL)
		if (strncmp (s, "..", 2) == 0 && (s[2] == '/' || s[2] == '\0'))
			abort ();
	if (op->kind == MOUNT_BIND && (op->data || *op->src != '/'))
		abort ();
	if (op->attr_set & op->attr_clr &
	    ~(uint64_t) 0x70) /* MOUNT_ATTR__ATIME is a field, not bits */
		abort ();
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	const char *text = arena_strndup (&a, (const char *) data, size);
	struct oci_root root = { .path = arena_strdup (&a, "rootfs") };
	struct oci_mount m = { 0 };
	struct oci_linux lnx = { 0 };
	struct oci_config spec = { .root = &root, .mounts = { &m, 1 }, .lnx = &lnx };
	const struct host host = { .privileged = true,
				   .cgroup_mode = CGROUP_V2,
				   .bundle = "/bundle",
				   .container_id = "fuzz" };
	const struct plan_options options = { 0 };
	struct plan plan = { .ns = { .create = CLONE_NEWNS, .own = CLONE_NEWNS } };
	struct oci_report report;
	struct planner p = { .arena = &a,
			     .spec = &spec,
			     .host = &host,
			     .opt = &options,
			     .report = &report,
			     .plan = &plan };

	m.destination = next_line (&a, &text);
	m.type = next_line (&a, &text);
	m.source = next_line (&a, &text);
	while (*text)
		VEC_PUSH (&a, m.options, next_line (&a, &text));
	oci_report_init (&report, &a, "fuzz", NULL, 0);
	plan.spec = &spec;
	plan_mounts (&p);
	if (*oci_report_text (&report) == '\0')
		for (size_t i = 0; i < plan.rootfs.n_mounts; i++)
			check (&plan.rootfs.mounts[i]);
	(void) oci_report_warnings (&report);
	arena_free (&a);
	return 0;
}
