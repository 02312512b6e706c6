/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The spine of the container's init. Whoever asks "when is X done, and with which privilege" reads
 * init_build. */
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "cgroup/cgroup.h"
#include "hooks/hooks.h"
#include "init/init.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/oci_state.h"
#include "libocispec/record.h"
#include "net/net.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "process/process.h"
#include "security/selfexe.h"
#include "sys/syscalls.h"
#include "terminal/terminal.h"

char *
init_state_json (struct arena *a, const struct plan *plan, const char *bundle, const char *status,
		 pid_t pid)
{
	struct oci_state st = {
		.oci_version = (char *) OCI_VERSION,
		.id = (char *) plan->container_id,
		.status = (char *) status,
		.pid = pid,
		.bundle = (char *) bundle,
		.root = (char *) plan->rootfs.path,
		.annotations = plan->spec->annotations,
	};

	return oci_record_write (&oci_hook_state_record, &st, a, OCI_COMPACT, NULL);
}

static int
run_hooks (struct init *in, enum hook_phase phase, const char *status, const char *cwd,
	   char *const *env, struct err *e)
{
	const struct hook_list *list = &in->plan->hooks[phase];
	struct hook_context ctx = {
		.cwd = cwd,
		.default_env = env,
		.stdout_path = in->plan->hooks_stdout,
		.stderr_path = in->plan->hooks_stderr,
		.cancel_fd = in->chan.fd, /* createContainer: until the runtime has gone */
	};

	if (list->n == 0)
		return 0;
	ctx.state_json = init_state_json (in->arena, in->plan, in->host->bundle, status,
					  in->host_pid);
	return hooks_run (list, &ctx, e);
}

static int
new_session (struct err *e)
{
	/* EPERM: already a leader (pid 1 of a new pid namespace is not, but a stage's child may
	 * be). */
	if (setsid () < 0 && getsid (0) != getpid ())
		return err_set (e, EPERM, "setsid");
	return 0;
}

/* Not where the plan says: systemd chose it after the fork, it is below that one, or the container
 * has none of its own and stays in the runtime's. The kernel knows. */
static void
find_cgroup (struct init *in)
{
	if (in->cgroup->manager != CGROUP_MANAGER_CGROUPFS || in->plan->cgroup.subgroup)
		in->rootfs.cgroup_path = cgroup_of_process (in->arena, in->cgroup->mode, 0);
}

static int
make_namespaces (uint64_t types, struct err *e)
{
	return types && unshare ((int) types) < 0 ? err_set (e, errno, "unshare") : 0;
}

static int
receive_netns (struct init *in, struct err *e)
{
	autofd ns = -1;
	struct msg m;

	TRY (chan_receive (&in->chan, 1u << MSG_NETNS, &m, &ns, e));
	return setns (ns, CLONE_NEWNET) < 0 ? err_set (e, errno, "join it") : 0;
}

/* The namespace is made by clone3, joined with the others, or comes from the runtime with lo up
 * (container/netns.c). */
static int
enter_network (struct init *in, struct err *e)
{
	if (in->netns)
		STEP ("the new network namespace", receive_netns (in, e));
	else if (in->plan->loopback)
		STEP ("loopback", loopback_up (e));
	return in->plan->n_net_devices ? chan_call (&in->chan, MSG_NETNS_READY, 0, e) : 0;
}

static int
open_console (struct init *in, struct pty *pty, struct err *e)
{
	const struct process_plan *p = &in->plan->process;

	TRY (pty_open (pty, p->console_rows, p->console_cols, p->uid, e));
	TRY (console_bind (&in->rootfs, pty->slave, e));
	TRY (chan_send_fd (&in->chan, MSG_CONSOLE, 0, pty->name, pty->master, e));
	close (pty->master);
	return pty_become (pty->slave, e);
}

static int
change_root (struct init *in, struct err *e)
{
	if (in->exe)
		selfexe_bury (in->exe);
	return rootfs_pivot (&in->rootfs, &in->plan->rootfs, e);
}

static int
init_build (struct init *in, struct err *e)
{
	const struct plan *p = in->plan;
	const struct process_plan *proc = &p->process;
	struct pty pty = { -1, -1, "" };
	/* With createContainer hooks the runtime must hear of this point too: poststop hooks are
	 * owed from here on. */
	bool host_hooks = p->hooks[HOOK_PRESTART].n || p->hooks[HOOK_CREATE_RUNTIME].n ||
			  p->hooks[HOOK_CREATE_CONTAINER].n;
	bool early; /* the old root is gone before the network is there */

	/* -- with the runtime's privilege, or as root of the new user namespace -- */
	STEP ("wait for the runtime",
	      chan_expect (&in->chan, MSG_GO, &in->host_pid, e)); /* cgroup and id maps are done */
	if (!p->ns.needs_stage) {
		STEP ("enter the cgroup",
		      cgroup_enter_self (in->cgroup, e)); /* before its namespace is made */
		if (p->userns.create)
			STEP ("become root of the user namespace",
			      userns_become_root (&p->userns, e));
	}
	find_cgroup (in);
	STEP ("new session", new_session (e));
	STEP ("hide from others", enter_hide (e)); /* the stage did; fs.suid_dumpable may undo it */
	STEP ("join namespaces", ns_join (&in->joins, ~0ull, false, e));
	STEP ("make namespaces", make_namespaces (in->unshares, e));
	STEP ("session keyring", enter_keyring (proc, e));
	STEP ("host name", ns_set_names (&p->ns, e));

	/* -- the file system; the host's mounts are still visible until the pivot -- */
	STEP ("prepare the root",
	      rootfs_open (&in->rootfs, &p->rootfs, in->host->cgroup_mode == CGROUP_V2, e));
	STEP ("mount", mounts_apply (&in->rootfs, p, 0, p->rootfs.n_before_net, e));
	if (p->rootfs.dev_before_net)
		STEP ("devices", devices_create (&in->rootfs, &p->rootfs, e));
	early = in->netns && !host_hooks && mounts_pivot_early (&in->rootfs, p);
	if (early)
		STEP ("change root", change_root (in, e));
	STEP ("network", enter_network (in, e)); /* late: it may still have been in the making.
						    Before sysfs, which shows it */
	STEP ("mount",
	      mounts_apply (&in->rootfs, p, p->rootfs.n_before_net, p->rootfs.n_mounts, e));
	STEP ("notification socket", mounts_notify (&in->rootfs, e));
	if (!p->rootfs.dev_before_net)
		STEP ("devices", devices_create (&in->rootfs, &p->rootfs, e));
	if (p->hooks[HOOK_CREATE_CONTAINER].n)
		umask (in->rootfs.umask); /* that of the caller again */
	if (host_hooks) {
		rootfs_forget (&in->rootfs);
		STEP ("runtime hooks", chan_call (&in->chan, MSG_ROOTFS_READY, 0, e));
	}
	STEP ("createContainer hooks",
	      run_hooks (in, HOOK_CREATE_CONTAINER, "creating", in->host->bundle, environ, e));
	if (!early)
		STEP ("change root", change_root (in, e));
	if (proc->terminal)
		STEP ("console",
		      open_console (in, &pty,
				    e)); /* after the pivot: ptmx must be the container's */
	STEP ("sysctl", sysctls_apply (proc, e)); /* before /proc/sys becomes read-only */
	STEP ("masked and read-only paths", masks_apply (&in->rootfs, &p->rootfs, e));
	STEP ("finish the root",
	      rootfs_finish (&in->rootfs, &p->rootfs, e)); /* after all that needs to write to it */

	/* -- the process -- */
	STEP ("cpu affinity",
	      affinity_reset (e)); /* the caller's is no business of the container's */
	if (p->has_process)
		TRY (enter_set_process (in, e)); /* after the pivot: /dev/null of the container */
	STEP ("hand over",
	      chan_send (&in->chan, MSG_READY, in->alone && !enter_hears_run_last (in), NULL, e));
	TRY (enter_lose (in, e)); /* while the runtime writes the state, and … */
	if (!in->alone)
		STEP ("wait for the runtime", /* … sets limits; nothing more from it */
		      chan_expect (&in->chan, MSG_RUN, NULL, e));
	else if (p->has_process)
		TRY (rlimits_apply (0, proc, e));
	if (in->exe)
		TRY (selfexe_exchange (in->exe, e)); /* before anything of the container runs */
	return enter_user_process (in, e);
}

_Noreturn void
init_main (struct init *in)
{
	enter_log_through_channel (in);
	(void) init_build (in, in->err);
	chan_send_error (&in->chan, in->err);
	_exit (1);
}
