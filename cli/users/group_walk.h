/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The members of a group one by one, in one pass over the user database. Of a large group
 * only the list of names is in memory, and a member who is in the database costs no lookup. */
#ifndef TOTPGROUP_CLI_USERS_GROUP_WALK_H
#define TOTPGROUP_CLI_USERS_GROUP_WALK_H

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cli/commands.h"
#include "cli/ui/progress.h"
#include "gate/group_record.h"

/* Begins zeroed; ends with group_walk_end(). Only one walk at a time: it uses
 * getpwent(). */
struct group_walk {
	struct group_record *group; /* owned; lists its members sorted, each once */
	size_t name_count;	    /* of these members */
	bool *met;		    /* for each of them, whether the user database listed him */
	bool listing;
	size_t at;
	struct progress progress; /* of reading the user database */
	unsigned long read;
};

/*
 * Finds a group by its name or gid. Its members are the users whom it lists, and those
 * whose primary group it is. The latter are found only if the user database can list its
 * users, which a large directory may refuse. Reports what is wrong: STATUS_USAGE where
 * there is no such group, STATUS_STORE_ERROR.
 */
enum exit_status group_walk_begin(struct group_walk *walk, const char *group);

/* The number of members, for which the user database is read to its end. Before the first
 * member only. */
size_t group_walk_count(struct group_walk *walk);

/* Gives the next member; false at the end. *entry is good until the next call. It is NULL
 * for a name that the group lists and the user database did not. */
bool group_walk_next(struct group_walk *walk, const char **name, const struct passwd **entry);

void group_walk_end(struct group_walk *walk);

#endif
