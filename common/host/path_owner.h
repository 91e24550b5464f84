/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who can decide where a path leads. */
#ifndef TOTPGROUP_HOST_PATH_OWNER_H
#define TOTPGROUP_HOST_PATH_OWNER_H

#include <sys/types.h>

#include "base/error.h"

/*
 * Walks an absolute path from the root folder to the folder of its last name, and gives
 * in *owner the first owner on it who is not root, or 0. Beyond that folder its owner
 * decides where the path leads; until there nobody but root does.
 *
 * TOTPGROUP_EUNSAFE where others may write to a folder of root's on the way,
 * TOTPGROUP_ESYSTEM where a folder cannot be examined, TOTPGROUP_EMEMORY.
 */
int path_owner_find(const char *path, uid_t *owner, struct error *error);

#endif
