/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exec shall run: the container's process, changed by --process and the other options. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "container/container.h"
#include "container/exec.h"
#include "container/host.h"
#include "libocispec/report.h"
#include "plan/plan.h"

#define PROCESS_MAX (64u << 20)

/* What is being made, and where its parts come from. */
struct merge {
	struct arena *arena;
	const struct exec_options *o;
	const struct oci_process *base; /* the container's process */
	struct oci_process p;
	struct oci_report report;
};

/* ---- --process: what it does not say is as in the container -------------------------------------
 */

static void
inherit (struct merge *m, bool has_user)
{
	const struct oci_process *b = m->base;
	opt_u32 umask = m->p.user.umask;

	if (!has_user)
		m->p.user = b->user;
	m->p.user.umask = umask.set ? umask : b->user.umask;
	if (!m->p.capabilities)
		m->p.capabilities = b->capabilities;
	if (!m->p.rlimits.v)
		memcpy (&m->p.rlimits, &b->rlimits, sizeof b->rlimits);
	if (!m->p.no_new_privileges.set)
		m->p.no_new_privileges = b->no_new_privileges;
	if (!m->p.oom_score_adj.set)
		m->p.oom_score_adj = b->oom_score_adj;
	if (!m->p.selinux_label || !*m->p.selinux_label)
		m->p.selinux_label = b->selinux_label;
	if (!m->p.apparmor_profile || !*m->p.apparmor_profile)
		m->p.apparmor_profile = b->apparmor_profile;
	if (!m->p.scheduler)
		m->p.scheduler = b->scheduler;
	if (!m->p.io_priority)
		m->p.io_priority = b->io_priority;
	if (!m->p.exec_cpu_affinity)
		m->p.exec_cpu_affinity = b->exec_cpu_affinity;
}

static int
read_process (struct merge *m, struct err *e)
{
	const char *file = m->o->process;
	struct oci_process *p;
	size_t len;
	char *text;

	if (streq (file, "-")) {
		file = "standard input";
		TRY (read_fd (m->arena, 0, file, PROCESS_MAX, &text, &len, e));
	} else if (read_file_at (m->arena, AT_FDCWD, file, PROCESS_MAX, &text, &len, e) < 0) {
		return err_wrap (e, "--process");
	}
	oci_report_init (&m->report, m->arena, file, text, len);
	if (oci_process_read (m->arena, text, len, &m->report, &p) < 0)
		return err_set (e, 0, "%s", oci_report_text (&m->report));
	m->p = *p;
	/* Found at the place of the whole document: it is not there. */
	inherit (m, oci_locate (text, len, "user") != oci_locate (text, len, ""));
	m->report.buf = NULL; /* the paths of the plan begin with "process." */
	return 0;
}

/* ---- the command and the options --------------------------------------------------------------
 */

static strs
append (struct arena *a, const strs *to, const struct exec_list *more)
{
	strs all = { NULL, 0 };

	for (size_t i = 0; i < to->n; i++)
		VEC_PUSH (a, all, to->v[i]);
	for (size_t i = 0; i < more->n; i++)
		VEC_PUSH (a, all, (char *) (uintptr_t) more->v[i]);
	return all;
}

/* Digits only, and never 4294967295, which is the kernel's "leave it" (CVE-2026-30892). */
static int
parse_id (const char *text, const char *option, uint32_t *ret, struct err *e)
{
	if (parse_u32 (text, ret) < 0 || *ret == UINT32_MAX)
		return err_set (e, 0, "%s: '%s' is not a number from 0 to 4294967294", option,
				text);
	return 0;
}

static int
set_user (struct merge *m, struct err *e)
{
	const char *colon;

	if (!m->o->user)
		return 0;
	colon = strchr (m->o->user, ':');
	if (colon) {
		TRY (parse_id (colon + 1, "--user", &m->p.user.gid, e));
		return parse_id (arena_strndup (m->arena, m->o->user,
						(size_t) (colon - m->o->user)),
				 "--user", &m->p.user.uid, e);
	}
	return parse_id (m->o->user, "--user", &m->p.user.uid, e);
}

static int
add_groups (struct merge *m, struct err *e)
{
	u32s all = { NULL, 0 };

	if (m->o->groups.n == 0)
		return 0;
	for (size_t i = 0; i < m->p.user.additional_gids.n; i++)
		VEC_PUSH (m->arena, all, m->p.user.additional_gids.v[i]);
	for (size_t i = 0; i < m->o->groups.n; i++) {
		uint32_t gid;

		TRY (parse_id (m->o->groups.v[i], "--additional-gids", &gid, e));
		VEC_PUSH (m->arena, all, gid);
	}
	m->p.user.additional_gids = all;
	return 0;
}

static bool
has (const strs *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (streq (list->v[i], word))
			return true;
	return false;
}

/* Never inheritable (CVE-2022-24769); ambient only what is inheritable already. */
static void
add_caps (struct merge *m)
{
	static const struct oci_capabilities none;
	struct exec_list ambient = { NULL, 0 };
	struct oci_capabilities *c;

	if (m->o->caps.n == 0)
		return;
	c = arena_memdup (m->arena,
			  m->p.capabilities && !m->o->only_caps ? m->p.capabilities : &none,
			  sizeof *c);
	c->bounding = append (m->arena, &c->bounding, &m->o->caps);
	c->effective = append (m->arena, &c->effective, &m->o->caps);
	c->permitted = append (m->arena, &c->permitted, &m->o->caps);
	ambient.v = arena_alloc (m->arena, m->o->caps.n * sizeof *ambient.v);
	for (size_t i = 0; i < m->o->caps.n; i++)
		if (has (&c->inheritable, m->o->caps.v[i]))
			ambient.v[ambient.n++] = m->o->caps.v[i];
	c->ambient = append (m->arena, &c->ambient, &ambient);
	m->p.capabilities = c;
}

static int
check_env (const struct exec_list *env, struct err *e)
{
	for (size_t i = 0; i < env->n; i++)
		if (!strchr (env->v[i], '=') || env->v[i][0] == '=')
			return err_set (e, 0, "--env: '%s' is not NAME=VALUE", env->v[i]);
	return 0;
}

static int
use_options (struct merge *m, struct err *e)
{
	const struct exec_options *o = m->o;

	TRY (check_env (&o->env, e));
	if (o->env.n)
		m->p.env = append (m->arena, &m->p.env, &o->env);
	TRY (set_user (m, e));
	TRY (add_groups (m, e));
	add_caps (m);
	if (o->cwd && *o->cwd != '/')
		return err_set (e, 0, "--cwd: '%s' is not an absolute path", o->cwd);
	if (o->cwd)
		m->p.cwd = (char *) (uintptr_t) o->cwd;
	if (o->label)
		m->p.selinux_label = (char *) (uintptr_t) o->label;
	if (o->apparmor)
		m->p.apparmor_profile = (char *) (uintptr_t) o->apparmor;
	if (o->no_new_privs)
		m->p.no_new_privileges = (opt_bool) { true, true };
	m->p.terminal |= o->tty;
	return 0;
}

/* The container's process with another command. */
static int
use_command (struct merge *m, struct err *e)
{
	strs args = { NULL, 0 };

	for (char **arg = m->o->args; *arg; arg++)
		VEC_PUSH (m->arena, args, *arg);
	if (args.n == 0)
		return err_set (e, 0, "no command is given, and no --process");
	m->p = *m->base;
	m->p.args = args;
	m->p.terminal = false;
	m->p.console_size = NULL;
	return 0;
}

static void
read_maps (struct arena *a, const struct oci_linux *lnx, struct userns_plan *ret)
{
	ret->uid.v = arena_alloc (a, (lnx->uid_mappings.n + 1) * sizeof *ret->uid.v);
	ret->gid.v = arena_alloc (a, (lnx->gid_mappings.n + 1) * sizeof *ret->gid.v);
	for (size_t i = 0; i < lnx->uid_mappings.n; i++) {
		const struct oci_id_mapping *x = &lnx->uid_mappings.v[i];

		ret->uid.v[ret->uid.n++] = (struct id_map) { x->container_id, x->host_id, x->size };
	}
	for (size_t i = 0; i < lnx->gid_mappings.n; i++) {
		const struct oci_id_mapping *x = &lnx->gid_mappings.v[i];

		ret->gid.v[ret->gid.n++] = (struct id_map) { x->container_id, x->host_id, x->size };
	}
}

int
exec_plan_process (struct exec_request *r, struct plan *plan, struct err *e)
{
	static const struct oci_process nothing = { .cwd = (char *) "/" };
	static struct oci_linux no_linux;
	const struct exec_facts *f = &r->facts;
	struct arena *a = r->g->arena;
	struct oci_config *spec = arena_alloc (a, sizeof *spec);
	const struct plan_options opt = {
		.no_new_keyring = !f->keyring,
		.listen_fds = r->g->listen_fds,
		.listen_fdnames = r->g->listen_fdnames,
	};
	struct merge m = { .arena = a, .o = r->o, .base = f->process ? f->process : &nothing };
	struct planner p = { a, spec, &r->host, &opt, &m.report, plan };

	oci_report_init (&m.report, a, "exec", NULL, 0);
	TRY (r->o->process ? read_process (&m, e) : use_command (&m, e));
	TRY (use_options (&m, e));
	spec->lnx = f->lnx ? f->lnx : &no_linux;
	spec->annotations = r->c->st.annotations;
	*plan = (struct plan) { .spec = spec, .container_id = r->c->id, .has_process = true };
	plan->ns.own = f->namespaces;
	plan->userns.deny_setgroups = f->deny_setgroups;
	read_maps (a, spec->lnx, &plan->userns);
	host_probe_labels (spec, &m.p, &r->host);
	plan_process (&p, &m.p, "process", &plan->process);
	if (oci_report_failed (&m.report))
		return err_set (e, 0, "%s", oci_report_text (&m.report));
	log_warnings (oci_report_warnings (&m.report));
	return 0;
}
