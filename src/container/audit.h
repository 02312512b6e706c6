/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The audit trail: create, run, restore, start, exec and delete each leave a record in the kernel's
 * audit log, so that `ausearch -vm ID` says which login is behind a container; run, restore and
 * checkpoint also one of delete when they take it away:
 *
 *   type=VIRT_CONTROL msg=audit(…): pid=310 uid=0 auid=1000 ses=3 msg='virt=coracle op=create
 *   vm="web" vm-pid=312 exe="/usr/bin/coracle" hostname=? addr=? terminal=pts/0 res=success'
 *
 * The fields are those that libvirt writes and the audit tools know: `vm` the container's id,
 * `vm-pid` its init, or the process of exec. What is before msg= is the kernel's word about whoever
 * sent the record. That is why no library does this for us: libaudit would have to be loaded by
 * coracle-helper, whose pid the record would then have, and which would cost each create a
 * millisecond. To write a record is one message and its acknowledgement.
 *
 * By default it is tried where CAP_AUDIT_WRITE is effective, and nothing is an error: not a kernel
 * without audit, a user namespace, an audit that is off (the kernel takes the message and drops
 * it). Whether it is on costs as much to ask as the record itself, so nobody asks. With
 * --audit=require the answer is asked for before anything is made, and what could not be recorded
 * is undone. What an audit that is on does with records that are too many (its rate limit, a full
 * backlog) is the administrator's choice in auditctl(8), and no error either.
 */
#include <sys/types.h>

struct arena;
struct err;
struct globals;

enum audit_mode { AUDIT_AUTO, AUDIT_NO, AUDIT_REQUIRE };

/* --audit=require: would records be kept? First, before anything is made. */
int audit_check (const struct globals *g, struct err *e);
/* `op` was done. An error only with --audit=require. */
int audit_record (const struct globals *g, const char *op, const char *id, pid_t pid,
		  struct err *e);
/* It failed, or was refused; `id` may be anything that somebody typed. */
void audit_record_failure (const struct globals *g, const char *op, const char *id);

/* The value of a field that others chose, as audit_encode_value(3) has it: in quotes, or in
 * hexadecimal digits if that could be mistaken for more than one field. */
char *audit_encode (struct arena *a, const char *value);
