/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The credential file of one user of several, reached with the identity that
 * it belongs to: a child process takes that on, so that this one keeps its
 * own for the next user.
 */
#ifndef TOTPGROUP_CLI_USERS_USER_FILE_H
#define TOTPGROUP_CLI_USERS_USER_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/users/account.h"
#include "cli/users/host_defaults.h"
#include "store/credential_place.h"

/* Begins zeroed; ends with user_file_free(). */
struct user_file {
	struct account account; /* whose it is */
	char *path;
	/* To be reached as that user; otherwise as the caller, who is root, in
	 * folders of root. */
	bool as_user;
	/* To be reached as `owner`, in folders that are not the user's. */
	bool as_owner;
	struct account owner;
	/* What is right there is what a login takes: these modes, any owner, and
	 * for root a link as for anybody. */
	bool as_login;
	mode_t allowed_mode;
	bool any_owner;
};

/*
 * Finds the file of a user, or of the caller where user is NULL, where a login looks:
 * as the host's configuration says, with the rights, the owner and the modes that it
 * says; or, where specification is not NULL, as the module's option secret= has it.
 * By that root acts as the user wherever the home folder is part of the path or any
 * folder of it is the user's; a folder of anybody else is refused.
 *
 * STATUS_NOT_PERMITTED where a caller other than root names another user, or where the
 * file is not the caller's own, STATUS_USAGE where there is no such user,
 * STATUS_STORE_ERROR; with a message in error.
 */
enum exit_status user_file_find_for_login(struct user_file *file, const char *user,
	const struct host_defaults *defaults, const char *specification, struct error *error);

/* The same for a user who was looked up already, and whom the caller, root or that
 * user, may name. */
enum exit_status user_file_find_for_entry(struct user_file *file, const struct passwd *entry,
	const struct host_defaults *defaults, const char *specification, struct error *error);

/* Whether the file is reached with the rights that the caller has anyway. */
bool user_file_is_callers(const struct user_file *file);

/*
 * The file as a place whose rights are taken on by a process of its own, so that this
 * one keeps its rights. Signals that end the process do not end the work. It is good
 * for as long as the file is; the caller sets its state where that is kept apart.
 */
struct credential_place user_file_place(const struct user_file *file);

/* As file_store_look(), with the mode 0600 or less. */
int user_file_read(const struct user_file *file, struct text *text, struct error *error);

/* Makes the folders that the file lies in, with mode 0700, where user_file_write() would:
 * those of root's own store. To be called by whoever writes there. Errors as
 * parent_folders_make(). */
int user_file_make_folders(const struct user_file *file, struct error *error);

/* As file_store_create(), with the mode 0400. Where a login looks in folders of
 * root's those that are missing are made, with the mode 0700. Signals that end the
 * process do not end the child. */
int user_file_write(const struct user_file *file, const struct text *text, bool replace,
	struct error *error);

void user_file_free(struct user_file *file);

#endif
