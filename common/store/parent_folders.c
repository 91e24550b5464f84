/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/parent_folders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/durable_steps.h"
#include "totpgroup.h"

#define FOLDER_MODE 0700

/* A new folder that a power cut takes away takes what is in it along. */
static int sync_folder(const char *path, struct error *error)
{
	int folder = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = 0;

	if (folder < 0 || fsync(folder) != 0)
		status = error_set_system(error, TOTPGROUP_ESYSTEM, "cannot sync %s", path);
	if (folder >= 0)
		close(folder);
	return status;
}

/* Makes the last folder of path, unless it is there. */
static int make_folder(char *path, struct error *error)
{
	char *name = strrchr(path, '/') + 1;
	char first = *name;
	int status;

	if (mkdir(path, FOLDER_MODE) != 0)
		return errno == EEXIST ? 0 : durable_write_failed(error, "make", path);
	*name = '\0';
	status = sync_folder(path, error);
	*name = first;
	return status;
}

int parent_folders_make(const char *path, struct error *error)
{
	char *folder = strdup(path);
	int status = 0;

	if (folder == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	for (char *at = strchr(folder + 1, '/'); at != NULL && status == 0;
		at = strchr(at + 1, '/')) {
		*at = '\0';
		status = make_folder(folder, error);
		*at = '/';
	}
	free(folder);
	return status;
}
