/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that decide who is let in, and the folders that hold them: nobody but root
 * may be able to change them. */
#ifndef TOTPGROUP_CONFIG_CONFIG_FILE_H
#define TOTPGROUP_CONFIG_CONFIG_FILE_H

#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

/* Nobody writes a longer configuration file by hand. */
#define CONFIG_FILE_SIZE_MAX 65536

/* More drop-ins are a mistake. */
#define CONFIG_DROP_INS_MAX 64

/*
 * Reads a file of an open folder into text, which must be TEXT_INIT. Messages call
 * the file `path`. The caller frees text, after an error too.
 *
 * TOTPGROUP_ENOTFOUND where there is no such file. TOTPGROUP_EUNSAFE for a symbolic
 * link, for anything but a regular file, for a file that belongs to neither root nor
 * the effective user id, that group or others may write, or that is longer than
 * CONFIG_FILE_SIZE_MAX. TOTPGROUP_ECONFIG where it changed meanwhile.
 * TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 */
int config_file_read(
	struct text *text, int folder, const char *name, const char *path, struct error *error);

/* TOTPGROUP_EUNSAFE where somebody but root and the effective user id could exchange
 * the files of an open folder; TOTPGROUP_ESYSTEM. */
int config_file_check_folder(int folder, const char *path, struct error *error);

/* The drop-ins of a configuration file: the files of the folder beside it. Begins as
 * CONFIG_DROP_INS_INIT, ends with config_drop_ins_close(). */
struct config_drop_ins {
	int folder; /* -1 where there is none */
	size_t count;
	char *names[CONFIG_DROP_INS_MAX]; /* sorted by their bytes */
};

#define CONFIG_DROP_INS_INIT                                                                   \
	{                                                                                      \
		.folder = -1                                                                   \
	}

/*
 * Opens the folder `name` of an open folder, and lists its files that end in .conf
 * and do not begin with a dot. A missing folder is no error. Messages call it `path`.
 *
 * TOTPGROUP_EUNSAFE for a symbolic link, for anything but a folder, for a folder that
 * config_file_check_folder() refuses, and for more than CONFIG_DROP_INS_MAX files;
 * TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 */
int config_drop_ins_open(struct config_drop_ins *drop_ins, int parent, const char *name,
	const char *path, struct error *error);

void config_drop_ins_close(struct config_drop_ins *drop_ins);

#endif
