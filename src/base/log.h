/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Messages. Errors go to the log file, as one line, and to standard error, as text: engines read
 * both. At the default level nothing but the final error is written to a log file: podman parses
 * the whole file as one JSON object.
 */
#include "base/err.h"

enum log_level { LOG_L_ERROR, LOG_L_WARNING, LOG_L_INFO, LOG_L_DEBUG };

/* target: NULL (stderr), "[file:]PATH" (appended), "syslog:IDENT", "journald:IDENT"; format: NULL,
 * "text", "json"; level: NULL or a name. */
int log_open (const char *target, const char *format, const char *level, struct err *e);
/*
 * Standard error is the container's as well, for as long as it lives: what an engine finds there is
 * the container's output. Unless a level was asked for, nothing is said there but why a command
 * failed.
 */
void log_stderr_is_shared (void);
void log_at (int level, const char *fmt, ...) PRINTF (2, 3);
#define log_warn(...)  log_at (LOG_L_WARNING, __VA_ARGS__)
#define log_info(...)  log_at (LOG_L_INFO, __VA_ARGS__)
#define log_debug(...) log_at (LOG_L_DEBUG, __VA_ARGS__)
/* A warning for each line of `text`; nothing for "". */
void log_warnings (const char *text);
/* The last word of a command that failed. */
void log_error (struct err *e);
/* In a child: messages go here instead. */
void log_set_sink (void (*sink) (void *ctx, int level, const char *text), void *ctx);
