/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `features`: what the planner understands, with what the build and the kernel have to say. cri-o
 * reads standard output and error as one document, so nothing here may warn.
 */
#include "base/mem.h"
#include "config.h"
#include "container/container.h"
#include "libocispec/arena.h"
#include "libocispec/oci_features.h"
#include "plan/plan.h"
#include "security/security.h"

static void
annotate (struct arena *a, struct oci_features *f, const char *key, const char *value)
{
	VEC_PUSH (a, f->annotations,
		  ((struct oci_kv) { (char *) (size_t) key, (char *) (size_t) value }));
}

static struct oci_features_cgroup *
cgroup_features (struct arena *a)
{
	const opt_bool yes = { true, true }, systemd = { true, HAVE_SYSTEMD };
	const struct oci_features_cgroup c = {
		.v1 = yes, .v2 = yes, .systemd = systemd, .systemd_user = systemd, .rdma = yes
	};

	return arena_memdup (a, &c, sizeof c);
}

/* libseccomp lives in the helper: it is asked, since the one at build time may be another. */
static void
add_library (struct arena *a, struct oci_features *f)
{
	struct seccomp_library lib;

	f->lnx->seccomp->supported_flags = seccomp_probe_flags (a);
	if (!seccomp_probe_library (a, &lib))
		return;
	f->lnx->seccomp->archs = lib.archs;
	annotate (a, f, "io.github.seccomp.libseccomp.version", lib.version);
}

char *
features_json (struct arena *a)
{
	struct oci_features f;

	plan_features (a, &f);
	f.lnx->cgroup = cgroup_features (a);
	add_library (a, &f);
	/* The name under which both peers say it. */
	annotate (a, &f, "org.opencontainers.runc.checkpoint.enabled",
		  HAVE_CRIU ? "true" : "false");
	annotate (a, &f, "run.oci.coracle.version", CORACLE_VERSION);
	annotate (a, &f, "run.oci.coracle.commit", CORACLE_COMMIT);
	return oci_record_write (&oci_features_record, &f, a, OCI_PRETTY, NULL);
}
