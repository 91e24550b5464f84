/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Removing a file whose lock is not to be had. */
#ifndef TOTPGROUP_STORE_FORCED_REMOVAL_H
#define TOTPGROUP_STORE_FORCED_REMOVAL_H

#include "base/error.h"
#include "store/dir_entry.h"

/*
 * Removes the place's regular file durably without its lock, and makes sure that it is gone
 * afterwards: a writer that has the lock at that moment may give the old text its name back.
 * It waits for such a writer for LOCKED_FILE_SECONDS at most.
 *
 * TOTPGROUP_ENOTFOUND where there is no file, TOTPGROUP_EUNSAFE where it is no regular file,
 * TOTPGROUP_EBUSY where it is there again and again. Other errors as durable_file_remove().
 */
int forced_removal(const struct dir_entry *place, struct error *error);

#endif
