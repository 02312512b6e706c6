/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing a plan: what is decided, in the words of config.json, in the order of struct plan. */
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "plan/dump_out.h"
#include "plan/planner.h"
#include "sys/syscalls.h"

#define PRINT(...) arena_printf (d->arena, __VA_ARGS__)

static void
add (struct dump *d, strs *words, const char *word)
{
	VEC_PUSH (d->arena, *words, (char *) (size_t) word);
}

/* A list of constants that share a word. */
static void
dump_bits (struct dump *d, const char *name, const struct oci_name *names, uint64_t bits)
{
	strs words = { 0 };

	for (; names->name; names++)
		if (bits & names->value)
			add (d, &words, names->name);
	dump_strings (d, name, &words);
}

/* ---- namespaces */

static void
dump_maps (struct dump *d, const char *name, const struct id_maps *m)
{
	strs words = { 0 };

	for (size_t i = 0; m && i < m->n; i++)
		add (d, &words, PRINT ("%u:%u:%u", m->v[i].inside, m->v[i].outside, m->v[i].count));
	dump_strings (d, name, &words);
}

static void
dump_namespaces (struct dump *d, const struct ns_plan *ns)
{
	dump_enter (d, "namespaces");
	dump_bits (d, "create", oci_namespace_types, ns->create);
	dump_items (d, "join");
	for (size_t i = 0; i < ns->n_join; i++) {
		dump_item (d);
		dump_string (d, "type", oci_name_of (oci_namespace_types, ns->join[i].type));
		dump_string (d, "path", ns->join[i].path);
		dump_item_end (d);
	}
	dump_items_end (d);
	dump_flag (d, "stage", ns->needs_stage);
	dump_string (d, "hostname", ns->hostname);
	dump_string (d, "domainname", ns->domainname);
	dump_items (d, "timeOffsets");
	for (size_t i = 0; i < ns->n_offsets; i++) {
		dump_item (d);
		dump_string (d, "clock",
			     ns->offsets[i].clock == CLOCK_MONOTONIC ? "monotonic" : "boottime");
		dump_int (d, "secs", ns->offsets[i].secs);
		dump_uint (d, "nanosecs", ns->offsets[i].nanosecs);
		dump_item_end (d);
	}
	dump_items_end (d);
	dump_leave (d);
}

static void
dump_userns (struct dump *d, const struct userns_plan *u)
{
	dump_enter (d, "userNamespace");
	dump_flag (d, "create", u->create);
	dump_flag (d, "automatic", u->automatic);
	dump_maps (d, "uidMappings", &u->uid);
	dump_maps (d, "gidMappings", &u->gid);
	dump_flag (d, "denySetgroups", u->deny_setgroups);
	dump_flag (d, "useNewuidmap", u->use_helpers);
	dump_leave (d);
}

/* ---- root file system */

static const char *const mount_kinds[] = {
	[MOUNT_FS] = "new",
	[MOUNT_BIND] = "bind",
	[MOUNT_REMOUNT] = "remount",
	[MOUNT_CGROUP] = "cgroup",
};

static const struct oci_name ext_names[] = {
	{ "tmpcopyup", EXT_TMPCOPYUP },
	{ "copy-symlink", EXT_COPY_SYMLINK },
	{ "src-nofollow", EXT_SRC_NOFOLLOW },
	{ "dest-nofollow", EXT_DST_NOFOLLOW },
	{ "idmap", EXT_IDMAP },
	{ "ridmap", EXT_IDMAP_REC },
	{ "no-symlinks", EXT_PROC_OR_SYS },
	{ "or-bind-sys", EXT_SYSFS_BIND },
	{ "file-system", EXT_REMOUNT_FS },
	{ NULL, 0 },
};

static const char *
atime_name (uint64_t mode)
{
	return mode == MOUNT_ATTR_NOATIME	? "noatime"
	       : mode == MOUNT_ATTR_STRICTATIME ? "strictatime"
						: "relatime";
}

/* By the names that set a bit, and those that clear it; the first, where several do. */
static void
dump_attributes (struct dump *d, const char *name, uint64_t set, uint64_t clear, int what)
{
	strs words = { 0 };
	uint64_t said = 0;

	for (size_t i = 0; i < n_mount_options; i++) {
		const struct mount_option *o = &mount_options[i];
		uint64_t bit = o->set ? o->set : o->clear;

		if ((int) o->what != what ||
		    (what != MO_SB && (o->set | o->clear) & MOUNT_ATTR__ATIME))
			continue;
		if (what == MO_SB && said & bit)
			continue;
		if (o->set ? (set & bit) == bit : (clear & bit) == bit) {
			add (d, &words, o->name);
			said |= bit;
		}
	}
	if (what != MO_SB && clear & MOUNT_ATTR__ATIME)
		add (d, &words,
		     PRINT ("%s%s", what == MO_REC ? "r" : "",
			    atime_name (set & MOUNT_ATTR__ATIME)));
	dump_strings (d, name, &words);
}

static void
dump_propagations (struct dump *d, const struct mount_op *op)
{
	strs words = { 0 };

	for (size_t i = 0; i < op->n_propagation; i++)
		add (d, &words, oci_name_of (oci_propagations, op->propagation[i]));
	dump_strings (d, "propagation", &words);
}

static void
dump_mount (struct dump *d, const struct mount_op *op)
{
	dump_item (d);
	dump_string (d, "destination", PRINT ("/%s", op->dst));
	dump_string (d, "kind",
		     op->kind == MOUNT_BIND && op->recursive ? "rbind" : mount_kinds[op->kind]);
	if (op->kind == MOUNT_FS || op->kind == MOUNT_CGROUP)
		dump_string (d, "type", op->fstype);
	if (op->kind != MOUNT_REMOUNT)
		dump_string (d, "source", op->src);
	dump_attributes (d, "attributes", op->attr_set, op->attr_clr, MO_ATTR);
	dump_attributes (d, "recursive", op->rec_set, op->rec_clr, MO_REC);
	dump_attributes (d, "superblock", op->sb_flags, 0, MO_SB);
	dump_string (d, "data", op->data);
	dump_propagations (d, op);
	dump_bits (d, "extensions", ext_names, op->ext);
	dump_maps (d, "uidMappings", op->idmap_uid);
	dump_maps (d, "gidMappings", op->idmap_gid);
	dump_flag (d, "keepMode", op->tmpfs_mode != NULL);
	dump_item_end (d);
}

static char
type_letter (mode_t type)
{
	return type == S_IFBLK ? 'b' : type == S_IFIFO ? 'p' : 'c';
}

static void
dump_devices (struct dump *d, const struct rootfs_plan *r)
{
	strs defaults = { 0 }, links = { 0 };

	dump_flag (d, "makeDev", r->make_dev);
	if (!r->make_dev)
		return;
	dump_flag (d, "bindDevices", r->bind_devices);
	for (size_t i = 0; i < r->n_devices; i++)
		if (r->devices[i].is_default)
			add (d, &defaults, PRINT ("/%s", r->devices[i].path));
	dump_strings (d, "defaultDevices", &defaults);
	dump_items (d, "devices");
	for (size_t i = 0; i < r->n_devices; i++) {
		const struct device_node *n = &r->devices[i];

		if (n->is_default)
			continue;
		dump_item (d);
		dump_string (d, "path", PRINT ("/%s", n->path));
		dump_string (d, "type", PRINT ("%c", type_letter (n->type)));
		dump_string (d, "number", PRINT ("%u:%u", n->major, n->minor));
		dump_mode (d, "mode", n->mode);
		dump_string (d, "owner", PRINT ("%u:%u", (unsigned) n->uid, (unsigned) n->gid));
		dump_item_end (d);
	}
	dump_items_end (d);
	for (size_t i = 0; i < r->n_links; i++)
		add (d, &links, PRINT ("/%s", r->links[i].path));
	dump_strings (d, "links", &links);
}

static void
dump_paths (struct dump *d, const char *name, const char **paths, size_t n)
{
	strs words = { 0 };

	for (size_t i = 0; i < n; i++)
		add (d, &words, paths[i]);
	dump_strings (d, name, &words);
}

static void
dump_rootfs (struct dump *d, const struct rootfs_plan *r)
{
	dump_enter (d, "rootfs");
	dump_string (d, "path", r->path);
	dump_flag (d, "readonly", r->readonly);
	dump_flag (d, "ownMountNamespace", r->own_mount_ns);
	dump_flag (d, "noPivot", r->no_pivot);
	dump_string (d, "propagationBefore", oci_name_of (oci_propagations, r->propagation_before));
	dump_string (d, "propagation", oci_name_of (oci_propagations, r->propagation));
	dump_flag (d, "sourcesFromRuntime", r->sources_from_runtime);
	dump_items (d, "mounts");
	for (size_t i = 0; i < r->n_mounts; i++)
		dump_mount (d, &r->mounts[i]);
	dump_items_end (d);
	dump_devices (d, r);
	dump_paths (d, "maskedPaths", r->masked, r->n_masked);
	dump_paths (d, "readonlyPaths", r->readonly_paths, r->n_readonly_paths);
	dump_string (d, "mountLabel", r->mount_label && *r->mount_label ? r->mount_label : NULL);
	dump_leave (d);
}

/* ---- cgroup */

static const char *const managers[] = {
	[CGROUP_MANAGER_CGROUPFS] = "cgroupfs",
	[CGROUP_MANAGER_SYSTEMD] = "systemd",
	[CGROUP_MANAGER_DISABLED] = "disabled",
};

static void
dump_write (struct dump *d, const struct cgroup_write *w)
{
	dump_item (d);
	dump_string (d, "controller", w->controller);
	dump_string (d, "file", w->file);
	dump_string (d, "value", w->value);
	dump_flag (d, "optional", w->optional);
	dump_string (d, "fallbackFile", w->fallback_file);
	dump_string (d, "fallbackValue", w->fallback_value);
	dump_item_end (d);
}

static const char *
number_or_all (struct dump *d, int64_t n)
{
	return n < 0 ? "*" : PRINT ("%lld", (long long) n);
}

/* As devices.allow of v1 would say it. */
static void
dump_device_rules (struct dump *d, const struct cgroup_plan *c)
{
	strs words = { 0 };

	for (size_t i = 0; i < c->n_devices; i++) {
		const struct device_rule *r = &c->devices[i];

		add (d, &words,
		     PRINT ("%c%c:%s:%s:%s%s%s", r->allow ? '+' : '-', r->type,
			    number_or_all (d, r->major), number_or_all (d, r->minor),
			    r->access & 1 ? "r" : "", r->access & 2 ? "w" : "",
			    r->access & 4 ? "m" : ""));
	}
	dump_strings (d, "devices", &words);
}

/* The value by which a unit file would say it. */
static const char *
property_value (struct dump *d, const struct unit_property *u)
{
	bool is_signed = strchr ("nix", u->signature[0]) != NULL;

	if (u->n_strings)
		return PRINT ("'%s'", str_join (d->arena, u->strings, u->n_strings, "','"));
	return PRINT (is_signed ? "%lld" : "%llu", (unsigned long long) u->number);
}

static void
dump_property (struct dump *d, const struct unit_property *u)
{
	dump_item (d);
	dump_string (d, "name", u->name);
	dump_string (d, "type", u->signature);
	dump_string (d, "value", property_value (d, u));
	dump_item_end (d);
}

static void
dump_cgroup (struct dump *d, const struct cgroup_plan *c)
{
	dump_enter (d, "cgroup");
	dump_string (d, "manager", managers[c->manager]);
	dump_string (d, "path", c->path);
	dump_flag (d, "pathIsDefault", c->path_is_default);
	dump_flag (d, "pathIsRelative", c->path_is_relative);
	dump_string (d, "slice", c->slice);
	dump_string (d, "scope", c->scope);
	dump_string (d, "subgroup", c->subgroup);
	dump_items (d, "properties");
	for (size_t i = 0; i < c->n_properties; i++)
		dump_property (d, &c->properties[i]);
	dump_items_end (d);
	dump_flag (d, "hasLimits", c->has_limits);
	dump_flag (d, "checkBeforeUpdate", c->check_memory);
	if (c->delegate_uid != (uid_t) -1)
		dump_string (d, "delegate",
			     PRINT ("%u:%u", (unsigned) c->delegate_uid,
				    (unsigned) c->delegate_gid));
	dump_items (d, "writes");
	for (size_t i = 0; i < c->n_writes; i++)
		dump_write (d, &c->writes[i]);
	dump_items_end (d);
	dump_flag (d, "allDevicesAllowed", c->devices_allow_all);
	if (!c->devices_allow_all)
		dump_device_rules (d, c);
	dump_leave (d);
}

/* ---- the rest */

static void
dump_seccomp (struct dump *d, const struct seccomp_plan *s)
{
	dump_enter (d, "seccomp");
	dump_string (d, "bpf", s->bpf_base64);
	if (s->profile) {
		dump_string (d, "defaultAction",
			     oci_name_of (oci_seccomp_actions, s->profile->default_action));
		dump_uint (d, "rules", s->profile->syscalls.n);
		dump_bits (d, "flags", oci_seccomp_flags, s->flags);
		dump_flag (d, "flagsOptional", s->flags_optional);
		dump_flag (d, "notify", s->notify);
		dump_string (d, "listenerPath", s->listener_path);
		dump_string (d, "listenerMetadata", s->listener_metadata);
		dump_flag (d, "failUnknownSyscall", s->fail_unknown_syscall);
	}
	dump_leave (d);
}

static void
dump_network (struct dump *d, const struct plan *p)
{
	dump_enter (d, "network");
	dump_flag (d, "loopback", p->loopback);
	dump_items (d, "devices");
	for (size_t i = 0; i < p->n_net_devices; i++) {
		dump_item (d);
		dump_string (d, "name", p->net_devices[i].name);
		dump_string (d, "newName", p->net_devices[i].new_name);
		dump_item_end (d);
	}
	dump_items_end (d);
	dump_leave (d);
}

static void
dump_rdt (struct dump *d, const struct rdt_plan *r)
{
	if (!r->set)
		return;
	dump_enter (d, "intelRdt");
	dump_string (d, "closID", r->clos_id);
	dump_flag (d, "closIDGiven", r->clos_given);
	dump_flag (d, "enableMonitoring", r->monitoring);
	dump_paths (d, "schemata", r->schemata, r->n_schemata);
	dump_leave (d);
}

static void
dump_hook (struct dump *d, const struct hook *h)
{
	strs args = { h->args, 0 }, env = { h->env, 0 };

	while (args.v && args.v[args.n])
		args.n++;
	while (env.v && env.v[env.n])
		env.n++;
	dump_item (d);
	dump_string (d, "path", h->path);
	dump_strings (d, "args", &args);
	dump_flag (d, "inheritEnv", !h->env);
	dump_strings (d, "env", &env);
	if (h->timeout_ms)
		dump_uint (d, "timeoutMs", h->timeout_ms);
	dump_item_end (d);
}

static void
dump_hooks (struct dump *d, const struct plan *p)
{
	dump_enter (d, "hooks");
	dump_string (d, "stdout", p->hooks_stdout);
	dump_string (d, "stderr", p->hooks_stderr);
	for (int phase = 0; phase < HOOK_PHASES; phase++) {
		if (p->hooks[phase].n == 0)
			continue;
		dump_items (d, hook_phase_names[phase]);
		for (size_t i = 0; i < p->hooks[phase].n; i++)
			dump_hook (d, &p->hooks[phase].v[i]);
		dump_items_end (d);
	}
	dump_leave (d);
}

static char *
dump_plan (struct arena *a, const struct plan *p, bool as_json)
{
	struct dump dump, *d = &dump;

	dump_init (d, a, as_json);
	dump_string (d, "id", p->container_id);
	dump_string (d, "ociVersion", p->spec ? p->spec->oci_version : NULL);
	dump_namespaces (d, &p->ns);
	dump_userns (d, &p->userns);
	dump_rootfs (d, &p->rootfs);
	dump_cgroup (d, &p->cgroup);
	if (p->has_process)
		dump_process (d, &p->process);
	else
		dump_string (d, "process", "none");
	dump_seccomp (d, &p->seccomp);
	dump_network (d, p);
	dump_rdt (d, &p->rdt);
	dump_hooks (d, p);
	dump_string (d, "stopSignal", PRINT ("%d", p->stop_signal));
	return dump_finish (d);
}

char *
plan_dump_text (struct arena *a, const struct plan *p)
{
	return dump_plan (a, p, false);
}

char *
plan_dump_json (struct arena *a, const struct plan *p)
{
	return dump_plan (a, p, true);
}
