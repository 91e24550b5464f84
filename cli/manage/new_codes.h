/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* New emergency codes for one user's secret. */
#ifndef TOTPGROUP_CLI_MANAGE_NEW_CODES_H
#define TOTPGROUP_CLI_MANAGE_NEW_CODES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/manage/options.h"
#include "cli/users/account.h"
#include "cli/users/host_defaults.h"
#include "cli/users/target.h"
#include "cli/users/user_file.h"
#include "core/emergency_codes.h"

/* Begins as RENEWAL_INIT with options and defaults, ends with renewal_free(). */
struct renewal {
	const struct life_options *options;
	const struct host_defaults *defaults;
	/* One of several: reached by a process of its own, so that this one keeps its
	 * identity. Otherwise this one takes on the identity for good, and reports some
	 * errors itself; error has no code then. */
	bool several;
	struct user_file file; /* then */
	struct account account;
	struct target target;
	const char *name; /* the user's, once that is known */
	const char *path; /* the file's */
	struct text secret;
	struct text state; /* kept apart from it, if it is */
	unsigned int old_count;
	bool hashed;
	struct emergency_codes codes; /* the new ones */
	struct text lines;	      /* of them */
	struct error error;
};

#define RENEWAL_INIT                                                                           \
	{                                                                                      \
		.file = {.as_user = true}, .secret = TEXT_INIT, .state = TEXT_INIT,            \
		.lines = TEXT_INIT, .error = ERROR_INIT                                        \
	}

/* Makes them for a user, or for the caller where user is NULL, having asked where
 * the options leave that open. What is in codes then is good and nothing else;
 * after anything but STATUS_DONE the old ones are. */
enum exit_status renewal_make(struct renewal *renewal, const char *user);

void renewal_free(struct renewal *renewal);

#endif
