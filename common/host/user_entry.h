/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A user as the system's user database has him, through NSS. */
#ifndef TOTPGROUP_HOST_USER_ENTRY_H
#define TOTPGROUP_HOST_USER_ENTRY_H

#include <pwd.h>

#include "base/error.h"

/* Owned by the caller who looked it up, and freed with free(). */
struct user_entry {
	struct passwd passwd;
	char strings[]; /* what passwd points to */
};

/*
 * Looks a user up by name, or by uid. *entry is NULL with 0 where the database
 * positively does not know him, and with TOTPGROUP_ESYSTEM or TOTPGROUP_EMEMORY
 * where it could not be asked. Thread-safe, and as slow as the host's
 * directory.
 */
int user_entry_by_name(struct user_entry **entry, const char *name, struct error *error);
int user_entry_by_uid(struct user_entry **entry, uid_t uid, struct error *error);

/* The user who runs the process. A uid that the database does not know can still have a
 * file: it is called by its number, and has no home (pw_dir is NULL). Returns as above, and
 * *entry is never NULL with 0. */
int user_entry_of_caller(struct user_entry **entry, struct error *error);

/* Copies an entry. TOTPGROUP_EMEMORY. */
int user_entry_copy(struct user_entry **copy, const struct passwd *entry, struct error *error);

#endif
