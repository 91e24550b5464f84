/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether the state that is kept apart from the secret is root's alone. */
#ifndef TOTPGROUP_CLI_DOCTOR_STATE_H
#define TOTPGROUP_CLI_DOCTOR_STATE_H

#include "cli/doctor/checks.h"

void doctor_check_state(struct doctor *doctor);

#endif
