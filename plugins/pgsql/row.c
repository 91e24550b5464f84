/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "base/utf8.h"
#include "pgsql/pgsql_store.h"
#include "store/sealing.h"
#include "totpgroup.h"

void row_free(struct row *row)
{
	text_free(&row->secret);
	text_free(&row->state);
	*row = (struct row)ROW_INIT;
}

void sealed_free(struct sealed *sealed)
{
	text_free(&sealed->blob);
	*sealed = (struct sealed){.is_there = false};
}

static int take_blob(const struct store_value *field, bool *has, struct text *blob)
{
	*has = field->kind == STORE_VALUE_BYTES;
	text_free(blob);
	return *has ? text_append(blob, field->bytes, field->length) : 0;
}

struct store_token row_token(const struct row *row)
{
	struct store_token token = {.version = row->version, .has_state = row->has_state};

	memcpy(token.attempt, row->attempt, sizeof token.attempt);
	return token;
}

int row_take_attempt(const struct store_value *field, struct row *row, struct error *error)
{
	memset(row->attempt, 0, sizeof row->attempt);
	if (field->kind != STORE_VALUE_TEXT)
		return 0;
	if (field->length != UUID_SIZE - 1)
		return error_set(error, TOTPGROUP_EFORMAT,
			"%.150s: an attempt that has no UUID", row->name);
	memcpy(row->attempt, field->bytes, UUID_SIZE - 1);
	return 0;
}

int row_take(const struct store_value *fields, struct row *row, struct error *error)
{
	int status = take_blob(&fields[0], &row->has_secret, &row->secret);

	if (status == 0)
		status = take_blob(&fields[3], &row->has_state, &row->state);
	if (status != 0)
		return error_set(error, status, "out of memory");
	/* Behind the last version there is none that could be written. */
	if (fields[2].kind == STORE_VALUE_NULL || fields[5].kind == STORE_VALUE_NULL ||
		fields[6].kind == STORE_VALUE_NULL || fields[6].number < 0 ||
		fields[5].number < 0 || fields[5].number == INT64_MAX || fields[2].number < 0)
		return error_set(error, TOTPGROUP_EFORMAT,
			"%.150s: a row without a version or a time", row->name);
	row->secret_version = fields[2].number;
	row->version = fields[5].number;
	row->now = fields[6].number;
	return 0;
}

int read_keys(const struct pgsql_store *store, struct seal_keys *keys, struct error *error)
{
	const char *path = store->settings.key_file;
	struct error inner = ERROR_INIT;

	memset(keys, 0, sizeof *keys);
	if (sealing_read_keys(path, keys, &inner) == 0)
		return 0;
	/* The message names the option of files; here the path is that of key_file. */
	if (inner.code == TOTPGROUP_ECONFIG && strncmp(inner.message, "seal_key=", 9) == 0)
		return error_set(error, inner.code, "key_file=%s", inner.message + 9);
	*error = inner;
	return error->code;
}

static int open_text(const struct seal_keys *keys, const struct pgsql_place *place,
	enum seal_kind kind, int64_t version, struct text *blob, struct text *text,
	struct error *error)
{
	const struct seal_subject subject = {kind, place->subject, (uint64_t)version};
	struct error inner = ERROR_INIT;

	text_free(text);
	if (seal_open_blob(keys, &subject, blob, text, &inner) == 0)
		return 0;
	text_free(text);
	return error_set(error, inner.code, "%.120s: the %s: %s (keys of %.80s)", place->name,
		kind == SEAL_SECRET ? "secret" : "state", inner.message,
		store_of(&place->place)->settings.key_file);
}

static void copy_key_id(const struct text *blob, char id[STORE_KEY_ID_SIZE])
{
	size_t length = blob->length > 2 ? (unsigned char)blob->data[1] : 0;

	if (length >= STORE_KEY_ID_SIZE || blob->length < length + 2)
		length = 0;
	if (length > 0)
		memcpy(id, blob->data + 2, length);
	id[length] = '\0';
}

static int open_both(const struct seal_keys *keys, struct row *row,
	const struct pgsql_place *place, bool is_state_alone, struct store_record *record,
	struct error *error)
{
	int status = 0;

	text_free(&record->state);
	*record->state_key = *record->secret_key = '\0';
	if (row->has_state) {
		copy_key_id(&row->state, record->state_key);
		status = open_text(keys, place, SEAL_STATE, row->version, &row->state,
			&record->state, error);
	}
	if (status == 0 && row->has_secret && !is_state_alone) {
		copy_key_id(&row->secret, record->secret_key);
		status = open_text(keys, place, SEAL_SECRET, row->secret_version, &row->secret,
			&record->secret, error);
	}
	return status;
}

int row_open(struct row *row, struct pgsql_place *place, bool is_state_alone,
	struct store_record *record, struct error *error)
{
	struct seal_keys keys;
	int status = 0;

	record->apart = true;
	record->now = row->now;
	/* The keys are read for everybody: a user without a secret costs as much. */
	status = read_keys(store_of(&place->place), &keys, error);
	if (status == 0)
		status = open_both(&keys, row, place, is_state_alone, record, error);
	seal_keys_wipe(&keys);
	if (status == 0 && !row->has_secret)
		status = error_set(
			error, TOTPGROUP_ENOTFOUND, "%s: there is no secret", place->name);
	return status;
}

int row_seal(struct pgsql_place *place, enum seal_kind kind, const struct text *text,
	int64_t version, struct sealed *sealed, struct error *error)
{
	const struct seal_subject subject = {kind, place->subject, (uint64_t)version};
	struct seal_keys keys;
	int status;

	*sealed = (struct sealed){.is_there = text->length > 0};
	if (!sealed->is_there)
		return 0;
	if (read_keys(store_of(&place->place), &keys, error) != 0)
		return error->code;
	status = seal_close_blob(&keys, &subject, text->data, text->length, &sealed->blob);
	memcpy(sealed->key, keys.keys[0].id, sizeof sealed->key);
	seal_keys_wipe(&keys);
	return status == 0 ? 0
			   : error_set(error, status, "%.120s cannot be sealed: %s",
				     place->name, totpgroup_strerror(status));
}

struct store_value value_of_blob(const struct sealed *sealed)
{
	if (!sealed->is_there)
		return (struct store_value){.kind = STORE_VALUE_NULL};
	return (struct store_value){.kind = STORE_VALUE_BYTES,
		.bytes = sealed->blob.data,
		.length = sealed->blob.length};
}

struct store_value value_of_key(const struct sealed *sealed)
{
	return value_of_text(sealed->is_there ? sealed->key : NULL);
}

static bool is_utf8(const char *text)
{
	size_t length;

	while ((length = utf8_length(text)) > 0)
		text += length;
	return *text == '\0';
}

/* The server would refuse a text that is not UTF-8, and so the login. */
struct store_value value_of_text(const char *text)
{
	if (text == NULL)
		return (struct store_value){.kind = STORE_VALUE_NULL};
	if (!is_utf8(text))
		text = "?";
	return (struct store_value){
		.kind = STORE_VALUE_TEXT, .bytes = text, .length = strlen(text)};
}

struct store_value value_of_number(int64_t number)
{
	return (struct store_value){.kind = STORE_VALUE_NUMBER, .number = number};
}
