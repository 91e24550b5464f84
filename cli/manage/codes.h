/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifndef TOTPGROUP_CLI_MANAGE_CODES_H
#define TOTPGROUP_CLI_MANAGE_CODES_H

#include "cli/commands.h"

/* Replaces the emergency codes of the user who is named, or of the caller, by
 * new ones: the command codes. */
enum exit_status codes(int argc, char **argv);

#endif
