/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store of files: secrets and their states are read, one at a time. */
#include "config.h"

#include <time.h>

#include "store/dir_entry.h"
#include "store/file_place.h"
#include "store/locked_file.h"
#include "store/state_file.h"
#include "totpgroup.h"

static int look_at_secret(void *argument, struct error *error)
{
	const struct file_task *task = argument;

	text_free(&task->record->secret);
	return locked_file_look(&task->place->rules, &task->record->secret, error);
}

int file_place_open_secret(
	struct file_place *place, struct store_record *record, struct error *error)
{
	return sealing_open(&place->sealing, SEAL_SECRET, place->path, &record->secret,
		record->secret_key, error);
}

int file_place_open_state(
	struct file_place *place, struct store_record *record, struct error *error)
{
	return sealing_open(&place->sealing, SEAL_STATE, place->state_path, &record->state,
		record->state_key, error);
}

int file_place_read_secret(
	struct file_place *place, struct store_record *record, struct error *error)
{
	struct file_task task = {.place = place, .record = record};
	int status = file_place_with_rights(place, look_at_secret, &task, error);

	return status == 0 ? file_place_open_secret(place, record, error) : status;
}

int file_place_look_at_state(struct file_place *place, const struct dir_entry *beside,
	struct store_record *record, struct error *error)
{
	int status = state_file_look(place->state_path, beside, &record->state, error);

	return status == 0 ? file_place_open_state(place, record, error) : status;
}

int file_place_add_state(struct file_place *place, const struct dir_entry *beside,
	struct store_record *record, int status, struct error *error)
{
	struct error state_error = ERROR_INIT;

	record->apart = place->state_path != NULL;
	if (record->apart && (status == 0 || status == TOTPGROUP_ENOTFOUND))
		record->state_status =
			file_place_look_at_state(place, beside, record, &state_error);
	if (status == 0 && record->state_status != 0) {
		*error = state_error;
		status = error->code;
	}
	record->now = (int64_t)time(NULL);
	return status;
}

int file_place_look(struct store_place *place, struct store_record *record, struct error *error)
{
	struct file_place *file = file_place_of(place);
	int status = file_place_read_secret(file, record, error);

	status = file_place_add_state(file, NULL, record, status, error);
	sealing_forget(&file->sealing);
	return status;
}
