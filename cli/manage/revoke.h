/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Removing secrets. */
#ifndef TOTPGROUP_CLI_MANAGE_REVOKE_H
#define TOTPGROUP_CLI_MANAGE_REVOKE_H

#include "cli/commands.h"

/* totp-enroll revoke: argv[0] is the command. */
enum exit_status revoke_users(int argc, char **argv);

#endif
