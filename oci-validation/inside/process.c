/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.md "Process", "User", "Hostname", "Domainname"; config-linux.md "Personality",
 * "Scheduler", "MemoryPolicy". */
#include "inside.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

extern char **environ;

/* clang-format off */
static const char *const cap_names[] = { "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
	"SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
	"IPC_LOCK", "IPC_OWNER", "SYS_MODULE",
	"SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME",
	"SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM",
	"BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE" };
/* clang-format on */

/* clang-format off */
static const struct {
	const char *name;
	int value;
} rlimit_names[] = { { "AS", RLIMIT_AS }, { "CORE", RLIMIT_CORE }, { "CPU", RLIMIT_CPU },
	{ "DATA", RLIMIT_DATA }, { "FSIZE", RLIMIT_FSIZE },
	{ "LOCKS", RLIMIT_LOCKS }, { "MEMLOCK", RLIMIT_MEMLOCK }, { "MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "NICE", RLIMIT_NICE },
	{ "NOFILE", RLIMIT_NOFILE }, { "NPROC", RLIMIT_NPROC }, { "RSS", RLIMIT_RSS },
	{ "RTPRIO", RLIMIT_RTPRIO },
	{ "RTTIME", RLIMIT_RTTIME }, { "SIGPENDING", RLIMIT_SIGPENDING },
	{ "STACK", RLIMIT_STACK } };
/* clang-format on */

static void
check_args (const struct json *process, int argc, char **argv)
{
	int i = 0;

	for
		EACH (a, json_get (process, "args"))
		{
			if (i >= argc || strcmp (argv[i], a->text) != 0) {
				check (false, "args", "argument %d: expected '%s', got '%s'", i,
				       a->text, i < argc ? argv[i] : "(none)");
				return;
			}
			i++;
		}
	check (i == argc, "args", "expected %d arguments, got %d", i, argc);
}

static void
check_env (const struct json *process)
{
	const struct json *env = json_get (process, "env");
	bool ok = true;

	for
		EACH (e, env)
		{
			size_t n = strcspn (e->text, "=");
			const struct json *last = e;
			char *name = strndup (e->text, n);

		for
			EACH (f, env)
		if (strncmp (f->text, e->text, n + 1) == 0)
			last = f;
		if (!getenv (name) || strcmp (getenv (name), last->text + n + 1) != 0) {
			check (false, "env", "%s: expected '%s', got '%s'", name,
			       last->text + n + 1, getenv (name) ? getenv (name) : "(none)");
			ok = false;
		}
		}
	/* Every runtime sets HOME; nothing else of the caller may leak. */
	for (char **v = environ; *v; v++) {
		size_t n = strcspn (*v, "=") + 1;
		bool asked = strncmp (*v, "HOME=", 5) == 0;

		for
			EACH (e, env)
		asked |= strncmp (e->text, *v, n) == 0;
		if (!asked) {
			check (false, "env", "'%s' was not asked for", *v);
			ok = false;
		}
	}
	if (ok)
		check (true, "env", " ");
}

static void
check_user (const struct json *process)
{
	long long uid = json_number (process, "user.uid", 0),
		  gid = json_number (process, "user.gid", 0);
	const struct json *groups = json_get (process, "user.additionalGids");
	uid_t u[3];
	gid_t g[3], list[256];
	int n = getgroups (256, list);
	mode_t mask = umask (0);
	bool missing = false, more = false;

	getresuid (&u[0], &u[1], &u[2]);
	getresgid (&g[0], &g[1], &g[2]);
	check (u[0] == uid && u[1] == uid && u[2] == uid, "uid", "expected %lld, got %u %u %u", uid,
	       u[0], u[1], u[2]);
	check (g[0] == gid && g[1] == gid && g[2] == gid, "gid", "expected %lld, got %u %u %u", gid,
	       g[0], g[1], g[2]);
	for
		EACH (w, groups)
		{
			bool found = false;

			for (int i = 0; i < n; i++)
				found |= list[i] == strtoul (w->text, NULL, 10);
			missing |= !found;
		}
	for (int i = 0; i < n; i++) {
		bool asked = list[i] == gid;

		for
			EACH (w, groups)
		asked |= list[i] == strtoul (w->text, NULL, 10);
		more |= !asked;
	}
	if (!host_fact ("keep-groups"))
		check (!missing && !more, "groups", "%s among the %d groups",
		       missing ? "one is missing" : "unexpected one", n);
	umask (mask);
	if (json_get (process, "user.umask"))
		check (mask == json_number (process, "user.umask", 0), "umask",
		       "expected %#llo, got %#o", json_number (process, "user.umask", 0), mask);
	else if (host_fact ("umask"))
		check (mask == strtoul (host_fact ("umask"), NULL, 8), "umask-unset",
		       "expected the caller's, got %#o", mask);
}

static uint64_t
cap_mask (const struct json *set)
{
	uint64_t mask = 0;

	for
		EACH (c, set)
	for (unsigned i = 0; i < sizeof (cap_names) / sizeof (cap_names[0]); i++)
		if (strncmp (c->text, "CAP_", 4) == 0 && strcmp (c->text + 4, cap_names[i]) == 0)
			mask |= 1ull << i;
	return mask;
}

/*
 * What execve makes of the sets, capabilities(7): root gets all of inheritable and bounding, but
 * with no_new_privs nothing that it did not have; everybody else gets the ambient set.
 */
static void
check_after_exec (const struct json *process, uint64_t host, uint64_t effective, uint64_t permitted)
{
	const struct json *caps = json_get (process, "capabilities");
	uint64_t want = cap_mask (json_get (caps, "ambient"));

	if (geteuid () == 0)
		want = cap_mask (json_get (caps, "inheritable")) |
		       cap_mask (json_get (caps, "bounding"));
	if (geteuid () == 0 && json_true (process, "noNewPrivileges"))
		want &= cap_mask (json_get (caps, "permitted"));
	want &= host;
	check (effective == want, "cap-effective", "expected %#llx, got %#llx",
	       (unsigned long long) want, (unsigned long long) effective);
	check (permitted == want, "cap-permitted", "expected %#llx, got %#llx",
	       (unsigned long long) want, (unsigned long long) permitted);
}

static void
check_capabilities (const struct json *process)
{
	const struct json *caps = json_get (process, "capabilities");
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { 0 };
	uint64_t host = host_fact ("capbnd") ? strtoull (host_fact ("capbnd"), NULL, 16) : ~0ull,
		 bounding = 0, ambient = 0, inheritable;

	check (prctl (PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == json_true (process, "noNewPrivileges"),
	       "no-new-privileges", "expected %d", json_true (process, "noNewPrivileges"));
	if (!caps)
		return;
	for (unsigned i = 0; i < 64; i++) {
		bounding |= (uint64_t) (prctl (PR_CAPBSET_READ, i, 0, 0, 0) == 1) << i;
		ambient |= (uint64_t) (prctl (PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			   << i;
	}
	syscall (SYS_capget, &h, d);
	inheritable = d[0].inheritable | (uint64_t) d[1].inheritable << 32;
	check (bounding == (cap_mask (json_get (caps, "bounding")) & host), "cap-bounding",
	       "got %#llx", (unsigned long long) bounding);
	check (ambient == (cap_mask (json_get (caps, "ambient")) & host), "cap-ambient",
	       "got %#llx", (unsigned long long) ambient);
	check (inheritable == (cap_mask (json_get (caps, "inheritable")) & host), "cap-inheritable",
	       "got %#llx", (unsigned long long) inheritable);
	check_after_exec (process, host, d[0].effective | (uint64_t) d[1].effective << 32,
			  d[0].permitted | (uint64_t) d[1].permitted << 32);
}

static void
check_limits (const struct json *process)
{
	const char *host = host_fact ("oom");
	char *text = access ("/proc/self/oom_score_adj", R_OK) == 0
			     ? read_file ("/proc/self/oom_score_adj")
			     : NULL;

	for
		EACH (r, json_get (process, "rlimits"))
		{
			struct rlimit l = { 0 };
			const char *type = json_text (r, "type");
			bool known = false;
			char name[64];

			snprintf (name, sizeof (name), "rlimit:%s", type);
			for (size_t i = 0; i < sizeof (rlimit_names) / sizeof (rlimit_names[0]);
			     i++)
				if (strcmp (type + 7, rlimit_names[i].name) == 0)
					known = getrlimit (rlimit_names[i].value, &l) == 0;
			check (known && l.rlim_cur == (rlim_t) json_number (r, "soft", 0) &&
				       l.rlim_max == (rlim_t) json_number (r, "hard", 0),
			       name, "got soft %llu hard %llu", (unsigned long long) l.rlim_cur,
			       (unsigned long long) l.rlim_max);
		}
	if (!text)
		return;
	if (json_get (process, "oomScoreAdj"))
		check (atoll (text) == json_number (process, "oomScoreAdj", 0), "oom-score-adj",
		       "got %s", text);
	else if (host)
		check (atoi (text) == atoi (host), "oom-score-adj-unset",
		       "expected the caller's %s, got %s", host, text);
}

static void
check_terminal (const struct json *process)
{
	bool want = json_true (process, "terminal"), tty = isatty (0) && isatty (1) && isatty (2);
	struct winsize w = { 0 };
	struct stat in, console;

	check (tty == want, "terminal", "expected %s", want ? "a terminal on 0, 1 and 2" : "none");
	if (!want)
		return;
	check (getsid (0) == getpid () && tcgetpgrp (0) == getpgrp (), "controlling-terminal",
	       "it is not the controlling terminal");
	check (stat ("/dev/console", &console) == 0 && fstat (0, &in) == 0 &&
		       console.st_rdev == in.st_rdev,
	       "console", "/dev/console is not the terminal of the process");
	ioctl (0, TIOCGWINSZ, &w);
	if (json_get (process, "consoleSize"))
		check (w.ws_row == json_number (process, "consoleSize.height", 0) &&
			       w.ws_col == json_number (process, "consoleSize.width", 0),
		       "console-size", "got %ux%u", w.ws_row, w.ws_col);
}

/* runtime-linux.md "File descriptors". */
static void
check_descriptors (void)
{
	DIR *d = opendir ("/proc/self/fd");
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir (d))) {
		char path[300], target[300] = "?";
		int n = atoi (e->d_name);

		if (e->d_name[0] == '.' || n <= 2 || n == dirfd (d))
			continue;
		snprintf (path, sizeof (path), "/proc/self/fd/%s", e->d_name);
		if (readlink (path, target, sizeof (target) - 1) >= 0)
			check (false, "descriptors", "%d is open: %s", n, target);
	}
	closedir (d);
	check (true, "descriptors", " ");
}

void
check_process (const struct json *config, int argc, char **argv)
{
	const struct json *process = json_get (config, "process");
	char cwd[4096] = "";
	struct utsname u;

	check_args (process, argc, argv);
	check_env (process);
	check (getcwd (cwd, sizeof (cwd)) && strcmp (cwd, json_text (process, "cwd")) == 0, "cwd",
	       "got '%s'", cwd);
	check_user (process);
	check_capabilities (process);
	check_limits (process);
	check_terminal (process);
	check_descriptors ();
	uname (&u);
	if (json_text (config, "hostname"))
		check (strcmp (u.nodename, json_text (config, "hostname")) == 0, "hostname",
		       "got '%s'", u.nodename);
	if (json_text (config, "domainname"))
		check (strcmp (u.domainname, json_text (config, "domainname")) == 0, "domainname",
		       "got '%s'", u.domainname);
	if (json_get (config, "linux.personality"))
		check ((personality (0xffffffff) & PER_MASK) ==
			       (strcmp (json_text (config, "linux.personality.domain"),
					"LINUX32") == 0
					? PER_LINUX32
					: 0),
		       "personality", "got %#x", personality (0xffffffff));
}

static int
find_name (const char *name, const char *const *names)
{
	for (int i = 0; name && names[i]; i++)
		if (strcmp (name, names[i]) == 0)
			return i;
	return -1;
}

void
check_scheduling (const struct json *config)
{
	static const char *const policies[] = { "SCHED_OTHER",	  "SCHED_FIFO", "SCHED_RR",
						"SCHED_BATCH",	  "SCHED_ISO",	"SCHED_IDLE",
						"SCHED_DEADLINE", NULL };
	static const char *const classes[] = { "", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE",
					       "IOPRIO_CLASS_IDLE", NULL };
	static const char *const modes[] = {
		"MPOL_DEFAULT", "MPOL_PREFERRED",      "MPOL_BIND", "MPOL_INTERLEAVE",
		"MPOL_LOCAL",	"MPOL_PREFERRED_MANY", NULL
	};
	const struct json *s = json_get (config, "process.scheduler"),
			  *io = json_get (config, "process.ioPriority");
	const struct json *mem = json_get (config, "linux.memoryPolicy");
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} a = { 0 };

	if (s) {
		syscall (SYS_sched_getattr, 0, &a, sizeof (a), 0);
		check ((int) a.policy == find_name (json_text (s, "policy"), policies) &&
			       a.nice == json_number (s, "nice", 0) &&
			       a.priority == json_number (s, "priority", 0),
		       "scheduler", "got policy %u nice %d priority %u", a.policy, a.nice,
		       a.priority);
	}
	if (io) {
		long got = syscall (SYS_ioprio_get, 1, 0);

		check (got >> 13 == find_name (json_text (io, "class"), classes) &&
			       (got & 0x1fff) == json_number (io, "priority", 0),
		       "io-priority", "got class %ld priority %ld", got >> 13, got & 0x1fff);
	}
	if (mem) {
		int mode = -1;
		unsigned long nodes[16] = { 0 };

		if (syscall (SYS_get_mempolicy, &mode, nodes, sizeof (nodes) * 8, NULL, 0) != 0)
			mode = -errno;
		check (mode == find_name (json_text (mem, "mode"), modes), "memory-policy",
		       "got mode %d", mode);
	}
}
