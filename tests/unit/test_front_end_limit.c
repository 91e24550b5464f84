/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "state_support.h"

#include "allocation.h"
#include "core/rate_limit.h"

#define LIMIT "\" RATE_LIMIT "
#define FRONT "\" FRONT_END_ATTEMPTS "

static totpgroup_credential *load_lines(const char *lines)
{
	char text[2000];

	assert_true(snprintf(text, sizeof text, SECRET "\n\n%s", lines) < (int)sizeof text);
	return load(text);
}

static struct rate_limit_answer count(totpgroup_credential *credential, int64_t now)
{
	struct rate_limit_answer answer;
	struct error error = ERROR_INIT;
	bool changed = false;

	assert_int_equal(
		rate_limit_count_front_end(credential, now, &answer, &changed, &error), 0);
	assert_int_equal(error.code, 0);
	return answer;
}

static void an_attempt_is_written_to_its_line(void **state)
{
	static const struct {
		const char *before;
		const char *after;
		int64_t retry_after; /* 0 where the limit is not exceeded */
		bool inserted;	     /* the line is new, below the secret */
	} rows[] = {
		{LIMIT "3 30\n", FRONT "1800000015\n\n" LIMIT "3 30\n", 0, true},
		{LIMIT "3 30\n" FRONT "1800000010\n",
			LIMIT "3 30\n" FRONT "1800000010 1800000015\n", 0, false},
		/* Attempts of logins count as well. */
		{LIMIT "3 30 1800000001 1800000003\n" FRONT "1800000002\n", NULL, 17, false},
		{LIMIT "1 30 1800000001\n", NULL, 17, false},
		{LIMIT "2 30 1800000001 1800000003 1800000005\n", NULL, 19, false},
		{LIMIT "2 30\n" FRONT "1800000009 1800000002\n", NULL, 18, false},
		/* Attempts that are too old, or in the future, are dropped. */
		{LIMIT "1 30 1799999984\n" FRONT "1799999984 1800000016\n",
			LIMIT "1 30 1799999984\n" FRONT "1800000015\n", 0, false},
		{LIMIT "1 30 1799999985\n", NULL, 1, false},
		{LIMIT "1 30\n" FRONT "1799999985\n", NULL, 1, false},
		{"\" FRONT_END_ATTEMPTS\n" LIMIT "1 30\n", FRONT "1800000015\n" LIMIT "1 30\n",
			0, false},
		/* Without a limit nothing is counted. */
		{"", NULL, 0, false},
		{FRONT "1800000015 x\n", NULL, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		totpgroup_credential *credential = load_lines(rows[i].before);
		struct rate_limit_answer answer = count(credential, NOW);
		char text[400];

		snprintf(text, sizeof text, SECRET "\n%s%s", rows[i].inserted ? "" : "\n",
			rows[i].after != NULL ? rows[i].after : rows[i].before);
		assert_credential(credential, text);
		if (answer.retry_after != rows[i].retry_after)
			fail_msg("row %zu: %lld", i, (long long)answer.retry_after);
		assert_int_equal(answer.exceeded, rows[i].retry_after != 0);
		totpgroup_credential_free(credential);
	}
}

/* Otherwise guesses through a front end could move the counter away from the token. */
static void wrong_codes_of_front_ends_do_not_move_an_hotp_counter(void **state)
{
	const char lines[] = "\" HOTP_COUNTER 7\n";
	totpgroup_credential *credential = load_lines(lines);
	struct attempt attempt = attempt_with("000000");
	struct decision decision;
	struct error error;

	(void)state;
	attempt.front_end = true;
	decision = decide_on(credential, &attempt, &error);
	assert_int_equal(decision.result.reason, TOTPGROUP_REASON_WRONG_CODE);
	assert_false(decision.result.changed);
	assert_credential(credential, SECRET "\n\n\" HOTP_COUNTER 7\n");
	attempt.front_end = false;
	decision = decide_on(credential, &attempt, &error);
	assert_true(decision.result.changed);
	assert_credential(credential, SECRET "\n\n\" HOTP_COUNTER 8\n");
	totpgroup_credential_free(credential);
}

static void a_malformed_line_is_an_error(void **state)
{
	static const struct {
		const char *lines;
		const char *message;
	} rows[] = {
		{LIMIT "3 30\n" FRONT "x\n", "line 4: FRONT_END_ATTEMPTS"},
		{LIMIT "3 30\n" FRONT "5 \n", "line 4: FRONT_END_ATTEMPTS"},
		{LIMIT "3 30\n" FRONT "-5\n", "line 4: FRONT_END_ATTEMPTS"},
		{LIMIT "3\n", "line 3: RATE_LIMIT"},
		{LIMIT "3 30 x\n", "line 3: RATE_LIMIT"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		totpgroup_credential *credential = load_lines(rows[i].lines);
		struct rate_limit_answer answer;
		struct error error = ERROR_INIT;
		bool changed = false;

		assert_int_equal(
			rate_limit_count_front_end(credential, NOW, &answer, &changed, &error),
			TOTPGROUP_EFORMAT);
		assert_message(&error, rows[i].message);
		assert_false(changed);
		totpgroup_credential_free(credential);
	}
}

static void logins_ignore_the_attempts_of_front_ends(void **state)
{
	struct test_random random = test_random_begin();
	totpgroup_credential *with = load_lines(LIMIT "3 30\n");
	totpgroup_credential *without = load_lines(LIMIT "3 30\n");
	int64_t now = NOW;
	unsigned int refused = 0;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct rate_limit_answer a, b;
		struct error error = ERROR_INIT;
		bool changed;

		now += (int64_t)test_random_below(&random, 20);
		for (uint64_t n = test_random_below(&random, 4); n > 0; n--)
			refused += count(with, now).exceeded;
		assert_int_equal(rate_limit_count(with, now, true, &a, &changed, &error), 0);
		assert_int_equal(rate_limit_count(without, now, true, &b, &changed, &error), 0);
		assert_int_equal(a.exceeded, b.exceeded);
		assert_true(a.retry_after == b.retry_after);
	}
	assert_true(refused > 100);
	assert_true(with->text.length < 300);
	totpgroup_credential_free(with);
	totpgroup_credential_free(without);
}

/* When a front end is let through, no interval has more attempts of both together than
 * allowed. To wait for retry_after seconds is exactly enough. */
static void front_ends_and_logins_share_one_limit(void **state)
{
	static int64_t passed[4000];
	struct test_random random = test_random_begin();

	(void)state;
	for (int run = 0; run < 15; run++) {
		size_t allowed = 1 + (size_t)test_random_below(&random, 10), total = 0;
		int64_t interval = 1 + (int64_t)test_random_below(&random, 100), now = NOW;
		totpgroup_credential *credential;
		char line[100];

		snprintf(line, sizeof line, LIMIT "%zu %lld\n", allowed, (long long)interval);
		credential = load_lines(line);
		for (int i = 0; i < 1000; i++) {
			bool login = test_random_below(&random, 3) == 0, changed;
			struct rate_limit_answer answer;
			struct error error = ERROR_INIT;

			now += (int64_t)test_random_below(&random, 4);
			if (login)
				assert_int_equal(rate_limit_count(credential, now, false,
							 &answer, &changed, &error),
					0);
			else
				answer = count(credential, now);
			if (!login && answer.exceeded) {
				assert_true(answer.retry_after > 0);
				assert_true(count(credential, now + answer.retry_after - 1)
						    .exceeded);
				now += answer.retry_after;
				answer = count(credential, now);
				assert_false(answer.exceeded);
			}
			if (answer.exceeded)
				continue;
			passed[total++] = now;
			if (!login && total > allowed)
				assert_true(passed[total - 1] - passed[total - 1 - allowed] >
					    interval);
		}
		totpgroup_credential_free(credential);
	}
}

static void a_separate_state_holds_the_attempts(void **state)
{
	static const char secret[] = SECRET "\n" LIMIT "2 30\n\" TOTP_AUTH\n";
	struct text kept = TEXT_INIT;
	struct attempt attempt = attempt_with("000000");
	enum totpgroup_reason reasons[4];

	(void)state;
	attempt.front_end = true;
	for (int i = 0; i < 4; i++) {
		attempt.front_end = i < 3;
		reasons[i] = decide_apart(secret, &kept, &attempt).result.reason;
	}
	assert_int_equal(reasons[0], TOTPGROUP_REASON_WRONG_CODE);
	assert_int_equal(reasons[1], TOTPGROUP_REASON_WRONG_CODE);
	assert_int_equal(reasons[2], TOTPGROUP_REASON_RATE_LIMITED);
	assert_int_equal(reasons[3], TOTPGROUP_REASON_WRONG_CODE);
	assert_non_null(strstr(kept.data, FRONT "1800000015 1800000015\n"));
	assert_non_null(strstr(kept.data, "\" RATE_LIMIT 1800000015\n"));
	text_free(&kept);
}

/* More than usual, so that they need memory of their own. */
#define EIGHT_TIMES                                                                            \
	" 1799999991 1799999991 1799999991 1799999991 1799999991 1799999991 1799999991 "       \
	"1799999991"
#define MANY_TIMES EIGHT_TIMES EIGHT_TIMES EIGHT_TIMES EIGHT_TIMES

static void without_memory_there_is_an_error(void **state)
{
	unsigned int failures = 0;

	(void)state;
	for (unsigned int i = 1;; i++) {
		totpgroup_credential *credential =
			load_lines(LIMIT "100 30" MANY_TIMES "\n" FRONT MANY_TIMES "\n");
		struct rate_limit_answer answer;
		struct error error = ERROR_INIT;
		bool changed = false;
		int status;

		allocation_to_fail = i;
		status = rate_limit_count_front_end(credential, NOW, &answer, &changed, &error);
		totpgroup_credential_free(credential);
		if (allocation_to_fail > 0)
			break;
		assert_int_equal(status, TOTPGROUP_EMEMORY);
		assert_message(&error, "memory");
		failures++;
	}
	allocation_to_fail = 0;
	assert_true(failures >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_attempt_is_written_to_its_line),
		cmocka_unit_test(a_malformed_line_is_an_error),
		cmocka_unit_test(logins_ignore_the_attempts_of_front_ends),
		cmocka_unit_test(front_ends_and_logins_share_one_limit),
		cmocka_unit_test(wrong_codes_of_front_ends_do_not_move_an_hotp_counter),
		cmocka_unit_test(a_separate_state_holds_the_attempts),
		cmocka_unit_test(without_memory_there_is_an_error),
	};

	return cmocka_run_group_tests_name("front_end_limit", tests, NULL, NULL);
}
