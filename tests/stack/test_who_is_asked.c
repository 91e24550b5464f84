/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is asked for a code, who is skipped, and who is refused. */

#include "config.h"

#include <security/pam_appl.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "expect_login.h"

static void a_user_who_gives_no_answer_is_asked_once(void **state)
{
	static const char *const none[] = {stack_fails, stack_null_answer, stack_no_responses};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(none); i++) {
		stack_log_in("alice", none[i]);
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		/* libpam may show messages too. */
		assert_non_null(strstr(stack_log, "<5>refused " WHO " reason=conversation\n"));
		stack_log_in("nobody-knows", none[i]);
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		assert_non_null(strstr(stack_log, " reason=conversation\n"));
		stack_log_in("bob", none[i]);
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	}
}

/* The client cannot tell who exists or who has a secret. */
static void unknown_and_unenrolled_users_are_asked_alike(void **state)
{
	static const char *const answers[] = {"123456", "12345678", "", "\b\n\r\177IN"};
	static const char *const unenrolled[] = {"nobody-knows", "bob", "lost", "homeless",
		"relative", "", "no/body", ".nobody", "../alice"};
	static const char *const options[] = {"", "group=!exempt"};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int o = 0; o < COUNT(options); o++) {
		stack_options(options[o]);
		for (unsigned int i = 0; i < COUNT(answers); i++) {
			stack_log_in("alice", answers[i]);
			assert_int_equal(stack_last.result, PAM_AUTH_ERR);
			for (unsigned int u = 0; u < COUNT(unenrolled); u++) {
				struct stack_login known = stack_last;

				stack_log_in(unenrolled[u], answers[i]);
				assert_int_equal(stack_last.result, known.result);
				assert_int_equal(stack_last.prompts, known.prompts);
				assert_int_equal(stack_last.style, known.style);
				assert_string_equal(stack_last.prompt, known.prompt);
				assert_string_equal(stack_last.messages, known.messages);
			}
		}
	}
}

static void the_log_says_why_a_user_is_not_enrolled(void **state)
{
	(void)state;
	stack_log_in("alice", "123456");
	expect(PAM_AUTH_ERR, 1,
		"<5>refused " WHO " reason=not-enrolled detail=\"cannot open " PLACE
		": No such file or directory\"\n");
	stack_log_in("nobody-knows", "123456");
	expect(PAM_AUTH_ERR, 1,
		"<5>refused user=nobody-knows rhost=192.0.2.7 reason=not-enrolled\n");
	stack_log_in("relative", "123456");
	expect(PAM_AUTH_ERR, 1,
		"<5>refused user=relative rhost=192.0.2.7 reason=not-enrolled "
		"detail=\"secret= needs the home directory, which is not an absolute path; "
		"correct the user's entry in the user database\"\n");
}

static void nullok_skips_only_a_known_user_without_a_file(void **state)
{
	(void)state;
	stack_options("nullok");
	stack_log_in("bob", NULL);
	expect(PAM_IGNORE, 0, "<6>skipped user=bob rhost=192.0.2.7 reason=not-enrolled\n");
	stack_log_in("lost", NULL);
	expect(PAM_IGNORE, 0, "<6>skipped user=lost rhost=192.0.2.7 reason=not-enrolled\n");
	stack_log_in("nobody-knows", "123456");
	expect(PAM_AUTH_ERR, 1,
		"<5>refused user=nobody-knows rhost=192.0.2.7 reason=not-enrolled\n");
	stack_log_in("relative", "123456");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	stack_log_in("homeless", "123456");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
}

/* A name that is no file name is never put in for ${USER}. */
static void user_names_that_lead_elsewhere_are_refused(void **state)
{
	static const char *const names[] = {"sla/sh", ".dot"};

	(void)state;
	stack_options("nullok secret=${HOME}/${USER}");
	for (unsigned int i = 0; i < COUNT(names); i++) {
		stack_log_in(names[i], "123456");
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		assert_non_null(strstr(stack_log, "reason=not-enrolled"));
		assert_non_null(strstr(stack_log, "not safe as a file name"));
	}
}

static void only_members_of_the_group_are_asked(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	stack_put_secret("bob", TOTP);
	stack_options("group=totp,!exempt");
	stack_log_in("alice", stack_code(0));
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=totp offset=0\n");
	stack_log_in("bob", NULL);
	expect(PAM_IGNORE, 0, "<6>skipped user=bob rhost=192.0.2.7 reason=not-in-group\n");
	stack_log_in("carol", NULL);
	expect(PAM_IGNORE, 0, "<6>skipped user=carol rhost=192.0.2.7 reason=not-in-group\n");
	/* An unknown user is in no group, and is asked all the same. */
	stack_log_in("nobody-knows", "123456");
	expect(PAM_AUTH_ERR, 1,
		"<5>refused user=nobody-knows rhost=192.0.2.7 reason=not-enrolled\n");
	stack_options("group=30001");
	stack_log_in("alice", stack_code(0));
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	stack_log_in("bob", NULL);
	assert_int_equal(stack_last.result, PAM_IGNORE);
}

static void a_group_that_does_not_resolve_refuses_everybody(void **state)
{
	static const char *const lists[] = {
		"group=nosuch", "group=totp,nosuch", "group=!nosuch", "group=39999"};
	static const char *const names[] = {"alice", "bob", "carol", "nobody-knows"};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(lists); i++) {
		stack_options(lists[i]);
		for (unsigned int n = 0; n < COUNT(names); n++) {
			stack_log_in(names[n], stack_code(0));
			assert_int_equal(stack_last.result, PAM_SERVICE_ERR);
			assert_int_equal(stack_last.prompts, 0);
			assert_non_null(strstr(stack_log, " reason=group-error detail=\""));
		}
	}
	stack_options("group=nosuch nullok");
	stack_log_in("bob", NULL);
	expect(PAM_SERVICE_ERR, 0,
		"<3>refused user=bob rhost=192.0.2.7 reason=group-error detail=\"group nosuch "
		"of "
		"group= does not exist; create it or correct group=\"\n");
}

/* The stack of a service as administrators write it. */
static void a_skipped_user_passes_only_where_the_stack_says_so(void **state)
{
	(void)state;
	stack_lines("auth required @R group=totp");
	stack_log_in("bob", NULL);
	assert_int_equal(stack_last.result, PAM_PERM_DENIED);
	stack_lines("auth required @R group=totp\nauth required pam_permit.so");
	stack_log_in("bob", NULL);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	stack_log_in("alice", "123456");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	stack_lines("auth sufficient @R group=totp\nauth required pam_deny.so");
	stack_log_in("bob", NULL);
	assert_int_not_equal(stack_last.result, PAM_SUCCESS);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_user_who_gives_no_answer_is_asked_once),
		TEST(unknown_and_unenrolled_users_are_asked_alike),
		TEST(the_log_says_why_a_user_is_not_enrolled),
		TEST(nullok_skips_only_a_known_user_without_a_file),
		TEST(user_names_that_lead_elsewhere_are_refused),
		TEST(only_members_of_the_group_are_asked),
		TEST(a_group_that_does_not_resolve_refuses_everybody),
		TEST(a_skipped_user_passes_only_where_the_stack_says_so),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
