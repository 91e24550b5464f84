/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whose credential is made, and acting as that user. */
#ifndef TOTPGROUP_CLI_USERS_ACCOUNT_H
#define TOTPGROUP_CLI_USERS_ACCOUNT_H

#include <pwd.h>
#include <stdbool.h>
#include <sys/types.h>

#include "cli/commands.h"

/* Begins zeroed; ends with account_free(). */
struct account {
	uid_t uid;
	gid_t gid;
	char *name;
	char *home;	/* of the user database; NULL where it has none */
	bool is_caller; /* the uid is the caller's own */
};

/*
 * Finds a user by name, or the caller where user is NULL. Reports what is
 * wrong. STATUS_NOT_PERMITTED where a caller other than root names another
 * user; STATUS_USAGE where there is no such user.
 */
enum exit_status account_find(struct account *account, const char *user);

/* Takes an entry of the user database over. Reports what is wrong. */
enum exit_status account_copy(struct account *account, const struct passwd *entry);

/*
 * Finds the owner of a folder, for a caller who is root. Returns as above,
 * STATUS_NOT_PERMITTED where that uid has no name.
 */
enum exit_status account_find_uid(struct account *account, uid_t uid);

/*
 * Finds the user whose secret it is, and takes on the identity that writes it:
 * the user's own, or that of owner, a name or a number, where that is not
 * NULL. Returns and reports as the functions around.
 */
enum exit_status account_find_and_become(
	struct account *account, const char *user, const char *owner);

/*
 * Takes on the user's identity for good, groups included, and makes sure that
 * the old one cannot be taken back. Nothing happens for the caller. Reports
 * what fails.
 */
enum exit_status account_become(const struct account *account);

void account_free(struct account *account);

#endif
