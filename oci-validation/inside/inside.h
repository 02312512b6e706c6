/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * inside: the program that the conformance suite puts into a container, as its process, as a hook,
 * and as a peer of the runtime's sockets.
 *
 * It is static, needs nothing in the root file system, and shares no code with any runtime: not
 * even the JSON reader, so that a config misread by the runtime is not misread the same way here.
 * It prints one line per comparison, "ok NAME" or "not ok NAME: why", and its caller
 * (oci-validation/lib.bash) decides which of them prove a sentence of the specification.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_type type;
	char *key;  /* name in the object that holds it */
	char *text; /* the string, or the digits of the number */
	bool truth;
	struct json *child, *next;
};

/* Reads the whole file; exits when it cannot. Nothing is ever freed: the program lives for a few
 * milliseconds. */
char *read_file (const char *path);
struct json *json_read (const char *path);
/* "process.user.uid"; NULL if any step of it is absent or null. */
const struct json *json_get (const struct json *j, const char *path);
const char *json_text (const struct json *j, const char *path);
long long json_number (const struct json *j, const char *path, long long otherwise);
bool json_true (const struct json *j, const char *path);
/* Writes the string with quotes. */
void json_print_string (FILE *out, const char *s);

#define EACH(item, array) \
	(const struct json *item = (array) ? (array)->child : NULL; item; item = item->next)

/* What the driver knows and the container cannot: lines "KEY VALUE" in the file beside config.json.
 * NULL if there is no such line. */
const char *host_fact (const char *fmt, ...) __attribute__ ((format (printf, 1, 2)));
void host_read (const char *path);

/* One comparison. The text says what was expected and what was found; it is shown only when they
 * differ. */
void check (bool ok, const char *name, const char *fmt, ...)
	__attribute__ ((format (printf, 3, 4)));
extern int checks_failed;

void check_process (const struct json *config, int argc, char **argv);
void check_scheduling (const struct json *config);
void check_namespaces (const struct json *config);
void check_mounts (const struct json *config);
void check_paths (const struct json *config);
void check_devices (const struct json *config);
void check_seccomp (const struct json *config);

int mode_hook (int argc, char **argv);
int mode_console (int argc, char **argv);
int mode_listener (int argc, char **argv);
