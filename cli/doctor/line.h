/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lines of the module by themselves: their options, and how they begin. */
#ifndef TOTPGROUP_CLI_DOCTOR_LINE_H
#define TOTPGROUP_CLI_DOCTOR_LINE_H

#include "cli/doctor/checks.h"

/* Reads the options of the first auth line into doctor->module. */
void doctor_check_line(struct doctor *doctor);

#endif
