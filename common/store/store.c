/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/store.h"

#include <time.h>

#include "totpgroup.h"

struct transaction {
	struct store_place *place;
	store_work *work;
	void *argument;
};

void store_record_free(struct store_record *record)
{
	text_free(&record->secret);
	text_free(&record->state);
	*record = (struct store_record)STORE_RECORD_INIT;
}

void store_change_free(struct store_change *change)
{
	text_free(&change->secret);
	text_free(&change->state);
	*change = (struct store_change)STORE_CHANGE_INIT;
}

/* Whether the time for repetitions is over. The first call starts it, by a clock that
 * nobody can set. */
static bool is_deadline_over(int64_t *end)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return true;
	if (*end == 0)
		*end = (int64_t)now.tv_sec + STORE_DEADLINE_SECONDS;
	return now.tv_sec >= *end;
}

static bool is_to_commit(
	const struct store_operations *operations, const struct store_change *change)
{
	return change->has_secret || change->has_state ||
	       (change->note.result != NULL && operations->note != NULL);
}

static int transact(void *argument, struct error *error)
{
	const struct transaction *transaction = argument;
	struct store_place *place = transaction->place;
	const struct store_operations *operations = place->store->operations;
	struct store_record record = STORE_RECORD_INIT;
	struct store_change change = STORE_CHANGE_INIT;
	int64_t end = 0;
	int status;

	do {
		*error = (struct error)ERROR_INIT;
		status = 0;
		if (record.token == NULL) {
			store_record_free(&record);
			status = operations->begin(place, &record, error);
			/* Callers may forgive that a verdict could not be written, but
			 * not that none was reached. */
			if (status == TOTPGROUP_EUNWRITABLE)
				status = error->code = TOTPGROUP_ESYSTEM;
		}
		if (status == 0)
			status = transaction->work(
				&record, transaction->argument, &change, error);
		if (status == 0 && is_to_commit(operations, &change))
			status = operations->commit(place, &record, &change, error);
		store_change_free(&change);
	} while (status == TOTPGROUP_ECONFLICT && !is_deadline_over(&end));
	operations->abort(place, &record);
	store_record_free(&record);
	return status;
}

int store_transact(
	struct store_place *place, store_work *work, void *argument, struct error *error)
{
	struct transaction transaction = {place, work, argument};

	if (place->rights == NULL)
		return transact(&transaction, error);
	return place->rights->perform(place->rights->context, transact, &transaction, error);
}

void store_close(struct store *store)
{
	if (store != NULL)
		store->operations->close(store);
}

int store_locate(struct store *store, const struct store_user *user, struct store_place **place,
	struct error *error)
{
	return store->operations->locate(store, user, place, error);
}

void store_release(struct store_place *place)
{
	if (place != NULL)
		place->store->operations->release(place);
}

int store_look(struct store_place *place, struct store_record *record, struct error *error)
{
	return place->store->operations->look(place, record, error);
}

int store_create(
	struct store_place *place, const struct text *secret, bool replace, struct error *error)
{
	return place->store->operations->create(place, secret, replace, error);
}

int store_remove(struct store_place *place, bool or_without, struct error *error)
{
	return place->store->operations->remove(place, or_without, error);
}

void store_create_many(struct store_new *items, size_t count, const char *suffix, bool is_again)
{
	if (count > 0 && items[0].place->store->operations->create_many != NULL) {
		items[0].place->store->operations->create_many(items, count, suffix, is_again);
		return;
	}
	for (size_t i = 0; i < count; i++)
		items[i].status = store_create(
			items[i].place, items[i].secret, items[i].replace, &items[i].error);
}

int store_first_seen(
	struct store_place *place, int64_t now, bool note, int64_t *seen, struct error *error)
{
	return place->store->operations->first_seen(place, now, note, seen, error);
}

void store_read_many(struct store_read *items, size_t count)
{
	if (count > 0 && items[0].place->store->operations->read_many != NULL) {
		items[0].place->store->operations->read_many(items, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		items[i].status = store_look(items[i].place, &items[i].record, &items[i].error);
}

int store_list(
	struct store *store, bool states, store_name *name, void *argument, struct error *error)
{
	return store->operations->list(store, states, name, argument, error);
}

void store_check(
	struct store *store, struct store_place *place, store_report *report, void *argument)
{
	if (store->operations->check != NULL)
		store->operations->check(store, place, report, argument);
}

int store_note(struct store_place *place, const struct store_note *note, struct error *error)
{
	const struct store_operations *operations = place->store->operations;

	return operations->note != NULL ? operations->note(place, note, error) : 0;
}

bool store_was_silent(const struct store_place *place)
{
	return place != NULL && place->store->operations->was_silent != NULL &&
	       place->store->operations->was_silent(place);
}
