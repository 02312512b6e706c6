/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config-linux.md "Namespaces", "User namespace mappings", "Offset for Time Namespace", "Sysctl",
 * "Seccomp". */
#include "inside.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const kinds[][2] = { { "pid", "pid" },	{ "network", "net" },
					{ "mount", "mnt" },	{ "ipc", "ipc" },
					{ "uts", "uts" },	{ "user", "user" },
					{ "cgroup", "cgroup" }, { "time", "time" } };

static void
check_namespace (const struct json *config, const char *kind, const char *file)
{
	char path[64], got[32], name[64];
	const char *own = NULL, *joined = NULL;
	bool listed = false;
	struct stat st;

	snprintf (path, sizeof (path), "/proc/self/ns/%s", file);
	if (stat (path, &st) != 0)
		return;
	snprintf (got, sizeof (got), "%llu", (unsigned long long) st.st_ino);
	for
		EACH (n, json_get (config, "linux.namespaces"))
	if (strcmp (json_text (n, "type"), kind) == 0) {
		listed = true;
		joined = json_text (n, "path");
	}
	if (joined) {
		const char *want = host_fact ("joined.%s", file);

		snprintf (name, sizeof (name), "namespace-joined:%s", kind);
		if (want)
			check (strcmp (want, got) == 0, name, "expected %s, got %s", want, got);
		return;
	}
	own = host_fact ("ns.%s", file);
	if (!own)
		return;
	snprintf (name, sizeof (name), "namespace-%s:%s", listed ? "new" : "inherited", kind);
	check ((strcmp (own, got) != 0) == listed, name, "the runtime's is %s, the container's %s",
	       own, got);
}

static void
check_map (const struct json *map, const char *file)
{
	char want[1024] = "", got[1024] = "", *text;
	int n = 0;

	for
		EACH (m, map)
	n += snprintf (want + n, sizeof (want) - (size_t) n, "%lld %lld %lld;",
		       json_number (m, "containerID", -1), json_number (m, "hostID", -1),
		       json_number (m, "size", -1));
	if (!n)
		return;
	text = read_file (file);
	n = 0;
	for (char *line = strtok (text, "\n"); line; line = strtok (NULL, "\n")) {
		unsigned long a, b, c;

		if (sscanf (line, "%lu %lu %lu", &a, &b, &c) == 3)
			n += snprintf (got + n, sizeof (got) - (size_t) n, "%lu %lu %lu;", a, b, c);
	}
	check (strcmp (want, got) == 0, strrchr (file, '/') + 1, "expected %s got %s", want, got);
}

static void
check_sysctl (const struct json *config)
{
	const struct json *all = json_get (config, "linux.sysctl");

	for
		EACH (s, all)
		{
			char path[512], name[512], *got;

			snprintf (path, sizeof (path), "/proc/sys/%s", s->key);
			for (char *p = path + 10; *p; p++)
				if (*p == '.')
					*p = '/';
			got = read_file (path);
			got[strcspn (got, "\n")] = '\0';
			snprintf (name, sizeof (name), "sysctl:%s", s->key);
			check (strcmp (got, s->text) == 0, name, "expected '%s', got '%s'", s->text,
			       got);
		}
}

static void
check_offsets (const struct json *config)
{
	for
		EACH (o, json_get (config, "linux.timeOffsets"))
		{
			char *text = read_file ("/proc/self/timens_offsets"),
			     *p = strstr (text, o->key), name[64];
			long long secs = 0, nanos = 0;

			snprintf (name, sizeof (name), "time-offset:%s", o->key);
			if (p)
				sscanf (p + strlen (o->key), "%lld %lld", &secs, &nanos);
			check (p && secs == json_number (o, "secs", 0) &&
				       nanos == json_number (o, "nanosecs", 0),
			       name, "got %lld %lld", secs, nanos);
		}
}

void
check_namespaces (const struct json *config)
{
	if (access ("/proc/self/ns", R_OK) != 0)
		return;
	for (size_t i = 0; i < sizeof (kinds) / sizeof (kinds[0]); i++)
		check_namespace (config, kinds[i][0], kinds[i][1]);
	check_map (json_get (config, "linux.uidMappings"), "/proc/self/uid_map");
	check_map (json_get (config, "linux.gidMappings"), "/proc/self/gid_map");
	check_offsets (config);
	check_sysctl (config);
}

/* System calls that do no harm with the arguments 0, ~0 (they fail), and that this program does not
 * need itself. */
/* clang-format off */
static const struct {
	const char *name;
	long number;
} calls[] = { { "sethostname", SYS_sethostname }, { "acct", SYS_acct },
	{ "getpriority", SYS_getpriority }, { "personality", SYS_personality },
	{ "mount", SYS_mount }, { "swapoff", SYS_swapoff }, { "msgget", SYS_msgget },
	{ "semget", SYS_semget }, { "getsid", SYS_getsid },
	{ "sched_yield", SYS_sched_yield }, { "getpgid", SYS_getpgid },
	{ "timerfd_create", SYS_timerfd_create } };
/* clang-format on */

struct outcome {
	int error;  /* errno, 0: it worked */
	int signal; /* that ended the child, 0: none */
};

static void
on_sigsys (int sig)
{
	_exit (sig == SIGSYS ? 77 : 78);
}

/* In a child: the filter may kill. Exit status 77 stands for SIGSYS caught: SCMP_ACT_TRAP. */
static struct outcome
try_call (long number, uint64_t first)
{
	struct outcome o = { 0 };
	int status, fds[2];
	pid_t pid;

	if (pipe (fds) != 0 || (pid = fork ()) < 0)
		return (struct outcome) { .error = -1 };
	if (pid == 0) {
		int e;

		signal (SIGSYS, on_sigsys);
		e = syscall (number, first, -1L, 0L, 0L, 0L, 0L) < 0 ? errno : 0;
		_exit (write (fds[1], &e, sizeof (e)) == sizeof (e) ? 0 : 79);
	}
	close (fds[1]);
	if (read (fds[0], &o.error, sizeof (o.error)) != sizeof (o.error))
		o.error = -1;
	close (fds[0]);
	waitpid (pid, &status, 0);
	o.signal = WIFSIGNALED (status)		? WTERMSIG (status)
		   : WEXITSTATUS (status) == 77 ? -SIGSYS
						: 0;
	return o;
}

static bool
as_wanted (const char *action, long long error, struct outcome o)
{
	if (strcmp (action, "SCMP_ACT_ERRNO") == 0)
		return o.error == error && o.signal == 0;
	if (strcmp (action, "SCMP_ACT_TRAP") == 0)
		return o.signal == -SIGSYS;
	if (strncmp (action, "SCMP_ACT_KILL", 13) == 0)
		return o.signal == SIGSYS;
	return true;
}

/* A rule with one condition on argument 0 is tried with a value that meets it, and one that does
 * not. */
static void
check_rule (const struct json *rule, const char *call, long number)
{
	const struct json *args = json_get (rule, "args");
	const char *action = json_text (rule, "action"),
		   *op = args && args->child ? json_text (args->child, "op") : NULL;
	long long error = json_number (rule, "errnoRet", EPERM);
	uint64_t value = args && args->child ? (uint64_t) json_number (args->child, "value", 0) : 0,
		 other = value + 1;
	struct outcome o;
	char name[128];

	if (op && strcmp (op, "SCMP_CMP_GT") == 0) {
		other = value;
		value++;
	} else if (op && strcmp (op, "SCMP_CMP_LT") == 0) {
		other = value;
		value--;
	} else if (op && strcmp (op, "SCMP_CMP_NE") == 0) {
		other = value;
		value++;
	} else if (op && strcmp (op, "SCMP_CMP_GE") == 0) {
		other = value - 1;
	} else if (op && strcmp (op, "SCMP_CMP_MASKED_EQ") == 0) {
		value = (uint64_t) json_number (args->child, "valueTwo", 0) |
			~(uint64_t) json_number (args->child, "value", 0);
		other = ~value;
	}
	o = try_call (number, value);
	snprintf (name, sizeof (name), "seccomp:%s", call);
	check (as_wanted (action, error, o), name, "expected %s %lld, got errno %d signal %d",
	       action, error, o.error, o.signal);
	if (!op || strcmp (action, "SCMP_ACT_ERRNO") != 0)
		return;
	o = try_call (number, other);
	snprintf (name, sizeof (name), "seccomp:%s:other-argument", call);
	check (o.error != error, name, "the rule hits other arguments too");
}

void
check_seccomp (const struct json *config)
{
	const struct json *seccomp = json_get (config, "linux.seccomp");

	for
		EACH (rule, json_get (seccomp, "syscalls"))
		for
			EACH (n, json_get (rule, "names"))
		for (size_t i = 0; i < sizeof (calls) / sizeof (calls[0]); i++)
			if (strcmp (n->text, calls[i].name) == 0)
				check_rule (rule, calls[i].name, calls[i].number);
}
