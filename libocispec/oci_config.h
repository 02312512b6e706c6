/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * config.json of the OCI runtime specification 1.3 (config.md): what the user wrote, faithfully.
 * Members are named as in JSON, in snake_case; NULL, .set == false or .v == NULL is "absent". Shape
 * and ranges are checked while reading, meaning is not (src/plan).
 */
#include "libocispec/oci_linux.h"
#include "libocispec/record.h"

#define OCI_VERSION "1.3.0" /* of all documents that we write */

struct oci_box {
	opt_u64 height, width;
};
struct oci_user {
	uint32_t uid, gid;
	opt_u32 umask; /* at most 0777 */
	u32s additional_gids;
	char *username; /* Windows */
};
struct oci_capabilities {
	strs bounding, effective, permitted, inheritable, ambient;
};
struct oci_rlimit {
	char *type;
	uint64_t soft, hard;
};
struct oci_scheduler {
	char *policy;
	opt_i32 nice, priority;
	strs flags;
	opt_u64 runtime, deadline, period;
};
struct oci_io_priority {
	char *class_;
	opt_i32 priority;
};
struct oci_exec_cpu_affinity {
	char *initial, *final;
};
struct oci_process {
	bool terminal;
	struct oci_box *console_size;
	char *cwd;
	strs env, args;
	char *command_line; /* Windows */
	struct oci_user user;
	struct oci_capabilities *capabilities;
	VEC (struct oci_rlimit) rlimits;
	opt_bool no_new_privileges;
	opt_i32 oom_score_adj;
	char *selinux_label, *apparmor_profile;
	struct oci_scheduler *scheduler;
	struct oci_io_priority *io_priority;
	struct oci_exec_cpu_affinity *exec_cpu_affinity;
};

struct oci_root {
	char *path;
	bool readonly;
};
struct oci_id_mapping {
	uint32_t container_id, host_id, size;
};
struct oci_mount {
	char *destination, *type, *source;
	strs options;
	VEC (struct oci_id_mapping) uid_mappings, gid_mappings;
};

struct oci_hook {
	char *path;
	strs args, env;
	opt_i64 timeout; /* seconds, at least 1 */
};
typedef VEC (struct oci_hook) oci_hook_vec;
struct oci_hooks {
	oci_hook_vec prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

struct oci_config {
	char *oci_version, *hostname, *domainname;
	struct oci_process *process;
	struct oci_root *root;
	VEC (struct oci_mount) mounts;
	struct oci_hooks *hooks;
	struct oci_linux *lnx; /* "linux" */
	kvs annotations;
};

extern const struct record oci_config_record, oci_process_record, oci_mount_record, oci_hook_record,
	oci_id_mapping_record;

int oci_config_read (struct arena *a, const char *buf, size_t len, struct oci_report *report,
		     struct oci_config **ret);
int oci_process_read (struct arena *a, const char *buf, size_t len, struct oci_report *report,
		      struct oci_process **ret);
int oci_resources_read (struct arena *a, const char *buf, size_t len, struct oci_report *report,
			struct oci_linux_resources **ret);
const char *oci_annotation (const kvs *annotations, const char *key); /* NULL: not there */
