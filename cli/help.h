/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifndef TOTPGROUP_CLI_HELP_H
#define TOTPGROUP_CLI_HELP_H

#include "cli/commands.h"

/* Print to standard output: commands and options from their tables; the
 * version. */
enum exit_status help_print(void);
enum exit_status help_print_version(void);

#endif
