/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* nullok_until= and nullok_for=: users without a secret have time to enroll. */

#include "config.h"

#include <security/pam_appl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack.h"

#define TOTP STACK_SECRET "\n\" TOTP_AUTH\n"
#define DAY  86400
/* 2023-11-15 00:00:00 UTC; STACK_NOW is 6375 s before. */
#define MIDNIGHT 1700006400
#define SEEN_IN	 "first_seen=@D/home/state/seen/${USER}"
#define FOR_3D	 "nullok_for=3d " SEEN_IN
#define SEEN	 "home/state/seen/bob"
#define WHO	 "user=bob rhost=192.0.2.7"
#define OVER	 "<5>refused " WHO " reason=not-enrolled detail=\"the time to enroll is over\"\n"

static int setup(void **state)
{
	stack_on_time = NULL;
	return stack_setup(state);
}

static void expect_passed_at(time_t now, int days)
{
	char log[256], message[256];

	stack_now = now;
	stack_log_in("bob", stack_fails);
	snprintf(
		log, sizeof log, "<6>skipped " WHO " reason=not-enrolled days_left=%d\n", days);
	snprintf(message, sizeof message,
		"info: A verification code will be needed to log in here in %d day%s. "
		"Run totp-enroll to set it up.\n",
		days, days == 1 ? "" : "s");
	assert_int_equal(stack_last.result, PAM_IGNORE);
	assert_int_equal(stack_last.prompts, 0);
	assert_string_equal(stack_log, log);
	assert_string_equal(stack_last.messages, message);
}

/* Checks that the user is asked and refused like an unknown user. */
static void expect_asked_at(time_t now)
{
	stack_now = now;
	stack_log_in("bob", "000000");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_int_equal(stack_last.prompts, 1);
	assert_string_equal(stack_log, OVER);
	assert_string_equal(
		stack_last.messages, "error: The verification code was not accepted.\n");
}

static void expect_store_error(const char *detail)
{
	stack_log_in("bob", "000000");
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_int_equal(stack_last.prompts, 0);
	assert_memory_equal(stack_log, "<2>refused " WHO " reason=store-error detail=",
		strlen("<2>refused " WHO " reason=store-error detail="));
	assert_non_null(strstr(stack_log, detail));
}

static void nullok_until_lasts_to_the_end_of_the_day_in_utc(void **state)
{
	(void)state;
	setenv("TZ", "Pacific/Kiritimati", 1);
	tzset();
	stack_options("nullok_until=2023-11-14");
	expect_passed_at(STACK_NOW, 1);
	expect_passed_at(MIDNIGHT - DAY, 1);
	expect_passed_at(MIDNIGHT - 1, 1);
	expect_asked_at(MIDNIGHT);
	expect_asked_at(MIDNIGHT + 10 * DAY);
	/* A begun day counts as a day. */
	expect_passed_at(MIDNIGHT - DAY - 1, 2);
	expect_passed_at(MIDNIGHT - 30 * DAY, 30);
	/* This option keeps no state. */
	assert_int_equal(count_entries("home"), 4);
	unsetenv("TZ");
	tzset();
}

static void nullok_for_counts_from_the_first_login(void **state)
{
	(void)state;
	stack_options(FOR_3D);
	expect_passed_at(STACK_NOW, 3);
	assert_string_equal(text_of(SEEN), "1700000025\n");
	assert_int_equal(mode_of(SEEN), S_IFREG | 0600);
	assert_int_equal(mode_of("home/state"), S_IFDIR | 0700);
	expect_passed_at(STACK_NOW + 1, 3);
	expect_passed_at(STACK_NOW + DAY, 2);
	expect_passed_at(STACK_NOW + 2 * DAY, 1);
	expect_passed_at(STACK_NOW + 3 * DAY - 1, 1);
	expect_asked_at(STACK_NOW + 3 * DAY);
	expect_asked_at(STACK_NOW + 300 * DAY);
	assert_string_equal(text_of(SEEN), "1700000025\n");
	/* When the administrator allows more days, they count from the same start. */
	stack_options("nullok_for=5d " SEEN_IN);
	expect_passed_at(STACK_NOW + 3 * DAY, 2);
}

static void each_user_has_a_time_of_their_own(void **state)
{
	(void)state;
	stack_options(FOR_3D);
	expect_passed_at(STACK_NOW, 3);
	stack_now += 4 * DAY;
	stack_log_in("carol", stack_fails);
	assert_int_equal(stack_last.result, PAM_IGNORE);
	assert_non_null(strstr(stack_log, "user=carol"));
	assert_non_null(strstr(stack_log, " days_left=3\n"));
	expect_asked_at(stack_now);
	assert_int_equal(count_entries("home/state/seen"), 2);
}

static void the_earlier_of_both_ends_the_time(void **state)
{
	(void)state;
	stack_options("nullok_until=2023-11-14 nullok_for=3d " SEEN_IN);
	expect_passed_at(MIDNIGHT - 2 * DAY, 2);
	expect_passed_at(MIDNIGHT - 1, 1);
	expect_asked_at(MIDNIGHT);
	/* With a later day, the time from the first login ends first. */
	stack_options("nullok_until=2023-11-30 nullok_for=3d " SEEN_IN);
	expect_passed_at(MIDNIGHT, 1);
	expect_passed_at(MIDNIGHT + DAY - 1, 1);
	expect_asked_at(MIDNIGHT + DAY);
}

static void only_users_without_a_file_are_skipped(void **state)
{
	static const char *const options[] = {"nullok_until=2030-01-01", FOR_3D};

	(void)state;
	for (unsigned int i = 0; i < COUNT(options); i++) {
		stack_options(options[i]);
		stack_put_secret("alice", TOTP);
		stack_log_in("alice", "000000");
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		stack_put_secret("alice", "!\n");
		stack_log_in("alice", "000000");
		assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
		assert_int_equal(stack_last.prompts, 1);
		/* Not for users who can have no file either, nor for nobody. */
		stack_log_in("homeless", "000000");
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		stack_log_in("nobody-knows", "000000");
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		assert_string_equal(stack_log, "<5>refused user=nobody-knows rhost=192.0.2.7 "
					       "reason=not-enrolled\n");
	}
	/* No first login was recorded for any of them. */
	assert_false(exists("home/state"));
}

/* With user= unknown users get paths too. */
static void an_unknown_user_is_never_skipped(void **state)
{
	static const char *const options[] = {"nullok", "nullok_until=2030-01-01", FOR_3D};
	char line[256];

	(void)state;
	for (unsigned int i = 0; i < COUNT(options); i++) {
		snprintf(line, sizeof line, "user=alice secret=@D/home/alice/of-${USER} %s",
			options[i]);
		stack_options(line);
		stack_log_in("nobody-knows", "000000");
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		assert_false(exists("home/state"));
		stack_log_in("bob", stack_fails);
		assert_int_equal(stack_last.result, PAM_IGNORE);
	}
}

static void a_user_who_is_not_asked_is_not_recorded(void **state)
{
	(void)state;
	stack_options("group=totp nullok_for=3d " SEEN_IN);
	stack_log_in("bob", stack_fails);
	assert_string_equal(stack_log, "<6>skipped " WHO " reason=not-in-group\n");
	assert_string_equal(stack_last.messages, "");
	assert_false(exists("home/state"));
}

static void enrolling_ends_the_time_at_once(void **state)
{
	(void)state;
	stack_options(FOR_3D);
	expect_passed_at(STACK_NOW, 3);
	stack_put_secret("bob", TOTP);
	stack_log_in("bob", "000000");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_int_equal(stack_last.prompts, 1);
	stack_log_in("bob", stack_code(0));
	assert_int_equal(stack_last.result, PAM_SUCCESS);
}

static void state_that_cannot_be_kept_refuses(void **state)
{
	static const char *const bad[] = {"x\n", "", "99999999999\n", "1700000025"};

	(void)state;
	stack_needs_files("the detail is in the log of totp-verifyd");
	put_file("home/file", "", 0600);
	stack_options("nullok_for=3d first_seen=@D/home/file/${USER}");
	expect_store_error("home/file");
	make_folder("home/open", 0777);
	stack_options("nullok_for=3d first_seen=@D/home/open/${USER}");
	expect_store_error("its folder is writable by others");
	make_folder("home/state", 0700);
	make_folder("home/state/seen", 0700);
	stack_options("nullok_for=3d nullok_until=2030-01-01 " SEEN_IN);
	for (unsigned int i = 0; i < COUNT(bad); i++) {
		put_file(SEEN, bad[i], 0600);
		expect_store_error(SEEN);
		assert_string_equal(text_of(SEEN), bad[i]);
	}
	unlink(in_folder(SEEN));
	put_link(SEEN, "/dev/null");
	expect_store_error("symbolic link");
	if (geteuid() == 0)
		return;
	unlink(in_folder(SEEN));
	assert_int_equal(chmod(in_folder("home/state/seen"), 0500), 0);
	expect_store_error(SEEN);
	assert_string_equal(
		stack_last.messages, "error: The verification code was not accepted.\n");
	assert_int_equal(chmod(in_folder("home/state/seen"), 0700), 0);
}

/* Otherwise the owner of the home could decide when the time began, or have a file written
 * elsewhere with the rights of the service. */
static void the_first_login_is_never_recorded_in_a_home(void **state)
{
	(void)state;
	stack_needs_files("the detail is in the log of totp-verifyd");
	stack_options("nullok_for=3d first_seen=~/seen");
	expect_store_error("home directory");
	/* Not even when the link leads to a safe folder. */
	stack_options("nullok_for=3d first_seen=${HOME}/../state/seen");
	expect_store_error("home directory");
	stack_options("nullok_for=3d first_seen=seen");
	expect_store_error("absolute");
	assert_int_equal(count_entries("home/bob"), 0);
	assert_false(exists("home/state"));
}

static bool never(void *caller)
{
	(void)caller;
	return true;
}

static void without_a_clock_nobody_is_skipped(void **state)
{
	(void)state;
	stack_needs_files("totp-verifyd has another clock");
	stack_options(FOR_3D);
	stack_on_time = never;
	expect_store_error("before 1970");
	assert_false(exists(SEEN));
	stack_on_time = NULL;
	expect_passed_at(STACK_NOW, 3);
	stack_on_time = never;
	expect_store_error("before 1970");
	stack_options("nullok_until=2030-01-01");
	stack_log_in("bob", "000000");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	stack_on_time = NULL;
}

static void a_silent_application_is_told_nothing(void **state)
{
	(void)state;
	stack_options("nullok_until=2030-01-01");
	stack_last = (struct stack_login){
		.user = "bob", .answers = {stack_fails}, .flags = PAM_SILENT};
	stack_login(&stack_last);
	assert_int_equal(stack_last.result, PAM_IGNORE);
	assert_string_equal(stack_last.messages, "");
	assert_non_null(strstr(stack_log, " days_left="));
}

static void without_an_end_no_message_is_shown(void **state)
{
	(void)state;
	stack_options("nullok");
	stack_log_in("bob", stack_fails);
	assert_int_equal(stack_last.result, PAM_IGNORE);
	assert_string_equal(stack_log, "<6>skipped " WHO " reason=not-enrolled\n");
	assert_string_equal(stack_last.messages, "");
}

static void malformed_ends_refuse(void **state)
{
	static const char *const options[] = {"nullok_until=", "nullok_until=tomorrow",
		"nullok_until=2023-02-30", "nullok_until=2023-1-1", "nullok_until",
		"nullok_for=3w", "nullok_for=-1", "nullok_for=366d", "nullok_for",
		"nullok nullok_until=2030-01-01", "nullok nullok_for=3d"};

	(void)state;
	stack_needs_files("totp-verifyd does not start with such options");
	for (unsigned int i = 0; i < COUNT(options); i++) {
		stack_options(options[i]);
		stack_log_in("bob", "000000");
		assert_int_equal(stack_last.result, PAM_SERVICE_ERR);
		assert_int_equal(stack_last.prompts, 0);
		assert_non_null(strstr(stack_log, "reason=config-error"));
	}
	/* A period of no days is an error. */
	stack_options("nullok_for=0");
	stack_log_in("bob", "000000");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_int_equal(stack_last.prompts, 1);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(nullok_until_lasts_to_the_end_of_the_day_in_utc),
		TEST(nullok_for_counts_from_the_first_login),
		TEST(each_user_has_a_time_of_their_own),
		TEST(the_earlier_of_both_ends_the_time),
		TEST(only_users_without_a_file_are_skipped),
		TEST(an_unknown_user_is_never_skipped),
		TEST(a_user_who_is_not_asked_is_not_recorded),
		TEST(enrolling_ends_the_time_at_once),
		TEST(state_that_cannot_be_kept_refuses),
		TEST(the_first_login_is_never_recorded_in_a_home),
		TEST(without_a_clock_nobody_is_skipped),
		TEST(a_silent_application_is_told_nothing),
		TEST(without_an_end_no_message_is_shown),
		TEST(malformed_ends_refuse),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
