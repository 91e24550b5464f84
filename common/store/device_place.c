/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/device_place.h"

#include <stdbool.h>
#include <string.h>

#include "store/state_store.h"
#include "totpgroup.h"

/* How often to begin again because somebody else changed a file. */
#define CONFLICTS_MAX 10

/* What is done with the rights that reach the secret. */
struct work {
	const struct credential_place *place;
	const struct device_change *change; /* NULL to replace one text by another */
	const struct text *before;
	const struct text *next;
};

/* Says which file a line is of that is damaged. */
static void name_file(const char *path, struct error *error)
{
	const struct error line = *error;

	if (line.code == TOTPGROUP_EFORMAT)
		error_set(error, line.code, "%.150s, %.150s", path, line.message);
}

static int change_text(const struct work *work, const struct text *before, struct text *next,
	struct error *error)
{
	struct text no_state = TEXT_INIT;
	bool damaged_state;
	int status = device_change(
		work->change, before, NULL, next, &no_state, &damaged_state, error);

	name_file(work->place->rules.path, error);
	return status;
}

static bool is_same(const struct text *a, const struct text *b)
{
	return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

static int replace_text(const struct work *work, const struct text *before, struct text *next,
	struct error *error)
{
	if (!is_same(before, work->before))
		return error_set(error, TOTPGROUP_ECONFLICT, "%s: was replaced meanwhile",
			work->place->rules.path);
	return text_append(next, work->next->data, work->next->length) == 0
		       ? 0
		       : error_set(error, TOTPGROUP_EMEMORY, "out of memory");
}

static int write_secret(void *argument, struct text *text, struct error *error)
{
	const struct work *work = argument;
	struct file_store_transaction *transaction = NULL;
	struct text before = TEXT_INIT, next = TEXT_INIT;
	int status = file_store_begin(&work->place->rules, &transaction, &before, error);

	(void)text;
	if (status == 0)
		status = work->change != NULL ? change_text(work, &before, &next, error)
					      : replace_text(work, &before, &next, error);
	if (status == 0) {
		status = file_store_commit(transaction, &next, error);
		transaction = NULL;
	}
	file_store_abort(transaction);
	text_free(&before);
	text_free(&next);
	return status;
}

static int write_with_rights(struct work work, struct error *error)
{
	const struct credential_place *place = work.place;

	if (place->with_rights == NULL)
		return write_secret(&work, NULL, error);
	return place->with_rights(
		place->context, write_secret, &work, sizeof work, NULL, error);
}

/* A secret and its state, before a change and after it. Holds secrets. */
struct pair {
	struct text secret;
	struct text state;
	struct text next_secret;
	struct text next_state;
};

/* While the state is locked no login decides. It has all of the change already, or
 * gets it now, and everything begins anew. */
static int settle(const struct credential_place *place,
	struct file_store_transaction **transaction, const struct pair *pair,
	struct error *error)
{
	int status;

	if (is_same(&pair->state, &pair->next_state))
		return write_with_rights(
			(struct work){place, NULL, &pair->secret, &pair->next_secret}, error);
	status = file_store_commit(*transaction, &pair->next_state, error);
	*transaction = NULL;
	return status != 0 ? status
			   : error_set(error, TOTPGROUP_ECONFLICT,
				     "%s: changes again and again", place->state);
}

static int change_apart(const struct credential_place *place,
	const struct device_change *change, struct error *error)
{
	struct file_store_transaction *transaction = NULL;
	struct pair pair = {TEXT_INIT, TEXT_INIT, TEXT_INIT, TEXT_INIT};
	bool damaged_state = false;
	int status = state_store_begin(place->state, &transaction, &pair.state, error);

	if (status == 0)
		status = credential_place_read(place, &pair.secret, error);
	if (status == 0) {
		status = device_change(change, &pair.secret, &pair.state, &pair.next_secret,
			&pair.next_state, &damaged_state, error);
		name_file(damaged_state ? place->state : place->rules.path, error);
	}
	if (status == 0)
		status = settle(place, &transaction, &pair, error);
	file_store_abort(transaction);
	text_free(&pair.secret);
	text_free(&pair.state);
	text_free(&pair.next_secret);
	text_free(&pair.next_state);
	return status;
}

int device_place_change(const struct credential_place *place,
	const struct device_change *change, struct error *error)
{
	int status = TOTPGROUP_ECONFLICT;

	for (int i = 0; i < CONFLICTS_MAX && status == TOTPGROUP_ECONFLICT; i++) {
		*error = (struct error)ERROR_INIT;
		status = place->state != NULL
				 ? change_apart(place, change, error)
				 : write_with_rights(
					   (struct work){place, change, NULL, NULL}, error);
	}
	return status;
}
