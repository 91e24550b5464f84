/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The doctor's report for programs. */
#ifndef TOTPGROUP_CLI_DOCTOR_JSON_H
#define TOTPGROUP_CLI_DOCTOR_JSON_H

#include <stdbool.h>

#include "cli/doctor/report.h"

/*
 * Prints one JSON object to standard output; false, having said so, where
 * that fails. Its members are as totp-enroll(1) says, and stay so for one
 * value of "version".
 */
bool doctor_json_print(const struct report *report, const char *service);

#endif
