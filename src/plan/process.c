/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "plan/planner.h"
#include "sys/syscalls.h"

#define GROUPS_MAX 65536 /* NGROUPS_MAX */

/* ---- arguments, environment */

static void
plan_args (struct planner *p, const struct oci_process *in, const char *prefix,
	   struct process_plan *r)
{
	if (in->args.n == 0)
		BAD (p, PATH ("%s.args", prefix), "required, with at least the program to run");
	else if (!*in->args.v[0])
		BAD (p, PATH ("%s.args[0]", prefix), "the program to run must not be empty");
	r->args = arena_alloc (p->arena, (in->args.n + 1) * sizeof *r->args);
	if (in->args.n)
		memcpy (r->args, in->args.v, in->args.n * sizeof *r->args);
	r->cwd = in->cwd;
	if (!in->cwd || *in->cwd != '/')
		BAD (p, PATH ("%s.cwd", prefix), "'%s' is not an absolute path",
		     in->cwd ? in->cwd : "");
}

static size_t
name_length (const char *entry)
{
	return strcspn (entry, "=");
}

/* A set of names: an environment may have 100,000 entries. */
struct env_set {
	char **env;
	size_t n;
	uint32_t
		*slots; /* index + 1 into env, 0: free; a power of two of them, at most half full */
	size_t mask;
};

static void
env_set_init (struct env_set *s, struct arena *a, size_t max)
{
	s->n = 0;
	s->mask = 15;
	while (s->mask + 1 < 2 * max)
		s->mask = 2 * s->mask + 1;
	s->env = arena_alloc (a, (max + 1) * sizeof *s->env);
	s->slots = arena_alloc (a, (s->mask + 1) * sizeof *s->slots);
}

/* Later entries win, in the place of the first. */
static void
put_env (struct env_set *s, char *entry)
{
	size_t len = name_length (entry), at;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char) entry[i]) * 16777619u;
	for (at = hash & s->mask; s->slots[at]; at = (at + 1) & s->mask) {
		char **other = &s->env[s->slots[at] - 1];

		if (name_length (*other) == len && strncmp (*other, entry, len) == 0) {
			*other = entry;
			return;
		}
	}
	s->env[s->n++] = entry;
	s->slots[at] = (uint32_t) s->n;
}

static void
add_activation (struct planner *p, struct env_set *s)
{
	const struct plan_options *o = p->opt;

	if (o->listen_fds) {
		put_env (s, PATH ("LISTEN_FDS=%u", o->listen_fds));
		put_env (s, arena_strdup (p->arena, "LISTEN_PID=1")); /* init corrects it where pid
									 1 is not its number */
		if (o->listen_fdnames)
			put_env (s, PATH ("LISTEN_FDNAMES=%s", o->listen_fdnames));
	}
	if (o->notify_socket)
		put_env (s, arena_strdup (p->arena, "NOTIFY_SOCKET=" NOTIFY_PATH));
}

static void
plan_env (struct planner *p, const struct oci_process *in, const char *prefix,
	  struct process_plan *r)
{
	struct env_set s;

	env_set_init (&s, p->arena, in->env.n + 8);
	for (size_t i = 0; i < in->env.n; i++) {
		const char *e = in->env.v[i];

		if (!strchr (e, '=') || *e == '=')
			BAD (p, PATH ("%s.env[%zu]", prefix, i), "'%s' is not NAME=VALUE", e);
		put_env (&s, in->env.v[i]);
	}
	add_activation (p, &s);
	r->env = s.env;
	r->needs_home = true;
	for (size_t i = 0; i < s.n; i++)
		if (startswith (r->env[i], "HOME=") && r->env[i][5])
			r->needs_home = false;
}

/* ---- ids */

static bool
is_mapped (const struct id_maps *m, uint32_t id)
{
	for (size_t i = 0; i < m->n; i++)
		if (id >= m->v[i].inside && id - m->v[i].inside < m->v[i].count)
			return true;
	return m->n == 0; /* joined by path: we do not know */
}

static void
plan_user (struct planner *p, const struct oci_user *u, const char *prefix, struct process_plan *r)
{
	const struct userns_plan *ns = &p->plan->userns;
	bool check = owns (p, CLONE_NEWUSER);

	r->uid = u->uid;
	r->gid = u->gid;
	r->umask = u->umask.set ? u->umask.v : 0022;
	r->groups = u->additional_gids.v;
	r->n_groups = u->additional_gids.n;
	if (r->n_groups > GROUPS_MAX)
		BAD (p, PATH ("%s.user.additionalGids", prefix),
		     "%zu groups: the kernel takes at most %d", r->n_groups, GROUPS_MAX);
	if (check && !is_mapped (&ns->uid, u->uid))
		BAD (p, PATH ("%s.user.uid", prefix), "%u is not mapped in the user namespace",
		     u->uid);
	if (check && !is_mapped (&ns->gid, u->gid))
		BAD (p, PATH ("%s.user.gid", prefix), "%u is not mapped in the user namespace",
		     u->gid);
	for (size_t i = 0; check && i < r->n_groups; i++)
		if (!is_mapped (&ns->gid, r->groups[i]))
			BAD (p, PATH ("%s.user.additionalGids[%zu]", prefix, i),
			     "%u is not mapped in the user namespace", r->groups[i]);
	if (check && ns->deny_setgroups && r->n_groups)
		BAD (p, PATH ("%s.user.additionalGids", prefix),
		     "an ordinary user with a single mapping cannot set groups (user_namespaces(7))");
}

/* ---- limits */

/* clang-format off */
static const struct {
	const char *name;
	int resource;
} rlimits[] = {
	{ "RLIMIT_AS", RLIMIT_AS }, { "RLIMIT_CORE", RLIMIT_CORE }, { "RLIMIT_CPU", RLIMIT_CPU }, { "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE }, { "RLIMIT_LOCKS", RLIMIT_LOCKS }, { "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE }, { "RLIMIT_NICE", RLIMIT_NICE }, { "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC }, { "RLIMIT_RSS", RLIMIT_RSS }, { "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME }, { "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING }, { "RLIMIT_STACK", RLIMIT_STACK },
};
/* clang-format on */

static void
unknown_rlimit (struct planner *p, const char *path, const char *name)
{
	const char *all[ARRAY_SIZE (rlimits)], *nearest;

	for (size_t i = 0; i < ARRAY_SIZE (rlimits); i++)
		all[i] = rlimits[i].name;
	nearest = str_nearest (name, all, ARRAY_SIZE (all));
	BAD (p, path, "unknown limit '%s'%s%s%s", name, nearest ? "; did you mean " : "",
	     nearest ? nearest : "", nearest ? "?" : "");
}

static void
plan_rlimits (struct planner *p, const struct oci_process *in, const char *prefix,
	      struct process_plan *r)
{
	unsigned long seen = 0;

	r->rlimits = arena_alloc (p->arena, (in->rlimits.n + 1) * sizeof *r->rlimits);
	for (size_t i = 0; i < in->rlimits.n; i++) {
		const struct oci_rlimit *l = &in->rlimits.v[i];
		size_t k = 0;

		while (k < ARRAY_SIZE (rlimits) && !streq (rlimits[k].name, l->type))
			k++;
		if (k == ARRAY_SIZE (rlimits)) {
			unknown_rlimit (p, PATH ("%s.rlimits[%zu].type", prefix, i), l->type);
			continue;
		}
		if (l->soft > l->hard)
			BAD (p, PATH ("%s.rlimits[%zu].soft", prefix, i), "%llu exceeds hard %llu",
			     (unsigned long long) l->soft, (unsigned long long) l->hard);
		if (seen & 1ul << k)
			BAD (p, PATH ("%s.rlimits[%zu].type", prefix, i), "%s is given twice",
			     l->type);
		seen |= 1ul << k;
		r->rlimits[r->n_rlimits++] = (struct rlimit_plan) { rlimits[k].resource,
								    rlimits[k].name, l->soft,
								    l->hard };
	}
}

/* ---- sysctl */

/* clang-format off */
static const struct {
	const char *prefix;		/* with a '/' at its end: everything below */
	uint64_t ns;
	const char *ns_name;
} sysctl_spaces[] = {
	{ "net/", CLONE_NEWNET, "network" }, { "fs/mqueue/", CLONE_NEWIPC, "ipc" }, { "user/", CLONE_NEWUSER, "user" },
	{ "kernel/msgmax", CLONE_NEWIPC, "ipc" }, { "kernel/msgmnb", CLONE_NEWIPC, "ipc" }, { "kernel/msgmni", CLONE_NEWIPC, "ipc" },
	{ "kernel/sem", CLONE_NEWIPC, "ipc" }, { "kernel/shmall", CLONE_NEWIPC, "ipc" }, { "kernel/shmmax", CLONE_NEWIPC, "ipc" },
	{ "kernel/shmmni", CLONE_NEWIPC, "ipc" }, { "kernel/shm_rmid_forced", CLONE_NEWIPC, "ipc" },
	{ "kernel/msg_next_id", CLONE_NEWIPC, "ipc" }, { "kernel/sem_next_id", CLONE_NEWIPC, "ipc" }, { "kernel/shm_next_id", CLONE_NEWIPC, "ipc" },
	{ "kernel/domainname", CLONE_NEWUTS, "uts" },
};
/* clang-format on */

/* As sysctl(8): the first separator decides; with '.' first, '/' in the key means '.' in the file
 * ("net.ipv4.conf.eth0/1.forwarding"). */
static char *
sysctl_file (struct planner *p, const char *key)
{
	char *file = arena_strdup (p->arena, key);
	size_t first = strcspn (key, "./");

	if (key[first] == '.')
		for (char *c = file; *c; c++)
			*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	return file;
}

static void
check_sysctl (struct planner *p, const char *key, const char *file, const char *json)
{
	if (!*file || path_has_dotdot (file) || *file == '/' || strstr (file, "//") ||
	    file[strlen (file) - 1] == '/') {
		BAD (p, json, "'%s' is no name of a sysctl", key);
		return;
	}
	if (streq (file, "kernel/hostname")) {
		BAD (p, json, "use the property hostname");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE (sysctl_spaces); i++) {
		const char *x = sysctl_spaces[i].prefix;

		if (x[strlen (x) - 1] == '/' ? !startswith (file, x) : !streq (file, x))
			continue;
		if (!owns (p, sysctl_spaces[i].ns))
			BAD (p, json,
			     "needs a namespace of the container's own (%s): it would change the host",
			     sysctl_spaces[i].ns_name);
		p->plan->ns.must_differ |= sysctl_spaces[i].ns;
		return;
	}
	BAD (p, json, "is not namespaced: it would change the host");
}

static void
plan_sysctls (struct planner *p, struct process_plan *r)
{
	const kvs *in = &p->spec->lnx->sysctl;

	r->sysctls = arena_alloc (p->arena, (in->n + 1) * sizeof *r->sysctls);
	for (size_t i = 0; i < in->n; i++) {
		const char *json = PATH ("linux.sysctl.%s", in->v[i].key);
		char *file = sysctl_file (p, in->v[i].key);

		check_sysctl (p, in->v[i].key, file, json);
		r->sysctls[r->n_sysctls++] = (struct sysctl) { file, in->v[i].value, json };
	}
}

/* ---- the rest */

static void
plan_labels (struct planner *p, const struct oci_process *in, const char *prefix,
	     struct process_plan *r)
{
	if (in->apparmor_profile && *in->apparmor_profile &&
	    !streq (in->apparmor_profile, "unconfined")) {
		r->apparmor_profile = in->apparmor_profile;
		if (!p->host->apparmor)
			BAD (p, PATH ("%s.apparmorProfile", prefix),
			     "'%s': AppArmor is not enabled on this host", in->apparmor_profile);
	}
	if (in->selinux_label && *in->selinux_label) {
		r->selinux_label = in->selinux_label;
		if (!p->host->selinux)
			BAD (p, PATH ("%s.selinuxLabel", prefix),
			     "'%s': SELinux is not enabled on this host", in->selinux_label);
	}
}

static void
plan_affinity (struct planner *p, const char *text, const char *json, struct cpu_list *r)
{
	if (text && *text && parse_list (p->arena, text, &r->mask, &r->n_words) < 0)
		BAD (p, json, "'%s' is not a list of cpus like 0-3,7", text);
}

static void
plan_personality (struct planner *p, const struct oci_personality *in, struct process_plan *r)
{
	r->personality_set = true;
	if (streq (in->domain, "LINUX"))
		r->personality = PER_LINUX;
	else if (streq (in->domain, "LINUX32"))
		r->personality = PER_LINUX32;
	else
		BAD (p, "linux.personality.domain",
		     "unknown domain '%s'; allowed are LINUX, LINUX32", in->domain);
	if (in->flags.n)
		BAD (p, "linux.personality.flags", "no flags are defined: '%s'", in->flags.v[0]);
}

static void
plan_console (struct planner *p, const struct oci_box *size, const char *prefix,
	      struct process_plan *r)
{
	if (size->height.v > UINT16_MAX || size->width.v > UINT16_MAX) /* struct winsize */
		BAD (p, PATH ("%s.consoleSize", prefix),
		     "%llu x %llu is out of range: at most 65535",
		     (unsigned long long) size->height.v, (unsigned long long) size->width.v);
	r->console_rows = (unsigned short) size->height.v;
	r->console_cols = (unsigned short) size->width.v;
}

/* What is of the container but becomes part of its process. */
static void
plan_from_linux (struct planner *p, struct process_plan *r)
{
	const struct oci_linux *lnx = p->spec->lnx;
	const char *keep = oci_annotation (&p->spec->annotations, "run.oci.keep_original_groups");
	const char *init = oci_annotation (&p->spec->annotations, "run.oci.init");

	r->keep_groups = keep && streq (keep, "1");
	r->builtin_init = p->opt->builtin_init ||
			  (init && (streq (init, "1") || streq (init, "true")));
	if (!p->opt->no_new_keyring)
		r->keyring = PATH ("_ses.%s", p->plan->container_id);
	if (!lnx)
		return;
	plan_sysctls (p, r);
	if (lnx->personality)
		plan_personality (p, lnx->personality, r);
	plan_memory_policy (p, lnx->memory_policy, &r->mempolicy);
}

void
plan_process (struct planner *p, const struct oci_process *in, const char *prefix,
	      struct process_plan *r)
{
	plan_from_linux (p, r);
	if (!in)
		return;
	plan_args (p, in, prefix, r);
	plan_env (p, in, prefix, r);
	plan_user (p, &in->user, prefix, r);
	plan_rlimits (p, in, prefix, r);
	plan_labels (p, in, prefix, r);
	plan_caps (p, in->capabilities, PATH ("%s.capabilities", prefix), &r->caps);
	plan_scheduler (p, in->scheduler, prefix, &r->sched);
	plan_io_priority (p, in->io_priority, prefix, r);
	if (in->exec_cpu_affinity) {
		plan_affinity (p, in->exec_cpu_affinity->initial,
			       PATH ("%s.execCPUAffinity.initial", prefix), &r->affinity_initial);
		plan_affinity (p, in->exec_cpu_affinity->final,
			       PATH ("%s.execCPUAffinity.final", prefix), &r->affinity_final);
	}
	r->no_new_privs = in->no_new_privileges.v;
	/* Labels come with an execve, and the built-in init has none: it would be outside of them.
	 */
	r->builtin_init &= in == p->spec->process; /* not exec's */
	if (r->builtin_init && (r->selinux_label || r->apparmor_profile))
		BAD (p,
		     PATH ("%s.%s", prefix, r->selinux_label ? "selinuxLabel" : "apparmorProfile"),
		     "cannot be had together with the built-in init");
	r->oom_score_adj_set = in->oom_score_adj.set;
	r->oom_score_adj = in->oom_score_adj.v;
	if (in->oom_score_adj.v < -1000 || in->oom_score_adj.v > 1000)
		BAD (p, PATH ("%s.oomScoreAdj", prefix), "%d is out of range: -1000 to 1000",
		     in->oom_score_adj.v);
	r->terminal = in->terminal;
	if (in->terminal && in->console_size)
		plan_console (p, in->console_size, prefix, r);
}
