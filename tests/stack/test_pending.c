/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A secret that an administrator made, which a first code confirms. */

#include "config.h"

#include <security/pam_appl.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack.h"

#define CONFIRMED STACK_SECRET "\n\" TOTP_AUTH\n"
#define PENDING	  STACK_SECRET "\n\" PENDING_UNTIL 1700000025\n\" TOTP_AUTH\n"

static void expect(int result, unsigned int prompts, const char *log)
{
	if (strstr(stack_log, log) == NULL)
		print_message("log: %s", stack_log);
	assert_int_equal(stack_last.result, result);
	assert_int_equal(stack_last.prompts, prompts);
	assert_non_null(strstr(stack_log, log));
}

static void a_first_code_confirms_the_secret(void **state)
{
	(void)state;
	stack_put_secret("alice", PENDING);
	stack_log_in("alice", "000000");
	expect(PAM_AUTH_ERR, 1, "reason=wrong-code\n");
	assert_string_equal(text_of(stack_secret("alice")), PENDING);
	stack_log_in("alice", stack_code(0));
	expect(PAM_SUCCESS, 1, "accepted user=alice rhost=192.0.2.7 method=totp offset=0\n");
	assert_string_equal(text_of(stack_secret("alice")), CONFIRMED);
	stack_now += 100000;
	stack_log_in("alice", stack_code(0));
	expect(PAM_SUCCESS, 1, "accepted");
}

static void after_its_time_the_user_is_asked_and_refused(void **state)
{
	(void)state;
	stack_put_secret("alice", PENDING);
	stack_now++;
	stack_log_in("alice", stack_code(0));
	expect(PAM_AUTH_ERR, 1, "refused user=alice rhost=192.0.2.7 reason=pending-expired\n");
	assert_string_equal(text_of(stack_secret("alice")), PENDING);
}

/* The user is asked also when a password comes before. */
static void the_user_is_asked_also_after_a_password(void **state)
{
	(void)state;
	stack_lines("auth optional @T set=secret000000\nauth @M try_first_pass");
	stack_put_secret("alice", PENDING);
	stack_now++;
	stack_log_in("alice", stack_code(0));
	expect(PAM_AUTH_ERR, 1, "reason=pending-expired\n");
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_first_code_confirms_the_secret),
		TEST(after_its_time_the_user_is_asked_and_refused),
		TEST(the_user_is_asked_also_after_a_password),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
