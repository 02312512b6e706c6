/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running hooks and helpers: nothing that a program does may hang, kill or confuse us. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/spawn.h"
#include "libocispec/arena.h"
#include "tap.h"

static struct arena arena;
static struct spawn_result result;
static struct err failure;
static char why[128];
static char *const environment[] = { (char *) "PATH=/bin:/usr/bin", NULL };

/* 0 in the fields of s: captured. */
#define NO_OUTPUT SIZE_MAX

static int
run (struct spawn *s)
{
	int r;

	if (s->stdout_fd == 0)
		s->stdout_fd = -1;
	if (s->stderr_fd == 0)
		s->stderr_fd = -1;
	s->output_max = s->output_max == NO_OUTPUT ? 0 : s->output_max ? s->output_max : 65536;
	if (!s->envp)
		s->envp = environment;
	s->arena = &arena;
	failure = (struct err) { 0 };
	r = spawn_run (s, &result, &failure);
	if (r == 0)
		(void) spawn_describe (s, &result, why, sizeof why);
	return r;
}

#define SH(script, ...)                                                                       \
	run (&(struct spawn) {                                                                \
		.path = "/bin/sh",                                                            \
		.argv = (char *[]) { (char *) "sh", (char *) "-c", (char *) (script), NULL }, \
		##__VA_ARGS__ })

static int64_t
milliseconds (void)
{
	struct timespec ts;

	clock_gettime (CLOCK_MONOTONIC, &ts);
	return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
open_fds (void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl (fd, F_GETFD) >= 0;
	return n;
}

TEST (success)
{
	EQ (SH ("echo out; echo err >&2"), 0);
	STREQ (why, "");
	STREQ (result.output, "out\n");
	EQ (result.output_len, 4);
	STREQ (result.tail, "err");
}

TEST (exit_status)
{
	EQ (SH ("echo oops >&2; exit 3"), 0);
	STREQ (why, "exit status 3");
	STREQ (result.tail, "oops");
}

TEST (killed_by_signal)
{
	EQ (SH ("kill -TERM $$"), 0);
	STREQ (why, "killed by signal 15");
}

TEST (reads_its_input)
{
	EQ (SH ("cat", .input = "{\"id\": \"x\"}", .input_len = 11), 0);
	STREQ (result.output, "{\"id\": \"x\"}");
	EQ (SH ("cat /dev/stdin", .input = "reopened", .input_len = 8), 0);
	STREQ (result.output, "reopened");
	EQ (SH ("cat"), 0); /* none: end of file at once */
	EQ (result.output_len, 0);
}

TEST (input_that_nobody_reads)
{
	size_t n = 4 << 20;
	char *big = calloc (1, n);

	signal (SIGPIPE, SIG_DFL);
	EQ (SH ("exec 0<&-; exit 0", .input = big, .input_len = n), 0);
	STREQ (why, "");
	EQ (SH ("wc -c", .input = big, .input_len = n), 0);
	EQ (atoi (result.output), 4 << 20);
	free (big);
}

TEST (timeout_kills_the_group)
{
	int64_t start = milliseconds ();
	pid_t child;

	EQ (SH ("echo started >&2; sleep 100 & echo $!; wait", .timeout_ms = 200), 0);
	OK (result.timed_out);
	OK (milliseconds () - start >= 200 && milliseconds () - start < 5000);
	STREQ (why, "timed out after 0.2 s");
	STREQ (result.tail, "started");
	child = atoi (result.output);
	OK (child > 1);
	for (int i = 0; i < 100 && kill (child, 0) == 0;
	     i++) { /* a zombie until init has reaped it */
		char path[64], text[512] = "";
		snprintf (path, sizeof path, "/proc/%d/stat", (int) child);
		autofd fd = open (path, O_RDONLY);
		if (fd < 0 || read (fd, text, sizeof text - 1) < 0 || strstr (text, ") Z"))
			break;
		usleep (10000);
		if (i == 99)
			OK (!"the grandchild survived");
	}
}

TEST (a_hang_up_ends_it)
{
	int ends[2], pid;

	EQ (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pid = fork ();
	if (pid == 0) {
		usleep (100000);
		_exit (0); /* the last one who has it open */
	}
	close (ends[1]);
	EQ (SH ("sleep 100 & echo $!; wait", .cancel_fd = ends[0]), 0);
	EQ (result.cancelled, true);
	CONTAINS (why, "ended early");
	EQ (waitpid (pid, NULL, 0), pid);
	close (ends[0]);
}

TEST (a_message_is_no_hang_up)
{
	int ends[2];

	EQ (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	EQ (write (ends[1], "x", 1), 1);
	EQ (SH ("exit 3", .cancel_fd = ends[0]), 0);
	EQ (result.cancelled, false);
	STREQ (why, "exit status 3");
	close (ends[0]);
	close (ends[1]);
}

TEST (timeout_of_one_that_ignores_everything)
{
	EQ (SH ("trap '' TERM INT HUP; while :; do sleep 100; done", .timeout_ms = 100), 0);
	OK (result.timed_out);
}

TEST (timeout_not_reached)
{
	int64_t start = milliseconds ();

	EQ (SH ("exit 0", .timeout_ms = 60000), 0);
	OK (!result.timed_out && milliseconds () - start < 5000);
}

TEST (what_it_leaves_running_does_not_hold_us_up)
{
	int64_t start = milliseconds ();

	EQ (SH ("sleep 3 & echo done"), 0); /* the sleep holds stdout and stderr open */
	OK (milliseconds () - start < 2500);
	STREQ (result.output, "done\n");
}

TEST (tail_is_the_end_of_stderr)
{
	EQ (SH ("i=0; while [ $i -lt 3000 ]; do echo line $i >&2; i=$((i+1)); done; echo last >&2"),
	    0);
	OK (strlen (result.tail) == sizeof result.tail - 1 ||
	    strlen (result.tail) == sizeof result.tail - 2);
	STREQ (result.tail + strlen (result.tail) - 14, "line 2999\nlast");
	EQ (SH ("dd if=/dev/zero bs=60000 count=1 2>/dev/null | tr '\\0' x >&2; echo END >&2"),
	    0); /* in the pipe when it ends */
	STREQ (result.tail + strlen (result.tail) - 4, "xEND");
}

TEST (output_is_limited)
{
	EQ (SH ("dd if=/dev/zero bs=200000 count=1 2>/dev/null; :", .output_max = 1000), 0);
	EQ (result.output_len, 1000);
}

TEST (missing_program)
{
	struct spawn s = { .path = "/nonexistent/hook",
			   .argv = (char *[]) { (char *) "hook", NULL } };

	FAILS_WITH (run (&s), &failure, "execute '/nonexistent/hook'");
	EQ (failure.num, ENOENT);
}

TEST (not_executable)
{
	struct spawn s = { .path = "/etc/passwd", .argv = (char *[]) { (char *) "hook", NULL } };

	EQ (run (&s), -1);
	EQ (failure.num, EACCES);
	s.path = "/tmp";
	EQ (run (&s), -1);
	EQ (failure.num, EACCES);
}

TEST (missing_directory)
{
	struct spawn s = { .path = "/bin/true",
			   .argv = (char *[]) { (char *) "true", NULL },
			   .cwd = "/nonexistent" };

	FAILS_WITH (run (&s), &failure, "change to directory '/nonexistent' for '/bin/true'");
	EQ (failure.num, ENOENT);
}

TEST (directory_and_environment)
{
	EQ (SH ("pwd; echo $COLOUR; env | wc -l", .cwd = "/usr",
		.envp = (char *[]) { (char *) "COLOUR=blue", (char *) "PATH=/bin:/usr/bin", NULL }),
	    0);
	CONTAINS (result.output, "/usr\nblue\n");
}

TEST (only_three_fds)
{
	int leaky = open ("/etc/passwd", O_RDONLY); /* not close-on-exec */

	EQ (SH ("ls /proc/self/fd | wc -l"), 0);
	EQ (atoi (result.output), 4); /* and ls's own */
	close (leaky);
}

TEST (signals_are_default)
{
	sigset_t all, before;

	signal (SIGPIPE, SIG_IGN);
	signal (SIGHUP, SIG_IGN);
	sigfillset (&all);
	sigprocmask (SIG_BLOCK, &all, &before);
	EQ (SH ("grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status"), 0);
	sigprocmask (SIG_SETMASK, &before, NULL);
	signal (SIGPIPE, SIG_DFL);
	signal (SIGHUP, SIG_DFL);
	CONTAINS (result.output, "SigBlk:\t0000000000000000");
	CONTAINS (result.output, "SigIgn:\t0000000000000000");
}

TEST (own_process_group)
{
	EQ (SH ("cut -d' ' -f1,5 /proc/$$/stat"), 0);
	int pid = 0, group = 1;
	sscanf (result.output, "%d %d", &pid, &group);
	EQ (pid, group);
}

TEST (given_fds)
{
	char name[] = "/tmp/cor-base-spawn-XXXXXX", text[64] = "";
	autofd fd = mkstemp (name);

	EQ (SH ("echo one; echo two >&2", .stdout_fd = fd, .stderr_fd = fd,
		.output_max = NO_OUTPUT),
	    0);
	OK (pread (fd, text, sizeof text - 1, 0) == 8);
	STREQ (text, "one\ntwo\n");
	STREQ (result.tail, "");
	unlink (name);
}

TEST (dies_with_us)
{
	char name[] = "/tmp/cor-base-spawn-XXXXXX", text[16] = "";
	autofd fd = mkstemp (name);
	pid_t runtime, hook;
	int i;

	fflush (stdout);
	runtime = fork ();
	if (runtime == 0) {
		(void) SH ("echo $$; exec sleep 100", .stdout_fd = fd, .output_max = NO_OUTPUT);
		_exit (0);
	}
	for (i = 0; i < 300 && pread (fd, text, sizeof text - 1, 0) <= 0; i++)
		usleep (10000);
	kill (runtime, SIGKILL);
	waitpid (runtime, NULL, 0);
	hook = atoi (text);
	OK (hook > 1);
	for (i = 0; i < 300; i++) {
		char path[64], stat[512] = "";
		snprintf (path, sizeof path, "/proc/%d/stat", (int) hook);
		autofd p = open (path, O_RDONLY);
		if (p < 0 || read (p, stat, sizeof stat - 1) <= 0 || strstr (stat, ") Z"))
			break;
		usleep (10000);
	}
	OK (i < 300);
	unlink (name);
}

TEST (nothing_is_leaked)
{
	int before = open_fds ();

	for (int i = 0; i < 5; i++) {
		struct spawn s = { .path = "/nonexistent",
				   .argv = (char *[]) { (char *) "x", NULL } };

		EQ (SH ("exit 1"), 0);
		EQ (run (&s), -1);
		EQ (SH ("sleep 9", .timeout_ms = 10), 0);
	}
	EQ (open_fds (), before);
	EQ (waitpid (-1, NULL, WNOHANG), -1); /* no zombies */
	EQ (errno, ECHILD);
}

/* A hook in a container may find no /dev/null, or a FIFO of that name that would block. */
TEST (without_dev_null)
{
	int status;
	pid_t pid;

	if (geteuid () != 0)
		SKIP ("needs root");
	fflush (stdout);
	pid = fork ();
	if (pid == 0) {
		char dir[] = "/tmp/cor-base-root-XXXXXX", command[256];

		snprintf (command, sizeof command,
			  "cd %s && mkdir bin dev && cp /bin/busybox bin/sh && mkfifo dev/null",
			  mkdtemp (dir));
		if (access ("/bin/busybox", X_OK) < 0 || system (command) != 0)
			_exit (77);
		if (chroot (dir) < 0 || chdir ("/") < 0)
			_exit (1);
		alarm (10);
		int r = SH ("echo to stdout; echo to stderr >&2", .output_max = NO_OUTPUT);
		(void) unlink ("/bin/sh"), (void) rmdir ("/bin"), (void) unlink ("/dev/null"),
			(void) rmdir ("/dev");
		_exit (r < 0 || result.status			      ? 2
		       : strcmp (result.tail, "to stdout\nto stderr") ? 3
								      : 0);
	}
	waitpid (pid, &status, 0);
	(void) !system ("rmdir /tmp/cor-base-root-??????");
	if (WIFEXITED (status) && WEXITSTATUS (status) == 77)
		SKIP ("no static busybox");
	EQ (status, 0);
}
