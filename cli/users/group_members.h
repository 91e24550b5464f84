/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Everybody in a group, as far as the system lists its users. */
#ifndef TOTPGROUP_CLI_USERS_GROUP_MEMBERS_H
#define TOTPGROUP_CLI_USERS_GROUP_MEMBERS_H

#include <grp.h>
#include <stddef.h>

#include "cli/commands.h"

/* Names of users, each once, in order. Begins zeroed, ends with
 * group_members_free(). */
struct group_members {
	char **names;
	size_t count;
};

/* Finds a group by its name or gid; the entry is good until the next one is looked
 * up. Reports what is wrong: STATUS_USAGE where there is none, STATUS_STORE_ERROR. */
enum exit_status group_members_find(const struct group **entry, const char *group);

/*
 * Lists those whom the group, a name or a gid, names as its members, and those
 * whose primary group it is, with one pass over the user database; of users whom
 * the database does not list, such as a large directory's, only the former are
 * known. Reports what is wrong: STATUS_USAGE where there is no such group,
 * STATUS_STORE_ERROR.
 */
enum exit_status group_members_list(struct group_members *members, const char *group);

void group_members_free(struct group_members *members);

#endif
