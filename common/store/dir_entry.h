/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file as an open folder and a name in it, so that its path is resolved
 * once and never again. */
#ifndef TOTPGROUP_STORE_DIR_ENTRY_H
#define TOTPGROUP_STORE_DIR_ENTRY_H

#include <stdbool.h>

#include "base/error.h"

/* Begins as DIR_ENTRY_INIT. */
struct dir_entry {
	int folder;	  /* opened with O_PATH */
	char *name;	  /* without a slash */
	const char *path; /* as it was asked for, for messages; not owned */
	bool is_lent;	  /* the folder is another entry's, which closes it */
};

#define DIR_ENTRY_INIT                                                                         \
	{                                                                                      \
		-1, NULL, NULL, false                                                          \
	}

/* Whether two paths name files of the same folder, letter by letter. */
bool dir_entry_is_beside(const char *path, const char *other);

/*
 * Opens the folder of an absolute path, which must outlive the place. Links among the
 * folders are followed; a link at the end is not: it is what the place names.
 *
 * TOTPGROUP_ENOTFOUND where a folder does not exist, TOTPGROUP_EUNSAFE for a
 * relative path or one that ends in no name, TOTPGROUP_ESYSTEM,
 * TOTPGROUP_EMEMORY. The caller ends the place with dir_entry_close(), after
 * an error too.
 */
int dir_entry_open(struct dir_entry *place, const char *path, struct error *error);

/* The same for a path beside that of an entry which is open, and outlives this one: its folder
 * is used, whatever the path leads to by now. */
int dir_entry_open_beside(struct dir_entry *place, const struct dir_entry *other,
	const char *path, struct error *error);

/* Follows a symbolic link at the end, through any number of links that the kernel would
 * follow too, to the folder of what it names, which need not exist. Nothing is done where
 * it is no link. Errors as dir_entry_open(). */
int dir_entry_follow(struct dir_entry *place, struct error *error);

/* Closes and frees; the place is DIR_ENTRY_INIT again. */
void dir_entry_close(struct dir_entry *place);

#endif
