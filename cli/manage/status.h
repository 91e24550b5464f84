/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is enrolled, and how it stands. */
#ifndef TOTPGROUP_CLI_MANAGE_STATUS_H
#define TOTPGROUP_CLI_MANAGE_STATUS_H

#include "cli/commands.h"

/* totp-enroll status: argv[0] is the command. */
enum exit_status status_of_users(int argc, char **argv);

#endif
