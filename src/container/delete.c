/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * delete: what create made is taken away in the opposite order, the state directory last. Each step
 * tolerates that it was done before, so that a delete that was killed can be repeated.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "container/audit.h"
#include "container/container.h"
#include "container/interrupt.h"
#include "hooks/hooks.h"
#include "libocispec/arena.h"
#include "libocispec/oci_config.h"
#include "libocispec/oci_state.h"
#include "libocispec/report.h"
#include "plan/plan.h"
#include "rdt/rdt.h"
#include "sys/pidfd.h"
#include "sys/syscalls.h"

#define KILL_TIMEOUT_MS 10000

/* init under another pid than the state's, which was damaged: a pidfd, or -ESRCH. */
static int
search_init (const struct container *c, const struct cgroup *cg)
{
	struct arena a = { 0 };
	struct err ignored;
	size_t n = 0;
	pid_t *pids;
	int found = -ESRCH;

	if (!c->st.cgroup_created || cgroup_pids (&a, cg, &pids, &n, &ignored) < 0)
		n = 0;
	for (size_t i = 0; i < n && found < 0; i++) {
		int fd = pidfd_open (pids[i]);

		if (fd >= 0 && container_is_init (c, pids[i], fd) > 0)
			found = fd;
		else if (fd >= 0)
			close (fd);
	}
	arena_free (&a);
	return found;
}

static int
kill_process (const struct container *c, const struct cgroup *cg, int pidfd, struct err *e)
{
	struct err ignored;
	int r = sys_pidfd_send_signal (pidfd, SIGKILL);

	if (r < 0 && r != -ESRCH)
		return err_set (e, -r, "kill the process of container '%s'", c->id);
	/* v1: the frozen cannot die, and shall not run before they have to: killed first, then
	 * thawed. */
	if (c->st.cgroup_created && cgroup_is_frozen (cg) == 1)
		(void) cgroup_kill (cg, SIGKILL, &ignored);
	return pidfd_wait (pidfd, KILL_TIMEOUT_MS) == 0
		       ? err_set (e, ETIMEDOUT, "the process of container '%s' does not end", c->id)
		       : 0;
}

static int
kill_init (const struct container *c, const struct cgroup *cg, struct err *e)
{
	autofd pidfd = container_open_init (c);

	if (pidfd == -ESRCH)
		return 0;
	if (pidfd < 0)
		return err_set (e, -pidfd, "find out whether process %d is container '%s'",
				(int) c->st.pid, c->id);
	return kill_process (c, cg, pidfd, e);
}

int
container_destroy (struct container *c, struct err *e)
{
	autofd init = -1;
	struct cgroup cg;
	struct err kill_error;
	int stays;

	container_cgroup (c, &cg);
	/* Who is in there when a pid namespace of its own has ended came from elsewhere: another
	 * container may have taken the cgroup over. */
	cg.only_wait = c->st.own_pidns && !streq (c->st.phase, "creating");
	TRY (kill_init (c, &cg, e));
	/* Only a cgroup that we made, and only what may have outlived init. */
	if (c->st.cgroup_created && !c->st.own_pidns && cgroup_kill (&cg, SIGKILL, &kill_error) < 0)
		log_debug ("%s", err_full (&kill_error));
	TRY (stays = cgroup_destroy (&cg, e));
	if (stays && (init = search_init (c, &cg)) >= 0) {
		TRY (kill_process (c, &cg, init, e));
		TRY (stays = cgroup_destroy (&cg, e));
	}
	if (stays)
		log_warn (
			"the cgroup '%s' stays: there are processes in it that are not the container's",
			cg.path);
	if (c->st.rdt_clos)
		TRY (rdt_destroy (c->st.rdt_clos, c->id, c->st.rdt_owned, e));
	/* Whoever makes them again, they are not ours any more; for states that are kept. */
	c->st.cgroup_created = false;
	c->st.cgroup_made = c->st.rdt_clos = NULL;
	return 0;
}

int
container_run_hooks (struct container *c, struct arena *a, int phase, const char *status,
		     bool keep_going, struct err *e)
{
	struct oci_config *spec;
	struct oci_report report;
	struct plan plan = { 0 };
	struct planner p = { .arena = a, .report = &report, .plan = &plan };
	struct oci_state st = {
		.oci_version = c->st.oci_version,
		.id = (char *) c->id,
		.status = (char *) status,
		.pid = streq (status, "stopped") ? 0 : c->st.pid,
		.bundle = c->st.bundle,
		.root = c->st.rootfs,
		.annotations = c->st.annotations,
	};
	struct hook_context ctx = { .cwd = *c->st.bundle ? c->st.bundle : NULL, /* damaged state */
				    .default_env = environ,
				    .keep_going = keep_going,
				    .signal_fd = interrupt_fd () };

	TRY (container_config (c, a, &spec, e));
	oci_report_init (&report, a, "config.json", "", 0);
	p.spec = spec;
	plan.spec = spec;
	plan_hooks (&p);
	ctx.stdout_path = plan.hooks_stdout;
	ctx.stderr_path = plan.hooks_stderr;
	ctx.state_json = oci_record_write (&oci_hook_state_record, &st, a, OCI_COMPACT, NULL);
	return hooks_run (&plan.hooks[phase], &ctx, e);
}

void
container_run_poststop (struct container *c, struct arena *a)
{
	struct err late;

	if (c->st.has_poststop &&
	    container_run_hooks (c, a, HOOK_POSTSTOP, "stopped", true, &late) < 0)
		log_warn ("%s", err_full (&late));
}

static int
delete_locked (const struct globals *g, struct container *c, bool force, struct err *e)
{
	enum container_status st = container_status (c, NULL);

	/* `created` may be deleted as well: engines rely on it (the specification says stopped
	 * only). */
	if (!force && (st == STATUS_RUNNING || st == STATUS_PAUSED))
		return err_set (e, 0, "cannot delete container %s that is not stopped: %s", c->id,
				container_status_names[st]);
	TRY (container_destroy (c, e));
	container_run_poststop (c, g->arena);
	TRY (audit_record (g, "delete", c->id, (pid_t) c->st.pid, e));
	return container_remove_state (c, e);
}

/*
 * Another command has the container, and may wait for what never comes, as start does for a
 * startContainer hook that hangs: with --force the end of init ends that too.
 */
static void
end_what_is_busy (const struct globals *g, const char *id)
{
	struct err ignored;
	struct container c;
	struct cgroup cg;

	if (container_open (g, id, false, &c, &ignored) == 0 && container_is_busy (&c)) {
		container_cgroup (&c, &cg);
		(void) kill_init (&c, &cg, &ignored);
	}
	container_close (&c);
}

static int delete (const struct globals *g, const char *id, bool force, struct err *e)
{
	struct container c;
	bool damaged = false;
	int r;

	if (force)
		end_what_is_busy (g, id);
	if (container_open (g, id, true, &c, e) < 0) {
		if (force && e->num == ENOENT)
			return 0;
		if (!container_recover (&c, g->arena))
			return -1;
		damaged = true;
	}
	/* An empty directory: its create was killed before it made anything else. */
	if (damaged && !force)
		r = unlinkat (c.root_fd, id, AT_REMOVEDIR) < 0 ? -1 : 0;
	else
		r = delete_locked (g, &c, force, e);
	container_close (&c);
	return r;
}

int
container_delete (const struct globals *g, const char *id, bool force, struct err *e)
{
	TRY (audit_check (g, e));
	if (delete (g, id, force, e) == 0)
		return 0;
	audit_record_failure (g, "delete", id);
	return -1;
}
