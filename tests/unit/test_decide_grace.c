/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"

#include "allocation.h"

#define TOTP SECRET "\n\" TOTP_AUTH\n"

/* Decides before the prompt, and checks that nothing changes. */
static struct totpgroup_result look(const char *text, const struct attempt *attempt)
{
	totpgroup_credential *credential = load(text);
	struct totpgroup_result result;
	struct error error = ERROR_INIT;

	memset(&result, 0xff, sizeof result);
	assert_int_equal(decide_before_prompt(credential, attempt, &result, &error), 0);
	assert_credential(credential, text);
	assert_false(result.changed);
	if (result.reason == TOTPGROUP_REASON_BAD_FILE)
		assert_message(&error, "line 3: RATE_LIMIT");
	else
		assert_int_equal(error.code, 0);
	if (result.verdict == TOTPGROUP_ACCEPTED) {
		assert_int_equal(result.method, TOTPGROUP_METHOD_GRACE);
		assert_int_equal(result.reason, TOTPGROUP_REASON_NONE);
	} else {
		assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
		assert_int_equal(result.method, TOTPGROUP_METHOD_NONE);
	}
	totpgroup_credential_free(credential);
	return result;
}

static void assert_asked(const char *text, const struct attempt *attempt)
{
	struct totpgroup_result result = look(text, attempt);

	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(result.reason, TOTPGROUP_REASON_NONE);
}

static struct attempt from_host(void)
{
	struct attempt attempt = attempt_with(NULL);

	attempt.grace.host = "192.0.2.7";
	attempt.grace_period = 100;
	return attempt;
}

static void a_host_is_not_asked_again_within_the_period(void **state)
{
	static const char text[] = TOTP "\" LAST0 192.0.2.7 1800000015\n";
	struct attempt attempt = from_host();

	(void)state;
	assert_int_equal(look(text, &attempt).verdict, TOTPGROUP_ACCEPTED);
	attempt.now = NOW + 99;
	assert_int_equal(look(text, &attempt).verdict, TOTPGROUP_ACCEPTED);
	attempt.now = NOW + 100;
	assert_asked(text, &attempt);
	attempt.now = NOW - 1;
	assert_asked(text, &attempt);
	attempt = from_host();
	attempt.grace.host = "192.0.2.8";
	assert_asked(text, &attempt);
	attempt.grace.host = NULL;
	assert_asked(text, &attempt);
	attempt = from_host();
	attempt.grace_period = 0;
	assert_asked(text, &attempt);
	attempt = from_host();
	assert_asked(TOTP, &attempt);
}

static void grace_needs_a_usable_secret(void **state)
{
	struct attempt attempt = from_host();

	(void)state;
	assert_asked("NOT=\n\" LAST0 192.0.2.7 1800000015\n", &attempt);
	assert_asked("\n\" LAST0 192.0.2.7 1800000015\n", &attempt);
	assert_asked(SECRET "\n\" LAST0 192.0.2.7 1800000015\n\" ALGORITHM MD5\n", &attempt);
}

static void grace_does_not_lift_the_rate_limit(void **state)
{
	static const char limited[] = SECRET "\n\" LAST0 192.0.2.7 1800000015\n"
					     "\" RATE_LIMIT 2 30 1800000000 1800000010\n";
	struct attempt attempt = from_host();
	struct totpgroup_result result = look(limited, &attempt);

	(void)state;
	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(result.reason, TOTPGROUP_REASON_RATE_LIMITED);
	/* With this attempt recorded, the attempt at 1800000010 is the oldest one. */
	assert_int_equal(result.retry_after, 26);
	attempt.now = 1800000031;
	assert_int_equal(look(limited, &attempt).verdict, TOTPGROUP_ACCEPTED);
}

static void a_damaged_limit_is_refused_before_the_prompt(void **state)
{
	struct attempt attempt = from_host();
	struct totpgroup_result result =
		look(SECRET "\n\" LAST0 192.0.2.7 1800000015\n\" RATE_LIMIT 3 30 \n", &attempt);

	(void)state;
	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(result.reason, TOTPGROUP_REASON_BAD_FILE);
}

/* With an impossible clock, the user is asked and then refused. */
static void an_impossible_clock_gives_no_grace(void **state)
{
	static const int64_t clocks[] = {
		INT64_MIN, INT64_MIN + 1, -1, INT64_MAX, INT64_MAX / 2};
	static const char text[] = SECRET "\n\" LAST0 192.0.2.7 0\n\" RATE_LIMIT 1 30 5\n";
	struct attempt attempt = from_host();

	(void)state;
	attempt.grace_period = INT64_MAX;
	for (size_t i = 0; i < COUNT(clocks); i++) {
		attempt.now = clocks[i];
		assert_asked(text, &attempt);
	}
	attempt.now = 0;
	assert_int_equal(look(text, &attempt).verdict, TOTPGROUP_ACCEPTED);
}

static void without_memory_there_is_an_error_before_the_prompt(void **state)
{
	static const char text[] = TOTP "\" RATE_LIMIT 3 30 5\n\" LAST0 192.0.2.7 1800000015\n";
	struct attempt attempt = from_host();
	unsigned int failures = 0;

	(void)state;
	for (unsigned int i = 1;; i++) {
		totpgroup_credential *credential = load(text);
		struct totpgroup_result result;
		struct error error = ERROR_INIT;
		int status;

		allocation_to_fail = i;
		status = decide_before_prompt(credential, &attempt, &result, &error);
		totpgroup_credential_free(credential);
		if (allocation_to_fail > 0)
			break;
		assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
		assert_true(status == 0 || result.reason == TOTPGROUP_REASON_STORE_ERROR);
		failures++;
	}
	allocation_to_fail = 0;
	assert_in_range(failures, 2, 100);
}

/* An accepted code is recorded if there are a period and a host. */
static void an_accepted_code_is_recorded_for_its_host(void **state)
{
	static const struct {
		const char *host;
		int64_t period;
		bool recorded;
	} rows[] = {{"192.0.2.7", 100, true}, {"192.0.2.7", 0, false}, {NULL, 100, false},
		{"x\n87654321", 100, false}, {"", 100, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		totpgroup_credential *credential = load(TOTP "12345678\n");
		code_text code = "";
		struct attempt attempt = attempt_with(code);

		attempt.grace.host = rows[i].host;
		attempt.grace_period = rows[i].period;
		strcpy(code, "00000000");
		assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
		assert_credential(credential, TOTP "12345678\n");
		put_code(STEP, 6, 0, code);
		assert_int_equal(assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP)
					 .result.changed,
			rows[i].recorded);
		assert_credential(credential, rows[i].recorded ? SECRET
						      "\n\" LAST0 192.0.2.7 1800000015\n"
						      "\" TOTP_AUTH\n12345678\n"
							       : TOTP "12345678\n");
		strcpy(code, "12345678");
		attempt.now += 5;
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
		assert_credential(credential, rows[i].recorded ? SECRET
						      "\n\" LAST0 192.0.2.7 1800000020\n"
						      "\" TOTP_AUTH\n"
							       : TOTP);
		totpgroup_credential_free(credential);
	}
}

static void hotp_codes_are_recorded_too(void **state)
{
	totpgroup_credential *credential = load(SECRET "\n\" HOTP_COUNTER 5\n");
	code_text code = "";
	struct attempt attempt = from_host();

	(void)state;
	put_code(5, 6, 0, code);
	attempt.typed = code;
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_HOTP);
	assert_credential(
		credential, SECRET "\n\" LAST0 192.0.2.7 1800000015\n\" HOTP_COUNTER 6\n");
	totpgroup_credential_free(credential);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_is_not_asked_again_within_the_period),
		cmocka_unit_test(grace_needs_a_usable_secret),
		cmocka_unit_test(grace_does_not_lift_the_rate_limit),
		cmocka_unit_test(a_damaged_limit_is_refused_before_the_prompt),
		cmocka_unit_test(an_impossible_clock_gives_no_grace),
		cmocka_unit_test(without_memory_there_is_an_error_before_the_prompt),
		cmocka_unit_test(an_accepted_code_is_recorded_for_its_host),
		cmocka_unit_test(hotp_codes_are_recorded_too),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
