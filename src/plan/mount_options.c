/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every mount option of config.md, once: what it sets and what it clears. The last option wins. */
#include <sys/mount.h>

#include "plan/planner.h"
#include "sys/syscalls.h"

#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

/* clang-format off */
#define ATTR(n, s, c) { n, MO_ATTR, s, c }, { "r" n, MO_REC, s, c }
#define SB(n, s, c)   { n, MO_SB, s, c }
#define PROP(n, f)    { n, MO_PROPAGATION, f, 0 }, { "r" n, MO_PROPAGATION, (f) | MS_REC, 0 }
/* clang-format on */

const struct mount_option mount_options[] = {
	/* per mount, and recursive by mount_setattr */
	ATTR ("ro", MOUNT_ATTR_RDONLY, 0),
	ATTR ("rw", 0, MOUNT_ATTR_RDONLY),
	ATTR ("nosuid", MOUNT_ATTR_NOSUID, 0),
	ATTR ("suid", 0, MOUNT_ATTR_NOSUID),
	ATTR ("nodev", MOUNT_ATTR_NODEV, 0),
	ATTR ("dev", 0, MOUNT_ATTR_NODEV),
	ATTR ("noexec", MOUNT_ATTR_NOEXEC, 0),
	ATTR ("exec", 0, MOUNT_ATTR_NOEXEC),
	ATTR ("nodiratime", MOUNT_ATTR_NODIRATIME, 0),
	ATTR ("diratime", 0, MOUNT_ATTR_NODIRATIME),
	ATTR ("nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0),
	ATTR ("symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW),
	/* the access time modes share a field */
	ATTR ("noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME),
	ATTR ("atime", 0, MOUNT_ATTR__ATIME),
	ATTR ("relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME),
	ATTR ("norelatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME),
	ATTR ("strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME),
	ATTR ("nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME),
	/* of the super block */
	SB ("sync", MS_SYNCHRONOUS, 0),
	SB ("async", 0, MS_SYNCHRONOUS),
	SB ("dirsync", MS_DIRSYNC, 0),
	SB ("mand", MS_MANDLOCK, 0),
	SB ("nomand", 0, MS_MANDLOCK),
	SB ("iversion", MS_I_VERSION, 0),
	SB ("noiversion", 0, MS_I_VERSION),
	SB ("lazytime", MS_LAZYTIME, 0),
	SB ("nolazytime", 0, MS_LAZYTIME),
	SB ("silent", MS_SILENT, 0),
	SB ("loud", 0, MS_SILENT),
	/* crun's names: the kernel has no recursive form, so they are of the one file system */
	SB ("rsync", MS_SYNCHRONOUS, 0),
	SB ("rasync", 0, MS_SYNCHRONOUS),
	SB ("rdirsync", MS_DIRSYNC, 0),
	SB ("rmand", MS_MANDLOCK, 0),
	SB ("rnomand", 0, MS_MANDLOCK),
	SB ("remount", MS_REMOUNT, 0),
	PROP ("shared", MS_SHARED),
	PROP ("slave", MS_SLAVE),
	PROP ("private", MS_PRIVATE),
	PROP ("unbindable", MS_UNBINDABLE),
	{ "bind", MO_BIND, MS_BIND, 0 },
	{ "rbind", MO_BIND, MS_BIND | MS_REC, 0 },
	{ "tmpcopyup", MO_EXT, EXT_TMPCOPYUP, 0 },
	{ "notmpcopyup", MO_EXT, 0, EXT_TMPCOPYUP },
	{ "copy-symlink", MO_EXT, EXT_COPY_SYMLINK, 0 },
	{ "src-nofollow", MO_EXT, EXT_SRC_NOFOLLOW, 0 },
	{ "dest-nofollow", MO_EXT, EXT_DST_NOFOLLOW, 0 },
	{ "idmap", MO_EXT, EXT_IDMAP, 0 },
	{ "ridmap", MO_EXT, EXT_IDMAP_REC, 0 },
	{ "defaults", MO_NOTHING, 0, 0 },
};
const size_t n_mount_options = ARRAY_SIZE (mount_options);

const struct mount_option *
mount_option_find (const char *name)
{
	for (size_t i = 0; i < n_mount_options; i++)
		if (streq (mount_options[i].name, name))
			return &mount_options[i];
	return NULL;
}
