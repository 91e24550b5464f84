/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The groups that the module's line names. */
#ifndef TOTPGROUP_CLI_DOCTOR_GROUPS_H
#define TOTPGROUP_CLI_DOCTOR_GROUPS_H

#include "cli/doctor/checks.h"

/* Finds example_user and user_outside. */
void doctor_check_groups(struct doctor *doctor);

#endif
