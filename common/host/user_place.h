/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the options say that a user's credential is, and whose rights reach it. */
#ifndef TOTPGROUP_HOST_USER_PLACE_H
#define TOTPGROUP_HOST_USER_PLACE_H

#include <pwd.h>

#include "base/error.h"
#include "config/options.h"
#include "host/user_entry.h"
#include "store/credential_place.h"

/* Begins zeroed, and ends with user_place_free(). */
struct user_place {
	/* The user; NULL where NSS does not know him. */
	const struct passwd *account;
	struct user_entry *user_entry; /* account, owned */
	/* Whose rights reach the secret: the user's own, or those of user=. NULL where
	 * there is no credential to reach. */
	const struct passwd *identity;
	struct user_entry *fixed_entry; /* of user=, owned */
	char *path;			/* of the secret, or NULL; owned */
	char *state_path;		/* of the state, where it is apart, or NULL; owned */
	/* Good where path is not NULL. Whoever reaches it with other rights than the
	 * caller's own sets with_rights. */
	struct credential_place credential;
};

/*
 * Finds out all of the above; user is a name as somebody typed it. An unknown user is
 * no error. TOTPGROUP_ECONFIG where user= names nobody, TOTPGROUP_EARGUMENT where the
 * user can have no credential (the name, or the home folder, does not do for a path),
 * TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY: path is NULL then, and in error stands why. As
 * slow as the host's directory.
 */
int user_place_find(struct user_place *place, const struct options *options, const char *user,
	struct error *error);

void user_place_free(struct user_place *place);

#endif
