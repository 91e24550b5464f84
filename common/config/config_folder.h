/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The drop-ins of a configuration file: a folder with further files. */
#ifndef TOTPGROUP_CONFIG_CONFIG_FOLDER_H
#define TOTPGROUP_CONFIG_CONFIG_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* More drop-ins are a mistake. */
#define CONFIG_FOLDER_FILES_MAX 64

/* Begins as CONFIG_FOLDER_INIT, ends with config_folder_close(). */
struct config_folder {
	int descriptor; /* -1 where there is no folder */
	char *names[CONFIG_FOLDER_FILES_MAX];
	size_t count;
};

#define CONFIG_FOLDER_INIT                                                                     \
	{                                                                                      \
		.descriptor = -1                                                               \
	}

/*
 * Opens the folder `name` in an open folder, and lists its files that end in
 * .conf and do not begin with a dot, sorted by the bytes of their names. That
 * there is no such folder is no error. path is what messages call it.
 *
 * TOTPGROUP_EUNSAFE as config_file_check_folder() has it, for a symbolic link,
 * for what is no folder, and for more than CONFIG_FOLDER_FILES_MAX files;
 * TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 */
int config_folder_open(struct config_folder *folder, int parent, const char *name,
	const char *path, struct error *error);

bool config_folder_has(const struct config_folder *folder, const char *name);

void config_folder_close(struct config_folder *folder);

#endif
