/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/err.h"
#include "cli/command.h"
#include "container/checkpoint.h"

struct options {
	struct create_options create;
	struct criu_options criu;
	struct string_list empty_ns;
};

/* clang-format off */
#define ROW(letter, name, kind, member, value, summary) \
	{ letter, name, kind, offsetof (struct options, member), value, summary }

static const struct option_row common_rows[] = {
	ROW (0, "image-path", OPT_STRING, criu.image_path, "DIR", "CRIU's images; default: checkpoint"),
	ROW (0, "work-path", OPT_STRING, criu.work_path, "DIR", "CRIU's log and work files; default: the image path"),
	ROW (0, "tcp-established", OPT_FLAG, criu.tcp_established, NULL, "allow established TCP connections"),
	ROW (0, "ext-unix-sk", OPT_FLAG, criu.ext_unix_sk, NULL, "allow Unix sockets to the outside"),
	ROW (0, "shell-job", OPT_FLAG, criu.shell_job, NULL, "allow a terminal from the outside"),
	ROW (0, "file-locks", OPT_FLAG, criu.file_locks, NULL, "handle file locks"),
	ROW (0, "lazy-pages", OPT_FLAG, criu.lazy_pages, NULL, "memory is fetched on demand (userfaultfd)"),
	ROW (0, "auto-dedup", OPT_FLAG, criu.auto_dedup, NULL, "remove pages of the parent images that are saved again"),
	ROW (0, "empty-ns", OPT_STRINGS, empty_ns, "NS", "leave what is in this namespace out: network"),
	ROW (0, "manage-cgroups-mode", OPT_STRING, criu.manage_cgroups_mode, "MODE", "soft (default), full, strict or ignore"),
	ROW (0, "network-lock", OPT_STRING, criu.network_lock, "METHOD", "iptables, nftables or skip"),
	OPTIONS_END
};

static const struct option_row checkpoint_rows[] = {
	ROW (0, "leave-running", OPT_FLAG, criu.leave_running, NULL, "the container goes on"),
	ROW (0, "pre-dump", OPT_FLAG, criu.pre_dump, NULL, "only memory, before the real one; the container goes on"),
	ROW (0, "parent-path", OPT_STRING, criu.parent_path, "DIR", "images of an earlier pre-dump, relative to the image path"),
	ROW (0, "tcp-skip-in-flight", OPT_FLAG, criu.tcp_skip_in_flight, NULL, "leave out connections that are not complete"),
	ROW (0, "link-remap", OPT_FLAG, criu.link_remap, NULL, "link files back that are open and removed"),
	ROW (0, "status-fd", OPT_STRING, criu.status_fd, "FD", "write a NUL byte there when lazy pages are served"),
	ROW (0, "page-server", OPT_STRING, criu.page_server, "ADDRESS:PORT", "send pages there"),
	OPTIONS_END
};

static const struct option_row restore_rows[] = {
	ROW ('b', "bundle", OPT_STRING, create.bundle, "DIR", "the bundle; default: the current directory"),
	ROW ('f', "config", OPT_STRING, create.config, "FILE", "name of the configuration in the bundle; default: config.json"),
	ROW (0, "console-socket", OPT_STRING, create.console_socket, "SOCKET", "send the terminal's master end there"),
	ROW ('p', "pid-file", OPT_STRING, create.pid_file, "FILE", "write the process's pid there"),
	ROW ('d', "detach", OPT_FLAG, create.detach, NULL, "return when the process runs"),
	ROW (0, "no-pivot", OPT_FLAG, create.no_pivot, NULL, "accepted: CRIU changes the root"),
	ROW (0, "no-new-keyring", OPT_FLAG, create.no_new_keyring, NULL, "keep the caller's session keyring"),
	{ 0, "no-subreaper", OPT_IGNORED, 0, NULL, "accepted for compatibility: coracle never becomes a subreaper" },
	ROW (0, "tcp-close", OPT_FLAG, criu.tcp_close, NULL, "restore TCP connections closed"),
	ROW (0, "lsm-profile", OPT_STRING, criu.lsm_profile, "TYPE:NAME", "another label or profile than that of the image"),
	ROW (0, "lsm-mount-context", OPT_STRING, criu.lsm_mount_context, "CONTEXT", "another label for mounts than that of the image"),
	OPTIONS_END
};
/* clang-format on */

static struct criu_options *
finish (struct options *o)
{
	o->criu.empty_ns = o->empty_ns.v;
	o->criu.n_empty_ns = (unsigned) o->empty_ns.n;
	return &o->criu;
}

static int
checkpoint (const struct globals *g, void *options, char **args, struct err *e)
{
	return container_checkpoint (g, args[0], finish (options), e);
}

static int
restore (const struct globals *g, void *options, char **args, struct err *e)
{
	struct options *o = options;

	return container_restore (g, args[0], &o->create, finish (o), e);
}

const struct command cmd_checkpoint = {
	.name = "checkpoint",
	.args = "ID",
	.summary = "save the processes of a container to files (CRIU)",
	.min_args = 1,
	.max_args = 1,
	.options = checkpoint_rows,
	.also = common_rows,
	.options_size = sizeof (struct options),
	.run = checkpoint,
};

const struct command cmd_restore = {
	.name = "restore",
	.args = "ID",
	.summary = "make a container from what checkpoint saved",
	.min_args = 1,
	.max_args = 1,
	.options = restore_rows,
	.also = common_rows,
	.options_size = sizeof (struct options),
	.run = restore,
	.enters_container = true,
	.makes_container = true,
};
