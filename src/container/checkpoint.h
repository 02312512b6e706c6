/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * checkpoint and restore, by CRIU (container/criu.h).
 *
 * An image directory has CRIU's files and descriptors.json: a list of what fds 0, 1 and 2 were, as
 * in runc's, so that pipes can be replaced by those of the restorer. Mounts that come from outside
 * are external to CRIU under the names that runc gives them (their destination; /dev/null for
 * masks), and so are network and pid namespaces given by path (extRootNetNS, extRootPidNS).
 */
#include <stdbool.h>
#include <stdint.h>

#include "container/container.h"

struct err;

struct criu_options {
	const char *image_path, *work_path, *parent_path;
	bool pre_dump, leave_running;
	bool tcp_established, tcp_close, tcp_skip_in_flight;
	bool ext_unix_sk, shell_job, file_locks, link_remap, auto_dedup, lazy_pages;
	const char *status_fd, *page_server, *manage_cgroups_mode, *network_lock;
	const char **empty_ns;
	unsigned n_empty_ns;
	const char *lsm_profile, *lsm_mount_context;
};

int container_checkpoint (const struct globals *g, const char *id, const struct criu_options *o,
			  struct err *e);
/* As container_run: the exit status, or 0 when detached. */
int container_restore (const struct globals *g, const char *id, const struct create_options *c,
		       const struct criu_options *o, struct err *e);

/* ---- shared by checkpoint.c and restore.c --------------------------------------------------- */

#define DESCRIPTORS "descriptors.json"

struct pb;
struct oci_config;
struct oci_mount;

struct criu_dirs {
	int images_fd, work_fd;
	const char *images, *work; /* absolute */
};
/* Opens (makes, with `create`) the directories of the options. */
int criu_open_dirs (struct arena *a, const struct criu_options *o, bool create,
		    struct criu_dirs *ret, struct err *e);
/* What both requests have in common. `log`: file in the work directory. */
int criu_common_options (struct pb *opts, const struct criu_options *o, const struct criu_dirs *d,
			 const struct oci_config *spec, const char *log, struct err *e);
bool criu_is_bind (const struct oci_mount *m);
