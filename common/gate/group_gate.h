/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is asked: group= against the system's groups, through NSS. */
#ifndef TOTPGROUP_GATE_GROUP_GATE_H
#define TOTPGROUP_GATE_GROUP_GATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "gate/user_groups.h"

/* Only GROUP_GATE_OUTSIDE lets a user pass without a code: its value is not
 * one that memory holds by chance. */
enum group_gate {
	GROUP_GATE_ERROR = 0,
	GROUP_GATE_INSIDE = 1,		/* the user is asked */
	GROUP_GATE_OUTSIDE = 0x3c71a5e9 /* the user is positively not asked */
};

#define GROUP_NAME_MAXIMUM 255

/* How a user belongs to a group. */
enum group_membership {
	GROUP_MEMBERSHIP_NONE = 0,
	GROUP_MEMBERSHIP_PRIMARY,
	GROUP_MEMBERSHIP_SUPPLEMENTARY,
	GROUP_MEMBERSHIP_LISTED /* by the group's own list of members alone */
};

/* What the judgement rests on, for people. */
struct group_decision {
	/* The entry that decided, as it is written but for '!', and its gid.
	 * Empty where the user is in no group of the list. */
	char name[GROUP_NAME_MAXIMUM + 1];
	gid_t gid;
	bool exempt;
	enum group_membership membership;
	const char *warning; /* that of group_list_warning(), or NULL */
};

/*
 * Judges user, with that primary gid, by a list of group names and numeric
 * gids separated by commas; a leading '!' exempts, and wins. A list of
 * exemptions alone asks everyone else. Primary and supplementary groups
 * count, compared by gid. A user whom the group's own list of members names
 * is asked even where the user's groups lack it, because a directory that is
 * half out gives too few of them; such a list never exempts. Before a user is
 * not asked for being in none of the groups, each source of the system is asked
 * for the user's groups (nss_sources.h).
 *
 * Each group of the list is looked up, with all of its members, but for a gid that asks
 * and is one of the user's supplementary groups: of a large group in a directory, by its
 * gid, a member needs no list. The user's own groups are looked up where the lists and the
 * primary group do not answer alone: always where the list exempts or has a gid, where
 * decision is not NULL, and before a user is not asked.
 *
 * GROUP_GATE_ERROR with a message where the list is empty or malformed, one of
 * its groups does not resolve, a lookup fails or a source does not answer; never
 * because of who the user is. Reads
 * NSS: thread-safe, and as slow as the host's directory. groups are the user's,
 * read here where they are needed and not known; NULL where the caller does not want to keep
 * them. decision may be NULL; it is written where the answer is no
 * GROUP_GATE_ERROR.
 */
enum group_gate group_gate_judge(const char *list, const char *user, gid_t primary_gid,
	struct user_groups *groups, struct group_decision *decision, struct error *error);

#endif
