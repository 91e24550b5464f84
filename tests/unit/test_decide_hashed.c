/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"
#include "hashed_codes.h"
#include "scrypt_support.h"

#define TOTP SECRET "\n\" TOTP_AUTH\n"

static void a_hashed_code_is_accepted_once(void **state)
{
	static const char *const forms[] = {
		WRITTEN_A, CODE_A, "7k3m-q9td-x2ha-p5vw", " 7k3m q9td x2ha p5vw\t"};

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		totpgroup_credential *credential = load(TOTP A_1 B_1);
		struct attempt attempt = attempt_with(forms[i]);
		struct decision decision =
			assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);

		assert_true(decision.result.changed);
		assert_int_equal(decision.password_length, 0);
		assert_credential(credential, TOTP B_1);
		decision = assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
		assert_true(decision.no_match);
		assert_false(decision.result.changed);
		totpgroup_credential_free(credential);
	}
}

/* Like plain codes, they are accepted with HOTP, and without any other kind of code. */
static void hashed_codes_work_with_any_kind_of_credential(void **state)
{
	static const char *const texts[] = {
		SECRET "\n", SECRET "\n\" HOTP_COUNTER 7\n", SECRET "\n\" DIGITS 9\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct attempt attempt = attempt_with(WRITTEN_A);
		totpgroup_credential *credential;
		char text[512];

		snprintf(text, sizeof text, "%s" A_1, texts[i]);
		credential = load(text);
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
		assert_credential(credential, texts[i]);
		totpgroup_credential_free(credential);
	}
}

static void hashed_codes_are_rate_limited(void **state)
{
	totpgroup_credential *credential =
		load(SECRET "\n\" RATE_LIMIT 2 30\n\" TOTP_AUTH\n" A_1);
	struct attempt attempt = attempt_with(WRITTEN_B);

	(void)state;
	derivations = 0;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	assert_int_equal(derivations, 2);
	attempt.typed = WRITTEN_A;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_RATE_LIMITED);
	/* A refused attempt derives nothing. */
	assert_int_equal(derivations, 2);
	attempt.now += 31;
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
	totpgroup_credential_free(credential);
}

/* Text of another form is not hashed, and nothing is hashed without lines. */
static void only_text_in_the_form_of_a_code_is_hashed(void **state)
{
	static const char *const typed[] = {"", "123456", "12345678", "password",
		"4000-1234-5678-9010", "7K3M-Q9TD-X2HA-P5V", "7K3M-Q9TD-X2HA-P5VWX",
		"0123456789012345678901234567890123456789012345678901234567890123456789"};
	struct attempt attempt = attempt_with(WRITTEN_A);
	totpgroup_credential *credential = load(TOTP "12345679\n");

	(void)state;
	derivations = 0;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	totpgroup_credential_free(credential);
	credential = load(TOTP A_1);
	for (size_t i = 0; i < COUNT(typed); i++) {
		attempt.typed = typed[i];
		assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	}
	attempt.typed = WRITTEN_A;
	attempt.now = -1;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_STORE_ERROR);
	assert_int_equal(derivations, 0);
	totpgroup_credential_free(credential);
}

/* Expects the length of the password, or -1 for a refusal. */
static void assert_behind_password(const char *typed, int password_length)
{
	totpgroup_credential *credential = load(TOTP A_1);
	struct attempt attempt = attempt_with(typed);
	struct decision decision;

	attempt.password_before_code = true;
	if (password_length < 0) {
		derivations = 0;
		assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
		assert_int_equal(derivations, 0);
	} else {
		decision = assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
		assert_int_equal(decision.password_length, password_length);
		assert_credential(credential, TOTP);
	}
	totpgroup_credential_free(credential);
}

static void behind_a_password_a_code_needs_its_dashes(void **state)
{
	char longer[301];

	(void)state;
	assert_behind_password(WRITTEN_A, 0);
	assert_behind_password("secret" WRITTEN_A, 6);
	assert_behind_password("my pass word 7k3m-q9td-x2ha-p5vw", 13);
	assert_behind_password("-" WRITTEN_A, 1);
	memset(longer, 'p', 281);
	strcpy(longer + 281, WRITTEN_A);
	assert_behind_password(longer, 281);

	assert_behind_password(CODE_A, -1);
	assert_behind_password("secret" CODE_A, -1);
	assert_behind_password("secret7K3M Q9TD X2HA P5VW", -1);
	assert_behind_password("secret" WRITTEN_A " ", -1);
	assert_behind_password(WRITTEN_A "x", -1);
}

static void a_damaged_line_does_not_stop_other_codes(void **state)
{
	static const char text[] = TOTP "12345678\n" A_1 "\" SCRATCH_HASH scrypt 17 8 1\n";
	totpgroup_credential *credential = load(text);
	struct attempt attempt = attempt_with(WRITTEN_A);
	struct decision decision;
	struct error error;
	code_text code;

	(void)state;
	decision = decide_on(credential, &attempt, &error);
	assert_int_equal(decision.result.reason, TOTPGROUP_REASON_BAD_FILE);
	assert_false(decision.no_match);
	assert_message(&error, "line 5");
	put_code(STEP, 6, 0, code);
	attempt.typed = code;
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	attempt.typed = "12345678";
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
	totpgroup_credential_free(credential);
}

static void the_damaged_line_that_matters_is_named(void **state)
{
	totpgroup_credential *credential =
		load(TOTP "\" SCRATCH_HASH\n\" DIGITS 9\n" A_1 "\" STEP_SIZE 0\n");
	struct attempt attempt = attempt_with(WRITTEN_A);
	struct decision decision;
	struct error error;

	(void)state;
	decision = decide_on(credential, &attempt, &error);
	assert_int_equal(decision.result.reason, TOTPGROUP_REASON_BAD_FILE);
	assert_false(decision.no_match);
	assert_message(&error, "line 3");
	totpgroup_credential_free(credential);
}

static void a_failed_derivation_is_a_refusal(void **state)
{
	static const struct {
		gpg_err_code_t why;
		int status;
	} cases[] = {
		{GPG_ERR_ENOMEM, TOTPGROUP_EMEMORY}, {GPG_ERR_FORBIDDEN, TOTPGROUP_ECRYPTO}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		totpgroup_credential *credential = load(TOTP A_1);
		struct attempt attempt = attempt_with(WRITTEN_A);
		struct error error = ERROR_INIT;
		struct decision decision;

		derivation_error = cases[i].why;
		assert_int_equal(
			decide(credential, &attempt, &decision, &error), cases[i].status);
		derivation_error = 0;
		assert_int_equal(decision.result.verdict, TOTPGROUP_REFUSED);
		assert_int_equal(decision.result.reason, TOTPGROUP_REASON_STORE_ERROR);
		assert_int_equal(error.code, cases[i].status);
		totpgroup_credential_free(credential);
	}
}

/* TOTP codes of eight digits and plain emergency codes are tried first. */
static void other_codes_are_tried_without_hashing(void **state)
{
	totpgroup_credential *credential =
		load(SECRET "\n\" ALGORITHM SHA256\n\" DIGITS 8\n\" STEP_SIZE 60\n\" "
			    "TOTP_AUTH\n12345678\n" A_1);
	struct attempt attempt = attempt_with("12345678");
	code_text code;

	(void)state;
	derivations = 0;
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
	put_code(NOW / 60, 8, OATH_TOTP_HMAC_SHA256, code);
	attempt.typed = code;
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	assert_int_equal(derivations, 0);
	attempt.typed = WRITTEN_A;
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
	assert_int_equal(derivations, 1);
	totpgroup_credential_free(credential);
}

/* A code by time would be good on each host, so what stands in for a shared store takes none. */
static void alone_they_are_all_that_counts(void **state)
{
	static const char *const texts[] = {SECRET
		"\n\" RATE_LIMIT 9 30\n\" TOTP_AUTH\n12345678\n" A_1,
		SECRET "\n\" RATE_LIMIT 9 30\n\" HOTP_COUNTER 7\n12345678\n" A_1};
	code_text codes[3] = {"", "", "12345678"};

	(void)state;
	put_code(STEP, 6, 0, codes[0]);
	put_code(7, 6, 0, codes[1]);
	for (size_t i = 0; i < COUNT(texts); i++) {
		totpgroup_credential *credential = load(texts[i]);
		struct attempt attempt = attempt_with(NULL);

		attempt.hashed_codes_alone = true;
		for (size_t j = 0; j < COUNT(codes); j++) {
			attempt.typed = codes[j];
			assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
		}
		attempt.typed = WRITTEN_A;
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
		assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
		/* The others are as good as before. */
		attempt.hashed_codes_alone = false;
		attempt.typed = codes[i];
		assert_accepted(credential, &attempt,
			i == 0 ? TOTPGROUP_METHOD_TOTP : TOTPGROUP_METHOD_HOTP);
		totpgroup_credential_free(credential);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hashed_code_is_accepted_once),
		cmocka_unit_test(hashed_codes_work_with_any_kind_of_credential),
		cmocka_unit_test(hashed_codes_are_rate_limited),
		cmocka_unit_test(only_text_in_the_form_of_a_code_is_hashed),
		cmocka_unit_test(behind_a_password_a_code_needs_its_dashes),
		cmocka_unit_test(a_damaged_line_does_not_stop_other_codes),
		cmocka_unit_test(the_damaged_line_that_matters_is_named),
		cmocka_unit_test(a_failed_derivation_is_a_refusal),
		cmocka_unit_test(other_codes_are_tried_without_hashing),
		cmocka_unit_test(alone_they_are_all_that_counts),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
