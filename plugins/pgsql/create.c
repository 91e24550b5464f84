/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* New secrets, and their end. A row stays when its secret goes: what was spent is in it. */
#include "config.h"

#include <time.h>

#include "core/state.h"
#include "pgsql/pgsql_store.h"
#include "totpgroup.h"

#define ENROLL                                                                                 \
	"select totpgroup.enroll($1::text, $2::bytea, $3::text, $4::bigint, $5::bytea, "       \
	"$6::text)"
#define PUT                                                                                    \
	"select totpgroup.put($1::text, $2::bigint, $3::bytea, $4::text, $5::bytea, "          \
	"$6::text, $7::boolean)"

static int take_flag(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	bool *is_done = context;

	(void)count;
	(void)error;
	*is_done = fields[0].kind == STORE_VALUE_NUMBER && fields[0].number == 1;
	return 0;
}

/* Seals both texts for the version that the row will have. */
static int seal_both(struct pgsql_place *place, int64_t version, const struct text *secret,
	const struct text *state, struct sealed sealed[2], struct error *error)
{
	int status = row_seal(place, SEAL_SECRET, secret, version, &sealed[0], error);

	return status == 0 ? row_seal(place, SEAL_STATE, state, version, &sealed[1], error)
			   : status;
}

/* Writes what was sealed, where that succeeded, and frees it. */
static int write_sealed(struct pgsql_place *place, int status,
	const struct store_statement *statement, struct sealed sealed[2], bool *is_done,
	struct error *error)
{
	if (status == 0)
		status = place_do(place, statement, take_flag, is_done, error);
	sealed_free(&sealed[0]);
	sealed_free(&sealed[1]);
	return status;
}

int row_put(struct pgsql_place *place, int64_t version, const struct text *secret,
	const struct text *state, bool is_fresh, bool *is_done, struct error *error)
{
	struct sealed sealed[2] = {{.is_there = false}, {.is_there = false}};
	int status = seal_both(place, version + 1, secret, state, sealed, error);
	const struct store_value parameters[] = {value_of_text(place->user),
		value_of_number(version), value_of_blob(&sealed[0]), value_of_key(&sealed[0]),
		value_of_blob(&sealed[1]), value_of_key(&sealed[1]),
		value_of_text(is_fresh ? "t" : "f")};
	const struct store_statement statement = {.text = PUT,
		.columns = "f",
		.parameters = parameters,
		.count = sizeof parameters / sizeof parameters[0],
		.is_repeatable = true};

	return write_sealed(place, status, &statement, sealed, is_done, error);
}

/* A first secret, for which no right on other secrets is needed. */
static int enroll(struct pgsql_place *place, int64_t version, const struct text *secret,
	const struct text *state, bool *is_done, struct error *error)
{
	struct sealed sealed[2] = {{.is_there = false}, {.is_there = false}};
	int status = seal_both(place, version + 1, secret, state, sealed, error);
	const struct store_value parameters[] = {value_of_text(place->user),
		value_of_blob(&sealed[0]), value_of_key(&sealed[0]),
		value_of_number(version + 1), value_of_blob(&sealed[1]),
		value_of_key(&sealed[1])};
	const struct store_statement statement = {.text = ENROLL,
		.columns = "f",
		.parameters = parameters,
		.count = sizeof parameters / sizeof parameters[0],
		.is_repeatable = true};

	return write_sealed(place, status, &statement, sealed, is_done, error);
}

/* Reads the row with its state; the secret is not opened. */
static int look_at_state(struct pgsql_place *place, struct row *row,
	struct store_record *record, struct error *error)
{
	int status = place_look(place, row, error);

	if (status == 0)
		status = row_open(row, place, true, record, error);
	if (status == TOTPGROUP_ENOTFOUND) {
		*error = (struct error)ERROR_INIT;
		status = 0;
	}
	return status;
}

static int create_once(struct pgsql_place *place, const struct text *secret, bool replace,
	bool *is_done, struct error *error)
{
	struct store_record record = STORE_RECORD_INIT;
	struct row row = ROW_INIT;
	int status = look_at_state(place, &row, &record, error);

	if (status == 0 && row.has_secret && !replace)
		status = error_set(
			error, TOTPGROUP_ECONFLICT, "%.150s: exists already", place->name);
	else if (status == 0 && row.has_secret)
		status = row_put(
			place, row.version, secret, &record.state, true, is_done, error);
	else if (status == 0)
		status = enroll(place, row.version, secret, &record.state, is_done, error);
	store_record_free(&record);
	row_free(&row);
	return status;
}

/* The state that a removal leaves. A damaged state is of no use to anybody, and is removed; the marks
 * of the row stay. *is_enrolled says whether the state knows a secret that was not removed. */
static int revoke_state(const struct store_record *record, struct text *next, bool *is_enrolled,
	struct error *error)
{
	int status = 0;

	if (record->state.length > 0)
		status = state_is_enrolled(&record->state, is_enrolled, error);
	if (status == 0 && record->state.length > 0)
		status = state_revoke(&record->state, record->now, next, error);
	if (status == 0 && next->length == 0 && record->state.length > 0)
		status = text_append(next, record->state.data, record->state.length);
	if (status != TOTPGROUP_EFORMAT)
		return status;
	*error = (struct error)ERROR_INIT;
	text_free(next);
	return 0;
}

static int remove_once(struct pgsql_place *place, bool *is_done, struct error *error)
{
	struct store_record record = STORE_RECORD_INIT;
	struct text none = TEXT_INIT, next = TEXT_INIT;
	struct row row = ROW_INIT;
	bool is_enrolled = false;
	int status = look_at_state(place, &row, &record, error);

	if (status == TOTPGROUP_EFORMAT && row.has_secret) {
		*error = (struct error)ERROR_INIT;
		status = 0;
	}
	if (status == 0)
		status = revoke_state(&record, &next, &is_enrolled, error);
	if (status == 0 && !row.has_secret && !is_enrolled)
		status = error_set(
			error, TOTPGROUP_ENOTFOUND, "%.150s: there is no secret", place->name);
	if (status == 0)
		status = row_put(place, row.version, &none, &next, false, is_done, error);
	text_free(&next);
	store_record_free(&record);
	row_free(&row);
	return status;
}

bool place_is_again(const struct pgsql_place *place, int status, bool is_done)
{
	return status == 0 && !is_done && link_clock() < place->until;
}

int place_end_rounds(struct pgsql_place *place, int status, bool is_done, struct error *error)
{
	place->until = 0;
	if (status != 0 || is_done)
		return status;
	return error_set(
		error, TOTPGROUP_EBUSY, "%.150s: others change it all the time", place->name);
}

int pgsql_create(
	struct store_place *place, const struct text *secret, bool replace, struct error *error)
{
	struct pgsql_place *own = place_of(place);
	bool is_done = false;
	int status;

	own->until = place_deadline(own);
	do
		status = create_once(own, secret, replace, &is_done, error);
	while (place_is_again(own, status, is_done));
	return place_end_rounds(own, status, is_done, error);
}

/* There is no lock to wait for. */
int pgsql_remove(struct store_place *place, bool or_without, struct error *error)
{
	struct pgsql_place *own = place_of(place);
	bool is_done = false;
	int status;

	(void)or_without;
	own->until = place_deadline(own);
	do
		status = remove_once(own, &is_done, error);
	while (place_is_again(own, status, is_done));
	return place_end_rounds(own, status, is_done, error);
}
