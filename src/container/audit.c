/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "config.h"
#include "container/audit.h"
#include "container/container.h"
#include "libocispec/arena.h"
#include "security/security.h"
#include "security/selfexe.h"
#include "sys/netlink.h"

#define VIRT_CONTROL                                                                          \
	2500	       /* AUDIT_VIRT_CONTROL of libaudit.h; the kernel's header has the range \
			*/
#define VALUE_MAX 2048 /* the kernel cuts messages at 8 KiB */

char *
audit_encode (struct arena *a, const char *value)
{
	size_t len = strnlen (value, VALUE_MAX);
	bool plain = true;
	char *to;

	if (len == 0)
		return (char *) "?";
	for (size_t i = 0; i < len; i++)
		plain &= value[i] > ' ' && value[i] < 0x7f && value[i] != '"' &&
			 value[i] != '\''; /* the kernel puts these around the whole */
	if (plain)
		return arena_printf (a, "\"%.*s\"", (int) len, value);
	to = arena_alloc (a, 2 * len + 1);
	for (size_t i = 0; i < len; i++)
		(void) snprintf (to + 2 * i, 3, "%02X", (unsigned char) value[i]);
	return to;
}

/* Create, run and exec are a memfd by then, which has no path of its own (selfexe.h). */
static const char *
executable (const struct globals *g)
{
	static LARGE char buf[PATH_MAX]; /* run has two records */
	ssize_t n;

	if (buf[0])
		return buf;
	n = readlink ("/proc/self/exe", buf, PATH_MAX - 1);
	buf[n > 0 ? n : 0] = '\0';
	if (startswith (buf, "/memfd:") && g->exe->path[0])
		(void) snprintf (buf, sizeof buf, "%s", g->exe->path);
	return buf;
}

/* "pts/0" */
static const char *
terminal (void)
{
	static LARGE char buf[PATH_MAX];

	if (!buf[0] && (ttyname_r (STDIN_FILENO, buf, sizeof buf) != 0 || strpbrk (buf, " '\"\n")))
		memcpy (buf, "?", sizeof "?");
	return startswith (buf, "/dev/") ? buf + strlen ("/dev/") : buf;
}

static int
send_record (const struct globals *g, const char *op, const char *id, pid_t pid)
{
	char number[16] = "?";
	autofd fd = netlink_open (NETLINK_AUDIT);

	if (fd < 0)
		return fd;
	if (pid > 0)
		(void) snprintf (number, sizeof number, "%d", (int) pid);
	return netlink_ask_text (
		fd, VIRT_CONTROL,
		arena_printf (g->arena,
			      "virt=coracle op=%s vm=%s vm-pid=%s exe=%s hostname=? addr=? "
			      "terminal=%s res=%s",
			      op, audit_encode (g->arena, id), number,
			      audit_encode (g->arena, executable (g)), terminal (),
			      pid < 0 ? "failed" : "success"));
}

static bool
may_record (void)
{
	static int may = -1;

	if (may < 0)
		may = caps_have (CAP_AUDIT_WRITE);
	return may;
}

/* EPROTONOSUPPORT: a kernel without audit; ECONNREFUSED: in a user namespace; EPERM. */
static int
record (const struct globals *g, const char *op, const char *id, pid_t pid)
{
	int r;

	if (!HAVE_AUDIT || g->audit == AUDIT_NO)
		return 0;
	if (g->audit == AUDIT_AUTO && !may_record ())
		return 0;
	r = send_record (g, op, id, pid);
	if (r < 0)
		log_debug ("no audit record of %s: %s", op, err_strerror (-r));
	return r;
}

int
audit_record (const struct globals *g, const char *op, const char *id, pid_t pid, struct err *e)
{
	int r = record (g, op, id, pid);

	if (r >= 0 || g->audit != AUDIT_REQUIRE)
		return 0;
	return err_set (e, -r, "--audit=require: the audit record of '%s' of container '%s'", op,
			id);
}

void
audit_record_failure (const struct globals *g, const char *op, const char *id)
{
	(void) record (g, op, id, -1);
}

/* ---- --audit=require */

static int
on_status (const struct nlmsghdr *m, void *ctx)
{
	const struct audit_status *s = NLMSG_DATA (m);

	(void) ctx;
	return m->nlmsg_len >= NLMSG_LENGTH (offsetof (struct audit_status, failure)) && s->enabled
		       ? 1
		       : -ENODATA;
}

int
audit_check (const struct globals *g, struct err *e)
{
	struct netlink_request ask;
	autofd fd = -1;
	int r;

	if (g->audit != AUDIT_REQUIRE)
		return 0;
	if (!HAVE_AUDIT)
		return err_set (e, 0, "--audit=require: this coracle was built without audit");
	if (!may_record ())
		return err_set (e, EPERM, "--audit=require: CAP_AUDIT_WRITE is missing");
	fd = netlink_open (NETLINK_AUDIT);
	if (fd < 0)
		return err_set (e, -fd, "--audit=require: the kernel's audit");
	netlink_begin (&ask, AUDIT_GET, 0, "", 0);
	r = netlink_get (fd, &ask, on_status, NULL);
	if (r == -ENODATA)
		return err_set (e, 0, "--audit=require: audit is off (auditctl -e 1)");
	return r < 0 ? err_set (e, -r, "--audit=require: ask whether audit is on") : 0;
}
