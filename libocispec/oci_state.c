/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libocispec/oci_state.h"

/* clang-format off */
RECORD (oci_state,
	FIELD (oci_state, oci_version, "ociVersion", REQ),
	FIELD (oci_state, id, "id", REQ),
	FIELD (oci_state, pid, "pid", REQ),
	FIELD (oci_state, status, "status", REQ),
	FIELD (oci_state, exit_code, "exitCode", 0),
	FIELD (oci_state, bundle, "bundle", REQ),
	FIELD (oci_state, rootfs, "rootfs", 0),
	FIELD (oci_state, created, "created", 0),
	FIELD (oci_state, annotations, "annotations", 0),
	FIELD (oci_state, owner, "owner", 0),
	FIELD (oci_state, loginuid, "loginuid", 0),
	FIELD (oci_state, sessionid, "sessionid", 0));

/* pid is left out when there is none (stopped). */
RECORD_OF (oci_state, oci_hook_state,
	FIELD (oci_state, oci_version, "ociVersion", REQ),
	FIELD (oci_state, id, "id", REQ),
	FIELD (oci_state, status, "status", REQ),
	FIELD (oci_state, pid, "pid", 0),
	FIELD (oci_state, bundle, "bundle", REQ),
	FIELD (oci_state, root, "root", 0),
	FIELD (oci_state, annotations, "annotations", 0));

RECORD (oci_process_state,
	FIELD (oci_process_state, oci_version, "ociVersion", REQ),
	FIELD (oci_process_state, fds, "fds", REQ),
	FIELD (oci_process_state, pid, "pid", REQ),
	FIELD (oci_process_state, metadata, "metadata", 0),
	TABLE_ROW (oci_process_state, state, "state", K_EMBED, REQ, 0, .rec = &oci_hook_state_record));
/* clang-format on */
