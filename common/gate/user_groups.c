/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gate/user_groups.h"

#include <grp.h>
#include <stdlib.h>

#include "totpgroup.h"

#define GIDS_FIRST 64
/* NGROUPS_MAX of Linux and the primary group. */
#define GIDS_MAXIMUM (65536 + 1)

/* The next room to try. getgrouplist() says how much it wants, but not always. */
static int next_capacity(int capacity, int wanted)
{
	if (wanted < capacity * 2)
		wanted = capacity * 2;
	return wanted < GIDS_MAXIMUM ? wanted : GIDS_MAXIMUM;
}

int user_groups_read(
	struct user_groups *groups, const char *user, gid_t primary_gid, struct error *error)
{
	int wanted = 0;

	if (groups->known)
		return 0;
	for (int capacity = GIDS_FIRST;; capacity = next_capacity(capacity, wanted)) {
		gid_t *gids = calloc((size_t)capacity, sizeof *gids);

		if (gids == NULL)
			return error_set(error, TOTPGROUP_EMEMORY,
				"the user's groups cannot be listed: out of memory");
		wanted = capacity;
		if (getgrouplist(user, primary_gid, gids, &wanted) >= 0 && wanted > 0 &&
			wanted <= capacity) {
			*groups = (struct user_groups){true, gids, (size_t)wanted};
			return 0;
		}
		free(gids);
		if (capacity == GIDS_MAXIMUM)
			return error_set(error, TOTPGROUP_ESYSTEM,
				"the system does not list the user's groups, or they are more "
				"than %d",
				GIDS_MAXIMUM);
	}
}

void user_groups_free(struct user_groups *groups)
{
	free(groups->gids);
	*groups = (struct user_groups){.known = false};
}
