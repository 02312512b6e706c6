/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device nodes and links of /dev. */
#include <sys/stat.h>

#include "plan/planner.h"
#include "sys/syscalls.h"

static const struct {
	const char *path;
	uint32_t major, minor;
} defaults[] = {
	/* config-linux.md, "Default Devices" */
	{ "dev/null", 1, 3 },	{ "dev/zero", 1, 5 },	 { "dev/full", 1, 7 },
	{ "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 },
};

/* Made only where the target exists once everything is mounted (runtime-linux.md, "Dev symbolic
 * links"). */
static const struct dev_link links[] = {
	{ "dev/fd", "/proc/self/fd" },	     { "dev/stdin", "/proc/self/fd/0" },
	{ "dev/stdout", "/proc/self/fd/1" }, { "dev/stderr", "/proc/self/fd/2" },
	{ "dev/core", "/proc/kcore" },	     { "dev/ptmx", "pts/ptmx" },
};

static bool
read_type (struct planner *p, const struct oci_device *d, const char *json, mode_t *ret)
{
	switch (d->type) {
	case 'c':
	case 'u': *ret = S_IFCHR; return true;
	case 'b': *ret = S_IFBLK; return true;
	case 'p': *ret = S_IFIFO; return true;
	}
	BAD (p, PATH ("%s.type", json), "unknown type \"%c\"; allowed are c, b, u, p", d->type);
	return false;
}

static uint32_t
device_number (struct planner *p, opt_i64 n, const char *json, const char *member, uint32_t max)
{
	if (n.set && (n.v < 0 || n.v > max))
		BAD (p, PATH ("%s.%s", json, member), "%lld is out of range: 0 to %u",
		     (long long) n.v, max);
	return n.set ? (uint32_t) n.v : 0;
}

static void
read_device (struct planner *p, size_t i)
{
	const struct oci_device *d = &p->spec->lnx->devices.v[i];
	struct rootfs_plan *r = &p->plan->rootfs;
	struct device_node n = { .json_path = PATH ("linux.devices[%zu]", i) };

	n.path = path_clean_in_root (p->arena, d->path) + 1;
	if (path_is_below (n.path, "proc") || path_is_below (n.path, "sys") || !*n.path)
		BAD (p, PATH ("%s.path", n.json_path), "no device can be made at '%s'", d->path);
	if (!read_type (p, d, n.json_path, &n.type))
		return;
	n.major = device_number (p, d->major, n.json_path, "major", 4095);
	n.minor = device_number (p, d->minor, n.json_path, "minor", 1048575);
	n.mode = d->file_mode.set ? d->file_mode.v & 07777 : 0666;
	n.uid = d->uid.set ? d->uid.v : 0;
	n.gid = d->gid.set ? d->gid.v : 0;
	/* One of the defaults, perhaps with other rights: it takes the place. Else the later of two
	 * wins, as with mknod -f. */
	for (size_t k = 0; k < r->n_devices; k++)
		if (streq (r->devices[k].path, n.path)) {
			r->devices[k] = n;
			return;
		}
	r->devices[r->n_devices++] = n;
}

void
plan_devices (struct planner *p)
{
	struct rootfs_plan *r = &p->plan->rootfs;
	size_t n = p->spec->lnx ? p->spec->lnx->devices.n : 0;

	r->make_dev = r->own_mount_ns;
	for (size_t i = 0; i < r->n_mounts; i++) /* the last one is what is seen */
		if (streq (r->mounts[i].dst, "dev") && r->mounts[i].kind != MOUNT_REMOUNT)
			r->make_dev = r->own_mount_ns && r->mounts[i].kind != MOUNT_BIND;
	r->bind_devices = owns (p, CLONE_NEWUSER) || !p->host->privileged;
	r->devices = arena_alloc (p->arena, (ARRAY_SIZE (defaults) + n) * sizeof *r->devices);
	for (size_t i = 0; i < ARRAY_SIZE (defaults); i++)
		r->devices[r->n_devices++] = (struct device_node) {
			.path = defaults[i].path,
			.type = S_IFCHR,
			.major = defaults[i].major,
			.minor = defaults[i].minor,
			.mode = 0666,
			.is_default = true,
			.json_path = "the default devices",
		};
	for (size_t i = 0; i < n; i++)
		read_device (p, i);
	r->links = arena_memdup (p->arena, links, sizeof links);
	r->n_links = ARRAY_SIZE (links);
}
