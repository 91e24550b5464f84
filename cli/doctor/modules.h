/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is known of the modules in a PAM stack. */
#ifndef TOTPGROUP_CLI_DOCTOR_MODULES_H
#define TOTPGROUP_CLI_DOCTOR_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/doctor/checks.h"

/* Asks for, or compares, a password. */
bool doctor_asks_password(const struct pam_line *line);

/* Judges by who the user is or comes from, not by what the user knows. */
bool doctor_is_gate(const struct pam_line *line);

/* The results that the line's module may have in that service; of the module
 * itself those that it has where it asks everybody. */
uint32_t doctor_results_of(const struct pam_line *line, const char *service);

/* The first auth line whose module asks for a password, or NULL. */
const struct pam_line *doctor_password_line(const struct doctor *doctor);

/* Whether an auth line other than the module's can tell one user from another:
 * not a mere helper such as pam_permit.so. */
bool doctor_has_other_factor(const struct doctor *doctor);

/* Whether the module, with these options, asks some for no code: it says
 * PAM_IGNORE then. An offer of a secret alone lets nobody pass. */
bool doctor_may_step_aside(const struct options *options);

#endif
