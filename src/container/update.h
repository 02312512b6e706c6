/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Devices of a running container: update_devices.c. */
struct container;
struct err;
struct globals;
struct oci_linux_resources;
struct update_options;

/*
 * With --device-add and --device-rm: r->devices becomes the container's rules and what these
 * change. Rules are replaced as a whole, so the last ones are kept in the state directory. Empty
 * afterwards for a container in a user namespace, which has none.
 */
int update_devices_list (const struct globals *g, const struct container *c,
			 const struct update_options *o, struct oci_linux_resources *r,
			 struct err *e);
/* After the rules: the nodes; and the rules are kept. */
int update_devices_nodes (const struct globals *g, struct container *c,
			  const struct update_options *o, const struct oci_linux_resources *r,
			  struct err *e);

/* mounts.c: where a node cannot be made, the host's is bound. */
int mounts_add_device (const struct globals *g, struct container *c, const char *source,
		       const char *path, struct err *e);
int mounts_remove_device (const struct globals *g, struct container *c, const char *path,
			  struct err *e);
