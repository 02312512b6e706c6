#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""seccomp_reference.py HELPER PROFILE...: coracle-helper makes a filter for each architecture and joins them. Does the whole decide as the one
that libseccomp makes of all architectures in one context? Both are run, by an interpreter of their instructions, for each number of a system
call, with arguments on both sides of every limit that the profile has. One line for each profile, and for each difference; exit status 1 if
there is one. The default action is made ENOSYS, so that what coracle puts before libseccomp's rules does not come in between."""
import ctypes
import ctypes.util
import errno
import json
import os
import struct
import subprocess
import sys

S = ctypes.CDLL(ctypes.util.find_library("seccomp"), use_errno=True)
S.seccomp_init.restype = ctypes.c_void_p
S.seccomp_init.argtypes = [ctypes.c_uint32]
for f in (S.seccomp_arch_add, S.seccomp_export_bpf, S.seccomp_attr_set, S.seccomp_rule_add_array):
    f.argtypes = {"seccomp_arch_add": [ctypes.c_void_p, ctypes.c_uint32], "seccomp_export_bpf": [ctypes.c_void_p, ctypes.c_int],
                  "seccomp_attr_set": [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32],
                  "seccomp_rule_add_array": [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p]}[f.__name__]

ACTIONS = {"SCMP_ACT_ALLOW": 0x7FFF0000, "SCMP_ACT_ERRNO": 0x00050000, "SCMP_ACT_KILL": 0, "SCMP_ACT_KILL_THREAD": 0, "SCMP_ACT_TRAP": 0x00030000,
           "SCMP_ACT_KILL_PROCESS": 0x80000000, "SCMP_ACT_LOG": 0x7FFC0000, "SCMP_ACT_TRACE": 0x7FF00000, "SCMP_ACT_NOTIFY": 0x7FC00000}
OPS = ["SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"]
TOKENS = {"SCMP_ARCH_X86_64": 0xC000003E, "SCMP_ARCH_X86": 0x40000003, "SCMP_ARCH_X32": 0x4000003E, "SCMP_ARCH_AARCH64": 0xC00000B7}
X86_64, X86, X32_BIT = 0xC000003E, 0x40000003, 0x40000000
ENOSYS = 38


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def reference(profile):
    """The instructions that libseccomp makes of all in one context."""
    default = ACTIONS["SCMP_ACT_ERRNO"] | ENOSYS
    ctx = S.seccomp_init(default)
    S.seccomp_attr_set(ctx, 8, 2)  # SCMP_FLTATR_CTL_OPTIMIZE
    for arch in profile.get("architectures", []):
        if TOKENS[arch] != X86_64 and S.seccomp_arch_add(ctx, TOKENS[arch]) not in (0, -errno.EEXIST):
            raise SystemExit("libseccomp refuses " + arch)
    for rule in profile["syscalls"]:
        action = ACTIONS[rule["action"]]
        if rule["action"] in ("SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"):
            action |= rule.get("errnoRet", 1)
        args = [Comparison(a["index"], OPS.index(a["op"]) + 1, a["value"], a.get("valueTwo", 0)) for a in rule.get("args") or []]
        for name in rule["names"]:
            nr = S.seccomp_syscall_resolve_name(name.encode())
            if nr != -1 and action != default and S.seccomp_rule_add_array(ctx, action, nr, len(args), (Comparison * len(args))(*args)) < 0:
                raise SystemExit("libseccomp refuses a rule for " + name)
    fd = os.memfd_create("reference")
    S.seccomp_export_bpf(ctx, fd)
    return instructions(os.pread(fd, os.fstat(fd).st_size, 0))


def instructions(data):
    return list(struct.iter_unpack("=HBBI", data))


def run(program, data):
    """The verdict of `program` on `data`, the words of struct seccomp_data."""
    a = at = 0
    while True:
        code, jt, jf, k = program[at]
        at += 1
        if code == 0x20:  # BPF_LD | BPF_W | BPF_ABS
            a = data[k // 4]
        elif code == 0x15:  # BPF_JMP | BPF_JEQ
            at += jt if a == k else jf
        elif code == 0x25:  # BPF_JGT
            at += jt if a > k else jf
        elif code == 0x35:  # BPF_JGE
            at += jt if a >= k else jf
        elif code == 0x45:  # BPF_JSET
            at += jt if a & k else jf
        elif code == 0x05:  # BPF_JA
            at += k
        elif code == 0x54:  # BPF_ALU | BPF_AND
            a &= k
        elif code == 0x06:  # BPF_RET
            return k
        else:
            raise SystemExit("an instruction that this interpreter does not know: 0x%x" % code)


def limits(profile):
    """Lists of six arguments: zeros, all bits, and about each limit."""
    lists = [[0] * 6, [2**64 - 1] * 6]
    for rule in profile["syscalls"]:
        for a in rule.get("args") or []:
            for v in {a["value"], a.get("valueTwo", 0)}:
                for near in (v - 1, v, v + 1, v | 1 << 32, v ^ 1 << 32, v | 1 << 63):
                    one = [0] * 6
                    one[a["index"]] = near & 2**64 - 1
                    if one not in lists:
                        lists.append(one)
    return lists


def words(arch, nr, args):
    out = [nr, arch, 0, 0]
    for a in args:
        out += [a & 0xFFFFFFFF, a >> 32]
    return out


def compare(helper, path):
    profile = json.load(open(path))
    profile["defaultAction"], profile["defaultErrnoRet"] = "SCMP_ACT_ERRNO", ENOSYS
    made = subprocess.run([helper, "seccomp"], input=json.dumps(profile).encode(), stdout=subprocess.PIPE, check=True).stdout
    ours, theirs = instructions(made[made.index(b"\n") + 1:]), reference(profile)
    lists, n, different = limits(profile), 0, 0
    edges = [X32_BIT - 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]
    numbers = list(range(520)) + [X32_BIT + i for i in range(560)] + edges
    for arch in (X86_64, X86, 0xC00000B7, 0x40000028, 0):
        for nr in numbers:
            for args in lists:
                data = words(arch, nr, args)
                a, b = run(ours, data), run(theirs, data)
                n += 1
                if a != b:
                    different += 1
                    if different <= 10:
                        print("arch 0x%x number 0x%x arguments %s: 0x%x, libseccomp 0x%x" % (arch, nr, args, a, b))
    print("%s: %d instructions, %d of libseccomp; %d of %d calls decided otherwise" % (os.path.basename(path), len(ours), len(theirs), different, n))
    return different


if __name__ == "__main__":
    sys.exit(any([compare(sys.argv[1], path) for path in sys.argv[2:]]))
