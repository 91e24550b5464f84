/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The user's secret: would the module take it? */
#ifndef TOTPGROUP_CLI_DOCTOR_USER_H
#define TOTPGROUP_CLI_DOCTOR_USER_H

#include "cli/doctor/checks.h"

/* Ends as the user, for good, where the secret is the user's own. */
void doctor_check_user(struct doctor *doctor);

#endif
