/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A code after a password in one answer: forward_pass, try_first_pass and use_first_pass. */

#include "config.h"

#include <security/pam_appl.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "expect_login.h"

/* @M would end the stack. Here a success goes on to the module that shows the password. */
#define GO_ON "auth [success=ok default=die] @R "
#define SHOW  "\nauth optional @T show"

static void the_password_is_passed_on(void **state)
{
	char typed[128];

	(void)state;
	stack_put_secret("alice", TOTP "12345678\n");
	stack_lines(GO_ON "forward_pass" SHOW);
	snprintf(typed, sizeof typed, "pass word 7%s", stack_code(0));
	stack_log_in("alice", typed);
	expect_result(PAM_SUCCESS, 1);
	assert_string_equal(stack_last.token, "pass word 7");
	stack_log_in("alice", "secret12345678");
	expect_result(PAM_SUCCESS, 1);
	assert_string_equal(stack_last.token, "secret");
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_SUCCESS, 1);
	assert_string_equal(stack_last.token, "");
	assert_false(stack_saw("pass word 7"));
}

static void a_long_password_is_passed_on_whole(void **state)
{
	char typed[512];

	(void)state;
	stack_put_secret("alice", TOTP);
	stack_lines(GO_ON "forward_pass" SHOW);
	memset(typed, 'x', 400);
	strcpy(typed + 400, stack_code(0));
	stack_log_in("alice", typed);
	expect_result(PAM_SUCCESS, 1);
	assert_int_equal(strlen(stack_last.token), 400);
	assert_int_equal(strspn(stack_last.token, "x"), 400);
}

static void nothing_is_passed_on_after_a_refusal(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	stack_lines("auth optional @R forward_pass" SHOW "\nauth required pam_permit.so");
	stack_log_in("alice", "secret000000");
	assert_string_equal(stack_last.token, "(none)");
	stack_lines("auth optional @R" SHOW "\nauth required pam_permit.so");
	stack_log_in("alice", stack_code(0));
	assert_string_equal(stack_last.token, "(none)");
}

static void set_token(const char *token, const char *options)
{
	char lines[512];

	snprintf(lines, sizeof lines, "auth optional @T [set=%s]\n" GO_ON "%s" SHOW, token,
		options);
	stack_lines(lines);
}

static void the_code_may_follow_an_earlier_password(void **state)
{
	static const char *const options[] = {"try_first_pass", "use_first_pass"};
	char token[64];

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(options); i++) {
		snprintf(token, sizeof token, "pass%s", stack_code(0));
		set_token(token, options[i]);
		stack_log_in("alice", stack_fails);
		expect_result(PAM_SUCCESS, 0);
		assert_string_equal(stack_last.token, token);
	}
	set_token(token, "use_first_pass forward_pass");
	stack_log_in("alice", stack_fails);
	expect_result(PAM_SUCCESS, 0);
	assert_string_equal(stack_last.token, "pass");
}

static void try_first_pass_asks_when_there_is_no_code(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP "\" RATE_LIMIT 3 30\n");
	set_token("password", "try_first_pass");
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_SUCCESS, 1);
	/* One login is one attempt. */
	assert_non_null(strstr(text_of(stack_secret("alice")), "RATE_LIMIT 3 30 1700000025\n"));
	stack_lines(GO_ON "try_first_pass" SHOW);
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_SUCCESS, 1);
	/* Users without a secret are asked as often. */
	set_token("password000000", "try_first_pass");
	stack_log_in("alice", "000000");
	expect_result(PAM_AUTH_ERR, 1);
	stack_log_in("bob", "000000");
	expect_result(PAM_AUTH_ERR, 1);
	stack_log_in("nobody-knows", "000000");
	expect_result(PAM_AUTH_ERR, 1);
}

static void use_first_pass_never_asks(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	set_token("password", "use_first_pass");
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_AUTH_ERR, 0);
	stack_log_in("bob", stack_code(0));
	expect_result(PAM_AUTH_ERR, 0);
	stack_log_in("nobody-knows", stack_code(0));
	expect_result(PAM_AUTH_ERR, 0);
	stack_lines(GO_ON "use_first_pass" SHOW);
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_AUTH_ERR, 0);
	assert_non_null(strstr(stack_log, "reason=conversation"));
}

static void a_spent_code_after_the_password_ends_the_login(void **state)
{
	char token[64];

	(void)state;
	stack_put_secret("alice", TOTP "\" DISALLOW_REUSE\n");
	snprintf(token, sizeof token, "pass%s", stack_code(0));
	set_token(token, "try_first_pass");
	stack_log_in("alice", stack_fails);
	expect_result(PAM_SUCCESS, 0);
	stack_log_in("alice", stack_code(1));
	expect_result(PAM_AUTH_ERR, 0);
	assert_non_null(strstr(stack_log, "reason=reused"));
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_password_is_passed_on),
		TEST(a_long_password_is_passed_on_whole),
		TEST(nothing_is_passed_on_after_a_refusal),
		TEST(the_code_may_follow_an_earlier_password),
		TEST(try_first_pass_asks_when_there_is_no_code),
		TEST(use_first_pass_never_asks),
		TEST(a_spent_code_after_the_password_ends_the_login),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
