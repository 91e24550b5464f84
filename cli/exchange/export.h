/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifndef TOTPGROUP_CLI_EXCHANGE_EXPORT_H
#define TOTPGROUP_CLI_EXCHANGE_EXPORT_H

#include "cli/commands.h"

/* Writes users' secrets in other programs' formats: the command export. */
enum exit_status export_users(int argc, char **argv);

#endif
