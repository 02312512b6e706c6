/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device program decides as its rules do: run by an interpreter here, for every kind of
 * question. */
#include <stdlib.h>

#include "cgroup/internal.h"
#include "base/mem.h"
#include "tap.h"

static int
interpret (const struct device_program *p, uint32_t type, uint32_t access, uint32_t major,
	   uint32_t minor)
{
	uint32_t ctx[3] = { access << 16 | type, major, minor };
	uint64_t r[11] = { 0 };

	for (size_t pc = 0, steps = 0; pc < p->n && steps < 10000; steps++) {
		const struct bpf_insn *i = &p->insns[pc++];
		uint64_t imm = (uint64_t) (int64_t) i->imm, *dst = &r[i->dst_reg];
		bool jump = false;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W: *dst = ctx[i->off / 4]; break;
		case BPF_ALU64 | BPF_MOV | BPF_X: *dst = r[i->src_reg]; break;
		case BPF_ALU64 | BPF_MOV | BPF_K: *dst = imm; break;
		case BPF_ALU64 | BPF_AND | BPF_K: *dst &= imm; break;
		case BPF_ALU64 | BPF_RSH | BPF_K: *dst >>= imm; break;
		case BPF_JMP | BPF_JEQ | BPF_K: jump = *dst == imm; break;
		case BPF_JMP | BPF_JNE | BPF_K: jump = *dst != imm; break;
		case BPF_JMP | BPF_JSET | BPF_K: jump = *dst & imm; break;
		case BPF_JMP | BPF_JA: jump = true; break;
		case BPF_JMP | BPF_EXIT: return (int) r[0];
		default: return -2;
		}
		if (jump)
			pc += (size_t) i->off;
	}
	return -1;
}

/* One kind of access: the last rule that speaks of it. */
static bool
allows (const struct device_rule *rules, size_t n, char type, unsigned access, int64_t major,
	int64_t minor)
{
	for (size_t i = n; i-- > 0;) {
		const struct device_rule *r = &rules[i];

		if ((r->type == 'a' || r->type == type) && (access & r->access) &&
		    (r->major < 0 || r->major == major) && (r->minor < 0 || r->minor == minor))
			return r->allow;
	}
	return false;
}

static int
reference (const struct device_rule *rules, size_t n, char type, unsigned access, int64_t major,
	   int64_t minor)
{
	for (unsigned bit = 1; bit < 8; bit <<= 1)
		if ((access & bit) && !allows (rules, n, type, bit, major, minor))
			return 0;
	return 1;
}

/* Every instruction can be reached, or the kernel does not take the program. */
static bool
all_reached (const struct device_program *p)
{
	bool reached[ARRAY_SIZE (p->insns)] = { true };

	for (size_t i = 0; i < p->n; i++) { /* jumps lead forward only */
		const struct bpf_insn *in = &p->insns[i];

		if (!reached[i])
			return false;
		if (in->code == (BPF_JMP | BPF_EXIT))
			continue;
		if (BPF_CLASS (in->code) == BPF_JMP)
			reached[i + 1 + (size_t) in->off] = true;
		if (in->code != (BPF_JMP | BPF_JA))
			reached[i + 1] = true;
	}
	return true;
}

/* Number of answers that differ. */
static int
compare_all (const struct device_rule *rules, size_t n)
{
	static const uint32_t kernel[8] = {
		0, 2, 4, 6, 1, 3, 5, 7
	}; /* read 1, write 2, mknod 4 as BPF_DEVCG_ACC_* */
	static struct device_program p;
	int wrong = 0;

	if (devices_compile (&p, rules, n) < 0 || !all_reached (&p))
		return -1;
	for (int type = 0; type < 2; type++)
		for (unsigned access = 1; access < 8; access++)
			for (uint32_t major = 0; major < 6; major++)
				for (uint32_t minor = 0; minor < 6; minor++)
					wrong += interpret (&p,
							    type ? BPF_DEVCG_DEV_CHAR
								 : BPF_DEVCG_DEV_BLOCK,
							    kernel[access], major, minor) !=
						 reference (rules, n, type ? 'c' : 'b', access,
							    major, minor);
	return wrong;
}

TEST (no_rule_refuses)
{
	EQ (compare_all (NULL, 0), 0);
}

TEST (random_lists_decide_as_their_rules)
{
	struct device_rule rules[24];
	int wrong = 0;

	srandom (1);
	for (int round = 0; round < 2000; round++) {
		size_t n = (size_t) random () % ARRAY_SIZE (rules) + 1;

		for (size_t i = 0; i < n; i++)
			rules[i] = (struct device_rule) {
				.allow = random () % 4 != 0,
				.type = "abc"[random () % 3],
				.major = random () % 7 - 1,
				.minor = random () % 7 - 1,
				.access = (unsigned) random () % 7 + 1,
			};
		wrong += compare_all (rules, n) != 0;
	}
	EQ (wrong, 0);
}

TEST (the_default_list_is_short)
{
	static const int64_t numbers[][2] = {
		{ 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 },	   { 1, 9 },
		{ 5, 0 }, { 5, 1 }, { 5, 2 }, { 136, -1 }, { 10, 200 }
	};
	static struct device_program p;
	struct device_rule rules[13] = { { false, 'a', -1, -1, 7 },
					 { true, 'c', -1, -1, 4 },
					 { true, 'b', -1, -1, 4 } };

	for (size_t i = 0; i < ARRAY_SIZE (numbers); i++)
		rules[3 + i] = (struct device_rule) { true, 'c', numbers[i][0], numbers[i][1], 7 };
	EQ (devices_compile (&p, rules, ARRAY_SIZE (rules)), 0);
	OK (p.n <= 40);
	EQ (compare_all (rules, ARRAY_SIZE (rules)), 0);
}

TEST (too_many_rules_are_refused)
{
	static struct device_program p;
	static struct device_rule rules[501];

	EQ (devices_compile (&p, rules, 501), -E2BIG);
}
