/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "otp_key_support.h"

#include "base/wipe.h"
#include "core/emergency.h"
#include "exchange/otp_key.h"
#include "totpgroup.h"

#define NOW 1234567890

static void set_secret(struct otp_key *key, const char *secret)
{
	struct error error = ERROR_INIT;

	assert_int_equal(
		otp_key_set_secret(key, (const uint8_t *)secret, strlen(secret), &error), 0);
}

static void assert_text(const struct otp_key *key, const char *expected)
{
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	assert_int_equal(otp_key_to_credential(key, NOW, &text, &error), 0);
	assert_string_equal(text.data, expected);
	text_free(&text);
}

static void a_key_becomes_a_credential(void **state)
{
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	set_secret(&key, "foobar");
	assert_text(&key, "MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" DISALLOW_REUSE\n"
			  "\" TOTP_AUTH\n");
	key.algorithm = HMAC_SHA512;
	key.digits = 8;
	key.period = 60;
	assert_int_equal(otp_key_add_emergency_code(&key, "12345678", 8, &error), 0);
	assert_int_equal(otp_key_add_emergency_code(&key, "99999999", 8, &error), 0);
	assert_text(&key, "MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" ALGORITHM SHA512\n"
			  "\" DIGITS 8\n\" STEP_SIZE 60\n\" DISALLOW_REUSE\n"
			  "\" TOTP_AUTH\n12345678\n99999999\n");
	key.hotp = true;
	key.counter = 7;
	assert_text(&key, "MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" ALGORITHM SHA512\n"
			  "\" DIGITS 8\n\" HOTP_COUNTER 7\n12345678\n99999999\n");
	/* 0 would mean TOTP there. */
	key.counter = 0;
	assert_text(&key, "MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" ALGORITHM SHA512\n"
			  "\" DIGITS 8\n\" HOTP_COUNTER 1\n12345678\n99999999\n");
	otp_key_free(&key);
}

static void assert_incomplete(const struct otp_key *key)
{
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	assert_int_equal(otp_key_to_credential(key, NOW, &text, &error), TOTPGROUP_EARGUMENT);
	assert_int_equal(text.length, 0);
	text_free(&text);
}

static void an_incomplete_key_is_refused(void **state)
{
	struct otp_key key = OTP_KEY_INIT;

	(void)state;
	assert_incomplete(&key);
	set_secret(&key, "foobar");
	key.digits = 9;
	assert_incomplete(&key);
	key.digits = 6;
	key.period = 0;
	assert_incomplete(&key);
	key.period = 30;
	key.counter = -1;
	assert_incomplete(&key);
	key.counter = 0;
	key.algorithm = (enum hmac_algorithm)99;
	assert_incomplete(&key);
	key.algorithm = HMAC_SHA1;
	assert_text(&key, "MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" DISALLOW_REUSE\n"
			  "\" TOTP_AUTH\n");
	otp_key_free(&key);
}

static void too_many_emergency_codes_are_refused(void **state)
{
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	(void)state;
	set_secret(&key, "foobar");
	for (int i = 0; i < 8000; i++)
		assert_int_equal(otp_key_add_emergency_code(&key, "12345678", 8, &error), 0);
	assert_int_equal(text_append(&text, "before", 6), 0);
	assert_int_equal(otp_key_to_credential(&key, NOW, &text, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, "too many emergency codes");
	assert_string_equal(text.data, "before");
	text_free(&text);
	otp_key_free(&key);
}

static void code_of_step(struct otp_key *key, int64_t step)
{
	struct hmac *hmac;

	assert_int_equal(hmac_open(&hmac, key->algorithm, key->secret, key->secret_length), 0);
	assert_int_equal(otp_generate(hmac, (uint64_t)step, key->digits, key->last_code), 0);
	hmac_close(hmac);
}

/* Whether the credential of a key accepts the code of a step. */
static bool lets_in(const struct otp_key *key, int64_t step)
{
	struct totpgroup_result result = TOTPGROUP_RESULT_INIT;
	totpgroup_credential *credential;
	struct otp_key other = *key;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	assert_int_equal(otp_key_to_credential(key, NOW, &text, &error), 0);
	assert_int_equal(totpgroup_credential_parse(&credential, text.data, text.length), 0);
	code_of_step(&other, step);
	assert_int_equal(
		totpgroup_credential_verify(credential, other.last_code, NOW, &result), 0);
	totpgroup_credential_free(credential);
	text_free(&text);
	return result.verdict == TOTPGROUP_ACCEPTED;
}

static void the_last_code_and_earlier_ones_are_spent(void **state)
{
	struct otp_key key = OTP_KEY_INIT;
	int64_t step = NOW / 30;

	(void)state;
	set_secret(&key, "12345678901234567890");
	key.digits = 8;
	assert_true(lets_in(&key, step - 1));
	assert_true(lets_in(&key, step));
	assert_true(lets_in(&key, step + 1));
	code_of_step(&key, step);
	assert_false(lets_in(&key, step - 1));
	assert_false(lets_in(&key, step));
	assert_true(lets_in(&key, step + 1));
	/* Accepted by another program whose window is wide. */
	code_of_step(&key, step + 5);
	assert_false(lets_in(&key, step + 1));
	/* A code of long ago: nothing is spent. */
	code_of_step(&key, step - 100);
	assert_true(lets_in(&key, step - 1));
	strcpy(key.last_code, "junk");
	assert_true(lets_in(&key, step));
	otp_key_free(&key);
}

static int from(struct otp_key *key, const char *text, struct error *error)
{
	*key = (struct otp_key)OTP_KEY_INIT;
	*error = (struct error)ERROR_INIT;
	return otp_key_from_credential(key, text, strlen(text), error);
}

static void codes_below_a_foreign_line_stay_void(void **state)
{
	struct otp_key key;
	struct error error;

	(void)state;
	assert_int_equal(from(&key,
				 "mzxw 6ytb-oi\r\n\" TOTP_AUTH\r\n\r\n12345678\r\n"
				 "\" WINDOW_SIZE 5\r\n 23456789\r\nstop\r\n34567890\r\n",
				 &error),
		0);
	assert_int_equal(key.secret_length, 6);
	assert_memory_equal(key.secret, "foobar", 6);
	assert_int_equal(key.emergency_code_count, 2);
	assert_int_equal(key.emergency_codes[0], 12345678);
	assert_int_equal(key.emergency_codes[1], 23456789);
	assert_int_equal(key.notes, OTP_KEY_STATE_LEFT_OUT);
	otp_key_free(&key);
	assert_int_equal(from(&key, "MZXW6YTBOI\n\" SCRATCH_HASH x\n\" TOTP_AUTH", &error),
		TOTPGROUP_EFORMAT);
	otp_key_free(&key);
	assert_int_equal(from(&key,
				 "MZXW6YTBOI\n\" SCRATCH_HASH scrypt 1 8 1 "
				 "AAAQEAYEAUDAOCAJBIFQYDIOB4 "
				 "TWXQMLOGYIAUEMANAMWTSTEDQF4WZOA3C5J3OWFGJF5TVADF5FPQ\n"
				 "\" TOTP_AUTH",
				 &error),
		0);
	assert_int_equal(key.notes, OTP_KEY_EMERGENCY_CODES_LEFT_OUT);
	otp_key_free(&key);
	assert_int_equal(from(&key, "MZXW6YTBOI\n\" TOTP_AUTH\n\" DIGITS 7\n", &error), 0);
	assert_int_equal(key.notes, 0);
	assert_int_equal(key.digits, 7);
	otp_key_free(&key);
}

static void a_credential_without_codes_of_an_app_is_no_key(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"", "empty"},
		{"MZXW6YTBOI\n", "neither"},
		{"\n\" TOTP_AUTH\n", "line 1"},
		{"MZXW6YTBOI=\n\" TOTP_AUTH\n", "line 1"},
		{"MZXW6YTBOI\n\" TOTP_AUTH\n\" DIGITS 9\n", "line 3"},
		{"MZXW6YTBOI\n\" TOTP_AUTH\n\" ALGORITHM MD5\n", "line 3"},
		{"MZXW6YTBOI\n\" TOTP_AUTH\n\" STEP_SIZE 0\n", "line 3"},
	};
	struct otp_key key;
	struct error error;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(from(&key, cases[i].text, &error), TOTPGROUP_EFORMAT);
		assert_message(&error, cases[i].message);
		otp_key_free(&key);
	}
}

/* Keys of one user: their devices are named, and all that is known of them is kept. */
static void keys_of_one_user_become_one_credential(void **state)
{
	struct otp_key keys[4] = {OTP_KEY_INIT, OTP_KEY_INIT, OTP_KEY_INIT, OTP_KEY_INIT};
	const struct otp_key *list[] = {&keys[0], &keys[1], &keys[2], &keys[3]};
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	(void)state;
	set_secret(&keys[0], "foobar");
	set_secret(&keys[1], "foo");
	set_secret(&keys[2], "foobar");
	set_secret(&keys[3], "fooba");
	assert_int_equal(otp_key_set_device(&keys[1], "device 3", 8, &error), 0);
	assert_int_equal(otp_key_set_device(&keys[3], "first", 5, &error), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
			otp_key_add_emergency_code(&keys[i], "12345678", 8, &error), 0);
	assert_int_equal(otp_keys_device_count(list, 4), 3);
	assert_int_equal(otp_keys_to_credential(list, 4, NOW, &text, &error), 0);
	assert_string_equal(text.data,
		"MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n"
		"\" DEVICE MZXW6 device 3\n\" DEVICE MZXW6YTB device 4\n12345678\n");
	keys[3].digits = 8;
	assert_int_equal(otp_keys_device_count(list, 4), 0);
	assert_int_equal(
		otp_keys_to_credential(list, 4, NOW, &text, &error), TOTPGROUP_EARGUMENT);
	for (size_t i = 0; i < 4; i++) {
		keys[i].digits = 6;
		keys[i].hotp = true;
		keys[i].counter = (int64_t)(10 - i);
	}
	assert_int_equal(otp_keys_device_count(list, 4), 0);
	assert_int_equal(otp_keys_device_count(list, 1), 1);
	for (size_t i = 0; i < 4; i++)
		otp_key_free(&keys[i]);
	text_free(&text);
}

static void setters_refuse_bad_values(void **state)
{
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	uint8_t bytes[OTP_KEY_SECRET_MAX + 1] = {1};

	(void)state;
	assert_int_equal(
		otp_key_set_secret(&key, bytes, sizeof bytes, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(otp_key_set_secret(&key, bytes, 0, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(otp_key_set_secret(&key, bytes, sizeof bytes - 1, &error), 0);
	assert_int_equal(otp_key_set_base32(&key, "M=ZX", 4, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(otp_key_set_base32(&key, "====", 4, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(key.secret_length, OTP_KEY_SECRET_MAX);
	assert_int_equal(otp_key_set_base32(&key, "mzxw6===", 8, &error), 0);
	assert_int_equal(key.secret_length, 3);
	assert_int_equal(otp_key_set_name(&key, "a\nb", 3, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(otp_key_set_name(&key, "a\0b", 3, &error), TOTPGROUP_EFORMAT);
	assert_null(key.name);
	assert_int_equal(
		otp_key_add_emergency_code(&key, "01234567", 8, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(
		otp_key_add_emergency_code(&key, "1234567", 7, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(
		otp_key_add_emergency_code(&key, "+1234567", 8, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(key.emergency_code_count, 0);
	assert_int_equal(otp_key_set_counter(&key, "9223372036854775807", 19, &error),
		TOTPGROUP_EFORMAT);
	assert_int_equal(otp_key_set_counter(&key, "-1", 2, &error), TOTPGROUP_EFORMAT);
	otp_key_free(&key);
}

/* A code that is void in the file must not become valid. */
static void assert_no_more_codes(const struct otp_key *key, const char *text, size_t length)
{
	totpgroup_credential *credential;

	assert_int_equal(totpgroup_credential_parse(&credential, text, length), 0);
	assert_true(key->emergency_code_count <= emergency_codes_left(credential));
	totpgroup_credential_free(credential);
}

static int write_credential(struct text *text, const struct otp_key *key, struct error *error)
{
	return otp_key_to_credential(key, NOW, text, error);
}

static int read_credential(
	struct otp_key *key, const char *text, size_t length, struct error *error)
{
	int status = otp_key_from_credential(key, text, length, error);

	if (status == 0)
		assert_no_more_codes(key, text, length);
	return status;
}

static const struct key_format format = {
	.limits = {.secret_max = 64,
		.emergency_codes = true,
		.counter_min = 1,
		.no_issuer = true},
	.write = write_credential,
	.read = read_credential,
	.assert_same = assert_same_key,
};

static void what_is_written_is_read_back(void **state)
{
	(void)state;
	assert_round_trips(&format);
}

static void damaged_credentials_are_refused_or_sound(void **state)
{
	(void)state;
	assert_survives_mutations(&format,
		"MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" ALGORITHM SHA256\n\" DIGITS 8\n"
		"\" STEP_SIZE 60\n\" TOTP_AUTH\n12345678\n23456789\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_becomes_a_credential),
		cmocka_unit_test(an_incomplete_key_is_refused),
		cmocka_unit_test(too_many_emergency_codes_are_refused),
		cmocka_unit_test(the_last_code_and_earlier_ones_are_spent),
		cmocka_unit_test(codes_below_a_foreign_line_stay_void),
		cmocka_unit_test(a_credential_without_codes_of_an_app_is_no_key),
		cmocka_unit_test(keys_of_one_user_become_one_credential),
		cmocka_unit_test(setters_refuse_bad_values),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(damaged_credentials_are_refused_or_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
