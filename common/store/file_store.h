/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The store of files: each user's secret in a file, and the state in the same file or,
 * where a path for it is given, in a file of its own.
 *
 * The secret's file is reached with the rights of its owner. A separate state is reached
 * with the caller's own: the file belongs to the caller, has mode 0600 and lies in a
 * folder that nobody else may write; where it is missing the state is empty, and the file
 * and its folders are made when there is something to lock.
 */
#ifndef TOTPGROUP_STORE_FILE_STORE_H
#define TOTPGROUP_STORE_FILE_STORE_H

#include "store/store.h"

/* Strings are not copied: they must outlive the store. */
struct file_store_settings {
	const char *secret;	/* path as in the option secret=, or a literal path */
	bool secret_is_literal; /* ~ and ${...} in secret are not expanded */
	const char *state;	/* path as in the option state=; NULL: in the secret's file */
	const char *first_seen; /* path as in the option first_seen= */
	/* Who owns all secrets; NULL where each user owns hers. */
	const struct passwd *owner;
	/* The file is reached with its owner's rights, and a symbolic link is followed.
	 * Otherwise a link is refused, and so is a folder that others may write. */
	bool own_file;
	bool any_owner;	      /* accept files of any owner */
	mode_t allowed_mode;  /* permission bits that a file may have, such as 0600 */
	bool make_folders;    /* create missing folders, with mode 0700, for a new secret */
	const char *seal_key; /* the file of the keys that open what is sealed; or NULL */
	bool seals;	      /* seal what is written */
	struct store_rights rights; /* perform is NULL where the caller's own rights do */
};

/* The caller ends *store, which is NULL after an error, with store_close().
 * TOTPGROUP_EMEMORY. */
int file_store_open(
	struct store **store, const struct file_store_settings *settings, struct error *error);

#endif
