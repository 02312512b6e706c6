/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config-linux.md "Devices", "Default Devices", "Masked Paths", "Readonly Paths"; runtime-linux.md
 * "Dev symbolic links". */
#include "inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Bytes that can be read from the file, or entries of the directory; -1 if it cannot be opened. */
static int
content (const char *path)
{
	char buf[64];
	struct dirent *e;
	DIR *d = opendir (path);
	int n = 0, fd;

	if (d) {
		while ((e = readdir (d)))
			n += strcmp (e->d_name, ".") != 0 && strcmp (e->d_name, "..") != 0;
		closedir (d);
		return n;
	}
	fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = (int) read (fd, buf, sizeof (buf));
	close (fd);
	return n;
}

void
check_paths (const struct json *config)
{
	char name[4200];
	struct stat st;

	for
		EACH (p, json_get (config, "linux.maskedPaths"))
		{
			if (lstat (p->text, &st) != 0)
				continue;
			snprintf (name, sizeof (name), "masked:%s", p->text);
			check (content (p->text) <= 0, name, "it can be read");
		}
	for
		EACH (p, json_get (config, "linux.readonlyPaths"))
		{
			struct statvfs v = { 0 };

			if (statvfs (p->text, &v) != 0)
				continue;
			snprintf (name, sizeof (name), "readonly:%s", p->text);
			check ((v.f_flag & ST_RDONLY) != 0, name, "it can be written");
		}
}

static mode_t
device_type (const char *type)
{
	return *type == 'b' ? S_IFBLK : *type == 'p' ? S_IFIFO : S_IFCHR;
}

static void
check_device (const char *kind, const char *path, mode_t type, unsigned major_, unsigned minor_,
	      long long mode)
{
	struct stat st = { 0 };
	char name[4200];

	snprintf (name, sizeof (name), "%s:%s", kind, path);
	if (stat (path, &st) != 0) {
		check (false, name, "%s", strerror (errno));
		return;
	}
	if (type == S_IFIFO)
		check (S_ISFIFO (st.st_mode), name, "it is no fifo");
	else
		check ((st.st_mode & S_IFMT) == type && major (st.st_rdev) == major_ &&
			       minor (st.st_rdev) == minor_,
		       name, "it is %#o %u:%u", st.st_mode, major (st.st_rdev), minor (st.st_rdev));
	if (mode < 0)
		return;
	snprintf (name, sizeof (name), "%s:%s:mode", kind, path);
	check ((st.st_mode & 07777) == mode, name, "expected %llo, got %o", mode,
	       st.st_mode & 07777);
}

static void
check_owner (const struct json *device)
{
	const char *path = json_text (device, "path");
	struct stat st = { 0 };
	char name[4200];

	if (!json_get (device, "uid") || stat (path, &st) != 0)
		return;
	snprintf (name, sizeof (name), "device:%s:owner", path);
	check (st.st_uid == json_number (device, "uid", 0) &&
		       st.st_gid == json_number (device, "gid", 0),
	       name, "got %u:%u", st.st_uid, st.st_gid);
}

static void
check_links (void)
{
	static const char *const links[][2] = { { "/dev/fd", "/proc/self/fd" },
						{ "/dev/stdin", "/proc/self/fd/0" },
						{ "/dev/stdout", "/proc/self/fd/1" },
						{ "/dev/stderr", "/proc/self/fd/2" } };
	char name[64], target[256];

	for (size_t i = 0; i < 4; i++) {
		ssize_t n = readlink (links[i][0], target, sizeof (target) - 1);

		snprintf (name, sizeof (name), "link:%s", links[i][0]);
		target[n < 0 ? 0 : n] = '\0';
		check (strcmp (target, links[i][1]) == 0, name, "expected '%s', got '%s'",
		       links[i][1], target);
	}
}

void
check_devices (const struct json *config)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} defaults[] = { { "/dev/null", 1, 3 },	  { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
			 { "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 } };
	struct stat a = { 0 }, b = { 0 };

	if (host_fact ("no-devices"))
		return;
	for
		EACH (d, json_get (config, "linux.devices"))
		{
			check_device ("device", json_text (d, "path"),
				      device_type (json_text (d, "type")),
				      (unsigned) json_number (d, "major", 0),
				      (unsigned) json_number (d, "minor", 0),
				      json_number (d, "fileMode", -1));
			check_owner (d);
		}
	for (size_t i = 0; i < sizeof (defaults) / sizeof (defaults[0]); i++) {
		bool configured = false;

		for
			EACH (d, json_get (config, "linux.devices"))
		configured |= strcmp (json_text (d, "path"), defaults[i].path) == 0;
		if (!configured)
			check_device ("default-device", defaults[i].path, S_IFCHR,
				      defaults[i].major, defaults[i].minor, -1);
	}
	if (stat ("/dev/pts/ptmx", &b) == 0)
		check (stat ("/dev/ptmx", &a) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino,
		       "ptmx", "/dev/ptmx is not /dev/pts/ptmx");
	check_links ();
}
