/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a file must be like before it is believed. */
#ifndef TOTPGROUP_STORE_FILE_RULES_H
#define TOTPGROUP_STORE_FILE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"
#include "store/dir_entry.h"

/* Which file, and what it must be like. */
struct file_rules {
	const char *path;    /* absolute */
	uid_t owner;	     /* the only owner accepted */
	bool any_owner;	     /* unless this is set */
	mode_t allowed_mode; /* permission bits that may be set, such as 0600 */
	/* The file is the user's own, reached with the user's own rights: a
	 * symbolic link is followed, and what it points to is replaced.
	 * Otherwise a link is refused, and so is a folder that others may write. */
	bool own_file;
	/* An entry beside it, with the folder that was opened and judged for these rules; NULL:
	 * that is still to be done. Not with own_file. */
	const struct dir_entry *beside;
	bool in_place;	       /* it is opened for locked_file_overwrite(), too */
	size_t longest;	       /* bytes that it may have; 0: CREDENTIAL_TEXT_MAX */
	const char *if_empty;  /* what to do about it then; NULL: enroll again */
	const char *if_locked; /* likewise, beside ending who has the lock; or NULL */
};

/* file_rules_judge(): the file has no name any more. It is no error, and error is unchanged. */
#define FILE_REPLACED 1

/* The bytes that the file may have. */
size_t file_rules_longest(const struct file_rules *rules);

/* Judges an open folder, where the rules do not say that the file is the user's
 * own: TOTPGROUP_EUNSAFE where others could exchange the file. TOTPGROUP_ESYSTEM. */
int file_rules_judge_folder(
	const struct file_rules *rules, const struct dir_entry *place, struct error *error);

/* Judges an open file by its status. TOTPGROUP_EUNSAFE, or FILE_REPLACED. */
int file_rules_judge(
	const struct file_rules *rules, const struct stat *status, struct error *error);

/* Says why the file could not be opened, which is in errno. TOTPGROUP_ENOTFOUND,
 * TOTPGROUP_EUNSAFE for a link or what is no file, TOTPGROUP_EBUSY for a lease,
 * TOTPGROUP_ESYSTEM. */
int file_rules_open_failed(const struct file_rules *rules, struct error *error);

#endif
