/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside.h"

#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reader {
	const char *p;
	unsigned depth;
};

static struct json *read_value (struct reader *r);

static void
skip_space (struct reader *r)
{
	while (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r')
		r->p++;
}

static char *
put_utf8 (char *o, unsigned c)
{
	if (c < 0x80) {
		*o++ = (char) c;
	} else if (c < 0x800) {
		*o++ = (char) (0xc0 | c >> 6);
		*o++ = (char) (0x80 | (c & 0x3f));
	} else {
		*o++ = (char) (0xe0 | c >> 12);
		*o++ = (char) (0x80 | (c >> 6 & 0x3f));
		*o++ = (char) (0x80 | (c & 0x3f));
	}
	return o;
}

static char *
read_string (struct reader *r)
{
	static const char from[] = "bfnrt\"\\/", to[] = "\b\f\n\r\t\"\\/";
	const char *e, *q = r->p + 1;
	char *s, *o;

	for (e = q; *e && *e != '"'; e++)
		if (*e == '\\' && e[1])
			e++;
	s = o = malloc ((size_t) (e - q) + 1);
	while (q < e) {
		if (*q != '\\') {
			*o++ = *q++;
		} else if (q[1] == 'u') {
			char hex[5] = { 0 };

			strncpy (hex, q + 2, 4);
			o = put_utf8 (o, (unsigned) strtoul (hex, NULL, 16));
			q += 6;
		} else {
			const char *f = strchr (from, q[1]);

			*o++ = f ? to[f - from] : q[1];
			q += 2;
		}
	}
	*o = '\0';
	r->p = e + (*e == '"');
	return s;
}

static void
read_members (struct reader *r, struct json *j, char end)
{
	struct json **tail = &j->child;

	if (++r->depth > 200)
		errx (99, "json: too deep");
	r->p++;
	for (skip_space (r); *r->p && *r->p != end; skip_space (r)) {
		char *key = NULL;

		if (end == '}') {
			key = read_string (r);
			skip_space (r);
			if (*r->p++ != ':')
				errx (99, "json: no colon after '%s'", key);
		}
		*tail = read_value (r);
		(*tail)->key = key;
		tail = &(*tail)->next;
		skip_space (r);
		if (*r->p == ',')
			r->p++;
	}
	r->p += *r->p == end;
	r->depth--;
}

static struct json *
read_value (struct reader *r)
{
	struct json *j = calloc (1, sizeof (*j));

	skip_space (r);
	if (*r->p == '{' || *r->p == '[') {
		j->type = *r->p == '{' ? JSON_OBJECT : JSON_ARRAY;
		read_members (r, j, *r->p == '{' ? '}' : ']');
	} else if (*r->p == '"') {
		j->type = JSON_STRING;
		j->text = read_string (r);
	} else if (*r->p == '-' || isdigit (*r->p)) {
		size_t n = strspn (r->p, "+-.eE0123456789");

		j->type = JSON_NUMBER;
		j->text = strndup (r->p, n);
		r->p += n;
	} else if (isalpha (*r->p)) {
		j->type = *r->p == 'n' ? JSON_NULL : JSON_BOOL;
		j->truth = *r->p == 't';
		while (isalpha (*r->p))
			r->p++;
	} else {
		errx (99, "json: unexpected '%.10s'", r->p);
	}
	return j;
}

char *
read_file (const char *path)
{
	size_t size = 1 << 20, n = 0;
	char *text = malloc (size);
	ssize_t got = 0;
	int fd = strcmp (path, "-") == 0 ? 0 : open (path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err (99, "open %s", path);
	while (n < size - 1 && (got = read (fd, text + n, size - 1 - n)) > 0)
		n += (size_t) got;
	if (got < 0)
		err (99, "read %s", path);
	if (fd > 0)
		close (fd);
	text[n] = '\0';
	return text;
}

struct json *
json_read (const char *path)
{
	struct reader r = { .p = read_file (path) };

	return read_value (&r);
}

const struct json *
json_get (const struct json *j, const char *path)
{
	while (j && *path) {
		size_t n = strcspn (path, ".");
		const struct json *c = j->type == JSON_OBJECT ? j->child : NULL;

		while (c && (strlen (c->key) != n || memcmp (c->key, path, n) != 0))
			c = c->next;
		j = c;
		path += n + (path[n] == '.');
	}
	return j && j->type != JSON_NULL ? j : NULL;
}

const char *
json_text (const struct json *j, const char *path)
{
	j = json_get (j, path);
	return j ? j->text : NULL;
}

long long
json_number (const struct json *j, const char *path, long long otherwise)
{
	const char *text = json_text (j, path);

	if (!text)
		return otherwise;
	return *text == '-' ? strtoll (text, NULL, 10) : (long long) strtoull (text, NULL, 10);
}

bool
json_true (const struct json *j, const char *path)
{
	j = json_get (j, path);
	return j && j->truth;
}

void
json_print_string (FILE *out, const char *s)
{
	putc ('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf (out, "\\%c", *s);
		else if ((unsigned char) *s < 0x20)
			fprintf (out, "\\u%04x", *s);
		else
			putc (*s, out);
	}
	putc ('"', out);
}
