/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "otp_key_support.h"

#include "base/base64.h"
#include "exchange/migration.h"
#include "exchange/protobuf.h"
#include "totpgroup.h"

#define START "otpauth-migration://offline?data="

static const struct key_limits limits = {
	.secret_max = 128, .only_30s = true, .no_seven_digits = true};

static int open_uri(struct migration *migration, const char *uri, struct error *error)
{
	*migration = (struct migration){.at = 0};
	*error = (struct error)ERROR_INIT;
	return migration_open(migration, uri, strlen(uri), error);
}

static void next(struct migration *migration, struct otp_key *key)
{
	struct error error = ERROR_INIT;
	bool found;

	*key = (struct otp_key)OTP_KEY_INIT;
	if (migration_next(migration, key, &found, &error) != 0)
		fail_msg("%s", error.message);
	assert_true(found);
}

static void assert_end(struct migration *migration)
{
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	bool found;

	assert_int_equal(migration_next(migration, &key, &found, &error), 0);
	assert_false(found);
}

/* Encoded by the protobuf library for Python. */
static void uris_of_another_encoder_are_read(void **state)
{
	struct migration migration;
	struct otp_key key;
	struct error error;

	(void)state;
	assert_int_equal(
		open_uri(&migration,
			START
			"CjkKFDEyMzQ1Njc4OTAxMjM0NTY3ODkwEhJFeGFtcGxlOmFsaWNlQGhvc3QaB0V4YW"
			"1wbGUgASgBMAIKMAogAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8SA2Jv"
			"YiACKAIwATisAgooChX%2F%2Fvv%2F%2Fvv%2F%2Fvv%2F%2Fvv%2F%2Fvv%2F%2Fv"
			"v%2F%2FvsSCULDpHI6IOKCrCADKAEwAhABGAIgASj50rT%2F%2F%2F%2F%2F%2F%2F"
			"8B",
			&error),
		0);
	assert_int_equal(migration.part_count, 2);
	assert_int_equal(migration.part, 1);
	assert_int_equal(migration.export_id, -1234567);
	next(&migration, &key);
	assert_string_equal(key.name, "alice@host");
	assert_string_equal(key.issuer, "Example");
	assert_int_equal(key.secret_length, 20);
	assert_memory_equal(key.secret, "12345678901234567890", 20);
	assert_int_equal(key.algorithm, HMAC_SHA1);
	assert_int_equal(key.digits, 6);
	assert_false(key.hotp);
	otp_key_free(&key);
	next(&migration, &key);
	assert_string_equal(key.name, "bob");
	assert_null(key.issuer);
	assert_int_equal(key.secret_length, 32);
	assert_int_equal(key.secret[31], 31);
	assert_int_equal(key.algorithm, HMAC_SHA256);
	assert_int_equal(key.digits, 8);
	assert_true(key.hotp);
	assert_int_equal(key.counter, 300);
	otp_key_free(&key);
	next(&migration, &key);
	assert_string_equal(key.name, "\xe2\x82\xac");
	assert_string_equal(key.issuer, "B\xc3\xa4r");
	assert_int_equal(key.algorithm, HMAC_SHA512);
	assert_memory_equal(key.secret, "\xff\xfe\xfb\xff\xfe\xfb", 6);
	otp_key_free(&key);
	assert_end(&migration);
	migration_close(&migration);
}

/* A URI of one key with one more field. */
static void one_key(struct text *uri, uint32_t number, uint64_t value)
{
	struct text message = TEXT_INIT;
	struct text payload = TEXT_INIT;

	assert_int_equal(protobuf_append_bytes(&message, 1, "foobar", 6), 0);
	assert_int_equal(protobuf_append_varint(&message, number, value), 0);
	assert_int_equal(protobuf_append_bytes(&payload, 1, message.data, message.length), 0);
	assert_int_equal(protobuf_append_bytes(&payload, 1, message.data, 8), 0);
	assert_int_equal(text_append_format(uri, "%s", START), 0);
	assert_int_equal(base64_encode(uri, payload.data, payload.length), 0);
	text_free(&message);
	text_free(&payload);
}

static void an_unusable_key_does_not_stop_the_others(void **state)
{
	static const struct {
		uint32_t number;
		uint64_t value;
		const char *message; /* NULL: valid */
	} cases[] = {
		{4, 0, NULL},
		{4, 4, "algorithm"},
		{4, UINT64_MAX, "algorithm"},
		{5, 0, NULL},
		{5, 3, "digits"},
		{6, 0, NULL},
		{6, 3, "type"},
		{7, UINT64_MAX, "counter"},
		{7, INT64_MAX, "counter"},
		{99, 1, NULL},
	};
	struct migration migration;
	struct error error;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct otp_key key = OTP_KEY_INIT;
		struct text uri = TEXT_INIT;
		bool found;
		int status;

		one_key(&uri, cases[i].number, cases[i].value);
		assert_int_equal(open_uri(&migration, uri.data, &error), 0);
		status = migration_next(&migration, &key, &found, &error);
		assert_true(found);
		assert_int_equal(status, cases[i].message != NULL ? TOTPGROUP_EFORMAT : 0);
		if (cases[i].message != NULL) {
			assert_message(&error, cases[i].message);
			assert_message(&error, "account 1: ");
		}
		otp_key_free(&key);
		/* The next key is read nevertheless. */
		next(&migration, &key);
		assert_null(key.name);
		assert_memory_equal(key.secret, "foobar", 6);
		otp_key_free(&key);
		assert_end(&migration);
		migration_close(&migration);
		text_free(&uri);
	}
}

/* The fields of the payload are valid, but not those within a key. */
static void damage_within_a_key_is_its_own(void **state)
{
	static const char *const messages[] = {"\x0a\x06"
					       "foobar\x38",
		"\x0a\x06"
		"foobar\x12\x05"
		"bob",
		"\x0a\x06"
		"foobar\x0b",
		"\x12\x03"
		"bob"};

	(void)state;
	for (size_t i = 0; i < COUNT(messages); i++) {
		struct otp_key key = OTP_KEY_INIT;
		struct migration migration;
		struct text payload = TEXT_INIT;
		struct text uri = TEXT_INIT;
		struct error error;
		bool found;

		assert_int_equal(
			protobuf_append_bytes(&payload, 1, messages[i], strlen(messages[i])),
			0);
		assert_int_equal(text_append_format(&uri, "%s", START), 0);
		assert_int_equal(base64_encode(&uri, payload.data, payload.length), 0);
		assert_int_equal(open_uri(&migration, uri.data, &error), 0);
		assert_int_equal(
			migration_next(&migration, &key, &found, &error), TOTPGROUP_EFORMAT);
		assert_message(&error, i < 3 ? "damaged" : "secret is missing");
		otp_key_free(&key);
		migration_close(&migration);
		text_free(&payload);
		text_free(&uri);
	}
}

static void an_error_says_what_is_wrong(void **state)
{
	static const struct {
		const char *uri;
		const char *message; /* NULL: valid, and empty */
	} cases[] = {
		{START, NULL},
		{"OTPAUTH-Migration://offline?x=1&DATA=&y", NULL},
		{START "EAE", NULL},
		{START "EAE%3D", NULL},
		{START "EAE=", NULL},
		{START "EP___________wE", NULL},
		{"", "otpauth-migration://"},
		{"otpauth://totp/a?secret=MZXW6YTB", "otpauth-migration://"},
		{"otpauth-migration://online?data=EAE", "otpauth-migration://"},
		{"otpauth-migration://offline?", "data is missing"},
		{"otpauth-migration://offline?dat=EAE", "data is missing"},
		{START "EAE&data=EAE", "there twice"},
		{START "E", "not base64"},
		{START "EAE!", "not base64"},
		{START "EA E", "not base64"},
		{START "E%", "not base64"},
		{START "EAE===", "not base64"},
		{START "CgUKAw", "damaged"},
		{START "AAE", "damaged"},
		{START "gA", "damaged"},
		{START "Cv___________w8", "damaged"},
		{START "Cwo", "damaged"},
		{START "EP___________wI", "damaged"},
	};
	struct migration migration;
	struct error error;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int status = open_uri(&migration, cases[i].uri, &error);

		if (cases[i].message != NULL) {
			assert_int_equal(status, TOTPGROUP_EFORMAT);
			assert_message(&error, cases[i].message);
		} else {
			assert_int_equal(status, 0);
			assert_end(&migration);
		}
		migration_close(&migration);
	}
}

static void keys_that_the_format_cannot_hold_are_refused(void **state)
{
	struct otp_key key = OTP_KEY_INIT;
	const struct otp_key *keys[] = {&key};
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	(void)state;
	key.period = 60;
	assert_int_equal(migration_check(&key, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, "60 s");
	key.period = 30;
	key.digits = 7;
	assert_int_equal(migration_check(&key, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, "7 digits");
	assert_int_equal(migration_append(&text, keys, 1, 1), TOTPGROUP_EARGUMENT);
	assert_int_equal(text.length, 0);
	text_free(&text);
}

/* Reads all URIs of a text, one on a line, and compares them with keys. */
static void assert_parts(
	const struct text *text, const struct otp_key *keys, size_t count, int32_t export_id)
{
	int32_t part_count = (int32_t)((count + 9) / 10);
	size_t done = 0;
	char *at = text->data;

	for (int32_t part = 0; part < part_count; part++) {
		size_t in_part = count - done < 10 ? count - done : 10;
		struct migration migration = {.at = 0};
		struct error error = ERROR_INIT;
		char *end = strchr(at, '\n');

		assert_non_null(end);
		assert_int_equal(migration_open(&migration, at, (size_t)(end - at), &error), 0);
		assert_int_equal(migration.part_count, part_count);
		assert_int_equal(migration.part, part);
		assert_int_equal(migration.export_id, export_id);
		for (size_t i = 0; i < in_part; i++) {
			struct otp_key again;

			next(&migration, &again);
			assert_same_named(&keys[done++], &again);
			otp_key_free(&again);
		}
		assert_end(&migration);
		migration_close(&migration);
		at = end + 1;
	}
	assert_int_equal(*at, '\0');
}

static void what_is_written_is_read_back(void **state)
{
	static const size_t counts[] = {1, 2, 9, 10, 11, 20, 21, 45};
	struct test_random random = test_random_begin();

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		size_t count = counts[i % COUNT(counts)];
		struct otp_key keys[45];
		const struct otp_key *pointers[45];
		int32_t export_id = (int32_t)test_random_next(&random);
		struct text text = TEXT_INIT;

		for (size_t j = 0; j < count; j++) {
			random_key(&random, &keys[j], &limits);
			pointers[j] = &keys[j];
		}
		assert_int_equal(migration_append(&text, pointers, count, export_id), 0);
		assert_parts(&text, keys, count, export_id);
		text_free(&text);
		for (size_t j = 0; j < count; j++)
			otp_key_free(&keys[j]);
	}
}

static void read_all(struct migration *migration, unsigned int *good)
{
	bool found = true;

	while (found) {
		struct otp_key key = OTP_KEY_INIT;
		struct error error = ERROR_INIT;

		if (migration_next(migration, &key, &found, &error) != 0) {
			assert_message(&error, "account ");
		} else if (found) {
			(*good)++;
			assert_sound(&key);
		}
		otp_key_free(&key);
	}
}

/* A text of the three kinds of key to be damaged. */
static void make_seed(struct text *payload)
{
	static const char fields[] = "\x0a\x06"
				     "foobar\x12\x07"
				     "B:alice\x1a\x01"
				     "B\x20\x02\x28\x02\x30\x01\x38\xac\x02";

	for (int i = 0; i < 3; i++)
		assert_int_equal(
			protobuf_append_bytes(payload, 1, fields, sizeof fields - 1), 0);
	assert_int_equal(protobuf_append_varint(payload, 2, 1), 0);
	assert_int_equal(protobuf_append_varint(payload, 5, UINT64_MAX), 0);
}

/* Half of them damage the URI, half the bytes in it. */
static char *mutated_uri(struct test_random *random, const struct text *payload, size_t *length)
{
	struct text uri = TEXT_INIT;
	char *result;

	assert_int_equal(text_append_format(&uri, "%s", START), 0);
	if (test_random_below(random, 2) == 0) {
		assert_int_equal(base64_encode(&uri, payload->data, payload->length), 0);
		*length = uri.length;
		result = mutate(random, uri.data, length);
	} else {
		size_t payload_length = payload->length;
		char *damaged = mutate(random, payload->data, &payload_length);

		assert_int_equal(base64_encode(&uri, damaged, payload_length), 0);
		free(damaged);
		*length = uri.length;
		result = malloc(uri.length);
		assert_non_null(result);
		memcpy(result, uri.data, uri.length);
	}
	text_free(&uri);
	return result;
}

static void damaged_uris_are_refused_or_sound(void **state)
{
	struct test_random random = test_random_begin();
	struct text payload = TEXT_INIT;
	unsigned int good = 0;

	(void)state;
	make_seed(&payload);
	for (int i = 0; i < MUTATIONS; i++) {
		struct migration migration = {.at = 0};
		struct error error = ERROR_INIT;
		size_t length;
		char *uri = mutated_uri(&random, &payload, &length);

		if (migration_open(&migration, uri, length, &error) == 0)
			read_all(&migration, &good);
		else
			assert_message(&error, "");
		migration_close(&migration);
		free(uri);
	}
	text_free(&payload);
	assert_in_range(good, MUTATIONS / 100, 10 * MUTATIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uris_of_another_encoder_are_read),
		cmocka_unit_test(an_unusable_key_does_not_stop_the_others),
		cmocka_unit_test(damage_within_a_key_is_its_own),
		cmocka_unit_test(an_error_says_what_is_wrong),
		cmocka_unit_test(keys_that_the_format_cannot_hold_are_refused),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(damaged_uris_are_refused_or_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
