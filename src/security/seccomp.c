/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Installing filters, keeping them for exec, handing listeners over. Where they come from:
 * seccomp_compile.c. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/sock.h"
#include "libocispec/arena.h"
#include "libocispec/json.h"
#include "libocispec/oci_config.h"
#include "security/security.h"
#include "sys/syscalls.h"

#define SAVED	  "seccomp.bpf"
#define SAVED_MAX (BPF_MAXINSNS * sizeof (struct sock_filter) + 64)

/* The file in the state directory: this, then the instructions. */
struct saved {
	uint32_t flags;
	uint16_t n;
	uint8_t flags_optional, notify;
};

int
seccomp_save (int state_dir_fd, const struct seccomp_filter *f, struct err *e)
{
	struct saved head = { f->flags, f->n, f->flags_optional, f->notify };
	size_t size = f->n * sizeof (struct sock_filter);
	char buf[sizeof head + SAVED_MAX];
	int r;

	if (!f->insns)
		return 0;
	memcpy (buf, &head, sizeof head);
	memcpy (buf + sizeof head, f->insns, size);
	r = file_create_at (state_dir_fd, SAVED, buf, sizeof head + size, 0600);
	return r < 0 ? err_set (e, -r, "keep the seccomp filter in the state directory") : 0;
}

int
seccomp_load (struct arena *a, int state_dir_fd, struct seccomp_filter *ret, struct err *e)
{
	struct saved head;
	char *text;
	size_t len;

	*ret = (struct seccomp_filter) { 0 };
	if (faccessat (state_dir_fd, SAVED, F_OK, 0) < 0 && errno == ENOENT)
		return 0;
	TRY (read_file_at (a, state_dir_fd, SAVED, SAVED_MAX, &text, &len, e));
	if (len < sizeof head)
		return err_set (e, 0, "the kept seccomp filter is damaged");
	memcpy (&head, text, sizeof head);
	if (len != sizeof head + head.n * sizeof (struct sock_filter))
		return err_set (e, 0, "the kept seccomp filter is damaged");
	*ret = (struct seccomp_filter) { arena_memdup (a, text + sizeof head, len - sizeof head),
					 head.n, head.flags, head.flags_optional, head.notify };
	return 0;
}

int
seccomp_install (const struct seccomp_filter *f, int *ret_listener, struct err *e)
{
	struct sock_fprog prog = { f->n, f->insns };
	int r;

	if (ret_listener)
		*ret_listener = -1;
	if (!f->insns)
		return 0;
	r = sys_seccomp (SECCOMP_SET_MODE_FILTER, f->flags, &prog);
	if (r == -EINVAL && f->flags_optional) /* nobody asked for these flags, and this kernel does
						  not have them */
		r = sys_seccomp (SECCOMP_SET_MODE_FILTER,
				 f->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
	if (r < 0)
		return err_set (e, -r,
				"linux.seccomp: install the filter (%u instructions, flags 0x%x)",
				f->n, f->flags);
	if (ret_listener && (f->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		*ret_listener = r;
	return 0;
}

int
seccomp_send_listener (struct arena *a, const char *path, const char *metadata, int listener_fd,
		       int pid, const char *state_json, struct err *e)
{
	autofd sock = sock_connect (path, e);
	struct json_out o;
	size_t len;
	char *text;

	if (sock < 0)
		return err_wrap (e, "linux.seccomp.listenerPath");
	json_out_init (&o, a, 0);
	json_begin_object (&o);
	json_key (&o, "ociVersion");
	json_string (&o, OCI_VERSION);
	json_key (&o, "fds");
	json_begin_array (&o);
	json_string (&o, "seccompFd");
	json_end_array (&o);
	json_key (&o, "pid");
	json_int (&o, pid);
	if (metadata) {
		json_key (&o, "metadata");
		json_string (&o, metadata);
	}
	json_key (&o, "state");
	json_raw (&o, state_json);
	json_end_object (&o);
	text = json_finish (&o, &len);
	return sock_send_fd (sock, text, len, listener_fd, e) < 0
		       ? err_wrap (e, "linux.seccomp.listenerPath")
		       : 0;
}
