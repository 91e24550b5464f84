/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The option strict: no reuse, no learned clock, and blocked attempts do not prolong the block. Each
 * test sees the opposite without the option. */

#include "config.h"

#include <security/pam_appl.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack.h"

#define TOTP	STACK_SECRET "\n\" TOTP_AUTH\n"
#define LIMITED STACK_SECRET "\n\" RATE_LIMIT 1 30\n\" TOTP_AUTH\n"

static void expect(int result, unsigned int prompts)
{
	if (stack_last.result != result || stack_last.prompts != prompts)
		print_message("log: %s", stack_log);
	assert_int_equal(stack_last.result, result);
	assert_int_equal(stack_last.prompts, prompts);
}

static void expect_limited(int retry_after)
{
	char end[64];

	stack_log_in("alice", stack_fails);
	expect(PAM_AUTH_ERR, 0);
	snprintf(end, sizeof end, "reason=rate-limited retry_after=%ds\n", retry_after);
	assert_non_null(strstr(stack_log, end));
}

static void blocked_attempts_do_not_prolong_the_block(void **state)
{
	(void)state;
	stack_options("strict");
	stack_put_secret("alice", LIMITED);
	stack_log_in("alice", "000000");
	expect(PAM_AUTH_ERR, 1);
	for (int waited = 1; waited <= 30; waited += 7) {
		stack_now = STACK_NOW + waited;
		expect_limited(31 - waited);
	}
	/* The last second belongs to the interval, as in google-authenticator. */
	stack_now = STACK_NOW + 31;
	stack_log_in("alice", stack_code(0));
	expect(PAM_SUCCESS, 1);
}

static void without_the_option_they_prolong_it(void **state)
{
	(void)state;
	stack_put_secret("alice", LIMITED);
	stack_log_in("alice", "000000");
	expect(PAM_AUTH_ERR, 1);
	stack_now = STACK_NOW + 20;
	expect_limited(31);
	stack_now = STACK_NOW + 31;
	expect_limited(31);
}

static void the_file_holds_no_blocked_attempt(void **state)
{
	char text[256];

	(void)state;
	stack_options("strict");
	stack_put_secret("alice", LIMITED);
	stack_log_in("alice", "000000");
	expect(PAM_AUTH_ERR, 1);
	snprintf(text, sizeof text, "%s", text_of(stack_secret("alice")));
	assert_non_null(strstr(text, "\" RATE_LIMIT 1 30 1700000025\n"));
	stack_now++;
	expect_limited(30);
	assert_string_equal(text_of(stack_secret("alice")), text);
}

static void the_skew_of_a_clock_is_not_learned(void **state)
{
	(void)state;
	for (int strict = 0; strict < 2; strict++) {
		stack_options(strict ? "strict" : "");
		stack_put_secret("alice", TOTP);
		for (int i = 0; i < 2; i++) {
			stack_log_in("alice", stack_code(20));
			expect(PAM_AUTH_ERR, 1);
			assert_non_null(strstr(stack_log, "reason=wrong-code offset=+"));
			stack_now += 30;
		}
		stack_log_in("alice", stack_code(20));
		expect(strict ? PAM_AUTH_ERR : PAM_SUCCESS, 1);
		assert_int_equal(
			strstr(text_of(stack_secret("alice")), "RESETTING_TIME_SKEW") == NULL &&
				strstr(text_of(stack_secret("alice")), "TIME_SKEW") == NULL,
			strict);
		stack_now += 3600;
	}
}

static void a_code_is_good_once(void **state)
{
	const char *code;

	(void)state;
	for (int strict = 0; strict < 2; strict++) {
		stack_options(strict ? "strict" : "");
		stack_put_secret("alice", TOTP);
		code = stack_code(0);
		stack_log_in("alice", code);
		expect(PAM_SUCCESS, 1);
		stack_log_in("alice", code);
		expect(strict ? PAM_AUTH_ERR : PAM_SUCCESS, 1);
		assert_int_equal(strstr(stack_log, " reason=reused ") != NULL, strict);
	}
}

/* Other options on the line do not weaken it. */
static void other_options_do_not_weaken_it(void **state)
{
	static const char *const options[] = {"strict disallow_reuse=no",
		"disallow_reuse=no strict", "strict=yes noskewadj=no disallow_reuse=no"};
	const char *code;

	(void)state;
	for (unsigned int i = 0; i < COUNT(options); i++) {
		stack_options(options[i]);
		stack_put_secret("alice", TOTP);
		code = stack_code(0);
		stack_log_in("alice", code);
		expect(PAM_SUCCESS, 1);
		stack_log_in("alice", code);
		expect(PAM_AUTH_ERR, 1);
	}
	stack_options("strict=no");
	stack_put_secret("alice", TOTP);
	code = stack_code(0);
	stack_log_in("alice", code);
	stack_log_in("alice", code);
	expect(PAM_SUCCESS, 1);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(blocked_attempts_do_not_prolong_the_block),
		TEST(without_the_option_they_prolong_it),
		TEST(the_file_holds_no_blocked_attempt),
		TEST(the_skew_of_a_clock_is_not_learned),
		TEST(a_code_is_good_once),
		TEST(other_options_do_not_weaken_it),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
