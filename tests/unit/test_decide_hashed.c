/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"
#include "hashed_codes.h"
#include "scrypt_support.h"

#define TOTP SECRET "\n\" TOTP_AUTH\n"

static void test_let_in_once(void **state)
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

/* As plain ones, they are good with HOTP, and with neither. */
static void test_other_credentials(void **state)
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

static void test_attempts_are_limited(void **state)
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
	/* What is refused anyway costs nothing. */
	assert_int_equal(derivations, 2);
	attempt.now += 31;
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
	totpgroup_credential_free(credential);
}

/* Nothing is hashed that has another form, and nothing without lines. */
static void test_what_is_not_hashed(void **state)
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

/* The text before the code, and how long it is; -1 where the whole is wrong. */
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

static void test_behind_a_password(void **state)
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

/* Whatever is wrong with these lines, other codes go on working. */
static void test_damage(void **state)
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

/* The line that is named is the one that matters for what was typed. */
static void test_damage_besides(void **state)
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

static void test_failures(void **state)
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

/* An app's code of eight digits and a plain emergency code are tried first. */
static void test_other_codes_go_before(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_let_in_once),
		cmocka_unit_test(test_other_credentials),
		cmocka_unit_test(test_attempts_are_limited),
		cmocka_unit_test(test_what_is_not_hashed),
		cmocka_unit_test(test_behind_a_password),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_damage_besides),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_other_codes_go_before),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
