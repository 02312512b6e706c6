/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

int
err_set (struct err *e, int num, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start (ap, fmt);
	n = vsnprintf (e->text, sizeof e->text, fmt, ap);
	va_end (ap);
	e->num = num;
	e->len = n < 0 ? 0 : n < (int) sizeof e->text ? n : (int) sizeof e->text - 1;
	e->text[e->len] = '\0';
	return -1;
}

int
err_wrap (struct err *e, const char *fmt, ...)
{
	char front[512];
	va_list ap;
	int n, keep;

	va_start (ap, fmt);
	n = vsnprintf (front, sizeof front - 2, fmt, ap);
	va_end (ap);
	if (n < 0)
		return -1;
	if (n > (int) sizeof front - 3)
		n = (int) sizeof front - 3;
	front[n++] = ':';
	front[n++] = ' ';
	keep = e->len < (int) sizeof e->text - 1 - n ? e->len : (int) sizeof e->text - 1 - n;
	memmove (e->text + n, e->text, (size_t) keep);
	memcpy (e->text, front, (size_t) n);
	e->len = n + keep;
	e->text[e->len] = '\0';
	return -1;
}

const char *
err_strerror (int num)
{
	static char text[96];
	const char *s = strerror (num);
	size_t i;

	for (i = 0; s[i] && i < sizeof text - 1; i++)
		text[i] = s[i];
	text[i] = '\0';
	/* "RPC struct is bad" keeps its capitals, "No such file" does not. */
	if (text[0] && !isupper ((unsigned char) text[1]))
		text[0] = (char) tolower ((unsigned char) text[0]);
	return text;
}

const char *
err_full (struct err *e)
{
	int n = e->num;

	if (n) {
		e->num = 0;
		if (e->len < (int) sizeof e->text - 1)
			e->len += snprintf (e->text + e->len, sizeof e->text - (size_t) e->len, ": %s", err_strerror (n));
	}
	return e->text;
}
