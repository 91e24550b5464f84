/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whom a bulk run is for, one user after the other: from a group, or from names in a
 * file or on standard input, of which only the next is ever in memory. */
#ifndef TOTPGROUP_CLI_BULK_USERS_H
#define TOTPGROUP_CLI_BULK_USERS_H

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/bulk/options.h"
#include "cli/bulk/signals.h"
#include "cli/commands.h"
#include "cli/users/group_walk.h"

/* The longest name of a user, and a byte more that tells of a longer one. */
#define BULK_NAME_MAX 255

/* Begins zeroed; ends with bulk_users_end(). */
struct bulk_users {
	struct group_walk walk;
	bool is_group;
	const struct bulk_signals *signals;
	const char *source; /* of the names, for messages */
	int file;
	char buffer[4096];
	size_t length;
	size_t at;
	size_t consumed;     /* bytes, with the buffer's */
	size_t size;	     /* of a regular file, else 0 */
	unsigned long given; /* names so far */
	unsigned int line;
	char name[BULK_NAME_MAX + 2];
	bool interrupted;
	bool failed; /* the names could not be read to their end, which was said */
};

struct bulk_user {
	const char *name;	    /* good until the next one */
	const struct passwd *entry; /* the same; NULL: to be looked up */
	bool named;		    /* and not a mere member of the group */
	struct error error;	    /* code is not 0 where the line is no name */
};

/* Opens the source that the options name. Reports what is wrong: STATUS_USAGE,
 * STATUS_NOT_PERMITTED, STATUS_STORE_ERROR. */
enum exit_status bulk_users_begin(struct bulk_users *users, const struct bulk_options *options,
	const struct bulk_signals *signals);

/* Gives the next user; false at the end, and where a signal came. Blank lines and
 * those that begin with # are passed over. */
bool bulk_users_next(struct bulk_users *users, struct bulk_user *user);

/* How much of it is done: from 0 to 1, or negative if nobody knows; done is how many
 * users that is. Of a file that is judged by what has been read of it. */
double bulk_users_fraction(const struct bulk_users *users, unsigned long done);

void bulk_users_end(struct bulk_users *users);

#endif
