/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/state_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/state.h"
#include "store/locked_file.h"
#include "store/parent_folders.h"
#include "store/state_slots.h"
#include "totpgroup.h"

#define FILE_MODE 0600

/* How often the file may go away before that is strange. */
#define TRIES 3

/* How often a file may change under a reader who has no lock before that is strange. */
#define READ_TRIES 1000

/* The generations of the slots of a new file. A slot of a later one was written in place,
 * and before that the name of the file was made durable. */
#define FIRST_GENERATION  1
#define SECOND_GENERATION 2

struct state_file {
	struct locked_file *file;
	/* What was read; its pointer no longer holds. size is 0 for a text alone. */
	struct state_slots slots;
	bool leaves_nothing; /* of what was read */
};

static struct file_rules rules_of(const char *path)
{
	return (struct file_rules){
		.path = path,
		.owner = geteuid(),
		.allowed_mode = FILE_MODE,
		.in_place = true,
		.longest = 2 * STATE_SLOT_SIZE_MAX,
		.if_empty = "once it is removed, spent codes are good again",
	};
}

/* Takes the state out of what a file holds. */
static int extract(const char *path, const struct text *file, struct state_slots *slots,
	struct text *state, struct error *error)
{
	int status = state_slots_read(file, slots);

	if (status == TOTPGROUP_EFORMAT)
		return error_set(error, status,
			"%s: neither of its two slots is whole; once it is removed, spent "
			"codes are good again",
			path);
	if (status == 0 && slots->size == 0 && file->length > CREDENTIAL_TEXT_MAX)
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: is longer than %d bytes", path,
			CREDENTIAL_TEXT_MAX);
	if (status == 0 && slots->size == 0)
		status = text_append(state, file->data, file->length);
	else if (status == 0)
		status = text_append(state, slots->state, slots->length);
	slots->state = NULL;
	if (status == 0)
		return 0;
	return error_set(error, status,
		status == TOTPGROUP_EMEMORY ? "out of memory"
					    : "libgcrypt does not compute SHA-256");
}

static bool is_same(const struct text *a, const struct text *b)
{
	return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

/* Where no slot is whole, two writers may have overwritten both while they were read. A file
 * that is the same in the next look is damaged. */
static int look_until_whole(const char *path, const struct dir_entry *beside, struct text *text,
	struct error *error)
{
	struct file_rules rules = rules_of(path);
	struct text before = TEXT_INIT, now = TEXT_INIT;
	struct state_slots slots;
	int status;

	rules.beside = beside;
	for (unsigned int i = 0; i < READ_TRIES; i++) {
		*error = (struct error)ERROR_INIT;
		status = locked_file_look(&rules, &now, error);
		if (status == 0)
			status = extract(path, &now, &slots, text, error);
		if (status != TOTPGROUP_EFORMAT || is_same(&before, &now))
			break;
		text_free(&before);
		before = now;
		now = (struct text)TEXT_INIT;
	}
	text_free(&before);
	text_free(&now);
	return status;
}

int state_file_open_folder(struct dir_entry *entry, const char *path, struct error *error)
{
	const struct file_rules rules = rules_of(path);
	int status = dir_entry_open(entry, path, error);

	return status == 0 ? file_rules_judge_folder(&rules, entry, error) : status;
}

int state_file_look(const char *path, const struct dir_entry *beside, struct text *text,
	struct error *error)
{
	int status = look_until_whole(path, beside, text, error);

	if (status != TOTPGROUP_ENOTFOUND)
		return status;
	*error = (struct error)ERROR_INIT;
	status = text_append(text, STATE_EMPTY, strlen(STATE_EMPTY));
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}

/* Fills a new file: both slots hold the state. */
static int make_slots(const struct text *state, struct text *bytes, struct error *error)
{
	size_t size = state_slot_size(state->length);
	int status;

	bytes->data = malloc(2 * size + 1);
	if (bytes->data == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	bytes->length = 2 * size;
	bytes->capacity = 2 * size + 1;
	bytes->data[2 * size] = '\0';
	status = state_slot_write(bytes->data, size, FIRST_GENERATION, state);
	if (status == 0)
		status = state_slot_write(bytes->data + size, size, SECOND_GENERATION, state);
	return status == 0 ? 0 : error_set(error, status, "libgcrypt does not compute SHA-256");
}

/* Of several that make it at once all but one find it made, or find that what
 * they were about to give its name has been tidied up by the next writer. And a
 * folder may go away as it came. */
static bool is_worth_another_look(const struct error *error)
{
	return error->code == TOTPGROUP_ECONFLICT || error->code == TOTPGROUP_ENOTFOUND ||
	       (error->code == TOTPGROUP_ESYSTEM && error->system_error == ENOENT);
}

static int make(const struct file_rules *rules, struct error *error)
{
	const struct text empty = {
		.data = (char[]){STATE_EMPTY}, .length = strlen(STATE_EMPTY)};
	struct text bytes = TEXT_INIT;
	int status = parent_folders_make(rules->path, error);

	if (status == 0)
		status = make_slots(&empty, &bytes, error);
	if (status == 0) {
		status = locked_file_create(rules, &bytes, FILE_MODE, false, error);
		if (is_worth_another_look(error))
			status = 0;
	}
	text_free(&bytes);
	return status;
}

static int lock_and_read(const struct file_rules *rules, struct state_file *transaction,
	struct text *text, struct error *error)
{
	struct text bytes = TEXT_INIT;
	int status = locked_file_begin(rules, &transaction->file, &bytes, error);

	if (status == 0)
		status = extract(rules->path, &bytes, &transaction->slots, text, error);
	text_free(&bytes);
	return status;
}

static int lock_or_make(const struct file_rules *rules, struct state_file *transaction,
	struct text *text, struct error *error)
{
	int status;

	for (unsigned int i = 0; i < TRIES; i++) {
		*error = (struct error)ERROR_INIT;
		status = lock_and_read(rules, transaction, text, error);
		if (status != TOTPGROUP_ENOTFOUND)
			return status;
		*error = (struct error)ERROR_INIT;
		status = make(rules, error);
		if (status != 0)
			return status;
	}
	return error_set(
		error, TOTPGROUP_ECONFLICT, "%s: removed again and again", rules->path);
}

int state_file_begin(const char *path, struct state_file **transaction, struct text *text,
	struct error *error)
{
	const struct file_rules rules = rules_of(path);
	int status;

	*transaction = calloc(1, sizeof **transaction);
	if (*transaction == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	status = lock_or_make(&rules, *transaction, text, error);
	if (status != 0) {
		state_file_abort(*transaction);
		*transaction = NULL;
	}
	return status;
}

/* Overwrites the slot that does not hold the newest state. */
static int write_slot(
	const struct state_file *transaction, const struct text *state, struct error *error)
{
	const struct state_slots *slots = &transaction->slots;
	unsigned int other = 1 - slots->newest;
	char *slot = malloc(slots->size);
	int status;

	if (slot == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	status = state_slot_write(slot, slots->size, slots->generation + 1, state);
	if (status != 0)
		error_set(error, status, "libgcrypt does not compute SHA-256");
	if (status == 0 && slots->generation <= SECOND_GENERATION)
		status = locked_file_sync_name(transaction->file, error);
	if (status == 0)
		status = locked_file_overwrite(transaction->file, slot, slots->size,
			(off_t)(other * slots->size), error);
	free(slot);
	return status;
}

/* Puts a new file in place, which ends the transaction of the old one, unless it stays
 * locked. */
static int replace(struct state_file *transaction, const struct text *state, bool keep_locked,
	struct error *error)
{
	struct text bytes = TEXT_INIT;
	int status = make_slots(state, &bytes, error);

	if (status == 0)
		status = locked_file_commit(&transaction->file, &bytes, keep_locked, error);
	text_free(&bytes);
	return status;
}

static bool fits(const struct state_slots *slots, const struct text *state)
{
	return slots->size >= state_slot_size(state->length) && slots->generation < INT64_MAX;
}

static int write_state(struct state_file *transaction, const struct text *state,
	bool keep_locked, struct error *error)
{
	struct error ignored = ERROR_INIT;
	int status;

	if (transaction->leaves_nothing || !fits(&transaction->slots, state))
		return replace(transaction, state, keep_locked, error);
	status = write_slot(transaction, state, error);
	if (status != TOTPGROUP_ESYSTEM)
		return status;
	if (error->system_error == EOPNOTSUPP || error->system_error == EBADF) {
		*error = (struct error)ERROR_INIT;
		return replace(transaction, state, keep_locked, error);
	}
	/* The disk did not take it, so nobody is let in. Another place of the disk may: a
	 * new file holds what was spent, and does not have the place that failed. */
	(void)replace(transaction, state, false, &ignored);
	return status;
}

int state_file_commit(struct state_file **transaction, const struct text *text,
	bool keep_locked, struct error *error)
{
	int status;

	if (text->length == 0 || text->length > CREDENTIAL_TEXT_MAX)
		status = error_set(error, TOTPGROUP_ESYSTEM, "a state must have 1 to %d bytes",
			CREDENTIAL_TEXT_MAX);
	else
		status = write_state(*transaction, text, keep_locked, error);
	if (status != 0 || !keep_locked) {
		state_file_abort(*transaction);
		*transaction = NULL;
	}
	return status;
}

void state_file_leave_nothing(struct state_file *transaction)
{
	transaction->leaves_nothing = true;
}

void state_file_abort(struct state_file *transaction)
{
	if (transaction == NULL)
		return;
	locked_file_abort(transaction->file);
	free(transaction);
}

/* Reads the state, under its lock where file is not NULL, and opens it. */
static int read_state(const char *path, struct sealing *sealing, struct state_file **file,
	struct text *state, struct error *error)
{
	sealing_key_id id;
	int status = file != NULL ? state_file_begin(path, file, state, error)
				  : state_file_look(path, NULL, state, error);

	return status == 0 ? sealing_open(sealing, SEAL_STATE, path, state, id, error) : status;
}

/* Writes a state as it is to be kept at rest, and leaves nothing of how it was kept. */
static int commit_sealed(struct state_file **file, struct sealing *sealing,
	const struct text *state, struct error *error)
{
	struct text written = TEXT_INIT;
	int status = sealing_close(sealing, SEAL_STATE, state, &written, error);

	if (status == 0) {
		state_file_leave_nothing(*file);
		status = state_file_commit(file, &written, false, error);
	}
	text_free(&written);
	return status;
}

int state_file_reseal(const char *path, struct sealing *sealing, struct error *error)
{
	struct state_file *file = NULL;
	struct text state = TEXT_INIT;
	int status = read_state(path, sealing, &file, &state, error);

	if (status == 0)
		status = commit_sealed(&file, sealing, &state, error);
	state_file_abort(file);
	text_free(&state);
	return status;
}

static int write_revoked(const char *path, struct sealing *sealing, struct error *error)
{
	struct state_file *file = NULL;
	struct text state = TEXT_INIT, next = TEXT_INIT;
	int status = read_state(path, sealing, &file, &state, error);

	if (status == 0)
		status = state_revoke(&state, (int64_t)time(NULL), &next, error);
	if (status == 0 && next.length > 0)
		status = commit_sealed(&file, sealing, &next, error);
	state_file_abort(file);
	text_free(&state);
	text_free(&next);
	return status;
}

int state_file_note_revoked(
	const char *path, struct sealing *sealing, bool *noted, struct error *error)
{
	struct text state = TEXT_INIT;
	struct error look = ERROR_INIT;
	bool enrolled = false;
	int status = read_state(path, sealing, NULL, &state, &look);

	if (status == 0)
		status = state_is_enrolled(&state, &enrolled, &look);
	text_free(&state);
	if (status == 0 && enrolled) {
		status = write_revoked(path, sealing, &look);
		*noted = status == 0;
	}
	if (status == 0 || look.system_error == EACCES)
		return 0;
	if (status == TOTPGROUP_ECRYPTO)
		return error_set(error, status,
			"the secret is removed, but %.100s, sealed, does not say so, and its "
			"user is "
			"refused: if the key is lost for good, remove this file, too: %.100s",
			path, look.message);
	return error_set(error, status,
		"the secret is removed, but %.150s does not say so, so that the user is "
		"refused and offered none: %.120s",
		path, look.message);
}
