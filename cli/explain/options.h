/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the options of a login come from, for explain. */
#ifndef TOTPGROUP_CLI_EXPLAIN_OPTIONS_H
#define TOTPGROUP_CLI_EXPLAIN_OPTIONS_H

#include <stdbool.h>

#include "pam/flow.h"

/* Stands between the decision and who is told its steps. */
struct explain_options {
	int count; /* of the arguments of the module's line */
	const char *const *arguments;
	const struct flow_watcher *watcher; /* who is told */
	bool told;
};

/*
 * Passes each step on, and after the files that were read, with the step
 * "option", each option that a file gives: its value, the file and the line, and
 * whether the module's line overrules it. What the line alone gives can be read
 * there. context is a struct explain_options; for struct flow_watcher.
 */
void explain_options_step(void *context, const char *step, const char *text);

#endif
