/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other sides of the runtime: hooks, the console socket, the seccomp listener. */
#include "inside.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

extern char **environ;

static void
print_list (FILE *out, const char *name, char **list)
{
	fprintf (out, ",\"%s\":[", name);
	for (int i = 0; list[i]; i++) {
		if (i)
			putc (',', out);
		json_print_string (out, list[i]);
	}
	putc (']', out);
}

/*
 * inside hook LOG TAG [exit=N] [sleep=SECONDS] [error=TEXT]: append one line of JSON to LOG: the
 * tag, who and where we are, arguments, environment, and the state as it came on stdin. Written at
 * once with O_APPEND, so that the order of lines is the order of hooks.
 */
int
mode_hook (int argc, char **argv)
{
	static const char *const kinds[] = { "mnt", "pid", "net", "ipc", "uts", "user", "cgroup" };
	char cwd[4096] = "?", path[64], *record = NULL, *state = read_file ("-");
	const char *slash = strrchr (argv[0], '/');
	int fd, status = 0;
	size_t size = 0;
	FILE *out = open_memstream (&record, &size);
	struct stat st;

	state[strcspn (state, "\n")] = '\0';
	fputs ("{\"tag\":", out);
	json_print_string (out, argc > 3 ? argv[3] : "?");
	fprintf (out, ",\"pid\":%d,\"cwd\":", getpid ());
	json_print_string (out, getcwd (cwd, sizeof (cwd)) ? cwd : "?");
	fprintf (out, ",\"argv0\":\"%s\",\"inContainer\":%s,\"ns\":{", slash ? slash + 1 : argv[0],
		 access ("/config.json", F_OK) == 0 ? "true" : "false");
	for (size_t i = 0; i < sizeof (kinds) / sizeof (kinds[0]); i++) {
		snprintf (path, sizeof (path), "/proc/self/ns/%s", kinds[i]);
		fprintf (out, "%s\"%s\":%llu", i ? "," : "", kinds[i],
			 stat (path, &st) == 0 ? (unsigned long long) st.st_ino : 0ull);
	}
	putc ('}', out);
	print_list (out, "args", argv);
	print_list (out, "env", environ);
	fprintf (out, ",\"state\":%s}\n", *state ? state : "null");
	fclose (out);
	fd = open (argc > 2 ? argv[2] : "/hook.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
		   0666);
	if (fd < 0 || write (fd, record, size) != (ssize_t) size)
		err (97, "write the log");
	close (fd);
	for (int i = 4; i < argc; i++) {
		if (strncmp (argv[i], "exit=", 5) == 0)
			status = atoi (argv[i] + 5);
		else if (strncmp (argv[i], "sleep=", 6) == 0)
			sleep ((unsigned) atoi (argv[i] + 6));
		else if (strncmp (argv[i], "error=", 6) == 0)
			fprintf (stderr, "%s\n", argv[i] + 6);
	}
	return status;
}

/* Listens at PATH and returns the first connection. Prints "listening": the driver waits for the
 * socket to exist. */
static int
serve_once (const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), c;

	if (strlen (path) >= sizeof (a.sun_path))
		errx (97, "socket path is too long");
	strcpy (a.sun_path, path);
	if (bind (s, (struct sockaddr *) &a, sizeof (a)) != 0 || listen (s, 5) != 0)
		err (97, "listen on %s", path);
	c = accept4 (s, NULL, NULL, SOCK_CLOEXEC);
	if (c < 0)
		err (97, "accept");
	return c;
}

/* One message with its descriptors; *n becomes their number. */
static ssize_t
receive (int s, char *text, size_t size, int *fds, int *n)
{
	union {
		char space[CMSG_SPACE (sizeof (int) * 8)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { text, size - 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof (control) };
	ssize_t got = recvmsg (s, &m, MSG_CMSG_CLOEXEC);

	*n = 0;
	if (got < 0)
		err (97, "recvmsg");
	text[got] = '\0';
	for (struct cmsghdr *c = CMSG_FIRSTHDR (&m); c; c = CMSG_NXTHDR (&m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			*n = (int) ((c->cmsg_len - CMSG_LEN (0)) / sizeof (int));
			memcpy (fds, CMSG_DATA (c), sizeof (int) * (size_t) *n);
		}
	return got;
}

/* inside console SOCKET: be the receiver of --console-socket, copy what the container writes to
 * stdout. */
int
mode_console (int argc, char **argv)
{
	char text[4096];
	int fds[8], n, c = serve_once (argv[2]);
	ssize_t got;

	got = receive (c, text, sizeof (text), fds, &n);
	check (n == 1, "console-one-descriptor", "got %d", n);
	check (got > 0, "console-payload", "empty message");
	check (n > 0 && isatty (fds[0]), "console-is-terminal", "it is not");
	fflush (stdout);
	while (n > 0 && (got = read (fds[0], text, sizeof (text))) > 0)
		for (ssize_t i = 0; i < got; i++)
			if (text[i] != '\r')
				putchar (text[i]);
	return checks_failed != 0;
}

/* Answers every notified call with errno 99 until the filter is gone. */
static void
answer_calls (int fd)
{
	struct seccomp_notif *req = calloc (1, 4096);
	struct seccomp_notif_resp *resp = calloc (1, 4096);

	while (memset (req, 0, sizeof (*req)), ioctl (fd, SECCOMP_IOCTL_NOTIF_RECV, req) == 0) {
		*resp = (struct seccomp_notif_resp) { .id = req->id, .error = -99 };
		if (ioctl (fd, SECCOMP_IOCTL_NOTIF_SEND, resp) != 0 && errno != ENOENT)
			return;
	}
}

/* inside listener SOCKET: be the seccomp agent; print the container process state as it came, then
 * "# N descriptors", "# closed". */
int
mode_listener (int argc, char **argv)
{
	char text[65536];
	int fds[8], n, more, c = serve_once (argv[2]);
	ssize_t got = receive (c, text, sizeof (text), fds, &n);
	size_t used = (size_t) got;

	/* The first sendmsg carries the descriptors; the text may need several reads. Then the
	 * runtime must close. */
	while (got > 0 && used < sizeof (text) - 1) {
		got = receive (c, text + used, sizeof (text) - used, fds + 4, &more);
		used += (size_t) got;
	}
	printf ("%s\n# %d descriptors\n# closed\n", text, n);
	fflush (stdout);
	if (n > 0)
		answer_calls (fds[0]);
	return 0;
}
