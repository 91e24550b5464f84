/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Of many logins with one code at the same moment, one succeeds. */

#include "config.h"

#include <security/pam_appl.h>

#include "../stack/stack.h"
#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "workers.h"

#define STATE "home/state/alice"
#define APART "state=@D/home/state/${USER}"

#define OPTIONS STACK_SECRET "\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n"

static void log_in(unsigned int worker)
{
	shared->results[worker] = stack_log_in("alice", shared->answers[worker]);
	(void)gave_up_waiting();
}

static void set_answers(const char *answer)
{
	for (unsigned int i = 0; i < worker_count; i++)
		strcpy(shared->answers[i], answer);
}

static void expect_one_winner(const char *text, const char *answer)
{
	start_workers(8, log_in);
	for (unsigned int i = 0; i < 200; i++) {
		stack_put_secret("alice", text);
		unlink(in_folder(STATE));
		set_answers(answer);
		run_round();
		assert_int_equal(count_results(PAM_SUCCESS), 1);
		assert_int_equal(
			count_results(PAM_AUTH_ERR), 7 - atomic_exchange(&shared->busy, 0));
		assert_int_equal(count_entries("home/alice"), 1);
	}
	stop_workers();
}

static void one_time_code_lets_in_one(void **state)
{
	(void)state;
	expect_one_winner(OPTIONS, stack_code(0));
	assert_non_null(strstr(text_of(stack_secret("alice")), "DISALLOW_REUSE 56666667\n"));
}

static void one_emergency_code_lets_in_one(void **state)
{
	(void)state;
	expect_one_winner(OPTIONS "12345678\n87654321\n", "12345678");
	assert_string_equal(text_of(stack_secret("alice")), OPTIONS "87654321\n");
}

static void one_hotp_code_lets_in_one(void **state)
{
	(void)state;
	stack_options("no_increment_hotp");
	expect_one_winner(STACK_SECRET "\n\" HOTP_COUNTER 5\n", stack_hotp(5));
	assert_string_equal(
		text_of(stack_secret("alice")), STACK_SECRET "\n\" HOTP_COUNTER 6\n");
}

/* All logins try to make the state file at the same time. */
static void one_time_code_lets_in_one_with_the_state_apart(void **state)
{
	(void)state;
	stack_options(APART);
	expect_one_winner(OPTIONS, stack_code(0));
	assert_string_equal(text_of(stack_secret("alice")), OPTIONS);
	assert_non_null(strstr(state_of(STATE), "DISALLOW_REUSE 56666667\n"));
	assert_int_equal(count_entries("home/state"), 1);
}

/* The state is there, and is written in place, round after round. */
static void one_hotp_code_lets_in_one_of_many_rounds(void **state)
{
	const char *longer = getenv("TOTPGROUP_LONG");
	unsigned int rounds = longer != NULL && *longer != '\0' ? 10000 : 300;
	struct stat before, now;

	(void)state;
	stack_options("no_increment_hotp " APART);
	stack_put_secret("alice", STACK_SECRET "\n\" HOTP_COUNTER 1\n");
	assert_int_equal(stack_log_in("alice", stack_hotp(1)), PAM_SUCCESS);
	assert_int_equal(stat(in_folder(STATE), &before), 0);
	start_workers(8, log_in);
	for (unsigned int i = 2; i < rounds + 2; i++) {
		char line[40];

		set_answers(stack_hotp(i));
		run_round();
		assert_int_equal(count_results(PAM_SUCCESS), 1);
		assert_int_equal(
			count_results(PAM_AUTH_ERR), 7 - atomic_exchange(&shared->busy, 0));
		sprintf(line, "\n\" HOTP_COUNTER %u\n", i + 1);
		assert_non_null(strstr(state_of(STATE), line));
	}
	stop_workers();
	assert_int_equal(stat(in_folder(STATE), &now), 0);
	assert_int_equal(now.st_ino, before.st_ino);
	print_message("# %u rounds\n", rounds);
}

static void one_emergency_code_lets_in_one_with_the_state_apart(void **state)
{
	(void)state;
	stack_options(APART);
	expect_one_winner(OPTIONS "12345678\n87654321\n", "12345678");
	assert_non_null(strstr(state_of(STATE), "\" SPENT "));
}

/* One process restores the secret while the others log in. */
static void restore_or_log_in(unsigned int worker)
{
	if (worker != 0) {
		log_in(worker);
		return;
	}
	shared->results[0] = PAM_IGNORE;
	for (unsigned int i = 0; i < 5; i++) {
		put_file("home/alice/new", OPTIONS "12345678\n", 0600);
		if (geteuid() == 0)
			assert_int_equal(
				chown(in_folder("home/alice/new"), stack_uid("alice"), 0), 0);
		assert_int_equal(
			rename(in_folder("home/alice/new"), in_folder(stack_secret("alice"))),
			0);
	}
}

static void a_restored_secret_restores_no_code(void **state)
{
	(void)state;
	stack_options(APART);
	stack_put_secret("alice", OPTIONS "12345678\n");
	start_workers(8, restore_or_log_in);
	for (unsigned int i = 0; i < 50; i++) {
		unlink(in_folder(STATE));
		set_answers("12345678");
		run_round();
		assert_int_equal(count_results(PAM_SUCCESS), 1);
		run_round();
		assert_int_equal(count_results(PAM_SUCCESS), 0);
		atomic_store(&shared->busy, 0);
	}
	stop_workers();
}

static unsigned int count_codes(const char *text)
{
	unsigned int count = 0;

	for (const char *at = strstr(text, "\n1000"); at != NULL; at = strstr(at + 1, "\n1000"))
		count++;
	return count;
}

/* Twelve right codes at once, with a limit of three: each code that is checked lets in. */
static void a_rate_limit_holds_for_all_together(void **state)
{
	char text[1024];
	size_t length;

	(void)state;
	start_workers(12, log_in);
	length = (size_t)sprintf(text, "%s\n\" RATE_LIMIT 3 30\n\" TOTP_AUTH\n", STACK_SECRET);
	for (unsigned int i = 0; i < 12; i++) {
		sprintf(shared->answers[i], "1000%04u", i);
		length += (size_t)sprintf(text + length, "%s\n", shared->answers[i]);
	}
	for (unsigned int i = 0; i < 50; i++) {
		unsigned int let_in;

		stack_put_secret("alice", text);
		run_round();
		let_in = count_results(PAM_SUCCESS);
		assert_true(let_in == 3 || (let_in < 3 && atomic_load(&shared->busy) > 0));
		assert_int_equal(count_results(PAM_AUTH_ERR),
			12 - let_in - atomic_exchange(&shared->busy, 0));
		assert_int_equal(count_codes(text_of(stack_secret("alice"))), 12 - let_in);
	}
	stop_workers();
}

static void log_in_and_count(unsigned int worker)
{
	shared->results[worker] = stack_log_in("alice", shared->answers[worker]);
	if (gave_up_waiting())
		return;
	if (strstr(stack_log, "reason=wrong-code") != NULL)
		atomic_fetch_add(&shared->counter, 1);
	else if (strstr(stack_log, "reason=rate-limited") == NULL)
		atomic_fetch_add(&shared->failures, 1);
}

/* Of twelve wrong codes at once, three are checked. */
static void attempts_are_counted_before_they_are_checked(void **state)
{
	(void)state;
	start_workers(12, log_in_and_count);
	set_answers("000000");
	for (unsigned int i = 0; i < 50; i++) {
		unsigned int checked;

		stack_put_secret("alice", STACK_SECRET "\n\" RATE_LIMIT 3 30\n\" TOTP_AUTH\n");
		atomic_store(&shared->counter, 0);
		run_round();
		checked = atomic_load(&shared->counter);
		assert_true(checked == 3 || (checked < 3 && atomic_load(&shared->busy) > 0));
		assert_int_equal(
			count_results(PAM_AUTH_ERR), 12 - atomic_exchange(&shared->busy, 0));
		assert_int_equal(atomic_load(&shared->failures), 0);
	}
	stop_workers();
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_time_code_lets_in_one),
		TEST(one_emergency_code_lets_in_one),
		TEST(one_hotp_code_lets_in_one),
		TEST(one_time_code_lets_in_one_with_the_state_apart),
		TEST(one_hotp_code_lets_in_one_of_many_rounds),
		TEST(one_emergency_code_lets_in_one_with_the_state_apart),
		TEST(a_restored_secret_restores_no_code),
		TEST(a_rate_limit_holds_for_all_together),
		TEST(attempts_are_counted_before_they_are_checked),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
