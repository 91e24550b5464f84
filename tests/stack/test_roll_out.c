/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Users without a secret, while there is time for them to enroll. */

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

/* Asked like anybody whom the system does not know, and told the same. */
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

static void until_a_day_is_to_its_end_in_utc(void **state)
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
	/* A whole day too many is one more. */
	expect_passed_at(MIDNIGHT - DAY - 1, 2);
	expect_passed_at(MIDNIGHT - 30 * DAY, 30);
	/* Nothing is kept for this. */
	assert_int_equal(count_entries("home"), 4);
	unsetenv("TZ");
	tzset();
}

static void for_a_while_counts_from_first_sight(void **state)
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
	/* It goes on as it began where the administrator allows more. */
	stack_options("nullok_for=5d " SEEN_IN);
	expect_passed_at(STACK_NOW + 3 * DAY, 2);
}

static void everybody_has_a_time_of_their_own(void **state)
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

static void the_earlier_of_both_ends_it(void **state)
{
	(void)state;
	stack_options("nullok_until=2023-11-14 nullok_for=3d " SEEN_IN);
	expect_passed_at(MIDNIGHT - 2 * DAY, 2);
	expect_passed_at(MIDNIGHT - 1, 1);
	expect_asked_at(MIDNIGHT);
	/* The day stands, and the time from first sight does not. */
	stack_options("nullok_until=2023-11-30 nullok_for=3d " SEEN_IN);
	expect_passed_at(MIDNIGHT, 1);
	expect_passed_at(MIDNIGHT + DAY - 1, 1);
	expect_asked_at(MIDNIGHT + DAY);
}

static void it_is_for_users_without_a_file_alone(void **state)
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
		/* Not for whoever can have no file either, nor for who is nobody. */
		stack_log_in("homeless", "000000");
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		stack_log_in("nobody-knows", "000000");
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		assert_string_equal(stack_log, "<5>refused user=nobody-knows rhost=192.0.2.7 "
					       "reason=not-enrolled\n");
	}
	/* Of none of them anything was noted. */
	assert_false(exists("home/state"));
}

/* With user= there is a place for the file of anybody. */
static void an_unknown_user_never_passes(void **state)
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

static void who_is_not_asked_anyway_is_not_noted(void **state)
{
	(void)state;
	stack_options("group=totp nullok_for=3d " SEEN_IN);
	stack_log_in("bob", stack_fails);
	assert_string_equal(stack_log, "<6>skipped " WHO " reason=not-in-group\n");
	assert_string_equal(stack_last.messages, "");
	assert_false(exists("home/state"));
}

static void enrolling_ends_it_at_once(void **state)
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

/* Whose home it is could else say when the time began, or have a file written
 * elsewhere with the rights of the service. */
static void it_is_never_kept_in_a_home(void **state)
{
	(void)state;
	stack_options("nullok_for=3d first_seen=~/seen");
	expect_store_error("home directory");
	/* Not even where it would lead to a safe place. */
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

static void a_clock_that_tells_nothing_lets_nobody_pass(void **state)
{
	(void)state;
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

static void without_an_end_nothing_is_said(void **state)
{
	(void)state;
	stack_options("nullok");
	stack_log_in("bob", stack_fails);
	assert_int_equal(stack_last.result, PAM_IGNORE);
	assert_string_equal(stack_log, "<6>skipped " WHO " reason=not-enrolled\n");
	assert_string_equal(stack_last.messages, "");
}

static void ends_that_are_no_ends_refuse(void **state)
{
	static const char *const options[] = {"nullok_until=", "nullok_until=tomorrow",
		"nullok_until=2023-02-30", "nullok_until=2023-1-1", "nullok_until",
		"nullok_for=3w", "nullok_for=-1", "nullok_for=366d", "nullok_for",
		"nullok nullok_until=2030-01-01", "nullok nullok_for=3d"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(options); i++) {
		stack_options(options[i]);
		stack_log_in("bob", "000000");
		assert_int_equal(stack_last.result, PAM_SERVICE_ERR);
		assert_int_equal(stack_last.prompts, 0);
		assert_non_null(strstr(stack_log, "reason=config-error"));
	}
	/* No time at all is none. */
	stack_options("nullok_for=0");
	stack_log_in("bob", "000000");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_int_equal(stack_last.prompts, 1);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(until_a_day_is_to_its_end_in_utc),
		TEST(for_a_while_counts_from_first_sight),
		TEST(everybody_has_a_time_of_their_own),
		TEST(the_earlier_of_both_ends_it),
		TEST(it_is_for_users_without_a_file_alone),
		TEST(an_unknown_user_never_passes),
		TEST(who_is_not_asked_anyway_is_not_noted),
		TEST(enrolling_ends_it_at_once),
		TEST(state_that_cannot_be_kept_refuses),
		TEST(it_is_never_kept_in_a_home),
		TEST(a_clock_that_tells_nothing_lets_nobody_pass),
		TEST(a_silent_application_is_told_nothing),
		TEST(without_an_end_nothing_is_said),
		TEST(ends_that_are_no_ends_refuse),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
