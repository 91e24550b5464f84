/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The groups of a user, looked up through NSS at most once. */
#ifndef TOTPGROUP_GATE_USER_GROUPS_H
#define TOTPGROUP_GATE_USER_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* Begins zeroed, ends with user_groups_free(). */
struct user_groups {
	bool known;
	gid_t *gids; /* primary and supplementary; owned */
	size_t count;
};

/*
 * Looks the user's groups up, unless they are known already. TOTPGROUP_ESYSTEM or
 * TOTPGROUP_EMEMORY where that fails. Reads NSS: thread-safe, and as slow as the host's
 * directory.
 */
int user_groups_read(
	struct user_groups *groups, const char *user, gid_t primary_gid, struct error *error);

void user_groups_free(struct user_groups *groups);

#endif
