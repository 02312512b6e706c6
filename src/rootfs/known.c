/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc and /dev, looked up once: mounts, devices and masks all want them. Each was opened beneath
 * the root, not through a link, and is forgotten where it may be covered: before a mount on it, on
 * the root, or through links, and before hooks.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "plan/plan.h"
#include "rootfs/room.h"
#include "sys/beneath.h"

static void
forget (int *fd)
{
	if (*fd >= 0)
		close (take_fd (fd));
}

void
rootfs_forget (struct rootfs *r)
{
	forget (&r->proc_fd);
	forget (&r->dev_fd);
	r->own_dev = false;
}

void
known_before (struct rootfs *r, const struct mount_op *op)
{
	if (*op->dst == '\0' || streq (op->dst, "proc") || streq (op->dst, "dev"))
		rootfs_forget (r);
}

void
known_after (struct rootfs *r, const struct mount_op *op)
{
	if (op->kind == MOUNT_FS && streq (op->dst, "dev") && streq (op->fstype, "tmpfs"))
		r->own_dev = true;
}

int
known_proc (struct rootfs *r)
{
	autofd fd = -1;
	struct statfs fs;

	if (r->proc_fd >= 0)
		return r->proc_fd;
	fd = beneath_open_plain (r->root_fd, "proc", O_PATH | O_DIRECTORY);
	if (fd >= 0 && fstatfs (fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
		r->proc_fd = take_fd (&fd);
	return r->proc_fd;
}

int
known_dev (struct rootfs *r)
{
	int fd;

	if (!r->own_dev || r->dev_fd >= 0)
		return r->dev_fd;
	fd = beneath_open_plain (r->root_fd, "dev", O_PATH | O_DIRECTORY);
	return r->dev_fd = fd < 0 ? -1 : fd;
}
