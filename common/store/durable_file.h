/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Putting a whole file in place so that a power cut leaves the old one or
 * the new one, and after success the new one. */
#ifndef TOTPGROUP_STORE_DURABLE_FILE_H
#define TOTPGROUP_STORE_DURABLE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"
#include "store/dir_entry.h"

/* What the new file is to be like. */
struct durable_file {
	mode_t mode;
	int previous;	/* the file that it replaces, for its security label; or -1 */
	bool exclusive; /* fail with TOTPGROUP_ECONFLICT where a file is there */
	/* Where not NULL, the new file stays open and locked after success: the caller's
	 * to unlock and close. */
	int *kept;
};

/*
 * Writes text to a temporary file in the place's folder, syncs it, renames it
 * to the place's name, and syncs the folder. Unless exclusive is set, the
 * caller holds the lock of the file that is being replaced, and temporary
 * files that dead processes left there for this name are removed first. The
 * new file is locked from before it is visible until all is durable, so
 * that a process which waits for the lock waits for that too.
 *
 * TOTPGROUP_EUNWRITABLE (EROFS, EACCES, EPERM, ENOSPC, EDQUOT): nothing has
 * changed. TOTPGROUP_ESYSTEM: the old file or the new one stands.
 */
int durable_file_put(const struct dir_entry *place, const struct durable_file *file,
	const struct text *text, struct error *error);

/*
 * Removes the place's file and temporary files that dead processes left there
 * for its name, and syncs the folder. file is that file, open and locked.
 * Returns as durable_file_put(), and TOTPGROUP_ENOTFOUND where it is gone.
 */
int durable_file_remove(const struct dir_entry *place, int file, struct error *error);

#endif
