/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/file_store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/file_batch.h"
#include "store/first_seen.h"
#include "store/locked_file.h"
#include "store/parent_folders.h"
#include "store/secret_path.h"
#include "store/state_file.h"
#include "totpgroup.h"

#define SECRET_MODE 0400

/* A secret is not replaced without its lock: a login that writes at that moment could bring the
 * old one back, and the new one would be nobody's. A removal can be looked at afterwards. */
#define IF_LOCKED "; root's totp-enroll revoke needs no lock"

struct file_store {
	struct store store; /* first, so that a store can be taken for this */
	struct file_store_settings settings;
};

struct file_place {
	struct store_place place; /* first */
	struct file_rules rules;  /* of the secret's file */
	char *path;
	char *state_path; /* NULL where the state is in the secret's file */
	const char *user;
};

struct store_token {
	struct locked_file *file; /* the secret's, where it holds the state */
	struct state_file *state; /* where that is apart; NULL: unwritable */
	struct error unwritable;  /* why there is no file for the state */
};

/* One operation on a place that is done with the owner's rights. */
struct file_task {
	struct file_place *place;
	struct store_record *record;
	const struct text *text; /* a new secret */
	bool replace;
	bool or_without; /* its lock */
};

static const struct file_store_settings *settings_of(const struct store_place *place)
{
	return &((const struct file_store *)place->store)->settings;
}

static struct file_place *file_place_of(struct store_place *place)
{
	return (struct file_place *)place;
}

static int with_owners_rights(
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
	place->place.name = place->place.file = place->path;
	place->place.state_name = place->state_path;
	/* A separate state is the caller's own, and only the secret is reached with other
	 * rights. */
	if (settings->state == NULL && settings->rights.perform != NULL)
		place->place.rights = &settings->rights;
	*found = &place->place;
	return 0;
}

static int look_at_secret(void *argument, struct error *error)
{
	const struct file_task *task = argument;

	text_free(&task->record->secret);
	return locked_file_look(&task->place->rules, &task->record->secret, error);
}

static int read_secret(
	struct file_place *place, struct store_record *record, struct error *error)
{
	struct file_task task = {.place = place, .record = record};

	return with_owners_rights(place, look_at_secret, &task, error);
}

static int look(struct store_place *place, struct store_record *record, struct error *error)
{
	struct file_place *file = file_place_of(place);
	struct error state_error = ERROR_INIT;
	int status = read_secret(file, record, error);

	record->apart = file->state_path != NULL;
	if (record->apart && (status == 0 || status == TOTPGROUP_ENOTFOUND))
		record->state_status =
			state_file_look(file->state_path, &record->state, &state_error);
	if (status == 0 && record->state_status != 0) {
		*error = state_error;
		status = error->code;
	}
	record->now = (int64_t)time(NULL);
	return status;
}

static void abort_transaction(struct store_place *place, struct store_record *record)
{
	(void)place;
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
	return status == 0 ? read_secret(place, record, error) : status;
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
	int status = locked_file_begin(rules, &file, &now, error);

	if (status == 0 && !is_same(&now, &task->record->secret))
		status = error_set(
			error, TOTPGROUP_ECONFLICT, "%s: was replaced meanwhile", rules->path);
	if (status == 0)
		status = locked_file_commit(&file, task->text, false, error);
	locked_file_abort(file);
	text_free(&now);
	return status;
}

/* The state is written first, and then, while it is still locked and no login decides,
 * the secret: at every moment what was spent is spent. */
static int commit_apart(struct file_place *place, struct store_record *record,
	const struct store_change *change, struct error *error)
{
	struct file_task task = {
		.place = place, .record = record, .text = &change->secret, .replace = true};
	int status = 0;

	if (change->has_state && record->token->state == NULL) {
		*error = record->token->unwritable;
		return error->code;
	}
	if (change->has_state && !is_same(&change->state, &record->state))
		status = state_file_commit(
			&record->token->state, &change->state, change->has_secret, error);
	if (status == 0 && change->has_secret)
		status = with_owners_rights(place, write_secret, &task, error);
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
		status =
			locked_file_commit(&record->token->file, &change->secret, false, error);
	abort_transaction(place, record);
	return status;
}

static int create_secret(void *argument, struct error *error)
{
	const struct file_task *task = argument;
	const struct file_rules *rules = &task->place->rules;
	int status = 0;

	if (settings_of(&task->place->place)->make_folders)
		status = parent_folders_make(rules->path, error);
	if (status == 0)
		status = locked_file_create(
			rules, task->text, SECRET_MODE, task->replace, error);
	return status;
}

static int create(
	struct store_place *place, const struct text *secret, bool replace, struct error *error)
{
	struct file_task task = {
		.place = file_place_of(place), .text = secret, .replace = replace};

	return with_owners_rights(task.place, create_secret, &task, error);
}

static bool is_in_same_folder(const char *path, const char *other)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash != NULL ? (size_t)(slash - path) + 1 : 0;

	return strncmp(path, other, length) == 0 && strchr(other + length, '/') == NULL;
}

/* Only new files in folders of root's own, which root writes, go together. */
static bool goes_together(const struct store_new *item)
{
	return !item->replace && settings_of(item->place)->make_folders && geteuid() == 0;
}

/* Adds an item to the files that are written together. Where its folder cannot be made,
 * the file cannot be written either, and that error is reported. */
static void add_file(struct file_batch_file *files, size_t *count, const struct store_new *item)
{
	struct error ignored = ERROR_INIT;

	if (*count == 0 || !is_in_same_folder(files[*count - 1].path, item->place->file))
		(void)parent_folders_make(item->place->file, &ignored);
	files[*count].path = item->place->file;
	files[*count].text = item->secret;
	++*count;
}

static void create_many(
	struct store_new *items, size_t count, const char *suffix, bool is_again)
{
	struct file_batch_file *files = calloc(count + 1, sizeof *files);
	size_t together = 0, next = 0;

	/* Without memory for the list each is stored alone, which takes longer. */
	for (size_t i = 0; i < count; i++)
		if (files != NULL && goes_together(&items[i]))
			add_file(files, &together, &items[i]);
		else
			items[i].status = create(items[i].place, items[i].secret,
				items[i].replace, &items[i].error);
	if (together > 0 && is_again)
		file_batch_sweep(files, together, suffix);
	if (together > 0)
		file_batch_put(files, together, suffix, SECRET_MODE);
	for (size_t i = 0; i < count && next < together; i++)
		if (goes_together(&items[i])) {
			items[i].status = files[next].status;
			items[i].error = files[next].error;
			next++;
		}
	free(files);
}

static int remove_secret(void *argument, struct error *error)
{
	const struct file_task *task = argument;

	return locked_file_remove(&task->place->rules, task->or_without, error);
}

static int remove_place(struct store_place *place, bool or_without, struct error *error)
{
	struct file_task task = {.place = file_place_of(place), .or_without = or_without};
	int status = with_owners_rights(task.place, remove_secret, &task, error);
	bool noted = false;

	if ((status != 0 && status != TOTPGROUP_ENOTFOUND) || task.place->state_path == NULL)
		return status;
	if (state_file_note_revoked(task.place->state_path, &noted, error) != 0)
		return error->code;
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

static const struct store_operations operations = {
	.abi = STORE_ABI,
	.size = sizeof operations,
	.name = "file",
	.close = close_store,
	.locate = locate,
	.release = release,
	.look = look,
	.begin = begin,
	.commit = commit,
	.abort = abort_transaction,
	.create = create,
	.remove = remove_place,
	.create_many = create_many,
	.first_seen = first_seen,
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
