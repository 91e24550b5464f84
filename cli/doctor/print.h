/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The doctor's report, as lines for people. */
#ifndef TOTPGROUP_CLI_DOCTOR_PRINT_H
#define TOTPGROUP_CLI_DOCTOR_PRINT_H

#include <stdbool.h>

#include "cli/doctor/report.h"

/* "ok", "warning", "problem", "unknown". */
const char *finding_level_name(enum finding_level level);

/* Prints to standard output, in colours on a terminal unless NO_COLOR is
 * set; false, having said so, where that fails. */
bool doctor_print_text(const struct report *report);

#endif
