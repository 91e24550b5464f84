/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The status of users for people. */
#ifndef TOTPGROUP_CLI_MANAGE_STATUS_TABLE_H
#define TOTPGROUP_CLI_MANAGE_STATUS_TABLE_H

#include <stddef.h>

#include "cli/commands.h"
#include "cli/manage/status_user.h"

/* Prints a table, a line for each user, with columns as wide as they must be.
 * Reports what fails, and returns STATUS_STORE_ERROR then; else STATUS_DONE. */
enum exit_status status_table_print(const struct user_status *users, size_t count);

#endif
