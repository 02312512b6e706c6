/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "base/sock.h"
#include "base/spawn.h"
#include "base/str.h"
#include "container/audit.h"
#include "container/facts.h"
#include "container/host.h"
#include "container/interrupt.h"
#include "container/launch.h"
#include "container/notify.h"
#include "hooks/hooks.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/report.h"
#include "net/net.h"
#include "process/process.h"
#include "rdt/rdt.h"
#include "security/security.h"
#include "security/selfexe.h"
#include "sys/clone.h"
#include "sys/pidfd.h"
#include "sys/syscalls.h"
#include "terminal/terminal.h"

#define CONFIG_MAX (64u << 20)

void
launch_init (struct launch *l, const struct globals *g, const struct create_options *o,
	     bool foreground)
{
	if (!foreground)
		log_stderr_is_shared ();
	*l = (struct launch) {
		.g = g,
		.opt = o,
		.foreground = foreground,
		.c = { .root_fd = -1, .dir_fd = -1 },
		.cgroup = { .into_fd = -1 },
		.chan = { .fd = -1 },
		.console_socket = -1,
		.console_master = -1,
		.pidfd = -1,
		.signal_fd = -1,
	};
	l->init = (struct init) {
		.arena = g->arena,
		.plan = &l->plan,
		.host = &l->host,
		.cgroup = &l->cgroup,
		.chan = { .fd = -1 },
		.rootfs = { .root_fd = -1, .dev_null_fd = -1, .notify_tree_fd = -1 },
		.preserve_fds = o->preserve_fds + g->listen_fds,
		.argv = g->argv,
		.start_fd = -1,
		.report_fd = -1,
		.hook_output = { -1, -1 },
	};
}

/* ---- before anything exists */

static int
read_config (struct launch *l, struct err *e)
{
	const char *name = l->opt->config ? l->opt->config : "config.json";
	char *text;

	if (read_file_in (l->g->arena, l->host.bundle, name, CONFIG_MAX, &text, &l->config_len, e) <
	    0) {
		autofd dir = open (l->host.bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);

		return dir < 0 ? err_set (e, errno, "open bundle '%s'", l->host.bundle) : -1;
	}
	l->config = text;
	return 0;
}

static int
make_plan (struct launch *l, struct err *e)
{
	const struct plan_options opt = {
		.cgroup_manager = l->g->cgroup_manager,
		.no_pivot = l->opt->no_pivot,
		.no_new_keyring = l->opt->no_new_keyring,
		.builtin_init = l->opt->init,
		.preserve_fds = l->opt->preserve_fds,
		.listen_fds = l->g->listen_fds,
		.listen_fdnames = l->g->listen_fdnames,
		.notify_socket = l->g->notify_socket,
	};
	struct oci_config *spec = NULL;
	struct oci_report report;

	oci_report_init (&report, l->g->arena, l->opt->config ? l->opt->config : "config.json",
			 l->config, l->config_len);
	if (oci_config_read (l->g->arena, l->config, l->config_len, &report, &spec) < 0)
		return err_set (e, 0, "%s", oci_report_text (&report));
	host_probe_labels (spec, spec->process, &l->host);
	if (plan_make (l->g->arena, spec, &l->host, &opt, &report, &l->plan, e) < 0)
		return -1;
	log_warnings (oci_report_warnings (&report));
	return 0;
}

/* Rules that tie the terminal of the configuration to the command line (engines parse the second
 * text). */
static int
check_terminal (const struct launch *l, struct err *e)
{
	bool terminal = l->plan.has_process && l->plan.process.terminal;

	if (terminal && !l->foreground && !l->opt->console_socket)
		return err_set (
			e, 0,
			"process.terminal: cannot allocate a terminal without --console-socket when detached");
	if (!terminal && l->opt->console_socket)
		return err_set (e, 0, "--console-socket given, but process.terminal is not true");
	if (terminal && l->foreground && !l->opt->console_socket && !isatty (0))
		return err_set (
			e, ENOTTY,
			"process.terminal is true, but standard input is not a terminal; use --console-socket");
	return 0;
}

int
launch_plan (struct launch *l, const char *id, struct err *e)
{
	TRY (container_check_id (id, e));
	l->c.id = id;
	TRY (host_probe (l->g->arena, l->opt->bundle ? l->opt->bundle : ".", id, &l->host, e));
	TRY (read_config (l, e));
	return make_plan (l, e);
}

int
launch_load (struct launch *l, const char *id, struct err *e)
{
	TRY (launch_plan (l, id, e));
	TRY (check_terminal (l, e));
	TRY (fds_check_preserved (l->opt->preserve_fds, l->g->listen_fds, e));
	TRY (ns_open_joins (&l->plan.ns, &l->init.joins, e));
	return l->plan.rdt.set ? rdt_check (l->g->arena, &l->plan.rdt, id, &l->rdt_owned, e) : 0;
}

/* ---- state directory, files */

/*
 * Who started the container, as the kernel's audit subsystem knows it: it survives su, sudo and
 * setuid, and nothing of ours ever writes it. (uint32_t) -1 is what a daemon has, whom nobody
 * logged in to start.
 */
static char *
audit_identity (struct arena *a, const char *file)
{
	uint32_t id;

	if (proc_self_audit (file, &id) < 0)
		return NULL;
	return id == UINT32_MAX ? (char *) "unset" : arena_printf (a, "%u", id);
}

static void
fill_state (struct launch *l)
{
	const struct plan *p = &l->plan;
	char now[STR_TIMESTAMP];

	str_timestamp (now, 9);
	l->c.st = (struct container_state) {
		.format = 1,
		.phase = (char *) "creating",
		.oci_version = (char *) OCI_VERSION,
		.id = (char *) l->c.id,
		.bundle = (char *) l->host.bundle,
		.rootfs = (char *) p->rootfs.path,
		.created = arena_strdup (l->g->arena, now),
		.owner = (char *) "",
		.boot_id = container_boot_id (&l->c, l->g->arena),
		.loginuid = audit_identity (l->g->arena, "loginuid"),
		.sessionid = audit_identity (l->g->arena, "sessionid"),
		.cgroup_manager = (uint32_t) l->cgroup.manager,
		.cgroup_mode = (uint32_t) l->cgroup.mode,
		.cgroup_path = (char *) l->cgroup.path,
		.cgroup_scope = (char *) l->cgroup.scope,
		.own_pidns = p->ns.create & CLONE_NEWPID,
		.rdt_clos = (char *) p->rdt.clos_id,
		.rdt_owned = l->rdt_owned,
		.has_poststart = p->hooks[HOOK_POSTSTART].n > 0,
		.has_poststop = p->hooks[HOOK_POSTSTOP].n > 0,
		.notify = l->g->notify_socket != NULL,
		.stop_signal = p->stop_signal,
		.annotations = p->spec->annotations,
	};
}

static int
make_fifo (struct launch *l, const char *name, int *ret_fd, struct err *e)
{
	if (mkfifoat (l->c.dir_fd, name, 0600) < 0)
		return err_set (e, errno, "make '%s' in the state directory", name);
	/* Both ways, so that neither side ever blocks in open or spins on EOF when the other dies.
	 */
	*ret_fd = openat (l->c.dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return *ret_fd < 0 ? err_set (e, errno, "open '%s' in the state directory", name) : 0;
}

/* What start, delete and exec will want to know of the configuration. */
static int
keep_files (struct launch *l, struct err *e)
{
	int r;

	if (l->files_kept)
		return 0;
	l->files_kept = true;
	r = file_create_at (l->c.dir_fd, "config.json", l->config, l->config_len, 0600);
	if (r < 0)
		return err_set (e, -r, "write config.json in the state directory");
	TRY (exec_facts_save (&l->c, l->g->arena, &l->plan, e));
	return seccomp_save (l->c.dir_fd, &l->init.filter, e);
}

static int
make_fifos (struct launch *l, struct err *e)
{
	TRY (make_fifo (l, "start.fifo", &l->init.start_fd, e));
	return make_fifo (l, "report.fifo", &l->init.report_fd, e);
}

/* ---- the child */

static uint64_t
clone_flags (const struct launch *l)
{
	uint64_t later = l->init.unshares | (l->init.netns ? CLONE_NEWNET : 0);

	return l->plan.ns.needs_stage ? 0 : l->plan.ns.create & ~later;
}

/* Where systemd puts the scope is known only now, and has to be, should we be killed from here on.
 */
int
launch_attach_cgroup (struct launch *l, pid_t pid, struct err *e)
{
	struct cgroup *cg = &l->cgroup;
	struct container_state *st = &l->c.st;
	bool systemd = cg->manager == CGROUP_MANAGER_SYSTEMD;

	TRY (cgroup_attach (l->g->arena, cg, &l->plan.cgroup, pid, e));
	if (!systemd)
		return 0;
	st->cgroup_manager = (uint32_t) cg->manager;
	st->cgroup_path = (char *) cg->path;
	st->cgroup_scope = (char *) cg->scope;
	st->cgroup_created = cg->created;
	TRY (container_save (&l->c, l->g->arena, e));
	TRY (cgroup_adopt (l->g->arena, cg, &l->plan.cgroup, pid, e));
	st->cgroup_made = (char *) cg->made; /* for the next time that the state is saved */
	return 0;
}

static void
hang_up (struct launch *l)
{
	interrupt_channel (-1);
	chan_close (&l->chan);
}

int
launch_apply_limits (struct launch *l, struct err *e)
{
	TRY (cgroup_apply (l->g->arena, &l->cgroup, &l->plan.cgroup, e));
	if (!l->plan.rdt.set)
		return 0;
	return rdt_apply (l->g->arena, &l->plan.rdt, l->c.id, l->pid, &l->c.st.rdt_owned, e);
}

/* Init unmounts a root that nobody else sees, nor sees what is mounted there. */
static bool
leaves_own_root (const struct launch *l)
{
	return l->plan.ns.create & CLONE_NEWNS && !l->plan.rootfs.no_pivot &&
	       !l->init.rootfs.shared;
}

static int
clone_child (struct launch *l, bool wait_on_channel, bool into_cgroup, struct err *e)
{
	struct clone_request req;
	struct chan theirs;
	int pid;

	l->init.unshares = launch_unshares (l);
	req = (struct clone_request) {
		/* What ends us (interrupt.c) shall also end the init that waits for start. */
		.flags = clone_flags (l) | CLONE_CLEAR_SIGHAND,
		.exit_signal = SIGCHLD,
		.cgroup_fd = into_cgroup ? l->cgroup.into_fd : -1,
		.ret_pidfd = &l->pidfd,
	};
	TRY (chan_pair (&l->chan, &theirs, e));
	interrupt_channel (l->chan.fd);
	l->init.chan = theirs;
	l->init.err = e;
	if (wait_on_channel)
		l->init.start_fd = l->init.report_fd = theirs.fd;
	l->init.ignored_signals = proc_ignored_signals ();
	/* In a user namespace it may not raise limits. */
	l->init.alone = l->plan.process.n_rlimits == 0 || !(l->plan.ns.own & CLONE_NEWUSER);
	pid = sys_clone3_fork (&req);
	if (pid == -ENOSYS && req.cgroup_fd >= 0) { /* Linux < 5.7: cgroup_attach does it */
		req.cgroup_fd = -1;
		pid = sys_clone3_fork (&req);
	}
	if (pid == 0) {
		hang_up (l);
		if (!leaves_own_root (l))
			selfexe_detach (l->g->exe); /* else init takes it out with that root */
		container_close (&l->c); /* with the lock, which is the runtime's: it must end when
					    the runtime does */
		if (l->plan.ns.needs_stage)
			stage_main (&l->init);
		init_main (&l->init);
	}
	chan_close (&theirs);
	if (pid < 0)
		return err_set (e, -pid, "clone the container's first process");
	l->pid = pid;
	/* The stage's child holds the same end of the channel: a stage that dies before it told us
	 * of its child must be seen by its pidfd. */
	l->chan.peer_pidfd = l->plan.ns.needs_stage ? l->pidfd : -1;
	l->cgroup.entered = req.cgroup_fd >= 0;
	if (!l->cgroup.entered && l->cgroup.manager != CGROUP_MANAGER_DISABLED)
		TRY (launch_attach_cgroup (l, pid, e));
	if (!l->plan.ns.needs_stage && l->plan.userns.create)
		TRY (userns_write_maps (pid, &l->plan.userns, e));
	/* By us: who is in a user namespace cannot lower it, and as another id not even raise it.
	 */
	TRY (enter_oom_score (&l->init, pid, e));
	/* v1 rules for devices are written one by one, after one that denies all: init must not
	 * make devices meanwhile. v2 has a program, attached at once. */
	if (l->cgroup.mode != CGROUP_V2)
		TRY (launch_apply_limits (l, e));
	return chan_send (&l->chan, MSG_GO, pid, NULL, e);
}

/* Wait for a child that has ended or is about to. Returns its status as of wait(2), or -1. */
static int
reap (struct launch *l)
{
	int status = -1;

	if (l->pid > 0)
		while (waitpid (l->pid, &status, 0) < 0 && errno == EINTR)
			;
	if (l->pidfd >= 0)
		close (l->pidfd);
	l->pid = 0;
	l->pidfd = -1;
	return status;
}

static int
on_init_pid (struct launch *l, const struct msg *m, int fd, struct err *e)
{
	int r;

	if (fd < 0)
		return err_set (e, EPROTO, "INIT_PID without a pidfd");
	r = chan_send (&l->chan, MSG_GO, m->arg, NULL, e); /* it is waited for, the stage is not */
	l->chan.peer_pidfd = -1;
	(void) reap (l); /* the stage */
	l->pid = m->arg;
	l->pidfd = fd;
	return r;
}

static int
on_console (struct launch *l, const struct msg *m, int fd, struct err *e)
{
	autofd master = fd;

	if (l->console_socket >= 0)
		return console_send (l->console_socket, master, m->text, e);
	l->console_master = take_fd (&master);
	terminal_copy_size (0, l->console_master); /* before the process can ask for it */
	return 0;
}

static int
move_net_devices (struct launch *l, struct err *e)
{
	char path[40];
	autofd ns = -1;

	snprintf (path, sizeof path, "%d/ns/net", (int) l->pid);
	ns = procfs_open_ns (path);
	if (ns < 0)
		return err_set (e, -ns, "open the container's network namespace");
	return netdev_move_all (l->plan.net_devices, l->plan.n_net_devices, ns, e);
}

int
launch_runtime_hooks (struct launch *l, struct err *e)
{
	const struct plan *p = &l->plan;
	struct hook_context ctx = {
		.state_json = init_state_json (l->g->arena, p, l->host.bundle, "creating", l->pid),
		.cwd = l->host.bundle,
		.default_env = environ,
		.stdout_path = p->hooks_stdout,
		.stderr_path = p->hooks_stderr,
		.cancel_fd = l->chan.fd,
	};

	l->hooks_ran = true;
	TRY (hooks_run (&p->hooks[HOOK_PRESTART], &ctx, e));
	return hooks_run (&p->hooks[HOOK_CREATE_RUNTIME], &ctx, e);
}

int
launch_save_created (struct launch *l, struct err *e)
{
	struct container_state *st = &l->c.st;

	st->phase = (char *) "created";
	st->pid = l->pid;
	/* Where the pidfd is not to be had again the inode does not help. */
	if ((pidfd_inode (l->pidfd, &st->pidfd_inode) < 0 || pidfd_open_is_missing ()) &&
	    proc_starttime (l->pid, &st->start_time) < 0)
		return err_set (e, ESRCH, "init ended while it was set up");
	TRY (container_save (&l->c, l->g->arena, e));
	container_save_backup (&l->c, l->g->arena);
	return 0;
}

static int
on_ready (struct launch *l, struct err *e)
{
	if (l->plan.has_process && !l->init.alone)
		TRY (rlimits_apply (l->pid, &l->plan.process, e));
	return launch_save_created (l, e);
}

static int
on_seccomp_fd (struct launch *l, int fd, struct err *e)
{
	autofd listener = fd;

	return seccomp_send_listener (
		l->g->arena, &l->plan.seccomp, listener, l->pid,
		init_state_json (l->g->arena, &l->plan, l->host.bundle, "creating", l->pid), e);
}

/* Init has its own, and needs ours no more. While it goes on. */
static void
forget_kernel_objects (struct launch *l)
{
	rootfs_close (&l->init.rootfs, l->plan.rootfs.n_mounts);
	cgroup_close (&l->cgroup);
}

/* One message of init. Returns its type, or -1. The answer, where there is one, goes out last. */
static int
serve_one (struct launch *l, struct err *e)
{
	struct msg m;
	int fd = -1, type = chan_receive (&l->chan, ~0u, &m, &fd, e);

	switch (type) {
	case MSG_NEED_IDMAP: TRY (userns_write_maps (l->pid, &l->plan.userns, e)); break;
	case MSG_INIT_PID: TRY (on_init_pid (l, &m, fd, e)); break;
	case MSG_NETNS_READY: TRY (move_net_devices (l, e)); break;
	case MSG_ROOTFS_READY: TRY (launch_runtime_hooks (l, e)); break;
	case MSG_CONSOLE: TRY (on_console (l, &m, fd, e)); break;
	case MSG_READY: TRY (on_ready (l, e)); break;
	case MSG_SECCOMP_FD: TRY (on_seccomp_fd (l, fd, e)); break;
	default: return type;
	}
	if (msg_infos[type].reply != MSG_NONE && !(type == MSG_READY && m.arg))
		TRY (chan_send (&l->chan, msg_infos[type].reply, 0, NULL, e));
	if (type == MSG_READY)
		forget_kernel_objects (l);
	return type;
}

static int
serve (struct launch *l, unsigned *served, struct err *e)
{
	int type;

	/* While init mounts; what init waits for comes first. */
	if (l->init.netns)
		TRY (launch_give_netns (l, e));
	/* Before the files, by measurement: init's umount of the old root waits until the other
	 * processors have been in user space, and this is a long system call. */
	if (l->cgroup.mode == CGROUP_V2)
		TRY (launch_apply_limits (l, e));
	TRY (keep_files (l, e));
	selfexe_detach (l->g->exe);
	do {
		type = serve_one (l, e);
		if (type < 0)
			return -1;
		++*served;
		if (type == MSG_READY && l->early)
			TRY (run_release_early (l, e));
	} while (type != MSG_DONE);
	return 0;
}

/*
 * Linux 6.18 was seen to kill the child of clone3 (CLONE_INTO_CGROUP) at once when its old and its
 * new cgroup have seen different numbers of cgroup.kill writes. A child that dies by SIGKILL
 * without a word is therefore tried again without.
 */
static bool
killed_at_birth (struct launch *l, unsigned served)
{
	int status;

	/* One that hangs (in a mount, say) is not waited for. */
	if (served > 0 || !l->cgroup.entered || (l->pidfd >= 0 && !pidfd_wait (l->pidfd, 1000)))
		return false;
	status = reap (l);
	return status >= 0 && WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL &&
	       !cgroup_saw_oom (&l->cgroup);
}

static int
run_child (struct launch *l, bool wait_on_channel, struct err *e)
{
	unsigned served = 0;

	if (clone_child (l, wait_on_channel, l->cgroup.into_fd >= 0, e) == 0 &&
	    serve (l, &served, e) == 0)
		return 0;
	hang_up (l);
	if (interrupt_check (e) < 0 || !killed_at_birth (l, served))
		return -1;
	log_debug ("the first process was killed at birth: once more, without CLONE_INTO_CGROUP");
	TRY (clone_child (l, wait_on_channel, false, e));
	return serve (l, &served, e);
}

/* ---- all of it */

static int
make_cgroup (struct launch *l, struct err *e)
{
	const struct cgroup guess = l->cgroup; /* which is what is on disk */
	int r = l->cgroup.manager == CGROUP_MANAGER_DISABLED
			? 0
			: cgroup_create (l->g->arena, &l->plan.cgroup, &l->cgroup, e);

	l->c.st.cgroup_created = l->cgroup.created; /* also after an error: it is to be removed */
	l->c.st.cgroup_made = (char *) l->cgroup.made;
	/* Somebody was faster, or it is in some hierarchies of v1 already: what is ours has to be
	 * known before we can be killed. */
	if (r == 0 && !cgroup_is_as_guessed (&l->cgroup, &guess))
		return container_save (&l->c, l->g->arena, e);
	return r;
}

static int
build (struct launch *l, bool wait_on_channel, struct err *e)
{
	struct arena *a = l->g->arena;
	const char *notify_dir = NULL;

	l->c.no_fifos = wait_on_channel;
	l->c.no_filter = !l->init.filter.insns;
	if (!wait_on_channel)
		TRY (make_fifos (l, e));
	if (l->plan.hooks[HOOK_START_CONTAINER].n)
		TRY (hooks_open_output (l->plan.hooks_stdout, l->plan.hooks_stderr,
					l->init.hook_output, e));
	if (l->g->notify_socket)
		TRY (notify_make_directory (&l->c, a, &l->plan, &notify_dir, e));
	TRY (rootfs_prepare (a, &l->plan, notify_dir, userns_open_mapped, &l->init.rootfs, e));
	TRY (make_cgroup (l, e));
	l->init.rootfs.cgroup_path = l->cgroup.path;
	if (l->maker)
		TRY (keep_files (l, e));
	TRY (l->maker ? l->maker (l, e) : run_child (l, wait_on_channel, e));
	forget_kernel_objects (l);
	return 0;
}

/*
 * A child in a pid namespace of its own is seen by nobody of the container until it executes
 * something of it, after READY: that one can exchange its program itself. In all other cases we do,
 * before the clone.
 */
static int
protect (struct launch *l, struct err *e)
{
	const struct ns_plan *ns = &l->plan.ns;
	/* limits of memory would hinder the exchange after READY */
	bool by_init = !l->maker && !ns->needs_stage && ns->create & CLONE_NEWPID &&
		       !(ns->create & CLONE_NEWUSER) && !rlimits_of_memory (&l->plan.process);

	l->g->exe->whole = l->plan.process.builtin_init;
	l->init.exe = by_init ? l->g->exe : NULL;
	if (by_init)
		return selfexe_prepare (l->g->exe, e);
	TRY (selfexe_protect (l->g->exe, e));
	selfexe_detach (l->g->exe);
	return 0;
}

static int
connect_console (struct launch *l, struct err *e)
{
	if (l->opt->console_socket)
		TRY (l->console_socket = console_connect (l->opt->console_socket, e));
	return 0;
}

/*
 * On disk the cgroup is assumed ours until we know better: a create that is killed right after
 * mkdir must not leak it. Should we fail before it is made there is nothing to undo, and by then it
 * may be somebody else's.
 */
static int
save_creating (struct launch *l, struct err *e)
{
	struct container_state *st = &l->c.st;
	int r;

	fill_state (l);
	st->cgroup_created = l->cgroup.created;
	st->cgroup_made = (char *) l->cgroup.made;
	r = container_save (&l->c, l->g->arena, e);
	st->cgroup_created = false;
	st->cgroup_made = NULL;
	return r;
}

int
launch_build (struct launch *l, bool wait_on_channel, struct err *e)
{
	struct arena *a = l->g->arena;
	autofd root = container_open_root (l->g, true, e);

	if (root < 0)
		return -1;
	TRY (seccomp_compile (a, &l->plan.seccomp, root, &l->init.filter, e));
	(void) unsetenv (SELFEXE_ENV); /* the helper was found; it is no business of hooks */
	TRY (cgroup_resolve (a, &l->plan.cgroup, &l->host, &l->cgroup, e));
	l->init.netns = launch_makes_netns (l);
	interrupt_arm ();
	if (protect (l, e) < 0 || connect_console (l, e) < 0 ||
	    container_reserve (l->g, take_fd (&root), l->c.id, &l->c, e) < 0)
		return -1;
	if (save_creating (l, e) == 0 && build (l, wait_on_channel, e) == 0)
		return 0;
	if (l->cgroup.manager != CGROUP_MANAGER_DISABLED && cgroup_saw_oom (&l->cgroup))
		(void) err_wrap (e, "the memory limit could be too low");
	(void) interrupt_check (e); /* before poststop hooks, which only the next signal ends */
	launch_abort (l);
	return -1;
}

static void
undo (struct launch *l)
{
	struct err ignored;
	bool undone = container_destroy (&l->c, &ignored) == 0;

	if (!undone)
		log_warn ("%s; delete --force '%s' will try again", err_full (&ignored), l->c.id);
	if (l->hooks_ran && l->signal_fd >= 0) { /* all are blocked */
		interrupt_listen ();
		interrupt_forget ();
	}
	interrupt_disarm (); /* the next signal ends a poststop hook that hangs, and us */
	if (l->hooks_ran)
		container_run_poststop (&l->c, l->g->arena);
	/* The state goes last: without it nobody would know what is left. */
	if (undone && container_remove_state (&l->c, &ignored) < 0)
		log_warn ("%s", err_full (&ignored));
}

void
launch_abort (struct launch *l)
{
	struct err ignored;
	int r;

	hang_up (l);
	if (l->pidfd >= 0)
		(void) sys_pidfd_send_signal (l->pidfd, SIGKILL);
	(void) reap (l);
	/* What follows needs descriptors, and we may be here because there were none left. */
	if (l->init.start_fd !=
	    l->init.report_fd) { /* the FIFOs; for run both are init's end of the channel */
		if (l->init.start_fd >= 0)
			close (take_fd (&l->init.start_fd));
		if (l->init.report_fd >= 0)
			close (take_fd (&l->init.report_fd));
	}
	cgroup_close (&l->cgroup);
	rootfs_close (&l->init.rootfs, l->plan.rootfs.n_mounts);
	l->c.st.pid = 0;
	/* Who holds the lock for so long is deleting it. 0: somebody has. */
	r = l->c.locked ? 1 : container_lock (&l->c, &ignored);
	if (r > 0)
		undo (l);
	else if (r < 0)
		log_warn ("%s", err_full (&ignored));
	/* Engines take its existence as the word that all is well. */
	if (l->pid_file_written)
		(void) unlink (l->opt->pid_file);
	container_close (&l->c);
}

/* Who manages the container gets a handle that cannot be confused with another process. */
const char *
launch_pidfd_receiver (const struct launch *l)
{
	const char *path = l->opt->pidfd_socket;

	return path ? path : oci_annotation (&l->plan.spec->annotations, "run.oci.pidfd_receiver");
}

static int
send_pidfd (const struct launch *l, struct err *e)
{
	const char *path = launch_pidfd_receiver (l);
	autofd sock = -1;

	if (!path)
		return 0;
	if (l->pidfd < 0)
		return err_set (e, 0, "--pidfd-socket '%s': this kernel has no pidfds", path);
	TRY (sock = sock_connect (path, e));
	return sock_send_fd (sock, "standard", 8, l->pidfd, e);
}

static int
write_pid_file (struct launch *l, struct err *e)
{
	char text[16];
	int len = snprintf (text, sizeof text, "%d", (int) l->pid), r;

	if (!l->opt->pid_file)
		return 0;
	r = file_replace_at (AT_FDCWD, l->opt->pid_file, text, (size_t) len, 0644);
	if (r < 0)
		return err_set (e, -r, "write --pid-file '%s'", l->opt->pid_file);
	l->pid_file_written = true;
	return 0;
}

int
launch_record (struct launch *l, struct err *e)
{
	TRY (audit_record (l->g, l->op, l->c.id, l->pid, e));
	l->recorded = true;
	return 0;
}

void
launch_record_failure (struct launch *l, const char *id)
{
	if (!l->recorded)
		audit_record_failure (l->g, l->op, id);
}

int
launch_announce (struct launch *l, struct err *e)
{
	TRY (interrupt_check (e));
	TRY (send_pidfd (l, e));
	return write_pid_file (l, e);
}
