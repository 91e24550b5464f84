/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options that leave some logins out: services=, skip_net=, skip_after=. */
#ifndef TOTPGROUP_CLI_DOCTOR_GATES_H
#define TOTPGROUP_CLI_DOCTOR_GATES_H

#include "cli/doctor/checks.h"

/* Reports lists that the module refuses, and those that leave out everybody. */
void doctor_check_gates(struct doctor *doctor);

#endif
