/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/user_file.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/ui/terminal.h"
#include "config/configuration.h"
#include "core/judge.h"
#include "message/translate.h"
#include "store/secret_path.h"
#include "totpgroup.h"

static enum exit_status find_entry(
	const char *user, struct user_entry **entry, struct error *error)
{
	int status = user == NULL ? user_entry_of_caller(entry, error)
				  : user_entry_by_name(entry, user, error);

	if (status != 0)
		return STATUS_STORE_ERROR;
	if (*entry == NULL) {
		error_set(error, TOTPGROUP_ENOTFOUND, translate("there is no user '%s'"), user);
		return STATUS_USAGE;
	}
	if (getuid() == 0 || (*entry)->passwd.pw_uid == getuid())
		return STATUS_DONE;
	free(*entry);
	*entry = NULL;
	error_set(
		error, TOTPGROUP_EUNSAFE, translate("only root may do that for another user"));
	return STATUS_NOT_PERMITTED;
}

enum exit_status user_file_find_user(
	const char *name, struct user_entry **entry, struct error *error)
{
	enum exit_status status = find_entry(name, entry, error);

	if (status != STATUS_USAGE || getuid() == 0)
		return status;
	error_set(
		error, TOTPGROUP_EUNSAFE, translate("only root may do that for another user"));
	return STATUS_NOT_PERMITTED;
}

/* Whether another user owns all secrets, and the caller is neither that user nor root. */
static bool is_barred(const struct user_credential *credential, struct error *error)
{
	if (getuid() == 0 || credential->owner == NULL ||
		credential->owner == credential->user || credential->owner->pw_uid == getuid())
		return false;
	error_set(error, TOTPGROUP_EUNSAFE,
		translate("only root may do that: the secrets of this host are kept where "
			  "users cannot "
			  "read them; ask an administrator"));
	return true;
}

/* Takes the entry over. */
static enum exit_status find_credential(struct user_file *file,
	const struct host_defaults *defaults, struct user_entry *entry,
	const struct user_credential_source *source, struct error *error)
{
	struct user_credential_source owned = *source;
	struct store *shared = NULL;
	enum exit_status found = STATUS_DONE;
	int status;

	/* --secret names a file, whatever store the configuration has. */
	if (source->file == NULL)
		found = host_defaults_store(defaults, &shared, error);
	if (found != STATUS_DONE) {
		free(entry);
		return found;
	}
	file->credential = calloc(1, sizeof *file->credential);
	if (file->credential == NULL) {
		free(entry);
		error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
		return STATUS_STORE_ERROR;
	}
	file->credential->shared = shared;
	owned.owner = defaults->owner != NULL ? &defaults->owner->passwd : NULL;
	status = user_credential_find_for(
		file->credential, &defaults->configuration->options, &entry, &owned, error);
	file->name = file->credential->name;
	if (is_barred(file->credential, error))
		return STATUS_NOT_PERMITTED;
	if (status != 0)
		return STATUS_STORE_ERROR;
	file->path = file->credential->place->name;
	return STATUS_DONE;
}

enum exit_status user_file_find(struct user_file *file, const char *user,
	const struct host_defaults *defaults, const char *secret, struct error *error)
{
	const struct user_credential_source source = {.file = secret,
		.without_state = file->without_state,
		.leaves_plain = file->leaves_plain};
	struct user_entry *entry = NULL;
	enum exit_status status = find_entry(user, &entry, error);

	return status == STATUS_DONE ? find_credential(file, defaults, entry, &source, error)
				     : status;
}

enum exit_status user_file_find_for_entry(struct user_file *file, const struct passwd *passwd,
	const struct host_defaults *defaults, const char *secret, struct error *error)
{
	const struct user_credential_source source = {.file = secret};
	struct user_entry *entry = NULL;

	return user_entry_copy(&entry, passwd, error) == 0
		       ? find_credential(file, defaults, entry, &source, error)
		       : STATUS_STORE_ERROR;
}

static bool is_same_folder(const struct stat *folder, const char *other)
{
	struct stat status;

	return other != NULL && stat(other, &status) == 0 && status.st_dev == folder->st_dev &&
	       status.st_ino == folder->st_ino;
}

/* HOME, where it can be believed: under sudo it may well be another user's. NULL where the
 * user database's folder is to be used. */
static const char *home_from_environment(const struct passwd *user)
{
	const char *home = user->pw_uid == getuid() ? getenv("HOME") : NULL;
	struct stat status;

	if (home == NULL || home[0] != '/' || stat(home, &status) != 0 ||
		!S_ISDIR(status.st_mode))
		return NULL;
	if (status.st_uid != user->pw_uid || is_same_folder(&status, user->pw_dir))
		return NULL;
	return home;
}

static int make_absolute(const char *path, char **absolute, struct error *error)
{
	char *folder = path[0] == '/' ? strdup("") : getcwd(NULL, 0);
	int length;

	if (folder == NULL)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, translate("cannot tell the current folder"));
	length = asprintf(absolute, "%s%s%s", strcmp(folder, "/") == 0 ? "" : folder,
		path[0] == '/' ? "" : "/", path);
	free(folder);
	if (length >= 0)
		return 0;
	*absolute = NULL;
	return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
}

/* The path that a flag or HOME names; NULL where neither does. */
static int find_named_path(struct user_file *file, const struct passwd *user,
	const struct host_defaults *defaults, const char *secret, bool quiet,
	struct error *error)
{
	const char *home;

	if (secret != NULL)
		return make_absolute(secret, &file->named_path, error);
	if (defaults->secret != NULL || options_is_shared(&defaults->configuration->options))
		return 0;
	home = home_from_environment(user);
	if (home == NULL && user->pw_dir == NULL)
		return error_set(error, TOTPGROUP_EARGUMENT,
			translate("%s has no home folder; name a file with --secret"),
			user->pw_name);
	if (home == NULL)
		return 0;
	if (secret_path_expand(
		    SECRET_PATH_DEFAULT, user->pw_name, home, &file->named_path, error) != 0)
		return error->code;
	if (!quiet)
		terminal_complain("HOME says that the file is %s; a login looks in %s",
			file->named_path, user->pw_dir != NULL ? user->pw_dir : "no folder");
	return 0;
}

enum exit_status user_file_find_by_flags(struct user_file *file, const char *user,
	const struct host_defaults *defaults, const char *secret, bool quiet,
	struct error *error)
{
	struct user_credential_source source = {.is_literal = true,
		.without_state = file->without_state,
		.leaves_plain = file->leaves_plain};
	struct user_entry *entry = NULL;
	enum exit_status status = user_file_find_user(user, &entry, error);

	if (status != STATUS_DONE)
		return status;
	if (find_named_path(file, &entry->passwd, defaults, secret, quiet, error) != 0) {
		free(entry);
		return STATUS_STORE_ERROR;
	}
	source.file = file->named_path;
	source.is_in_home = secret == NULL;
	return find_credential(file, defaults, entry, &source, error);
}

int user_file_read(const struct user_file *file, struct text *text, struct error *error)
{
	struct store_record record = STORE_RECORD_INIT;
	int status = user_credential_look(file->credential, &record, error);

	/* The secret can be read where the state is root's, or damaged. */
	if (record.secret.length > 0) {
		*error = (struct error)ERROR_INIT;
		*text = record.secret;
		record.secret = (struct text)TEXT_INIT;
		status = 0;
	}
	store_record_free(&record);
	return status;
}

static int name_file(const char *path, int status, struct error *error)
{
	const struct error line = *error;

	if (status == TOTPGROUP_EFORMAT && line.message[0] != '/')
		error_set(error, status, "%.150s, %.150s", path, line.message);
	return status;
}

int user_file_name_in(const struct user_file *file, int status, struct error *error)
{
	return name_file(file->path, status, error);
}

bool user_file_lacks_state(const struct error *error)
{
	return getuid() != 0 && error->system_error == EACCES;
}

int user_file_look(const struct user_file *file, struct store_record *record, bool *lacks_state,
	struct error *error)
{
	int status = user_credential_look(file->credential, record, error);

	if (lacks_state == NULL)
		return status;
	*lacks_state = status != 0 && record->secret.length > 0 && user_file_lacks_state(error);
	if (!*lacks_state)
		return status;
	*error = (struct error)ERROR_INIT;
	record->apart = false;
	return 0;
}

int user_file_judge(const struct user_file *file, const struct store_record *record,
	totpgroup_credential **parsed, struct error *error)
{
	int status = user_credential_parse(file->credential, record, parsed, error);

	if (status == 0)
		status = credential_judge(*parsed, error);
	if (status == 0)
		return 0;
	totpgroup_credential_free(*parsed);
	*parsed = NULL;
	return user_file_name_in(file, status, error);
}

int user_file_summarize(const struct user_file *file, const struct store_record *record,
	struct credential_summary *summary, struct error *error)
{
	totpgroup_credential *parsed = NULL;
	int status = user_credential_parse(file->credential, record, &parsed, error);

	/* A store that hosts share has a clock of its own. */
	if (status == 0)
		status = credential_summarize(parsed,
			record->now > 0 ? record->now : (int64_t)time(NULL), summary, error);
	totpgroup_credential_free(parsed);
	return user_file_name_in(file, status, error);
}

int user_file_load(const struct user_file *file, totpgroup_credential **parsed,
	bool *lacks_state, struct error *error)
{
	struct store_record record = STORE_RECORD_INIT;
	int status = user_file_look(file, &record, lacks_state, error);

	*parsed = NULL;
	if (status == 0)
		status = user_file_judge(file, &record, parsed, error);
	store_record_free(&record);
	return user_file_name_in(file, status, error);
}

int user_file_write(const struct user_file *file, const struct text *text, bool replace,
	struct error *error)
{
	return store_create(file->credential->place, text, replace, error);
}

enum exit_status user_file_status(int result)
{
	switch (result) {
	case 0:
		return STATUS_DONE;
	case TOTPGROUP_ENOTFOUND:
		return STATUS_NOT_ENROLLED;
	case TOTPGROUP_EARGUMENT:
		return STATUS_REFUSED;
	default:
		return STATUS_STORE_ERROR;
	}
}

/* One change of a device on its way. */
struct changing {
	const struct user_file *file;
	const struct device_change *change;
};

/* For store_transact(): the texts after the change. */
static int change_record(const struct store_record *record, void *argument,
	struct store_change *change, struct error *error)
{
	const struct changing *changing = argument;
	const struct store_place *place = changing->file->credential->place;
	bool damaged_state = false;
	int status = device_change(changing->change, &record->secret,
		record->apart ? &record->state : NULL, &change->secret, &change->state,
		&damaged_state, error);

	change->has_secret = true;
	change->has_state = record->apart;
	return name_file(damaged_state ? place->state_name : place->name, status, error);
}

static int refuse_without_state(const struct user_file *file, struct error *error)
{
	return error_set(error, TOTPGROUP_EUNSAFE,
		translate("%.200s: the state of codes is kept here, and you may not change it; "
			  "ask the "
			  "administrator"),
		file->credential->place->state_name);
}

enum exit_status user_file_try_device(const struct user_file *file,
	const struct device_change *change, struct text *text, struct error *error)
{
	struct changing changing = {file, change};
	struct store_record record = STORE_RECORD_INIT;
	struct store_change next = STORE_CHANGE_INIT;
	totpgroup_credential *parsed = NULL;
	bool lacks_state;
	int result = user_file_look(file, &record, &lacks_state, error);

	if (result == TOTPGROUP_ENOTFOUND)
		error_set(error, result, translate("not enrolled: there is no %s"), file->path);
	if (result == 0)
		result = user_file_judge(file, &record, &parsed, error);
	totpgroup_credential_free(parsed);
	/* The state has what was spent, so a device cannot be changed without it. */
	if (result == 0 && lacks_state)
		result = refuse_without_state(file, error);
	else if (result == 0)
		result = change_record(&record, &changing, &next, error);
	*text = record.secret;
	record.secret = (struct text)TEXT_INIT;
	store_change_free(&next);
	store_record_free(&record);
	return lacks_state ? STATUS_NOT_PERMITTED : user_file_status(result);
}

enum exit_status user_file_change_device(
	const struct user_file *file, const struct device_change *change, struct error *error)
{
	struct changing changing = {file, change};

	return user_file_status(
		store_transact(file->credential->place, change_record, &changing, error));
}

void user_file_free(struct user_file *file)
{
	if (file->credential != NULL)
		user_credential_free(file->credential);
	free(file->credential);
	free(file->named_path);
	*file = (struct user_file){.path = NULL};
}
