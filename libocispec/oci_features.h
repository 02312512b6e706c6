/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a runtime can do (features.md, features-linux.md): the document that `features` prints and
 * engines read. A bool that is not set means "unknown"; false means that support was left out or
 * the kernel lacks it for good.
 */
#include "libocispec/record.h"

struct oci_features_cgroup {
	opt_bool v1, v2, systemd, systemd_user, rdma;
};
struct oci_features_seccomp {
	opt_bool enabled;
	u64s actions;	/* enum oci_seccomp_action */
	u64s operators; /* enum oci_seccomp_op */
	u64s archs;	/* AUDIT_ARCH_* */
	u64s known_flags,
		supported_flags; /* SECCOMP_FILTER_FLAG_*: of this program; of the kernel too */
};
struct oci_features_enabled {
	opt_bool enabled;
};
struct oci_features_intel_rdt {
	opt_bool enabled, schemata, monitoring;
};
struct oci_features_memory_policy {
	strs modes, flags;
};
struct oci_features_mount_extensions {
	struct oci_features_enabled *idmap;
};
struct oci_features_linux {
	u64s namespaces; /* CLONE_NEW* */
	strs capabilities;
	struct oci_features_cgroup *cgroup;
	struct oci_features_seccomp *seccomp;
	struct oci_features_enabled *apparmor, *selinux;
	struct oci_features_intel_rdt *intel_rdt;
	struct oci_features_memory_policy *memory_policy;
	struct oci_features_mount_extensions *mount_extensions;
	struct oci_features_enabled *net_devices;
};
struct oci_features {
	char *oci_version_min, *oci_version_max;
	strs hooks, mount_options;
	struct oci_features_linux *lnx; /* "linux" */
	kvs annotations;
	strs potentially_unsafe_config_annotations;
};
extern const struct record oci_features_record;
