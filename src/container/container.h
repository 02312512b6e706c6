/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Containers: what is on disk about them, and the verbs.
 *
 * State directory `<root>/<id>/`, 0700, usually on tmpfs. Where it is not, it may outlive the
 * machine: after another boot the pid, the cgroup and the RDT groups of the state are somebody
 * else's, or nobody's, and what is read is a stopped container without them (boot_id).
 *
 *
 * - state.json: struct container_state; replaced atomically; phase "creating" before anything else
 *   of the container exists
 * - state.backup: for delete --force when state.json is damaged
 * - config.json: what create read: later changes of the bundle have no effect (runtime.md, create)
 * - exec.json: struct exec_facts (facts.h), what exec needs of it
 * - seccomp.bpf: the compiled filter, for exec
 * - start.fifo: exists from create to start; init reads one byte from it. Has a reader = not
 * started yet
 * - report.fifo: what `start` learns from init: struct report, then EOF by close-on-exec
 * - notify/: the proxied notification socket
 * - devices.json, mounts.json: what update and mounts have changed
 *
 * Its flock is held by create, start, delete, pause, resume, update and mounts: two commands on one
 * id never meet. Who changes the status without changing a file touches the directory (events).
 *
 * Rules of life and death: the state is written before the cgroup is made and removed as the last
 * thing, so a kill -9 at any instant leaves something that `delete --force` removes entirely.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup/cgroup.h"
#include "libocispec/record.h"

struct arena;
struct err;
struct oci_config;
struct plan;

/* What every command gets: the global options, resolved. */
struct globals {
	struct arena *arena;
	const char *root;    /* state root, absolute or relative to the caller's directory */
	bool root_given;     /* by --root: a missing one is an error for list */
	int cgroup_manager;  /* enum cgroup_manager, for create and run */
	unsigned listen_fds; /* LISTEN_FDS, if LISTEN_PID was us */
	const char *listen_fdnames;
	const char *notify_socket;
	int audit;	     /* enum audit_mode (audit.h) */
	char **argv;	     /* of this process */
	struct selfexe *exe; /* our program, and where it is */
};

enum container_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED
};
extern const char *const container_status_names[];

/* state.json. A record of libocispec: read and written by one call each. */
struct container_state {
	uint32_t format; /* 1 */
	char *phase;	 /* "creating", "created" */
	char *oci_version, *id, *bundle, *rootfs, *created, *owner;
	char *loginuid, *sessionid; /* audit identity of the caller of create; NULL: a kernel
				       without audit */
	int64_t pid;		    /* of init, as the host sees it; 0 while creating */
	uint64_t start_time;	    /* field 22 of /proc/PID/stat; 0 when the inode says enough */
	uint64_t pidfd_inode;	    /* pidfs inode (Linux 6.9), unique since boot; 0: not known */
	char *boot_id;		    /* when the state outlives the boot, NULL: it is on tmpfs */
	uint32_t cgroup_manager, cgroup_mode;
	char *cgroup_path, *cgroup_scope; /* NULL: none */
	bool cgroup_created;		  /* ours to kill in and to remove */
	char *cgroup_made;		  /* what of it: struct cgroup */
	bool own_pidns;			  /* its processes die with init */
	char *rdt_clos;			  /* NULL: no linux.intelRdt */
	uint32_t rdt_owned;		  /* enum rdt_owned: ours to remove */
	bool has_poststart, has_poststop, notify;
	int32_t stop_signal;
	opt_i32 exit_code; /* of init, 128 + signal; kept by run and wait */
	kvs annotations;
};
extern const struct record container_state_record;

struct container {
	const char *id;
	int root_fd; /* state root */
	int dir_fd;  /* the state directory; carries the lock */
	bool locked;
	bool no_fifos, no_filter; /* what is not in the state directory, where we know it */
	struct container_state st;
};

/* [A-Za-z0-9_+.-], not starting with '.', at most 242 bytes; the error says which character is
 * wrong. */
int container_check_id (const char *id, struct err *e);

/* ---- state.c -------------------------------------------------------------------------------- */
int container_open_root (const struct globals *g, bool create,
			 struct err *e); /* fd; mkdir -p 0700 with `create` */
/* Make the state directory and lock it. "already exists" if it does. Takes the fd of the root. */
int container_reserve (const struct globals *g, int root_fd, const char *id, struct container *ret,
		       struct err *e);
/* Open, read. `lock`: exclusive, waits for the one who has it at most 10 s. "container 'x' does not
 * exist". */
int container_open (const struct globals *g, const char *id, bool lock, struct container *ret,
		    struct err *e);
/* The same by an fd of the state root (container_open_root), for those who open many of the ids
 * that container_list_ids gave: only to read. The fd stays the caller's. */
int container_open_at (const struct globals *g, int root_fd, const char *id, struct container *ret,
		       struct err *e);
void container_close (struct container *c);
/* For state.json: what tells this boot from others, or NULL if the state ends with it. */
char *container_boot_id (const struct container *c, struct arena *a);
/*
 * For those who wait long for the container's process: others may change the container meanwhile.
 * container_lock: 1, or 0 if it was deleted.
 */
void container_unlock (struct container *c);
bool container_is_busy (const struct container *c); /* has another command the lock? */
int container_lock (struct container *c, struct err *e);
int container_save (struct container *c, struct arena *a, struct err *e);
/* state.backup; once, when everything of the container exists. */
void container_save_backup (const struct container *c, struct arena *a);
/* After container_open failed: true if there is a container whose state is damaged; it is open,
 * locked if that was asked for, and has the state of the backup, if any. */
bool container_recover (struct container *c, struct arena *a);
/* Remove the state directory: the last step of delete. */
int container_remove_state (struct container *c, struct err *e);
/* pid is the process that the state means, by the inode of its pidfd, else by its start time: 1, 0,
 * or -errno. */
int container_is_init (const struct container *c, pid_t pid, int pidfd);
/* A pidfd of init. -ESRCH: it has ended, or the pid is another process's by now; any other -errno:
 * that cannot be told. */
int container_open_init (const struct container *c);
/*
 * The status now. ret_pidfd, if not NULL and the process lives, gets its pidfd (identity verified),
 * else -1.
 */
enum container_status container_status (const struct container *c, int *ret_pidfd);
/* OCI state document: what `state` prints (pretty), and `list` for each (compact). */
char *container_state_json (const struct container *c, struct arena *a,
			    enum container_status status, enum oci_style style);
/* The exit status of a stopped container, 128 + signal: from the state, or from the kernel while
 * nobody has reaped its init. False: nobody knows any more. */
bool container_exit_code (const struct container *c, int32_t *ret);
int container_code_of (int status); /* as of wait(2) */
/* The cgroup of the state file as a handle. */
void container_cgroup (const struct container *c, struct cgroup *ret);
/* config.json as it was at create; for the hooks of start and delete, and for exec. */
int container_config (const struct container *c, struct arena *a, struct oci_config **ret,
		      struct err *e);

/* ---- the verbs ------------------------------------------------------------------------------ */

struct create_options {
	const char *bundle; /* NULL: current directory */
	const char *config; /* NULL: "config.json" */
	const char *console_socket, *pid_file, *pidfd_socket;
	bool no_pivot, no_new_keyring, init;
	uint32_t preserve_fds;
	/* run only */
	bool detach, keep;
};

int container_create (const struct globals *g, const char *id, const struct create_options *o,
		      struct err *e);
int container_start (const struct globals *g, const char *id, struct err *e);
/* Returns the exit status of the process (128 + signal), 0 when detached, -1 on error. */
int container_run (const struct globals *g, const char *id, const struct create_options *o,
		   struct err *e);
int container_kill (const struct globals *g, const char *id, int signal, bool all,
		    struct err *e); /* signal -1: the default */
int container_delete (const struct globals *g, const char *id, bool force, struct err *e);
int container_pause (const struct globals *g, const char *id, struct err *e);
int container_resume (const struct globals *g, const char *id, struct err *e);
/* Until init has ended. Returns 0 and its exit status, which is also kept in the state. */
int container_wait (const struct globals *g, const char *id, int *ret_code, struct err *e);
/* Host pids of all its processes, sorted. */
int container_pids (const struct globals *g, const char *id, pid_t **ret, size_t *ret_n,
		    struct err *e);

struct text_list { /* option values, in order; struct string_list of the command line is the same */
	const char **v;
	size_t n;
};
struct update_options {	       /* as written; NULL: not given */
	const char *resources; /* a JSON file, or "-" */
	const char *blkio_weight, *cpu_period, *cpu_quota, *cpu_share, *cpu_burst, *cpu_idle,
		*cpu_rt_period, *cpu_rt_runtime, *cpuset_cpus, *cpuset_mems, *memory,
		*memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp, *pids_limit,
		*l3_cache_schema, *mem_bw_schema;
	struct text_list device_add, device_rm;
};
int container_update (const struct globals *g, const char *id, const struct update_options *o,
		      struct err *e);
/* FILE: an array of mounts, as in config.json; "-": standard input. */
int container_mounts_add (const struct globals *g, const char *id, const char *file, struct err *e);
int container_mounts_remove (const struct globals *g, const char *id, const char *file,
			     struct err *e);
int container_mounts_list (const struct globals *g, const char *id, char **ret, struct err *e);
/* To standard output until its end; `once`: the usage alone. */
int container_events (const struct globals *g, const char *id, bool once, int64_t interval_ms,
		      struct err *e);
/* All that exists of a container but the state directory: processes, cgroup, RDT. For delete, and
 * for a failed create. */
int container_destroy (struct container *c, struct err *e);
/* poststart or poststop hooks with the given status; from the kept config. */
int container_run_hooks (struct container *c, struct arena *a, int phase, const char *status,
			 bool keep_going, struct err *e);
/* runtime.md, step 13: a failing poststop hook is logged, the rest goes on. */
void container_run_poststop (struct container *c, struct arena *a);

/* The features document (features.md), as text. */
char *features_json (struct arena *a);

/* ids of all state directories, sorted; damaged ones included. */
int container_list_ids (const struct globals *g, char ***ret, size_t *ret_n, struct err *e);
