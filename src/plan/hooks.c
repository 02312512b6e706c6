/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "plan/planner.h"

const char *const hook_phase_names[HOOK_PHASES] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
};

static char **
vector (struct planner *p, const strs *in, const char *first)
{
	char **v = arena_alloc (p->arena, (in->n + 2) * sizeof *v);

	if (in->n == 0 && first)
		v[0] = (char *) (size_t) first;
	if (in->n)
		memcpy (v, in->v, in->n * sizeof *v);
	return v;
}

static void
read_phase (struct planner *p, enum hook_phase phase, const oci_hook_vec *in)
{
	struct hook_list *list = &p->plan->hooks[phase];

	*list = (struct hook_list) { phase, arena_alloc (p->arena, (in->n + 1) * sizeof *list->v),
				     in->n };
	for (size_t i = 0; i < in->n; i++) {
		const struct oci_hook *h = &in->v[i];
		const char *json = PATH ("hooks.%s[%zu]", hook_phase_names[phase], i);

		if (*h->path != '/')
			BAD (p, PATH ("%s.path", json), "'%s' is not an absolute path", h->path);
		for (size_t k = 0; k < h->env.n; k++)
			if (!strchr (h->env.v[k], '=') || *h->env.v[k] == '=')
				BAD (p, PATH ("%s.env[%zu]", json, k), "'%s' is not NAME=VALUE",
				     h->env.v[k]);
		list->v[i] = (struct hook) {
			.path = h->path,
			.args = vector (p, &h->args, h->path),
			.env = h->env.v ? vector (p, &h->env, NULL) : NULL,
			.timeout_ms = h->timeout.set
					      ? (unsigned) (h->timeout.v > 4000000 ? 4000000
										   : h->timeout.v) *
							1000u
					      : 0,
			.json_path = json,
		};
	}
}

void
plan_hooks (struct planner *p)
{
	const struct oci_hooks *h = p->spec->hooks;

	p->plan->hooks_stdout = oci_annotation (&p->spec->annotations, "run.oci.hooks.stdout");
	p->plan->hooks_stderr = oci_annotation (&p->spec->annotations, "run.oci.hooks.stderr");
	if (!h)
		return;
	read_phase (p, HOOK_PRESTART, &h->prestart);
	read_phase (p, HOOK_CREATE_RUNTIME, &h->create_runtime);
	read_phase (p, HOOK_CREATE_CONTAINER, &h->create_container);
	read_phase (p, HOOK_START_CONTAINER, &h->start_container);
	read_phase (p, HOOK_POSTSTART, &h->poststart);
	read_phase (p, HOOK_POSTSTOP, &h->poststop);
}
