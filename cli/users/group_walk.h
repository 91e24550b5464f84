/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The members of a group one after the other, with one pass over the user database,
 * so that neither the time for each nor the memory grows with their number. */
#ifndef TOTPGROUP_CLI_USERS_GROUP_WALK_H
#define TOTPGROUP_CLI_USERS_GROUP_WALK_H

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cli/commands.h"

/* Begins zeroed; ends with group_walk_end(). One at a time. */
struct group_walk {
	gid_t gid;
	char **names; /* that the group itself lists, in order, each once */
	size_t name_count;
	bool *met; /* of those, who was in the user database's list */
	bool listing;
	size_t at;
	size_t total; /* how many members there are */
};

/*
 * Finds a group by its name or gid, and counts its members: those whom it names, and
 * those whose primary group it is. Of users whom the database does not list, such as
 * a large directory's, only the former are known. Reports what is wrong:
 * STATUS_USAGE where there is no such group, STATUS_STORE_ERROR.
 */
enum exit_status group_walk_begin(struct group_walk *walk, const char *group);

/* Gives the next member; false at the end. *entry is good until the next call, and
 * NULL for a name that the group lists and the pass over the database did not meet. */
bool group_walk_next(struct group_walk *walk, const char **name, const struct passwd **entry);

void group_walk_end(struct group_walk *walk);

#endif
