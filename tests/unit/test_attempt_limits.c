/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include "daemon/access.h"

static struct attempt_limits *open_limits(int attempts, int seconds)
{
	struct attempt_limits *limits;
	struct error error = ERROR_INIT;

	assert_int_equal(attempt_limits_open(&limits,
				 (struct config_rate){attempts, seconds, true}, &error),
		0);
	return limits;
}

/* Counts an attempt. Returns how long to wait, or 0 if it was counted. */
static int64_t count(struct attempt_limits *limits, const char *name, int64_t now)
{
	int64_t wait = -1;

	assert_int_equal(attempt_limits_count(limits, name, now, &wait), 0);
	assert_true(wait >= 0);
	return wait;
}

static void without_a_limit_nothing_is_counted(void **state)
{
	struct attempt_limits *limits = open_limits(0, 0);

	(void)state;
	assert_null(limits);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(count(limits, "alice", 5), 0);
	assert_false(attempt_limits_in_use(limits, 5));
	attempt_limits_free(limits);
}

/* The wait is exact to the second, as that of RATE_LIMIT is. */
static void an_attempt_counts_for_the_whole_interval(void **state)
{
	struct attempt_limits *limits = open_limits(3, 30);

	(void)state;
	assert_false(attempt_limits_in_use(limits, 1000));
	assert_int_equal(count(limits, "alice", 1000), 0);
	assert_int_equal(count(limits, "alice", 2000), 0);
	assert_int_equal(count(limits, "alice", 3000), 0);
	assert_int_equal(count(limits, "alice", 3001), 29);
	/* Each name has its own limit, and a refused attempt does not count. */
	assert_int_equal(count(limits, "bob", 3001), 0);
	assert_int_equal(count(limits, "alice", 31999), 1);
	assert_int_equal(count(limits, "alice", 32000), 1);
	assert_int_equal(count(limits, "alice", 32001), 0);
	assert_int_equal(count(limits, "alice", 32001), 1);
	assert_int_equal(count(limits, "alice", 33001), 0);
	assert_true(attempt_limits_in_use(limits, 64001));
	assert_false(attempt_limits_in_use(limits, 64002));
	attempt_limits_free(limits);
}

static void no_interval_has_more_attempts_than_allowed(void **state)
{
	static int64_t passed[20000];
	struct test_random random = test_random_begin();

	(void)state;
	for (int run = 0; run < 20; run++) {
		size_t allowed = 1 + (size_t)test_random_below(&random, 20), total = 0;
		int seconds = 1 + (int)test_random_below(&random, 60);
		struct attempt_limits *limits = open_limits((int)allowed, seconds);
		int64_t now = (int64_t)test_random_below(&random, 1000);

		for (int i = 0; i < 5000; i++) {
			int64_t wait;

			now += (int64_t)test_random_below(&random, 3000);
			wait = count(limits, "alice", now);
			if (wait > 0 && test_random_below(&random, 10) == 0) {
				now += wait * 1000;
				assert_int_equal(count(limits, "alice", now), 0);
				wait = 0;
			}
			if (wait == 0)
				passed[total++] = now;
		}
		for (size_t i = allowed; i < total; i++)
			assert_true(passed[i] - passed[i - allowed] > seconds * INT64_C(1000));
		assert_true(total > allowed);
		attempt_limits_free(limits);
	}
}

static void the_number_of_remembered_names_is_bounded(void **state)
{
	struct attempt_limits *limits = open_limits(2, 3600);
	char name[32];
	unsigned int limited = 0;

	(void)state;
	assert_int_equal(count(limits, "alice", 1), 0);
	for (int i = 0; i < 200000; i++) {
		snprintf(name, sizeof name, "user%d", i);
		assert_int_equal(count(limits, name, 2 + i), 0);
	}
	/* Each name that is still remembered has one attempt; a forgotten one has none. */
	for (int i = 199999; i >= 180000; i--) {
		snprintf(name, sizeof name, "user%d", i);
		(void)count(limits, name, 300000);
		limited += count(limits, name, 300000) > 0;
	}
	if (limited <= ATTEMPT_LIMITS_NAMES / 2)
		fail_msg("only %u are remembered", limited);
	assert_true(limited <= ATTEMPT_LIMITS_NAMES);
	attempt_limits_free(limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_limit_nothing_is_counted),
		cmocka_unit_test(an_attempt_counts_for_the_whole_interval),
		cmocka_unit_test(no_interval_has_more_attempts_than_allowed),
		cmocka_unit_test(the_number_of_remembered_names_is_bounded),
	};

	return cmocka_run_group_tests_name("attempt_limits", tests, NULL, NULL);
}
