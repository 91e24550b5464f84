/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One user's credential, as a command finds it, and what commands do with it. */
#ifndef TOTPGROUP_CLI_USERS_USER_FILE_H
#define TOTPGROUP_CLI_USERS_USER_FILE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/users/host_defaults.h"
#include "core/credential.h"
#include "core/device_change.h"
#include "core/summary.h"
#include "host/user_credential.h"

/* Begins zeroed; ends with user_file_free(). */
struct user_file {
	struct user_credential *credential; /* owned */
	const char *name;		    /* the user's */
	/* Where the credential is, in the store's own words: a path where it has files. NULL
	 * where it was not found. */
	const char *path;
	char *named_path; /* as a flag or HOME says; owned */
	/* See struct user_credential_source; set before finding. */
	bool without_state;
	bool leaves_plain;
};

/* Looks up a user, or the caller where name is NULL. The caller frees *entry, which is NULL
 * after an error. Returns as user_file_find(), but STATUS_NOT_PERMITTED in place of
 * STATUS_USAGE where the caller is not root, so as not to tell who exists. */
enum exit_status user_file_find_user(
	const char *name, struct user_entry **entry, struct error *error);

/*
 * Finds the credential of a user, or of the caller where user is NULL, where a login
 * looks; or, where secret is not NULL, as the module's option secret= would have it (see
 * user_credential_find_for()).
 *
 * With a message in error: STATUS_USAGE where there is no such user, STATUS_NOT_PERMITTED
 * where a caller other than root names another user or where another user owns all
 * secrets, STATUS_STORE_ERROR.
 */
enum exit_status user_file_find(struct user_file *file, const char *user,
	const struct host_defaults *defaults, const char *secret, struct error *error);

/* The same for a user who was looked up already, and whom the caller may name. */
enum exit_status user_file_find_for_entry(struct user_file *file, const struct passwd *entry,
	const struct host_defaults *defaults, const char *secret, struct error *error);

/*
 * The same by google-authenticator's rules: secret is a plain path, and where neither it
 * nor the host's configuration says where, HOME does, if it is a folder of the caller's.
 * Unless quiet is set, the person is told that a login looks elsewhere then.
 */
enum exit_status user_file_find_by_flags(struct user_file *file, const char *user,
	const struct host_defaults *defaults, const char *secret, bool quiet,
	struct error *error);

/* Reads the secret alone, whatever is in it. text must be TEXT_INIT. Errors as
 * user_credential_look(). */
int user_file_read(const struct user_file *file, struct text *text, struct error *error);

/*
 * Reads the secret and its state. record must be STORE_RECORD_INIT, and is the caller's to
 * store_record_free(), also after an error. Errors as user_credential_look().
 *
 * Where the state may not be read by a caller who is not root, *lacks_state is set and the
 * record has the secret alone; it is an error where lacks_state is NULL.
 */
int user_file_look(const struct user_file *file, struct store_record *record, bool *lacks_state,
	struct error *error);

/*
 * Parses a record, and judges whether a login would take it (credential_judge()). The
 * caller frees *parsed, which is NULL after an error; a damaged line is TOTPGROUP_EFORMAT
 * with a message that names the file.
 */
int user_file_judge(const struct user_file *file, const struct store_record *record,
	totpgroup_credential **parsed, struct error *error);

/* The same, but gives the facts at this moment, and no credential. */
int user_file_summarize(const struct user_file *file, const struct store_record *record,
	struct credential_summary *summary, struct error *error);

/* Lets a message about a damaged line name the place. Returns status. */
int user_file_name_in(const struct user_file *file, int status, struct error *error);

/* Looks and judges. */
int user_file_load(const struct user_file *file, totpgroup_credential **parsed,
	bool *lacks_state, struct error *error);

/* Whether the error means that the state is root's and the caller somebody else. */
bool user_file_lacks_state(const struct error *error);

/* As store_create(). */
int user_file_write(const struct user_file *file, const struct text *text, bool replace,
	struct error *error);

/*
 * Reads the secret, and tries what the change would come to, without changing anything.
 * text must be TEXT_INIT, and gets the secret. Returns as user_file_change_device();
 * STATUS_NOT_ENROLLED with TOTPGROUP_ENOTFOUND where there is no file, and
 * STATUS_NOT_PERMITTED where the caller may not change the state.
 */
enum exit_status user_file_try_device(const struct user_file *file,
	const struct device_change *change, struct text *text, struct error *error);

/* Makes the change durable. STATUS_REFUSED or STATUS_NOT_ENROLLED where device_change()
 * has nothing to change; STATUS_STORE_ERROR. */
enum exit_status user_file_change_device(
	const struct user_file *file, const struct device_change *change, struct error *error);

/* The exit status for the result of a change: STATUS_NOT_ENROLLED for TOTPGROUP_ENOTFOUND,
 * STATUS_REFUSED for TOTPGROUP_EARGUMENT, else STATUS_STORE_ERROR or STATUS_DONE. */
enum exit_status user_file_status(int result);

void user_file_free(struct user_file *file);

#endif
