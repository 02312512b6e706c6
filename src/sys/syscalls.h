/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * System calls that libc lacks, or wraps in a way that we do not want (glibc and musl broadcast
 * setresuid to threads). Each returns -errno. Constants are our own where headers of 2022 lack
 * them; the comment is the kernel that has it first.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h> /* glibc 2.36 has some of the constants, partly as enums: first theirs */
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define SYS_RET(call)                              \
	do {                                       \
		long r_ = (call);                  \
		return r_ < 0 ? -errno : (int) r_; \
	} while (0)

/* The generic numbers, the same on all architectures but alpha. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_open_tree
#define SYS_open_tree  428
#define SYS_move_mount 429
#define SYS_fsopen     430
#define SYS_fsconfig   431
#define SYS_fsmount    432
#define SYS_fspick     433
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

/* ---- files ---------------------------------------------------------------------------------- */

struct open_how {
	uint64_t flags, mode, resolve;
};
#define RESOLVE_NO_XDEV	      0x01
#define RESOLVE_NO_MAGICLINKS 0x02
#define RESOLVE_NO_SYMLINKS   0x04
#define RESOLVE_BENEATH	      0x08
#define RESOLVE_IN_ROOT	      0x10

static inline int
sys_openat2 (int dirfd, const char *path, const struct open_how *how, size_t size) /* Linux 5.6 */
{
	SYS_RET (syscall (SYS_openat2, dirfd, path, how, size));
}

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4 /* Linux 5.11 */
#endif
static inline int
sys_close_range (unsigned first, unsigned last, unsigned flags) /* Linux 5.9 */
{
	SYS_RET (syscall (SYS_close_range, first, last, flags));
}

struct sys_statx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t pad;
};
struct sys_statx { /* struct statx; its name clashes between libc and kernel headers */
	uint32_t stx_mask, stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink, stx_uid, stx_gid;
	uint16_t stx_mode, pad0;
	uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
	struct sys_statx_time stx_atime, stx_btime, stx_ctime, stx_mtime;
	uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
	uint64_t stx_mnt_id, spare[13];
};
#ifndef STATX_ATTR_VERITY
#define STATX_ATTR_VERITY 0x00100000
#endif
#ifndef STATX_TYPE
#define STATX_TYPE 0x0001
#endif
#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC 0x4000
#endif
#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000 /* Linux 5.8 */
#endif
static inline int
sys_statx (int dirfd, const char *path, int flags, unsigned mask, struct sys_statx *st)
{
	SYS_RET (syscall (SYS_statx, dirfd, path, flags, mask, st));
}

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif
#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 0x0001U
#endif
static inline int
sys_memfd_create (const char *name, unsigned flags)
{
	SYS_RET (syscall (SYS_memfd_create, name, flags));
}

static inline int
sys_execveat (int dirfd, const char *path, char *const *argv, char *const *envp, int flags)
{
	SYS_RET (syscall (SYS_execveat, dirfd, path, argv, envp, flags));
}

static inline int
sys_faccessat2 (int dirfd, const char *path, int mode, int flags) /* Linux 5.8 */
{
	SYS_RET (syscall (SYS_faccessat2, dirfd, path, mode, flags));
}

/* ---- mounts --------------------------------------------------------------------------------- */

struct sys_mount_attr { /* struct mount_attr */
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};
#ifndef FSOPEN_CLOEXEC
#define FSOPEN_CLOEXEC 0x1
#endif
#ifndef FSMOUNT_CLOEXEC
#define FSMOUNT_CLOEXEC 0x1
#endif
#ifndef FSCONFIG_SET_FLAG
#define FSCONFIG_SET_FLAG 0
#endif
#ifndef FSCONFIG_SET_STRING
#define FSCONFIG_SET_STRING 1
#endif
#ifndef FSCONFIG_CMD_CREATE
#define FSCONFIG_CMD_CREATE 6
#endif
#ifndef FSCONFIG_CMD_RECONFIGURE
#define FSCONFIG_CMD_RECONFIGURE 7
#endif
#ifndef FSPICK_CLOEXEC
#define FSPICK_CLOEXEC 0x1
#endif
#ifndef FSPICK_EMPTY_PATH
#define FSPICK_EMPTY_PATH 0x8
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef OPEN_TREE_CLOEXEC
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 0x4
#endif
#ifndef MOVE_MOUNT_T_EMPTY_PATH
#define MOVE_MOUNT_T_EMPTY_PATH 0x40
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x00000001
#endif
#ifndef MOUNT_ATTR_NOSUID
#define MOUNT_ATTR_NOSUID 0x00000002
#endif
#ifndef MOUNT_ATTR_NODEV
#define MOUNT_ATTR_NODEV 0x00000004
#endif
#ifndef MOUNT_ATTR_NOEXEC
#define MOUNT_ATTR_NOEXEC 0x00000008
#endif
#ifndef MOUNT_ATTR__ATIME
#define MOUNT_ATTR__ATIME 0x00000070 /* the field of the next three */
#endif
#ifndef MOUNT_ATTR_RELATIME
#define MOUNT_ATTR_RELATIME 0x00000000
#endif
#ifndef MOUNT_ATTR_NOATIME
#define MOUNT_ATTR_NOATIME 0x00000010
#endif
#ifndef MOUNT_ATTR_STRICTATIME
#define MOUNT_ATTR_STRICTATIME 0x00000020
#endif
#ifndef MOUNT_ATTR_NODIRATIME
#define MOUNT_ATTR_NODIRATIME 0x00000080
#endif
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000 /* Linux 5.12 */
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000 /* Linux 5.14 */
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256 /* Linux 5.10 */
#endif

static inline int
sys_open_tree (int dirfd, const char *path, unsigned flags) /* Linux 5.2, like the next six */
{
	SYS_RET (syscall (SYS_open_tree, dirfd, path, flags));
}
static inline int
sys_move_mount (int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
	SYS_RET (syscall (SYS_move_mount, from, from_path, to, to_path, flags));
}
static inline int
sys_fsopen (const char *fstype, unsigned flags)
{
	SYS_RET (syscall (SYS_fsopen, fstype, flags));
}
static inline int
sys_fsconfig (int fd, unsigned cmd, const char *key, const char *value, int aux)
{
	SYS_RET (syscall (SYS_fsconfig, fd, cmd, key, value, aux));
}
static inline int
sys_fsmount (int fd, unsigned flags, unsigned attr)
{
	SYS_RET (syscall (SYS_fsmount, fd, flags, attr));
}
static inline int
sys_fspick (int dirfd, const char *path, unsigned flags)
{
	SYS_RET (syscall (SYS_fspick, dirfd, path, flags));
}
static inline int
sys_mount_setattr (int dirfd, const char *path, unsigned flags,
		   const struct sys_mount_attr *attr) /* Linux 5.12 */
{
	SYS_RET (syscall (SYS_mount_setattr, dirfd, path, flags, attr, sizeof *attr));
}
static inline int
sys_pivot_root (const char *new_root, const char *put_old)
{
	SYS_RET (syscall (SYS_pivot_root, new_root, put_old));
}

/* ---- processes ------------------------------------------------------------------------------ */

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* Linux 5.6 */
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000 /* Linux 5.2 */
#endif
#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL /* Linux 5.5 */
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL /* Linux 5.7 */
#endif

static inline int
sys_pidfd_open (pid_t pid, unsigned flags) /* Linux 5.3 */
{
	SYS_RET (syscall (SYS_pidfd_open, pid, flags));
}
static inline int
sys_pidfd_send_signal (int pidfd, int sig) /* Linux 5.1 */
{
	SYS_RET (syscall (SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}
static inline int
sys_setgroups (size_t n, const gid_t *groups)
{
	SYS_RET (syscall (SYS_setgroups, n, groups));
}
static inline int
sys_setresuid (uid_t r, uid_t e, uid_t s)
{
	SYS_RET (syscall (SYS_setresuid, r, e, s));
}
static inline int
sys_setresgid (gid_t r, gid_t e, gid_t s)
{
	SYS_RET (syscall (SYS_setresgid, r, e, s));
}
static inline int
sys_getcwd (char *buf, size_t size) /* libc hides "(unreachable)" */
{
	SYS_RET (syscall (SYS_getcwd, buf, size));
}
static inline int
sys_ioprio_set (int which, int who, int ioprio)
{
	SYS_RET (syscall (SYS_ioprio_set, which, who, ioprio));
}
struct sys_sched_attr {
	uint32_t size, sched_policy;
	uint64_t sched_flags;
	int32_t sched_nice;
	uint32_t sched_priority;
	uint64_t sched_runtime, sched_deadline, sched_period;
};
static inline int
sys_sched_setattr (pid_t pid, const struct sys_sched_attr *attr)
{
	SYS_RET (syscall (SYS_sched_setattr, pid, attr, 0));
}
static inline int
sys_set_mempolicy (int mode, const uint64_t *nodes, unsigned long max_node)
{
	SYS_RET (syscall (SYS_set_mempolicy, mode, nodes, max_node));
}
static inline long
sys_keyctl (int op, unsigned long a, unsigned long b)
{
	long r = syscall (SYS_keyctl, op, a, b, 0, 0);

	return r < 0 ? -errno : r;
}
static inline int
sys_seccomp (unsigned op, unsigned flags, void *args)
{
	SYS_RET (syscall (SYS_seccomp, op, flags, args));
}
static inline int
sys_bpf (int cmd, void *attr, unsigned size)
{
	SYS_RET (syscall (SYS_bpf, cmd, attr, size));
}
/*
 * SIG_DFL for all 64, by the system call: libc's sigaction refuses its own two (32, 33), and
 * glibc's posix_spawn leaves just those ignored in what it starts; the struct is handler, flags,
 * restorer and mask: all zero.
 */
static inline void
sys_signals_default (uint64_t which)
{
	static const unsigned long dfl[8];

	for (int sig = 1; sig <= 64; sig++)
		if (which & 1ull << (sig - 1))
			(void) syscall (SYS_rt_sigaction, sig, dfl, NULL, 8);
}
