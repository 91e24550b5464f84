/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* forward_pass where no code is asked for: the module behind still gets its password. */

#include "config.h"

#include <security/pam_appl.h>

#include "../unit/hashed_codes.h"
#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "expect_login.h"

/* The module behind is like pam_unix.so use_first_pass. */
#define BEHIND "\nauth required @T want=password"

#define LIMITED                                                                                \
	STACK_SECRET "\n\" RATE_LIMIT 1 30 1700000020\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n"
#define HOTP STACK_SECRET "\n\" HOTP_COUNTER 7\n"

/* The ways of not being asked, for users who have a secret: options, and the log. */
static const struct {
	const char *options;
	const char *methods;
	const char *reason;
} ways[] = {
	{"group=!totp", NULL, "<6>skipped " WHO " reason=not-in-group\n"},
	{"skip_net=192.0.2.0/24", NULL, "<6>skipped " WHO " reason=network\n"},
	{"skip_after=publickey", "publickey ssh-ed25519 x\n",
		"<6>skipped " WHO " reason=method\n"},
	{"grace_period=3600", NULL, "<6>accepted " WHO " method=grace\n"},
};

/* What is in alice's file for her to be a remembered host. */
#define REMEMBERED "\" LAST0 192.0.2.7 1700000020 test\n"

static void stack_behind(const char *options)
{
	char lines[512];

	snprintf(lines, sizeof lines, "auth required @R forward_pass %s" BEHIND, options);
	stack_lines(lines);
}

static int log_in(const char *methods, const char *answer)
{
	stack_last = (struct stack_login){
		.user = "alice",
		.rhost = "192.0.2.7",
		.methods = methods,
		.answers = {answer, stack_fails},
	};
	return stack_login(&stack_last);
}

static const char *with_code(const char *password, const char *code)
{
	static char typed[128];

	snprintf(typed, sizeof typed, "%s%s", password, code);
	return typed;
}

/* Logs in, was asked in the usual words, and has that line in the log. */
static void expect_way(unsigned int way, const char *answer, int result)
{
	log_in(ways[way].methods, answer);
	expect_result(result, 1);
	assert_string_equal(stack_last.prompt, "Password & verification code: ");
	expect_log(ways[way].reason);
}

static void the_password_alone_lets_in(void **state)
{
	(void)state;
	for (unsigned int way = 0; way < COUNT(ways); way++) {
		stack_put_secret("alice", TRACKED REMEMBERED);
		stack_behind(ways[way].options);
		expect_way(way, "password", PAM_SUCCESS);
		expect_way(way, "something", PAM_AUTH_ERR);
		assert_string_equal(text_of(stack_secret("alice")), TRACKED REMEMBERED);
	}
}

static void a_right_code_is_spent_and_cut_off(void **state)
{
	const char *typed;

	(void)state;
	for (unsigned int way = 0; way < COUNT(ways); way++) {
		stack_put_secret("alice", TRACKED REMEMBERED "12345678\n");
		stack_behind(ways[way].options);
		typed = with_code("password", stack_code(0));
		expect_way(way, typed, PAM_SUCCESS);
		assert_non_null(
			strstr(text_of(stack_secret("alice")), "\" DISALLOW_REUSE 56666667\n"));
		/* A spent code is none. */
		expect_way(way, typed, PAM_AUTH_ERR);
		expect_way(way, "password12345678", PAM_SUCCESS);
		assert_null(strstr(text_of(stack_secret("alice")), "12345678"));
		expect_way(way, "password12345678", PAM_AUTH_ERR);
	}
}

/* Otherwise somebody with the password could find out a code here, and use it where one
 * is asked for. */
static void a_code_is_spent_even_where_the_file_allows_reuse(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	stack_behind("group=!totp");
	log_in(NULL, with_code("password", stack_code(0)));
	expect_result(PAM_SUCCESS, 1);
	stack_behind("");
	log_in(NULL, with_code("password", stack_code(0)));
	expect_result(PAM_AUTH_ERR, 1);
	assert_non_null(strstr(stack_log, "reason=reused"));
}

/* Digits at the end of a password are no attempt at a code. */
static void a_password_that_ends_like_a_code_counts_nowhere(void **state)
{
	static const char *const files[] = {
		LIMITED REMEMBERED, STACK_SECRET "\n\" RATE_LIMIT 1 30\n\" TOTP_AUTH\n", HOTP};

	(void)state;
	stack_lines("auth required @R forward_pass group=!totp\n"
		    "auth required @T want=born19700101");
	for (unsigned int i = 0; i < COUNT(files); i++) {
		stack_put_secret("alice", files[i]);
		for (int n = 0; n < 3; n++) {
			log_in(NULL, "born19700101");
			expect_result(PAM_SUCCESS, 1);
			expect_log("<6>skipped " WHO " reason=not-in-group\n");
		}
		assert_string_equal(text_of(stack_secret("alice")), files[i]);
	}
	/* A reached limit is one for those who are asked. */
	stack_put_secret("alice", LIMITED);
	stack_behind("group=!totp");
	log_in(NULL, with_code("password", stack_code(0)));
	expect_result(PAM_SUCCESS, 1);
}

/* Codes of another time do not move the clock. */
static void no_skew_is_learned(void **state)
{
	(void)state;
	stack_put_secret("alice", TRACKED);
	stack_behind("group=!totp");
	for (int n = 0; n < 3; n++, stack_now += 30) {
		log_in(NULL, with_code("password", stack_code(20)));
		expect_result(PAM_AUTH_ERR, 1);
	}
	stack_now = STACK_NOW;
	assert_string_equal(text_of(stack_secret("alice")), TRACKED);
}

static void other_kinds_of_codes_are_cut_off_too(void **state)
{
	(void)state;
	stack_behind("group=!totp");
	stack_put_secret("alice", HOTP);
	log_in(NULL, with_code("password", stack_hotp(8)));
	expect_result(PAM_SUCCESS, 1);
	assert_non_null(strstr(text_of(stack_secret("alice")), "HOTP_COUNTER 9\n"));
	stack_put_secret("alice", TOTP A_1);
	log_in(NULL, with_code("password", WRITTEN_A));
	expect_result(PAM_SUCCESS, 1);
	log_in(NULL, with_code("password", WRITTEN_A));
	expect_result(PAM_AUTH_ERR, 1);
}

static void a_pending_secret_is_confirmed_by_its_first_code(void **state)
{
	(void)state;
	stack_behind("group=!totp");
	stack_put_secret("alice", TRACKED "\" PENDING_UNTIL 1800000000\n");
	log_in(NULL, with_code("password", stack_code(0)));
	expect_result(PAM_SUCCESS, 1);
	assert_null(strstr(text_of(stack_secret("alice")), "PENDING_UNTIL"));
}

/* They need no code, so they need no file either. */
static void a_file_that_cannot_be_used_locks_nobody_out(void **state)
{
	static const char *const files[] = {"", "damaged", "!\n\" TOTP_AUTH\n",
		STACK_SECRET "\n\" TOTP_AUTH\n\" DIGITS 99\n",
		STACK_SECRET "\n\" TOTP_AUTH\n\" RATE_LIMIT x\n"};

	(void)state;
	stack_lines("auth required @R forward_pass group=!totp\n"
		    "auth required @T want=born19700101");
	for (unsigned int i = 0; i < COUNT(files); i++) {
		stack_put_secret("alice", files[i]);
		log_in(NULL, "born19700101");
		expect_result(PAM_SUCCESS, 1);
		expect_log("<6>skipped " WHO " reason=not-in-group\n");
	}
	stack_put_secret("alice", TOTP);
	assert_int_equal(chmod(in_folder(stack_secret("alice")), 0666), 0);
	log_in(NULL, "born19700101");
	expect_result(PAM_SUCCESS, 1);
	/* Nor does the lack of a file, or of a home. */
	unlink(in_folder(stack_secret("alice")));
	log_in(NULL, "born19700101");
	expect_result(PAM_SUCCESS, 1);
	stack_lines("auth required @R forward_pass group=totp\n"
		    "auth required @T want=born19700101");
	stack_log_in("homeless", "born19700101");
	expect_result(PAM_SUCCESS, 1);
}

/* A code that cannot be spent durably is not cut off, whatever allow_readonly forgives. */
static void a_code_that_cannot_be_spent_is_none(void **state)
{
	(void)state;
	stack_put_secret("alice", TRACKED);
	stack_behind("group=!totp allow_readonly state=/proc/nowhere/${USER}");
	log_in(NULL, with_code("password", stack_code(0)));
	expect_result(PAM_AUTH_ERR, 1);
	log_in(NULL, "password");
	expect_result(PAM_SUCCESS, 1);
}

static void users_without_a_secret_give_their_password(void **state)
{
	static const char *const options[] = {"nullok", "nullok_until=2030-01-01",
		"nullok_for=7d first_seen=@D/seen/${USER}"};

	(void)state;
	make_folder("seen", 0700);
	for (unsigned int i = 0; i < COUNT(options); i++) {
		stack_behind(options[i]);
		stack_log_in("bob", "password");
		expect_result(PAM_SUCCESS, 1);
		assert_string_equal(stack_last.prompt, "Password & verification code: ");
		assert_non_null(strstr(stack_log, "<6>skipped user=bob"));
		stack_log_in("bob", "password123456");
		expect_result(PAM_AUTH_ERR, 1);
	}
	nftw(in_folder("seen"), folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* The prompt is the one that the options name. */
static void the_prompt_is_the_same_for_all(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	stack_lines("auth required @R [authtok_prompt=Both: ] echo_verification_code "
		    "forward_pass group=!totp" BEHIND);
	log_in(NULL, "password");
	expect_result(PAM_SUCCESS, 1);
	assert_string_equal(stack_last.prompt, "Both: ");
	assert_int_equal(stack_last.style, PAM_PROMPT_ECHO_ON);
}

static void errors_of_the_gate_refuse_without_a_prompt(void **state)
{
	static const char *const options[] = {"group=nosuch", "group=!nosuch", "skip_net=x"};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(options); i++) {
		stack_behind(options[i]);
		log_in(NULL, "password");
		expect_result(PAM_SERVICE_ERR, 0);
	}
}

static void without_an_answer_the_login_is_refused(void **state)
{
	static const char *const none[] = {stack_fails, stack_null_answer, stack_no_responses};

	(void)state;
	stack_put_secret("alice", TRACKED REMEMBERED);
	for (unsigned int way = 0; way < COUNT(ways); way++)
		for (unsigned int i = 0; i < COUNT(none); i++) {
			char lines[256];

			snprintf(lines, sizeof lines,
				"auth required @R forward_pass %s\nauth required pam_permit.so",
				ways[way].options);
			stack_lines(lines);
			log_in(ways[way].methods, none[i]);
			expect_result(PAM_AUTH_ERR, 1);
			assert_non_null(
				strstr(stack_log, "<5>refused " WHO " reason=conversation\n"));
		}
}

/* The module does nothing for services that are not named. */
static void another_service_is_left_alone(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	stack_behind("services=other");
	log_in(NULL, "password");
	expect_result(PAM_AUTH_ERR, 0);
	expect_log("<6>skipped " WHO " reason=service\n");
	stack_behind("services=test group=!totp");
	log_in(NULL, "password");
	expect_result(PAM_SUCCESS, 1);
}

static void without_forward_pass_nobody_is_asked(void **state)
{
	char lines[256];

	(void)state;
	for (unsigned int way = 0; way < COUNT(ways); way++) {
		stack_put_secret("alice", TRACKED REMEMBERED);
		snprintf(lines, sizeof lines,
			"auth optional @T set=password\nauth required @R %s" BEHIND,
			ways[way].options);
		stack_lines(lines);
		log_in(ways[way].methods, stack_fails);
		expect_result(PAM_SUCCESS, 0);
	}
}

static void an_earlier_password_is_used_where_the_options_say_so(void **state)
{
	static const char *const options[] = {"use_first_pass", "try_first_pass"};
	char lines[512];

	(void)state;
	for (unsigned int i = 0; i < COUNT(options); i++)
		for (unsigned int way = 0; way < COUNT(ways); way++) {
			stack_put_secret("alice", TRACKED REMEMBERED);
			snprintf(lines, sizeof lines,
				"auth optional @T set=password%s\n"
				"auth required @R forward_pass %s %s" BEHIND,
				stack_code(0), options[i], ways[way].options);
			stack_lines(lines);
			log_in(ways[way].methods, stack_fails);
			expect_result(PAM_SUCCESS, 0);
			log_in(ways[way].methods, stack_fails);
			expect_result(PAM_AUTH_ERR, 0);
			snprintf(lines, sizeof lines,
				"auth optional @T set=password\n"
				"auth required @R forward_pass %s %s" BEHIND,
				options[i], ways[way].options);
			stack_lines(lines);
			log_in(ways[way].methods, stack_fails);
			expect_result(PAM_SUCCESS, 0);
		}
	/* Where there is no earlier one, try_first_pass asks and use_first_pass does not. */
	stack_behind("try_first_pass group=!totp");
	log_in(NULL, "password");
	expect_result(PAM_SUCCESS, 1);
	stack_behind("use_first_pass group=!totp");
	log_in(NULL, "password");
	expect_result(PAM_AUTH_ERR, 0);
	expect_log("<6>skipped " WHO " reason=not-in-group\n");
}

static void no_password_is_logged(void **state)
{
	(void)state;
	stack_put_secret("alice", TRACKED);
	stack_lines("auth required @R debug forward_pass group=!totp\n"
		    "auth required @T want=hunter22");
	log_in(NULL, with_code("hunter22", stack_code(0)));
	expect_result(PAM_SUCCESS, 1);
	assert_non_null(strstr(stack_log, "forward_pass: "));
	assert_false(stack_saw("hunter22"));
	assert_false(stack_saw(stack_code(0)));
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_password_alone_lets_in),
		TEST(a_right_code_is_spent_and_cut_off),
		TEST(a_code_is_spent_even_where_the_file_allows_reuse),
		TEST(a_password_that_ends_like_a_code_counts_nowhere),
		TEST(no_skew_is_learned),
		TEST(other_kinds_of_codes_are_cut_off_too),
		TEST(a_pending_secret_is_confirmed_by_its_first_code),
		TEST(a_file_that_cannot_be_used_locks_nobody_out),
		TEST(a_code_that_cannot_be_spent_is_none),
		TEST(users_without_a_secret_give_their_password),
		TEST(the_prompt_is_the_same_for_all),
		TEST(errors_of_the_gate_refuse_without_a_prompt),
		TEST(without_an_answer_the_login_is_refused),
		TEST(another_service_is_left_alone),
		TEST(without_forward_pass_nobody_is_asked),
		TEST(an_earlier_password_is_used_where_the_options_say_so),
		TEST(no_password_is_logged),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
