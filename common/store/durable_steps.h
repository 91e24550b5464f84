/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The steps of putting a file in place durably, for durable_file.c, which does it
 * for one, and file_batch.c, which does it for many. */
#ifndef TOTPGROUP_STORE_DURABLE_STEPS_H
#define TOTPGROUP_STORE_DURABLE_STEPS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

/* Temporary names are the file's own with "~" and six letters or digits, as
 * google-authenticator's are. What a person may have called a copy, such as
 * ~backup, ~Backup or ~231120, is not taken for one: somewhere behind the first
 * of the six there is a capital letter, and not all of them are capitals. */
#define DURABLE_SUFFIX_LENGTH 6

/* Whether those are six such letters and digits, and nothing behind them. */
bool durable_is_suffix(const char *suffix);

/* Reports that errno kept us from doing something with a path. TOTPGROUP_EUNWRITABLE (EROFS,
 * EACCES, EPERM, ENOSPC, EDQUOT) or TOTPGROUP_ESYSTEM. */
int durable_write_failed(struct error *error, const char *what, const char *path);

/* All below return 0, or -1 with errno. */

int durable_draw_suffix(char suffix[DURABLE_SUFFIX_LENGTH + 1]);

/* ENAMETOOLONG where the name is too long to have one. */
int durable_temporary_name(const char *file, const char *suffix, char name[NAME_MAX + 1]);

/* Writes all of the text to an open file. */
int durable_write_all(int file, const struct text *text);

/*
 * Overwrites a part of an open file, whose blocks are all there, and makes that durable. One
 * system call writes and syncs, so that no end of the process comes between: what a later
 * process reads is on the disk. EOPNOTSUPP where the file system cannot do that, and nothing
 * is changed. After any other failure the part may be old, new or torn; it is dropped from
 * the page cache, where a failed sync leaves it as if it were written.
 */
int durable_overwrite(int file, const char *bytes, size_t length, off_t offset);

/* Renames a file, perhaps into another folder; EEXIST, with both files as they were,
 * where there is one of that name. */
int durable_name_exclusively(int from, const char *temporary, int folder, const char *name);

/* Makes renames in a folder durable. A folder that may be entered but not read
 * (folder is negative), or a file system that cannot sync folders, is synced as a
 * whole, by a file that is open in it. */
int durable_sync_folder(int folder, int file);

#endif
