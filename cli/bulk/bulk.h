/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `totp-enroll bulk`: enrolls many users, and leaves a letter for each. */
#ifndef TOTPGROUP_CLI_BULK_BULK_H
#define TOTPGROUP_CLI_BULK_BULK_H

#include "cli/commands.h"

enum exit_status bulk(int argc, char **argv);

#endif
