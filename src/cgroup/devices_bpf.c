/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device rules on v2: a BPF program that the kernel asks on every open and mknod of a device node.
 *
 * The last rule that matches decides, so the program looks at them from the last to the first; none: refused.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "cgroup/cgroup.h"
#include "plan/plan.h"
#include "sys/syscalls.h"

#define RULES_MAX 500
#define INSNS_PER_RULE 9

struct program {
	struct bpf_insn insns[RULES_MAX * INSNS_PER_RULE + 16];
	size_t n;
};

static void
put (struct program *p, uint8_t code, unsigned dst, unsigned src, int16_t off, int32_t imm)
{
	p->insns[p->n++] = (struct bpf_insn) { .code = code, .dst_reg = dst & 15, .src_reg = src & 15, .off = off, .imm = imm };
}

enum { RESULT_REG = 0, CTX = 1, TYPE = 2, ACCESS = 3, MAJOR = 4, MINOR = 5 };

static uint32_t
kernel_access (unsigned access)
{
	return (access & 1 ? BPF_DEVCG_ACC_READ : 0) | (access & 2 ? BPF_DEVCG_ACC_WRITE : 0) | (access & 4 ? BPF_DEVCG_ACC_MKNOD : 0);
}

/* Each test jumps to the next rule if it fails; the distance is filled in when the rule is complete. */
static void
put_rule (struct program *p, const struct device_rule *r)
{
	size_t jumps[4], n = 0;
	uint32_t other = (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD) & ~kernel_access (r->access);

	if (r->type != 'a') {
		jumps[n++] = p->n;
		put (p, BPF_JMP | BPF_JNE | BPF_K, TYPE, 0, 0, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	}
	if (other) {		/* a request for more than the rule speaks of is not its business */
		jumps[n++] = p->n;
		put (p, BPF_JMP | BPF_JSET | BPF_K, ACCESS, 0, 0, (int32_t) other);
	}
	if (r->major >= 0) {
		jumps[n++] = p->n;
		put (p, BPF_JMP | BPF_JNE | BPF_K, MAJOR, 0, 0, (int32_t) r->major);
	}
	if (r->minor >= 0) {
		jumps[n++] = p->n;
		put (p, BPF_JMP | BPF_JNE | BPF_K, MINOR, 0, 0, (int32_t) r->minor);
	}
	put (p, BPF_ALU64 | BPF_MOV | BPF_K, RESULT_REG, 0, 0, r->allow);
	put (p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (size_t i = 0; i < n; i++)
		p->insns[jumps[i]].off = (int16_t) (p->n - jumps[i] - 1);
}

static void
compile (struct program *p, const struct device_rule *rules, size_t n)
{
	/* struct bpf_cgroup_dev_ctx { u32 access_type: access << 16 | type; u32 major; u32 minor; } */
	put (p, BPF_LDX | BPF_MEM | BPF_W, TYPE, CTX, 0, 0);
	put (p, BPF_ALU64 | BPF_MOV | BPF_X, ACCESS, TYPE, 0, 0);
	put (p, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
	put (p, BPF_ALU64 | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
	put (p, BPF_LDX | BPF_MEM | BPF_W, MAJOR, CTX, 4, 0);
	put (p, BPF_LDX | BPF_MEM | BPF_W, MINOR, CTX, 8, 0);
	for (size_t i = n; i-- > 0;) {
		put_rule (p, &rules[i]);
		if (rules[i].type == 'a' && rules[i].major < 0 && rules[i].minor < 0 && rules[i].access == 7)
			return;		/* decides everything that is left */
	}
	put (p, BPF_ALU64 | BPF_MOV | BPF_K, RESULT_REG, 0, 0, 0);
	put (p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static int
load (const struct program *p)
{
	union bpf_attr attr;

	memset (&attr, 0, sizeof attr);
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t) (uintptr_t) p->insns;
	attr.insn_cnt = (uint32_t) p->n;
	attr.license = (uint64_t) (uintptr_t) "GPL";
	return sys_bpf (BPF_PROG_LOAD, &attr, sizeof attr);
}

/* The program that is attached already, as an fd, or -1: ours of an earlier time is replaced, so that there is no moment without. */
static int
attached (int dir_fd)
{
	union bpf_attr attr;
	uint32_t ids[2] = { 0, 0 };

	memset (&attr, 0, sizeof attr);
	attr.query.target_fd = (uint32_t) dir_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t) (uintptr_t) ids;
	attr.query.prog_cnt = ARRAY_SIZE (ids);
	if (sys_bpf (BPF_PROG_QUERY, &attr, sizeof attr) < 0 || attr.query.prog_cnt != 1)
		return -1;
	memset (&attr, 0, sizeof attr);
	attr.prog_id = ids[0];
	return sys_bpf (BPF_PROG_GET_FD_BY_ID, &attr, sizeof attr);
}

int
cgroup_devices_bpf (int dir_fd, const struct device_rule *rules, size_t n, struct err *e)
{
	static struct program p;
	autofd prog = -1, old = -1;
	union bpf_attr attr;
	int r;

	if (n > RULES_MAX)
		return err_set (e, E2BIG, "linux.resources.devices: %zu rules, at most %d", n, RULES_MAX);
	p.n = 0;
	compile (&p, rules, n);
	prog = load (&p);
	if (prog < 0)
		return err_set (e, -prog, "linux.resources.devices: load the device program (%zu instructions)", p.n);
	old = attached (dir_fd);
	memset (&attr, 0, sizeof attr);
	attr.target_fd = (uint32_t) dir_fd;
	attr.attach_bpf_fd = (uint32_t) prog;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;	/* Linux 5.6 */
		attr.replace_bpf_fd = (uint32_t) old;
	}
	r = sys_bpf (BPF_PROG_ATTACH, &attr, sizeof attr);
	return r < 0 ? err_set (e, -r, "linux.resources.devices: attach the device program to the cgroup") : 0;
}
