/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "base/str.h"
#include "cli/command.h"
#include "container/audit.h"
#include "container/container.h"
#include "config.h"
#include "libocispec/arena.h"
#include "plan/plan.h"
#include "process/process.h"
#include "security/selfexe.h"

/* The global options as written; resolve() turns them into struct globals. */
struct global_options {
	const char *root, *log, *log_format, *log_level, *cgroup_manager, *rootless, *audit;
	bool debug, systemd_cgroup, systemd_log, version;
};

/* clang-format off */
#define ROW(letter, name, kind, member, value, summary) \
	{ letter, name, kind, offsetof (struct global_options, member), value, summary }
/* clang-format on */

const struct option_row global_option_rows[] = {
	ROW (0, "root", OPT_STRING, root, "DIR", "where the state of containers is kept"),
	ROW (0, "log", OPT_STRING, log, "FILE",
	     "log file: [file:]PATH, journald:IDENT or syslog:IDENT"),
	ROW (0, "log-format", OPT_STRING, log_format, "FORMAT", "text or json"),
	ROW (0, "log-level", OPT_STRING, log_level, "LEVEL",
	     "error, warning (default), info or debug"),
	ROW (0, "debug", OPT_FLAG, debug, NULL, "the same as --log-level debug"),
	ROW (0, "systemd-cgroup", OPT_FLAG, systemd_cgroup, NULL, "let systemd make the cgroup"),
	ROW (0, "cgroup-manager", OPT_STRING, cgroup_manager, "MANAGER",
	     "cgroupfs (default), systemd or disabled"),
	ROW (0, "rootless", OPT_STRING, rootless, "VALUE",
	     "true, false or auto; accepted, found out by itself"),
	ROW (0, "audit", OPT_STRING, audit, "MODE",
	     "records in the kernel's audit log: auto (default), no or require"),
	{ 0, "criu", OPT_IGNORED_VALUE, 0, "PATH", "accepted for compatibility" },
	ROW (0, "systemd-log", OPT_FLAG, systemd_log, NULL, "the same as --log journald:coracle"),
	ROW ('v', "version", OPT_FLAG, version, NULL, "show the version"),
	ROW ('V', "version", OPT_FLAG, version, NULL, NULL),
	OPTIONS_END
};
#undef ROW

/*
 * /run/coracle for root; below XDG_RUNTIME_DIR for everybody else, and for root of a user namespace
 * who is not called root (podman).
 */
static const char *
default_root (struct arena *a)
{
	const char *xdg = getenv ("XDG_RUNTIME_DIR"), *user = getenv ("USER");
	bool ordinary = geteuid () != 0 || (proc_in_userns () && !(user && streq (user, "root")));

	if (!ordinary)
		return "/run/coracle";
	if (xdg && *xdg)
		return arena_printf (a, "%s/coracle", xdg);
	return geteuid () == 0 ? "/run/coracle"
			       : arena_printf (a, "/tmp/coracle-%d", (int) geteuid ());
}

/* LISTEN_FDS counts only when LISTEN_PID names us: it is left in environments (sd_listen_fds(3)).
 */
static void
read_listen_environment (struct globals *g)
{
	const char *pid = getenv ("LISTEN_PID"), *fds = getenv ("LISTEN_FDS"),
		   *names = getenv ("LISTEN_FDNAMES");
	uint32_t p, n;

	if (pid && fds && parse_u32 (pid, &p) == 0 && p == (uint32_t) getpid () &&
	    parse_u32 (fds, &n) == 0 && n <= 4096) {
		g->listen_fds = n;
		g->listen_fdnames = names;
	}
	unsetenv ("LISTEN_PID"); /* not for hooks either */
	unsetenv ("LISTEN_FDS");
	unsetenv ("LISTEN_FDNAMES");
}

static int
resolve_cgroup_manager (const struct global_options *o, struct globals *g, struct err *e)
{
	const char *m = o->cgroup_manager   ? o->cgroup_manager
			: o->systemd_cgroup ? "systemd"
					    : "cgroupfs";

	if (streq (m, "cgroupfs"))
		g->cgroup_manager = CGROUP_MANAGER_CGROUPFS;
	else if (streq (m, "systemd") && !HAVE_SYSTEMD)
		return err_set (
			e, 0,
			"this coracle was built without systemd; use --cgroup-manager=cgroupfs");
	else if (streq (m, "systemd"))
		g->cgroup_manager = CGROUP_MANAGER_SYSTEMD;
	else if (streq (m, "disabled"))
		g->cgroup_manager = CGROUP_MANAGER_DISABLED;
	else
		return err_set (
			e, 0, "option --cgroup-manager: '%s' is not cgroupfs, systemd or disabled",
			m);
	return 0;
}

/* It changes nothing: what an ordinary user may not do is found out by trying. But a typing error
 * should not pass. */
static int
check_rootless (const char *value, struct err *e)
{
	static const char *const values[] = { "auto", "true", "false", "yes", "no", "1", "0" };

	for (size_t i = 0; i < ARRAY_SIZE (values); i++)
		if (!value || streq (value, values[i]))
			return 0;
	return err_set (e, 0, "option --rootless: '%s' is not true, false or auto", value);
}

static int
resolve_audit (const char *value, struct globals *g, struct err *e)
{
	static const char *const modes[] = {
		[AUDIT_AUTO] = "auto", [AUDIT_NO] = "no", [AUDIT_REQUIRE] = "require"
	};

	for (size_t i = 0; i < ARRAY_SIZE (modes); i++)
		if (streq (value ? value : modes[0], modes[i])) {
			g->audit = (int) i;
			return 0;
		}
	return err_set (e, 0, "option --audit: '%s' is not auto, no or require", value);
}

static int
resolve (const struct global_options *o, struct globals *g, struct err *e)
{
	const char *notify = getenv ("NOTIFY_SOCKET");

	/* First the log: it is where the caller looks for what is wrong with the rest. */
	TRY (log_open (o->systemd_log ? "journald:coracle" : o->log, o->log_format,
		       o->debug ? "debug" : o->log_level, e));
	TRY (resolve_cgroup_manager (o, g, e));
	TRY (check_rootless (o->rootless, e));
	TRY (resolve_audit (o->audit, g, e));
	if (o->root && (!*o->root || streq (o->root, "/")))
		return err_set (e, 0, "option --root: '%s' cannot be the state directory", o->root);
	g->root = o->root ? o->root : default_root (g->arena);
	g->root_given = o->root != NULL;
	g->notify_socket = notify && *notify ? notify : NULL;
	read_listen_environment (g);
	unsetenv ("NOTIFY_SOCKET");
	return 0;
}

static int
count (char *const *v)
{
	int n = 0;

	while (v[n])
		n++;
	return n;
}

static int
run_command (const struct command *c, const struct globals *g, char **argv, struct err *e)
{
	_Alignas(16) char options[512] = { 0 };
	struct option_parser p = {
		.rows = c->options, .also = c->also, .target = options, .argv = argv
	};
	int n;

	if (c->options_size > sizeof options)
		abort ();
	TRY (options_parse (&p, e));
	if (p.help) {
		help_command (c);
		return 0;
	}
	argv += p.at;
	n = count (argv);
	if (n < c->min_args)
		return err_set (e, 0,
				"coracle %s: missing argument: usage: coracle %s [OPTION]… %s",
				c->name, c->name, c->args);
	if (c->max_args >= 0 && n > c->max_args)
		return err_set (e, 0,
				"coracle %s: too many arguments, '%s' is the first: usage: coracle "
				"%s [OPTION]… %s",
				c->name, argv[c->max_args], c->name, c->args);
	log_debug ("coracle " CORACLE_VERSION " (" CORACLE_COMMIT "), state in '%s': %s%s%s",
		   g->root, c->name, n ? " " : "", n ? argv[0] : "");
	return c->run (g, options, argv, e);
}

static int
unknown_command (const char *word, struct err *e)
{
	const char *names[64], *nearest;
	size_t n = 0;

	if (!word)
		return err_set (e, 0, "no command given; `coracle --help` lists them");
	while (commands[n] && n < ARRAY_SIZE (names)) {
		names[n] = commands[n]->name;
		n++;
	}
	nearest = str_nearest (word, names, n);
	return err_set (e, 0, "unknown command '%s'%s%s%s; `coracle --help` lists them", word,
			nearest ? " (did you mean '" : "", nearest ? nearest : "",
			nearest ? "'?)" : "");
}

/* What the command line says before the command; then the command. */
static int
dispatch (char **argv, struct globals *g, const struct command **ret_command, struct err *e)
{
	struct global_options o = { 0 };
	struct option_parser p = {
		.rows = global_option_rows, .target = &o, .argv = argv, .at = 1
	};

	TRY (options_parse (&p, e));
	argv += p.at;
	if (p.help || (argv[0] && streq (argv[0], "help") && !argv[1])) {
		help_program ();
		return 0;
	}
	if (o.version) {
		help_version ();
		return 0;
	}
	if (argv[0] && streq (argv[0], "help")) { /* `help COMMAND` is `COMMAND --help` */
		argv[0] = argv[1];
		argv[1] = (char *) "--help";
	}
	*ret_command = argv[0] ? command_find (argv[0]) : NULL;
	if (*ret_command && (*ret_command)->enters_container)
		TRY (selfexe_begin (g->exe, g->arena, argv - p.at, e)); /* may start all over */
	TRY (resolve (&o, g, e));
	if (!*ret_command)
		return unknown_command (argv[0], e);
	return run_command (*ret_command, g, argv + 1, e);
}

/* A caller may have closed 0, 1 or 2; a file of ours must never become one of them. */
static int
stdio_ensure_open (void)
{
	struct pollfd std[3] = { { 0, 0, 0 }, { 1, 0, 0 }, { 2, 0, 0 } };
	bool unknown = poll (std, 3, 0) < 0; /* with RLIMIT_NOFILE below 3 */

	for (int fd = 0; fd < 3; fd++)
		if ((unknown || std[fd].revents & POLLNVAL) && /* which O_PATH is as well */
		    fcntl (fd, F_GETFD) < 0 && open ("/dev/null", O_RDWR) != fd)
			return -1;
	return 0;
}

/*
 * What a caller ignores or does not would otherwise decide about us: with SIGCHLD ignored the
 * kernel reaps our children before we can ask for their status; SIGXFSZ and SIGPIPE would end us in
 * the middle of something, where a failing write is an error like any other.
 */
static void
signals_prepare (void)
{
	(void) signal (SIGCHLD, SIG_DFL);
	(void) signal (SIGXFSZ, SIG_IGN);
	(void) signal (SIGPIPE, SIG_IGN);
}

int
main (int argc, char **argv)
{
	static struct arena arena; /* one per process, never freed piecemeal */
	static LARGE struct err e;
	static struct selfexe exe;
	static LARGE char out[4096];
	struct globals g = { .arena = &arena, .argv = argv, .exe = &exe };
	const struct command *c = NULL;
	int status;

	if (argc < 1)
		return 1;
	if (stdio_ensure_open () < 0)
		return 1;
	signals_prepare ();
	/* One write for what is short: musl's first line goes out alone, and a reader
	 * that wants no more than it (head -n 1) would make the rest an error. */
	(void) setvbuf (stdout, out, _IOFBF, sizeof out);
	status = dispatch (argv, &g, &c, &e);
	if (status < 0) {
		log_error (&e);
		status = c && c->failure ? c->failure : 1;
	}
	/* ferror: what did not fit the buffer was written before, and nothing may be left. */
	if ((fflush (stdout) != 0 || ferror (stdout)) && status == 0) {
		(void) err_set (&e, 0, "standard output cannot be written to");
		log_error (&e);
		status = 1;
	}
	return status;
}
