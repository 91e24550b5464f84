/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The module's session line, which refuses a session over SSH that no code was
 * asked for. */
#ifndef TOTPGROUP_CLI_DOCTOR_GUARD_H
#define TOTPGROUP_CLI_DOCTOR_GUARD_H

#include "cli/doctor/checks.h"

/* Looks at that line, if there is one, and notes in doctor->guard_holds whether
 * it refuses. */
void doctor_check_guard(struct doctor *doctor);

/* Says what mends it: such a line, with the options of doctor->line. */
void doctor_mend_by_guard(struct doctor *doctor, struct finding *finding);

#endif
