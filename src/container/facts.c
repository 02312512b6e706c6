/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/facts.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "container/container.h"
#include "libocispec/report.h"
#include "plan/plan.h"

#define FILE_NAME "exec.json"
#define FACTS_MAX (64u << 20)

RECORD (exec_facts, FIELD (exec_facts, namespaces, "namespaces", REQ),
	FIELD (exec_facts, keyring, "keyring", 0),
	FIELD (exec_facts, deny_setgroups, "denySetgroups", 0),
	FIELD (exec_facts, listener_path, "listenerPath", 0),
	FIELD (exec_facts, listener_metadata, "listenerMetadata", 0),
	OBJECT (exec_facts, process, "process", oci_process, 0),
	OBJECT (exec_facts, lnx, "linux", oci_linux, 0));

/* Of the plan: ordinary users may get a mapping that their configuration does not have. */
static void
keep_maps (struct arena *a, const struct userns_plan *u, struct oci_linux *lnx)
{
	for (size_t i = 0; i < u->uid.n; i++)
		VEC_PUSH (a, lnx->uid_mappings,
			  ((struct oci_id_mapping) { u->uid.v[i].inside, u->uid.v[i].outside,
						     u->uid.v[i].count }));
	for (size_t i = 0; i < u->gid.n; i++)
		VEC_PUSH (a, lnx->gid_mappings,
			  ((struct oci_id_mapping) { u->gid.v[i].inside, u->gid.v[i].outside,
						     u->gid.v[i].count }));
}

int
exec_facts_save (const struct container *c, struct arena *a, const struct plan *p, struct err *e)
{
	const struct oci_linux *from = p->spec->lnx;
	struct oci_linux lnx = { .personality = from ? from->personality : NULL,
				 .memory_policy = from ? from->memory_policy : NULL };
	struct exec_facts f = {
		.namespaces = p->ns.own,
		.keyring = p->process.keyring != NULL,
		.deny_setgroups = p->userns.deny_setgroups,
		.listener_path = (char *) p->seccomp.listener_path,
		.listener_metadata = (char *) p->seccomp.listener_metadata,
		.process = p->spec->process,
		.lnx = &lnx,
	};
	size_t len;
	char *text;
	int r;

	keep_maps (a, &p->userns, &lnx);
	text = oci_record_write (&exec_facts_record, &f, a, OCI_COMPACT, &len);
	r = file_create_at (c->dir_fd, FILE_NAME, text, len, 0600);
	return r < 0 ? err_set (e, -r, "write '" FILE_NAME "' in the state directory") : 0;
}

int
exec_facts_load (const struct container *c, struct arena *a, struct exec_facts *ret, struct err *e)
{
	struct oci_report report;
	char *text;
	size_t len;

	TRY (read_file_at (a, c->dir_fd, FILE_NAME, FACTS_MAX, &text, &len, e));
	oci_report_init (&report, a, FILE_NAME, text, len);
	if (oci_record_read (&exec_facts_record, a, text, len, &report, ret) < 0)
		return err_set (e, 0, "container '%s': damaged state: %s", c->id,
				oci_report_text (&report));
	return 0;
}
