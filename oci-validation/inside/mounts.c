/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.md "Mounts", "Root"; config-linux.md "Rootfs Mount Propagation". */
#include "inside.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct mount {
	char *point, *options, *optional, *type, *super;
	struct mount *next;
};

/* An option, the attribute it speaks about as /proc/self/mountinfo spells it, and whether it wants
 * it. */
/* clang-format off */
static const struct {
	const char *option, *attribute;
	bool want;
} options[] = {
	{ "ro", "ro", true }, { "rw", "ro", false }, { "nosuid", "nosuid", true },
	{ "suid", "nosuid", false }, { "nodev", "nodev", true },
	{ "dev", "nodev", false }, { "noexec", "noexec", true }, { "exec", "noexec", false },
	{ "noatime", "noatime", true },
	{ "atime", "noatime", false }, { "nodiratime", "nodiratime", true },
	{ "diratime", "nodiratime", false },
	{ "relatime", "relatime", true }, { "strictatime", "relatime", false },
	{ "sync", "sync", true }, { "async", "sync", false },
	{ "dirsync", "dirsync", true }, { "lazytime", "lazytime", true },
	{ "nolazytime", "lazytime", false },
	{ "nosymfollow", "nosymfollow", true }, { "symfollow", "nosymfollow", false },
};

static const struct {
	const char *option, *tag;
} propagations[] = { { "shared", "shared:" }, { "slave", "master:" }, { "private", "" },
	{ "unbindable", "unbindable" } };
/* clang-format on */

/* Undoes \040 and its like. */
static char *
unescape (char *s)
{
	char *o = s;

	for (char *p = s; *p; p++)
		if (*p == '\\' && p[1] >= '0' && p[1] <= '3') {
			*o++ = (char) ((p[1] - '0') * 64 + (p[2] - '0') * 8 + p[3] - '0');
			p += 3;
		} else {
			*o++ = *p;
		}
	*o = '\0';
	return s;
}

static struct mount *
mounts_read (void)
{
	struct mount *list = NULL;
	char *text = read_file ("/proc/self/mountinfo");

	for (char *line = strtok (text, "\n"); line; line = strtok (NULL, "\n")) {
		struct mount *m = calloc (1, sizeof (*m));
		char *dash = strstr (line, " - "), point[4096], opts[1024], rest[1024], type[256],
		     super[4096] = "";
		int n = 0;

		*dash = '\0';
		rest[0] = '\0';
		if (sscanf (line, "%*s %*s %*s %*s %4095s %1023s%n", point, opts, &n) < 2)
			continue;
		snprintf (rest, sizeof (rest), "%s", line + n);
		if (sscanf (dash + 3, "%255s %*s %4095s", type, super) < 1)
			continue;
		m->point = unescape (strdup (point));
		m->options = strdup (opts);
		m->optional = strdup (rest);
		m->type = strdup (type);
		m->super = strdup (super);
		m->next = list; /* the last one first: it is the one on top */
		list = m;
	}
	return list;
}

static const struct mount *
mount_at (const struct mount *m, const char *point)
{
	while (m && strcmp (m->point, point) != 0)
		m = m->next;
	return m;
}

static bool
has_word (const char *list, const char *word)
{
	size_t n = strlen (word);

	for (const char *p = list; p && *p; p = strchr (p, ','), p += p != NULL)
		if (strncmp (p, word, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

/* "dest/" and "/dest" are "/dest". */
static char *
clean (const char *dest)
{
	char *s = malloc (strlen (dest) + 2);
	size_t n;

	sprintf (s, "/%s", dest + strspn (dest, "/"));
	n = strlen (s);
	while (n > 1 && s[n - 1] == '/')
		s[--n] = '\0';
	return s;
}

static bool
attribute_set (const struct mount *m, const char *attribute)
{
	return has_word (m->options, attribute) ||
	       (strcmp (attribute, "ro") != 0 && has_word (m->super, attribute));
}

/* Only the last word about an attribute counts. */
static bool
overridden (const struct json *option, size_t i)
{
	for (option = option->next; option; option = option->next)
		for (size_t k = 0; k < sizeof (options) / sizeof (options[0]); k++)
			if (strcmp (options[k].attribute, options[i].attribute) == 0 &&
			    strcmp (options[k].option,
				    option->text +
					    (option->text[0] == 'r' &&
					     strcmp (options[k].option, option->text) != 0)) == 0)
				return true;
	return false;
}

static void
check_option (const struct mount *list, const struct mount *m, const struct json *option)
{
	for (size_t i = 0; i < sizeof (options) / sizeof (options[0]); i++) {
		bool recursive = option->text[0] == 'r' &&
				 strcmp (option->text + 1, options[i].option) == 0;
		char name[4200];

		if ((!recursive && strcmp (option->text, options[i].option) != 0) ||
		    overridden (option, i))
			continue;
		snprintf (name, sizeof (name), "mount:%s:%s", m->point, option->text);
		check (attribute_set (m, options[i].attribute) == options[i].want, name,
		       "options are '%s', of the file system '%s'", m->options, m->super);
		for (const struct mount *s = list; recursive && s; s = s->next)
			if (strncmp (s->point, m->point, strlen (m->point)) == 0 &&
			    s->point[strlen (m->point)] == '/') {
				snprintf (name, sizeof (name), "mount:%s:%s:below", m->point,
					  option->text);
				check (attribute_set (s, options[i].attribute) == options[i].want,
				       name, "options of '%s' are '%s'", s->point, s->options);
			}
	}
}

static bool
propagates (const struct mount *m, const char *tag)
{
	if (*tag)
		return strstr (m->optional, tag) != NULL;
	return !strstr (m->optional, "shared:") && !strstr (m->optional, "master:") &&
	       !strstr (m->optional, "unbindable");
}

static void
check_propagation (const struct mount *m, const char *option)
{
	for (size_t i = 0; i < sizeof (propagations) / sizeof (propagations[0]); i++) {
		char name[4200];

		if (strcmp (option + (option[0] == 'r'), propagations[i].option) != 0)
			continue;
		snprintf (name, sizeof (name), "propagation:%s:%s", m->point, option);
		check (propagates (m, propagations[i].tag), name, "it is '%s'", m->optional);
	}
}

/* mode=, size= and their like: what the file system says of itself, or the mode of its root. */
static void
check_data (const struct mount *m, const char *option)
{
	const char *value = strchr (option, '=');
	char name[4200], want[256];
	struct stat st;

	if (!value || strcmp (m->type, "tmpfs") != 0)
		return;
	snprintf (name, sizeof (name), "mount:%s:%s", m->point, option);
	if (strncmp (option, "mode=", 5) == 0) {
		if (stat (m->point, &st) != 0)
			st.st_mode = 0;
		check ((st.st_mode & 07777) == strtoul (value + 1, NULL, 8), name, "got %o",
		       st.st_mode & 07777);
		return;
	}
	snprintf (want, sizeof (want), "%s", option);
	check (has_word (m->super, want), name, "options of the file system are '%s'", m->super);
}

static void
check_mount (const struct mount *list, const struct json *entry)
{
	const struct json *opts = json_get (entry, "options");
	char *dest = clean (json_text (entry, "destination")), name[4200];
	const struct mount *m = mount_at (list, dest);
	const char *type = json_text (entry, "type"), *source;
	bool bind = false;
	struct stat st;

	snprintf (name, sizeof (name), "mount:%s", dest);
	check (m != NULL, name, "nothing is mounted there");
	if (!m)
		return;
	for
		EACH (o, opts)
	bind |= strcmp (o->text, "bind") == 0 || strcmp (o->text, "rbind") == 0;
	source = bind ? host_fact ("bind.%s", dest) : NULL;
	if (source) {
		char got[64] = "nothing";

		snprintf (name, sizeof (name), "bind:%s", dest);
		if (stat (dest, &st) == 0)
			snprintf (got, sizeof (got), "%llu:%llu", (unsigned long long) st.st_dev,
				  (unsigned long long) st.st_ino);
		check (strcmp (got, source) == 0, name, "expected device:inode %s, got %s", source,
		       got);
	} else if (!bind && type && strcmp (type, "cgroup") != 0) {
		snprintf (name, sizeof (name), "type:%s", dest);
		check (strcmp (m->type, type) == 0, name, "expected %s, got %s", type, m->type);
	}
	for
		EACH (o, opts)
		{
			check_option (list, m, o);
			check_propagation (m, o->text);
			check_data (m, o->text);
		}
}

/* Entries hidden by a later one at the same place are not to be seen any more. */
static bool
is_hidden (const struct json *entry)
{
	const char *dest = clean (json_text (entry, "destination"));

	for (const struct json *e = entry->next; e; e = e->next)
		if (strcmp (clean (json_text (e, "destination")), dest) == 0)
			return true;
	return false;
}

void
check_mounts (const struct json *config)
{
	const char *propagation = json_text (config, "linux.rootfsPropagation");
	const struct mount *list, *root;
	struct statvfs v = { 0 };

	statvfs ("/", &v);
	check (((v.f_flag & ST_RDONLY) != 0) == json_true (config, "root.readonly"),
	       "root-readonly", "expected %s",
	       json_true (config, "root.readonly") ? "read-only" : "writable");
	if (access ("/proc/self/mountinfo", R_OK) != 0)
		return;
	list = mounts_read ();
	for
		EACH (m, json_get (config, "mounts"))
	if (!is_hidden (m))
		check_mount (list, m);
	root = mount_at (list, "/");
	/* A root that no other mount feeds cannot be seen to be a slave, only not to be shared. */
	if (propagation && root && strcmp (propagation + (propagation[0] == 'r'), "slave") == 0)
		check (!propagates (root, "shared:") && !propagates (root, "unbindable"),
		       "rootfs-propagation", "expected slave, it is '%s'", root->optional);
	else if (propagation && root)
		for (size_t i = 0; i < sizeof (propagations) / sizeof (propagations[0]); i++)
			if (strcmp (propagation + (propagation[0] == 'r'),
				    propagations[i].option) == 0)
				check (propagates (root, propagations[i].tag), "rootfs-propagation",
				       "expected %s, it is '%s'", propagation, root->optional);
}
