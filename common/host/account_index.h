/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Where in /etc/passwd each account stands, so that a process that looks up many of them does not
 * read half of a long file for each.
 *
 * No account is kept. A lookup reads the account's line from the file as it is at that moment. The
 * index tells only where to look, and only as long as the file is the one that it was made from: the
 * same inode with the same size and times, of which ctime changes with every change and cannot be
 * set. A file that was changed within the last seconds could be changed again without a new time,
 * and is not indexed. NSS is asked as ever where the line is not the expected one, where the index
 * has no account of that name, and where files are not the first source of accounts.
 */
#ifndef TOTPGROUP_HOST_ACCOUNT_INDEX_H
#define TOTPGROUP_HOST_ACCOUNT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "host/user_entry.h"

/* Bytes. A shorter file is not indexed: to read it takes no longer than to make an index. */
#define ACCOUNT_INDEX_SHORTEST 65536

/* Begins as ACCOUNT_INDEX_INIT; ends with account_index_free(). For one thread at a time. */
struct account_index {
	const char *passwd;
	const char *sources;
	/* What it was made from. */
	struct stat passwd_file;
	struct stat sources_file;
	struct account_slot *slots; /* NULL: there is none */
	size_t room;		    /* slots: a power of two */
};

#define ACCOUNT_INDEX_INIT                                                                     \
	{                                                                                      \
		.passwd = "/etc/passwd", .sources = "/etc/nsswitch.conf"                       \
	}

/* Looks up a user as user_entry_by_name() does. index may be NULL. */
int account_index_look_up(struct account_index *index, struct user_entry **entry,
	const char *name, struct error *error);

/* Finds the account by the index alone; NULL where NSS is to be asked. The caller frees it. */
struct user_entry *account_index_find(struct account_index *index, const char *name);

void account_index_free(struct account_index *index);

#endif
