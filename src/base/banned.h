/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Functions that have no place here, and one that is replaced. The former write without bounds,
 * cannot report an error, keep static state, start a shell or wait by the clock. Using one does not
 * compile. Unit tests may: they are not shipped.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* musl's open() with O_CLOEXEC adds an fcntl for kernels before 2.6.23; its openat() does not. */
#undef open
#define open(...) openat (AT_FDCWD, __VA_ARGS__)

#ifndef UNIT_TEST
#define BANNED(f) sorry_##f##_is_a_banned_function

#undef strcpy
#define strcpy(a, b) BANNED (strcpy) /* memcpy, arena_strdup, snprintf */
#undef strcat
#define strcat(a, b) BANNED (strcat)
#undef strncpy
#define strncpy(a, b, n) BANNED (strncpy) /* no NUL at the end */
#undef strncat
#define strncat(a, b, n) BANNED (strncat)
#undef sprintf
#define sprintf(...) BANNED (sprintf) /* snprintf, arena_printf */
#undef vsprintf
#define vsprintf(...) BANNED (vsprintf)
#undef strtok
#define strtok(a, b) BANNED (strtok) /* str_split */
#undef gmtime
#define gmtime(t) BANNED (gmtime) /* gmtime_r */
#undef localtime
#define localtime(t) BANNED (localtime)
#undef ctime
#define ctime(t) BANNED (ctime)
#undef asctime
#define asctime(t) BANNED (asctime)
#undef mktemp
#define mktemp(t) BANNED (mktemp)
#undef tmpnam
#define tmpnam(t) BANNED (tmpnam)
#undef system
#define system(c) BANNED (system) /* spawn_run */
#undef popen
#define popen(c, m) BANNED (popen)
#undef sleep
#define sleep(s) BANNED (sleep) /* poll: there is always an event */
#undef usleep
#define usleep(s) BANNED (usleep)
#endif
