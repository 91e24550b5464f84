/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who can decide where a path leads. */
#ifndef TOTPGROUP_HOST_PATH_OWNER_H
#define TOTPGROUP_HOST_PATH_OWNER_H

#include <sys/types.h>

#include "base/error.h"

/*
 * Walks an absolute path from the root folder to the folder of its last name, one name
 * after the other and through symbolic links of root's, and gives in *owner the first
 * owner on the way who is not root, or 0. Behind that folder or link its owner decides
 * where the path leads; before it, only root does. A link at the end is not followed.
 *
 * TOTPGROUP_EUNSAFE where others may write to a folder of root's on the way, or where
 * there are more links than the kernel would follow; TOTPGROUP_ESYSTEM where something on
 * the way cannot be examined; TOTPGROUP_EMEMORY.
 */
int path_owner_find(const char *path, uid_t *owner, struct error *error);

#endif
