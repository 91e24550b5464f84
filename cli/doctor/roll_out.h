/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The time that users have to enroll: nullok_until= and nullok_for=. */
#ifndef TOTPGROUP_CLI_DOCTOR_ROLL_OUT_H
#define TOTPGROUP_CLI_DOCTOR_ROLL_OUT_H

#include "cli/doctor/checks.h"

/* Reports a date that is over, and notes of first sight that others can change. */
void doctor_check_roll_out(struct doctor *doctor);

#endif
