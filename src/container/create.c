/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/err.h"
#include "base/mem.h"
#include "container/audit.h"
#include "container/launch.h"

static int
create (struct launch *l, const char *id, struct err *e)
{
	TRY (launch_load (l, id, e));
	TRY (launch_build (l, false, e));
	if (launch_announce (l, e) < 0 || launch_record (l, e) < 0) {
		launch_abort (l);
		return -1;
	}
	container_close (&l->c);
	return 0;
}

int
container_create (const struct globals *g, const char *id, const struct create_options *o,
		  struct err *e)
{
	struct launch l;

	launch_init (&l, g, o, false);
	l.op = "create";
	TRY (audit_check (g, e));
	if (create (&l, id, e) == 0)
		return 0;
	launch_record_failure (&l, id);
	return -1;
}
