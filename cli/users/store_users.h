/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The users who have a secret in a folder of root's, by the names of its files. */
#ifndef TOTPGROUP_CLI_USERS_STORE_USERS_H
#define TOTPGROUP_CLI_USERS_STORE_USERS_H

#include <dirent.h>

#include "base/error.h"

/* Begins as STORE_USERS_INIT, ends with store_users_end(). */
struct store_users {
	DIR *folder;
};

#define STORE_USERS_INIT                                                                       \
	{                                                                                      \
		.folder = NULL                                                                 \
	}

/* Opens the folder of a specification that ends in /${USER} and has no other variable; NULL is
 * one of the users' homes. TOTPGROUP_EARGUMENT for another specification, TOTPGROUP_ESYSTEM,
 * TOTPGROUP_EMEMORY. */
int store_users_begin(
	struct store_users *users, const char *specification, struct error *error);

/* The next name, which is good until the next call; NULL at the end. Names that no user has, such
 * as those of temporary files, are left out. */
const char *store_users_next(struct store_users *users);

void store_users_end(struct store_users *users);

#endif
