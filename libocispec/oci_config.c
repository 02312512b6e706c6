/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "libocispec/oci_config.h"

/* clang-format off */
RECORD (oci_box,
	FIELD_MAX (oci_box, height, "height", REQ, 65535),
	FIELD_MAX (oci_box, width, "width", REQ, 65535));
RECORD (oci_user,
	FIELD (oci_user, uid, "uid", ID),
	FIELD (oci_user, gid, "gid", ID),
	FIELD_MAX (oci_user, umask, "umask", 0, 0777),
	FIELD (oci_user, additional_gids, "additionalGids", ID),
	FIELD (oci_user, username, "username", 0));
RECORD (oci_capabilities,
	FIELD (oci_capabilities, bounding, "bounding", 0),
	FIELD (oci_capabilities, effective, "effective", 0),
	FIELD (oci_capabilities, permitted, "permitted", 0),
	FIELD (oci_capabilities, inheritable, "inheritable", 0),
	FIELD (oci_capabilities, ambient, "ambient", 0));
RECORD (oci_rlimit,
	FIELD (oci_rlimit, type, "type", REQ),
	FIELD (oci_rlimit, soft, "soft", REQ),
	FIELD (oci_rlimit, hard, "hard", REQ));
RECORD (oci_scheduler,
	FIELD (oci_scheduler, policy, "policy", REQ),
	FIELD (oci_scheduler, nice, "nice", 0),
	FIELD (oci_scheduler, priority, "priority", 0),
	FIELD (oci_scheduler, flags, "flags", 0),
	FIELD (oci_scheduler, runtime, "runtime", 0),
	FIELD (oci_scheduler, deadline, "deadline", 0),
	FIELD (oci_scheduler, period, "period", 0));
RECORD (oci_io_priority,
	FIELD (oci_io_priority, class_, "class", REQ),
	FIELD (oci_io_priority, priority, "priority", 0));
RECORD (oci_exec_cpu_affinity,
	FIELD (oci_exec_cpu_affinity, initial, "initial", 0),
	FIELD (oci_exec_cpu_affinity, final, "final", 0));
RECORD (oci_process,
	FIELD (oci_process, terminal, "terminal", 0),
	OBJECT (oci_process, console_size, "consoleSize", oci_box, 0),
	FIELD (oci_process, cwd, "cwd", REQ),
	FIELD (oci_process, env, "env", 0),
	FIELD (oci_process, args, "args", 0),
	FIELD (oci_process, command_line, "commandLine", 0),
	EMBED (oci_process, user, "user", oci_user, 0),
	OBJECT (oci_process, capabilities, "capabilities", oci_capabilities, 0),
	OBJECTS (oci_process, rlimits, "rlimits", oci_rlimit, 0),
	FIELD (oci_process, no_new_privileges, "noNewPrivileges", 0),
	FIELD (oci_process, oom_score_adj, "oomScoreAdj", 0),
	FIELD (oci_process, selinux_label, "selinuxLabel", 0),
	FIELD (oci_process, apparmor_profile, "apparmorProfile", 0),
	OBJECT (oci_process, scheduler, "scheduler", oci_scheduler, 0),
	OBJECT (oci_process, io_priority, "ioPriority", oci_io_priority, 0),
	OBJECT (oci_process, exec_cpu_affinity, "execCPUAffinity", oci_exec_cpu_affinity, 0));

RECORD (oci_root,
	FIELD (oci_root, path, "path", REQ | NONEMPTY),
	FIELD (oci_root, readonly, "readonly", 0));
RECORD (oci_id_mapping,
	FIELD (oci_id_mapping, container_id, "containerID", REQ),
	FIELD (oci_id_mapping, host_id, "hostID", REQ),
	FIELD (oci_id_mapping, size, "size", REQ));
RECORD (oci_mount,
	FIELD (oci_mount, destination, "destination", REQ | NONEMPTY),
	FIELD (oci_mount, type, "type", 0),
	FIELD (oci_mount, source, "source", 0),
	FIELD (oci_mount, options, "options", 0),
	OBJECTS (oci_mount, uid_mappings, "uidMappings", oci_id_mapping, 0),
	OBJECTS (oci_mount, gid_mappings, "gidMappings", oci_id_mapping, 0));

RECORD (oci_hook,
	FIELD (oci_hook, path, "path", REQ | NONEMPTY),
	FIELD (oci_hook, args, "args", 0),
	FIELD (oci_hook, env, "env", 0),
	FIELD_MAX (oci_hook, timeout, "timeout", POSITIVE, INT32_MAX));
RECORD (oci_hooks,
	OBJECTS (oci_hooks, prestart, "prestart", oci_hook, 0),
	OBJECTS (oci_hooks, create_runtime, "createRuntime", oci_hook, 0),
	OBJECTS (oci_hooks, create_container, "createContainer", oci_hook, 0),
	OBJECTS (oci_hooks, start_container, "startContainer", oci_hook, 0),
	OBJECTS (oci_hooks, poststart, "poststart", oci_hook, 0),
	OBJECTS (oci_hooks, poststop, "poststop", oci_hook, 0));

RECORD (oci_config,
	FIELD (oci_config, oci_version, "ociVersion", REQ),
	FIELD (oci_config, hostname, "hostname", 0),
	FIELD (oci_config, domainname, "domainname", 0),
	OBJECT (oci_config, process, "process", oci_process, 0),
	OBJECT (oci_config, root, "root", oci_root, 0),
	OBJECTS (oci_config, mounts, "mounts", oci_mount, 0),
	OBJECT (oci_config, hooks, "hooks", oci_hooks, 0),
	OBJECT (oci_config, lnx, "linux", oci_linux, 0),
	FIELD (oci_config, annotations, "annotations", 0));
/* clang-format on */

#define READ(record) \
	oci_record_read (&record, a, buf, len, report, *ret = arena_alloc (a, sizeof **ret))

int
oci_config_read (struct arena *a, const char *buf, size_t len, struct oci_report *report,
		 struct oci_config **ret)
{
	return READ (oci_config_record);
}

int
oci_process_read (struct arena *a, const char *buf, size_t len, struct oci_report *report,
		  struct oci_process **ret)
{
	return READ (oci_process_record);
}

int
oci_resources_read (struct arena *a, const char *buf, size_t len, struct oci_report *report,
		    struct oci_linux_resources **ret)
{
	return READ (oci_linux_resources_record);
}

const char *
oci_annotation (const kvs *annotations, const char *key)
{
	for (size_t i = 0; i < annotations->n; i++)
		if (strcmp (annotations->v[i].key, key) == 0)
			return annotations->v[i].value;
	return NULL;
}
