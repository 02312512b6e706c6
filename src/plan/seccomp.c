/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be said of a profile without compiling it. */
#include "plan/planner.h"

#define FLAG_TSYNC	   (1u << 0)
#define FLAG_SPEC_ALLOW	   (1u << 2)
#define FLAG_NEW_LISTENER  (1u << 3)
#define FLAG_WAIT_KILLABLE (1u << 5)

static bool
takes_errno (uint64_t action)
{
	return action == OCI_ACT_ERRNO || action == OCI_ACT_TRACE;
}

/*
 * The listener's descriptor travels by sendmsg, under the filter already: until it has arrived
 * nobody answers, and init would wait for ever.
 */
static void
check_notify (struct planner *p, const struct oci_seccomp *s)
{
	bool named = false;

	for (size_t i = 0; i < s->syscalls.n; i++)
		for (size_t k = 0; k < s->syscalls.v[i].names.n; k++) {
			if (!streq (s->syscalls.v[i].names.v[k], "sendmsg"))
				continue;
			named |= s->syscalls.v[i].args.n == 0;
			if (s->syscalls.v[i].action == OCI_ACT_NOTIFY)
				BAD (p, PATH ("linux.seccomp.syscalls[%zu].names[%zu]", i, k),
				     "sendmsg cannot be notified: the listener itself is handed over by it");
		}
	if (s->default_action == OCI_ACT_NOTIFY && !named)
		BAD (p, "linux.seccomp.defaultAction",
		     "with SCMP_ACT_NOTIFY sendmsg needs a rule that allows it: the listener itself is handed over by it");
}

static void
check_rules (struct planner *p, const struct oci_seccomp *s, struct seccomp_plan *r)
{
	r->notify = s->default_action == OCI_ACT_NOTIFY;
	if (s->default_errno_ret.set && !takes_errno (s->default_action))
		BAD (p, "linux.seccomp.defaultErrnoRet",
		     "only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take a number, not %s",
		     oci_name_of (oci_seccomp_actions, s->default_action));
	for (size_t i = 0; i < s->syscalls.n; i++) {
		const struct oci_seccomp_syscall *c = &s->syscalls.v[i];

		r->notify |= c->action == OCI_ACT_NOTIFY;
		/* docker writes errnoRet 0 and podman 1 on rules of any kind: said, not refused. */
		if (c->errno_ret.set && !takes_errno (c->action))
			WARN (p, PATH ("linux.seccomp.syscalls[%zu].errnoRet", i),
			      "has no effect with %s",
			      oci_name_of (oci_seccomp_actions, c->action));
	}
}

void
plan_seccomp (struct planner *p)
{
	const struct oci_seccomp *s = p->spec->lnx ? p->spec->lnx->seccomp : NULL;
	const char *fail = oci_annotation (&p->spec->annotations,
					   "run.oci.seccomp_fail_unknown_syscall");
	const char *receiver = oci_annotation (&p->spec->annotations, "run.oci.seccomp.receiver");
	struct seccomp_plan *r = &p->plan->seccomp;

	r->bpf_base64 = oci_annotation (&p->spec->annotations, "run.oci.seccomp_bpf_data");
	r->fail_unknown_syscall = fail && streq (fail, "1");
	if (!s)
		return;
	r->profile = s;
	check_rules (p, s, r);
	for (size_t i = 0; i < s->flags.n; i++)
		r->flags |= (unsigned) s->flags.v[i];
	if (!s->flags.v) { /* null is not []: the peers' default */
		r->flags = FLAG_SPEC_ALLOW;
		r->flags_optional = true;
	}
	if (r->notify)
		check_notify (p, s);
	r->listener_path = s->listener_path && *s->listener_path ? s->listener_path : receiver;
	r->listener_metadata = s->listener_metadata;
	if (r->notify && !r->listener_path)
		BAD (p, "linux.seccomp.listenerPath",
		     "required: SCMP_ACT_NOTIFY is used, and somebody must answer");
	if (!r->listener_path && r->listener_metadata && *r->listener_metadata)
		BAD (p, "linux.seccomp.listenerMetadata", "must not be set without listenerPath");
	if (r->listener_path && *r->listener_path != '/')
		BAD (p,
		     r->listener_path == receiver ? "annotations.run.oci.seccomp.receiver"
						  : "linux.seccomp.listenerPath",
		     "'%s' is not an absolute path", r->listener_path);
	if (r->notify) /* with TSYNC the kernel says EINVAL; one thread has nothing to synchronise
			*/
		r->flags = (r->flags & ~FLAG_TSYNC) | FLAG_NEW_LISTENER;
	else
		r->flags &= ~FLAG_WAIT_KILLABLE; /* means nothing without a listener, and the kernel
						    says EINVAL */
}
