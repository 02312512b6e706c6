/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libocispec/oci_features.h"
#include "libocispec/oci_linux.h"

/* clang-format off */
RECORD (oci_features_cgroup,
	FIELD (oci_features_cgroup, v1, "v1", 0),
	FIELD (oci_features_cgroup, v2, "v2", 0),
	FIELD (oci_features_cgroup, systemd, "systemd", 0),
	FIELD (oci_features_cgroup, systemd_user, "systemdUser", 0),
	FIELD (oci_features_cgroup, rdma, "rdma", 0));
RECORD (oci_features_seccomp,
	FIELD (oci_features_seccomp, enabled, "enabled", 0),
	ENUMS (oci_features_seccomp, actions, "actions", oci_seccomp_actions, 0),
	ENUMS (oci_features_seccomp, operators, "operators", oci_seccomp_operators, 0),
	ENUMS (oci_features_seccomp, archs, "archs", oci_seccomp_archs, 0),
	ENUMS (oci_features_seccomp, known_flags, "knownFlags", oci_seccomp_flags, 0),
	ENUMS (oci_features_seccomp, supported_flags, "supportedFlags", oci_seccomp_flags, 0));
RECORD (oci_features_enabled,
	FIELD (oci_features_enabled, enabled, "enabled", 0));
RECORD (oci_features_intel_rdt,
	FIELD (oci_features_intel_rdt, enabled, "enabled", 0),
	FIELD (oci_features_intel_rdt, schemata, "schemata", 0),
	FIELD (oci_features_intel_rdt, monitoring, "monitoring", 0));
RECORD (oci_features_memory_policy,
	FIELD (oci_features_memory_policy, modes, "modes", 0),
	FIELD (oci_features_memory_policy, flags, "flags", 0));
RECORD (oci_features_mount_extensions,
	OBJECT (oci_features_mount_extensions, idmap, "idmap", oci_features_enabled, 0));
RECORD (oci_features_linux,
	ENUMS (oci_features_linux, namespaces, "namespaces", oci_namespace_types, 0),
	FIELD (oci_features_linux, capabilities, "capabilities", 0),
	OBJECT (oci_features_linux, cgroup, "cgroup", oci_features_cgroup, 0),
	OBJECT (oci_features_linux, seccomp, "seccomp", oci_features_seccomp, 0),
	OBJECT (oci_features_linux, apparmor, "apparmor", oci_features_enabled, 0),
	OBJECT (oci_features_linux, selinux, "selinux", oci_features_enabled, 0),
	OBJECT (oci_features_linux, intel_rdt, "intelRdt", oci_features_intel_rdt, 0),
	OBJECT (oci_features_linux, memory_policy, "memoryPolicy", oci_features_memory_policy, 0),
	OBJECT (oci_features_linux, mount_extensions, "mountExtensions", oci_features_mount_extensions, 0),
	OBJECT (oci_features_linux, net_devices, "netDevices", oci_features_enabled, 0));
RECORD (oci_features,
	FIELD (oci_features, oci_version_min, "ociVersionMin", REQ),
	FIELD (oci_features, oci_version_max, "ociVersionMax", REQ),
	FIELD (oci_features, hooks, "hooks", 0),
	FIELD (oci_features, mount_options, "mountOptions", 0),
	OBJECT (oci_features, lnx, "linux", oci_features_linux, 0),
	FIELD (oci_features, annotations, "annotations", 0),
	FIELD (oci_features, potentially_unsafe_config_annotations, "potentiallyUnsafeConfigAnnotations", 0));
/* clang-format on */
