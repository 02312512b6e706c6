/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debian's libyajl_s.a was compiled against glibc with _FORTIFY_SOURCE and calls three checking
 * functions that musl does not have. The sizes it passes are checked here as glibc would.
 */
#include <features.h>
#ifndef __GLIBC__
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__memcpy_chk (void *to, const void *from, size_t n, size_t room);
int __snprintf_chk (char *to, size_t n, int flag, size_t room, const char *fmt, ...);
int __sprintf_chk (char *to, int flag, size_t room, const char *fmt, ...);

void *
__memcpy_chk (void *to, const void *from, size_t n, size_t room)
{
	if (n > room)
		abort ();
	return memcpy (to, from, n);
}

int
__snprintf_chk (char *to, size_t n, int flag, size_t room, const char *fmt, ...)
{
	va_list ap;
	int r;

	(void) flag;
	if (n > room)
		abort ();
	va_start (ap, fmt);
	r = vsnprintf (to, n, fmt, ap);
	va_end (ap);
	return r;
}

int
__sprintf_chk (char *to, int flag, size_t room, const char *fmt, ...)
{
	va_list ap;
	int r;

	(void) flag;
	va_start (ap, fmt);
	r = vsnprintf (to, room, fmt, ap);
	va_end (ap);
	if (r >= 0 && (size_t) r >= room)
		abort ();
	return r;
}
#endif
