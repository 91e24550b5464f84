/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The members of a group one by one, in one pass over the user database: neither memory
 * nor the time for each member grows with the size of the group. */
#ifndef TOTPGROUP_CLI_USERS_GROUP_WALK_H
#define TOTPGROUP_CLI_USERS_GROUP_WALK_H

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cli/commands.h"

/* Begins zeroed; ends with group_walk_end(). Only one walk at a time: it uses
 * getpwent(). */
struct group_walk {
	gid_t gid;
	char **names; /* that the group lists, sorted, each once */
	size_t name_count;
	bool *met; /* for each name, whether the user database listed it */
	bool listing;
	size_t at;
	size_t total; /* the number of members */
};

/*
 * Finds a group by its name or gid, and counts its members: the users whom it lists, and
 * those whose primary group it is. The latter are found only if the user database can list
 * its users, which a large directory may refuse. Reports what is wrong: STATUS_USAGE where
 * there is no such group, STATUS_STORE_ERROR.
 */
enum exit_status group_walk_begin(struct group_walk *walk, const char *group);

/* Gives the next member; false at the end. *entry is valid until the next call. It is NULL
 * for a name that the group lists and the user database did not. */
bool group_walk_next(struct group_walk *walk, const char **name, const struct passwd **entry);

void group_walk_end(struct group_walk *walk);

#endif
