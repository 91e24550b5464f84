/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"

#include "allocation.h"
#include "core/pending.h"

/* The last second in which a code is accepted, and a credential with it. */
#define UNTIL	"1800000100"
#define EXPIRED (NOW - 15 + 101)
#define PENDING "\" PENDING_UNTIL " UNTIL "\n"
#define TOTP	SECRET "\n" PENDING "\" TOTP_AUTH\n\" DISALLOW_REUSE\n"

static struct attempt attempt_at(int64_t now, char *code)
{
	struct attempt attempt = attempt_with(code);

	put_code(now / 30, 6, 0, code);
	attempt.now = now;
	return attempt;
}

static void the_first_code_confirms(void **state)
{
	totpgroup_credential *credential = load(TOTP);
	code_text code;
	struct attempt attempt = attempt_at(NOW, code);
	struct decision decision;

	(void)state;
	decision = assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	assert_true(decision.result.changed);
	assert_credential(credential, SECRET "\n\" TOTP_AUTH\n\" DISALLOW_REUSE 60000000\n");
	/* After the confirmation the time does not matter. */
	attempt = attempt_at(EXPIRED + 1000, code);
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	totpgroup_credential_free(credential);
}

/* The removed line is a change even if nothing else changes. */
static void a_code_of_any_kind_confirms(void **state)
{
	totpgroup_credential *credential =
		load(SECRET "\n" PENDING "\" TOTP_AUTH\n" PENDING "12345678\n");
	code_text code;
	struct attempt attempt = attempt_at(NOW, code);

	(void)state;
	assert_true(
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP).result.changed);
	assert_credential(credential, SECRET "\n\" TOTP_AUTH\n12345678\n");
	totpgroup_credential_free(credential);

	credential = load(SECRET "\n" PENDING "\" HOTP_COUNTER 5\n");
	put_code(5, 6, 0, code);
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_HOTP);
	assert_credential(credential, SECRET "\n\" HOTP_COUNTER 6\n");
	totpgroup_credential_free(credential);

	credential = load(SECRET "\n" PENDING "12345678\n");
	attempt.typed = "12345678";
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
	assert_credential(credential, SECRET "\n");
	totpgroup_credential_free(credential);
}

static void a_wrong_code_confirms_nothing(void **state)
{
	totpgroup_credential *credential = load(TOTP);
	struct attempt attempt = attempt_with("000000");

	(void)state;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	assert_credential(credential, TOTP);
	totpgroup_credential_free(credential);
}

static void a_code_is_accepted_up_to_the_last_second(void **state)
{
	totpgroup_credential *credential = load(TOTP);
	code_text code;
	struct attempt attempt = attempt_at(EXPIRED, code);

	(void)state;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_PENDING_EXPIRED);
	assert_credential(credential, TOTP);
	attempt = attempt_at(EXPIRED - 1, code);
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	totpgroup_credential_free(credential);
}

static void no_kind_of_code_is_accepted_later(void **state)
{
	static const char text[] = SECRET "\n" PENDING "\" HOTP_COUNTER 5\n12345678\n";
	static const char *const typed[] = {"12345678", "000000", "", "7K3M-Q9TD-X2HA-P5VW"};
	totpgroup_credential *credential = load(text);
	code_text code;
	struct attempt attempt = attempt_at(EXPIRED, code);

	(void)state;
	put_code(5, 6, 0, code);
	assert_refused(credential, &attempt, TOTPGROUP_REASON_PENDING_EXPIRED);
	for (size_t i = 0; i < COUNT(typed); i++) {
		attempt.typed = typed[i];
		/* Another text of the login may be tried, and a wrong HOTP code has no
		 * penalty. */
		assert_true(
			assert_refused(credential, &attempt, TOTPGROUP_REASON_PENDING_EXPIRED)
				.no_match);
		assert_credential(credential, text);
	}
	attempt.typed = NULL;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_CONVERSATION);
	totpgroup_credential_free(credential);
}

/* The secret of an expired credential is not read. */
static void expiry_comes_before_a_damaged_secret(void **state)
{
	totpgroup_credential *credential = load("!\n" PENDING);
	code_text code;
	struct attempt attempt = attempt_at(EXPIRED, code);

	(void)state;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_PENDING_EXPIRED);
	attempt.now = NOW;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_BAD_FILE);
	totpgroup_credential_free(credential);
}

static void the_rate_limit_comes_before_expiry(void **state)
{
	totpgroup_credential *credential = load(TOTP "\" RATE_LIMIT 1 3600\n");
	code_text code;
	struct attempt attempt = attempt_at(EXPIRED, code);

	(void)state;
	assert_true(assert_refused(credential, &attempt, TOTPGROUP_REASON_PENDING_EXPIRED)
			    .result.changed);
	assert_credential(credential, TOTP "\" RATE_LIMIT 1 3600 1800000101\n");
	assert_refused(credential, &attempt, TOTPGROUP_REASON_RATE_LIMITED);
	totpgroup_credential_free(credential);
}

static void a_malformed_line_is_refused(void **state)
{
	static const char *const values[] = {"", "soon", "1800000100x", "-1", "1800000100 1",
		"99999999999999999999", "+1800000100", "1e9"};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		totpgroup_credential *credential;
		code_text code;
		struct attempt attempt = attempt_at(NOW, code);
		struct decision decision;
		struct error error;
		char text[200];

		snprintf(text, sizeof text,
			SECRET "\n\" TOTP_AUTH\n\" PENDING_UNTIL %s\n12345678\n", values[i]);
		credential = load(text);
		decision = decide_on(credential, &attempt, &error);
		assert_int_equal(decision.result.reason, TOTPGROUP_REASON_BAD_FILE);
		assert_true(decision.no_match);
		assert_message(&error, "line 3: PENDING_UNTIL must be a time");
		attempt.typed = "12345678";
		assert_refused(credential, &attempt, TOTPGROUP_REASON_BAD_FILE);
		assert_credential(credential, text);
		totpgroup_credential_free(credential);
	}
}

/* Keys that only begin with the same letters are other keys. */
static void blanks_around_the_time_are_allowed(void **state)
{
	totpgroup_credential *credential =
		load(SECRET "\n\" TOTP_AUTH\n\" PENDING_UNTIL \t " UNTIL " \t\r\n");
	code_text code;
	struct attempt attempt = attempt_at(EXPIRED, code);

	(void)state;
	assert_refused(credential, &attempt, TOTPGROUP_REASON_PENDING_EXPIRED);
	totpgroup_credential_free(credential);
	credential = load(SECRET "\n\" TOTP_AUTH\n\" PENDING_UNTILL 5\n\"PENDING_UNTIL 5\n");
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	totpgroup_credential_free(credential);
}

/* The user is asked even if an earlier login from the host would give grace. */
static void a_pending_credential_has_no_grace(void **state)
{
	totpgroup_credential *credential = load(TOTP "\" LAST0 192.0.2.7 1800000015\n");
	struct attempt attempt = attempt_with(NULL);
	struct totpgroup_result result;
	struct error error = ERROR_INIT;

	(void)state;
	attempt.grace.host = "192.0.2.7";
	attempt.grace_period = 1000;
	for (attempt.now = NOW; attempt.now <= NOW + 200; attempt.now += 200) {
		assert_int_equal(
			decide_before_prompt(credential, &attempt, &result, &error), 0);
		assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
		assert_int_equal(result.reason, TOTPGROUP_REASON_NONE);
	}
	totpgroup_credential_free(credential);
}

static void confirming_without_memory_is_an_error(void **state)
{
	int status = TOTPGROUP_EMEMORY;
	unsigned int i;

	(void)state;
	for (i = 1; status != 0; i++) {
		totpgroup_credential *credential = load(SECRET "\n\" TOTP_AUTH\n" PENDING);
		struct decision decision;
		struct error error = ERROR_INIT;
		code_text code;
		struct attempt attempt = attempt_at(NOW, code);

		allocation_to_fail = i;
		status = decide(credential, &attempt, &decision, &error);
		if (status != 0)
			assert_int_equal(decision.result.verdict, TOTPGROUP_REFUSED);
		else
			assert_credential(credential, SECRET "\n\" TOTP_AUTH\n");
		allocation_to_fail = 0;
		totpgroup_credential_free(credential);
	}
	assert_true(i > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_code_confirms),
		cmocka_unit_test(a_code_of_any_kind_confirms),
		cmocka_unit_test(a_wrong_code_confirms_nothing),
		cmocka_unit_test(a_code_is_accepted_up_to_the_last_second),
		cmocka_unit_test(no_kind_of_code_is_accepted_later),
		cmocka_unit_test(expiry_comes_before_a_damaged_secret),
		cmocka_unit_test(the_rate_limit_comes_before_expiry),
		cmocka_unit_test(a_malformed_line_is_refused),
		cmocka_unit_test(blanks_around_the_time_are_allowed),
		cmocka_unit_test(a_pending_credential_has_no_grace),
		cmocka_unit_test(confirming_without_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
