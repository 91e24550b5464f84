/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logins of a user with two devices. */

#include "config.h"

#include <liboath/oath.h>

#include "expect_login.h"

/* The tablet's secret, in base32 and as bytes. */
#define TABLET	     "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
#define TABLET_BYTES "12345678901234567890"
#define BOTH                                                                                   \
	STACK_SECRET "\n\" LABEL phone\n\" DEVICE " TABLET " the tablet\n"                     \
		     "\" RATE_LIMIT 3 30\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n"

static const char *tablet_code(int steps)
{
	static char code[2][7];
	static int next;

	next = 1 - next;
	assert_int_equal(oath_totp_generate(TABLET_BYTES, strlen(TABLET_BYTES),
				 stack_now + 30 * (time_t)steps, 30, 0, 6, code[next]),
		OATH_OK);
	return code[next];
}

static void each_device_lets_in_and_the_log_names_it(void **state)
{
	(void)state;
	stack_put_secret("alice", BOTH);
	stack_log_in("alice", tablet_code(0));
	expect(PAM_SUCCESS, 1,
		"<6>accepted " WHO " method=totp offset=0 device=the\\x20tablet\n");
	stack_now += 30;
	stack_log_in("alice", stack_code(0));
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=totp offset=0 device=phone\n");
}

static void a_step_that_one_device_spent_is_spent_for_all(void **state)
{
	(void)state;
	stack_put_secret("alice", BOTH);
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_SUCCESS, 1);
	stack_log_in("alice", tablet_code(0));
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=reused offset=0 retry_after=15s\n");
}

static void attempts_of_all_devices_count_together(void **state)
{
	(void)state;
	stack_put_secret("alice", BOTH);
	stack_log_in("alice", "000000");
	stack_log_in("alice", tablet_code(0));
	expect_result(PAM_SUCCESS, 1);
	stack_log_in("alice", stack_code(1));
	expect_result(PAM_SUCCESS, 1);
	stack_log_in("alice", tablet_code(-1));
	expect(PAM_AUTH_ERR, 0, "<5>refused " WHO " reason=rate-limited retry_after=31s\n");
}

static void a_revoked_device_is_refused(void **state)
{
	(void)state;
	stack_put_secret(
		"alice", TABLET "\n\" LABEL the tablet\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n");
	stack_log_in("alice", stack_code(0));
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code\n");
	stack_log_in("alice", tablet_code(0));
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=totp offset=0\n");
}

static void the_log_says_how_far_off_the_clock_of_a_device_is(void **state)
{
	(void)state;
	stack_put_secret("alice", BOTH);
	stack_log_in("alice", tablet_code(10));
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code offset=+285s\n");
}

static void the_log_names_a_malformed_line_of_a_device(void **state)
{
	(void)state;
	stack_needs_files("the detail is in the log of totp-verifyd");
	stack_put_secret("alice", TRACKED "\" DEVICE tablet\n");
	stack_log_in("alice", stack_code(0));
	expect(PAM_AUTHINFO_UNAVAIL, 1,
		"<3>refused " WHO
		" reason=bad-file detail=\"line 4: DEVICE needs a secret and a "
		"name of 1 to 64 bytes\"\n");
}

/* With state= the secret file is not written, and spent codes are known all the same. */
static void devices_work_with_separate_state(void **state)
{
	(void)state;
	stack_options("state=@D/home/system/state/${USER}");
	stack_put_secret("alice", BOTH);
	stack_log_in("alice", tablet_code(0));
	expect(PAM_SUCCESS, 1,
		"<6>accepted " WHO " method=totp offset=0 device=the\\x20tablet\n");
	assert_string_equal(text_of(stack_secret("alice")), BOTH);
	stack_log_in("alice", stack_code(0));
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=reused offset=0 retry_after=15s\n");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_device_lets_in_and_the_log_names_it, stack_setup, stack_teardown),
		cmocka_unit_test_setup_teardown(a_step_that_one_device_spent_is_spent_for_all,
			stack_setup, stack_teardown),
		cmocka_unit_test_setup_teardown(
			attempts_of_all_devices_count_together, stack_setup, stack_teardown),
		cmocka_unit_test_setup_teardown(
			a_revoked_device_is_refused, stack_setup, stack_teardown),
		cmocka_unit_test_setup_teardown(
			the_log_says_how_far_off_the_clock_of_a_device_is, stack_setup,
			stack_teardown),
		cmocka_unit_test_setup_teardown(the_log_names_a_malformed_line_of_a_device,
			stack_setup, stack_teardown),
		cmocka_unit_test_setup_teardown(
			devices_work_with_separate_state, stack_setup, stack_teardown),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
