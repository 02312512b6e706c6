/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the planner understands, as features.md wants it told. Everything comes from the tables that
 * reading a configuration uses, so that neither can know more than the other;
 * tests/unit/test_features.c feeds each element back.
 */
#include "libocispec/oci_features.h"
#include "libocispec/oci_linux.h"
#include "plan/planner.h"

/*
 * Annotations of config.json by which whoever may set them changes what the runtime does; engines
 * compare those of untrusted origin with this list. One that ends in a dot is a prefix.
 */
static const char *const unsafe_annotations[] = { "run.oci.", "org.systemd.property.",
						  "org.criu.config" };

static void
push (struct arena *a, strs *to, const char *name)
{
	VEC_PUSH (a, *to, (char *) (size_t) name);
}

static int
by_name (const void *a, const void *b)
{
	return strcmp (*(char *const *) a, *(char *const *) b);
}

static strs
sorted_mount_options (struct arena *a)
{
	strs names = { 0 };

	for (size_t i = 0; i < n_mount_options; i++)
		push (a, &names, mount_options[i].name);
	qsort (names.v, names.n, sizeof *names.v, by_name);
	return names;
}

static void *
supported (struct arena *a)
{
	const struct oci_features_enabled yes = { { true, true } };

	return arena_memdup (a, &yes, sizeof yes);
}

static struct oci_features_seccomp *
seccomp_features (struct arena *a)
{
	struct oci_features_seccomp *s = arena_alloc (a, sizeof *s);

	s->enabled = (opt_bool) { true, true };
	s->actions = oci_name_values (a, oci_seccomp_actions);
	s->operators = oci_name_values (a, oci_seccomp_operators);
	s->known_flags = oci_name_values (a, oci_seccomp_flags);
	return s;
}

static struct oci_features_linux *
linux_features (struct arena *a)
{
	const struct oci_features_intel_rdt rdt = { { true, true },
						    { true, true },
						    { true, true } };
	struct oci_features_linux *l = arena_alloc (a, sizeof *l);

	l->namespaces = oci_name_values (a, oci_namespace_types);
	for (unsigned cap = 0; cap_name (cap); cap++)
		push (a, &l->capabilities, cap_name (cap));
	l->seccomp = seccomp_features (a);
	l->apparmor = supported (a);
	l->selinux = supported (a);
	l->intel_rdt = arena_memdup (a, &rdt, sizeof rdt);
	l->memory_policy = arena_alloc (a, sizeof *l->memory_policy);
	memory_policy_names (a, &l->memory_policy->modes, &l->memory_policy->flags);
	l->mount_extensions = arena_alloc (a, sizeof *l->mount_extensions);
	l->mount_extensions->idmap = supported (a);
	l->net_devices = supported (a);
	return l;
}

void
plan_features (struct arena *a, struct oci_features *f)
{
	*f = (struct oci_features) { .oci_version_min = (char *) "1.0.0",
				     .oci_version_max = (char *) OCI_VERSION };
	for (int i = 0; i < HOOK_PHASES; i++)
		push (a, &f->hooks, hook_phase_names[i]);
	f->mount_options = sorted_mount_options (a);
	f->lnx = linux_features (a);
	for (size_t i = 0; i < ARRAY_SIZE (unsafe_annotations); i++)
		push (a, &f->potentially_unsafe_config_annotations, unsafe_annotations[i]);
}
