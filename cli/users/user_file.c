/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/user_file.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/configuration.h"
#include "store/parent_folders.h"
#include "totpgroup.h"

static enum exit_status find_account(
	struct user_file *file, const char *user, struct error *error)
{
	const struct passwd *entry;
	enum exit_status status;

	if (user != NULL) {
		errno = 0;
		entry = getpwnam(user);
		if (entry == NULL) {
			error_set(error, TOTPGROUP_ENOTFOUND, "there is no user '%s'", user);
			return STATUS_USAGE;
		}
		if (getuid() != 0 && entry->pw_uid != getuid()) {
			error_set(error, TOTPGROUP_EUNSAFE,
				"only root may do that for another user");
			return STATUS_NOT_PERMITTED;
		}
	}
	status = account_find(&file->account, user);
	if (status != STATUS_DONE)
		error_set(error, TOTPGROUP_ESYSTEM, "cannot be found in the user database");
	return status;
}

/* A caller who is not root has nothing to look for where another user owns all files. */
static bool is_barred(const struct user_file *file, struct error *error)
{
	const struct user_credential *credential = file->credential;

	if (getuid() == 0 || credential->owner == credential->user ||
		credential->owner->pw_uid == getuid())
		return false;
	error_set(error, TOTPGROUP_EUNSAFE,
		"only root may do that: the secrets of this host are kept where users cannot "
		"read them");
	return true;
}

/* Where a login looks, or in the file that was named. */
static enum exit_status find_credential(struct user_file *file,
	const struct host_defaults *defaults, struct user_entry **entry,
	const char *specification, struct error *error)
{
	const struct user_credential_source source = {
		.file = specification, .without_state = file->without_state};
	int status;

	file->credential = calloc(1, sizeof *file->credential);
	if (file->credential == NULL) {
		free(*entry);
		error_set(error, TOTPGROUP_EMEMORY, "out of memory");
		return STATUS_STORE_ERROR;
	}
	status = user_credential_find_for(
		file->credential, &defaults->configuration->options, entry, &source, error);
	if (file->credential->owner != NULL && is_barred(file, error))
		return STATUS_NOT_PERMITTED;
	if (status != 0)
		return STATUS_STORE_ERROR;
	file->path = file->credential->place->name;
	return STATUS_DONE;
}

enum exit_status user_file_find_for_login(struct user_file *file, const char *user,
	const struct host_defaults *defaults, const char *specification, struct error *error)
{
	enum exit_status status = find_account(file, user, error);
	struct user_entry *entry = NULL;
	int result;

	if (status != STATUS_DONE)
		return status;
	result = user == NULL ? user_entry_of_caller(&entry, error)
			      : user_entry_by_name(&entry, user, error);
	if (result == 0 && entry == NULL)
		result = error_set(error, TOTPGROUP_ENOTFOUND, "there is no user '%s'", user);
	if (result != 0)
		return STATUS_STORE_ERROR;
	return find_credential(file, defaults, &entry, specification, error);
}

enum exit_status user_file_find_for_entry(struct user_file *file, const struct passwd *passwd,
	const struct host_defaults *defaults, const char *specification, struct error *error)
{
	enum exit_status status = account_copy(&file->account, passwd);
	struct user_entry *entry = NULL;

	if (status != STATUS_DONE || user_entry_copy(&entry, passwd, error) != 0) {
		error_set(error, TOTPGROUP_EMEMORY, "out of memory");
		return status != STATUS_DONE ? status : STATUS_STORE_ERROR;
	}
	return find_credential(file, defaults, &entry, specification, error);
}

bool user_file_is_in_roots_store(const struct user_file *file)
{
	const struct user_credential *credential = file->credential;

	return geteuid() == 0 && credential->owner->pw_uid == 0 &&
	       credential->owner != credential->user;
}

int user_file_read(const struct user_file *file, struct text *text, struct error *error)
{
	struct store_record record = STORE_RECORD_INIT;
	int status = user_credential_look(file->credential, &record, error);

	/* The secret can be read where the state is root's. */
	if (record.secret.length > 0) {
		*error = (struct error)ERROR_INIT;
		*text = record.secret;
		record.secret = (struct text)TEXT_INIT;
		status = 0;
	}
	store_record_free(&record);
	return status;
}

/* Errors in a line name the file that it is in. */
static int parse_named(const struct user_file *file, const struct store_record *record,
	totpgroup_credential **parsed, struct error *error)
{
	int status = user_credential_parse(file->credential, record, parsed, error);
	const struct error line = *error;

	if (status != 0 && strncmp(line.message, "line ", strlen("line ")) == 0)
		error_set(error, status, "%.150s: %.150s", file->path, line.message);
	return status;
}

int user_file_load(
	const struct user_file *file, totpgroup_credential **parsed, struct error *error)
{
	struct store_record record = STORE_RECORD_INIT;
	int status = user_credential_look(file->credential, &record, error);

	*parsed = NULL;
	if (status == 0)
		status = parse_named(file, &record, parsed, error);
	store_record_free(&record);
	return status;
}

int user_file_make_folders(const struct user_file *file, struct error *error)
{
	return user_file_is_in_roots_store(file) ? parent_folders_make(file->path, error) : 0;
}

int user_file_write(const struct user_file *file, const struct text *text, bool replace,
	struct error *error)
{
	return store_create(file->credential->place, text, replace, error);
}

void user_file_free(struct user_file *file)
{
	if (file->credential != NULL)
		user_credential_free(file->credential);
	free(file->credential);
	account_free(&file->account);
	*file = (struct user_file){.path = NULL};
}
