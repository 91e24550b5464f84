/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "account_support.h"

#include "base/wipe.h"
#include "core/emergency.h"
#include "exchange/otp_key_credential.h"
#include "totpgroup.h"

#define NOW 1234567890

static void set_secret(struct otp_account *account, const char *secret)
{
	struct error error = ERROR_INIT;

	assert_int_equal(otp_account_set_secret(
				 account, (const uint8_t *)secret, strlen(secret), &error),
		0);
}

static void assert_text(const struct otp_account *account, const char *expected)
{
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	assert_int_equal(otp_account_to_credential(account, NOW, &text, &error), 0);
	assert_string_equal(text.data, expected);
	text_free(&text);
}

static void test_plain_text(void **state)
{
	struct otp_account account = OTP_ACCOUNT_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	set_secret(&account, "foobar");
	assert_text(&account, "MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" DISALLOW_REUSE\n"
			      "\" TOTP_AUTH\n");
	account.algorithm = HMAC_SHA512;
	account.digits = 8;
	account.period = 60;
	assert_int_equal(otp_account_add_emergency_code(&account, "12345678", 8, &error), 0);
	assert_int_equal(otp_account_add_emergency_code(&account, "99999999", 8, &error), 0);
	assert_text(&account, "MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" ALGORITHM SHA512\n"
			      "\" DIGITS 8\n\" STEP_SIZE 60\n\" DISALLOW_REUSE\n"
			      "\" TOTP_AUTH\n12345678\n99999999\n");
	account.hotp = true;
	account.counter = 7;
	assert_text(&account, "MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" ALGORITHM SHA512\n"
			      "\" DIGITS 8\n\" HOTP_COUNTER 7\n12345678\n99999999\n");
	/* 0 would mean TOTP there. */
	account.counter = 0;
	assert_text(&account, "MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" ALGORITHM SHA512\n"
			      "\" DIGITS 8\n\" HOTP_COUNTER 1\n12345678\n99999999\n");
	otp_account_free(&account);
}

static void assert_incomplete(const struct otp_account *account)
{
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	assert_int_equal(
		otp_account_to_credential(account, NOW, &text, &error), TOTPGROUP_EARGUMENT);
	assert_int_equal(text.length, 0);
	text_free(&text);
}

static void test_incomplete(void **state)
{
	struct otp_account account = OTP_ACCOUNT_INIT;

	(void)state;
	assert_incomplete(&account);
	set_secret(&account, "foobar");
	account.digits = 9;
	assert_incomplete(&account);
	account.digits = 6;
	account.period = 0;
	assert_incomplete(&account);
	account.period = 30;
	account.counter = -1;
	assert_incomplete(&account);
	account.counter = 0;
	account.algorithm = (enum hmac_algorithm)99;
	assert_incomplete(&account);
	account.algorithm = HMAC_SHA1;
	assert_text(&account, "MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" DISALLOW_REUSE\n"
			      "\" TOTP_AUTH\n");
	otp_account_free(&account);
}

static void test_too_many_emergency_codes(void **state)
{
	struct otp_account account = OTP_ACCOUNT_INIT;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	(void)state;
	set_secret(&account, "foobar");
	for (int i = 0; i < 8000; i++)
		assert_int_equal(
			otp_account_add_emergency_code(&account, "12345678", 8, &error), 0);
	assert_int_equal(text_append(&text, "before", 6), 0);
	assert_int_equal(
		otp_account_to_credential(&account, NOW, &text, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, "too many emergency codes");
	assert_string_equal(text.data, "before");
	text_free(&text);
	otp_account_free(&account);
}

static void code_of_step(struct otp_account *account, int64_t step)
{
	struct hmac *hmac;

	assert_int_equal(
		hmac_open(&hmac, account->algorithm, account->secret, account->secret_length),
		0);
	assert_int_equal(
		otp_generate(hmac, (uint64_t)step, account->digits, account->last_code), 0);
	hmac_close(hmac);
}

/* Tries the code of a step on what was made of the account. */
static bool lets_in(const struct otp_account *account, int64_t step)
{
	struct totpgroup_result result = TOTPGROUP_RESULT_INIT;
	totpgroup_credential *credential;
	struct otp_account other = *account;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	assert_int_equal(otp_account_to_credential(account, NOW, &text, &error), 0);
	assert_int_equal(totpgroup_credential_parse(&credential, text.data, text.length), 0);
	code_of_step(&other, step);
	assert_int_equal(
		totpgroup_credential_verify(credential, other.last_code, NOW, &result), 0);
	totpgroup_credential_free(credential);
	text_free(&text);
	return result.verdict == TOTPGROUP_ACCEPTED;
}

static void test_last_code_is_spent(void **state)
{
	struct otp_account account = OTP_ACCOUNT_INIT;
	int64_t step = NOW / 30;

	(void)state;
	set_secret(&account, "12345678901234567890");
	account.digits = 8;
	assert_true(lets_in(&account, step - 1));
	assert_true(lets_in(&account, step));
	assert_true(lets_in(&account, step + 1));
	code_of_step(&account, step);
	assert_false(lets_in(&account, step - 1));
	assert_false(lets_in(&account, step));
	assert_true(lets_in(&account, step + 1));
	/* Accepted by another program whose window is wide. */
	code_of_step(&account, step + 5);
	assert_false(lets_in(&account, step + 1));
	/* Of long ago: nothing is spent. */
	code_of_step(&account, step - 100);
	assert_true(lets_in(&account, step - 1));
	strcpy(account.last_code, "junk");
	assert_true(lets_in(&account, step));
	otp_account_free(&account);
}

static int from(struct otp_account *account, const char *text, struct error *error)
{
	*account = (struct otp_account)OTP_ACCOUNT_INIT;
	*error = (struct error)ERROR_INIT;
	return otp_account_from_credential(account, text, strlen(text), error);
}

static void test_foreign_lines(void **state)
{
	struct otp_account account;
	struct error error;

	(void)state;
	assert_int_equal(from(&account,
				 "mzxw 6ytb-oi\r\n\" TOTP_AUTH\r\n\r\n12345678\r\n"
				 "\" WINDOW_SIZE 5\r\n 23456789\r\nstop\r\n34567890\r\n",
				 &error),
		0);
	assert_int_equal(account.secret_length, 6);
	assert_memory_equal(account.secret, "foobar", 6);
	assert_int_equal(account.emergency_code_count, 2);
	assert_int_equal(account.emergency_codes[0], 12345678);
	assert_int_equal(account.emergency_codes[1], 23456789);
	assert_int_equal(account.notes, OTP_ACCOUNT_STATE_LEFT_OUT);
	otp_account_free(&account);
	assert_int_equal(
		from(&account, "MZXW6YTBOI\n\" SCRATCH_HASH x\n\" TOTP_AUTH", &error), 0);
	assert_int_equal(account.notes, OTP_ACCOUNT_EMERGENCY_CODES_LEFT_OUT);
	otp_account_free(&account);
	assert_int_equal(from(&account, "MZXW6YTBOI\n\" TOTP_AUTH\n\" DIGITS 7\n", &error), 0);
	assert_int_equal(account.notes, 0);
	assert_int_equal(account.digits, 7);
	otp_account_free(&account);
}

static void test_no_account(void **state)
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
	struct otp_account account;
	struct error error;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(from(&account, cases[i].text, &error), TOTPGROUP_EFORMAT);
		assert_message(&error, cases[i].message);
		otp_account_free(&account);
	}
}

static void test_setters_refuse(void **state)
{
	struct otp_account account = OTP_ACCOUNT_INIT;
	struct error error = ERROR_INIT;
	uint8_t bytes[OTP_ACCOUNT_SECRET_MAX + 1] = {1};

	(void)state;
	assert_int_equal(otp_account_set_secret(&account, bytes, sizeof bytes, &error),
		TOTPGROUP_EFORMAT);
	assert_int_equal(otp_account_set_secret(&account, bytes, 0, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(otp_account_set_secret(&account, bytes, sizeof bytes - 1, &error), 0);
	assert_int_equal(
		otp_account_set_base32(&account, "M=ZX", 4, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(
		otp_account_set_base32(&account, "====", 4, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(account.secret_length, OTP_ACCOUNT_SECRET_MAX);
	assert_int_equal(otp_account_set_base32(&account, "mzxw6===", 8, &error), 0);
	assert_int_equal(account.secret_length, 3);
	assert_int_equal(otp_account_set_name(&account, "a\nb", 3, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(otp_account_set_name(&account, "a\0b", 3, &error), TOTPGROUP_EFORMAT);
	assert_null(account.name);
	assert_int_equal(otp_account_add_emergency_code(&account, "01234567", 8, &error),
		TOTPGROUP_EFORMAT);
	assert_int_equal(otp_account_add_emergency_code(&account, "1234567", 7, &error),
		TOTPGROUP_EFORMAT);
	assert_int_equal(otp_account_add_emergency_code(&account, "+1234567", 8, &error),
		TOTPGROUP_EFORMAT);
	assert_int_equal(account.emergency_code_count, 0);
	assert_int_equal(otp_account_set_counter(&account, "9223372036854775807", 19, &error),
		TOTPGROUP_EFORMAT);
	assert_int_equal(otp_account_set_counter(&account, "-1", 2, &error), TOTPGROUP_EFORMAT);
	otp_account_free(&account);
}

/* No code that is dead in the file may come alive. */
static void assert_no_more_codes(
	const struct otp_account *account, const char *text, size_t length)
{
	totpgroup_credential *credential;

	assert_int_equal(totpgroup_credential_parse(&credential, text, length), 0);
	assert_true(account->emergency_code_count <= emergency_codes_left(credential));
	totpgroup_credential_free(credential);
}

static int write_credential(
	struct text *text, const struct otp_account *account, struct error *error)
{
	return otp_account_to_credential(account, NOW, text, error);
}

static int read_credential(
	struct otp_account *account, const char *text, size_t length, struct error *error)
{
	int status = otp_account_from_credential(account, text, length, error);

	if (status == 0)
		assert_no_more_codes(account, text, length);
	return status;
}

static const struct account_format format = {
	.limits = {.secret_max = 64,
		.emergency_codes = true,
		.counter_min = 1,
		.no_issuer = true},
	.write = write_credential,
	.read = read_credential,
	.assert_same = assert_same_account,
	.notes = OTP_ACCOUNT_STATE_LEFT_OUT,
};

static void test_round_trip(void **state)
{
	(void)state;
	assert_round_trips(&format);
}

static void test_mutations(void **state)
{
	(void)state;
	assert_survives_mutations(&format,
		"MZXW6YTBOI\n\" RATE_LIMIT 3 30\n\" ALGORITHM SHA256\n\" DIGITS 8\n"
		"\" STEP_SIZE 60\n\" TOTP_AUTH\n12345678\n23456789\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_text),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_too_many_emergency_codes),
		cmocka_unit_test(test_last_code_is_spent),
		cmocka_unit_test(test_foreign_lines),
		cmocka_unit_test(test_no_account),
		cmocka_unit_test(test_setters_refuse),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
