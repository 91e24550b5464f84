/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/migration.h"

#include <string.h>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/lines.h"
#include "exchange/percent.h"
#include "exchange/protobuf.h"
#include "totpgroup.h"

/* Field numbers of the payload, and of one key in it. */
enum {
	FIELD_ACCOUNT = 1,
	FIELD_VERSION = 2,
	FIELD_PART_COUNT = 3,
	FIELD_PART = 4,
	FIELD_EXPORT_ID = 5,
};
enum {
	FIELD_SECRET = 1,
	FIELD_NAME = 2,
	FIELD_ISSUER = 3,
	FIELD_ALGORITHM = 4,
	FIELD_DIGITS = 5,
	FIELD_TYPE = 6,
	FIELD_COUNTER = 7,
};

/* Values of the enumerations; 0 means that the writer did not say. */
static const enum hmac_algorithm algorithms[] = {
	HMAC_SHA1 /* not said */, HMAC_SHA1, HMAC_SHA256, HMAC_SHA512};
#define ALGORITHMS (sizeof algorithms / sizeof algorithms[0])
enum { DIGITS_SIX = 1, DIGITS_EIGHT = 2 };
enum { TYPE_HOTP = 1, TYPE_TOTP = 2 };

/* The version that Google Authenticator writes. */
#define PAYLOAD_VERSION 1

static const char uri_start[] = "otpauth-migration://offline?";

/* Finds the value of the parameter data. */
static int find_data(struct word *data, const char *uri, size_t length, struct error *error)
{
	const size_t start = strlen(uri_start);
	struct word query = {uri, length};

	if (length < start || !ascii_is_word(uri, start, uri_start))
		return error_set(error, TOTPGROUP_EFORMAT, "does not begin with %s", uri_start);
	query = (struct word){uri + start, length - start};
	while (query.length > 0) {
		struct word value = word_take_until(&query, '&');

		/* HTML writes &amp; for &. */
		if (value.length >= 4 && ascii_is_word(value.start, 4, "amp;"))
			value = (struct word){value.start + 4, value.length - 4};
		if (value.length < 5 || !ascii_is_word(value.start, 5, "data="))
			continue;
		if (data->start != NULL)
			return error_set(error, TOTPGROUP_EFORMAT, "the data is there twice");
		*data = (struct word){value.start + 5, value.length - 5};
	}
	if (data->start == NULL)
		return error_set(error, TOTPGROUP_EFORMAT, "the data is missing");
	return 0;
}

static int decode_payload(struct text *payload, const struct word *data, struct error *error)
{
	struct text characters = TEXT_INIT;
	int status = percent_decode(&characters, data->start, data->length);

	if (status == 0)
		status = base64_decode(payload, characters.data, characters.length);
	text_free(&characters);
	if (status == TOTPGROUP_EFORMAT)
		return error_set(error, status, "the data is not base64");
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}

/* Reads the fields about the whole export, and checks the form of the others, so that
 * no key can be lost because reading ends early. */
static int read_payload(struct migration *migration, struct error *error)
{
	const struct text *payload = &migration->payload;
	struct protobuf_field field;
	bool malformed;

	for (size_t at = 0;
		protobuf_next(payload->data, payload->length, &at, &field, &malformed);) {
		if (field.type != PROTOBUF_VARINT)
			continue;
		if (field.number == FIELD_PART_COUNT)
			migration->part_count = (int32_t)field.value;
		else if (field.number == FIELD_PART)
			migration->part = (int32_t)field.value;
		else if (field.number == FIELD_EXPORT_ID)
			migration->export_id = (int32_t)field.value;
	}
	if (!malformed)
		return 0;
	return error_set(error, TOTPGROUP_EFORMAT, "the data is damaged or cut off");
}

int migration_open(
	struct migration *migration, const char *uri, size_t length, struct error *error)
{
	struct word data = {NULL, 0};
	int status = find_data(&data, uri, length, error);

	if (status == 0)
		status = decode_payload(&migration->payload, &data, error);
	return status == 0 ? read_payload(migration, error) : status;
}

void migration_close(struct migration *migration)
{
	text_free(&migration->payload);
	*migration = (struct migration){0};
}

static int read_number(
	struct otp_key *key, const struct protobuf_field *field, struct error *error)
{
	if (field->number == FIELD_ALGORITHM) {
		if (field->value >= ALGORITHMS)
			return error_set(error, TOTPGROUP_EFORMAT,
				"the algorithm is neither SHA1 nor SHA256 nor SHA512");
		key->algorithm = algorithms[field->value];
	} else if (field->number == FIELD_DIGITS) {
		if (field->value > DIGITS_EIGHT)
			return error_set(error, TOTPGROUP_EFORMAT,
				"the number of digits is neither 6 nor 8");
		key->digits = field->value == DIGITS_EIGHT ? 8 : 6;
	} else if (field->number == FIELD_TYPE) {
		if (field->value > TYPE_TOTP)
			return error_set(
				error, TOTPGROUP_EFORMAT, "the type is neither HOTP nor TOTP");
		key->hotp = field->value == TYPE_HOTP;
	} else if (field->number == FIELD_COUNTER) {
		if (field->value > CREDENTIAL_HOTP_COUNTER_MAX)
			return error_set(error, TOTPGROUP_EFORMAT, "the counter is too large");
		key->counter = (int64_t)field->value;
	}
	return 0;
}

/* Reads the fields of one key; its name becomes *label. */
static int read_fields(struct otp_key *key, const struct protobuf_field *message,
	struct protobuf_field *label, struct error *error)
{
	struct protobuf_field field;
	bool malformed;
	int status = 0;

	for (size_t at = 0; status == 0 && protobuf_next(message->bytes, message->length, &at,
						   &field, &malformed);) {
		if (field.type == PROTOBUF_VARINT)
			status = read_number(key, &field, error);
		else if (field.type == PROTOBUF_BYTES && field.number == FIELD_SECRET)
			status = otp_key_set_secret(
				key, (const uint8_t *)field.bytes, field.length, error);
		else if (field.type == PROTOBUF_BYTES && field.number == FIELD_ISSUER)
			status = otp_key_set_issuer(key, field.bytes, field.length, error);
		else if (field.type == PROTOBUF_BYTES && field.number == FIELD_NAME)
			*label = field;
	}
	if (status == 0 && malformed)
		return error_set(error, TOTPGROUP_EFORMAT, "the data is damaged");
	return status;
}

static int read_key(
	struct otp_key *key, const struct protobuf_field *message, struct error *error)
{
	struct protobuf_field label = {.bytes = ""};
	const char *colon;
	int status = read_fields(key, message, &label, error);

	if (status != 0)
		return status;
	if (key->secret_length == 0)
		return error_set(error, TOTPGROUP_EFORMAT, "the secret is missing");
	if (!key->hotp)
		key->counter = 0;
	colon = memchr(label.bytes, ':', label.length);
	return otp_key_set_label(key, label.bytes, label.length,
		colon != NULL ? (size_t)(colon - label.bytes) : label.length, error);
}

int migration_next(
	struct migration *migration, struct otp_key *key, bool *found, struct error *error)
{
	const struct text *payload = &migration->payload;
	struct error problem = ERROR_INIT;
	struct protobuf_field field;
	bool malformed;
	int status;

	do {
		*found = protobuf_next(
			payload->data, payload->length, &migration->at, &field, &malformed);
		if (!*found)
			return 0;
	} while (field.number != FIELD_ACCOUNT || field.type != PROTOBUF_BYTES);
	migration->keys++;
	status = read_key(key, &field, &problem);
	if (status == 0)
		return 0;
	return error_set(error, status, "account %u: %s", migration->keys, problem.message);
}

int migration_check(const struct otp_key *key, struct error *error)
{
	if (!key->hotp && key->period != 30)
		return error_set(error, TOTPGROUP_EFORMAT,
			"a migration text cannot hold a period of %u s, only 30", key->period);
	if (key->digits == 7)
		return error_set(error, TOTPGROUP_EFORMAT,
			"a migration text cannot hold 7 digits, only 6 and 8");
	return 0;
}

static uint64_t algorithm_value(enum hmac_algorithm algorithm)
{
	uint64_t value = ALGORITHMS - 1;

	while (value > 1 && algorithms[value] != algorithm)
		value--;
	return value;
}

static void append_string(struct text *text, uint32_t number, const char *string)
{
	if (string != NULL)
		(void)protobuf_append_bytes(text, number, string, strlen(string));
}

static int append_key(struct text *payload, const struct otp_key *key)
{
	struct text message = TEXT_INIT;
	int status;

	(void)protobuf_append_bytes(
		&message, FIELD_SECRET, (const char *)key->secret, key->secret_length);
	append_string(&message, FIELD_NAME, key->name);
	append_string(&message, FIELD_ISSUER, key->issuer);
	(void)protobuf_append_varint(
		&message, FIELD_ALGORITHM, algorithm_value(key->algorithm));
	(void)protobuf_append_varint(
		&message, FIELD_DIGITS, key->digits == 8 ? DIGITS_EIGHT : DIGITS_SIX);
	(void)protobuf_append_varint(&message, FIELD_TYPE, key->hotp ? TYPE_HOTP : TYPE_TOTP);
	if (key->hotp)
		(void)protobuf_append_varint(&message, FIELD_COUNTER, (uint64_t)key->counter);
	status = message.status;
	if (status == 0)
		status = protobuf_append_bytes(
			payload, FIELD_ACCOUNT, message.data, message.length);
	text_free(&message);
	return status;
}

/* Appends the URI of one part, and a newline. */
static int append_part(struct text *text, const struct otp_key *const *keys, size_t count,
	const struct migration *about)
{
	struct text payload = TEXT_INIT, characters = TEXT_INIT;
	int status = 0;

	for (size_t i = 0; i < count && status == 0; i++)
		status = append_key(&payload, keys[i]);
	(void)protobuf_append_varint(&payload, FIELD_VERSION, PAYLOAD_VERSION);
	(void)protobuf_append_varint(&payload, FIELD_PART_COUNT, (uint64_t)about->part_count);
	(void)protobuf_append_varint(&payload, FIELD_PART, (uint64_t)about->part);
	(void)protobuf_append_varint(&payload, FIELD_EXPORT_ID, (uint64_t)about->export_id);
	if (status == 0)
		status = payload.status;
	if (status == 0)
		status = base64_encode(&characters, payload.data, payload.length);
	if (status == 0) {
		(void)text_append_format(text, "%sdata=", uri_start);
		(void)percent_encode(text, characters.data, '\0');
		status = text_append_string(text, "\n");
	}
	text_free(&characters);
	text_free(&payload);
	return status;
}

int migration_append(
	struct text *text, const struct otp_key *const *keys, size_t count, int32_t export_id)
{
	struct migration about = {.export_id = export_id};
	size_t before = text->length;
	struct error ignored = ERROR_INIT;
	int status = 0;

	for (size_t i = 0; i < count; i++)
		if (migration_check(keys[i], &ignored) != 0)
			return TOTPGROUP_EARGUMENT;
	about.part_count = (int32_t)((count + MIGRATION_PART_KEYS - 1) / MIGRATION_PART_KEYS);
	for (size_t i = 0; i < count && status == 0; i += MIGRATION_PART_KEYS) {
		size_t left = count - i;

		status = append_part(text, keys + i,
			left < MIGRATION_PART_KEYS ? left : MIGRATION_PART_KEYS, &about);
		about.part++;
	}
	if (status != 0)
		text_cut(text, before);
	return status;
}
