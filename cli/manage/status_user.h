/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How it stands with one user. */
#ifndef TOTPGROUP_CLI_MANAGE_STATUS_USER_H
#define TOTPGROUP_CLI_MANAGE_STATUS_USER_H

#include <stdint.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/users/host_defaults.h"
#include "core/summary.h"

enum user_state {
	USER_STATE_PROBLEM = 0, /* what: error */
	USER_STATE_CONFIRMED,
	USER_STATE_PENDING,
	USER_STATE_PENDING_EXPIRED,
	USER_STATE_NOT_ENROLLED,
	USER_STATE_UNKNOWN_USER,
	USER_STATE_NOT_PERMITTED,
};

/* Begins zeroed, ends with user_status_free(). */
struct user_status {
	char *name;
	char *path; /* of the file; NULL where it is not known */
	enum user_state state;
	struct credential_summary summary; /* where the state is one of the enrolled */
	struct error error;		   /* where it is none of them */
};

/* Looks at a user, or at the caller where user is NULL. Changes nothing.
 * STATUS_STORE_ERROR only where memory is out, which is reported. */
enum exit_status user_status_look(struct user_status *status, const char *user,
	const struct host_defaults *defaults, const char *specification);

/* The word for a state. */
const char *user_state_name(enum user_state state);

/* What the exit status is of one user's. */
enum exit_status user_state_exit_status(enum user_state state);

/* When the secret was last used as far as it says, in seconds since 1970, and
 * from what that is known: "login", "code" or "attempt"; 0 and NULL for never. */
int64_t user_status_last_used(const struct user_status *status, const char **from);

void user_status_free(struct user_status *status);

#endif
