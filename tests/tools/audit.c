/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's audit, for tests of what is written there:
 *	audit listen		prints every record as "TYPE TEXT", and "ready" on stderr before
 *	audit get FIELD		enabled, rate_limit or lost
 *	audit set FIELD VALUE	enabled or rate_limit; prints what it was
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct message {
	struct nlmsghdr h;
	char body[9000];
};

static int
fail (const char *what)
{
	perror (what);
	return 1;
}

/* Answers of others and of before are passed over. */
static int
answer (int fd, unsigned type, struct message *m)
{
	ssize_t n;

	do
		if ((n = recv (fd, m, sizeof *m, 0)) < 0)
			return -1;
	while (m->h.nlmsg_type != type && m->h.nlmsg_type != NLMSG_ERROR);
	errno = m->h.nlmsg_type == NLMSG_ERROR ? -((struct nlmsgerr *) m->body)->error : 0;
	return errno ? -1 : 0;
}

static int
ask (int fd, unsigned type, const struct audit_status *s, struct message *m)
{
	m->h = (struct nlmsghdr) { .nlmsg_len = NLMSG_LENGTH (s ? sizeof *s : 0),
				   .nlmsg_type = (unsigned short) type,
				   .nlmsg_flags = NLM_F_REQUEST | (s ? NLM_F_ACK : 0),
				   .nlmsg_seq = 1 };
	if (s)
		memcpy (m->body, s, sizeof *s);
	return send (fd, m, m->h.nlmsg_len, 0) < 0 ? -1
						   : answer (fd, s ? NLMSG_ERROR : AUDIT_GET, m);
}

static int
listen_to (int fd)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK,
				  .nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1) };
	int size = 4 << 20;
	struct message m;
	ssize_t n;

	(void) setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	if (bind (fd, (struct sockaddr *) &to, sizeof to) < 0)
		return fail ("listen to the audit log");
	fprintf (stderr, "ready\n");
	while ((n = recv (fd, &m, sizeof m, 0)) >= 0 || errno == ENOBUFS)
		if (n > (ssize_t) sizeof m.h) {
			printf ("%u %.*s\n", m.h.nlmsg_type, (int) (n - (ssize_t) sizeof m.h),
				m.body);
			fflush (stdout);
		}
	return fail ("recv");
}

static unsigned *
field (struct audit_status *s, const char *name)
{
	if (strcmp (name, "enabled") == 0) {
		s->mask = AUDIT_STATUS_ENABLED;
		return &s->enabled;
	}
	if (strcmp (name, "rate_limit") == 0) {
		s->mask = AUDIT_STATUS_RATE_LIMIT;
		return &s->rate_limit;
	}
	return strcmp (name, "lost") == 0 ? &s->lost : NULL;
}

int
main (int argc, char **argv)
{
	int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	struct audit_status s = { 0 };
	struct message m = { 0 };
	unsigned *value;

	if (fd < 0)
		return fail ("the kernel's audit");
	if (argc == 2 && strcmp (argv[1], "listen") == 0)
		return listen_to (fd);
	if (argc < 3 || !(value = field (&s, argv[2]))) {
		fprintf (stderr, "usage: audit listen | get FIELD | set FIELD VALUE\n");
		return 2;
	}
	if (ask (fd, AUDIT_GET, NULL, &m) < 0)
		return fail ("AUDIT_GET");
	memcpy (&s, m.body, sizeof s);
	(void) field (&s, argv[2]);
	printf ("%u\n", *value);
	if (argc == 3)
		return 0;
	*value = (unsigned) atoi (argv[3]);
	/* The acknowledgement of AUDIT_GET was not asked for; that of AUDIT_SET is. */
	return ask (fd, AUDIT_SET, &s, &m) < 0 ? fail ("AUDIT_SET") : 0;
}
