/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/file_store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/file_place.h"
#include "store/first_seen.h"
#include "store/locked_file.h"
#include "store/parent_folders.h"
#include "store/sealing.h"
#include "store/secret_path.h"
#include "store/state_file.h"
#include "totpgroup.h"

/* A secret is not replaced without its lock: a login that writes at that moment could bring the
 * old one back, and the new one would be nobody's. A removal can be looked at afterwards. */
#define IF_LOCKED "; root's totp-enroll revoke needs no lock"

struct store_token {
	struct locked_file *file; /* the secret's, where it holds the state */
	struct state_file *state; /* where that is apart; NULL: unwritable */
	struct error unwritable;  /* why there is no file for the state */
};

int file_place_with_rights(
	struct file_place *place, store_task *task, void *argument, struct error *error)
{
	const struct store_rights *rights = &settings_of(&place->place)->rights;

	if (rights->perform == NULL)
		return task(argument, error);
	return rights->perform(rights->context, task, argument, error);
}

static void close_store(struct store *store)
{
	free(store);
}

static void release(struct store_place *place)
{
	struct file_place *file = file_place_of(place);

	sealing_forget(&file->sealing);
	free(file->path);
	free(file->state_path);
	free(file);
}

static int find_paths(const struct file_store_settings *settings, const struct store_user *user,
	struct file_place *place, struct error *error)
{
	const char *home = settings->owner == NULL ? user->passwd->pw_dir : NULL;
	int status;

	if (settings->secret_is_literal) {
		place->path = strdup(settings->secret);
		status = place->path != NULL
				 ? 0
				 : error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	} else {
		status = secret_path_expand(
			settings->secret, user->name, home, &place->path, error);
	}
	if (status == 0 && settings->state != NULL)
		status = option_path_expand(
			"state", settings->state, user->name, NULL, &place->state_path, error);
	return status;
}

static int locate(struct store *store, const struct store_user *user,
	struct store_place **found, struct error *error)
{
	const struct file_store_settings *settings = &((struct file_store *)store)->settings;
	const struct passwd *owner = settings->owner != NULL ? settings->owner : user->passwd;
	struct file_place *place;
	int status;

	*found = NULL;
	if (owner == NULL)
		return error_set(error, TOTPGROUP_EARGUMENT, "an unknown user has no secret");
	place = calloc(1, sizeof *place);
	if (place == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	place->place.store = store;
	place->user = user->name;
	status = find_paths(settings, user, place, error);
	if (status != 0) {
		release(&place->place);
		return status;
	}
	place->rules = (struct file_rules){
		.path = place->path,
		.owner = owner->pw_uid,
		.any_owner = settings->any_owner,
		.allowed_mode = settings->allowed_mode,
		.own_file = settings->own_file,
		.if_locked = IF_LOCKED,
	};
	place->sealing = (struct sealing){
		.key_file = settings->seal_key, .user = user->name, .seals = settings->seals};
	place->place.name = place->place.file = place->path;
	place->place.state_name = place->state_path;
	/* A separate state is the caller's own, and only the secret is reached with other
	 * rights. */
	if (settings->state == NULL && settings->rights.perform != NULL)
		place->place.rights = &settings->rights;
	*found = &place->place;
	return 0;
}

static void abort_transaction(struct store_place *place, struct store_record *record)
{
	sealing_forget(&file_place_of(place)->sealing);
	if (record->token != NULL) {
		locked_file_abort(record->token->file);
		state_file_abort(record->token->state);
	}
	free(record->token);
	record->token = NULL;
}

/* Where no file for the state can be made, nothing was ever recorded in one, so the
 * decision goes on with an empty state. The commit reports why. */
static int begin_apart(
	struct file_place *place, struct store_record *record, struct error *error)
{
	int status = state_file_begin(
		place->state_path, &record->token->state, &record->state, error);

	if (status == TOTPGROUP_EUNWRITABLE) {
		record->token->unwritable = *error;
		*error = (struct error)ERROR_INIT;
		status = 0;
	}
	if (status == 0)
		status = file_place_open_state(place, record, error);
	return status == 0 ? file_place_read_secret(place, record, error) : status;
}

static int begin(struct store_place *place, struct store_record *record, struct error *error)
{
	struct file_place *file = file_place_of(place);
	int status;

	record->token = calloc(1, sizeof *record->token);
	if (record->token == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	record->apart = file->state_path != NULL;
	if (record->apart)
		status = begin_apart(file, record, error);
	else
		status = locked_file_begin(
			&file->rules, &record->token->file, &record->secret, error);
	if (status == 0 && !record->apart)
		status = file_place_open_secret(file, record, error);
	/* Read under the lock, so that of two logins the later one has the later time,
	 * and drops no entry of the earlier one as being in its future. */
	record->now = (int64_t)time(NULL);
	if (status != 0)
		abort_transaction(place, record);
	return status;
}

static bool is_same(const struct text *a, const struct text *b)
{
	return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

/* Replaces the secret, if it is still the one that was read. */
static int write_secret(void *argument, struct error *error)
{
	const struct file_task *task = argument;
	const struct file_rules *rules = &task->place->rules;
	struct locked_file *file = NULL;
	struct text now = TEXT_INIT;
	sealing_key_id id;
	int status = locked_file_begin(rules, &file, &now, error);

	if (status == 0)
		status = sealing_open(
			&task->place->sealing, SEAL_SECRET, rules->path, &now, id, error);
	if (status == 0 && !is_same(&now, &task->record->secret))
		status = error_set(
			error, TOTPGROUP_ECONFLICT, "%s: was replaced meanwhile", rules->path);
	if (status == 0)
		status = locked_file_commit(&file, task->text, false, error);
	locked_file_abort(file);
	text_free(&now);
	return status;
}

/* Whether a state was sealed with another key than what is written for it, or one of them is
 * plain. */
static bool changes_key(const struct store_record *record, const struct text *written)
{
	const char *id;
	size_t length;

	seal_find_key_id(written->data, written->length, &id, &length);
	return strlen(record->state_key) != length ||
	       memcmp(record->state_key, id, length) != 0;
}

/* The state is written first, and then, while it is still locked and no login decides,
 * the secret: at every moment what was spent is spent. */
static int commit_apart(struct file_place *place, struct store_record *record,
	const struct store_change *change, struct error *error)
{
	struct text secret = TEXT_INIT, state = TEXT_INIT;
	struct file_task task = {
		.place = place, .record = record, .text = &secret, .replace = true};
	bool has_state = change->has_state &&
			 (change->rewrites || !is_same(&change->state, &record->state));
	int status = 0;

	if (change->has_state && record->token->state == NULL) {
		*error = record->token->unwritable;
		return error->code;
	}
	if (change->has_secret)
		status = sealing_close(
			&place->sealing, SEAL_SECRET, &change->secret, &secret, error);
	if (status == 0 && has_state)
		status = sealing_close(
			&place->sealing, SEAL_STATE, &change->state, &state, error);
	if (status == 0 && has_state && (change->rewrites || changes_key(record, &state)))
		state_file_leave_nothing(record->token->state);
	if (status == 0 && has_state)
		status = state_file_commit(
			&record->token->state, &state, change->has_secret, error);
	if (status == 0 && change->has_secret)
		status = file_place_with_rights(place, write_secret, &task, error);
	text_free(&secret);
	text_free(&state);
	return status;
}

static int commit_together(struct file_place *place, struct store_record *record,
	const struct store_change *change, struct error *error)
{
	struct text secret = TEXT_INIT;
	int status =
		sealing_close(&place->sealing, SEAL_SECRET, &change->secret, &secret, error);

	if (status == 0)
		status = locked_file_commit(&record->token->file, &secret, false, error);
	text_free(&secret);
	return status;
}

static int commit(struct store_place *place, struct store_record *record,
	const struct store_change *change, struct error *error)
{
	struct file_place *file = file_place_of(place);
	int status;

	if (record->apart)
		status = commit_apart(file, record, change, error);
	else
		status = commit_together(file, record, change, error);
	abort_transaction(place, record);
	return status;
}

static int remove_secret(void *argument, struct error *error)
{
	const struct file_task *task = argument;

	return locked_file_remove(&task->place->rules, task->or_without, error);
}

static int remove_place(struct store_place *place, bool or_without, struct error *error)
{
	struct file_task task = {.place = file_place_of(place), .or_without = or_without};
	int status = file_place_with_rights(task.place, remove_secret, &task, error);
	bool noted = false;
	int noting;

	if ((status != 0 && status != TOTPGROUP_ENOTFOUND) || task.place->state_path == NULL)
		return status;
	noting = state_file_note_revoked(
		task.place->state_path, &task.place->sealing, &noted, error);
	sealing_forget(&task.place->sealing);
	if (noting != 0)
		return noting;
	return noted ? 0 : status;
}

/* The path has no home in it: a user must not set when her time began. */
static int first_seen(
	struct store_place *place, int64_t now, bool note, int64_t *seen, struct error *error)
{
	char *path = NULL;
	int status = option_path_expand("first_seen", settings_of(place)->first_seen,
		file_place_of(place)->user, NULL, &path, error);

	if (status == 0)
		status = note ? first_seen_note(path, now, seen, error)
			      : first_seen_look(path, now, seen, error);
	free(path);
	return status;
}

/* Says whether a login could read the user's state. */
static void check(
	struct store *store, struct store_place *place, store_report *report, void *argument)
{
	struct file_place *file = file_place_of(place);
	struct store_record record = STORE_RECORD_INIT;
	struct error error = ERROR_INIT;
	struct store_finding finding = {.level = STORE_FINE, .about = "state"};

	(void)store;
	if (place == NULL || file->state_path == NULL)
		return;
	finding.code = file_place_look_at_state(file, NULL, &record, &error);
	sealing_forget(&file->sealing);
	store_record_free(&record);
	finding.what = file->state_path;
	if (finding.code != 0) {
		finding.level = STORE_PROBLEM;
		finding.what = error.message;
	}
	report(argument, &finding);
}

static const struct store_operations operations = {
	.abi = STORE_ABI,
	.size = sizeof operations,
	.name = "file",
	.close = close_store,
	.locate = locate,
	.release = release,
	.look = file_place_look,
	.begin = begin,
	.commit = commit,
	.abort = abort_transaction,
	.create = file_place_create,
	.remove = remove_place,
	.create_many = file_place_create_many,
	.first_seen = first_seen,
	.read_many = file_place_read_many,
	.list = file_store_list,
	.check = check,
};

int file_store_open(
	struct store **store, const struct file_store_settings *settings, struct error *error)
{
	struct file_store *files = malloc(sizeof *files);

	*store = NULL;
	if (files == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	files->store.operations = &operations;
	files->settings = *settings;
	*store = &files->store;
	return 0;
}
