/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether two names that were given are one user's. */
#ifndef TOTPGROUP_CLI_USERS_SAME_USER_H
#define TOTPGROUP_CLI_USERS_SAME_USER_H

#include <pwd.h>
#include <stdbool.h>

/*
 * Whether two entries of the user database are one user. A database that takes capitals and
 * small letters for the same gives either its own spelling or the one that was asked for. One
 * uid alone does not do: two users may share it.
 */
bool same_user(const struct passwd *one, const struct passwd *other);

#endif
