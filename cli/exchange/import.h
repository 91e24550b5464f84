/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifndef TOTPGROUP_CLI_EXCHANGE_IMPORT_H
#define TOTPGROUP_CLI_EXCHANGE_IMPORT_H

#include "cli/commands.h"

/* Enrolls users with the secrets that other programs' files hold: the command
 * import. */
enum exit_status import_files(int argc, char **argv);

#endif
