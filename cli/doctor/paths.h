/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether the stack makes of a code what it should: nobody is let in without
 * one, or with a wrong one, and nobody is kept out in spite of a right one. */
#ifndef TOTPGROUP_CLI_DOCTOR_PATHS_H
#define TOTPGROUP_CLI_DOCTOR_PATHS_H

#include "cli/doctor/checks.h"

void doctor_check_paths(struct doctor *doctor);

#endif
