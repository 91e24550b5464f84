/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"

#define TOTP SECRET "\n\" TOTP_AUTH\n"
#define HOTP SECRET "\n\" HOTP_COUNTER 50\n"

/* All codes around the current step, for windows of each size. */
static void codes_of_the_window_are_accepted(void **state)
{
	static const struct {
		const char *line;
		int64_t first, last;
	} rows[] = {{"", -1, 1}, {"\" WINDOW_SIZE 1\n", 0, 0}, {"\" WINDOW_SIZE 2\n", 0, 1},
		{"\" WINDOW_SIZE 3\n", -1, 1}, {"\" WINDOW_SIZE 6\n", -2, 3},
		{"\" WINDOW_SIZE 17\n", -8, 8}, {"\" WINDOW_SIZE 100\n", -49, 50}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int64_t steps = -60; steps <= 60; steps++) {
			char text[200];
			code_text code = "";
			struct attempt attempt = attempt_with(code);
			totpgroup_credential *credential;
			struct decision decision;
			int64_t offset = steps == 0 ? 0 : steps * 30 + (steps > 0 ? -15 : 14);

			snprintf(text, sizeof text, TOTP "%s", rows[i].line);
			credential = load(text);
			put_code(STEP + steps, 6, 0, code);
			attempt.no_skew_adjust = true;
			if (steps >= rows[i].first && steps <= rows[i].last) {
				decision = assert_accepted(
					credential, &attempt, TOTPGROUP_METHOD_TOTP);
				assert_int_equal(decision.result.step, STEP + steps);
			} else {
				decision = assert_refused(
					credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
				assert_true(decision.no_match);
			}
			assert_true(decision.result.offset_known);
			assert_int_equal(decision.result.offset, offset);
			assert_false(decision.result.changed);
			totpgroup_credential_free(credential);
		}
	}
}

/* Finds the first of two near steps with the same code. */
static int64_t find_twins(code_text code, int64_t *later)
{
	static code_text codes[100];

	for (int64_t step = STEP;; step++) {
		put_code(step, 6, 0, codes[step % 100]);
		/* Compares with up to 98 steps before it. */
		for (int64_t before = step - 1; before >= STEP && before > step - 98; before--)
			if (strcmp(codes[before % 100], codes[step % 100]) == 0) {
				strcpy(code, codes[step % 100]);
				*later = step;
				return before;
			}
	}
}

/* The earlier step counts even if the other one is nearer, and even if it is spent. */
static void of_two_steps_with_one_code_the_first_counts(void **state)
{
	totpgroup_credential *credential = load(TOTP "\" WINDOW_SIZE 100\n");
	code_text code = "";
	struct attempt attempt = attempt_with(code);
	int64_t later, earlier = find_twins(code, &later);

	(void)state;
	attempt.now = (earlier + 49) * 30;
	attempt.disallow_reuse = true;
	assert_int_equal(
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP).result.step,
		earlier);
	assert_refused(credential, &attempt, TOTPGROUP_REASON_REUSED);
	attempt.now += 30;
	assert_int_equal(
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP).result.step,
		later);
	totpgroup_credential_free(credential);
}

/* All algorithms and lengths, and some periods. A code of one combination is wrong for
 * another. */
static void codes_follow_the_parameters(void **state)
{
	static const char *const algorithms[] = {"SHA1", "SHA256", "SHA512"};
	static const int flags[] = {0, OATH_TOTP_HMAC_SHA256, OATH_TOTP_HMAC_SHA512};
	static const unsigned int periods[] = {1, 30, 60, 61, 3600};

	(void)state;
	for (size_t i = 0; i < 3 * 3 * COUNT(periods); i++) {
		size_t algorithm = i % 3;
		unsigned int digits = 6 + i / 3 % 3, period = periods[i / 9];
		char text[200];
		totpgroup_credential *credential;

		snprintf(text, sizeof text,
			TOTP "\" ALGORITHM %s\n\" DIGITS %u\n\" STEP_SIZE %u\n",
			algorithms[algorithm], digits, period);
		credential = load(text);
		for (size_t other = 0; other < 9; other++) {
			code_text code = "";
			struct attempt attempt = attempt_with(code);

			put_code(NOW / period, 6 + (unsigned int)other / 3, flags[other % 3],
				code);
			attempt.no_skew_adjust = true;
			if (other % 3 == algorithm && 6 + other / 3 == digits)
				assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
			else
				assert_refused(
					credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
		}
		totpgroup_credential_free(credential);
	}
}

static void without_any_kind_of_code_none_is_accepted(void **state)
{
	totpgroup_credential *credential = load(SECRET "\n");
	code_text code = "";
	struct attempt attempt = attempt_with(code);

	(void)state;
	put_code(STEP, 6, 0, code);
	assert_true(assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE).no_match);
	totpgroup_credential_free(credential);
}

static void a_code_of_the_hotp_window_moves_the_counter(void **state)
{
	(void)state;
	for (int64_t counter = 40; counter <= 60; counter++) {
		totpgroup_credential *credential =
			load(HOTP "\" WINDOW_SIZE 5\n\" TOTP_AUTH\n");
		code_text code = "";
		struct attempt attempt = attempt_with(code);
		char after[200];
		struct decision decision;

		put_code(counter, 6, 0, code);
		if (counter >= 50 && counter < 55) {
			decision = assert_accepted(credential, &attempt, TOTPGROUP_METHOD_HOTP);
			assert_int_equal(decision.result.step, counter);
		} else {
			decision = assert_refused(
				credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
			assert_true(decision.no_match);
		}
		assert_false(decision.result.offset_known);
		assert_false(decision.penalty_due);
		assert_true(decision.result.changed);
		snprintf(after, sizeof after,
			SECRET "\n\" HOTP_COUNTER %d\n\" WINDOW_SIZE 5\n\" TOTP_AUTH\n",
			(int)(counter >= 50 && counter < 55 ? counter + 1 : 51));
		assert_credential(credential, after);
		/* A used code is wrong, and so is a code of the current time. */
		if (counter >= 50 && counter < 55)
			assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
		put_code(STEP, 6, 0, code);
		assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
		totpgroup_credential_free(credential);
	}
}

static void a_wrong_hotp_code_moves_the_counter_by_one(void **state)
{
	totpgroup_credential *credential = load(HOTP);
	struct attempt attempt = attempt_with("000000");
	struct decision decision;

	(void)state;
	/* Text that is no code has no penalty. */
	attempt.typed = "password";
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	assert_credential(credential, HOTP);
	/* The penalty can be switched off. */
	attempt.typed = "000000";
	attempt.no_increment_hotp = true;
	decision = assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	assert_false(decision.penalty_due);
	assert_credential(credential, HOTP);
	/* The penalty waits while another text will be tried. */
	attempt.no_increment_hotp = false;
	attempt.last = false;
	decision = assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	assert_true(decision.penalty_due);
	assert_true(decision.no_match);
	assert_credential(credential, HOTP);
	/* Both texts together have one penalty, and each alone has one. */
	attempt.last = true;
	attempt.penalty_due = true;
	decision = assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	assert_false(decision.penalty_due);
	assert_credential(credential, SECRET "\n\" HOTP_COUNTER 51\n");
	attempt.typed = "";
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	assert_credential(credential, SECRET "\n\" HOTP_COUNTER 52\n");
	/* The penalty applies even if the user gave no second text. */
	attempt.typed = NULL;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_CONVERSATION);
	assert_credential(credential, SECRET "\n\" HOTP_COUNTER 53\n");
	totpgroup_credential_free(credential);
}

static void a_right_second_text_has_no_penalty(void **state)
{
	totpgroup_credential *credential = load(HOTP);
	code_text code = "";
	struct attempt attempt = attempt_with(code);

	(void)state;
	put_code(51, 6, 0, code);
	attempt.penalty_due = true;
	attempt.count = false;
	assert_false(assert_accepted(credential, &attempt, TOTPGROUP_METHOD_HOTP).penalty_due);
	assert_credential(credential, SECRET "\n\" HOTP_COUNTER 52\n");
	/* A credential without HOTP has no penalty. */
	totpgroup_credential_free(credential);
	credential = load(TOTP);
	attempt.typed = "000000";
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	assert_credential(credential, TOTP);
	totpgroup_credential_free(credential);
}

static void an_emergency_code_comes_before_others(void **state)
{
	static const char *const texts[] = {SECRET "\n", TOTP, HOTP, TOTP "\" DIGITS 8\n",
		/* Emergency codes are accepted even if options are damaged. */
		TOTP "\" WINDOW_SIZE x\n\" STEP_SIZE x\n\" DIGITS x\n\" DISALLOW_REUSE x\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		char text[300];
		totpgroup_credential *credential;
		struct attempt attempt = attempt_with("12345678");
		struct decision decision;

		snprintf(text, sizeof text, "%s12345678\n23456789\n", texts[i]);
		credential = load(text);
		decision = assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
		assert_true(decision.result.changed);
		assert_false(decision.result.offset_known);
		snprintf(text, sizeof text, "%s23456789\n", texts[i]);
		assert_credential(credential, text);
		attempt.typed = "2345 6789";
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
		assert_credential(credential, texts[i]);
		totpgroup_credential_free(credential);
	}
}

static void an_emergency_code_is_accepted_once(void **state)
{
	totpgroup_credential *credential = load(TOTP "12345678\n");
	struct attempt attempt = attempt_with("12345678");

	(void)state;
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
	assert_true(assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE).no_match);
	assert_credential(credential, TOTP);
	totpgroup_credential_free(credential);
}

static void attempts_beyond_the_limit_are_refused(void **state)
{
	totpgroup_credential *credential = load(TOTP "\" RATE_LIMIT 2 30\n12345678\n");
	struct attempt attempt = attempt_with("000000");
	struct decision decision;

	(void)state;
	attempt.no_skew_adjust = true;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	attempt.now += 10;
	/* Another text of the same login is not counted. */
	attempt.count = false;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	attempt.count = true;
	attempt.typed = NULL;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_CONVERSATION);
	/* Beyond the limit, codes are not tried. */
	attempt.now += 1;
	attempt.typed = "12345678";
	decision = assert_refused(credential, &attempt, TOTPGROUP_REASON_RATE_LIMITED);
	assert_false(decision.no_match);
	assert_false(decision.penalty_due);
	assert_true(decision.result.changed);
	assert_int_equal(decision.result.retry_after, 30);
	assert_credential(
		credential, TOTP "\" RATE_LIMIT 2 30 1800000025 1800000026\n12345678\n");
	attempt.now += 30;
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
	assert_credential(credential, TOTP "\" RATE_LIMIT 2 30 1800000026 1800000056\n");
	totpgroup_credential_free(credential);
}

static void a_code_is_accepted_once(void **state)
{
	totpgroup_credential *credential = load(TOTP "\" DISALLOW_REUSE\n");
	code_text code = "", other = "";
	struct attempt attempt = attempt_with(code);
	struct decision decision;

	(void)state;
	put_code(STEP, 6, 0, code);
	put_code(STEP + 1, 6, 0, other);
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	assert_credential(credential, TOTP "\" DISALLOW_REUSE 60000000\n");
	for (int64_t second = 0; second < 45; second++) {
		attempt.now = NOW + second;
		decision = assert_refused(credential, &attempt, TOTPGROUP_REASON_REUSED);
		assert_false(decision.no_match);
		assert_false(decision.result.changed);
		assert_true(decision.result.offset_known);
		assert_int_equal(decision.result.step, STEP);
		assert_int_equal(
			decision.result.retry_after, second < 15 ? 15 - second : 45 - second);
	}
	attempt.typed = other;
	attempt.now = NOW;
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	assert_credential(credential, TOTP "\" DISALLOW_REUSE 60000000 60000001\n");
	totpgroup_credential_free(credential);
}

/* Without the line a code can be used again, unless disallow_reuse is set. */
static void a_code_is_accepted_again_where_reuse_is_allowed(void **state)
{
	totpgroup_credential *credential = load(TOTP);
	code_text code = "";
	struct attempt attempt = attempt_with(code);

	(void)state;
	put_code(STEP, 6, 0, code);
	assert_false(
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP).result.changed);
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	attempt.disallow_reuse = true;
	assert_true(
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP).result.changed);
	assert_credential(credential, SECRET "\n\" DISALLOW_REUSE 60000000\n\" TOTP_AUTH\n");
	assert_refused(credential, &attempt, TOTPGROUP_REASON_REUSED);
	totpgroup_credential_free(credential);
}

static void two_codes_in_a_row_never_lead_near_the_last_counter(void **state)
{
	const int64_t last = CREDENTIAL_HOTP_COUNTER_MAX;
	char text[100], pair[2 * sizeof(code_text)];
	struct attempt attempt = attempt_with(pair);
	totpgroup_credential *credential;

	(void)state;
	attempt.resync_hotp = true;
	put_code(last - 400, 6, 0, pair);
	put_code(last - 399, 6, 0, pair + 6);
	snprintf(text, sizeof text, SECRET "\n\" HOTP_COUNTER %lld\n", (long long)last - 500);
	credential = load(text);
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	totpgroup_credential_free(credential);
	snprintf(text, sizeof text, SECRET "\n\" HOTP_COUNTER %lld\n", (long long)last - 1001);
	credential = load(text);
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	totpgroup_credential_free(credential);
	snprintf(text, sizeof text, SECRET "\n\" HOTP_COUNTER %lld\n", (long long)last - 1002);
	credential = load(text);
	/* The step is that of the second code. */
	assert_int_equal(
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_HOTP).result.step,
		last - 399);
	totpgroup_credential_free(credential);
}

static void two_codes_in_a_row_are_for_logins_with_a_counter(void **state)
{
	char pair[2 * sizeof(code_text)];
	struct attempt attempt = attempt_with(pair);
	totpgroup_credential *credential = load(SECRET "\n");

	(void)state;
	attempt.resync_hotp = true;
	put_code(0, 6, 0, pair);
	put_code(1, 6, 0, pair + 6);
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	totpgroup_credential_free(credential);
	credential = load(SECRET "\n\" HOTP_COUNTER 7\n");
	put_code(500, 6, 0, pair);
	put_code(501, 6, 0, pair + 6);
	attempt.front_end = true;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	assert_credential(credential, SECRET "\n\" HOTP_COUNTER 7\n");
	attempt.front_end = false;
	assert_int_equal(
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_HOTP).result.step, 501);
	totpgroup_credential_free(credential);
}

/* At the last counter, too, a code could have been right. */
static void a_damaged_option_ends_a_login_with_a_counter(void **state)
{
	static const struct {
		const char *counter;
		bool no_match;
	} cases[] = {{"1", false}, {"2305843009213693951", false}, {"0", true}};
	struct attempt attempt = attempt_with("123456");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error error = ERROR_INIT;
		struct decision decision;
		char text[100];
		totpgroup_credential *credential;

		snprintf(text, sizeof text, SECRET "\n\" HOTP_COUNTER %s\n\" DIGITS 9\n",
			cases[i].counter);
		credential = load(text);
		assert_int_equal(decide(credential, &attempt, &decision, &error), 0);
		assert_int_equal(decision.result.reason, TOTPGROUP_REASON_BAD_FILE);
		assert_int_equal(decision.no_match, cases[i].no_match);
		totpgroup_credential_free(credential);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_of_the_window_are_accepted),
		cmocka_unit_test(of_two_steps_with_one_code_the_first_counts),
		cmocka_unit_test(codes_follow_the_parameters),
		cmocka_unit_test(without_any_kind_of_code_none_is_accepted),
		cmocka_unit_test(a_code_of_the_hotp_window_moves_the_counter),
		cmocka_unit_test(a_wrong_hotp_code_moves_the_counter_by_one),
		cmocka_unit_test(a_right_second_text_has_no_penalty),
		cmocka_unit_test(an_emergency_code_comes_before_others),
		cmocka_unit_test(an_emergency_code_is_accepted_once),
		cmocka_unit_test(attempts_beyond_the_limit_are_refused),
		cmocka_unit_test(a_code_is_accepted_once),
		cmocka_unit_test(a_code_is_accepted_again_where_reuse_is_allowed),
		cmocka_unit_test(two_codes_in_a_row_never_lead_near_the_last_counter),
		cmocka_unit_test(two_codes_in_a_row_are_for_logins_with_a_counter),
		cmocka_unit_test(a_damaged_option_ends_a_login_with_a_counter),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
