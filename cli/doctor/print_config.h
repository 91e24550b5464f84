/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the configuration files say, all together. */
#ifndef TOTPGROUP_CLI_DOCTOR_PRINT_CONFIG_H
#define TOTPGROUP_CLI_DOCTOR_PRINT_CONFIG_H

#include "cli/commands.h"

/*
 * Prints every key that a file has and the value that is in force, each with
 * the file and line that it is from, in the form of a configuration file; and
 * the keys that are left at their defaults. conf is as the module's option
 * conf=, or NULL. Reports what is wrong, and returns STATUS_STORE_ERROR.
 */
enum exit_status print_config(const char *conf);

#endif
