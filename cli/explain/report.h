/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The steps of an explanation and what comes of them, as text or as JSON. */
#ifndef TOTPGROUP_CLI_EXPLAIN_REPORT_H
#define TOTPGROUP_CLI_EXPLAIN_REPORT_H

#include <stdbool.h>

#include "cli/commands.h"
#include "cli/pamconf/stack.h"
#include "pam/flow.h"

struct json_object;

/* Begins with the first three; the rest zeroed. */
struct explain_report {
	const char *user;
	const char *service;
	bool json;
	bool failed; /* something could not be printed, or memory ran out */
	unsigned int lines;
	bool told_secret; /* a step of the latest line was about the secret */
	struct json_object *root;
	struct json_object *line;  /* the latest one, in root */
	struct json_object *steps; /* of that line */
};

void explain_report_begin(struct explain_report *report, const char *rhost);

/* A line of the stack that names the module. */
void explain_report_line(struct explain_report *report, const struct pam_line *line);

/* A step of that line; context is the report. For struct flow_watcher. */
void explain_report_step(void *context, const char *step, const char *text);

/* What comes of that line. */
void explain_report_outcome(
	struct explain_report *report, const struct flow_explanation *explanation);

/* The same where the caller may not look at what decides. */
void explain_report_unknown(
	struct explain_report *report, const struct flow_explanation *explanation);

/* The end; false, having said so, where something failed. */
bool explain_report_end(struct explain_report *report, enum exit_status status);

#endif
