/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
struct err;
/*
 * CVE-2019-5736: a container can make the runtime's process execute its own binary
 * (`#!/proc/self/exe`) and later write to it through /proc/PID/exe. So a process that will enter a
 * container runs from something that cannot be written: fs-verity, or a sealed memfd. Re-executes
 * `argv` from a sealed copy when the binary is not protected already (statx says so in 5 us).
 */
int selfexe_protect (char **argv, struct err *e);
