/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device rules on v2: a BPF program that the kernel asks on every open and mknod of a device node.
 *
 * Reading, writing and making a node are each decided by the last rule that speaks of it, so the
 * program looks at the rules from the last to the first. What is allowed is taken off the request;
 * it is granted when nothing is left, and refused by a rule that denies any of the rest.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "cgroup/internal.h"
#include "plan/plan.h"
#include "sys/syscalls.h"

#define DEVICE_RULES_MAX 500

enum { RESULT_REG = 0, CTX = 1, TYPE = 2, ACCESS = 3, MAJOR = 4, MINOR = 5 };
#define ALL_ACCESS (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD)

static size_t
put (struct device_program *p, uint8_t code, unsigned dst, unsigned src, int32_t imm)
{
	p->insns[p->n] = (struct bpf_insn) {
		.code = code, .dst_reg = dst & 15, .src_reg = src & 15, .imm = imm
	};
	return p->n++;
}

/* The jump at `from` leads to what is put next. */
static void
lands_here (struct device_program *p, size_t from)
{
	p->insns[from].off = (int16_t) (p->n - from - 1);
}

static uint32_t
kernel_access (unsigned access)
{
	return (access & 1 ? BPF_DEVCG_ACC_READ : 0) | (access & 2 ? BPF_DEVCG_ACC_WRITE : 0) |
	       (access & 4 ? BPF_DEVCG_ACC_MKNOD : 0);
}

/*
 * Rules that decide the same and stand side by side may be asked in any order: sorted, the type is
 * asked once, and the major number once for all its minor ones. The default list is 38 instructions
 * instead of 65, and the verifier's time grows faster than their number.
 */
struct run {
	struct device_program *p;
	size_t hits[DEVICE_RULES_MAX], n_hits; /* jumps to the verdict */
};

static void
hit (struct run *r, uint8_t code, unsigned reg, int32_t imm)
{
	r->hits[r->n_hits++] = put (r->p, code, reg, 0, imm);
}

/* A rule for all kinds of access, which leaves nothing to say to others about the same devices. */
static bool
is_whole (const struct device_rule *rule)
{
	return kernel_access (rule->access) == ALL_ACCESS;
}

/* One rule, where type and (unless it has none) major number are known to be right. */
static void
put_rule (struct run *r, const struct device_rule *rule)
{
	uint32_t mine = kernel_access (rule->access);
	size_t skip = 0;

	if (is_whole (rule)) {
		if (rule->minor >= 0)
			hit (r, BPF_JMP | BPF_JEQ | BPF_K, MINOR, (int32_t) rule->minor);
		else
			hit (r, BPF_JMP | BPF_JA, 0, 0);
		return;
	}
	if (rule->minor >= 0)
		skip = put (r->p, BPF_JMP | BPF_JNE | BPF_K, MINOR, 0, (int32_t) rule->minor);
	if (rule->allow) {
		put (r->p, BPF_ALU64 | BPF_AND | BPF_K, ACCESS, 0, (int32_t) (ALL_ACCESS & ~mine));
		hit (r, BPF_JMP | BPF_JEQ | BPF_K, ACCESS, 0);
	} else {
		hit (r, BPF_JMP | BPF_JSET | BPF_K, ACCESS, (int32_t) mine);
	}
	if (rule->minor >= 0)
		lands_here (r->p, skip);
}

/* After a rule that always decides nothing may follow: the verifier refuses what cannot be reached.
 */
static size_t
put_major (struct run *r, const struct device_rule *rules, size_t n)
{
	size_t same = 1, skip = 0;

	while (same < n && rules[same].type == rules->type && rules[same].major == rules->major)
		same++;
	if (rules->major >= 0)
		skip = put (r->p, BPF_JMP | BPF_JNE | BPF_K, MAJOR, 0, (int32_t) rules->major);
	for (size_t i = 0; i < same; i++) {
		put_rule (r, &rules[i]);
		if (is_whole (&rules[i]) && rules[i].minor < 0)
			break;
	}
	if (rules->major >= 0)
		lands_here (r->p, skip);
	return same;
}

static size_t
put_type (struct run *r, const struct device_rule *rules, size_t n)
{
	char type = rules->type;
	size_t done = 0, same = 1, skip = 0;
	bool decided = false;

	while (same < n && rules[same].type == type)
		same++;
	if (type != 'a')
		skip = put (r->p, BPF_JMP | BPF_JNE | BPF_K, TYPE, 0,
			    type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	while (done < same && !decided) {
		size_t here = put_major (r, rules + done, same - done);

		for (size_t i = 0; i < here; i++)
			decided |= is_whole (&rules[done + i]) && rules[done + i].major < 0 &&
				   rules[done + i].minor < 0;
		done += here;
	}
	if (type != 'a')
		lands_here (r->p, skip);
	return same;
}

static int
compare (const void *x, const void *y)
{
	const struct device_rule *a = x, *b = y;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	return a->minor < b->minor ? -1 : a->minor > b->minor;
}

static void
put_verdict (struct device_program *p, bool allow)
{
	put (p, BPF_ALU64 | BPF_MOV | BPF_K, RESULT_REG, 0, allow);
	put (p, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

static void
put_run (struct device_program *p, const struct device_rule *rules, size_t n)
{
	static LARGE struct device_rule sorted[DEVICE_RULES_MAX];
	static LARGE struct run r;
	size_t miss;

	r.p = p;
	r.n_hits = 0;
	memcpy (sorted, rules, n * sizeof *rules);
	qsort (sorted, n, sizeof *sorted, compare);
	for (size_t done = 0; done < n;)
		done += put_type (&r, sorted + done, n - done);
	miss = put (p, BPF_JMP | BPF_JA, 0, 0, 0);
	for (size_t i = 0; i < r.n_hits; i++)
		lands_here (p, r.hits[i]);
	put_verdict (p, rules->allow);
	lands_here (p, miss);
}

static bool
decides_all (const struct device_rule *r)
{
	return r->type == 'a' && r->major < 0 && r->minor < 0 && r->access == 7;
}

int
devices_compile (struct device_program *p, const struct device_rule *rules, size_t n)
{
	p->n = 0;
	if (n > DEVICE_RULES_MAX)
		return -E2BIG;
	/* struct bpf_cgroup_dev_ctx { u32 access_type: access << 16 | type; u32 major; u32 minor; }
	 */
	put (p, BPF_LDX | BPF_MEM | BPF_W, TYPE, CTX, 0);
	put (p, BPF_ALU64 | BPF_MOV | BPF_X, ACCESS, TYPE, 0);
	put (p, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0xffff);
	put (p, BPF_ALU64 | BPF_RSH | BPF_K, ACCESS, 0, 16);
	p->insns[put (p, BPF_LDX | BPF_MEM | BPF_W, MAJOR, CTX, 0)].off = 4;
	p->insns[put (p, BPF_LDX | BPF_MEM | BPF_W, MINOR, CTX, 0)].off = 8;
	for (size_t end = n, start; end > 0; end = start) {
		start = end - 1;
		if (decides_all (&rules[start])) {
			put_verdict (p, rules[start].allow);
			return 0; /* whatever stands before it */
		}
		while (start > 0 && rules[start - 1].allow == rules[start].allow &&
		       !decides_all (&rules[start - 1]))
			start--;
		put_run (p, rules + start, end - start);
	}
	put_verdict (p, false);
	return 0;
}

static int
load (const struct device_program *p)
{
	union bpf_attr attr;

	memset (&attr, 0, sizeof attr);
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t) (uintptr_t) p->insns;
	attr.insn_cnt = (uint32_t) p->n;
	attr.license = (uint64_t) (uintptr_t) "GPL";
	return sys_bpf (BPF_PROG_LOAD, &attr, sizeof attr);
}

/* The program that is attached already, as an fd, or -1: ours of an earlier time is replaced, so
 * that there is no moment without. */
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
cgroup_devices_bpf (int dir_fd, const struct device_rule *rules, size_t n, bool fresh,
		    struct err *e)
{
	static LARGE struct device_program p;
	autofd prog = -1, old = -1;
	union bpf_attr attr;
	int r;

	if (devices_compile (&p, rules, n) < 0)
		return err_set (e, E2BIG, "linux.resources.devices: %zu rules, at most %d", n,
				DEVICE_RULES_MAX);
	prog = load (&p);
	if (prog < 0)
		return err_set (
			e, -prog,
			"linux.resources.devices: load the device program (%zu instructions)", p.n);
	old = fresh ? -1 : attached (dir_fd);
	memset (&attr, 0, sizeof attr);
	attr.target_fd = (uint32_t) dir_fd;
	attr.attach_bpf_fd = (uint32_t) prog;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old >= 0) {
		attr.attach_flags |= BPF_F_REPLACE; /* Linux 5.6 */
		attr.replace_bpf_fd = (uint32_t) old;
	}
	r = sys_bpf (BPF_PROG_ATTACH, &attr, sizeof attr);
	return r < 0 ? err_set (e, -r,
				"linux.resources.devices: attach the device program to the cgroup")
		     : 0;
}
