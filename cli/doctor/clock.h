/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether the kernel takes the clock for right. */
#ifndef TOTPGROUP_CLI_DOCTOR_CLOCK_H
#define TOTPGROUP_CLI_DOCTOR_CLOCK_H

#include "cli/doctor/checks.h"

void doctor_check_clock(struct doctor *doctor);

#endif
