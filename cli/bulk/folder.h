/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The folder that a bulk run writes letters into, opened once; everything in it is
 * reached through it. */
#ifndef TOTPGROUP_CLI_BULK_FOLDER_H
#define TOTPGROUP_CLI_BULK_FOLDER_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

/* What is not finished lies in this folder in it. No user is called so. */
#define BULK_STAGING ".totp-enroll-bulk"

/* Begins as BULK_FOLDER_INIT, ends with bulk_folder_close(). */
struct bulk_folder {
	const char *path; /* for messages; not owned */
	int descriptor;
	int staging; /* or -1 */
};

#define BULK_FOLDER_INIT                                                                       \
	{                                                                                      \
		.descriptor = -1, .staging = -1                                                \
	}

/*
 * Opens the folder, which is made where it is missing, with mode 0700; unless make is
 * false: TOTPGROUP_ENOTFOUND then. It is locked, so that one run at a time writes
 * there: TOTPGROUP_EBUSY. TOTPGROUP_EUNSAFE where it is a link or no folder, belongs
 * to another, or others may do anything with it; TOTPGROUP_ESYSTEM.
 */
int bulk_folder_open(
	struct bulk_folder *folder, const char *path, bool make, struct error *error);

/* Says on standard error where it had better not be: in a web root, or in a folder
 * that others may read. */
void bulk_folder_warn(const struct bulk_folder *folder);

/* Opens the folder of what is not finished; with make, makes it where it is missing.
 * Otherwise TOTPGROUP_ENOTFOUND. */
int bulk_folder_open_staging(struct bulk_folder *folder, bool make, struct error *error);

/* Empties that folder; with remove it goes, too. */
int bulk_folder_clear_staging(struct bulk_folder *folder, bool remove, struct error *error);

/* Writes a new file with mode 0600. */
int bulk_folder_write(const struct bulk_folder *folder, int where, const char *name,
	const struct text *text, struct error *error);

/* Makes all that was written so far durable: the whole file system, in one wait. */
int bulk_folder_sync(const struct bulk_folder *folder, struct error *error);

void bulk_folder_close(struct bulk_folder *folder);

#endif
