/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

int
err_set (struct err *e, int num, const char *fmt, ...)
{
	char text[sizeof e->text]; /* an argument may be e->text itself */
	va_list ap;
	int n;

	va_start (ap, fmt);
	n = vsnprintf (text, sizeof text, fmt, ap);
	va_end (ap);
	e->num = num;
	e->len = n < 0 ? 0 : n < (int) sizeof text ? n : (int) sizeof text - 1;
	memcpy (e->text, text, (size_t) e->len);
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

/*
 * Our own, since musl says "Symbolic link loop" and glibc "Too many levels of symbolic links": what
 * engines and people look for must not depend on the libc of the build.
 */
static const char *const texts[] = {
	[EPERM] = "operation not permitted",
	[ENOENT] = "no such file or directory",
	[ESRCH] = "no such process",
	[EINTR] = "interrupted system call",
	[EIO] = "input/output error",
	[ENXIO] = "no such device or address",
	[E2BIG] = "argument list too long",
	[ENOEXEC] = "exec format error",
	[EBADF] = "bad file descriptor",
	[ECHILD] = "no child processes",
	[EAGAIN] = "resource temporarily unavailable",
	[ENOMEM] = "cannot allocate memory",
	[EACCES] = "permission denied",
	[EFAULT] = "bad address",
	[ENOTBLK] = "block device required",
	[EBUSY] = "device or resource busy",
	[EEXIST] = "file exists",
	[EXDEV] = "invalid cross-device link",
	[ENODEV] = "no such device",
	[ENOTDIR] = "not a directory",
	[EISDIR] = "is a directory",
	[EINVAL] = "invalid argument",
	[ENFILE] = "too many open files in system",
	[EMFILE] = "too many open files",
	[ENOTTY] = "inappropriate ioctl for device",
	[ETXTBSY] = "text file busy",
	[EFBIG] = "file too large",
	[ENOSPC] = "no space left on device",
	[ESPIPE] = "illegal seek",
	[EROFS] = "read-only file system",
	[EMLINK] = "too many links",
	[EPIPE] = "broken pipe",
	[EDOM] = "numerical argument out of domain",
	[ERANGE] = "numerical result out of range",
	[EDEADLK] = "resource deadlock avoided",
	[ENAMETOOLONG] = "file name too long",
	[ENOLCK] = "no locks available",
	[ENOSYS] = "function not implemented",
	[ENOTEMPTY] = "directory not empty",
	[ELOOP] = "too many levels of symbolic links",
	[ENODATA] = "no data available",
	[ETIME] = "timer expired",
	[ELIBBAD] = "accessing a corrupted shared library",
	[EPROTO] = "protocol error",
	[EBADMSG] = "bad message",
	[EOVERFLOW] = "value too large for defined data type",
	[EUSERS] = "too many users",
	[ENOTSOCK] = "socket operation on non-socket",
	[EMSGSIZE] = "message too long",
	[EPROTONOSUPPORT] = "protocol not supported",
	[EOPNOTSUPP] = "operation not supported",
	[EAFNOSUPPORT] = "address family not supported by protocol",
	[EADDRINUSE] = "address already in use",
	[EADDRNOTAVAIL] = "cannot assign requested address",
	[ENETDOWN] = "network is down",
	[ENETUNREACH] = "network is unreachable",
	[ECONNABORTED] = "software caused connection abort",
	[ECONNRESET] = "connection reset by peer",
	[ENOBUFS] = "no buffer space available",
	[EISCONN] = "transport endpoint is already connected",
	[ENOTCONN] = "transport endpoint is not connected",
	[ETIMEDOUT] = "connection timed out",
	[ECONNREFUSED] = "connection refused",
	[EHOSTUNREACH] = "no route to host",
	[EALREADY] = "operation already in progress",
	[EINPROGRESS] = "operation now in progress",
	[ESTALE] = "stale file handle",
	[EDQUOT] = "disk quota exceeded",
	[ECANCELED] = "operation canceled",
	[ENOKEY] = "required key not available",
	[EKEYREVOKED] = "key has been revoked",
	[EOWNERDEAD] = "owner died",
};

const char *
err_strerror (int num)
{
	static char text[32];

	if (num >= 0 && num < (int) (sizeof texts / sizeof texts[0]) && texts[num])
		return texts[num];
	(void) snprintf (text, sizeof text, "error %d", num);
	return text;
}

const char *
err_full (struct err *e)
{
	int n = e->num;

	const char *why = n ? err_strerror (n) : "";
	int room = (int) sizeof e->text - 1 - 2 - (int) strlen (why);

	if (n == 0)
		return e->text;
	e->num = 0;
	if (e->len >
	    room) /* the reason is what engines look for: rather lose the end of the text */
		e->len = room;
	e->len += snprintf (e->text + e->len, sizeof e->text - (size_t) e->len, ": %s", why);
	return e->text;
}
