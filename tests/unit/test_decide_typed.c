/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"

#define TEXT SECRET "\n\" TOTP_AUTH\n12345678\n"

/* The typed text, with "TOTP" for the current code and "TO TP" for the code with a blank. */
struct typed {
	const char *text;
	enum totpgroup_method method; /* NONE for a refusal */
	size_t password_length;
};

static void replace(char *text, const char *name, const char *with)
{
	char *at = strstr(text, name);

	if (at == NULL)
		return;
	memmove(at + strlen(with), at + strlen(name), strlen(at + strlen(name)) + 1);
	memcpy(at, with, strlen(with));
}

static void assert_typed(const struct typed *typed, bool password_before_code)
{
	totpgroup_credential *credential = load(TEXT);
	char text[1000];
	code_text code = "";
	char split[11];
	struct attempt attempt = attempt_with(text);
	struct decision decision;

	put_code(STEP, 6, 0, code);
	snprintf(split, sizeof split, "%.3s %.3s", code, code + 3);
	snprintf(text, sizeof text, "%s", typed->text);
	replace(text, "TOTP", code);
	replace(text, "TO TP", split);
	attempt.password_before_code = password_before_code;
	attempt.no_skew_adjust = true;
	if (typed->method == TOTPGROUP_METHOD_NONE) {
		decision = assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
		assert_true(decision.no_match);
		assert_false(decision.result.changed);
	} else {
		decision = assert_accepted(credential, &attempt, typed->method);
		assert_int_equal(decision.password_length, typed->password_length);
	}
	totpgroup_credential_free(credential);
}

static void a_code_alone_may_have_blanks(void **state)
{
	static const struct typed rows[] = {
		{"TOTP", TOTPGROUP_METHOD_TOTP, 0},
		{"TO TP", TOTPGROUP_METHOD_TOTP, 0},
		{"  TO TP  ", TOTPGROUP_METHOD_TOTP, 0},
		{"\tTOTP\t", TOTPGROUP_METHOD_TOTP, 0},
		{"12345678", TOTPGROUP_METHOD_EMERGENCY, 0},
		{"1234 5678", TOTPGROUP_METHOD_EMERGENCY, 0},
		{" 1 2 3 4 5 6 7 8 ", TOTPGROUP_METHOD_EMERGENCY, 0},
		{"", TOTPGROUP_METHOD_NONE, 0},
		{" ", TOTPGROUP_METHOD_NONE, 0},
		{"TOTP1", TOTPGROUP_METHOD_NONE, 0},
		{"1TOTP", TOTPGROUP_METHOD_NONE, 0},
		{"xTOTP", TOTPGROUP_METHOD_NONE, 0},
		{"TOTPx", TOTPGROUP_METHOD_NONE, 0},
		{"TOTP\n", TOTPGROUP_METHOD_TOTP, 0},
		{"TOTP\r", TOTPGROUP_METHOD_TOTP, 0},
		{"+TOTP", TOTPGROUP_METHOD_NONE, 0},
		{"TOTP\v", TOTPGROUP_METHOD_NONE, 0},
		{"TOTP\xc2\xa0", TOTPGROUP_METHOD_TOTP, 0},
		{"012345678", TOTPGROUP_METHOD_NONE, 0},
		{"123456789", TOTPGROUP_METHOD_NONE, 0},
		{"1234-5678", TOTPGROUP_METHOD_NONE, 0},
		{"99912345678", TOTPGROUP_METHOD_NONE, 0},
		/* sshd passes this in place of an answer of an unknown user. */
		{"\b\n\r\177IN", TOTPGROUP_METHOD_NONE, 0},
		{"\b\n\r\177INCO", TOTPGROUP_METHOD_NONE, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_typed(&rows[i], false);
}

static void a_code_may_follow_a_password(void **state)
{
	static const struct typed rows[] = {
		{"TOTP", TOTPGROUP_METHOD_TOTP, 0},
		{"xTOTP", TOTPGROUP_METHOD_TOTP, 1},
		{"password TOTP", TOTPGROUP_METHOD_TOTP, 9},
		{" TOTP", TOTPGROUP_METHOD_TOTP, 1},
		{"77TOTP", TOTPGROUP_METHOD_TOTP, 2},
		{"p\xc3\xa4ss\n\x01TOTP", TOTPGROUP_METHOD_TOTP, 7},
		{"TO TP", TOTPGROUP_METHOD_NONE, 0},
		{"TOTP ", TOTPGROUP_METHOD_NONE, 0},
		{"TOTPx", TOTPGROUP_METHOD_NONE, 0},
		{"TOTP\n", TOTPGROUP_METHOD_NONE, 0},
		{"", TOTPGROUP_METHOD_NONE, 0},
		{"12345", TOTPGROUP_METHOD_NONE, 0},
		/* Eight digits are first tried as an emergency code. */
		{"12345678", TOTPGROUP_METHOD_EMERGENCY, 0},
		{"password12345678", TOTPGROUP_METHOD_EMERGENCY, 8},
		{"012345678", TOTPGROUP_METHOD_EMERGENCY, 1},
		{"1234 5678", TOTPGROUP_METHOD_NONE, 0},
		{"12345678 ", TOTPGROUP_METHOD_NONE, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_typed(&rows[i], true);
}

/* Passwords of every length, some longer than TYPED_MAX. */
static void a_password_may_be_of_any_length(void **state)
{
	char text[400];

	(void)state;
	for (size_t length = 0; length < 300; length++) {
		struct typed typed = {text, TOTPGROUP_METHOD_TOTP, length};

		memset(text, 'p', length);
		strcpy(text + length, "TOTP");
		assert_typed(&typed, true);
		strcpy(text + length, "12345678");
		typed.method = TOTPGROUP_METHOD_EMERGENCY;
		assert_typed(&typed, true);
		if (length > 0) {
			typed.method = TOTPGROUP_METHOD_NONE;
			assert_typed(&typed, false);
		}
	}
}

/* Any number of blanks is dropped, but no other text is. */
static void a_code_has_exactly_its_digits(void **state)
{
	char text[400];
	struct typed typed = {text, TOTPGROUP_METHOD_EMERGENCY, 0};

	(void)state;
	for (size_t length = 0; length < 300; length++) {
		memset(text, ' ', length);
		strcpy(text + length, "1234 5678");
		typed.method = TOTPGROUP_METHOD_EMERGENCY;
		assert_typed(&typed, false);
		memset(text, '0', length);
		strcpy(text + length, "12345678");
		typed.method = length == 0 ? TOTPGROUP_METHOD_EMERGENCY : TOTPGROUP_METHOD_NONE;
		assert_typed(&typed, false);
	}
}

/* Behind a password, the end of a longer code may be a shorter code. A shorter code is
 * never accepted for a longer one. */
static void codes_of_seven_and_eight_digits_are_read(void **state)
{
	(void)state;
	for (unsigned int digits = 6; digits <= 8; digits++) {
		for (unsigned int length = 6; length <= 8; length++) {
			totpgroup_credential *credential;
			char text[100], typed[40];
			code_text code = "";
			struct attempt attempt = attempt_with(typed);

			snprintf(text, sizeof text, TEXT "\" DIGITS %u\n", digits);
			credential = load(text);
			put_code(STEP, length, 0, code);
			snprintf(typed, sizeof typed, "pass%s", code);
			attempt.no_skew_adjust = true;
			attempt.password_before_code = true;
			if (length >= digits)
				assert_int_equal(assert_accepted(credential, &attempt,
							 TOTPGROUP_METHOD_TOTP)
							 .password_length,
					4 + length - digits);
			else
				assert_refused(
					credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
			totpgroup_credential_free(credential);
		}
	}
}

/* It changes nothing else. */
static void a_text_without_a_code_costs_one_attempt(void **state)
{
	totpgroup_credential *credential =
		load(SECRET "\n\" RATE_LIMIT 3 30\n\" HOTP_COUNTER 5\n");
	struct attempt attempt = attempt_with("correct horse");

	(void)state;
	attempt.last = false;
	assert_true(assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE).no_match);
	attempt.count = false;
	attempt.last = true;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	assert_credential(
		credential, SECRET "\n\" RATE_LIMIT 3 30 1800000015\n\" HOTP_COUNTER 5\n");
	totpgroup_credential_free(credential);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_alone_may_have_blanks),
		cmocka_unit_test(a_code_may_follow_a_password),
		cmocka_unit_test(a_password_may_be_of_any_length),
		cmocka_unit_test(a_code_has_exactly_its_digits),
		cmocka_unit_test(codes_of_seven_and_eight_digits_are_read),
		cmocka_unit_test(a_text_without_a_code_costs_one_attempt),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
