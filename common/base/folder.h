/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading the names of a folder to their end. */
#ifndef TOTPGROUP_BASE_FOLDER_H
#define TOTPGROUP_BASE_FOLDER_H

#include <dirent.h>
#include <errno.h>

/* Finds the next entry of an open folder; *entry is NULL at the end. Returns 0, or -1 with errno
 * where the rest could not be read: then there may be more names than were seen. */
static inline int folder_next(DIR *folder, const struct dirent **entry)
{
	errno = 0;
	*entry = readdir(folder);
	return *entry != NULL || errno == 0 ? 0 : -1;
}

#endif
