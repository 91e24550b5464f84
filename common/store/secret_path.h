/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where a user's credential lies: the secret= specification, expanded. */
#ifndef TOTPGROUP_STORE_SECRET_PATH_H
#define TOTPGROUP_STORE_SECRET_PATH_H

#include <stdbool.h>

#include "base/error.h"

#define SECRET_PATH_DEFAULT "~/.google_authenticator"

/* A name that is safe as one part of a path: not empty, at most 255 bytes, no
 * '/', no control character, not starting with '.', not ending with '~' and six
 * letters or digits, as temporary files do. */
bool secret_path_user_is_safe(const char *user);

/*
 * Expands ~ (at the start or after a '/'), ${HOME} and ${USER} in one pass
 * from left to right. home may be NULL where there is none to use: a
 * specification that needs it is then an error. The caller frees *path.
 *
 * TOTPGROUP_EARGUMENT where the user's name is not safe as a file name (only
 * if ${USER} occurs), home is missing or relative, or the result is no
 * absolute path or longer than PATH_MAX; error says which.
 */
int secret_path_expand(const char *specification, const char *user, const char *home,
	char **path, struct error *error);

/* The same for a path that another option gives, whose name stands in error. */
int option_path_expand(const char *option, const char *specification, const char *user,
	const char *home, char **path, struct error *error);

#endif
