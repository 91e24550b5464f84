/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The service's PAM stack: is the module in it, and what mends its lines. */
#ifndef TOTPGROUP_CLI_DOCTOR_STACK_H
#define TOTPGROUP_CLI_DOCTOR_STACK_H

#include "cli/doctor/checks.h"
#include "cli/pamconf/line_text.h"

/* Say what mends it: a line of the stack, with a change; or without it. */
void doctor_mend_line(struct doctor *doctor, struct finding *finding,
	const struct pam_line *line, const struct pam_line_change *change);
void doctor_mend_by_removal(
	struct doctor *doctor, struct finding *finding, const struct pam_line *line);

/* Reads the stack. */
void doctor_check_stack(struct doctor *doctor);

#endif
