/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The status of users for programs. */
#ifndef TOTPGROUP_CLI_MANAGE_STATUS_JSON_H
#define TOTPGROUP_CLI_MANAGE_STATUS_JSON_H

#include <stddef.h>

#include "cli/commands.h"
#include "cli/manage/status_user.h"

/* Prints one object with all users; exit_status goes into it. Reports what
 * fails, and returns STATUS_STORE_ERROR then; else STATUS_DONE. */
enum exit_status status_json_print(
	const struct user_status *users, size_t count, enum exit_status exit_status);

#endif
