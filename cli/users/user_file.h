/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One user's credential, as a command finds it. */
#ifndef TOTPGROUP_CLI_USERS_USER_FILE_H
#define TOTPGROUP_CLI_USERS_USER_FILE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/users/account.h"
#include "cli/users/host_defaults.h"
#include "host/user_credential.h"

/* Begins zeroed; ends with user_file_free(). */
struct user_file {
	struct account account;		    /* whose it is */
	struct user_credential *credential; /* owned */
	const char *path;		    /* the credential's */
	bool without_state; /* see struct user_credential_source; set before finding */
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

/* Whether the caller is root and the file lies in folders of root's, apart from homes. */
bool user_file_is_in_roots_store(const struct user_file *file);

/* Reads the secret alone. text must be TEXT_INIT. Errors as user_credential_look(). */
int user_file_read(const struct user_file *file, struct text *text, struct error *error);

/*
 * Reads the credential together with its state. The caller frees *parsed, which is NULL
 * after an error; a damaged line is TOTPGROUP_EFORMAT with a message that names the file.
 */
int user_file_load(
	const struct user_file *file, totpgroup_credential **parsed, struct error *error);

/* Makes the folders that the file lies in, with mode 0700, where store_create() would:
 * those of root's own store. Errors as parent_folders_make(). */
int user_file_make_folders(const struct user_file *file, struct error *error);

/* As store_create(). */
int user_file_write(const struct user_file *file, const struct text *text, bool replace,
	struct error *error);

void user_file_free(struct user_file *file);

#endif
