/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a user is enrolled, and the state of the secret. */
#ifndef TOTPGROUP_CLI_USERS_USER_STATUS_H
#define TOTPGROUP_CLI_USERS_USER_STATUS_H

#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_file.h"
#include "core/summary.h"

enum user_state {
	USER_STATE_PROBLEM = 0, /* error says which */
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
	struct user_file file; /* its path is NULL where it was not found */
	bool found;
	enum user_state state;
	struct credential_summary summary; /* for confirmed and pending users */
	struct error error;		   /* for all others */
};

/* Finds the credential of a user, or of the caller where user is NULL. Where entry is not NULL, it
 * is what the user database has about the user, who is not looked up again. *status must not be
 * moved from then on. STATUS_STORE_ERROR only where memory is out, which is reported. */
enum exit_status user_status_find(struct user_status *status, const char *user,
	const struct passwd *entry, const struct host_defaults *defaults,
	const char *specification);

/* Looks at users who were found, all in one kind of store, and changes nothing.
 * STATUS_STORE_ERROR only where memory is out, which is reported. */
enum exit_status user_status_read(struct user_status *users, size_t count);

/* The word for a state. */
const char *user_state_name(enum user_state state);

/* The exit status for one user in that state: STATUS_DONE where the user is enrolled. */
enum exit_status user_state_exit_status(enum user_state state);

/* When the secret was last used, in seconds since 1970, and how that is known: from a
 * "login", a "code" or an "attempt". 0 and NULL where it was never used. */
int64_t user_status_last_used(const struct user_status *status, const char **from);

void user_status_free(struct user_status *status);

#endif
