/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The value of group=, and whether it asks a user. Pure: nothing is looked up. */
#ifndef TOTPGROUP_GATE_GROUP_LIST_H
#define TOTPGROUP_GATE_GROUP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "gate/group_gate.h"

struct group_entry {
	char name[GROUP_NAME_MAXIMUM + 1]; /* as written, without '!' */
	bool exempt;			   /* written with a leading '!' */
	bool numeric;			   /* digits only: a gid, and gid holds it */
	gid_t gid;
	/* Set by a lookup. */
	bool resolved;	 /* the group exists, and gid is its */
	bool lists_user; /* the group's own list of members names the user */
};

/* Begins as GROUP_LIST_INIT. */
struct group_list {
	struct group_entry *entries;
	size_t count;
};

#define GROUP_LIST_INIT                                                                        \
	{                                                                                      \
		NULL, 0                                                                        \
	}

/*
 * Reads a list of names and gids. Blanks and tabs around an entry, and after its '!',
 * are ignored. TOTPGROUP_ECONFIG for an entry that is empty, is a '!' alone, begins with
 * two, is longer than GROUP_NAME_MAXIMUM, or is a number that is no gid;
 * TOTPGROUP_EMEMORY. *groups is GROUP_LIST_INIT after any error. The caller frees it.
 */
int group_list_parse(struct group_list *groups, const char *list, struct error *error);

void group_list_free(struct group_list *groups);

/*
 * A constant sentence about a well-formed list that asks nobody, such as "otp,!otp", or
 * NULL. Groups that were looked up are compared by gid, others by name.
 */
const char *group_list_warning(const struct group_list *groups);

/*
 * Judges a user by the primary gid and `count` supplementary gids. lists_user makes a
 * user a member of a group that asks, and never of a group that exempts, because asking
 * is safe. GROUP_GATE_ERROR where the list is empty or an entry is not resolved.
 * decision may be NULL; it is written unless the answer is GROUP_GATE_ERROR.
 */
enum group_gate group_list_judge(const struct group_list *groups, gid_t primary_gid,
	const gid_t *gids, size_t count, struct group_decision *decision, struct error *error);

#endif
