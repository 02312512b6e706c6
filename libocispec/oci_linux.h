/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The "linux" object of config.json (config-linux.md). */
#include "libocispec/record.h"

struct oci_id_mapping;

struct oci_namespace {
	uint64_t type; /* CLONE_NEW* */
	char *path;    /* NULL: a new one */
};
struct oci_device {
	char type; /* c, b, u, p */
	char *path;
	opt_i64 major, minor;
	opt_u32 file_mode; /* podman adds the type bits (S_IFCHR …): ignored */
	opt_u32 uid, gid;
};
struct oci_net_device {
	char *host_name; /* the key */
	char *name;
};

struct oci_device_cgroup {
	bool allow;
	char *type, *access;
	opt_i64 major, minor;
};
struct oci_memory {
	opt_i64 limit, reservation, swap, kernel, kernel_tcp;
	opt_u64 swappiness;
	bool disable_oom_killer;
	opt_bool use_hierarchy;
	bool check_before_update;
};
struct oci_cpu {
	char *cpus, *mems;
	opt_u64 shares, period, burst, realtime_period;
	opt_i64 quota, realtime_runtime, idle;
};
struct oci_pids {
	opt_i64 limit;
};
struct oci_weight_device {
	opt_i64 major, minor;
	opt_u16 weight, leaf_weight;
};
struct oci_throttle_device {
	opt_i64 major, minor;
	opt_u64 rate;
};
typedef VEC (struct oci_throttle_device) oci_throttle_vec;
struct oci_block_io {
	opt_u16 weight, leaf_weight;
	VEC (struct oci_weight_device) weight_device;
	oci_throttle_vec read_bps, write_bps, read_iops, write_iops;
};
struct oci_hugepage_limit {
	char *page_size;
	uint64_t limit;
};
struct oci_interface_priority {
	char *name;
	uint32_t priority;
};
struct oci_network {
	opt_u32 class_id;
	VEC (struct oci_interface_priority) priorities;
};
struct oci_rdma {
	char *device; /* the key */
	opt_u32 hca_handles, hca_objects;
};
struct oci_linux_resources {
	kvs unified;
	VEC (struct oci_device_cgroup) devices;
	struct oci_pids *pids;
	struct oci_block_io *block_io;
	struct oci_cpu *cpu;
	struct oci_memory *memory;
	VEC (struct oci_hugepage_limit) hugepage_limits;
	struct oci_network *network;
	VEC (struct oci_rdma) rdma;
};

/* Actions and operators by name order of the specification; the filter compiler maps them. */
enum oci_seccomp_action {
	OCI_ACT_KILL = 1,
	OCI_ACT_KILL_PROCESS,
	OCI_ACT_KILL_THREAD,
	OCI_ACT_TRAP,
	OCI_ACT_ERRNO,
	OCI_ACT_TRACE,
	OCI_ACT_ALLOW,
	OCI_ACT_LOG,
	OCI_ACT_NOTIFY
};
enum oci_seccomp_op {
	OCI_CMP_NE = 1,
	OCI_CMP_LT,
	OCI_CMP_LE,
	OCI_CMP_EQ,
	OCI_CMP_GE,
	OCI_CMP_GT,
	OCI_CMP_MASKED_EQ
};
extern const struct oci_name oci_seccomp_actions[], oci_seccomp_operators[], oci_seccomp_archs[],
	oci_seccomp_flags[];
extern const struct oci_name oci_namespace_types[], oci_propagations[];

struct oci_seccomp_arg {
	uint32_t index; /* 0 to 5 */
	uint64_t value, value_two;
	uint64_t op; /* enum oci_seccomp_op */
};
struct oci_seccomp_syscall {
	strs names;
	uint64_t action;
	opt_u32 errno_ret;
	VEC (struct oci_seccomp_arg) args;
};
struct oci_seccomp {
	uint64_t default_action; /* enum oci_seccomp_action */
	opt_u32 default_errno_ret;
	u64s flags; /* SECCOMP_FILTER_FLAG_*; absent is not the same as [] */
	char *listener_path, *listener_metadata;
	u64s architectures; /* AUDIT_ARCH_* */
	VEC (struct oci_seccomp_syscall) syscalls;
};

struct oci_intel_rdt {
	char *clos_id, *l3_cache_schema, *mem_bw_schema;
	strs schemata;
	bool enable_monitoring;
};
struct oci_memory_policy {
	char *mode, *nodes;
	strs flags;
};
struct oci_personality {
	char *domain;
	strs flags;
};
struct oci_time_offset {
	opt_i64 secs;
	opt_u32 nanosecs; /* below 10^9 */
};
struct oci_time_offsets {
	struct oci_time_offset *monotonic, *boottime;
};

struct oci_linux {
	VEC (struct oci_device) devices;
	VEC (struct oci_net_device) net_devices;
	VEC (struct oci_id_mapping) uid_mappings, gid_mappings;
	VEC (struct oci_namespace) namespaces;
	struct oci_linux_resources *resources;
	char *cgroups_path;
	uint64_t rootfs_propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, with MS_REC
					for the r… forms; 0: absent */
	struct oci_seccomp *seccomp;
	kvs sysctl;
	strs masked_paths, readonly_paths;
	char *mount_label;
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	struct oci_personality *personality;
	struct oci_time_offsets *time_offsets;
};

extern const struct record oci_linux_record, oci_linux_resources_record, oci_seccomp_record,
	oci_device_record;
