/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/user_credential.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "core/state.h"
#include "host/path_owner.h"
#include "host/setuid_guard.h"
#include "store/file_store.h"
#include "store/secret_path.h"
#include "totpgroup.h"

/* Root's own files are reached with the rights that root has. Nobody writes to the names, although
 * struct passwd has no const. */
static char root_name[] = "root", root_home[] = "/";
static const struct passwd root = {.pw_name = root_name, .pw_dir = root_home};

int user_credential_find_owner(
	const struct options *options, struct user_entry **owner, struct error *error)
{
	const char *name = options->user;
	int64_t uid;
	int status;

	if (number_parse(name, strlen(name), 0, UINT32_MAX - 1, &uid))
		status = user_entry_by_uid(owner, (uid_t)uid, error);
	else
		status = user_entry_by_name(owner, name, error);
	if (status == 0 && *owner == NULL)
		status = error_set(
			error, TOTPGROUP_ECONFIG, "option user=%s: no such user", name);
	return status;
}

static int find_fixed_owner(struct user_credential *credential, struct error *error)
{
	int status;

	/* The same on every host, so that nothing is looked up. */
	if (strcmp(credential->options->user, root.pw_name) == 0) {
		credential->owner = &root;
		return 0;
	}
	status = user_credential_find_owner(
		credential->options, &credential->owner_entry, error);
	if (status == 0)
		credential->owner = &credential->owner_entry->passwd;
	return status;
}

static int locate_shared(struct user_credential *credential, struct error *error)
{
	const struct store_user user = {credential->name, credential->user};

	return store_locate(credential->shared, &user, &credential->place, error);
}

/* Opens the store and finds the place in it. */
static int locate(struct user_credential *credential, struct file_store_settings *settings,
	struct error *error)
{
	const struct options *options = credential->options;
	const struct store_user user = {credential->name, credential->user};
	int status;

	settings->state = credential->without_state ? NULL : options->state;
	settings->first_seen =
		options->first_seen != NULL ? options->first_seen : OPTIONS_FIRST_SEEN;
	settings->any_owner = options->no_strict_owner;
	settings->allowed_mode = options->allowed_perm;
	credential->is_own_file = settings->own_file;
	settings->seal_key = credential->owner->pw_uid == 0 ? options->seal_key : NULL;
	settings->seals = !credential->leaves_plain;
	settings->make_folders = !settings->own_file && credential->owner->pw_uid == 0;
	/* The groups that are kept are the user's, or those of an owner who is somebody
	 * else. */
	credential->rights = (struct rights){credential->owner,
		credential->owner == credential->user ? &credential->groups
						      : &credential->owner_groups};
	settings->rights = (struct store_rights){rights_perform, &credential->rights};
	status = file_store_open(&credential->store, settings, error);
	if (status == 0)
		status = store_locate(credential->store, &user, &credential->place, error);
	return status;
}

int user_credential_find(struct user_credential *credential, const struct options *options,
	const char *name, struct error *error)
{
	int status = account_index_look_up(
		credential->accounts, &credential->user_entry, name, error);

	credential->options = options;
	credential->name = name;
	if (status != 0)
		return status;
	if (credential->user_entry != NULL) {
		credential->user = credential->owner = &credential->user_entry->passwd;
		credential->name = credential->user->pw_name;
	}
	return options->user != NULL ? find_fixed_owner(credential, error) : 0;
}

int user_credential_locate(struct user_credential *credential, struct error *error)
{
	const struct options *options = credential->options;
	struct file_store_settings settings = {
		.secret = options->secret != NULL ? options->secret : SECRET_PATH_DEFAULT,
		.own_file = options->user == NULL,
		.owner = options->user != NULL ? credential->owner : NULL,
	};

	/* Unknown users have a place, so that they cost the same calls. */
	if (credential->shared != NULL)
		return locate_shared(credential, error);
	return credential->owner != NULL ? locate(credential, &settings, error) : 0;
}

/* Whether the path has the home folder in it: without a home it cannot be expanded. */
static bool is_in_home(const char *path, const char *user)
{
	struct error ignored = ERROR_INIT;
	char *expanded;
	bool in_home = secret_path_expand(path, user, NULL, &expanded, &ignored) != 0;

	free(expanded);
	return in_home;
}

/* Takes the first owner on the path who is not root for the owner of the secret. */
static int find_owner_of_path(
	struct user_credential *credential, const char *path, struct error *error)
{
	const struct passwd *user = credential->user;
	uid_t uid = 0;
	int status = path_owner_find(path, &uid, error);

	credential->owner = &root;
	if (status != 0 || uid == 0)
		return status;
	if (uid == user->pw_uid) {
		credential->owner = user;
		return 0;
	}
	if (user->pw_uid != 0)
		return error_set(error, TOTPGROUP_EUNSAFE,
			"%s: a folder of another user is on the way there", path);
	status = user_entry_by_uid(&credential->owner_entry, uid, error);
	if (status == 0 && credential->owner_entry == NULL)
		status = error_set(error, TOTPGROUP_EUNSAFE,
			"%s: uid %u, which owns a folder on the way there, has no name", path,
			(unsigned int)uid);
	if (status == 0)
		credential->owner = &credential->owner_entry->passwd;
	return status;
}

static int locate_file(struct user_credential *credential,
	const struct user_credential_source *source, struct error *error)
{
	const struct passwd *user = credential->user;
	struct file_store_settings settings = {.secret = source->file,
		.secret_is_literal = source->is_literal,
		.own_file = true};
	char *path = NULL;
	int status = 0;

	if (geteuid() == 0 && !source->is_in_home &&
		(source->is_literal || !is_in_home(source->file, user->pw_name))) {
		if (!source->is_literal)
			status = secret_path_expand(
				source->file, user->pw_name, user->pw_dir, &path, error);
		if (status == 0)
			status = find_owner_of_path(
				credential, source->is_literal ? source->file : path, error);
		free(path);
		settings.own_file = credential->owner->pw_uid != 0;
		settings.owner = credential->owner;
	}
	return status != 0 ? status : locate(credential, &settings, error);
}

int user_credential_find_for(struct user_credential *credential, const struct options *options,
	struct user_entry **entry, const struct user_credential_source *source,
	struct error *error)
{
	credential->options = options;
	credential->user_entry = *entry;
	*entry = NULL;
	credential->user = credential->owner = &credential->user_entry->passwd;
	credential->name = credential->user->pw_name;
	credential->without_state = source != NULL && source->without_state;
	credential->leaves_plain = source != NULL && source->leaves_plain;
	if (source != NULL && source->file != NULL)
		return locate_file(credential, source, error);
	if (options->user != NULL && source != NULL && source->owner != NULL)
		credential->owner = source->owner;
	else if (options->user != NULL && find_fixed_owner(credential, error) != 0)
		return error->code;
	return user_credential_locate(credential, error);
}

bool user_credential_is_roots(const struct user_credential *credential)
{
	if (credential->shared != NULL)
		return true;
	return credential->owner != NULL && credential->owner->pw_uid == 0 &&
	       !credential->options->no_strict_owner;
}

void user_credential_free(struct user_credential *credential)
{
	store_release(credential->place);
	store_close(credential->store);
	user_groups_free(&credential->groups);
	user_groups_free(&credential->owner_groups);
	free(credential->user_entry);
	free(credential->owner_entry);
	*credential = (struct user_credential){.user = NULL};
}

int user_credential_look(const struct user_credential *credential, struct store_record *record,
	struct error *error)
{
	return store_look(credential->place, record, error);
}

int user_credential_parse(const struct user_credential *credential,
	const struct store_record *record, totpgroup_credential **parsed, struct error *error)
{
	bool damaged_state;
	struct error line;
	int status;

	if (!record->apart)
		return credential_load(
			parsed, record->secret.data, record->secret.length, error);
	status = state_apply(&record->secret, &record->state, parsed, &damaged_state, error);
	line = *error;
	/* Messages name the secret's file elsewhere; this line is one of the state's. */
	if (status != 0 && damaged_state)
		error_set(error, line.code,
			"%.150s, %.100s; once it is removed, spent codes are good again",
			credential->place->state_name, line.message);
	return status;
}

int user_credential_create(
	struct user_credential *credential, const struct text *text, struct error *error)
{
	struct setuid_guard guard;
	int status;

	setuid_guard_begin(&guard);
	status = store_create(credential->place, text, false, error);
	setuid_guard_end(&guard);
	return status;
}

void user_credential_apply_options(const struct options *options, struct attempt *attempt)
{
	attempt->grace_period = options->grace_period;
	attempt->disallow_reuse |= options->disallow_reuse;
	attempt->no_skew_adjust |= options->noskewadj;
	attempt->no_increment_hotp |= options->no_increment_hotp;
	attempt->resync_hotp |= options->resync_hotp;
	attempt->blocked_uncounted |= options->strict;
}

int user_credential_change(const struct store_record *record,
	const totpgroup_credential *parsed, struct store_change *change, struct error *error)
{
	int status;

	if (record->apart) {
		status = state_extract(
			&record->secret, &record->state, parsed, &change->state, error);
		change->has_state = change->state.length > 0;
		return status;
	}
	change->has_secret = true;
	status = text_append(&change->secret, parsed->text.data, parsed->text.length);
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}

enum totpgroup_reason user_credential_reason(int status)
{
	switch (status) {
	case TOTPGROUP_EUNSAFE:
	case TOTPGROUP_EFORMAT:
		return TOTPGROUP_REASON_BAD_FILE;
	case TOTPGROUP_ENOTFOUND:
	case TOTPGROUP_EARGUMENT:
		return TOTPGROUP_REASON_NOT_ENROLLED;
	case TOTPGROUP_ECONFIG:
		return TOTPGROUP_REASON_CONFIG_ERROR;
	default:
		return TOTPGROUP_REASON_STORE_ERROR;
	}
}
