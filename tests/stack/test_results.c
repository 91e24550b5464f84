/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The result of a login, the number of prompts, and the log. */

#include "config.h"

#include <security/pam_appl.h>

#include "../unit/hashed_codes.h"
#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "expect_login.h"

static void a_right_code_lets_in(void **state)
{
	static const struct {
		int step;
		const char *offset;
	} cases[] = {{0, "0"}, {-1, "-16s"}, {1, "+15s"}};
	char log[256];

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		stack_log_in("alice", stack_code(cases[i].step));
		snprintf(log, sizeof log, "<6>accepted " WHO " method=totp offset=%s\n",
			cases[i].offset);
		expect(PAM_SUCCESS, 1, log);
	}
	/* Nothing must be recorded, so nothing is written. */
	assert_string_equal(text_of(stack_secret("alice")), TOTP);
}

/* The application names nobody, and nobody answers when PAM asks for the name. */
static void a_login_without_a_name_is_refused(void **state)
{
	static const char *const answers[] = {stack_fails, stack_no_responses};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(answers); i++) {
		stack_last = (struct stack_login){
			.rhost = "192.0.2.7", .answers = {answers[i], stack_code(0)}};
		stack_login(&stack_last);
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 2);
		assert_non_null(strstr(
			stack_log, "refused user=- rhost=192.0.2.7 reason=not-enrolled"));
	}
}

static void a_wrong_code_is_refused(void **state)
{
	static const char *const wrong[] = {"000000", "", " ", "12345", "1234567", "abcdef",
		"12345a", "-12345", "+12345", "\b\n\r\177IM",
		"123456789012345678901234567890"
		"123456789012345678901234567890"
		"123456789012345678901234567890"};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(wrong); i++) {
		stack_log_in("alice", wrong[i]);
		expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code\n");
	}
	/* The message is the same for each reason. */
	assert_string_equal(
		stack_last.messages, "error: The verification code was not accepted.\n");
}

static void the_log_says_how_far_off_a_code_is(void **state)
{
	(void)state;
	stack_options("noskewadj");
	stack_put_secret("alice", TOTP);
	stack_log_in("alice", stack_code(4));
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code offset=+105s\n");
	stack_log_in("alice", stack_code(-4));
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code offset=-106s\n");
}

static void a_code_is_good_once(void **state)
{
	const char *code;

	(void)state;
	stack_put_secret("alice", TRACKED);
	code = stack_code(0);
	stack_log_in("alice", code);
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=totp offset=0\n");
	stack_log_in("alice", code);
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=reused offset=0 retry_after=15s\n");
	assert_non_null(strstr(text_of(stack_secret("alice")), "\" DISALLOW_REUSE 56666667\n"));
}

static void an_emergency_code_is_good_once(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP "12345678\n87654321\n");
	stack_log_in("alice", "87654321");
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=emergency\n");
	assert_string_equal(text_of(stack_secret("alice")), TOTP "12345678\n");
	stack_log_in("alice", "87654321");
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code\n");
}

static void a_hashed_emergency_code_is_good_once(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP A_1 B_1);
	stack_log_in("alice", "7k3m q9td-x2ha-p5vw");
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=emergency\n");
	assert_string_equal(text_of(stack_secret("alice")), TOTP B_1);
	stack_log_in("alice", WRITTEN_A);
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code\n");
	assert_string_equal(text_of(stack_secret("alice")), TOTP B_1);
}

static void a_hashed_emergency_code_may_follow_a_password(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP A_1 B_1);
	stack_lines("auth @M forward_pass\nauth optional @T show");
	stack_log_in("alice", "correct horse" CODE_A);
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	stack_log_in("alice", "correct horse" WRITTEN_A);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_string_equal(text_of(stack_secret("alice")), TOTP B_1);
}

static void the_log_names_a_damaged_line(void **state)
{
	(void)state;
	stack_needs_files("the detail is in the log of totp-verifyd");
	stack_put_secret("alice", TOTP A_1 "\" SCRATCH_HASH scrypt 20 8 1 x y\n");
	stack_log_in("alice", WRITTEN_A);
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_non_null(strstr(stack_log, "reason=bad-file"));
	assert_non_null(strstr(stack_log, "line 4: SCRATCH_HASH"));
}

static void an_hotp_code_moves_the_counter(void **state)
{
	(void)state;
	stack_put_secret("alice", STACK_SECRET "\n\" HOTP_COUNTER 5\n");
	stack_log_in("alice", stack_hotp(6));
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=hotp\n");
	assert_string_equal(
		text_of(stack_secret("alice")), STACK_SECRET "\n\" HOTP_COUNTER 7\n");
	stack_log_in("alice", stack_hotp(6));
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code\n");
	assert_string_equal(
		text_of(stack_secret("alice")), STACK_SECRET "\n\" HOTP_COUNTER 8\n");
}

static void attempts_are_limited(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP "\" RATE_LIMIT 2 30\n12345678\n");
	for (unsigned int i = 0; i < 2; i++) {
		stack_log_in("alice", "000000");
		expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code\n");
	}
	stack_log_in("alice", "12345678");
	expect(PAM_AUTH_ERR, 0, "<5>refused " WHO " reason=rate-limited retry_after=31s\n");
	assert_non_null(strstr(
		text_of(stack_secret("alice")), "\" RATE_LIMIT 2 30 1700000025 1700000025\n"));
	stack_now += 31;
	stack_log_in("alice", "12345678");
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=emergency\n");
}

static void a_clock_before_1970_is_a_store_error(void **state)
{
	(void)state;
	stack_needs_files("the detail is in the log of totp-verifyd");
	stack_put_secret("alice", TOTP);
	stack_now = -1;
	stack_log_in("alice", "123456");
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_non_null(strstr(stack_log, "reason=store-error"));
	assert_non_null(strstr(stack_log, "clock"));
}

static void wrong_options_refuse_everybody_without_a_prompt(void **state)
{
	static const char *const wrong[] = {"nosuch", "nullok=1", "secret=", "secret",
		"grace_period=-1", "grace_period=x", "allowed_perm=0", "allowed_perm=9",
		"user=0zzz", "user=", "user=nobody-knows", "grace_period=1 grace_period=2",
		"secret=/a secret=/b", "group=totp group=exempt", "alwaysok",
		"try_first_pass use_first_pass", "Nullok", "group=", "group=totp,,exempt",
		"group=!", "skip_net=totp", "skip_after=key", "services=,", "nullok_until=soon",
		"group=totp skip_net=300.0.0.0/8", "nullok nullok_for=1d"};
	static const char *const names[] = {"alice", "nobody-knows", "bob", ""};

	(void)state;
	stack_needs_files("totp-verifyd does not start with such options");
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(wrong); i++) {
		stack_options(wrong[i]);
		for (unsigned int n = 0; n < COUNT(names); n++) {
			stack_log_in(names[n], stack_code(0));
			assert_int_equal(stack_last.result, PAM_SERVICE_ERR);
			assert_int_equal(stack_last.prompts, 0);
			assert_memory_equal(stack_log, "<3>refused user=", 16);
			assert_non_null(strstr(stack_log, " reason=config-error detail=\""));
		}
	}
	stack_options("nosuch");
	stack_log_in("alice", NULL);
	expect(PAM_SERVICE_ERR, 0,
		"<3>refused " WHO " reason=config-error detail=\"unknown option nosuch; "
		"pam_totpgroup(8) lists the options\"\n");
	stack_options("grace_period=1 grace_period=1 nullok nullok");
	stack_log_in("alice", stack_code(0));
	assert_int_equal(stack_last.result, PAM_SUCCESS);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_right_code_lets_in),
		TEST(a_login_without_a_name_is_refused),
		TEST(a_wrong_code_is_refused),
		TEST(the_log_says_how_far_off_a_code_is),
		TEST(a_code_is_good_once),
		TEST(an_emergency_code_is_good_once),
		TEST(a_hashed_emergency_code_is_good_once),
		TEST(a_hashed_emergency_code_may_follow_a_password),
		TEST(the_log_names_a_damaged_line),
		TEST(an_hotp_code_moves_the_counter),
		TEST(attempts_are_limited),
		TEST(a_clock_before_1970_is_a_store_error),
		TEST(wrong_options_refuse_everybody_without_a_prompt),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
