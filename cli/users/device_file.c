/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/device_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "store/state_file.h"
#include "totpgroup.h"

/* One change on its way. */
struct making {
	const struct device_file *file;
	const struct device_change *change;
};

static enum exit_status status_of(int result)
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

/* What was spent stands in the state: whoever cannot see to that cannot change
 * devices. */
static enum exit_status look_at_state(const char *path, struct error *error)
{
	struct text state = TEXT_INIT;
	int result = state_file_look(path, &state, error);

	text_free(&state);
	if (result == 0)
		return STATUS_DONE;
	if (error->system_error != EACCES)
		return STATUS_STORE_ERROR;
	error_set(error, TOTPGROUP_EUNSAFE,
		"%.200s: the state of codes is kept here, and you may not change it; ask the "
		"administrator",
		path);
	return STATUS_NOT_PERMITTED;
}

enum exit_status device_file_find(struct device_file *file, const char *user,
	const struct host_defaults *defaults, const char *specification, struct error *error)
{
	enum exit_status status =
		user_file_find_for_login(&file->file, user, defaults, specification, error);

	if (status != STATUS_DONE)
		return status;
	if (host_defaults_state_path(defaults, file->file.account.name, &file->state, error) !=
		0)
		return STATUS_STORE_ERROR;
	return file->state != NULL ? look_at_state(file->state, error) : STATUS_DONE;
}

/* Says which file a line is of that is damaged. */
static void name_file(const char *path, struct error *error)
{
	const struct error line = *error;

	if (line.code == TOTPGROUP_EFORMAT)
		error_set(error, line.code, "%.150s, %.150s", path, line.message);
}

enum exit_status device_file_try(const struct device_file *file,
	const struct device_change *change, struct text *text, struct error *error)
{
	struct text next = TEXT_INIT, ignored = TEXT_INIT;
	bool damaged_state;
	int result = user_file_read(&file->file, text, error);

	if (result == TOTPGROUP_ENOTFOUND)
		error_set(error, result, "not enrolled: there is no %s", file->file.path);
	if (result == 0) {
		result = device_change(
			change, text, NULL, &next, &ignored, &damaged_state, error);
		name_file(file->file.path, error);
	}
	text_free(&next);
	return status_of(result);
}

/* For store_transact(): the texts after the change. */
static int change_record(const struct store_record *record, void *argument,
	struct store_change *change, struct error *error)
{
	struct making *making = argument;
	bool damaged_state = false;
	int status = device_change(making->change, &record->secret,
		record->apart ? &record->state : NULL, &change->secret, &change->state,
		&damaged_state, error);

	name_file(damaged_state ? making->file->state : making->file->file.path, error);
	change->has_secret = true;
	change->has_state = record->apart;
	return status;
}

enum exit_status device_file_make(
	const struct device_file *file, const struct device_change *change, struct error *error)
{
	struct making making = {file, change};

	return status_of(
		store_transact(file->file.credential->place, change_record, &making, error));
}

void device_file_free(struct device_file *file)
{
	user_file_free(&file->file);
	free(file->state);
	*file = (struct device_file){.state = NULL};
}
