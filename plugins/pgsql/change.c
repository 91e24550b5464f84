/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Transactions: what was decided on a version of a row is written if the row still has that
 * version. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "pgsql/pgsql_store.h"
#include "totpgroup.h"

#define SETTLE                                                                                 \
	"select outcome, " ROW_LOOK ", " ROW_ATTEMPT                                           \
	" from totpgroup.settle($1::text, $2::bigint, $3::bytea, "                             \
	"$4::text, $5::bigint, $6::text, $7::bigint, $8::bytea, $9::uuid, $10::text, "         \
	"$11::text, $12::text, $13::text, $14::text, $15::text, $16::bigint, $17::text, "      \
	"$18::uuid)"

#define NOTE_LATE                                                                              \
	"select totpgroup.note_late($1::text, $2::bigint, $3::uuid, $4::text, $5::text, "      \
	"$6::text, $7::text, $8::text, $9::text)::text"

/* What settle() is told. */
struct settlement {
	int64_t version;     /* 0 where only the log is written */
	const char *attempt; /* the one that made the version, or NULL */
	int64_t now;
	const struct sealed *state;
	const struct store_change *change; /* what it spends; NULL: nothing */
	const struct store_note *note;
};

void pgsql_abort(struct store_place *place, struct store_record *record)
{
	place_of(place)->until = 0;
	free(record->token);
	record->token = NULL;
}

int pgsql_begin(struct store_place *place, struct store_record *record, struct error *error)
{
	struct pgsql_place *own = place_of(place);
	struct row row = ROW_INIT;
	int status;

	own->until = 0;
	own->until = place_deadline(own);
	status = place_look(own, &row, error);
	if (status == 0)
		status = row_open(&row, own, false, record, error);
	if (status == 0) {
		record->token = calloc(1, sizeof *record->token);
		if (record->token == NULL)
			status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
		else
			*record->token = row_token(&row);
	}
	row_free(&row);
	return status;
}

/* A name for the attempt, by which the server knows it when it is sent again. */
static int draw_attempt(char uuid[UUID_SIZE])
{
	uint8_t bytes[16];
	int status = random_bytes(bytes, sizeof bytes);
	size_t at = 0;

	/* Version 4 (RFC 4122). */
	bytes[6] = (uint8_t)((bytes[6] & 0x0fU) | 0x40U);
	bytes[8] = (uint8_t)((bytes[8] & 0x3fU) | 0x80U);
	for (size_t i = 0; status == 0 && i < sizeof bytes; i++)
		at += (size_t)snprintf(uuid + at, UUID_SIZE - at, "%s%02x",
			i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			(unsigned int)bytes[i]);
	return status;
}

static const char *kind_of(const struct store_change *change)
{
	if (change == NULL)
		return "none";
	switch (change->spend) {
	case STORE_SPEND_TOTP:
		return "totp";
	case STORE_SPEND_HOTP:
		return "hotp";
	case STORE_SPEND_CODE:
		return "code";
	case STORE_SPEND_NONE:
		break;
	}
	return "none";
}

static int take_outcome(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	struct row *row = context;

	(void)count;
	(void)snprintf(row->outcome, sizeof row->outcome, "%.*s", (int)fields[0].length,
		fields[0].kind == STORE_VALUE_TEXT ? fields[0].bytes : "");
	/* A user who is only logged has no row. */
	if (strcmp(row->outcome, "conflict") != 0)
		return 0;
	return row_take(fields + 1, row, error) == 0 ? row_take_attempt(&fields[8], row, error)
						     : error->code;
}

static struct store_value value_of_digest(const struct store_change *change)
{
	if (change == NULL || change->spend != STORE_SPEND_CODE)
		return (struct store_value){.kind = STORE_VALUE_NULL};
	return (struct store_value){.kind = STORE_VALUE_BYTES,
		.bytes = (const char *)change->digest,
		.length = sizeof change->digest};
}

static int settle(struct pgsql_place *place, const struct settlement *settlement,
	struct row *row, struct error *error)
{
	const struct store_note *note = settlement->note;
	const struct store_change *change = settlement->change;
	char attempt[UUID_SIZE];
	int status = draw_attempt(attempt);
	const struct store_value parameters[] = {value_of_text(place->user),
		value_of_number(settlement->version), value_of_blob(settlement->state),
		value_of_key(settlement->state), value_of_number(settlement->now),
		value_of_text(kind_of(change)),
		value_of_number(change != NULL ? change->value : 0), value_of_digest(change),
		value_of_text(attempt), value_of_text(store_of(&place->place)->settings.host),
		value_of_text(note->service), value_of_text(note->rhost),
		value_of_text(note->result != NULL ? note->result : "changed"),
		value_of_text(note->reason), value_of_text(note->method),
		value_of_number(note->offset), value_of_text(note->device),
		value_of_text(settlement->attempt)};
	const struct store_statement statement = {.text = SETTLE,
		.columns = "t" ROW_COLUMNS "t",
		.parameters = parameters,
		.count = sizeof parameters / sizeof parameters[0],
		.is_repeatable = true};

	if (status != 0)
		return error_set(error, status, "no random number for an attempt");
	*row->outcome = '\0';
	row->name = place->name;
	return place_do(place, &statement, take_outcome, row, error);
}

/* Takes over the newest row, so that the work can go on with it. */
static int take_conflict(struct pgsql_place *place, struct store_record *record,
	struct row *row, struct error *error)
{
	int status = row_open(row, place, false, record, error);

	pool_note_conflict(store_of(&place->place)->pool);
	if (status != 0)
		return status;
	*record->token = row_token(row);
	if (link_clock() >= place->until)
		return error_set(error, TOTPGROUP_EBUSY,
			"%.150s: others change it all the time", place->name);
	return error_set(
		error, TOTPGROUP_ECONFLICT, "%.150s: was changed meanwhile", place->name);
}

static int judge_outcome(struct pgsql_place *place, struct store_record *record,
	struct row *row, struct error *error)
{
	if (strcmp(row->outcome, "done") == 0)
		return 0;
	if (strcmp(row->outcome, "spent") == 0)
		return error_set(error, STORE_SPENT, "%.150s: the code was used", place->name);
	if (strcmp(row->outcome, "conflict") == 0)
		return take_conflict(place, record, row, error);
	return error_set(error, TOTPGROUP_ECONFIG,
		"%.120s: the server's answer is not known, so the schema is of another version",
		place->name);
}

static int commit_state(struct pgsql_place *place, struct store_record *record,
	const struct store_change *change, struct error *error)
{
	struct sealed state = {.is_there = false};
	struct row row = ROW_INIT;
	const struct settlement settlement = {.version = record->token->version,
		.attempt = *record->token->attempt != '\0' ? record->token->attempt : NULL,
		.now = record->now,
		.state = &state,
		.change = change,
		.note = &change->note};
	int status = 0;

	if (change->has_state)
		status = row_seal(place, SEAL_STATE, &change->state, record->token->version + 1,
			&state, error);
	if (status == 0)
		status = settle(place, &settlement, &row, error);
	if (status == 0)
		status = judge_outcome(place, record, &row, error);
	sealed_free(&state);
	row_free(&row);
	return status;
}

/* Writes a new secret, and the state with it, which is sealed for the version. */
static int commit_secret(struct pgsql_place *place, struct store_record *record,
	const struct store_change *change, struct error *error)
{
	const struct text *state = change->has_state ? &change->state : &record->state;
	struct row row = ROW_INIT;
	bool is_done = false;
	int status = row_put(
		place, record->token->version, &change->secret, state, false, &is_done, error);

	if (status == 0 && !is_done) {
		status = place_look(place, &row, error);
		if (status == 0)
			status = take_conflict(place, record, &row, error);
	}
	row_free(&row);
	return status;
}

int pgsql_commit(struct store_place *place, struct store_record *record,
	const struct store_change *change, struct error *error)
{
	struct pgsql_place *own = place_of(place);
	int status;

	if (change->has_secret && change->spend != STORE_SPEND_NONE)
		status = error_set(
			error, TOTPGROUP_EARGUMENT, "a code is not spent with a new secret");
	else if (change->has_secret)
		status = commit_secret(own, record, change, error);
	else
		status = commit_state(own, record, change, error);
	if (status != TOTPGROUP_ECONFLICT)
		pgsql_abort(place, record);
	return status;
}

/* What happened while no server answered. */
static int note_late(
	struct pgsql_place *place, const struct store_note *note, struct error *error)
{
	const struct store_value parameters[] = {value_of_text(place->user),
		value_of_number(note->happened), value_of_text(note->attempt),
		value_of_text(store_of(&place->place)->settings.host),
		value_of_text(note->service), value_of_text(note->rhost),
		value_of_text(note->result), value_of_text(note->reason),
		value_of_text(note->method)};
	const struct store_statement statement = {.text = NOTE_LATE,
		.columns = "t",
		.parameters = parameters,
		.count = sizeof parameters / sizeof parameters[0],
		.is_repeatable = true};

	return place_do(place, &statement, NULL, NULL, error);
}

int pgsql_note(struct store_place *place, const struct store_note *note, struct error *error)
{
	const struct sealed no_state = {.is_there = false};
	const struct settlement settlement = {.state = &no_state, .note = note};
	struct pgsql_place *own = place_of(place);
	/* What the store said of the user before stays said. */
	const bool was_silent = own->is_silent;
	struct row row = ROW_INIT;
	int status = note->happened != 0 ? note_late(own, note, error)
					 : settle(own, &settlement, &row, error);

	own->is_silent = was_silent;
	row_free(&row);
	return status;
}
