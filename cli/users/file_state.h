/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading the state that the configuration keeps apart from a user's secret. */
#ifndef TOTPGROUP_CLI_USERS_FILE_STATE_H
#define TOTPGROUP_CLI_USERS_FILE_STATE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/users/host_defaults.h"

/* Reads the state of a user with the caller's rights; text stays TEXT_INIT where it
 * is not apart. Errors as host_defaults_state_path() and state_file_look(). */
int file_state_look(const struct host_defaults *defaults, const char *user, struct text *text,
	struct error *error);

/* The error for a state that was looked at and is damaged, for the reason why: it names
 * the file. Returns the reason's code. */
int file_state_is_damaged(const struct host_defaults *defaults, const char *user,
	const struct error *why, struct error *error);

/* Whether that error means that the state is root's and the caller somebody else. */
bool file_state_is_roots(const struct error *error);

#endif
