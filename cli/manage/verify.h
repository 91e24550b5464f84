/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One code, its answer in the exit status. */
#ifndef TOTPGROUP_CLI_MANAGE_VERIFY_H
#define TOTPGROUP_CLI_MANAGE_VERIFY_H

#include "cli/commands.h"

/* totp-enroll verify: argv[0] is the command. */
enum exit_status verify(int argc, char **argv);

#endif
