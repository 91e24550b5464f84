/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages: after an earlier factor the user is told why; without one all refusals have the same
 * message. */

#include "config.h"

#include <security/pam_appl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack.h"

#define TOTP  STACK_SECRET "\n\" TOTP_AUTH\n"
#define SPENT STACK_SECRET "\n\" DISALLOW_REUSE 56666667\n\" TOTP_AUTH\n"
#define FULL  STACK_SECRET "\n\" RATE_LIMIT 1 30 1700000020\n\" TOTP_AUTH\n"
#define KEY   "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA\n"
#define ALIKE "error: The verification code was not accepted.\n"
#define WRONG_SETUP                                                                            \
	"error: Verification codes are set up wrongly on this host. Ask the administrator.\n"
#define BAD_FILE     "error: Your secret file is damaged or not safe. Ask the administrator.\n"
#define NOT_ENROLLED "error: You have no verification code set up. Ask the administrator.\n"

/* Stands for the right code in the table below. */
static const char right[] = "(right)";

static const struct {
	const char *reason; /* in the log */
	const char *options;
	const char *user;
	const char *secret; /* the text of the file, or NULL */
	const char *answer;
	const char *told;   /* after an earlier factor */
	const char *untold; /* without one */
} cases[] = {
	{"wrong-code", "", "alice", TOTP, "000000", "error: The verification code is wrong.\n",
		ALIKE},
	{"wrong-code", "", "alice", TOTP, "", "error: The verification code is wrong.\n",
		ALIKE},
	{"reused", "", "alice", SPENT, right,
		"error: This code was used already. Wait for the next one.\n", ALIKE},
	{"rate-limited", "", "alice", FULL, "000000",
		"error: Too many attempts. Try again in 31 s.\n", ALIKE},
	{"rate-limited", "strict", "alice", FULL, "000000",
		"error: Too many attempts. Try again in 26 s.\n", ALIKE},
	{"not-enrolled", "", "alice", NULL, "000000", NOT_ENROLLED, ALIKE},
	{"not-enrolled", "", "nobody-knows", NULL, "000000", NOT_ENROLLED, ALIKE},
	{"not-enrolled", "nullok_until=2020-01-01", "alice", NULL, "000000", NOT_ENROLLED,
		ALIKE},
	{"bad-file", "", "alice", "!\n", "000000", BAD_FILE, ALIKE},
	{"bad-file", "allowed_perm=0400", "alice", TOTP, right, BAD_FILE, ALIKE},
	{"pending-expired", "", "alice", TOTP "\" PENDING_UNTIL 1600000000\n", right,
		"error: Your secret was not confirmed in time. Ask the administrator.\n",
		ALIKE},
	{"conversation", "", "alice", TOTP, stack_fails, "", ""},
	{"conversation", "", "nobody-knows", NULL, stack_fails, "", ""},
	{"config-error", "nosuch", "alice", TOTP, right, WRONG_SETUP, WRONG_SETUP},
	{"config-error", "nosuch", "nobody-knows", NULL, right, WRONG_SETUP, WRONG_SETUP},
	{"group-error", "group=nosuch", "alice", TOTP, right, WRONG_SETUP, WRONG_SETUP},
	{"group-error", "group=nosuch", "nobody-knows", NULL, right, WRONG_SETUP, WRONG_SETUP},
};

static int log_in(unsigned int i, const char *options, const char *auth_info, int flags)
{
	char line[256];

	snprintf(line, sizeof line, "%s %s", cases[i].options, options);
	stack_options(line);
	unlink(in_folder(stack_secret("alice")));
	if (cases[i].secret != NULL)
		stack_put_secret("alice", cases[i].secret);
	stack_last = (struct stack_login){
		.user = cases[i].user,
		.rhost = "192.0.2.7",
		.methods = auth_info,
		.flags = flags,
		.answers = {cases[i].answer == right ? stack_code(0) : cases[i].answer,
			stack_fails},
	};
	return stack_login(&stack_last);
}

/* Checks that the login was refused for that reason. */
static void expect(unsigned int i, const char *messages)
{
	char line[64];

	snprintf(line, sizeof line, " reason=%s", cases[i].reason);
	if (strcmp(stack_last.messages, messages) != 0)
		print_message("case %u: %s", i, stack_log);
	assert_int_not_equal(stack_last.result, PAM_SUCCESS);
	assert_int_not_equal(stack_last.result, PAM_IGNORE);
	assert_non_null(strstr(stack_log, line));
	assert_string_equal(stack_last.messages, messages);
}

static void after_an_earlier_factor_the_user_is_told_why(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		log_in(i, "", KEY, 0);
		expect(i, cases[i].told);
		log_in(i, "", "password\n", 0);
		expect(i, cases[i].told);
		log_in(i, "tell_reason", NULL, 0);
		expect(i, cases[i].told);
		log_in(i, "tell_reason", KEY, 0);
		expect(i, cases[i].told);
	}
}

/* sshd sets the variable to the empty text when no method was completed yet. */
static void a_stranger_is_told_the_same_for_each_reason(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		log_in(i, "", NULL, 0);
		expect(i, cases[i].untold);
		log_in(i, "", "", 0);
		expect(i, cases[i].untold);
		log_in(i, "tell_reason=no", NULL, 0);
		expect(i, cases[i].untold);
	}
}

static void the_environment_of_the_process_does_not_count(void **state)
{
	(void)state;
	setenv("SSH_AUTH_INFO_0", KEY, 1);
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		log_in(i, "", NULL, 0);
		expect(i, cases[i].untold);
	}
	unsetenv("SSH_AUTH_INFO_0");
}

static void a_silent_application_is_told_nothing(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		log_in(i, "", NULL, PAM_SILENT);
		expect(i, "");
		log_in(i, "tell_reason", KEY, PAM_SILENT);
		expect(i, "");
	}
}

/* Two codes of distant steps teach the module how wrong the clock is. The message is that for a wrong
 * code. */
static void a_code_of_another_time_is_called_wrong(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	for (int told = 0; told < 2; told++) {
		stack_options(told ? "noskewadj tell_reason" : "noskewadj");
		stack_log_in("alice", stack_code(20));
		assert_non_null(strstr(stack_log, " offset=+"));
		assert_string_equal(stack_last.messages,
			told ? "error: The verification code is wrong.\n" : ALIKE);
	}
}

static bool never(void *caller)
{
	(void)caller;
	return true;
}

static void after_an_earlier_factor_a_failing_store_is_told_apart(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	stack_on_time = never;
	for (int told = 0; told < 2; told++) {
		stack_options(told ? "tell_reason" : "");
		stack_log_in("alice", "000000");
		assert_non_null(strstr(stack_log, " reason=store-error "));
		assert_string_equal(stack_last.messages,
			told ? "error: The code could not be checked. Ask the administrator.\n"
			     : ALIKE);
	}
	stack_on_time = NULL;
}

/* A stranger must not learn from a full disk who is enrolled. */
static void a_stranger_is_not_told_that_the_state_cannot_be_written(void **state)
{
	(void)state;
	stack_put_secret("alice", STACK_SECRET "\n\" RATE_LIMIT 9 30\n\" TOTP_AUTH\n");
	assert_int_equal(chmod(in_folder("home/alice"), 0500), 0);
	for (unsigned int i = 0; i < 4; i++) {
		stack_options((i & 1) != 0 ? "tell_reason" : "");
		stack_log_in("alice", (i & 2) != 0 ? stack_code(0) : "000000");
		assert_non_null(strstr(stack_log, " reason=store-error "));
		assert_string_equal(stack_last.messages,
			(i & 1) != 0 ? "error: The login could not be recorded. Ask the "
				       "administrator.\n"
				     : ALIKE);
	}
	assert_int_equal(chmod(in_folder("home/alice"), 0700), 0);
}

static void a_user_who_is_let_in_is_told_nothing(void **state)
{
	static const char *const options[] = {"tell_reason", "grace_period=60 tell_reason",
		"nullok tell_reason", "group=!totp tell_reason"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(options); i++) {
		stack_put_secret("alice", TOTP);
		stack_options(options[i]);
		for (int again = 0; again < 2; again++) {
			stack_log_in("alice", stack_code(0));
			assert_true(stack_last.result == PAM_SUCCESS ||
				    stack_last.result == PAM_IGNORE);
			assert_string_equal(stack_last.messages, "");
		}
	}
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(after_an_earlier_factor_the_user_is_told_why),
		TEST(a_stranger_is_told_the_same_for_each_reason),
		TEST(the_environment_of_the_process_does_not_count),
		TEST(a_silent_application_is_told_nothing),
		TEST(a_code_of_another_time_is_called_wrong),
		TEST(after_an_earlier_factor_a_failing_store_is_told_apart),
		TEST(a_stranger_is_not_told_that_the_state_cannot_be_written),
		TEST(a_user_who_is_let_in_is_told_nothing),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
