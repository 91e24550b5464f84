/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* grace_period=: an accepted code spares the next one for the same user, service and address. */

#include "config.h"

#include <security/pam_appl.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack.h"

#define TOTP	    STACK_SECRET "\n\" TOTP_AUTH\n"
#define FROM_7	    "192.0.2.7 50000 192.0.2.1 22"
#define FROM_8	    "192.0.2.8 50000 192.0.2.1 22"
#define WITH(lines) STACK_SECRET "\n" lines "\" TOTP_AUTH\n"

static int setup(void **state)
{
	stack_setup(state);
	stack_options("grace_period=3600");
	return 0;
}

static int log_in(
	const char *service, const char *connection, const char *rhost, const char *answer)
{
	stack_last = (struct stack_login){
		.user = "alice",
		.service = service,
		.ssh_connection = connection,
		.rhost = rhost,
		.answers = {answer, stack_fails},
	};
	return stack_login(&stack_last);
}

/* Logs in with a wrong code. Returns whether the grace period let it in. */
static void expect_spared(const char *service, const char *connection, const char *rhost)
{
	if (log_in(service, connection, rhost, "000000") != PAM_SUCCESS)
		print_message("log: %s", stack_log);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_int_equal(stack_last.prompts, 0);
	assert_non_null(strstr(stack_log, " method=grace\n"));
}

static void expect_asked(const char *service, const char *connection, const char *rhost)
{
	assert_int_equal(log_in(service, connection, rhost, "000000"), PAM_AUTH_ERR);
	assert_int_equal(stack_last.prompts, 1);
}

static void let_in(const char *service, const char *connection, const char *rhost)
{
	assert_int_equal(log_in(service, connection, rhost, stack_code(0)), PAM_SUCCESS);
	assert_int_equal(stack_last.prompts, 1);
}

static void each_service_has_its_own_grace(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	let_in("sshd", FROM_7, "192.0.2.7");
	assert_non_null(
		strstr(text_of(stack_secret("alice")), "\" LAST0 192.0.2.7 1700000025 sshd\n"));
	expect_spared("sshd", FROM_7, "192.0.2.7");
	expect_asked("sudo", FROM_7, "192.0.2.7");
	expect_asked("sudo", NULL, "192.0.2.7");
	expect_asked("test", FROM_7, "192.0.2.7");
	/* After a code for sudo, both services are spared. */
	let_in("sudo", NULL, "192.0.2.7");
	expect_spared("sudo", NULL, "192.0.2.7");
	expect_spared("sshd", FROM_7, "192.0.2.7");
}

static void lines_of_google_authenticator_are_good_for_each_service(void **state)
{
	(void)state;
	stack_put_secret("alice", WITH("\" LAST3 192.0.2.7 1700000020\n"));
	expect_spared("sshd", FROM_7, NULL);
	expect_spared("sudo", NULL, "192.0.2.7");
	expect_spared("test", NULL, "192.0.2.7");
	expect_asked("sshd", FROM_8, NULL);
	stack_put_secret("alice", WITH("\" LAST3 192.0.2.7 1700000020 sudo\n"));
	expect_asked("sshd", FROM_7, NULL);
	expect_spared("sudo", FROM_7, NULL);
}

/* sshd takes the address from the socket. PAM_RHOST does not count. */
static void the_address_of_the_connection_counts(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	let_in("sshd", FROM_7, "192.0.2.99");
	expect_spared("sshd", FROM_7, "192.0.2.55");
	expect_spared("sshd", FROM_7, NULL);
	expect_asked("sshd", FROM_8, "192.0.2.7");
	expect_asked("sshd", FROM_8, "192.0.2.99");
	expect_asked("sshd", NULL, "192.0.2.99");
	/* Without an address there is no grace, whatever the name of the host. */
	expect_asked("sshd", "UNKNOWN 65535 UNKNOWN 65535", "192.0.2.7");
	expect_asked("sshd", "", "192.0.2.7");
	expect_asked("sshd", "192.0.2.7", "192.0.2.7");
	/* Without SSH_CONNECTION, PAM_RHOST counts. */
	expect_spared("sshd", NULL, "192.0.2.7");
}

static void text_that_is_no_address_is_never_written(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	let_in("sshd", "UNKNOWN 65535 UNKNOWN 65535", "192.0.2.7");
	let_in("sshd", NULL, NULL);
	assert_null(strstr(text_of(stack_secret("alice")), "LAST"));
}

static void an_address_matches_however_it_is_written(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	let_in("sshd", "::ffff:192.0.2.7 5 ::ffff:192.0.2.1 22", NULL);
	expect_spared("sshd", FROM_7, NULL);
	stack_put_secret("alice", TOTP);
	stack_now += 30;
	let_in("sshd", "2001:DB8:0::7 5 2001:db8::1 22", NULL);
	expect_spared("sshd", "2001:db8::7 6 2001:db8::1 22", NULL);
	expect_asked("sshd", "2001:db8::8 6 2001:db8::1 22", NULL);
}

static void use_does_not_prolong_grace(void **state)
{
	char text[256];

	(void)state;
	stack_put_secret("alice", TOTP);
	let_in("sshd", FROM_7, NULL);
	snprintf(text, sizeof text, "%s", text_of(stack_secret("alice")));
	for (int i = 1; i <= 3; i++) {
		stack_now = STACK_NOW + i * 1199;
		expect_spared("sshd", FROM_7, NULL);
		assert_string_equal(text_of(stack_secret("alice")), text);
	}
	stack_now = STACK_NOW + 3600;
	expect_asked("sshd", FROM_7, NULL);
}

static void a_time_in_the_future_gives_no_grace(void **state)
{
	(void)state;
	stack_put_secret("alice", WITH("\" LAST0 192.0.2.7 1700000026 sshd\n"));
	expect_asked("sshd", FROM_7, NULL);
	stack_now++;
	expect_spared("sshd", FROM_7, NULL);
}

static void each_user_has_their_own_grace(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	stack_put_secret("bob", TOTP);
	let_in("sshd", FROM_7, NULL);
	stack_last = (struct stack_login){.user = "bob",
		.service = "sshd",
		.ssh_connection = FROM_7,
		.answers = {"000000", stack_fails}};
	assert_int_equal(stack_login(&stack_last), PAM_AUTH_ERR);
	assert_int_equal(stack_last.prompts, 1);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_service_has_its_own_grace),
		TEST(lines_of_google_authenticator_are_good_for_each_service),
		TEST(the_address_of_the_connection_counts),
		TEST(text_that_is_no_address_is_never_written),
		TEST(an_address_matches_however_it_is_written),
		TEST(use_does_not_prolong_grace),
		TEST(a_time_in_the_future_gives_no_grace),
		TEST(each_user_has_their_own_grace),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
