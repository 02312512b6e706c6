/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/audit.h>
#include <linux/elf-em.h>
#include <linux/seccomp.h>

#include "libocispec/oci_config.h"

/* clang-format off */
/* <sched.h> has not all of them everywhere. */
const struct oci_name oci_namespace_types[] = {
	{ "mount", 0x00020000 }, { "pid", 0x20000000 }, { "network", 0x40000000 },
	{ "uts", 0x04000000 }, { "ipc", 0x08000000 },
	{ "user", 0x10000000 }, { "cgroup", 0x02000000 }, { "time", 0x00000080 }, { NULL, 0 }
};

#define REC (1u << 14)			/* MS_REC */
const struct oci_name oci_propagations[] = {
	{ "shared", 1u << 20 }, { "slave", 1u << 19 }, { "private", 1u << 18 }, { "unbindable", 1u << 17 },
	{ "rshared", REC | 1u << 20 }, { "rslave", REC | 1u << 19 }, { "rprivate", REC | 1u << 18 },
	{ "runbindable", REC | 1u << 17 }, { NULL, 0 }
};

const struct oci_name oci_seccomp_actions[] = {
	{ "SCMP_ACT_KILL", OCI_ACT_KILL }, { "SCMP_ACT_KILL_PROCESS", OCI_ACT_KILL_PROCESS }, { "SCMP_ACT_KILL_THREAD", OCI_ACT_KILL_THREAD },
	{ "SCMP_ACT_TRAP", OCI_ACT_TRAP }, { "SCMP_ACT_ERRNO", OCI_ACT_ERRNO }, { "SCMP_ACT_TRACE", OCI_ACT_TRACE },
	{ "SCMP_ACT_ALLOW", OCI_ACT_ALLOW }, { "SCMP_ACT_LOG", OCI_ACT_LOG }, { "SCMP_ACT_NOTIFY", OCI_ACT_NOTIFY }, { NULL, 0 }
};
const struct oci_name oci_seccomp_operators[] = {
	{ "SCMP_CMP_NE", OCI_CMP_NE }, { "SCMP_CMP_LT", OCI_CMP_LT }, { "SCMP_CMP_LE", OCI_CMP_LE }, { "SCMP_CMP_EQ", OCI_CMP_EQ },
	{ "SCMP_CMP_GE", OCI_CMP_GE }, { "SCMP_CMP_GT", OCI_CMP_GT }, { "SCMP_CMP_MASKED_EQ", OCI_CMP_MASKED_EQ }, { NULL, 0 }
};

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif
#ifndef EM_RISCV
#define EM_RISCV 243
#endif
#define LE64 (__AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#define N32 0x20000000			/* __AUDIT_ARCH_CONVENTION_MIPS64_N32 */
/* x32 shares AUDIT_ARCH_X86_64; EM_X86_64 | LE is libseccomp's pseudo number. */
const struct oci_name oci_seccomp_archs[] = {
	{ "SCMP_ARCH_X86", EM_386 | __AUDIT_ARCH_LE }, { "SCMP_ARCH_X86_64", EM_X86_64 | LE64 },
	{ "SCMP_ARCH_X32", EM_X86_64 | __AUDIT_ARCH_LE },
	{ "SCMP_ARCH_ARM", EM_ARM | __AUDIT_ARCH_LE }, { "SCMP_ARCH_AARCH64", EM_AARCH64 | LE64 },
	{ "SCMP_ARCH_LOONGARCH64", EM_LOONGARCH | LE64 }, { "SCMP_ARCH_M68K", EM_68K },
	{ "SCMP_ARCH_MIPS", EM_MIPS }, { "SCMP_ARCH_MIPS64", EM_MIPS | __AUDIT_ARCH_64BIT },
	{ "SCMP_ARCH_MIPS64N32", EM_MIPS | __AUDIT_ARCH_64BIT | N32 }, { "SCMP_ARCH_MIPSEL", EM_MIPS | __AUDIT_ARCH_LE },
	{ "SCMP_ARCH_MIPSEL64", EM_MIPS | LE64 }, { "SCMP_ARCH_MIPSEL64N32", EM_MIPS | LE64 | N32 },
	{ "SCMP_ARCH_PPC", EM_PPC }, { "SCMP_ARCH_PPC64", EM_PPC64 | __AUDIT_ARCH_64BIT }, { "SCMP_ARCH_PPC64LE", EM_PPC64 | LE64 },
	{ "SCMP_ARCH_S390", EM_S390 }, { "SCMP_ARCH_S390X", EM_S390 | __AUDIT_ARCH_64BIT },
	{ "SCMP_ARCH_SH", EM_SH | __AUDIT_ARCH_LE }, { "SCMP_ARCH_SHEB", EM_SH },
	{ "SCMP_ARCH_PARISC", EM_PARISC }, { "SCMP_ARCH_PARISC64", EM_PARISC | __AUDIT_ARCH_64BIT },
	{ "SCMP_ARCH_RISCV64", EM_RISCV | LE64 }, { NULL, 0 }
};

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
const struct oci_name oci_seccomp_flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC }, { "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV }, { NULL, 0 }
};

RECORD (oci_namespace,
	ENUM (oci_namespace, type, "type", oci_namespace_types, REQ),
	FIELD (oci_namespace, path, "path", 0));
RECORD (oci_device,
	LETTER (oci_device, type, "type", "cbup", REQ),
	FIELD (oci_device, path, "path", REQ | NONEMPTY),
	FIELD (oci_device, major, "major", 0),
	FIELD (oci_device, minor, "minor", 0),
	FIELD_MAX (oci_device, file_mode, "fileMode", 0, 0177777),
	FIELD (oci_device, uid, "uid", ID),
	FIELD (oci_device, gid, "gid", ID));
RECORD (oci_net_device,
	FIELD (oci_net_device, name, "name", 0));

RECORD (oci_device_cgroup,
	FIELD (oci_device_cgroup, allow, "allow", REQ),
	FIELD (oci_device_cgroup, type, "type", 0),
	FIELD (oci_device_cgroup, major, "major", 0),
	FIELD (oci_device_cgroup, minor, "minor", 0),
	FIELD (oci_device_cgroup, access, "access", 0));
RECORD (oci_memory,
	FIELD (oci_memory, limit, "limit", MINUS1),
	FIELD (oci_memory, reservation, "reservation", MINUS1),
	FIELD (oci_memory, swap, "swap", MINUS1),
	FIELD (oci_memory, kernel, "kernel", MINUS1),
	FIELD (oci_memory, kernel_tcp, "kernelTCP", MINUS1),
	FIELD_MAX (oci_memory, swappiness, "swappiness", 0, 100),
	FIELD (oci_memory, disable_oom_killer, "disableOOMKiller", 0),
	FIELD (oci_memory, use_hierarchy, "useHierarchy", 0),
	FIELD (oci_memory, check_before_update, "checkBeforeUpdate", 0));
RECORD (oci_cpu,
	FIELD (oci_cpu, cpus, "cpus", 0),
	FIELD (oci_cpu, mems, "mems", 0),
	FIELD (oci_cpu, shares, "shares", 0),
	FIELD (oci_cpu, period, "period", 0),
	FIELD (oci_cpu, quota, "quota", MINUS1),
	FIELD (oci_cpu, burst, "burst", 0),
	FIELD (oci_cpu, realtime_period, "realtimePeriod", 0),
	FIELD (oci_cpu, realtime_runtime, "realtimeRuntime", 0),
	FIELD_MAX (oci_cpu, idle, "idle", 0, 1));
RECORD (oci_pids,
	FIELD (oci_pids, limit, "limit", 0));
RECORD (oci_weight_device,
	FIELD (oci_weight_device, major, "major", REQ),
	FIELD (oci_weight_device, minor, "minor", REQ),
	FIELD_MAX (oci_weight_device, weight, "weight", 0, 1000),
	FIELD_MAX (oci_weight_device, leaf_weight, "leafWeight", 0, 1000));
RECORD (oci_throttle_device,
	FIELD (oci_throttle_device, major, "major", REQ),
	FIELD (oci_throttle_device, minor, "minor", REQ),
	FIELD (oci_throttle_device, rate, "rate", 0));
RECORD (oci_block_io,
	FIELD_MAX (oci_block_io, weight, "weight", 0, 1000),
	FIELD_MAX (oci_block_io, leaf_weight, "leafWeight", 0, 1000),
	OBJECTS (oci_block_io, weight_device, "weightDevice", oci_weight_device, 0),
	OBJECTS (oci_block_io, read_bps, "throttleReadBpsDevice", oci_throttle_device, 0),
	OBJECTS (oci_block_io, write_bps, "throttleWriteBpsDevice", oci_throttle_device, 0),
	OBJECTS (oci_block_io, read_iops, "throttleReadIOPSDevice", oci_throttle_device, 0),
	OBJECTS (oci_block_io, write_iops, "throttleWriteIOPSDevice", oci_throttle_device, 0));
RECORD (oci_hugepage_limit,
	FIELD (oci_hugepage_limit, page_size, "pageSize", REQ),
	FIELD (oci_hugepage_limit, limit, "limit", REQ));
RECORD (oci_interface_priority,
	FIELD (oci_interface_priority, name, "name", REQ | NONEMPTY),
	FIELD (oci_interface_priority, priority, "priority", REQ));
RECORD (oci_network,
	FIELD (oci_network, class_id, "classID", 0),
	OBJECTS (oci_network, priorities, "priorities", oci_interface_priority, 0));
RECORD (oci_rdma,
	FIELD (oci_rdma, hca_handles, "hcaHandles", 0),
	FIELD (oci_rdma, hca_objects, "hcaObjects", 0));
RECORD (oci_linux_resources,
	FIELD (oci_linux_resources, unified, "unified", 0),
	OBJECTS (oci_linux_resources, devices, "devices", oci_device_cgroup, 0),
	OBJECT (oci_linux_resources, pids, "pids", oci_pids, 0),
	OBJECT (oci_linux_resources, block_io, "blockIO", oci_block_io, 0),
	OBJECT (oci_linux_resources, cpu, "cpu", oci_cpu, 0),
	OBJECT (oci_linux_resources, memory, "memory", oci_memory, 0),
	OBJECTS (oci_linux_resources, hugepage_limits, "hugepageLimits", oci_hugepage_limit, 0),
	OBJECT (oci_linux_resources, network, "network", oci_network, 0),
	OBJMAP (oci_linux_resources, rdma, "rdma", oci_rdma, 0));

RECORD (oci_seccomp_arg,
	FIELD_MAX (oci_seccomp_arg, index, "index", REQ, 5),
	FIELD (oci_seccomp_arg, value, "value", REQ),
	FIELD (oci_seccomp_arg, value_two, "valueTwo", 0),
	ENUM (oci_seccomp_arg, op, "op", oci_seccomp_operators, REQ));
RECORD (oci_seccomp_syscall,
	FIELD (oci_seccomp_syscall, names, "names", REQ | NONEMPTY),
	ENUM (oci_seccomp_syscall, action, "action", oci_seccomp_actions, REQ),
	FIELD_MAX (oci_seccomp_syscall, errno_ret, "errnoRet", 0, 65535),
	OBJECTS (oci_seccomp_syscall, args, "args", oci_seccomp_arg, 0));
RECORD (oci_seccomp,
	ENUM (oci_seccomp, default_action, "defaultAction", oci_seccomp_actions, REQ),
	FIELD_MAX (oci_seccomp, default_errno_ret, "defaultErrnoRet", 0, 65535),
	ENUMS (oci_seccomp, flags, "flags", oci_seccomp_flags, 0),
	FIELD (oci_seccomp, listener_path, "listenerPath", 0),
	FIELD (oci_seccomp, listener_metadata, "listenerMetadata", 0),
	ENUMS (oci_seccomp, architectures, "architectures", oci_seccomp_archs, 0),
	OBJECTS (oci_seccomp, syscalls, "syscalls", oci_seccomp_syscall, 0));

RECORD (oci_intel_rdt,
	FIELD (oci_intel_rdt, clos_id, "closID", 0),
	FIELD (oci_intel_rdt, schemata, "schemata", 0),
	FIELD (oci_intel_rdt, l3_cache_schema, "l3CacheSchema", 0),
	FIELD (oci_intel_rdt, mem_bw_schema, "memBwSchema", 0),
	FIELD (oci_intel_rdt, enable_monitoring, "enableMonitoring", 0));
RECORD (oci_memory_policy,
	FIELD (oci_memory_policy, mode, "mode", REQ),
	FIELD (oci_memory_policy, nodes, "nodes", 0),
	FIELD (oci_memory_policy, flags, "flags", 0));
RECORD (oci_personality,
	FIELD (oci_personality, domain, "domain", REQ),
	FIELD (oci_personality, flags, "flags", 0));
RECORD (oci_time_offset,
	FIELD (oci_time_offset, secs, "secs", 0),
	FIELD_MAX (oci_time_offset, nanosecs, "nanosecs", 0, 999999999));
RECORD (oci_time_offsets,
	OBJECT (oci_time_offsets, monotonic, "monotonic", oci_time_offset, 0),
	OBJECT (oci_time_offsets, boottime, "boottime", oci_time_offset, 0));

RECORD (oci_linux,
	OBJECTS (oci_linux, devices, "devices", oci_device, 0),
	OBJMAP (oci_linux, net_devices, "netDevices", oci_net_device, 0),
	OBJECTS (oci_linux, uid_mappings, "uidMappings", oci_id_mapping, 0),
	OBJECTS (oci_linux, gid_mappings, "gidMappings", oci_id_mapping, 0),
	OBJECTS (oci_linux, namespaces, "namespaces", oci_namespace, 0),
	OBJECT (oci_linux, resources, "resources", oci_linux_resources, 0),
	FIELD (oci_linux, cgroups_path, "cgroupsPath", 0),
	ENUM (oci_linux, rootfs_propagation, "rootfsPropagation", oci_propagations, 0),
	OBJECT (oci_linux, seccomp, "seccomp", oci_seccomp, 0),
	FIELD (oci_linux, sysctl, "sysctl", 0),
	FIELD (oci_linux, masked_paths, "maskedPaths", 0),
	FIELD (oci_linux, readonly_paths, "readonlyPaths", 0),
	FIELD (oci_linux, mount_label, "mountLabel", 0),
	OBJECT (oci_linux, intel_rdt, "intelRdt", oci_intel_rdt, 0),
	OBJECT (oci_linux, memory_policy, "memoryPolicy", oci_memory_policy, 0),
	OBJECT (oci_linux, personality, "personality", oci_personality, 0),
	OBJECT (oci_linux, time_offsets, "timeOffsets", oci_time_offsets, 0));
/* clang-format on */
