/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One code of one user, judged and spent as at a login. */
#ifndef TOTPGROUP_CLI_MANAGE_VERIFY_USER_H
#define TOTPGROUP_CLI_MANAGE_VERIFY_USER_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/manage/options.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_file.h"
#include "totpgroup.h"

/* Begins as VERIFICATION_INIT with the user's name, ends with verification_free(). */
struct verification {
	const char *user;
	struct user_file file;
	/* The store was not named in the command, so that one that is not the caller's to
	 * read is left to totp-verifyd; and whether it is. */
	bool any_store;
	bool by_daemon;
	enum exit_status status;
	struct totpgroup_result result;
	struct error error; /* what is wrong beside, or instead of, the verdict */
};

#define VERIFICATION_INIT                                                                      \
	{                                                                                      \
		.file = {.as_user = true}, .status = STATUS_STORE_ERROR,                       \
		.result = TOTPGROUP_RESULT_INIT, .error = ERROR_INIT                           \
	}

/* Finds the user's file, or whoever may read it. Sets the status, which is STATUS_DONE
 * if a code may be judged. */
void verification_find(struct verification *verification, const struct host_defaults *defaults,
	const char *specification);

/* Judges what was typed, and sets the status and the result. A right code is spent
 * when this returns. */
void verification_judge(struct verification *verification, const struct host_defaults *defaults,
	const char *typed);

/* Notes that there was no code: nothing is tried then. */
void verification_give_up(struct verification *verification);

void verification_free(struct verification *verification);

#endif
