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
 * Checks what is wrong with a specification for every user: TOTPGROUP_ECONFIG where it
 * holds a '$' that begins neither ${HOME} nor ${USER}. Taken as plain text, it would be
 * nobody's file, or one for all. option is the name of the option for the message.
 */
int option_path_check(const char *option, const char *specification, struct error *error);

/*
 * Expands ~ (at the start or after a '/'), ${HOME} and ${USER} in one pass
 * from left to right. home may be NULL where there is none to use: a
 * specification that needs it is then an error. The caller frees *path.
 *
 * TOTPGROUP_EARGUMENT where the user's name is not safe as a file name (only
 * if ${USER} occurs), home is missing or relative, or the result is no
 * absolute path or longer than PATH_MAX; error says which. TOTPGROUP_ECONFIG as
 * option_path_check().
 */
int secret_path_expand(const char *specification, const char *user, const char *home,
	char **path, struct error *error);

/* The same for a path that another option gives, whose name stands in error. */
int option_path_expand(const char *option, const char *specification, const char *user,
	const char *home, char **path, struct error *error);

#endif
