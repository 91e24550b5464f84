/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/path_owner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "totpgroup.h"

/* Looks at one folder on the way. A folder where everybody may write is safe with the
 * sticky bit, because nobody can replace what others put there. */
static int examine_folder(const char *folder, uid_t *owner, struct error *error)
{
	struct stat status;

	if (lstat(folder, &status) != 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot examine %s", folder);
	*owner = status.st_uid;
	if (status.st_uid == 0 && S_ISDIR(status.st_mode) &&
		(status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & S_ISVTX) == 0)
		return error_set(
			error, TOTPGROUP_EUNSAFE, "%s: others may write there", folder);
	return 0;
}

int path_owner_find(const char *path, uid_t *owner, struct error *error)
{
	char *folder = strdup(path);
	int status = 0;

	*owner = 0;
	if (folder == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	for (char *slash = strchr(folder + 1, '/'); slash != NULL && *owner == 0 && status == 0;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		status = examine_folder(folder, owner, error);
		*slash = '/';
	}
	free(folder);
	return status;
}
