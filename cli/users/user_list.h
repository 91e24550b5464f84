/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whom a command is for: one user, several, or the members of a group. */
#ifndef TOTPGROUP_CLI_USERS_USER_LIST_H
#define TOTPGROUP_CLI_USERS_USER_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/commands.h"
#include "cli/manage/options.h"
#include "cli/users/group_members.h"

/* Begins zeroed, ends with user_list_free(). */
struct user_list {
	/* Each once, those who were named first. One NULL, which is the caller, where
	 * nobody was named. */
	const char **names;
	size_t count;
	/* Whether what is said has to tell one user from another: several were named,
	 * or a group, however many members it has. */
	bool several;
	struct group_members members;
};

/* Lists them by the options, which must outlive the list. Only root may ask for a
 * group. Reports what is wrong: STATUS_NOT_PERMITTED, and as group_members_list(). */
enum exit_status user_list_make(struct user_list *list, const struct life_options *options);

/* The status of the whole: of one user alone his own, which is the first failure;
 * else STATUS_SOME_FAILED where any was counted as failed. */
enum exit_status user_list_conclude(
	const struct user_list *list, size_t failed, enum exit_status first_failure);

void user_list_free(struct user_list *list);

#endif
