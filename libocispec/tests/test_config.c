/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.json: what the tables say about it beyond the engine. */
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mount.h>

#include "libocispec/oci_features.h"
#include "libocispec/oci_state.h"
#include "reading.h"

/* A config.json with the given members added to an object of it; "" or the errors, without the
 * place. */
static const char *
inside (const char *open, const char *members, const char *close)
{
	const char *text = arena_printf (&test_arena, "{\"ociVersion\": \"1.3.0\", %s%s%s}", open,
					 members, close);
	const char *errors = errors_of (&oci_config_record, text);

	return *errors ? strstr (errors, ": ") + 2 : "";
}
#define IN_PROCESS(m)	inside ("\"process\": {\"cwd\": \"/\", ", m, "}")
#define IN_LINUX(m)	inside ("\"linux\": {", m, "}")
#define IN_RESOURCES(m) inside ("\"linux\": {\"resources\": {", m, "}}")
#define IN_SECCOMP(m) \
	inside ("\"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", ", m, "}}")

static struct oci_config *
config (const char *text)
{
	struct oci_report r;
	struct oci_config *c;

	oci_report_init (&r, &test_arena, "f", text, strlen (text));
	EQ (oci_config_read (&test_arena, text, strlen (text), &r, &c), 0);
	STREQ (oci_report_text (&r), "");
	return c;
}

TEST (the_smallest)
{
	struct oci_config *c = config ("{\"ociVersion\": \"1.3.0\"}");

	STREQ (c->oci_version, "1.3.0");
	OK (!c->process && !c->root && !c->lnx && !c->hooks && !c->mounts.v && !c->annotations.v &&
	    !c->hostname);
	STREQ (errors_of (&oci_config_record, "{}"), "f:1:1: ociVersion: required, but missing");
}

TEST (typical)
{
	struct oci_config *c = config (
		"{\"ociVersion\": \"1.0.2-dev\", \"process\": {\"terminal\": true, \"user\": {\"uid\": 1000, \"gid\": 7, \"umask\": 18,"
		"\"additionalGids\": [5, 6]}, \"args\": [\"sh\", \"-c\", \"true\"], \"env\": [\"A=1\"], \"cwd\": \"/tmp\","
		"\"capabilities\": {\"bounding\": [\"CAP_KILL\"], \"ambient\": []}, \"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"hard\": 2, \"soft\": 1}],"
		"\"noNewPrivileges\": false, \"oomScoreAdj\": -500}, \"root\": {\"path\": \"rootfs\", \"readonly\": true}, \"hostname\": \"h\","
		"\"mounts\": [{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\", \"options\": [\"ro\"]}],"
		"\"linux\": {\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\", \"path\": \"/n\"}], \"maskedPaths\": [],"
		"\"resources\": {\"memory\": {\"limit\": -1}, \"unified\": {\"memory.high\": \"1\"}}, \"rootfsPropagation\": \"rslave\","
		"\"netDevices\": {\"eth0\": {\"name\": \"e\"}}}, \"annotations\": {\"a\": \"b\"}}");
	struct oci_process *p = c->process;

	OK (p->terminal && p->user.uid == 1000 && p->user.umask.set && p->user.umask.v == 022 &&
	    p->user.additional_gids.n == 2);
	STREQ (p->args.v[2], "true");
	OK (p->capabilities->bounding.n == 1 && p->capabilities->ambient.v &&
	    !p->capabilities->effective.v);
	OK (p->rlimits.n == 1 && p->rlimits.v[0].soft == 1 && p->rlimits.v[0].hard == 2);
	OK (p->no_new_privileges.set && !p->no_new_privileges.v && p->oom_score_adj.v == -500);
	OK (c->root->readonly && c->mounts.n == 1);
	OK (c->lnx->namespaces.v[0].type == 0x20000000 &&
	    c->lnx->namespaces.v[1].type == 0x40000000);
	STREQ (c->lnx->namespaces.v[1].path, "/n");
	OK (c->lnx->masked_paths.v && c->lnx->masked_paths.n == 0 && !c->lnx->readonly_paths.v);
	EQ (c->lnx->rootfs_propagation, MS_SLAVE | MS_REC);
	EQ (c->lnx->resources->memory->limit.v, -1);
	STREQ (c->lnx->net_devices.v[0].host_name, "eth0");
	STREQ (c->lnx->net_devices.v[0].name, "e");
	STREQ (oci_annotation (&c->annotations, "a"), "b");
}

TEST (ids)
{
	STREQ (IN_PROCESS ("\"user\": {\"uid\": 4294967294, \"gid\": 0}"), "");
	STREQ (IN_PROCESS ("\"user\": {\"uid\": 4294967295}"),
	       "process.user.uid: 4294967295 is out of range: 0 to 4294967294");
	STREQ (IN_PROCESS ("\"user\": {\"gid\": 4294967296}"),
	       "process.user.gid: 4294967296 is out of range: 0 to 4294967294");
	STREQ (IN_PROCESS ("\"user\": {\"uid\": -1}"),
	       "process.user.uid: -1 is out of range: 0 to 4294967294");
	STREQ (IN_PROCESS ("\"user\": {\"uid\": \"1000\"}"),
	       "process.user.uid: expected an unsigned integer, got string \"1000\"");
	STREQ (IN_PROCESS ("\"user\": {\"additionalGids\": [1, 4294967295]}"),
	       "process.user.additionalGids[1]: 4294967295 is out of range: 0 to 4294967294");
	STREQ (IN_PROCESS ("\"user\": {\"umask\": 512}"),
	       "process.user.umask: 512 is out of range: 0 to 511");
	STREQ (IN_PROCESS ("\"user\": \"root\""),
	       "process.user: expected an object, got string \"root\"");
}

TEST (protections_of_a_wrong_type_are_not_dropped)
{
	STREQ (inside ("", "\"root\": {\"path\": \"r\", \"readonly\": \"true\"}", ""),
	       "root.readonly: expected true or false, got string \"true\"");
	STREQ (IN_PROCESS ("\"noNewPrivileges\": \"true\""),
	       "process.noNewPrivileges: expected true or false, got string \"true\"");
	STREQ (IN_LINUX ("\"seccomp\": \"x\""),
	       "linux.seccomp: expected an object, got string \"x\"");
	STREQ (IN_LINUX ("\"maskedPaths\": \"/proc/kcore\""),
	       "linux.maskedPaths: expected an array, got string \"/proc/kcore\"");
	STREQ (IN_RESOURCES ("\"memory\": {\"limit\": \"512M\"}"),
	       "linux.resources.memory.limit: expected an integer, got string \"512M\"");
	STREQ (IN_PROCESS ("\"capabilities\": [\"CAP_KILL\"]"),
	       "process.capabilities: expected an object, got an array");
}

TEST (rlimits)
{
	STREQ (IN_PROCESS (
		       "\"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": 0, \"hard\": 18446744073709551615}]"),
	       "");
	STREQ (IN_PROCESS ("\"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": -1, \"hard\": 0}]"),
	       "process.rlimits[0].soft: -1 is out of range: 0 to 18446744073709551615");
	STREQ (IN_PROCESS ("\"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": 1}]"),
	       "process.rlimits[0].hard: required, but missing");
}

TEST (console_size)
{
	STREQ (IN_PROCESS ("\"consoleSize\": {\"height\": 25, \"width\": 80}"), "");
	STREQ (IN_PROCESS ("\"consoleSize\": {\"height\": 70000, \"width\": 80}"),
	       "process.consoleSize.height: 70000 is out of range: 0 to 65535");
	STREQ (IN_PROCESS ("\"consoleSize\": {\"height\": 25}"),
	       "process.consoleSize.width: required, but missing");
}

TEST (paths_that_must_be_something)
{
	STREQ (inside ("", "\"root\": {\"path\": \"\"}", ""), "root.path: must not be empty");
	STREQ (inside ("", "\"root\": {}", ""), "root.path: required, but missing");
	STREQ (inside ("", "\"mounts\": [{\"destination\": \"\"}]", ""),
	       "mounts[0].destination: must not be empty");
	STREQ (inside ("", "\"mounts\": [{\"type\": \"tmpfs\"}]", ""),
	       "mounts[0].destination: required, but missing");
	STREQ (inside ("", "\"hooks\": {\"poststop\": [{\"path\": \"\"}]}", ""),
	       "hooks.poststop[0].path: must not be empty");
}

TEST (hooks)
{
	STREQ (inside ("\"hooks\": {\"prestart\": [{\"path\": \"/h\", ",
		       "\"timeout\": 1, \"args\": [], \"env\": [\"A=b\"]", "}]}"),
	       "");
	STREQ (inside ("\"hooks\": {\"prestart\": [{\"path\": \"/h\", ", "\"timeout\": 0", "}]}"),
	       "hooks.prestart[0].timeout: 0 is out of range: 1 to 2147483647");
	STREQ (inside ("\"hooks\": {\"prestart\": [{\"path\": \"/h\", ", "\"timeout\": -3", "}]}"),
	       "hooks.prestart[0].timeout: -3 is out of range: 1 to 2147483647");
	STREQ (inside ("", "\"hooks\": {\"createRuntime\": {}}", ""),
	       "hooks.createRuntime: expected an array, got an object");
}

TEST (devices)
{
	STREQ (IN_LINUX (
		       "\"devices\": [{\"type\": \"p\", \"path\": \"/dev/x\", \"fileMode\": 8630, \"uid\": 0, \"major\": 1}]"),
	       "");
	STREQ (IN_LINUX ("\"devices\": [{\"type\": \"x\", \"path\": \"/dev/x\"}]"),
	       "linux.devices[0].type: unknown value \"x\"; it is one of the letters cbup");
	STREQ (IN_LINUX ("\"devices\": [{\"type\": \"c\"}]"),
	       "linux.devices[0].path: required, but missing");
	STREQ (IN_LINUX ("\"devices\": [{\"type\": \"c\", \"path\": \"/x\", \"fileMode\": 99999}]"),
	       "linux.devices[0].fileMode: 99999 is out of range: 0 to 65535");
	STREQ (IN_LINUX ("\"devices\": [{\"type\": \"c\", \"path\": \"/x\", \"uid\": 4294967295}]"),
	       "linux.devices[0].uid: 4294967295 is out of range: 0 to 4294967294");
}

TEST (namespaces)
{
	CONTAINS (IN_LINUX ("\"namespaces\": [{\"type\": \"netwrk\"}]"),
		  "linux.namespaces[0].type: unknown value \"netwrk\"; did you mean network?");
	STREQ (IN_LINUX ("\"namespaces\": [\"pid\"]"),
	       "linux.namespaces[0]: expected an object, got string \"pid\"");
	STREQ (IN_LINUX ("\"namespaces\": [{\"path\": \"/x\"}]"),
	       "linux.namespaces[0].type: required, but missing");
}

TEST (propagation)
{
	EQ (config ("{\"ociVersion\": \"1\", \"linux\": {\"rootfsPropagation\": \"shared\"}}")
		    ->lnx->rootfs_propagation,
	    MS_SHARED);
	EQ (config ("{\"ociVersion\": \"1\", \"linux\": {\"rootfsPropagation\": \"runbindable\"}}")
		    ->lnx->rootfs_propagation,
	    MS_UNBINDABLE | MS_REC);
	EQ (config ("{\"ociVersion\": \"1\", \"linux\": {\"rootfsPropagation\": \"\"}}")
		    ->lnx->rootfs_propagation,
	    0);
	CONTAINS (
		IN_LINUX ("\"rootfsPropagation\": \"bogus\""),
		"linux.rootfsPropagation: unknown value \"bogus\"; allowed are shared, slave, private");
}

TEST (memory)
{
	STREQ (IN_RESOURCES (
		       "\"memory\": {\"limit\": 9223372036854775807, \"swap\": -1, \"swappiness\": 100}"),
	       "");
	CONTAINS (IN_RESOURCES ("\"memory\": {\"limit\": 9223372036854775808}"),
		  "linux.resources.memory.limit: 9223372036854775808 is out of range: -1 to");
	CONTAINS (IN_RESOURCES ("\"memory\": {\"swap\": -2}"),
		  "linux.resources.memory.swap: -2 is out of range: -1 to");
	STREQ (IN_RESOURCES ("\"memory\": {\"swappiness\": 101}"),
	       "linux.resources.memory.swappiness: 101 is out of range: 0 to 100");
}

TEST (other_resources)
{
	STREQ (IN_RESOURCES (
		       "\"pids\": {\"limit\": -1}, \"cpu\": {\"quota\": -1, \"idle\": 1, \"realtimeRuntime\": 0}"),
	       "");
	CONTAINS (IN_RESOURCES ("\"cpu\": {\"shares\": -1}"),
		  "linux.resources.cpu.shares: -1 is out of range");
	CONTAINS (IN_RESOURCES ("\"blockIO\": {\"weight\": 1001}"),
		  "linux.resources.blockIO.weight: 1001 is out of range: 0 to 1000");
	CONTAINS (IN_RESOURCES ("\"blockIO\": {\"weightDevice\": [{\"major\": 8}]}"),
		  "linux.resources.blockIO.weightDevice[0].minor: required, but missing");
	CONTAINS (IN_RESOURCES ("\"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": -1}]"),
		  "linux.resources.hugepageLimits[0].limit: -1 is out of range");
	CONTAINS (IN_RESOURCES ("\"devices\": [{\"access\": \"r\"}]"),
		  "linux.resources.devices[0].allow: required, but missing");
	CONTAINS (IN_RESOURCES ("\"unified\": {\"memory.high\": 5}"),
		  "linux.resources.unified.memory.high: expected a string, got number 5");
	CONTAINS (IN_RESOURCES ("\"rdma\": {\"mlx5\": {\"hcaHandles\": -1}}"),
		  "linux.resources.rdma.mlx5.hcaHandles: -1 is out of range");
}

TEST (seccomp)
{
	struct oci_seccomp *s =
		config ("{\"ociVersion\": \"1.3.0\", \"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38,"
			"\"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_AARCH64\"], \"flags\": [], \"syscalls\": [{\"names\": [\"clone\"],"
			"\"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 2114060288, \"valueTwo\": 1, \"op\": \"SCMP_CMP_MASKED_EQ\"}]}]}}}")
			->lnx->seccomp;

	OK (s->default_action == OCI_ACT_ERRNO && s->default_errno_ret.v == 38 && s->flags.v &&
	    s->flags.n == 0);
	OK (s->architectures.v[0] == AUDIT_ARCH_X86_64 &&
	    s->architectures.v[1] == AUDIT_ARCH_AARCH64);
	OK (s->syscalls.v[0].action == OCI_ACT_ALLOW &&
	    s->syscalls.v[0].args.v[0].op == OCI_CMP_MASKED_EQ &&
	    s->syscalls.v[0].args.v[0].value_two == 1);
	s = config ("{\"ociVersion\": \"1.3.0\", \"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_LOG\", \"flags\": null}}}")
		    ->lnx->seccomp;
	OK (!s->flags.v && s->default_action == OCI_ACT_LOG);
}

TEST (bad_seccomp)
{
	STREQ (IN_LINUX ("\"seccomp\": {}"), "linux.seccomp.defaultAction: required, but missing");
	CONTAINS (IN_LINUX ("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ALOW\"}"),
		  "did you mean SCMP_ACT_ALLOW?");
	STREQ (IN_SECCOMP ("\"architectures\": [\"SCMP_ARCH_X86-64\"]"),
	       "linux.seccomp.architectures[0]: unknown value \"SCMP_ARCH_X86-64\"; did you mean SCMP_ARCH_X86_64?");
	CONTAINS (IN_SECCOMP ("\"flags\": [\"SECCOMP_FILTER_FLAG_NEW_LISTENER\"]"),
		  "linux.seccomp.flags[0]: unknown value");
	STREQ (IN_SECCOMP ("\"syscalls\": [{\"names\": [], \"action\": \"SCMP_ACT_KILL\"}]"),
	       "linux.seccomp.syscalls[0].names: must not be empty");
	STREQ (IN_SECCOMP ("\"syscalls\": [{\"action\": \"SCMP_ACT_KILL\"}]"),
	       "linux.seccomp.syscalls[0].names: required, but missing");
	CONTAINS (
		IN_SECCOMP (
			"\"syscalls\": [{\"names\": [\"x\"], \"action\": \"SCMP_ACT_KILL\", \"args\": [{\"index\": 6, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}]}]"),
		"linux.seccomp.syscalls[0].args[0].index: 6 is out of range: 0 to 5");
	CONTAINS (
		IN_SECCOMP (
			"\"syscalls\": [{\"names\": [\"x\"], \"action\": \"SCMP_ACT_KILL\", \"args\": [{\"index\": 0, \"value\": 0, \"op\": \"==\"}]}]"),
		"linux.seccomp.syscalls[0].args[0].op: unknown value \"==\"; allowed are SCMP_CMP_NE, ");
}

TEST (time_offsets)
{
	STREQ (IN_LINUX (
		       "\"timeOffsets\": {\"monotonic\": {\"secs\": -5, \"nanosecs\": 999999999}, \"boottime\": {}}"),
	       "");
	STREQ (IN_LINUX ("\"timeOffsets\": {\"boottime\": {\"nanosecs\": 1000000000}}"),
	       "linux.timeOffsets.boottime.nanosecs: 1000000000 is out of range: 0 to 999999999");
}

TEST (other_platforms_are_ignored)
{
	STREQ (inside ("",
		       "\"windows\": {\"layerFolders\": 5}, \"vm\": [], \"solaris\": null, \"zos\": 1, \"freebsd\": \"x\"",
		       ""),
	       "");
}

TEST (annotations)
{
	STREQ (inside ("", "\"annotations\": {\"a\": 5}", ""),
	       "annotations.a: expected a string, got number 5");
	STREQ (inside ("", "\"annotations\": {\"\": \"x\"}", ""),
	       "annotations.: a key must not be empty");
	STREQ (inside ("", "\"annotations\": {\"a\": \"\"}", ""), "");
}

TEST (bare_process_and_resources)
{
	static const char process[] = "{\"cwd\": \"/\", \"args\": [\"x\"]}",
			  resources[] = "{\"pids\": {\"limit\": 5}}";
	struct oci_linux_resources *res;
	struct oci_process *p;
	struct oci_report r;

	oci_report_init (&r, &test_arena, "f", process, strlen (process));
	EQ (oci_process_read (&test_arena, process, strlen (process), &r, &p), 0);
	STREQ (p->args.v[0], "x");
	EQ (oci_resources_read (&test_arena, resources, strlen (resources), &r, &res), 0);
	EQ (res->pids->limit.v, 5);
	EQ (oci_resources_read (&test_arena, "[]", 2, &r, &res), -1);
}

/* Docker, podman and containerd: the members, in the order in which Go writes them. */
TEST (what_go_engines_write)
{
	STREQ (IN_LINUX (
		       "\"resources\": {\"devices\": [{\"allow\": false, \"access\": \"rwm\"}, {\"allow\": true, \"type\": \"c\", \"major\": 1, \"minor\": 5,"
		       "\"access\": \"rwm\"}], \"memory\": {}, \"cpu\": {\"shares\": 0}, \"pids\": {\"limit\": 0}, \"blockIO\": {\"weight\": 0}},"
		       "\"cgroupsPath\": \"system.slice:docker:abc\", \"sysctl\": {\"net.ipv4.ping_group_range\": \"0 0\"}, \"mountLabel\": \"\","
		       "\"uidMappings\": [{\"containerID\": 0, \"hostID\": 100000, \"size\": 65536}]"),
	       "");
	STREQ (IN_PROCESS (
		       "\"user\": {\"uid\": 0, \"gid\": 0, \"additionalGids\": null}, \"env\": null, \"apparmorProfile\": \"\", \"oomScoreAdj\": 0"),
	       "");
}

TEST (states)
{
	static const char text[] =
		"{\"ociVersion\":\"1.3.0\",\"id\":\"a\",\"pid\":0,\"status\":\"stopped\",\"bundle\":\"/b\",\"rootfs\":\"/b/r\","
		"\"created\":\"2024-01-01T00:00:00Z\",\"annotations\":{\"k\":\"v\"},\"owner\":\"root\"}";
	struct oci_state s = { .oci_version = (char *) "1.3.0",
			       .id = (char *) "x",
			       .status = (char *) "creating",
			       .bundle = (char *) "/b",
			       .root = (char *) "/r" };

	STREQ (rewritten (&oci_state_record, text), text);
	STREQ (oci_record_write (&oci_hook_state_record, &s, &test_arena, OCI_COMPACT, NULL),
	       "{\"ociVersion\":\"1.3.0\",\"id\":\"x\",\"status\":\"creating\",\"bundle\":\"/b\",\"root\":\"/r\"}");
	s.pid = 42;
	CONTAINS (oci_record_write (&oci_hook_state_record, &s, &test_arena, OCI_COMPACT, NULL),
		  "\"pid\":42");
}

TEST (process_states)
{
	struct oci_process_state p = { .oci_version = (char *) "1.3.0",
				       .pid = 7,
				       .metadata = (char *) "m",
				       .state = { .oci_version = (char *) "1.3.0",
						  .id = (char *) "x",
						  .status = (char *) "creating",
						  .pid = 7,
						  .bundle = (char *) "/b" } };

	VEC_PUSH (&test_arena, p.fds, (char *) "seccompFd");
	STREQ (oci_record_write (&oci_process_state_record, &p, &test_arena, OCI_COMPACT, NULL),
	       "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":7,\"metadata\":\"m\","
	       "\"state\":{\"ociVersion\":\"1.3.0\",\"id\":\"x\",\"status\":\"creating\",\"pid\":7,\"bundle\":\"/b\"}}");
}

TEST (features)
{
	struct oci_features_enabled yes = { { true, true } };
	struct oci_features_linux lnx = {
		.namespaces = oci_name_values (&test_arena, oci_namespace_types), .apparmor = &yes
	};
	struct oci_features f = { .oci_version_min = (char *) "1.0.0",
				  .oci_version_max = (char *) "1.3.0",
				  .lnx = &lnx };
	const char *text = oci_record_write (&oci_features_record, &f, &test_arena, OCI_COMPACT,
					     NULL);

	STREQ (text,
	       "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.3.0\",\"linux\":{\"namespaces\":[\"mount\",\"pid\",\"network\",\"uts\","
	       "\"ipc\",\"user\",\"cgroup\",\"time\"],\"apparmor\":{\"enabled\":true}}}");
	STREQ (rewritten (&oci_features_record, text), text);
}
