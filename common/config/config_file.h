/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that decide who is let in: opened once, and judged by their
 * descriptors. */
#ifndef TOTPGROUP_CONFIG_CONFIG_FILE_H
#define TOTPGROUP_CONFIG_CONFIG_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"

/* More is no configuration that a person wrote. */
#define CONFIG_FILE_SIZE_MAX 65536

/* Begins as CONFIG_FILE_INIT, ends with config_file_close(). */
struct config_file {
	int descriptor;	    /* -1 while none is open */
	struct stat status; /* from before it was read */
	struct text text;   /* all of it */
	const char *path;   /* for messages; not owned */
};

#define CONFIG_FILE_INIT                                                                       \
	{                                                                                      \
		.descriptor = -1, .text = TEXT_INIT                                            \
	}

/*
 * Opens a file in an open folder and reads it. path is what messages call it,
 * and must outlive the file.
 *
 * TOTPGROUP_ENOTFOUND where there is none. TOTPGROUP_EUNSAFE for a symbolic
 * link, for what is no regular file, belongs to neither root nor the effective
 * user id, may be written by group or others, or is longer than
 * CONFIG_FILE_SIZE_MAX. TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 */
int config_file_read(struct config_file *file, int folder, const char *name, const char *path,
	struct error *error);

/* False where somebody has written to the file since it was read. */
bool config_file_is_unchanged(const struct config_file *file);

void config_file_close(struct config_file *file);

/* Judges an open folder: TOTPGROUP_EUNSAFE where somebody but root and the
 * effective user id could exchange what is in it. */
int config_file_check_folder(int folder, const char *path, struct error *error);

#endif
