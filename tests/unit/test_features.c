/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `features` lists must be what the planner takes: each element is fed back to it. */
#include "base/err.h"
#include "base/mem.h"
#include "container/container.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/oci_features.h"
#include "libocispec/report.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "security/security.h"
#include "tap.h"

static struct arena arena;
static struct err e;
static struct oci_report report;
static struct plan p;
static struct oci_features f;

static const struct host host = {
	.privileged = true,
	.cap_last = 40,
	.cgroup_mode = CGROUP_V2,
	.bundle = "/b",
	.container_id = "c",
	.apparmor = true,
	.selinux = true,
};

/* Plans a configuration that is minimal but for `rest`; 0 if it is taken without a word. */
static int
plan (const char *version, const char *rest)
{
	static const struct plan_options none;
	const char *json = arena_printf (&arena,
					 "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}%s}",
					 version, rest);
	struct oci_config *spec;

	p = (struct plan) { 0 };
	oci_report_init (&report, &arena, "config.json", json, strlen (json));
	if (oci_config_read (&arena, json, strlen (json), &report, &spec) < 0)
		return err_set (&e, 0, "%s", oci_report_text (&report));
	if (plan_make (&arena, spec, &host, &none, &report, &p, &e) < 0)
		return -1;
	return *oci_report_warnings (&report) ? err_set (&e, 0, "%s", oci_report_warnings (&report))
					      : 0;
}

/* PLAN (", \"x\": \"%s\"", name): a failed check names the text. */
#define PLAN(...) plan ("1.3.0", arena_printf (&arena, __VA_ARGS__))
#define TAKES(...)                                                                              \
	do {                                                                                    \
		if (PLAN (__VA_ARGS__) < 0)                                                     \
			TAP_FAIL ("%s: %s", arena_printf (&arena, __VA_ARGS__), err_full (&e)); \
	} while (0)

__attribute__ ((constructor)) static void
read_features (void)
{
	plan_features (&arena, &f);
}

TEST (versions)
{
	EQ (plan (f.oci_version_min, ""), 0);
	EQ (plan (f.oci_version_max, ""), 0);
	EQ (plan ("1.1.0", ""), 0);
	FAILS_WITH (plan ("0.9.9", ""), &e, "ociVersion");
	FAILS_WITH (plan ("1.4.0", ""), &e, "ociVersion");
	FAILS_WITH (plan ("2.0.0", ""), &e, "ociVersion");
}

TEST (hooks)
{
	EQ (f.hooks.n, HOOK_PHASES);
	for (size_t i = 0; i < f.hooks.n; i++) {
		TAKES (",\"hooks\":{\"%s\":[{\"path\":\"/h\"}]}", f.hooks.v[i]);
		EQ (p.hooks[i].n, 1);
	}
}

/* On a bind mount, where what is no option of ours is an error. */
#define MOUNT                                                                       \
	",\"mounts\":[{\"destination\":\"/m\",\"type\":\"bind\",\"source\":\"/s\"," \
	"\"options\":[\"bind\",\"%s\"],"                                            \
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}],"            \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}]}]"           \
	",\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}"

TEST (mount_options)
{
	OK (f.mount_options.n > 60);
	for (size_t i = 0; i < f.mount_options.n; i++) {
		TAKES (MOUNT, f.mount_options.v[i]);
		EQ (p.rootfs.n_mounts, 1);
		STREQ (p.rootfs.n_mounts ? p.rootfs.mounts[0].data : "no mount", NULL);
		OK (i == 0 || strcmp (f.mount_options.v[i - 1], f.mount_options.v[i]) < 0);
	}
	FAILS_WITH (PLAN (MOUNT, "frobnicate"), &e, "mounts[0].options[1]");
}

TEST (namespaces)
{
	static const char maps[] = ",\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}]"
				   ",\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}]";

	EQ (f.lnx->namespaces.n, 8);
	for (size_t i = 0; i < f.lnx->namespaces.n; i++) {
		const char *name = oci_name_of (oci_namespace_types, f.lnx->namespaces.v[i]);

		TAKES (",\"linux\":{\"namespaces\":[{\"type\":\"%s\"}]%s}", name,
		       streq (name, "user") ? maps : "");
		EQ (p.ns.create, f.lnx->namespaces.v[i]);
	}
	FAILS_WITH (PLAN (",\"linux\":{\"namespaces\":[{\"type\":\"frob\"}]}"), &e,
		    "linux.namespaces[0].type");
}

#define PROCESS ",\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":0,\"gid\":0},"

TEST (capabilities)
{
	EQ (f.lnx->capabilities.n, 41);
	for (size_t i = 0; i < f.lnx->capabilities.n; i++) {
		TAKES (PROCESS "\"capabilities\":{\"bounding\":[\"%s\"]}}",
		       f.lnx->capabilities.v[i]);
		EQ (p.process.caps.bounding, 1ull << i);
	}
	FAILS_WITH (PLAN (PROCESS "\"capabilities\":{\"bounding\":[\"CAP_FROB\"]}}"), &e,
		    "unknown capability 'CAP_FROB'");
}

#define SECCOMP \
	",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/l\","

TEST (seccomp)
{
	const struct oci_features_seccomp *s = f.lnx->seccomp;

	EQ (s->actions.n, 9);
	for (size_t i = 0; i < s->actions.n; i++)
		TAKES (SECCOMP "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"%s\"}]}}",
		       oci_name_of (oci_seccomp_actions, s->actions.v[i]));
	FAILS_WITH (PLAN (SECCOMP
			  "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_FROB\"}]}}"),
		    &e, "syscalls[0].action");
	EQ (s->operators.n, 7);
	for (size_t i = 0; i < s->operators.n; i++)
		TAKES (SECCOMP
		       "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"%s\"}]}]}}",
		       oci_name_of (oci_seccomp_operators, s->operators.v[i]));
	EQ (s->known_flags.n, 4);
	for (size_t i = 0; i < s->known_flags.n; i++)
		TAKES (SECCOMP "\"flags\":[\"%s\"]}}",
		       oci_name_of (oci_seccomp_flags, s->known_flags.v[i]));
	FAILS_WITH (PLAN (SECCOMP "\"flags\":[\"FROB\"]}}"), &e, "seccomp.flags[0]");
}

TEST (memory_policy)
{
	static const char policy[] = PROCESS
		"\"noNewPrivileges\":true},\"linux\":{\"memoryPolicy\":{\"mode\":\"%s\"%s}}";
	const struct oci_features_memory_policy *m = f.lnx->memory_policy;

	EQ (m->modes.n, 7);
	for (size_t i = 0; i < m->modes.n; i++) {
		bool without = streq (m->modes.v[i], "MPOL_DEFAULT") ||
			       streq (m->modes.v[i], "MPOL_LOCAL");

		TAKES (policy, m->modes.v[i], without ? "" : ",\"nodes\":\"0\"");
		OK (p.process.mempolicy.set);
	}
	EQ (m->flags.n, 3);
	for (size_t i = 0; i < m->flags.n; i++)
		TAKES (policy, "MPOL_BIND",
		       arena_printf (&arena, ",\"nodes\":\"0\",\"flags\":[\"%s\"]", m->flags.v[i]));
	FAILS_WITH (PLAN (policy, "MPOL_FROB", ""), &e, "memoryPolicy.mode");
}

TEST (properties_of_their_own)
{
	OK (f.lnx->intel_rdt->enabled.v && f.lnx->intel_rdt->schemata.v &&
	    f.lnx->intel_rdt->monitoring.v);
	TAKES (",\"linux\":{\"intelRdt\":{\"schemata\":[\"L3:0=f\"],\"enableMonitoring\":true}}");
	OK (p.rdt.set && p.rdt.monitoring && p.rdt.n_schemata == 1);
	OK (f.lnx->net_devices->enabled.v);
	TAKES (",\"linux\":{\"namespaces\":[{\"type\":\"network\"}],\"netDevices\":{\"eth0\":{}}}");
	EQ (p.n_net_devices, 1);
	OK (f.lnx->mount_extensions->idmap->enabled.v); /* mount_options has fed it back */
	OK (f.lnx->apparmor->enabled.v && f.lnx->selinux->enabled.v);
	TAKES (PROCESS "\"apparmorProfile\":\"a\"}");
	TAKES (PROCESS "\"selinuxLabel\":\"a:b:c:d\"}");
}

/* Flags of the kernel are among those that we know; each that it has not is refused by the very
 * call that installs a filter. */
TEST (flags_of_the_kernel)
{
	u64s known = f.lnx->seccomp->known_flags, flags = seccomp_probe_flags (&arena);

	OK (flags.n > 0 && flags.n <= known.n);
	for (size_t i = 0; i < flags.n; i++)
		OK (oci_name_of (oci_seccomp_flags, flags.v[i]) != NULL);
}

/* Beside the unit tests there is no helper: the document is complete without it, but for what only
 * it knows. */
TEST (document)
{
	const char *text = features_json (&arena);
	struct oci_features again;

	oci_report_init (&report, &arena, "features", text, strlen (text));
	EQ (oci_record_read (&oci_features_record, &arena, text, strlen (text), &report, &again),
	    0);
	STREQ (oci_record_write (&oci_features_record, &again, &arena, OCI_PRETTY, NULL), text);
	EQ (again.mount_options.n, f.mount_options.n);
	OK (again.lnx->cgroup->v1.v && again.lnx->cgroup->v2.v && again.lnx->cgroup->rdma.v);
	OK (again.annotations.n >= 2);
}
