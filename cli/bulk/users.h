/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The users of a run of bulk.h, one after the other, from a group or from a list of names.
 * Memory does not grow with their number. */
#ifndef TOTPGROUP_CLI_BULK_USERS_H
#define TOTPGROUP_CLI_BULK_USERS_H

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/users/group_walk.h"

struct bulk_run;
struct bulk_signals;

#define BULK_NAME_MAX	   255 /* bytes of a user's name */
#define BULK_FULL_NAME_MAX 127 /* of a full name in a letter; the rest is cut off */
#define BULK_LINE_MAX	   1023

/* Begins zeroed; ends with bulk_users_end(). */
struct bulk_users {
	struct group_walk walk;
	bool is_group;
	size_t total; /* the members of the group; 0 for a list of names */
	const struct bulk_signals *signals;
	const char *source; /* of the names, for messages */
	int file;
	char buffer[4096];
	size_t length;
	size_t at;
	size_t consumed;     /* bytes read from the file, with those in the buffer */
	size_t size;	     /* of a regular file, else 0 */
	unsigned long given; /* names so far */
	unsigned int line;
	char row[BULK_LINE_MAX + 2]; /* one byte more shows that a line is too long */
	char full_name[BULK_FULL_NAME_MAX + 1];
	bool interrupted; /* by a signal */
	bool failed;	  /* the names could not be read to the end; reported */
};

struct bulk_user {
	const char *name;	    /* good until the next user */
	const char *full_name;	    /* likewise; NULL where the list has none */
	const struct passwd *entry; /* likewise; NULL: not looked up yet */
	bool named;		    /* by the list, and not a mere member of the group */
	struct error error;	    /* its code is not 0 where the line is no name */
};

/* Opens the source that the options name. Reports what is wrong: STATUS_USAGE,
 * STATUS_NOT_PERMITTED, STATUS_STORE_ERROR. */
enum exit_status bulk_users_begin(struct bulk_run *run);

/* Gives the next user; false at the end, and where a signal came. Skips blank lines and
 * lines that begin with #. Behind the name a line may have a comma, a semicolon or a tab and the
 * full name, in quotes if need be (exchange/csv_text.h). */
bool bulk_users_next(struct bulk_users *users, struct bulk_user *user);

/* How much of the work is done once `done` users are: from 0 to 1, or negative where that
 * is unknown. For a file it is judged by the bytes that were read. */
double bulk_users_fraction(const struct bulk_users *users, unsigned long done);

void bulk_users_end(struct bulk_users *users);

/* Copies the full name of an entry of the user database: the first field of pw_gecos, in which &
 * is the login name with a capital. */
void bulk_full_name(const struct passwd *entry, char name[BULK_FULL_NAME_MAX + 1]);

#endif
