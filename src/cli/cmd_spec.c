/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spec: a config.json to begin with. A text, not a data structure: what is here is what one gets.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "container/container.h"
#include "libocispec/arena.h"
#include "plan/host.h"

struct spec_options {
	const char *bundle, *file;
	bool rootless;
};

static const struct option_row spec_rows[] = {
	{ 'b', "bundle", OPT_STRING, offsetof (struct spec_options, bundle), "DIR",
	  "write it there; default: the current directory" },
	{ 'f', "file", OPT_STRING, offsetof (struct spec_options, file), "FILE",
	  "name of the file; default: config.json" },
	{ 0, "rootless", OPT_FLAG, offsetof (struct spec_options, rootless), NULL,
	  "for an ordinary user: user namespace, no network namespace" },
	OPTIONS_END
};

static const char head[] =
	"{\n"
	"  \"ociVersion\": \"1.3.0\",\n"
	"  \"process\": {\n"
	"    \"terminal\": true,\n"
	"    \"user\": { \"uid\": 0, \"gid\": 0 },\n"
	"    \"args\": [ \"sh\" ],\n"
	"    \"env\": [\n"
	"      \"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
	"      \"TERM=xterm\"\n"
	"    ],\n"
	"    \"cwd\": \"/\",\n"
	"    \"capabilities\": {\n"
	"      \"bounding\": [ \"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\" ],\n"
	"      \"effective\": [ \"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\" ],\n"
	"      \"permitted\": [ \"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\" ]\n"
	"    },\n"
	"    \"rlimits\": [ { \"type\": \"RLIMIT_NOFILE\", \"hard\": 1024, \"soft\": 1024 } ],\n"
	"    \"noNewPrivileges\": true\n"
	"  },\n"
	"  \"root\": { \"path\": \"rootfs\", \"readonly\": true },\n"
	"  \"hostname\": \"coracle\",\n"
	"  \"mounts\": [\n"
	"    { \"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\" },\n"
	"    { \"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\",\n"
	"      \"options\": [ \"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\" ] },\n";

static const char devpts_root[] =
	"    { \"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\",\n"
	"      \"options\": [ \"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\", \"gid=5\" ] },\n";
static const char devpts_rootless[] = /* group 5 is not mapped */
	"    { \"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\",\n"
	"      \"options\": [ \"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\" ] },\n";

static const char shm[] =
	"    { \"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\",\n"
	"      \"options\": [ \"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\" ] },\n"
	"    { \"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\",\n"
	"      \"options\": [ \"nosuid\", \"noexec\", \"nodev\" ] },\n";

static const char sys_root[] =
	"    { \"destination\": \"/sys\", \"type\": \"sysfs\", \"source\": \"sysfs\",\n"
	"      \"options\": [ \"nosuid\", \"noexec\", \"nodev\", \"ro\" ] },\n";
static const char sys_rootless[] = /* a new sysfs needs an own network namespace */
	"    { \"destination\": \"/sys\", \"type\": \"none\", \"source\": \"/sys\",\n"
	"      \"options\": [ \"rbind\", \"nosuid\", \"noexec\", \"nodev\", \"ro\" ] },\n";
static const char sys_cgroup[] =
	"    { \"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\", \"source\": \"cgroup\",\n"
	"      \"options\": [ \"nosuid\", \"noexec\", \"nodev\", \"relatime\", \"ro\" ] }\n";

static const char paths[] =
	"    \"maskedPaths\": [\n"
	"      \"/proc/acpi\", \"/proc/asound\", \"/proc/kcore\", \"/proc/keys\", \"/proc/latency_stats\",\n"
	"      \"/proc/timer_list\", \"/proc/timer_stats\", \"/proc/sched_debug\", \"/sys/firmware\", \"/proc/scsi\"\n"
	"    ],\n"
	"    \"readonlyPaths\": [\n"
	"      \"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\", \"/proc/sysrq-trigger\"\n"
	"    ]\n"
	"  }\n"
	"}\n";

/* Both end before the closing bracket of the namespaces: where a cgroup namespace may be wanted. */
static const char linux_root[] =
	"  \"linux\": {\n"
	"    \"resources\": { \"devices\": [ { \"allow\": false, \"access\": \"rwm\" } ] },\n"
	"    \"namespaces\": [\n"
	"      { \"type\": \"pid\" }, { \"type\": \"network\" }, { \"type\": \"ipc\" }, { \"type\": \"uts\" }, { \"type\": \"mount\" }";
static const char linux_rootless[] = /* uid, gid */
	"  \"linux\": {\n"
	"    \"uidMappings\": [ { \"containerID\": 0, \"hostID\": %u, \"size\": 1 } ],\n"
	"    \"gidMappings\": [ { \"containerID\": 0, \"hostID\": %u, \"size\": 1 } ],\n"
	"    \"namespaces\": [\n"
	"      { \"type\": \"pid\" }, { \"type\": \"ipc\" }, { \"type\": \"uts\" }, { \"type\": \"mount\" }, { \"type\": \"user\" }";

static char *
make_spec (struct arena *a, bool rootless, bool cgroup_ns)
{
	const char *lnx = linux_root, *cgroup = cgroup_ns ? ", { \"type\": \"cgroup\" }" : "";

	if (rootless)
		lnx = arena_printf (a, linux_rootless, (unsigned) geteuid (),
				    (unsigned) getegid ());
	return arena_printf (a, "%s%s%s%s%s  ],\n%s%s\n    ],\n%s", head,
			     rootless ? devpts_rootless : devpts_root, shm,
			     rootless ? sys_rootless : sys_root, sys_cgroup, lnx, cgroup, paths);
}

static int
spec (const struct globals *g, void *options, char **args, struct err *e)
{
	const struct spec_options *o = options;
	const char *name = o->file ? o->file : "config.json", *dir = o->bundle ? o->bundle : ".";
	char *text = make_spec (g->arena, o->rootless, cgroup_probe_mode () == CGROUP_V2);
	autofd dir_fd = open (dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	(void) args;
	if (dir_fd < 0)
		return err_set (e, errno, "open bundle '%s'", dir);
	/* Never over an existing configuration, unless a name was asked for (crun -f). */
	r = o->file ? file_replace_at (dir_fd, name, text, strlen (text), 0644)
		    : file_create_at (dir_fd, name, text, strlen (text), 0644);
	if (r == -EEXIST)
		return err_set (e, 0, "'%s/%s' exists already; move it away first", dir, name);
	return r < 0 ? err_set (e, -r, "write '%s/%s'", dir, name) : 0;
}

const struct command cmd_spec = {
	.name = "spec",
	.args = "",
	.summary = "write a config.json to begin with",
	.min_args = 0,
	.max_args = 0,
	.options = spec_rows,
	.options_size = sizeof (struct spec_options),
	.run = spec,
};
