/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The value of group= taken apart, and the rule that judges by it. Pure: it
 * looks nothing up. */
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
	/* What a lookup adds: gid is that of a group that exists, and the
	 * group's own list of members names the user. */
	bool resolved;
	bool lists_user;
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
 * Takes a list apart. Blanks and tabs around an entry, and after its '!', do
 * not count. TOTPGROUP_ECONFIG for an entry that is empty, a '!' alone, begins
 * with two, is longer than GROUP_NAME_MAXIMUM, or is a number and no gid;
 * *groups is GROUP_LIST_INIT after any error. The caller frees it.
 */
int group_list_parse(struct group_list *groups, const char *list, struct error *error);

void group_list_free(struct group_list *groups);

/*
 * A sentence about a list that is well-formed and yet asks nobody, as
 * "otp,!otp", or NULL. Groups that were looked up are compared by gid, others
 * as they are written. The sentence is constant.
 */
const char *group_list_warning(const struct group_list *groups);

/*
 * Judges a user by the primary gid and by the count supplementary ones.
 * Being asked is the safe side: lists_user counts for a group that asks, and
 * does not for one that exempts. GROUP_GATE_ERROR where there is no entry, or
 * one that is not resolved. decision may be NULL; it is written where the
 * answer is no GROUP_GATE_ERROR.
 */
enum group_gate group_list_judge(const struct group_list *groups, gid_t primary_gid,
	const gid_t *gids, size_t count, struct group_decision *decision, struct error *error);

#endif
