/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A secret that is there already, for another device. */
#ifndef TOTPGROUP_CLI_MANAGE_SHOW_H
#define TOTPGROUP_CLI_MANAGE_SHOW_H

#include "cli/commands.h"

/* totp-enroll show: argv[0] is the command. */
enum exit_status show(int argc, char **argv);

#endif
