/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Strings: strict numbers, splitting, joining. */
#include <stddef.h>
#include <stdint.h>

#include "libocispec/record.h" /* strs */

struct arena;

/* The whole string, decimal digits only (parse_i64: one '-'). 0, -EINVAL or -ERANGE. */
int parse_u32 (const char *s, uint32_t *ret);
int parse_u64 (const char *s, uint64_t *ret);
int parse_i64 (const char *s, int64_t *ret);
/* "512", "512M", "1GiB", "-1": bytes, powers of 1024. */
int parse_size (const char *s, int64_t *ret);
/* A cpu or node list: "0-3,7". Bits in a mask of arena memory; -EINVAL. An empty list is 0 words.
 */
int parse_list (struct arena *a, const char *s, uint64_t **ret_mask, unsigned *ret_words);

strs str_split (struct arena *a, const char *s, char separator);
char *str_join (struct arena *a, char *const *v, size_t n, const char *separator);
/* The allowed name nearest to a misspelt one, or NULL. */
const char *str_nearest (const char *s, const char *const *names, size_t n);

/* For messages: control characters but \n and \t as \xNN. Cut to `size` (at least 6). */
void str_printable (char *to, size_t size, const char *s);

/* As mountinfo writes paths: a blank, tab, line break or backslash is \ooo. In place. */
void str_unescape (char *s);

/* The time now as RFC 3339 in UTC with 6 or 9 digits of a second: containerd loses messages whose
 * time it cannot parse. */
#define STR_TIMESTAMP 96
void str_timestamp (char to[STR_TIMESTAMP], int digits);

/* Signals by number or name, with or without SIG, any case, RTMIN+n, RTMAX-n. -1: there is no such
 * signal. signals.c */
int signal_from_name (const char *text);
