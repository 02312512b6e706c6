/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The plan: what we will do, compiled from what the user wrote (struct oci_config), what the host
 * is (struct host) and what the command line said (struct plan_options). Read this file first.
 *
 * A plan holds kernel constants, absolute clean paths and ordered operations: executing it needs no
 * further decision about the configuration. It is made by pure functions (no system calls), is
 * read-only afterwards, lives in the arena that it was made in, and is shared with the container's
 * init by fork: nothing of it is ever serialised.
 *
 * Every part carries `json_path` ("mounts[3]") where a later error must be able to name its origin.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct err;
struct host;
struct oci_config;
struct oci_features;
struct oci_linux_resources;
struct oci_process;
struct oci_report;
struct oci_seccomp;

/* ---- namespaces */

struct ns_join {
	uint64_t type;	       /* one CLONE_NEW* */
	const char *path;      /* absolute, in the runtime's mount namespace */
	const char *json_path; /* "linux.namespaces[2].path" */
};

struct time_offset {
	int clock; /* CLOCK_MONOTONIC or CLOCK_BOOTTIME */
	int64_t secs;
	uint32_t nanosecs;
};

struct ns_plan {
	uint64_t create; /* CLONE_NEW* to be made */
	uint64_t own;	 /* create plus the joined types: what is not shared with the runtime */
	struct ns_join *join;
	size_t n_join;
	/*
	 * Two shapes only. false: one clone3 with all of `create`. true: clone3 → stage → init,
	 * because something must happen between two of the steps: a user namespace is joined or
	 * made while others are joined, a pid namespace is joined, or clock offsets are written.
	 */
	bool needs_stage;
	uint64_t must_differ; /* joined types that may not turn out to be the runtime's own:
				 something would change the host */
	const char *hostname; /* NULL: leave */
	const char *domainname;
	struct time_offset offsets[2];
	size_t n_offsets;
};

struct id_map {
	uint32_t inside, outside, count;
};

struct id_maps {
	struct id_map *v;
	size_t n; /* 1 .. 340 (kernel limit, user_namespaces(7)) */
};

struct userns_plan {
	bool create; /* CLONE_NEWUSER is in ns.create; the maps below are written */
	struct id_maps uid, gid;
	bool deny_setgroups; /* just one's own group, unprivileged: setgroups(2) must be denied
				before gid_map */
	bool use_helpers; /* ordinary user with several ids: newuidmap/newgidmap write the maps */
	bool automatic;	  /* not in the configuration: added because the caller is not root */
};

/* ---- root file system */

enum mount_kind {
	MOUNT_FS,      /* a new instance of `fstype` */
	MOUNT_BIND,    /* an existing tree (`recursive`: with what is mounted below) */
	MOUNT_REMOUNT, /* change what is mounted at dst */
	MOUNT_CGROUP,  /* type "cgroup": v1 tree of binds, or cgroup2 */
};

enum mount_ext {
	EXT_TMPCOPYUP = 1 << 0,	   /* tmpfs starts with a copy of what it covers */
	EXT_COPY_SYMLINK = 1 << 1, /* source is a symlink: make the same one at dst */
	EXT_SRC_NOFOLLOW = 1 << 2,
	EXT_DST_NOFOLLOW = 1 << 3,
	EXT_IDMAP = 1 << 4,	  /* idmap the top mount … */
	EXT_IDMAP_REC = 1 << 5,	  /* … or the whole tree */
	EXT_PROC_OR_SYS = 1 << 6, /* type proc or sysfs: no symlink may be on the way to dst */
	EXT_SYSFS_BIND = 1 << 7, /* sysfs without an own network namespace in a user namespace: bind
				    /sys instead */
	EXT_REMOUNT_FS = 1 << 8, /* remount without bind: options for the file system too, not only
				    of this mount */
};

struct mount_op {
	enum mount_kind kind;
	const char *dst; /* relative to the root, clean; "" is the root itself */
	const char *src; /* bind: absolute path in the runtime's mount namespace; else a name */
	const char *fstype;
	const char
		*data;	/* file system options, comma separated, with the mount label; NULL: none */
	bool recursive; /* rbind */
	unsigned long sb_flags; /* MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME, MS_SILENT,
				   MS_I_VERSION … */
	uint64_t attr_set, attr_clr; /* MOUNT_ATTR_* of this mount, final: the last option won */
	uint64_t rec_set, rec_clr;   /* the same for the whole tree (rro, rnosuid, …) */
	unsigned long *propagation;  /* MS_SHARED … | MS_REC, in the order given */
	size_t n_propagation;
	unsigned ext;				     /* enum mount_ext */
	const struct id_maps *idmap_uid, *idmap_gid; /* with EXT_IDMAP*: absolute ids of the host */
	const char *tmpfs_mode; /* not NULL: no mode= was given, tmpfs takes the mode of what it
				   covers */
	const char *json_path;	/* "mounts[3]" */
};

struct device_node {
	const char *path; /* relative to the root, clean: "dev/null" */
	mode_t type;	  /* S_IFCHR, S_IFBLK or S_IFIFO */
	uint32_t major, minor;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool is_default; /* one of the six default devices */
	const char *json_path;
};

struct dev_link {
	const char *path, *target;
};

struct rootfs_plan {
	const char *path; /* absolute path of the root directory */
	bool readonly;
	bool no_pivot; /* --no-pivot: MS_MOVE + chroot */
	bool own_mount_ns;
	bool in_userns; /* its own, or one around the runtime: sysfs, mqueue and proc may be
			   refused, and are then the host's */
	unsigned long propagation; /* MS_* | MS_REC of linux.rootfsPropagation; default MS_SLAVE |
				      MS_REC … see mounts.c */
	unsigned long propagation_before; /* what `/` of the new mount namespace becomes before
					     anything is mounted */
	struct mount_op *mounts;
	size_t n_mounts;
	size_t n_before_net; /* of them, at the start: what can be mounted before the network
				namespace is there */
	bool dev_before_net; /* so can the devices: no later mount is on /dev or in it */
	bool make_dev; /* false: /dev is a bind mount of the host's: make no nodes and links in it
			*/
	bool bind_devices;	     /* no mknod (user namespace): bind the host's nodes */
	struct device_node *devices; /* the defaults first, then the configured ones */
	size_t n_devices;
	struct dev_link *links; /* /dev/fd, stdin, stdout, stderr, ptmx …: made only when the target
				   exists where the spec says so */
	size_t n_links;
	const char **masked; /* absolute, clean */
	size_t n_masked;
	const char **readonly_paths;
	size_t n_readonly_paths;
	const char *mount_label; /* NULL: none */
	/* The runtime opens bind sources before the clone, since the child will not be allowed to
	 * (rootful user namespace). */
	bool sources_from_runtime;
};

/* ---- cgroup */

enum cgroup_manager { CGROUP_MANAGER_CGROUPFS, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_DISABLED };

/* One write to one file. Order matters: memory before swap, cpuset before processes, unified last.
 */
struct cgroup_write {
	const char *controller; /* v1: hierarchy ("memory"); v2: controller that must be enabled,
				   NULL for core files */
	const char *file;	/* "memory.max"; never with a slash */
	const char *value;
	bool optional; /* a missing file is no error (zero swappiness from docker …) */
	const char *fallback_file; /* tried when `file` does not exist (io.bfq.weight → io.weight),
				      with fallback_value */
	const char *fallback_value;
	const char *json_path; /* "linux.resources.memory.limit" */
};

struct device_rule {
	bool allow;
	char type;	      /* 'a', 'b', 'c' */
	int64_t major, minor; /* -1: all */
	unsigned access;      /* 1 read | 2 write | 4 mknod, as BPF_DEVCG_ACC_* >> … see
				 cgroup/devices_bpf.c */
};

/* One property of the scope, for systemd. Here: those of org.systemd.property.* annotations. */
struct unit_property {
	const char *name;      /* "TimeoutStopUSec" */
	const char *signature; /* type in D-Bus's words: "b", "s", "as", "t", "i" … */
	uint64_t number;       /* numbers and truth values, sign-extended */
	char **strings;	       /* "s", "as", and pairs for "a(ss)" */
	size_t n_strings;
	const uint8_t *bytes; /* "ay" */
	size_t n_bytes;
	const char *json_path; /* NULL: the runtime's own */
};

struct cgroup_plan {
	enum cgroup_manager manager;
	const char *path;      /* cgroupfs: "/a/b" below each hierarchy, clean, never "/" */
	bool path_is_default;  /* derived from the id: failing to make it may be tolerated without
				  limits (rootless) */
	bool path_is_relative; /* default path is taken below the parent of the runtime's own cgroup
				*/
	const char *slice, *scope; /* systemd: "machine.slice", "libpod-ID.scope" */
	const char *description;   /* systemd: of the scope */
	struct unit_property *properties;
	size_t n_properties;
	const char *subgroup; /* "a" or "a/b" below the cgroup, where the processes are; limits are
				 above. NULL: none */
	struct cgroup_write *writes;
	size_t n_writes;
	struct device_rule *devices; /* final list, the implied ones included, in order of
					evaluation: the last match wins */
	size_t n_devices;
	bool devices_allow_all; /* no restriction: no BPF program, no writes */
	bool check_memory;	/* checkBeforeUpdate */
	uid_t delegate_uid; /* host uid of root in the container's user namespace; (uid_t) -1: no
			       delegation */
	gid_t delegate_gid;
	bool has_limits; /* anything is asked for: then failing to apply is an error even for an
			    ordinary user */
};

/* ---- process */

struct caps_plan {
	uint64_t bounding, effective, permitted, inheritable, ambient; /* bit = capability number */
};
const char *cap_name (unsigned cap); /* "CAP_CHOWN"; NULL: unknown */

struct rlimit_plan {
	int resource; /* RLIMIT_* */
	const char *name;
	uint64_t soft, hard; /* RLIM_INFINITY = ~0 */
};

struct sched_plan {
	bool set;
	uint32_t policy; /* SCHED_* */
	uint64_t flags;	 /* SCHED_FLAG_* */
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* nanoseconds */
};

struct mempolicy_plan {
	bool set;
	int mode;	 /* MPOL_* | MPOL_F_* */
	uint64_t *nodes; /* bit mask, 64 per word */
	unsigned max_node;
};

struct cpu_list { /* execCPUAffinity: parsed "0-3,7" */
	uint64_t *mask;
	unsigned n_words; /* 0: not given */
};

struct sysctl {
	const char *key; /* "net/ipv4/ip_forward", relative to /proc/sys */
	const char *value;
	const char *json_path;
};

struct process_plan {
	char **args; /* NULL-terminated */
	char **env;  /* NULL-terminated, later duplicates won, LISTEN_* and NOTIFY_SOCKET included;
			HOME may be added by init */
	bool needs_home; /* no HOME in env: init looks the uid up in the container's /etc/passwd */
	const char *cwd; /* absolute */
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t n_groups;
	bool keep_groups; /* run.oci.keep_original_groups */
	mode_t umask;	  /* 0022 when not given, as the peers do */
	struct caps_plan caps;
	bool no_new_privs;
	struct rlimit_plan *rlimits;
	size_t n_rlimits;
	bool oom_score_adj_set;
	int oom_score_adj;
	const char *selinux_label, *apparmor_profile; /* NULL: none */
	struct sched_plan sched;
	bool ioprio_set;
	int ioprio; /* IOPRIO_PRIO_VALUE (class, level) */
	struct mempolicy_plan mempolicy;
	bool personality_set;
	unsigned long personality;			  /* PER_* */
	struct cpu_list affinity_initial, affinity_final; /* only exec uses them */
	bool builtin_init; /* pid 1 stays ours: --init, or annotation run.oci.init */
	bool terminal;
	unsigned short console_rows, console_cols; /* 0: not given */
	const char *keyring; /* session keyring to join ("_ses.ID"); NULL: --no-new-keyring */
	struct sysctl *sysctls;
	size_t n_sysctls;
};

/* ---- the rest */

struct net_device {
	const char *name;     /* in the runtime's network namespace */
	const char *new_name; /* in the container: the same, another, or a pattern with %d */
	const char *json_path;
};

struct rdt_plan {
	bool set;
	const char *clos_id; /* given, or the container id */
	bool clos_given;
	bool monitoring;
	const char **schemata; /* lines in the order of writing */
	size_t n_schemata;
	const char *json_path;
};

enum hook_phase {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_PHASES
};

struct hook {
	const char *path;      /* absolute */
	char **args;	       /* argv, NULL-terminated; args[0] = path when none were given */
	char **env;	       /* NULL: the runtime's own environment */
	unsigned timeout_ms;   /* 0: none */
	const char *json_path; /* "hooks.createRuntime[0]" */
};

struct hook_list {
	enum hook_phase phase;
	struct hook *v;
	size_t n;
};

extern const char *const hook_phase_names[HOOK_PHASES]; /* "prestart", "createRuntime", … */

struct seccomp_plan {
	const struct oci_seccomp *profile; /* NULL: no filter */
	unsigned flags;			   /* SECCOMP_FILTER_FLAG_* for seccomp(2) */
	bool flags_optional; /* flags were not given (default SPEC_ALLOW): drop those that the
				kernel refuses */
	bool notify;	     /* some rule notifies: a listener fd must be handed over */
	const char *listener_path, *listener_metadata;
	bool fail_unknown_syscall; /* annotation run.oci.seccomp_fail_unknown_syscall */
	const char *bpf_base64;	   /* annotation run.oci.seccomp_bpf_data: replaces the profile */
};

struct plan {
	struct ns_plan ns;
	struct userns_plan userns;
	struct rootfs_plan rootfs;
	struct cgroup_plan cgroup;
	struct process_plan process;
	bool has_process; /* process may be absent at create; start then refuses */
	struct seccomp_plan seccomp;
	struct net_device *net_devices;
	size_t n_net_devices;
	bool loopback; /* a new network namespace: bring lo up */
	struct rdt_plan rdt;
	struct hook_list hooks[HOOK_PHASES];
	const char *hooks_stdout, *hooks_stderr; /* annotations run.oci.hooks.* ; NULL: /dev/null */
	const struct oci_config *spec;
	const char *container_id;
	int stop_signal; /* org.opencontainers.image.stopSignal, or SIGTERM */
};

/* What the command line adds. */
struct plan_options {
	enum cgroup_manager cgroup_manager;
	bool no_pivot;
	bool no_new_keyring;
	bool builtin_init;
	unsigned preserve_fds;	    /* --preserve-fds; listen_fds not included */
	unsigned listen_fds;	    /* LISTEN_FDS, when LISTEN_PID was ours */
	const char *listen_fdnames; /* or NULL */
	const char *notify_socket;  /* NOTIFY_SOCKET of the caller; NULL: none */
};

/* Where the proxied notification socket appears in the container. */
#define NOTIFY_DIR  "/run/notify"
#define NOTIFY_PATH NOTIFY_DIR "/notify.sock"

/*
 * Compile. All errors of the configuration go to `report` (with JSON path, line and column),
 * several in one pass; returns -1 with a summary in `e` when there is any. Warnings go to `report`
 * as well. No system calls.
 */
int plan_make (struct arena *a, const struct oci_config *spec, const struct host *host,
	       const struct plan_options *opt, struct oci_report *report, struct plan *ret_plan,
	       struct err *e);

/*
 * The parts, each filling its own; called by plan_make in this order, and by exec (process), update
 * (cgroup). They add errors to the report and do not stop at the first; plan_make counts.
 */
struct planner { /* what every part needs */
	struct arena *arena;
	const struct oci_config *spec;
	const struct host *host;
	const struct plan_options *opt;
	struct oci_report *report;
	struct plan *plan; /* being made; earlier parts are complete */
};
void plan_namespaces (struct planner *); /* namespaces.c: ns, userns */
void plan_mounts (struct planner *);	 /* mounts.c: rootfs.mounts, propagation, masked … */
void plan_devices (struct planner *);	 /* devices.c: rootfs.devices, links */
void plan_cgroup (struct planner *);	 /* cgroup.c */
void plan_resources (struct planner *, const struct oci_linux_resources *, const char *json_prefix,
		     struct cgroup_plan *);
void plan_process (struct planner *, const struct oci_process *, const char *json_prefix,
		   struct process_plan *);
void plan_hooks (struct planner *);
void plan_seccomp (struct planner *);
void plan_rdt (struct planner *);
void plan_check (struct planner *); /* check.c: rules that cross fields */

/* `coracle features`: what a configuration may say, from the tables that the parts above read. No
 * host fact is in it. */
void plan_features (struct arena *a, struct oci_features *ret);

/* `coracle plan`: print it; text for people and golden tests, JSON for programs. Result is in the
 * arena. */
char *plan_dump_text (struct arena *a, const struct plan *);
char *plan_dump_json (struct arena *a, const struct plan *);
