/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"

#define TOTP SECRET "\n\" TOTP_AUTH\n"

/* Decides on a damaged text, and expects a refusal with a message. */
static struct decision assert_damage(
	const char *text, const struct attempt *attempt, const char *message)
{
	totpgroup_credential *credential = load(text);
	struct error error;
	struct decision decision = decide_on(credential, attempt, &error);

	if (decision.result.reason != TOTPGROUP_REASON_BAD_FILE)
		fail_msg("%s: %s", text, totpgroup_reason_name(decision.result.reason));
	assert_int_equal(decision.result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(error.code, TOTPGROUP_EFORMAT);
	assert_message(&error, message);
	totpgroup_credential_free(credential);
	return decision;
}

static void a_damaged_option_is_named_and_refused(void **state)
{
	static const struct {
		const char *lines;
		const char *message;
	} rows[] = {
		{"\" RATE_LIMIT 3 30 \n", "line 3: RATE_LIMIT"},
		{"\" RATE_LIMIT\n", "line 3: RATE_LIMIT"},
		{"x\n\n\" RATE_LIMIT 3 x\n", "line 5: RATE_LIMIT"},
		{"\" WINDOW_SIZE 0\n", "line 3: WINDOW_SIZE"},
		{"\" WINDOW_SIZE 101\n", "line 3: WINDOW_SIZE"},
		{"\" STEP_SIZE 3601\n", "line 3: STEP_SIZE"},
		{"\" STEP_SIZE x\n", "line 3: STEP_SIZE"},
		{"\" DIGITS 5\n", "line 3: DIGITS"},
		{"\" DIGITS 9\n", "line 3: DIGITS"},
		{"\" ALGORITHM MD5\n", "line 3: ALGORITHM"},
		{"\" DISALLOW_REUSE x\n", "line 3: DISALLOW_REUSE"},
		{"x\r\n\r\n\" DISALLOW_REUSE 5 6x\r\n", "line 5: DISALLOW_REUSE"},
		{"\" HOTP_COUNTER 9223372036854775807\n", "line 3: HOTP_COUNTER"},
		{"\" HOTP_COUNTER 1\n\" WINDOW_SIZE x\n", "line 4: WINDOW_SIZE"},
	};
	code_text code = "";
	struct attempt attempt = attempt_with(code);

	(void)state;
	put_code(STEP, 6, 0, code);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		struct decision decision;

		snprintf(text, sizeof text, TOTP "%s", rows[i].lines);
		decision = assert_damage(text, &attempt, rows[i].message);
		assert_false(decision.result.changed);
	}
}

/* A code of any length ends the login; after text without a code another text may be
 * tried. */
static void damage_ends_the_login_for_a_code_of_any_length(void **state)
{
	static const struct {
		const char *typed;
		bool password_before_code;
		bool no_match;
	} rows[] = {{"123456", false, false}, {"1234567", false, false},
		{"12345678", false, false}, {"123 456", false, false},
		{"pass123456", true, false}, {"12345", false, true}, {"123456789", false, true},
		{"password", false, true}, {"password", true, true}, {"", true, true}};
	static const char *const lines[] = {"DIGITS x", "WINDOW_SIZE x", "STEP_SIZE x"};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t line = 0; line < COUNT(lines); line++) {
			struct attempt attempt = attempt_with(rows[i].typed);
			char text[200];

			snprintf(text, sizeof text, TOTP "\" %s\n", lines[line]);
			attempt.password_before_code = rows[i].password_before_code;
			assert_int_equal(assert_damage(text, &attempt, "line 3: ").no_match,
				rows[i].no_match);
		}
	}
}

/* No code can match where the lines name no kind of code, or an impossible counter. Then
 * another text may be tried. */
static void damage_where_no_code_can_match_allows_another_text(void **state)
{
	static const char *const texts[] = {SECRET "\n\" WINDOW_SIZE 5x\n",
		SECRET "\n\" DIGITS 9\n", SECRET "\n\" HOTP_COUNTER 0\n\" WINDOW_SIZE x\n",
		SECRET "\n\" HOTP_COUNTER 9223372036854775807\n",
		TOTP "\" HOTP_COUNTER 9223372036854775807\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct attempt attempt = attempt_with("123456");

		assert_true(assert_damage(texts[i], &attempt, "line ").no_match);
	}
}

/* The attempt is counted before the secret is read. */
static void an_attempt_counts_even_with_a_damaged_secret(void **state)
{
	static const char *const texts[] = {"NOT=\n", "\n", "A\n", "\" TOTP_AUTH\n"};
	struct attempt attempt = attempt_with("12345678");

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		char text[200];

		snprintf(text, sizeof text, "%s\" RATE_LIMIT 3 30\n12345678\n", texts[i]);
		assert_true(assert_damage(text, &attempt, "line 1: ").result.changed);
	}
	/* Without RATE_LIMIT there is nothing to count in. */
	assert_false(assert_damage("NOT=\n", &attempt, "line 1: ").result.changed);
}

static void an_impossible_clock_is_an_error(void **state)
{
	static const struct {
		int64_t now;
		bool for_totp_only; /* emergency codes are accepted nevertheless */
	} rows[] = {{-1, false}, {-30, false}, {INT64_MIN, false}, {INT64_MAX, false},
		{INT64_MAX / 2, false}, {0, true}, {29, true}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		totpgroup_credential *credential =
			load(TOTP "\" RATE_LIMIT 2 30\n\" STEP_SIZE 30\n12345678\n");
		struct attempt attempt = attempt_with("12345678");
		struct error error;
		struct decision decision;

		attempt.now = rows[i].now;
		decision = decide_on(credential, &attempt, &error);
		if (rows[i].for_totp_only) {
			assert_int_equal(decision.result.verdict, TOTPGROUP_ACCEPTED);
			attempt.typed = "123456";
			decision = decide_on(credential, &attempt, &error);
		}
		assert_int_equal(decision.result.verdict, TOTPGROUP_REFUSED);
		assert_int_equal(decision.result.reason, TOTPGROUP_REASON_STORE_ERROR);
		assert_int_equal(error.code, TOTPGROUP_ESYSTEM);
		assert_message(&error, "clock");
		totpgroup_credential_free(credential);
	}
}

/* The earliest possible codes, and a clock of the far future. */
static void codes_are_accepted_at_any_possible_time(void **state)
{
	static const struct {
		int64_t now;
		int64_t skew;
	} rows[] = {{30, 0}, {30, 5}, {60, -2}, {INT64_C(30) << 48, 0}, {INT64_C(30) << 48, 7},
		{INT64_MAX / 4, 0}, {INT64_MAX / 4, INT32_MAX}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		code_text code = "";
		struct attempt attempt = attempt_with(code);
		totpgroup_credential *credential;

		snprintf(text, sizeof text,
			TOTP "\" TIME_SKEW %d\n\" DISALLOW_REUSE\n\" RATE_LIMIT 3 30\n",
			(int)rows[i].skew);
		credential = load(text);
		attempt.now = rows[i].now;
		put_code(rows[i].now / 30 + rows[i].skew, 6, 0, code);
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
		assert_refused(credential, &attempt, TOTPGROUP_REASON_REUSED);
		strcpy(code, "000000");
		assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
		totpgroup_credential_free(credential);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_damaged_option_is_named_and_refused),
		cmocka_unit_test(damage_ends_the_login_for_a_code_of_any_length),
		cmocka_unit_test(damage_where_no_code_can_match_allows_another_text),
		cmocka_unit_test(an_attempt_counts_even_with_a_damaged_secret),
		cmocka_unit_test(an_impossible_clock_is_an_error),
		cmocka_unit_test(codes_are_accepted_at_any_possible_time),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
